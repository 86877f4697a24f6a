// SPDX-License-Identifier: Apache-2.0
/* What a map, a program and a link have in common: one descriptor of their own, which ends with
 * close() or with the JavaScript object.
 */
#pragma once

#include <bpf/bpf.h>
#include <fcntl.h>

#include "arguments.h"
#include "classes.h"
#include "error.h"
#include "fd.h"

template <class T> class Handle : public Napi::ObjectWrap<T>
{
      public:
	explicit Handle(const Napi::CallbackInfo &info) : Napi::ObjectWrap<T>(info)
	{
		fd_ = std::move(seed_of<Fd>(info));
		info.This().template As<Napi::Object>().TypeTag(&T::TAG);
	}

	static Napi::Object wrap(Napi::Env env, Fd fd)
	{
		return construct<T>(env, fd);
	}

	/* A second descriptor of what libbpf keeps one of. */
	static Napi::Object wrap_copy(Napi::Env env, int fd)
	{
		Fd copy(fcntl(fd, F_DUPFD_CLOEXEC, 3));
		if (!copy.valid())
			throw_error(env, "fcntl", errno, "F_DUPFD_CLOEXEC");
		return wrap(env, std::move(copy));
	}

	static Napi::Value open_pinned(const Napi::CallbackInfo &info)
	{
		std::string path = text_of(info[0], "path");
		Fd fd(bpf_obj_get(path.c_str()));
		if (!fd.valid())
			throw_error(info.Env(), "bpf_obj_get", errno, path);
		if (!is_kind(fd.get(), T::KIND))
			throw_error(info.Env(), "bpf_obj_get", EINVAL, path + " is not a " + T::NAME);
		return wrap(info.Env(), std::move(fd));
	}

	int fd() const
	{
		if (!fd_.valid()) {
			Napi::Error closed =
			    Napi::Error::New(this->Env(), std::string("this ") + T::NAME + " is closed");
			closed.Set("code", "EBADF");
			throw closed;
		}
		return fd_.get();
	}

      protected:
	Napi::Value get_fd(const Napi::CallbackInfo &info)
	{
		return Napi::Number::New(info.Env(), fd());
	}

	void pin(const Napi::CallbackInfo &info)
	{
		std::string path = text_of(info[0], "path");
		if (bpf_obj_pin(fd(), path.c_str()))
			throw_error(info.Env(), "bpf_obj_pin", errno, path);
	}

	void close(const Napi::CallbackInfo &)
	{
		fd_.reset();
	}

	template <class Info> Info read_info() const
	{
		Info read = {};
		uint32_t size = sizeof(read);
		if (bpf_obj_get_info_by_fd(fd(), &read, &size))
			throw_error(this->Env(), "bpf_obj_get_info_by_fd", errno);
		return read;
	}

      private:
	Fd fd_;

	/* bpf_obj_get() opens any kind; the descriptor's link in /proc names it, a link's in two ways. */
	static bool is_kind(int fd, const std::string &kind)
	{
		char target[64] = {};
		std::string link = "/proc/self/fd/" + std::to_string(fd);
		if (readlink(link.c_str(), target, sizeof(target) - 1) < 0)
			return true;
		return target == "anon_inode:bpf-" + kind || target == "anon_inode:bpf_" + kind;
	}
};
