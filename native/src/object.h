// SPDX-License-Identifier: Apache-2.0
/* An ELF object on its way into the kernel. */
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>
#include <memory>

#include "classes.h"

class Object : public Napi::ObjectWrap<Object>
{
      public:
	static constexpr napi_type_tag TAG = {0x6b6d6573685f6f62, 0x8de2719fc03b5a64};
	static constexpr const char *NAME = "BpfObject";
	static constexpr auto CONSTRUCTOR = &Classes::object;

	static void define(Napi::Env env, Napi::Object exports);
	explicit Object(const Napi::CallbackInfo &info);

      private:
	struct Close {
		void operator()(struct bpf_object *object) const
		{
			bpf_object__close(object);
		}
	};
	using Opened = std::unique_ptr<struct bpf_object, Close>;
	Opened object_;
	bool loaded_ = false;

	struct bpf_object *opened() const;
	struct bpf_object *settable() const;
	struct bpf_map *map_named(const Napi::Value &name) const;
	struct bpf_program *program_named(const Napi::Value &name) const;

	Napi::Value names(const Napi::CallbackInfo &info);
	void set_rodata(const Napi::CallbackInfo &info);
	void set_max_entries(const Napi::CallbackInfo &info);
	void reuse_map(const Napi::CallbackInfo &info);
	void set_autoload(const Napi::CallbackInfo &info);
	void set_attach_type(const Napi::CallbackInfo &info);
	void load(const Napi::CallbackInfo &info);
	Napi::Value map(const Napi::CallbackInfo &info);
	Napi::Value program(const Napi::CallbackInfo &info);
	void close(const Napi::CallbackInfo &info);

	static Napi::Value open(const Napi::CallbackInfo &info);
};
