// SPDX-License-Identifier: Apache-2.0
/* The constructors of our JavaScript classes, per environment (each worker thread has its own),
 * and the safe way from a JavaScript value to the C++ object behind it.
 */
#pragma once

#include <napi.h>
#include <string>

struct Classes {
	Napi::FunctionReference map;
	Napi::FunctionReference program;
	Napi::FunctionReference link;
	Napi::FunctionReference object;
	Napi::FunctionReference ring_buffer;
};

/* Arguments to a constructor that only C++ may call. */
template <class Seed> Seed &seed_of(const Napi::CallbackInfo &info)
{
	if (info.Length() != 1 || !info[0].IsExternal())
		throw Napi::TypeError::New(info.Env(), "illegal constructor");
	return *info[0].As<Napi::External<Seed>>().Data();
}

template <class T, class Seed> Napi::Object construct(Napi::Env env, Seed &seed)
{
	Napi::FunctionReference &constructor = env.GetInstanceData<Classes>()->*T::CONSTRUCTOR;
	return constructor.New({Napi::External<Seed>::New(env, &seed)});
}

/* Checked by a tag: the descriptor of anything else must never pass for ours. */
template <class T> T &unwrap(const Napi::Value &value)
{
	if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&T::TAG))
		throw Napi::TypeError::New(value.Env(), std::string("a ") + T::NAME + " is expected");
	return *T::Unwrap(value.As<Napi::Object>());
}
