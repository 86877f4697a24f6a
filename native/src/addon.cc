// SPDX-License-Identifier: Apache-2.0
/* The addon's table of contents. ../index.ts is its typed face. */
#include "addon.h"

#include "link.h"
#include "log.h"
#include "map.h"
#include "object.h"
#include "program.h"
#include "ringbuf.h"

static Napi::Object init(Napi::Env env, Napi::Object exports)
{
	capture_libbpf_log();
	env.SetInstanceData(new Classes());
	Map::define(env, exports);
	Program::define(env, exports);
	Link::define(env, exports);
	Object::define(env, exports);
	RingBuffer::define(env, exports);
	define_attach(env, exports);
	define_iterate(env, exports);
	define_netns(env, exports);
	define_probe_connect(env, exports);
	define_process(env, exports);
	define_system(env, exports);
	define_probe(env, exports);
	return exports;
}
NODE_API_MODULE(kmesh_native, init)
