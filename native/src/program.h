// SPDX-License-Identifier: Apache-2.0
/* A loaded BPF program. */
#pragma once

#include <linux/bpf.h>

#include "handle.h"

class Program : public Handle<Program>
{
      public:
	static constexpr napi_type_tag TAG = {0x6b6d6573685f7072, 0x1f0b7a3d96e24c58};
	static constexpr const char *NAME = "BpfProgram";
	static constexpr const char *KIND = "prog";
	static constexpr auto CONSTRUCTOR = &Classes::program;

	static void define(Napi::Env env, Napi::Object exports);
	explicit Program(const Napi::CallbackInfo &info);

      private:
	struct bpf_prog_info info_;

	Napi::Value get_id(const Napi::CallbackInfo &info);
	Napi::Value get_name(const Napi::CallbackInfo &info);
	Napi::Value get_tag(const Napi::CallbackInfo &info);
	Napi::Value get_verified_insns(const Napi::CallbackInfo &info);
	Napi::Value get_map_ids(const Napi::CallbackInfo &info);
	Napi::Value stats(const Napi::CallbackInfo &info);
	Napi::Value test_run(const Napi::CallbackInfo &info);

	static Napi::Value by_id(const Napi::CallbackInfo &info);
};
