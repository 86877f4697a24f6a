// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Something to see of each part of a test run: packet, context, result, constant. */
#include "mesh.h"

const volatile __u32 addend;

SEC("tc")
int packet_length(struct __sk_buff *skb)
{
	__u8 *first = (void *)(long)skb->data;

	if (first + 1 <= (__u8 *)(long)skb->data_end)
		*first = 0x42;
	skb->mark += 1;
	return skb->len + addend;
}

SEC("cgroup/connect4")
int packet_connect4(struct bpf_sock_addr *ctx)
{
	return ctx->user_port == 0 ? DENY : ALLOW;
}

SEC("sk_lookup")
int packet_lookup(struct bpf_sk_lookup *ctx)
{
	return ctx->local_port == 18099 ? SK_DROP : SK_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
