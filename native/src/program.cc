// SPDX-License-Identifier: Apache-2.0
#include "program.h"

#include <vector>

Program::Program(const Napi::CallbackInfo &info) : Handle(info), info_(read_info<struct bpf_prog_info>())
{
}

Napi::Value Program::get_id(const Napi::CallbackInfo &info)
{
	return Napi::Number::New(info.Env(), info_.id);
}

Napi::Value Program::get_name(const Napi::CallbackInfo &info)
{
	return Napi::String::New(info.Env(), info_.name);
}

Napi::Value Program::get_tag(const Napi::CallbackInfo &info)
{
	static const char digits[] = "0123456789abcdef";
	std::string tag;
	for (uint8_t byte : info_.tag) {
		tag += digits[byte >> 4];
		tag += digits[byte & 15];
	}
	return Napi::String::New(info.Env(), tag);
}

Napi::Value Program::get_verified_insns(const Napi::CallbackInfo &info)
{
	return Napi::Number::New(info.Env(), info_.verified_insns);
}

Napi::Value Program::get_map_ids(const Napi::CallbackInfo &info)
{
	std::vector<uint32_t> ids(info_.nr_map_ids);
	struct bpf_prog_info asked = {};
	asked.nr_map_ids = ids.size();
	asked.map_ids = reinterpret_cast<uintptr_t>(ids.data());
	uint32_t size = sizeof(asked);
	if (bpf_obj_get_info_by_fd(fd(), &asked, &size))
		throw_error(info.Env(), "bpf_obj_get_info_by_fd", errno, info_.name);

	Napi::Array result = Napi::Array::New(info.Env(), ids.size());
	for (uint32_t i = 0; i < ids.size(); i++)
		result.Set(i, ids[i]);
	return result;
}

Napi::Value Program::stats(const Napi::CallbackInfo &info)
{
	auto now = read_info<struct bpf_prog_info>();
	Napi::Object stats = Napi::Object::New(info.Env());
	stats.Set("runs", Napi::BigInt::New(info.Env(), uint64_t{now.run_cnt}));
	stats.Set("ns", Napi::BigInt::New(info.Env(), uint64_t{now.run_time_ns}));
	return stats;
}

Napi::Value Program::test_run(const Napi::CallbackInfo &info)
{
	Napi::Object run = object_of(info[0], "args");
	/* A program may grow its packet, by encapsulation. */
	constexpr size_t HEADROOM = 256;
	LIBBPF_OPTS(bpf_test_run_opts, options);
	std::vector<uint8_t> data, context;

	Napi::Value given = run.Get("data");
	if (!given.IsUndefined()) {
		Bytes bytes = bytes_of(given, "data");
		data.resize(bytes.size + HEADROOM);
		options.data_in = bytes.data;
		options.data_size_in = bytes.size;
		options.data_out = data.data();
		options.data_size_out = data.size();
	}
	given = run.Get("ctx");
	if (!given.IsUndefined()) {
		Bytes bytes = bytes_of(given, "ctx");
		context.resize(bytes.size);
		options.ctx_in = bytes.data;
		options.ctx_size_in = bytes.size;
		options.ctx_out = context.data();
		options.ctx_size_out = context.size();
	}
	given = run.Get("repeat");
	if (!given.IsUndefined())
		options.repeat = static_cast<int>(u32_of(given, "repeat"));

	int error = bpf_prog_test_run_opts(fd(), &options);
	if (error)
		throw_error(info.Env(), "bpf_prog_test_run_opts", error, info_.name);

	Napi::Object result = Napi::Object::New(info.Env());
	result.Set("retval", options.retval);
	result.Set("durationNs", options.duration);
	result.Set("data", Napi::Buffer<uint8_t>::Copy(info.Env(), data.data(), options.data_size_out));
	result.Set("ctx", Napi::Buffer<uint8_t>::Copy(info.Env(), context.data(), options.ctx_size_out));
	return result;
}

Napi::Value Program::by_id(const Napi::CallbackInfo &info)
{
	uint32_t id = u32_of(info[0], "id");
	Fd fd(bpf_prog_get_fd_by_id(id));
	if (!fd.valid())
		throw_error(info.Env(), "bpf_prog_get_fd_by_id", errno, std::to_string(id));
	return wrap(info.Env(), std::move(fd));
}

void Program::define(Napi::Env env, Napi::Object exports)
{
	env.GetInstanceData<Classes>()->program = Napi::Persistent(DefineClass(
	    env, NAME,
	    {InstanceAccessor("fd", &Program::get_fd, nullptr),
	     InstanceAccessor("id", &Program::get_id, nullptr),
	     InstanceAccessor("name", &Program::get_name, nullptr),
	     InstanceAccessor("tag", &Program::get_tag, nullptr),
	     InstanceAccessor("verifiedInsns", &Program::get_verified_insns, nullptr),
	     InstanceAccessor("mapIds", &Program::get_map_ids, nullptr),
	     InstanceMethod("stats", &Program::stats), InstanceMethod("testRun", &Program::test_run),
	     InstanceMethod("pin", &Program::pin), InstanceMethod("close", &Program::close)}));
	exports.Set("openPinnedProgram", Napi::Function::New<open_pinned>(env, "openPinnedProgram"));
	exports.Set("programById", Napi::Function::New<by_id>(env, "programById"));
}
