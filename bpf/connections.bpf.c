// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lists the sockets that the mesh has routed or accepted: one struct
 * connection_record each, for `kmeshctl conns`.
 */
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

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	struct sock *sk;
	struct connection *value;
};

SEC("iter/bpf_sk_storage_map")
int kmesh_conns(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	const struct connection *connection = ctx->value;
	struct sock *sk = ctx->sk;
	struct connection_record record = {};

	if (!sk || !connection)
		return 0;
	/* Not connected any more, or closed and about to be freed. */
	if (sk->__sk_common.skc_state == BPF_TCP_CLOSE || !sk->__sk_common.skc_refcnt.refs.counter)
		return 0;
	record.connection = *connection;
	record.state = sk->__sk_common.skc_state;
	struct ends ends;
	read_ends(&sk->__sk_common, &ends);
	record.local = ends.local;
	record.remote = ends.remote;
	record.local_port = ends.local_port;
	record.remote_port = ends.remote_port;
	const struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	if (tcp && connection->flags & CONNECTION_ESTABLISHED) {
		struct bytes bytes = read_bytes(tcp, record.state, connection->verdict != VERDICT_ACCEPTED);
		record.sent_bytes = bytes.sent;
		record.received_bytes = bytes.received;
	}
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
