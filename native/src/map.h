// SPDX-License-Identifier: Apache-2.0
/* A BPF map. Keys and values are bytes; what they mean is the caller's business. */
#pragma once

#include <linux/bpf.h>

#include "handle.h"
#include "map-batch.h"

class Map : public Handle<Map>
{
      public:
	static constexpr napi_type_tag TAG = {0x6b6d6573685f6d61, 0x9c1d5b7e42a64f10};
	static constexpr const char *NAME = "BpfMap";
	static constexpr const char *KIND = "map";
	static constexpr auto CONSTRUCTOR = &Classes::map;

	static void define(Napi::Env env, Napi::Object exports);
	explicit Map(const Napi::CallbackInfo &info);

	const struct bpf_map_info &info() const
	{
		return info_;
	}

      private:
	struct bpf_map_info info_;
	uint32_t value_size_; /* as bpf(2) wants it: of all CPUs, where each has its own */

	MapShape shape() const
	{
		return {fd(), info_.key_size, value_size_, info_.max_entries};
	}

	Napi::Value get_id(const Napi::CallbackInfo &info);
	Napi::Value get_name(const Napi::CallbackInfo &info);
	Napi::Value get_type(const Napi::CallbackInfo &info);
	Napi::Value get_key_size(const Napi::CallbackInfo &info);
	Napi::Value get_value_size(const Napi::CallbackInfo &info);
	Napi::Value get_max_entries(const Napi::CallbackInfo &info);

	Napi::Value lookup(const Napi::CallbackInfo &info);
	void update(const Napi::CallbackInfo &info);
	Napi::Value remove(const Napi::CallbackInfo &info);
	Napi::Value next_key(const Napi::CallbackInfo &info);
	void update_batch(const Napi::CallbackInfo &info);
	void delete_batch(const Napi::CallbackInfo &info);
	Napi::Value dump(const Napi::CallbackInfo &info);
	Napi::Value count(const Napi::CallbackInfo &info);
	Napi::Value memlock(const Napi::CallbackInfo &info);

	static Napi::Value create(const Napi::CallbackInfo &info);
};
