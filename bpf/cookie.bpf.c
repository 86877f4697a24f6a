// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which network namespace? For kernels without SO_NETNS_COOKIE (before 5.14): the
 * loader attaches this to a cgroup of its own and connects a UDP socket there.
 */
#include "mesh.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Written here, read by the controller. 0: nobody connected yet. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} cookie SEC(".maps");

SEC("cgroup/connect4")
int kmesh_cookie(struct bpf_sock_addr *ctx)
{
	__u32 zero = 0;
	__u64 *found = bpf_map_lookup_elem(&cookie, &zero);

	if (found)
		*found = bpf_get_netns_cookie(ctx);
	return ALLOW;
}
