// SPDX-License-Identifier: Apache-2.0
#include "link.h"

#include <sys/syscall.h>

#include "program.h"
#include "target.h"

/* BPF_LINK_CREATE's part of union bpf_attr with the order among programs (tcx 6.6, cgroup 6.17),
 * which neither libbpf 1.1 nor Debian 12's linux/bpf.h knows. An older kernel wants what it does
 * not know to be zero, and says EINVAL to the flags.
 */
struct link_create_attributes {
	uint32_t program_fd;
	uint32_t target; /* a descriptor; for tcx an interface index */
	uint32_t attach_type;
	uint32_t flags;
	uint32_t relative_id;
	uint32_t pad;
	uint64_t expected_revision;
};

constexpr uint32_t PLACE_BEFORE = 1 << 3;   /* BPF_F_BEFORE; without a relative: before all */
constexpr uint32_t PLACE_AFTER = 1 << 4;    /* BPF_F_AFTER */
constexpr uint32_t RELATIVE_IS_ID = 1 << 5; /* BPF_F_ID */

Link::Link(const Napi::CallbackInfo &info) : Handle(info)
{
}

Napi::Value Link::get_id(const Napi::CallbackInfo &info)
{
	return Napi::Number::New(info.Env(), read_info<struct bpf_link_info>().id);
}

Napi::Value Link::get_program_id(const Napi::CallbackInfo &info)
{
	return Napi::Number::New(info.Env(), read_info<struct bpf_link_info>().prog_id);
}

void Link::update(const Napi::CallbackInfo &info)
{
	int error = bpf_link_update(fd(), unwrap<Program>(info[0]).fd(), nullptr);
	if (error)
		throw_error(info.Env(), "bpf_link_update", error);
}

void Link::detach(const Napi::CallbackInfo &info)
{
	int error = bpf_link_detach(fd());
	if (error)
		throw_error(info.Env(), "bpf_link_detach", error);
}

/* Nothing for 'last': that is where every kernel attaches by itself. */
static void set_order(const Napi::Value &given, struct link_create_attributes &attributes)
{
	if (given.IsUndefined())
		return;
	Napi::Object order = object_of(given, "order");
	std::string place = text_of(order.Get("place"), "place");
	if (place == "first") {
		attributes.flags = PLACE_BEFORE;
	} else if (place == "before" || place == "after") {
		attributes.flags = (place == "before" ? PLACE_BEFORE : PLACE_AFTER) | RELATIVE_IS_ID;
		attributes.relative_id = u32_of(order.Get("relativeTo"), "relativeTo");
	} else if (place != "last") {
		throw Napi::TypeError::New(given.Env(), "place must be first, last, before or after");
	}
}

Napi::Value Link::attach(const Napi::CallbackInfo &info)
{
	struct link_create_attributes attributes = {};
	attributes.program_fd = unwrap<Program>(info[0]).fd();
	attributes.attach_type = u32_of(info[2], "attachType");
	set_order(info[3], attributes);

	Target target(info[1]);
	attributes.target = target.number();
	Fd fd(syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes)));
	if (!fd.valid())
		throw_error(info.Env(), "bpf_link_create", errno, target.name());
	return wrap(info.Env(), std::move(fd));
}

void Link::define(Napi::Env env, Napi::Object exports)
{
	env.GetInstanceData<Classes>()->link = Napi::Persistent(DefineClass(
	    env, NAME,
	    {InstanceAccessor("fd", &Link::get_fd, nullptr), InstanceAccessor("id", &Link::get_id, nullptr),
	     InstanceAccessor("programId", &Link::get_program_id, nullptr),
	     InstanceMethod("update", &Link::update), InstanceMethod("detach", &Link::detach),
	     InstanceMethod("pin", &Link::pin), InstanceMethod("close", &Link::close)}));
	exports.Set("openPinnedLink", Napi::Function::New<open_pinned>(env, "openPinnedLink"));
	exports.Set("attachLink", Napi::Function::New<attach>(env, "attachLink"));
}
