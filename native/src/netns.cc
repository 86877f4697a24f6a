// SPDX-License-Identifier: Apache-2.0
/* What must happen inside a network namespace, on a thread that ends with it. */
#include "addon.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sched.h>
#include <functional>
#include <system_error>
#include <thread>

#include "address.h"
#include "arguments.h"
#include "error.h"
#include "fd.h"
#include "types.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* The call that failed, if any. */
struct Outcome {
	const char *call = nullptr;
	int error = 0;
};

static Outcome failed(const char *call)
{
	return {call, errno};
}

/* setns(2) moves the calling thread; Node's own must stay where they are. */
static void inside(const Napi::Value &netns, const std::function<Outcome()> &work)
{
	Napi::Env env = netns.Env();
	std::string path = text_of(netns, "netns");
	Fd namespace_fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (!namespace_fd.valid())
		throw_error(env, "open", errno, path);

	Outcome outcome;
	try {
		std::thread([&] {
			outcome = setns(namespace_fd.get(), CLONE_NEWNET) ? failed("setns") : work();
		}).join();
	} catch (const std::system_error &error) {
		throw_error(env, "pthread_create", error.code().value());
	}
	if (outcome.call)
		throw_error(env, outcome.call, outcome.error, path);
}

static Napi::Value netns_cookie(const Napi::CallbackInfo &info)
{
	uint64_t cookie = 0;
	inside(info[0], [&]() -> Outcome {
		Fd socket_fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
		if (!socket_fd.valid())
			return failed("socket");
		socklen_t size = sizeof(cookie);
		if (getsockopt(socket_fd.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size))
			return failed("getsockopt");
		return {};
	});
	return Napi::BigInt::New(info.Env(), cookie);
}

static Outcome bind_or_listen(int fd, bool listens, const SocketAddress &address)
{
	int on = 1;
	/* As Node's own listeners: a port whose last connections still wait is free. */
	if (listens && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		return failed("setsockopt");
	if (bind(fd, address.get(), address.size))
		return failed("bind");
	if (listens && listen(fd, SOMAXCONN))
		return failed("listen");
	return {};
}

static Outcome start_connect(int fd, const SocketAddress &address)
{
	if (connect(fd, address.get(), address.size) && errno != EINPROGRESS)
		return failed("connect");
	return {};
}

static Napi::Value socket_in(const Napi::CallbackInfo &info)
{
	std::string kind = text_of(info[1], "kind");
	if (kind != "tcp" && kind != "udp" && kind != "connect")
		throw Napi::TypeError::New(info.Env(), "kind must be tcp, udp or connect");
	SocketAddress address = socket_address_of(info[2], info[3]);

	Fd made;
	inside(info[0], [&]() -> Outcome {
		int type = kind == "udp" ? SOCK_DGRAM : SOCK_STREAM;
		made.reset(socket(address.storage.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
		if (!made.valid())
			return failed("socket");
		unsigned int mark = DAEMON_MARK;
		if (setsockopt(made.get(), SOL_SOCKET, SO_MARK, &mark, sizeof(mark)))
			return failed("setsockopt");
		return kind == "connect" ? start_connect(made.get(), address)
					 : bind_or_listen(made.get(), kind == "tcp", address);
	});
	return Napi::Number::New(info.Env(), made.release());
}

void define_netns(Napi::Env env, Napi::Object exports)
{
	exports.Set("netnsCookie", Napi::Function::New<netns_cookie>(env, "netnsCookie"));
	exports.Set("socketIn", Napi::Function::New<socket_in>(env, "socketIn"));
}
