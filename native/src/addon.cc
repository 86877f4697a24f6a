// SPDX-License-Identifier: Apache-2.0
#include <bpf/libbpf.h>
#include <napi.h>

static Napi::Value libbpf_version(const Napi::CallbackInfo &info)
{
	return Napi::String::New(info.Env(), libbpf_version_string());
}

static Napi::Object init(Napi::Env env, Napi::Object exports)
{
	exports.Set("libbpfVersion", Napi::Function::New<libbpf_version>(env, "libbpfVersion"));
	return exports;
}
NODE_API_MODULE(kmesh_native, init)
