// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sockets in a map, in socket storage, and listed from there by an iterator. */
#include "mesh.h"

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} established SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} sent_bytes SEC(".maps");

SEC("cgroup/connect4")
int sockets_connect4(struct bpf_sock_addr *ctx)
{
	__u64 *target = bpf_sk_storage_get(&targets, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);

	if (target)
		*target = bpf_ntohs(ctx->user_port);
	return ALLOW;
}

SEC("sockops")
int sockets_established(struct bpf_sock_ops *ops)
{
	__u32 port = ops->local_port;

	if (ops->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		bpf_sock_hash_update(ops, &established, &port, BPF_ANY);
	return 1;
}

SEC("sk_msg")
int sockets_sent(struct sk_msg_md *msg)
{
	__u32 zero = 0;
	__u64 *bytes = bpf_map_lookup_elem(&sent_bytes, &zero);

	if (bytes)
		__sync_fetch_and_add(bytes, msg->size);
	return SK_PASS;
}

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	void *value;
} __attribute__((preserve_access_index));

/* Makes a record large: not many fit into one read of the iterator. */
const char padding[4088] = "";

SEC("iter/bpf_sk_storage_map")
int sockets_targets(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	const void *target = ctx->value;

	if (target) {
		bpf_seq_write(ctx->meta->seq, target, sizeof(__u64));
		bpf_seq_write(ctx->meta->seq, padding, sizeof(padding));
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
