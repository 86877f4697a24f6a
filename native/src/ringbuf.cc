// SPDX-License-Identifier: Apache-2.0
#include "ringbuf.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>

#include "log.h"
#include "map.h"

struct RingBufferSeed {
	int map_fd;
	Napi::Function on_record;
	bool wake;
};

Napi::Value RingBuffer::open(const Napi::CallbackInfo &info)
{
	RingBufferSeed seed = {unwrap<Map>(info[0]).fd(), function_of(info[1], "onRecord"),
			       info[2].ToBoolean()};
	return construct<RingBuffer>(info.Env(), seed);
}

RingBuffer::RingBuffer(const Napi::CallbackInfo &info) : Napi::ObjectWrap<RingBuffer>(info)
{
	LogScope log;
	RingBufferSeed &seed = seed_of<RingBufferSeed>(info);
	map_.reset(fcntl(seed.map_fd, F_DUPFD_CLOEXEC, 3));
	if (!map_.valid())
		throw_error(info.Env(), "fcntl", errno, "F_DUPFD_CLOEXEC");
	ring_.reset(ring_buffer__new(map_.get(), deliver, this, nullptr));
	if (!ring_)
		throw_error(info.Env(), "ring_buffer__new", errno);
	on_record_ = Napi::Persistent(seed.on_record);
	if (seed.wake)
		start_thread(info.Env());
}

RingBuffer::~RingBuffer()
{
	stop_thread();
}

void RingBuffer::start_thread(Napi::Env env)
{
	stop_event_.reset(eventfd(0, EFD_CLOEXEC));
	if (!stop_event_.valid())
		throw_error(env, "eventfd", errno);
	wake_ = Wake::New(env, "kmesh ring buffer", 0, 1, this);
	try {
		thread_ = std::thread([this] { wait_for_records(); });
	} catch (const std::system_error &error) {
		wake_.Abort();
		throw_error(env, "pthread_create", error.code().value());
	}
	/* An open ring buffer does not keep the process alive, and is kept alive itself until closed. */
	wake_.Unref(env);
	napi_add_env_cleanup_hook(env, stop_at_exit, this);
	Ref();
}

void RingBuffer::stop_thread()
{
	if (!thread_.joinable())
		return;
	{
		std::lock_guard<std::mutex> guard(lock_);
		stop_ = true;
	}
	changed_.notify_one();
	eventfd_write(stop_event_.get(), 1);
	thread_.join();
	napi_remove_env_cleanup_hook(Env(), stop_at_exit, this);
}

void RingBuffer::stop_at_exit(void *self)
{
	static_cast<RingBuffer *>(self)->stop_thread();
}

/* The thread. The descriptor stays readable until the main thread has read: wait for that, do not spin. */
void RingBuffer::wait_for_records()
{
	struct pollfd ready[] = {
	    {ring_buffer__epoll_fd(ring_.get()), POLLIN, 0},
	    {stop_event_.get(), POLLIN, 0},
	};
	for (;;) {
		int got = poll(ready, 2, -1);
		if (got < 0 && errno != EINTR)
			return;
		std::unique_lock<std::mutex> guard(lock_);
		if (stop_)
			return;
		if (got <= 0)
			continue;
		woken_ = true;
		guard.unlock();
		if (wake_.NonBlockingCall() != napi_ok)
			return;
		guard.lock();
		changed_.wait(guard, [this] { return stop_ || !woken_; });
		if (stop_)
			return;
	}
}

void RingBuffer::read_when_woken(Napi::Env env, Napi::Function, RingBuffer *self, void *)
{
	if (!env)
		return;
	try {
		self->read(env);
	} catch (const Napi::Error &error) {
		/* There is no caller: to process 'uncaughtException'. The rest is read by the next wake-up.
		 */
		napi_fatal_exception(env, error.Value());
	}
	{
		std::lock_guard<std::mutex> guard(self->lock_);
		self->woken_ = false;
	}
	self->changed_.notify_one();
}

int RingBuffer::deliver(void *context, void *data, size_t size)
{
	auto *self = static_cast<RingBuffer *>(context);
	Napi::HandleScope scope(self->Env());
	self->records_++;
	try {
		self->on_record_.Call(
		    {Napi::Buffer<uint8_t>::Copy(self->Env(), static_cast<uint8_t *>(data), size)});
	} catch (const Napi::Error &error) {
		self->thrown_ = error; /* it must not fly through libbpf's frames */
		return -ECANCELED;
	}
	return self->closed_ ? -ECANCELED : 0;
}

uint32_t RingBuffer::read(Napi::Env env)
{
	/* A callback that asks for more gets it by returning. */
	if (closed_ || reading_)
		return 0;
	records_ = 0;
	reading_ = true;
	int error = ring_buffer__consume(ring_.get());
	reading_ = false;
	if (closed_)
		finish();
	if (!thrown_.IsEmpty()) {
		Napi::Error thrown = std::move(thrown_);
		thrown_ = Napi::Error();
		throw thrown;
	}
	if (error < 0 && error != -ECANCELED)
		throw_error(env, "ring_buffer__consume", error);
	return records_;
}

/* After close(), once nobody reads. */
void RingBuffer::finish()
{
	ring_.reset();
	map_.reset();
	on_record_.Reset();
	if (stop_event_.valid()) {
		stop_event_.reset();
		wake_.Abort();
		Unref();
	}
}

Napi::Value RingBuffer::consume(const Napi::CallbackInfo &info)
{
	if (closed_)
		throw Napi::Error::New(info.Env(), "this RingBuffer is closed");
	return Napi::Number::New(info.Env(), read(info.Env()));
}

void RingBuffer::close(const Napi::CallbackInfo &)
{
	if (closed_)
		return;
	closed_ = true;
	stop_thread();
	if (!reading_)
		finish();
}

void RingBuffer::define(Napi::Env env, Napi::Object exports)
{
	env.GetInstanceData<Classes>()->ring_buffer = Napi::Persistent(DefineClass(
	    env, NAME,
	    {InstanceMethod("consume", &RingBuffer::consume), InstanceMethod("close", &RingBuffer::close)}));
	exports.Set("ringBuffer", Napi::Function::New<open>(env, "ringBuffer"));
}
