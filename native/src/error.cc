// SPDX-License-Identifier: Apache-2.0
#include "error.h"

#include <cstdlib>
#include <cstring>

#include "log.h"

static std::string name_of(int error)
{
	if (error == ENOTSUPP)
		return "ENOTSUPP";
	const char *name = strerrorname_np(error);
	return name ? name : "E" + std::to_string(error);
}

static std::string description_of(int error)
{
	if (error == ENOTSUPP)
		return "Operation is not supported by this kernel";
	const char *description = strerrordesc_np(error);
	return description ? description : "Unknown error " + std::to_string(error);
}

Napi::Error system_error(Napi::Env env, const char *call, int error, const std::string &subject)
{
	error = abs(error);
	std::string message = call;
	if (!subject.empty())
		message += " " + subject;
	Napi::Error thrown = Napi::Error::New(env, message + ": " + description_of(error));
	thrown.Set("code", Napi::String::New(env, name_of(error)));
	thrown.Set("errno", Napi::Number::New(env, -error));
	thrown.Set("syscall", Napi::String::New(env, call));
	thrown.Set("bpfLog", Napi::String::New(env, log_text()));
	return thrown;
}

void throw_error(Napi::Env env, const char *call, int error, const std::string &subject)
{
	throw system_error(env, call, error, subject);
}
