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

constexpr uint32_t PLACE_BEFORE = 1 << 3;      /* BPF_F_BEFORE; without a relative: before all */
constexpr uint32_t PLACE_AFTER = 1 << 4;       /* BPF_F_AFTER */
constexpr uint32_t RELATIVE_IS_ID = 1 << 5;    /* BPF_F_ID */
constexpr uint32_t RELATIVE_IS_LINK = 1 << 13; /* BPF_F_LINK */

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

/* The link by which a program is attached to the cgroup; 0 where there is none. */
static uint32_t find_cgroup_link(uint32_t program_id, uint64_t cgroup_id, uint32_t attach_type)
{
	uint32_t id = 0;
	while (bpf_link_get_next_id(id, &id) == 0) {
		struct bpf_link_info info = {};
		uint32_t size = sizeof(info);
		Fd fd(bpf_link_get_fd_by_id(id));
		if (fd.valid() && bpf_obj_get_info_by_fd(fd.get(), &info, &size) == 0 &&
		    info.type == BPF_LINK_TYPE_CGROUP && info.prog_id == program_id &&
		    info.cgroup.cgroup_id == cgroup_id && info.cgroup.attach_type == attach_type)
			return id;
	}
	return 0;
}

static void set_relative(uint32_t program_id, const Target &target, struct link_create_attributes &attributes)
{
	attributes.flags |= RELATIVE_IS_ID;
	attributes.relative_id = program_id;
	/* On a cgroup a link is placed relative to another link only. */
	uint32_t link_id =
	    target.inode() ? find_cgroup_link(program_id, target.inode(), attributes.attach_type) : 0;
	if (link_id) {
		attributes.flags |= RELATIVE_IS_LINK;
		attributes.relative_id = link_id;
	}
}

/* Nothing for 'last': that is where every kernel attaches by itself. */
static void set_order(const Napi::Value &given, const Target &target,
		      struct link_create_attributes &attributes)
{
	if (given.IsUndefined())
		return;
	Napi::Object order = object_of(given, "order");
	std::string place = text_of(order.Get("place"), "place");
	if (place == "first" || place == "before")
		attributes.flags = PLACE_BEFORE;
	else if (place == "after")
		attributes.flags = PLACE_AFTER;
	else if (place != "last")
		throw Napi::TypeError::New(given.Env(), "place must be first, last, before or after");
	if (place == "before" || place == "after")
		set_relative(u32_of(order.Get("relativeTo"), "relativeTo"), target, attributes);
}

Napi::Value Link::attach(const Napi::CallbackInfo &info)
{
	const Program &program = unwrap<Program>(info[0]);
	Target target(info[1]);
	struct link_create_attributes attributes = {};
	attributes.program_fd = program.fd();
	attributes.target = target.number();
	attributes.attach_type = u32_of(info[2], "attachType");
	set_order(info[3], target, attributes);

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
