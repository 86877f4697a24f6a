// SPDX-License-Identifier: Apache-2.0
/* What changes the process itself: another program, another namespace. */
#include "addon.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <vector>

#include "arguments.h"
#include "error.h"
#include "fd.h"

/* execve(2) wants mutable, null-terminated pointers. */
static std::vector<char *> pointers_to(std::vector<std::string> &texts)
{
	std::vector<char *> pointers;
	for (std::string &text : texts)
		pointers.push_back(text.data());
	pointers.push_back(nullptr);
	return pointers;
}

/* Node ignores these two signals, which execve(2) would hand down. */
static void set_inherited_signals(void (*disposition)(int))
{
	signal(SIGPIPE, disposition);
	signal(SIGXFSZ, disposition);
}

/* Node marks its own standard streams as not to be inherited, and opens pipes and terminals for
 * non-blocking use, which other programs do not expect.
 */
static void hand_down_standard_streams()
{
	for (int fd = 0; fd <= 2; fd++) {
		int flags = fcntl(fd, F_GETFL);
		if (flags < 0)
			continue;
		fcntl(fd, F_SETFD, 0);
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	}
}

static void exec(const Napi::CallbackInfo &info)
{
	std::string file = text_of(info[0], "file");
	std::vector<std::string> arguments = {file};
	Napi::Object given = object_of(info[1], "args");
	uint32_t count = u32_of(given.Get("length"), "args.length");
	for (uint32_t i = 0; i < count; i++)
		arguments.push_back(text_of(given.Get(i), "args"));

	std::vector<std::string> variables;
	Napi::Object environment = object_of(info[2], "environment");
	Napi::Array names = environment.GetPropertyNames();
	for (uint32_t i = 0; i < names.Length(); i++) {
		std::string name = text_of(names.Get(i), "environment");
		variables.push_back(name + "=" + text_of(environment.Get(name), name.c_str()));
	}

	std::vector<char *> argument_pointers = pointers_to(arguments);
	std::vector<char *> variable_pointers = pointers_to(variables);
	set_inherited_signals(SIG_DFL);
	hand_down_standard_streams();
	execve(file.c_str(), argument_pointers.data(), variable_pointers.data());
	int error = errno;
	set_inherited_signals(SIG_IGN);
	throw_error(info.Env(), "execve", error, file);
}

static void enter_namespace(const Napi::CallbackInfo &info)
{
	std::string path = text_of(info[0], "path");
	Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (!fd.valid())
		throw_error(info.Env(), "open", errno, path);
	/* A mount namespace is refused while root and working directory are shared with other threads. */
	if (ioctl(fd.get(), NS_GET_NSTYPE) == CLONE_NEWNS && unshare(CLONE_FS))
		throw_error(info.Env(), "unshare", errno, "CLONE_FS");
	if (setns(fd.get(), 0))
		throw_error(info.Env(), "setns", errno, path);
}

void define_process(Napi::Env env, Napi::Object exports)
{
	exports.Set("exec", Napi::Function::New<exec>(env, "exec"));
	exports.Set("enterNamespace", Napi::Function::New<enter_namespace>(env, "enterNamespace"));
}
