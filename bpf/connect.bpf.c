// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* connect(2) and sendmsg(2): the service address an application asked for becomes
 * the address of one endpoint. recvmsg(2) and getpeername(2): the application sees
 * the address it asked for. An address we do not know is left alone.
 */
#include <linux/errno.h>
#include <linux/in.h>
#include "mesh.h"
#include "maps.h"
#include "address.h"
#include "sockaddr.h"
#include "verdicts.h"
#include "members.h"
#include "connections.h"
#include "pick.h"
#include "dns.h"
#include "route.h"
#include "traffic.h"
#include "events.h"
#include "refusal.h"
#include "replies.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Set by the loader. Without bpf_set_retval (5.10) a refusal is EPERM. */
const volatile bool has_set_retval = false;

static __always_inline int finish(enum verdict verdict)
{
	if (!is_refused(verdict))
		return ALLOW;
	if (has_set_retval)
		bpf_set_retval(-ECONNREFUSED);
	return DENY;
}

static __always_inline void remember_connection(struct bpf_sock_addr *ctx, const struct frontend_key *asked,
						const struct outcome *outcome)
{
	bool ends = ctx->protocol == IPPROTO_TCP && outcome->verdict != VERDICT_DNS;
	struct connection *connection = start_connection(ctx->sk, bpf_get_socket_cookie(ctx), ends);

	if (!connection)
		return; /* no memory: it is routed all the same, but shows the endpoint as its peer */
	connection->asked = *asked;
	connection->ip = outcome->to.ip;
	connection->port = outcome->to.port;
	connection->service = outcome->to.service;
	connection->endpoint = outcome->to.endpoint;
	connection->source = outcome->source;
	connection->destination = outcome->to.workload;
	connection->verdict = outcome->verdict;
}

static __always_inline void mesh_connect(struct bpf_sock_addr *ctx, const struct frontend_key *asked,
					 struct outcome *outcome)
{
	const struct settings *settings = read_settings();

	outcome->verdict = route(ctx, asked, NULL, settings, outcome);
	count_verdict(outcome->verdict);
	if (is_routed(outcome->verdict))
		remember_connection(ctx, asked, outcome);
	else if (is_refused(outcome->verdict))
		report_refusal(asked, settings, outcome);
	else /* a socket that was connected to a service before is not any more */
		forget_connection(ctx->sk, bpf_get_socket_cookie(ctx));
}

/* The kernel passes what a connected IPv6 socket sends to a mapped address through
 * sendmsg4, with the endpoint as its address: that was decided by connect.
 */
static __always_inline bool is_own_peer(struct bpf_sock_addr *ctx, const struct frontend_key *asked)
{
	return ctx->sk->state == BPF_TCP_ESTABLISHED && find_asked(ctx, asked);
}

static __always_inline void mesh_sendmsg(struct bpf_sock_addr *ctx, const struct frontend_key *asked,
					 struct outcome *outcome)
{
	struct flow_key flow = { .socket = bpf_get_socket_cookie(ctx), .asked = *asked };

	if (is_own_peer(ctx, asked)) {
		outcome->to.ip = asked->vip;
		outcome->to.port = asked->port;
		outcome->verdict = VERDICT_FLOW;
		count_verdict(VERDICT_FLOW);
		return;
	}
	enum verdict verdict = route(ctx, asked, &flow, read_settings(), outcome);
	outcome->verdict = verdict;
	count_verdict(verdict);
	if (verdict == VERDICT_ROUTED || verdict == VERDICT_AFFINITY)
		bpf_map_update_elem(&udp_flows, &flow, &outcome->to, BPF_ANY);
	if (is_routed(verdict))
		remember_reply(flow.socket, &outcome->to, asked);
	else if (verdict == VERDICT_NO_SERVICE || verdict == VERDICT_BYPASSED)
		forget_reply(flow.socket, asked);
}

SEC("cgroup/connect4")
int kmesh_connect4(struct bpf_sock_addr *ctx)
{
	struct frontend_key asked = asked_ipv4(ctx);
	struct outcome outcome = {};

	mesh_connect(ctx, &asked, &outcome);
	if (is_routed(outcome.verdict))
		show_ipv4(ctx, &outcome.to.ip, outcome.to.port);
	return finish(outcome.verdict);
}

SEC("cgroup/connect6")
int kmesh_connect6(struct bpf_sock_addr *ctx)
{
	struct frontend_key asked = asked_ipv6(ctx);
	struct outcome outcome = {};

	mesh_connect(ctx, &asked, &outcome);
	if (is_routed(outcome.verdict))
		show_ipv6(ctx, &outcome.to.ip, outcome.to.port);
	return finish(outcome.verdict);
}

SEC("cgroup/sendmsg4")
int kmesh_sendmsg4(struct bpf_sock_addr *ctx)
{
	struct frontend_key asked = asked_ipv4(ctx);
	struct outcome outcome = {};

	mesh_sendmsg(ctx, &asked, &outcome);
	if (is_routed(outcome.verdict))
		show_ipv4(ctx, &outcome.to.ip, outcome.to.port);
	return finish(outcome.verdict);
}

SEC("cgroup/sendmsg6")
int kmesh_sendmsg6(struct bpf_sock_addr *ctx)
{
	struct frontend_key asked = asked_ipv6(ctx);
	struct outcome outcome = {};

	mesh_sendmsg(ctx, &asked, &outcome);
	if (is_routed(outcome.verdict))
		show_ipv6(ctx, &outcome.to.ip, outcome.to.port);
	return finish(outcome.verdict);
}

SEC("cgroup/recvmsg4")
int kmesh_recvmsg4(struct bpf_sock_addr *ctx)
{
	struct frontend_key sender = asked_ipv4(ctx);

	if (find_sender(ctx, &sender))
		show_ipv4(ctx, &sender.vip, sender.port);
	return ALLOW;
}

SEC("cgroup/recvmsg6")
int kmesh_recvmsg6(struct bpf_sock_addr *ctx)
{
	struct frontend_key sender = asked_ipv6(ctx);

	if (find_sender(ctx, &sender))
		show_ipv6(ctx, &sender.vip, sender.port);
	return ALLOW;
}

SEC("cgroup/getpeername4")
int kmesh_getpeer4(struct bpf_sock_addr *ctx)
{
	struct frontend_key peer = asked_ipv4(ctx);
	const struct frontend_key *asked = find_asked(ctx, &peer);

	if (asked)
		show_ipv4(ctx, &asked->vip, asked->port);
	return ALLOW;
}

SEC("cgroup/getpeername6")
int kmesh_getpeer6(struct bpf_sock_addr *ctx)
{
	struct frontend_key peer = asked_ipv6(ctx);
	const struct frontend_key *asked = find_asked(ctx, &peer);

	if (asked)
		show_ipv6(ctx, &asked->vip, asked->port);
	return ALLOW;
}
