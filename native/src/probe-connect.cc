// SPDX-License-Identifier: Apache-2.0
/* connect(2) as a process of another cgroup and network namespace. */
#include "addon.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "address.h"
#include "arguments.h"
#include "error.h"
#include "fd.h"

/* How far the child came; the index into its calls. */
enum Step : int {
	JOIN,
	ENTER,
	SOCKET,
	CONNECT
};
static const char *const CALLS[] = {"write", "setns", "socket", "connect"};

struct Report {
	enum Step step;
	int error;
};

/* Between fork(2) and _exit(2) of a process with threads: async-signal-safe calls only. */
[[noreturn]] static void run_child(int procs, int netns, const SocketAddress &address, int report_fd)
{
	Report report = {JOIN, 0};
	bool good = write(procs, "0", 1) == 1; /* 0: whoever writes */
	if (good && netns >= 0) {
		report.step = ENTER;
		good = setns(netns, CLONE_NEWNET) == 0;
	}
	int fd = -1;
	if (good) {
		report.step = SOCKET;
		fd = socket(address.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		good = fd >= 0;
	}
	if (good) {
		report.step = CONNECT;
		good = connect(fd, address.get(), address.size) == 0;
	}
	report.error = good ? 0 : errno;
	_exit(write(report_fd, &report, sizeof(report)) == sizeof(report) ? 0 : 1);
}

static Fd open_or_throw(Napi::Env env, const std::string &path, int flags)
{
	Fd fd(open(path.c_str(), flags | O_CLOEXEC));
	if (!fd.valid())
		throw_error(env, "open", errno, path);
	return fd;
}

static void probe_connect(const Napi::CallbackInfo &info)
{
	Napi::Env env = info.Env();
	std::string cgroup = text_of(info[1], "cgroup");
	SocketAddress address = socket_address_of(info[2], info[3]);
	Fd procs = open_or_throw(env, cgroup + "/cgroup.procs", O_WRONLY);
	Fd netns;
	if (!info[0].IsUndefined())
		netns = open_or_throw(env, text_of(info[0], "netns"), O_RDONLY);
	int ends[2];
	if (pipe2(ends, O_CLOEXEC))
		throw_error(env, "pipe2", errno);
	Fd from_child(ends[0]), to_parent(ends[1]);

	/* No signal may run Node's handlers in the child. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t child = fork();
	if (child == 0)
		run_child(procs.get(), netns.get(), address, to_parent.get());
	int fork_error = errno;
	pthread_sigmask(SIG_SETMASK, &before, nullptr);
	if (child < 0)
		throw_error(env, "fork", fork_error);

	to_parent.reset();
	Report report = {JOIN, EIO}; /* stays so if the child was killed */
	while (read(from_child.get(), &report, sizeof(report)) < 0 && errno == EINTR) {
	}
	while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
	}
	if (report.error)
		throw_error(env, CALLS[report.step], report.error, "probe of " + cgroup);
}

void define_probe_connect(Napi::Env env, Napi::Object exports)
{
	exports.Set("probeConnect", Napi::Function::New<probe_connect>(env, "probeConnect"));
}
