// SPDX-License-Identifier: Apache-2.0
/* What the running kernel offers, found by trying. */
#include "addon.h"

#include <bpf/libbpf.h>

#include "arguments.h"
#include "error.h"
#include "log.h"

static Napi::Value answer(Napi::Env env, const char *call, int result)
{
	if (result < 0)
		throw_error(env, call, result);
	return Napi::Boolean::New(env, result == 1);
}

static Napi::Value probe_helper(const Napi::CallbackInfo &info)
{
	LogScope log;
	auto type = static_cast<enum bpf_prog_type>(u32_of(info[0], "programType"));
	auto helper = static_cast<enum bpf_func_id>(u32_of(info[1], "helper"));
	return answer(info.Env(), "libbpf_probe_bpf_helper", libbpf_probe_bpf_helper(type, helper, nullptr));
}

static Napi::Value probe_map_type(const Napi::CallbackInfo &info)
{
	LogScope log;
	auto type = static_cast<enum bpf_map_type>(u32_of(info[0], "mapType"));
	return answer(info.Env(), "libbpf_probe_bpf_map_type", libbpf_probe_bpf_map_type(type, nullptr));
}

static Napi::Value probe_program_type(const Napi::CallbackInfo &info)
{
	LogScope log;
	auto type = static_cast<enum bpf_prog_type>(u32_of(info[0], "programType"));
	return answer(info.Env(), "libbpf_probe_bpf_prog_type", libbpf_probe_bpf_prog_type(type, nullptr));
}

static Napi::Value libbpf_version(const Napi::CallbackInfo &info)
{
	return Napi::String::New(info.Env(), libbpf_version_string());
}

void define_probe(Napi::Env env, Napi::Object exports)
{
	exports.Set("probeHelper", Napi::Function::New<probe_helper>(env, "probeHelper"));
	exports.Set("probeMapType", Napi::Function::New<probe_map_type>(env, "probeMapType"));
	exports.Set("probeProgramType", Napi::Function::New<probe_program_type>(env, "probeProgramType"));
	exports.Set("libbpfVersion", Napi::Function::New<libbpf_version>(env, "libbpfVersion"));
}
