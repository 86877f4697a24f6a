// SPDX-License-Identifier: Apache-2.0
/* Attachments without a bpf_link, and the question what is attached. */
#include "addon.h"

#include <vector>

#include "map.h"
#include "program.h"
#include "target.h"

static enum bpf_attach_type attach_type_of(const Napi::Value &value)
{
	return static_cast<enum bpf_attach_type>(u32_of(value, "attachType"));
}

static void attach_program(const Napi::CallbackInfo &info)
{
	const Program &program = unwrap<Program>(info[0]);
	const Map &target = unwrap<Map>(info[1]);
	int error = bpf_prog_attach(program.fd(), target.fd(), attach_type_of(info[2]), 0);
	if (error)
		throw_error(info.Env(), "bpf_prog_attach", error, target.info().name);
}

static void detach_program(const Napi::CallbackInfo &info)
{
	const Program &program = unwrap<Program>(info[0]);
	const Map &target = unwrap<Map>(info[1]);
	int error = bpf_prog_detach2(program.fd(), target.fd(), attach_type_of(info[2]));
	if (error)
		throw_error(info.Env(), "bpf_prog_detach", error, target.info().name);
}

static Napi::Value query_programs(const Napi::CallbackInfo &info)
{
	Target target(info[0]);
	enum bpf_attach_type type = attach_type_of(info[1]);
	uint32_t flags = info[2].ToBoolean() ? BPF_F_QUERY_EFFECTIVE : 0;

	std::vector<uint32_t> ids(16);
	uint32_t count;
	int error;
	do {
		ids.resize(2 * ids.size());
		count = ids.size();
		error = bpf_prog_query(target.number(), type, flags, nullptr, ids.data(), &count);
	} while (error == -ENOSPC);
	if (error)
		throw_error(info.Env(), "bpf_prog_query", error, target.name());

	Napi::Array result = Napi::Array::New(info.Env(), count);
	for (uint32_t i = 0; i < count; i++)
		result.Set(i, ids[i]);
	return result;
}

void define_attach(Napi::Env env, Napi::Object exports)
{
	exports.Set("attachProgram", Napi::Function::New<attach_program>(env, "attachProgram"));
	exports.Set("detachProgram", Napi::Function::New<detach_program>(env, "detachProgram"));
	exports.Set("queryPrograms", Napi::Function::New<query_programs>(env, "queryPrograms"));
}
