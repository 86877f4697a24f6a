// SPDX-License-Identifier: Apache-2.0
/* Single system calls that Node does not offer. */
#include "addon.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <ctime>

#include "arguments.h"
#include "error.h"
#include "fd.h"

static Napi::Value lock(const Napi::CallbackInfo &info)
{
	std::string path = text_of(info[0], "path");
	Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (!fd.valid())
		throw_error(info.Env(), "open", errno, path);
	if (flock(fd.get(), LOCK_EX | LOCK_NB)) {
		int error = errno;
		Napi::Error refused = system_error(info.Env(), "flock", error, path);
		if (error == EWOULDBLOCK) /* the same number as EAGAIN, but the name that flock(2) uses */
			refused.Set("code", "EWOULDBLOCK");
		throw refused;
	}
	return Napi::Number::New(info.Env(), fd.release());
}

static void close_fd(const Napi::CallbackInfo &info)
{
	uint32_t fd = u32_of(info[0], "fd");
	if (close(static_cast<int>(fd)))
		throw_error(info.Env(), "close", errno, std::to_string(fd));
}

static void mount_bpffs(const Napi::CallbackInfo &info)
{
	std::string path = text_of(info[0], "path");
	if (mount("bpf", path.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		throw_error(info.Env(), "mount", errno, path);
}

static void unmount(const Napi::CallbackInfo &info)
{
	std::string path = text_of(info[0], "path");
	if (umount2(path.c_str(), MNT_DETACH))
		throw_error(info.Env(), "umount2", errno, path);
}

static Napi::Value fs_type(const Napi::CallbackInfo &info)
{
	std::string path = text_of(info[0], "path");
	struct statfs status;
	if (statfs(path.c_str(), &status))
		throw_error(info.Env(), "statfs", errno, path);
	return Napi::Number::New(info.Env(), static_cast<uint32_t>(status.f_type));
}

static Napi::Value monotonic_ns(const Napi::CallbackInfo &info)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return Napi::BigInt::New(info.Env(), uint64_t{1000000000} * now.tv_sec + now.tv_nsec);
}

void define_system(Napi::Env env, Napi::Object exports)
{
	exports.Set("lock", Napi::Function::New<lock>(env, "lock"));
	exports.Set("closeFd", Napi::Function::New<close_fd>(env, "closeFd"));
	exports.Set("mountBpffs", Napi::Function::New<mount_bpffs>(env, "mountBpffs"));
	exports.Set("unmount", Napi::Function::New<unmount>(env, "unmount"));
	exports.Set("fsType", Napi::Function::New<fs_type>(env, "fsType"));
	exports.Set("monotonicNs", Napi::Function::New<monotonic_ns>(env, "monotonicNs"));
}
