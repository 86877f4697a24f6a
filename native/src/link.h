// SPDX-License-Identifier: Apache-2.0
/* A bpf_link: the attachment of a program to a place. */
#pragma once

#include "handle.h"

class Link : public Handle<Link>
{
      public:
	static constexpr napi_type_tag TAG = {0x6b6d6573685f6c69, 0x53e8c40d1b7f4ea6};
	static constexpr const char *NAME = "BpfLink";
	static constexpr const char *KIND = "link";
	static constexpr auto CONSTRUCTOR = &Classes::link;

	static void define(Napi::Env env, Napi::Object exports);
	explicit Link(const Napi::CallbackInfo &info);

      private:
	Napi::Value get_id(const Napi::CallbackInfo &info);
	Napi::Value get_program_id(const Napi::CallbackInfo &info);
	void update(const Napi::CallbackInfo &info);
	void detach(const Napi::CallbackInfo &info);

	static Napi::Value attach(const Napi::CallbackInfo &info);
};
