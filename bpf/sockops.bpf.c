// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* TCP connections from their handshake to their end: counted, and told to the
 * access log. Only sockets that connect.bpf.c has routed, and connections that a
 * member accepts; every other socket is left at the first test.
 */
#include <linux/in.h>
#include "mesh.h"
#include "maps.h"
#include "kernel.h"
#include "address.h"
#include "ends.h"
#include "bytes.h"
#include "verdicts.h"
#include "members.h"
#include "connections.h"
#include "sockets.h"
#include "traffic.h"
#include "events.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Set by the loader: 5.15 and newer. Without it, inbound connections are not seen. */
const volatile bool has_sockops_netns_cookie = false;

#define NO_SAMPLE 0xffffffffu /* of the smallest round-trip time */

/* NULL for foreign sockets, and for DNS queries that the daemon answers. */
static __always_inline struct connection *find_counted(struct bpf_sock_ops *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct connection *connection = sk ? find_connection(sk, bpf_get_socket_cookie(ctx)) : NULL;

	return connection && connection->verdict != VERDICT_DNS ? connection : NULL;
}

static __always_inline void watch_state(struct bpf_sock_ops *ctx, struct connection *connection)
{
	bpf_sock_ops_cb_flags_set(ctx, ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
	connection->flags |= CONNECTION_WATCHED;
}

static __always_inline enum reporter reporter_of(const struct connection *connection)
{
	return connection->verdict == VERDICT_ACCEPTED ? REPORTER_DESTINATION : REPORTER_SOURCE;
}

static __always_inline struct traffic *find_counters(const struct connection *connection)
{
	struct traffic_key key = {
		.source = connection->source,
		.destination = connection->destination,
		.service = connection->service,
		.reporter = reporter_of(connection),
		.protocol = IPPROTO_TCP,
	};
	return find_traffic(&key);
}

static __always_inline void established(struct connection *connection, __u32 wanted)
{
	struct traffic *counters = wanted & SETTINGS_TRAFFIC ? find_counters(connection) : NULL;

	connection->flags |= CONNECTION_ESTABLISHED;
	if (counters) {
		connection->flags |= CONNECTION_COUNTED;
		add(&counters->opened, 1);
	}
}

static __always_inline __u64 find_workload(const struct address *address)
{
	const __u64 *workload = bpf_map_lookup_elem(&workloads, address);
	return workload ? READ_ONCE(*workload) : 0;
}

static __always_inline void accepted(struct bpf_sock_ops *ctx, __u32 wanted)
{
	struct bpf_sock *sk = ctx->sk;

	if (!has_sockops_netns_cookie || !sk || sk->mark == DAEMON_MARK)
		return;
	const struct member *member = find_netns_member(bpf_get_netns_cookie(ctx));
	/* The daemon's test of the socket lane is nobody's traffic. */
	if (!member || member->flags & (MEMBER_BYPASS | MEMBER_SOCKET_LANE_TEST))
		return;
	__u64 workload = member->workload;

	count_verdict(VERDICT_ACCEPTED);
	if (!(wanted & (SETTINGS_TRAFFIC | SETTINGS_ACCESS_LOG)))
		return;
	const struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	struct connection *connection = start_connection(sk, bpf_get_socket_cookie(ctx), true);
	if (!tcp || !connection)
		return;
	struct ends ends;
	read_ends((const struct sock_common *)tcp, &ends);
	connection->asked.vip = ends.local;
	connection->asked.port = ends.local_port;
	connection->asked.protocol = IPPROTO_TCP;
	connection->service = 0;
	connection->endpoint = 0;
	connection->ip = ends.local;
	connection->port = ends.local_port;
	connection->source = find_workload(&ends.remote);
	connection->destination = workload ? workload : find_workload(&ends.local);
	connection->verdict = VERDICT_ACCEPTED;
	established(connection, wanted);
	watch_state(ctx, connection);
}

static __always_inline void log_end(struct bpf_sock_ops *ctx, const struct connection *connection,
				    const struct tcp_sock *tcp, const struct bytes *bytes,
				    enum verdict verdict)
{
	struct connection_event *event = start_event();
	struct ends ends;

	if (!event)
		return;
	read_ends((const struct sock_common *)tcp, &ends);
	event->at_ns = bpf_ktime_get_ns();
	event->duration_ns = event->at_ns - connection->started_ns;
	event->service = connection->service;
	event->source = connection->source;
	event->destination = connection->destination;
	event->sent_bytes = bytes->sent;
	event->received_bytes = bytes->received;
	event->local = ends.local;
	event->remote = ends.remote;
	event->asked = connection->asked;
	event->local_port = ends.local_port;
	event->remote_port = ends.remote_port;
	event->srtt_us = ctx->srtt_us >> 3; /* the kernel keeps eighths */
	event->min_rtt_us = ctx->rtt_min == NO_SAMPLE ? 0 : ctx->rtt_min;
	event->retransmitted = tcp->total_retrans;
	event->lost = tcp->lost;
	event->verdict = verdict;
	event->reporter = reporter_of(connection);
	event->protocol = IPPROTO_TCP;
	send_event(event);
}

/* What the socket lane carried, which TCP has not seen. */
static __always_inline void add_joined(struct bpf_sock *sk, struct bytes *bytes)
{
	struct join *join = bpf_sk_storage_get(&joins, sk, NULL, 0);
	if (!join)
		return;
	const struct joined_socket *own = bpf_map_lookup_elem(&joined_sockets, &join->key);
	bytes->sent += join->sent_bytes;
	if (own)
		bytes->received += own->received_bytes;
	bpf_map_delete_elem(&joined_sockets, &join->key);
}

static __always_inline void ended(struct bpf_sock_ops *ctx, struct connection *connection, __u32 wanted)
{
	__u32 flags = connection->flags;
	bool established = flags & CONNECTION_ESTABLISHED;
	enum verdict verdict = established ? connection->verdict : VERDICT_CONNECT_FAILED;
	struct bpf_sock *sk = ctx->sk;
	struct bytes bytes = {};

	if (flags & CONNECTION_ENDED || !sk)
		return;
	connection->flags = flags | CONNECTION_ENDED;
	if (!established)
		count_verdict(VERDICT_CONNECT_FAILED);
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp)
		return;
	if (established)
		bytes = read_bytes(tcp, ctx->args[0], connection->verdict != VERDICT_ACCEPTED);
	add_joined(sk, &bytes);
	struct traffic *counters = flags & CONNECTION_COUNTED || (!established && wanted & SETTINGS_TRAFFIC)
					   ? find_counters(connection)
					   : NULL;
	if (counters) {
		add(established ? &counters->closed : &counters->failed, 1);
		add(&counters->sent_bytes, bytes.sent);
		add(&counters->received_bytes, bytes.received);
		add(&counters->retransmitted, tcp->total_retrans);
		add(&counters->lost, tcp->lost);
	}
	if (wanted & SETTINGS_ACCESS_LOG)
		log_end(ctx, connection, tcp, &bytes, verdict);
}

SEC("sockops")
int kmesh_sockops(struct bpf_sock_ops *ctx)
{
	const struct settings *settings = read_settings();
	struct connection *connection;

	if (!settings)
		return ALLOW;
	switch (ctx->op) {
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		connection = find_counted(ctx);
		if (connection)
			watch_state(ctx, connection);
		break;
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		connection = find_counted(ctx);
		if (connection)
			established(connection, settings->flags);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		accepted(ctx, settings->flags);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		connection = ctx->args[1] == BPF_TCP_CLOSE ? find_counted(ctx) : NULL;
		if (connection) {
			ended(ctx, connection, settings->flags);
			leave_place(bpf_get_socket_cookie(ctx));
		}
		break;
	}
	return ALLOW;
}
