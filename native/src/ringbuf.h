// SPDX-License-Identifier: Apache-2.0
/* A BPF ring buffer. Records are read on the main thread only, by consume(). A waiting thread,
 * where one is asked for, does nothing but to call for that.
 */
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "classes.h"
#include "fd.h"

class RingBuffer : public Napi::ObjectWrap<RingBuffer>
{
      public:
	static constexpr napi_type_tag TAG = {0x6b6d6573685f7269, 0x20fb96d5e871c34a};
	static constexpr const char *NAME = "RingBuffer";
	static constexpr auto CONSTRUCTOR = &Classes::ring_buffer;

	static void define(Napi::Env env, Napi::Object exports);
	explicit RingBuffer(const Napi::CallbackInfo &info);
	~RingBuffer() override;

      private:
	struct Free {
		void operator()(struct ring_buffer *ring) const
		{
			ring_buffer__free(ring);
		}
	};
	/* Called on the main thread with env, or without while the process ends. */
	static void read_when_woken(Napi::Env env, Napi::Function, RingBuffer *self, void *);
	using Wake = Napi::TypedThreadSafeFunction<RingBuffer, void, read_when_woken>;

	Napi::FunctionReference on_record_;
	Fd map_; /* our own: the caller may close the map */
	std::unique_ptr<struct ring_buffer, Free> ring_;
	Napi::Error thrown_; /* by on_record_ */
	uint32_t records_ = 0;
	bool reading_ = false; /* inside of ring_buffer__consume() */
	bool closed_ = false;

	std::thread thread_;
	Wake wake_;
	Fd stop_event_;
	std::mutex lock_; /* for the two below */
	std::condition_variable changed_;
	bool woken_ = false; /* the main thread has yet to read */
	bool stop_ = false;

	void start_thread(Napi::Env env);
	void stop_thread();
	void wait_for_records();
	uint32_t read(Napi::Env env);
	void finish();

	Napi::Value consume(const Napi::CallbackInfo &info);
	void close(const Napi::CallbackInfo &info);

	static int deliver(void *self, void *data, size_t size);
	static void stop_at_exit(void *self);
	static Napi::Value open(const Napi::CallbackInfo &info);
};
