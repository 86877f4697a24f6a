// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reports every connect(2) to an IPv4 address, and decides about it by a constant. */
#include "mesh.h"

const volatile __u32 witness; /* which of several reports */
const volatile __u32 decision = ALLOW;

struct report {
	__u64 netns; /* cookie */
	__u32 witness;
	__be32 ip;
	__be16 port;
	__u16 pad[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} reports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

SEC("cgroup/connect4")
int witness_connect4(struct bpf_sock_addr *ctx)
{
	__u32 port = bpf_ntohs(ctx->user_port);
	__u64 once = 1;
	__u64 *times = bpf_map_lookup_elem(&seen, &port);

	if (times)
		__sync_fetch_and_add(times, 1);
	else
		bpf_map_update_elem(&seen, &port, &once, BPF_ANY);

	struct report *report = bpf_ringbuf_reserve(&reports, sizeof(*report), 0);
	if (report) {
		__builtin_memset(report, 0, sizeof(*report));
		report->netns = bpf_get_netns_cookie(ctx);
		report->witness = witness;
		report->ip = ctx->user_ip4;
		report->port = ctx->user_port;
		bpf_ringbuf_submit(report, 0);
	}
	return decision;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
