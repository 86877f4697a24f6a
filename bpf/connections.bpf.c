// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lists the sockets that the mesh has routed or accepted: one struct
 * connection_record each, for `kmeshctl conns`. Two iterators, one for each map that
 * keeps them.
 */
#define KERNEL_READ BPF_CORE_READ
#include <linux/in.h>
#include "mesh.h"
#include "maps.h"
#include "kernel.h"
#include "address.h"
#include "ends.h"
#include "bytes.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} KERNEL_TYPE;

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	__u32 *key;
	struct fast_connection *value;
};

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	struct sock *sk;
	struct connection *value;
};

static __always_inline void describe(struct connection_record *record, const struct connection *connection,
				     const struct sock *sk)
{
	struct ends ends;

	record->connection = *connection;
	record->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	read_ends(&sk->__sk_common, &ends);
	record->local = ends.local;
	record->remote = ends.remote;
	record->local_port = ends.local_port;
	record->remote_port = ends.remote_port;
	if (connection->flags & CONNECTION_ESTABLISHED) { /* so it is TCP */
		bool active = connection->verdict != VERDICT_ACCEPTED;
		struct bytes bytes = read_bytes((const struct tcp_sock *)sk, record->state, active);
		record->sent_bytes = bytes.sent;
		record->received_bytes = bytes.received;
	}
}

SEC("iter/bpf_map_elem")
int kmesh_fastconns(struct bpf_iter__bpf_map_elem *ctx)
{
	const struct fast_connection *place = ctx->value;
	struct connection_record record = {};

	if (!place || !place->socket)
		return 0;
	const struct sock *sk = (const struct sock *)(unsigned long)place->at;
	describe(&record, &place->connection, sk);
	/* Cookies are never used twice: it was this socket, and is still. */
	if ((__u64)BPF_CORE_READ(sk, __sk_common.skc_cookie.counter) != place->socket)
		return 0;
	if (record.state != BPF_TCP_CLOSE)
		bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

SEC("iter/bpf_sk_storage_map")
int kmesh_conns(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	const struct connection *connection = ctx->value;
	const struct sock *sk = ctx->sk;
	struct connection_record record = {};

	if (!sk || !connection)
		return 0;
	/* Not connected any more, or closed and about to be freed. */
	if (sk->__sk_common.skc_state == BPF_TCP_CLOSE || !sk->__sk_common.skc_refcnt.refs.counter)
		return 0;
	describe(&record, connection, sk);
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
