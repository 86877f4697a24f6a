// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Refused by every verifier: the look-up's result is used unchecked. */
#include "mesh.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

SEC("cgroup/connect4")
int unchecked_connect4(struct bpf_sock_addr *ctx)
{
	__u32 zero = 0;
	__u64 *number = bpf_map_lookup_elem(&numbers, &zero);

	*number = ctx->user_port;
	return ALLOW;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
