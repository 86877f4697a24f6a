// SPDX-License-Identifier: Apache-2.0
/* What the running kernel offers, found by trying. */
#include "addon.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cstring>

#include "arguments.h"
#include "error.h"
#include "fd.h"
#include "log.h"

static Napi::Value answer(Napi::Env env, const char *call, int result)
{
	if (result < 0)
		throw_error(env, call, result);
	return Napi::Boolean::New(env, result == 1);
}

/* The hook for which a type's helpers are asked, where the kernel wants to know one. */
static enum bpf_attach_type hook_of(enum bpf_prog_type type)
{
	switch (type) {
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
		return BPF_CGROUP_INET4_CONNECT;
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
		return BPF_CGROUP_GETSOCKOPT;
	case BPF_PROG_TYPE_SK_LOOKUP:
		return BPF_SK_LOOKUP;
	default:
		return static_cast<enum bpf_attach_type>(0);
	}
}

/* Calls the helper without arguments: a verifier that knows it refuses the call for those.
 * libbpf_probe_bpf_helper() of libbpf 1.1 does not know what newer kernels say.
 */
static Napi::Value probe_helper(const Napi::CallbackInfo &info)
{
	auto type = static_cast<enum bpf_prog_type>(u32_of(info[0], "programType"));
	struct bpf_insn program[2] = {};
	program[0].code = BPF_JMP | BPF_CALL;
	program[0].imm = static_cast<int32_t>(u32_of(info[1], "helper"));
	program[1].code = BPF_JMP | BPF_EXIT;
	char log[4096] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = hook_of(type), .log_level = 1,
		    .log_size = sizeof(log), .log_buf = log);

	LogScope libbpf_log;
	Fd fd(bpf_prog_load(type, nullptr, "GPL", program, 2, &options));
	int error = errno;
	if (!fd.valid() && log[0] == '\0' && error != EINVAL) /* it did not come to the verifier */
		throw_error(info.Env(), "bpf_prog_load", error);
	bool refused = log[0] == '\0' || strstr(log, "invalid func ") || strstr(log, "unknown func ") ||
		       strstr(log, "program of this type cannot use helper ");
	return Napi::Boolean::New(info.Env(), fd.valid() || !refused);
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
