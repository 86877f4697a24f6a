// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The socket lane: joins the two sockets of a connection whose both ends are
 * members of this node, below TCP. What one sends goes straight into the other's
 * receive queue; TCP carries only the handshake, the FIN and the RST.
 *
 * Order is kept by one rule: a direction starts below TCP or never gets there, and
 * may leave for TCP at any time. (The kernel, 6.0 and newer, hands out what came
 * below TCP before what came by TCP.)
 *
 * Memory is bounded by another: beyond JOIN_BUDGET bytes the peer's queue must be
 * seen empty, else the direction goes to TCP, whose window blocks the sender.
 */
#include "mesh.h"
#include "maps.h"
#include "kernel.h"
#include "address.h"
#include "ends.h"
#include "members.h"
#include "connections.h"
#include "sockets.h"
#include "verdicts.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum {
	JOIN_BUDGET = 256 * 1024,
};

static __always_inline bool is_loopback(const struct address *address)
{
	if (is_ipv4(address))
		return (address->word[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
	return address->half[0] == 0 && address->word[2] == 0 && address->word[3] == bpf_htonl(1);
}

/* A member by cgroup shows only by the connection it made through the mesh, a
 * service may bar its own.
 */
static __always_inline bool is_candidate(struct bpf_sock_ops *ctx, struct bpf_sock *sk, __u64 netns)
{
	const struct settings *settings = read_settings();
	const struct member *member = find_netns_member(netns);
	__u32 flags = member ? member->flags : 0;

	if (flags & MEMBER_SOCKET_LANE_TEST)
		return true;
	if (!settings || !(settings->flags & SETTINGS_SOCKET_LANE))
		return false;
	if (flags & (MEMBER_BYPASS | MEMBER_NO_SOCKET_LANE))
		return false;
	if (ctx->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		return member != NULL;
	const struct connection *connection = find_connection(sk, bpf_get_socket_cookie(ctx));
	if (!connection)
		return member != NULL;
	__u64 id = connection->service;
	const struct service *service = bpf_map_lookup_elem(&services, &id);
	return !service || !(service->flags & SERVICE_NO_SOCKET_LANE);
}

/* Learns both ends. The first connection to an address that is new here stays on TCP. */
static __always_inline bool is_near(const struct socket_key *key)
{
	__u32 seen = 1;
	bool near = bpf_map_lookup_elem(&local_addresses, &key->remote) != NULL;

	if (!bpf_map_lookup_elem(&local_addresses, &key->local))
		bpf_map_update_elem(&local_addresses, &key->local, &seen, BPF_ANY);
	return near;
}

static __always_inline void add_socket(struct bpf_sock_ops *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	if (!sk || sk->mark == DAEMON_MARK)
		return;
	__u64 netns = bpf_get_netns_cookie(ctx);
	if (!is_candidate(ctx, sk, netns))
		return;
	const struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp)
		return;
	struct ends ends;
	read_ends((const struct sock_common *)tcp, &ends);

	struct socket_key key;
	key.netns = is_loopback(&ends.remote) ? netns : 0;
	key.local = ends.local;
	key.remote = ends.remote;
	key.local_port = ends.local_port;
	key.remote_port = ends.remote_port;
	key.pad = 0;
	if (!key.netns && !is_near(&key))
		return;
	struct join *join = bpf_sk_storage_get(&joins, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!join)
		return;
	join->key = key;
	struct joined_socket entry = { .at = (__u64)(unsigned long)tcp };
	if (bpf_map_update_elem(&joined_sockets, &key, &entry, BPF_ANY) == 0)
		bpf_sock_hash_update(ctx, &sockets, &key, BPF_ANY);
}

SEC("sockops")
int kmesh_join(struct bpf_sock_ops *ctx)
{
	if (ctx->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB && ctx->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		return ALLOW;
	add_socket(ctx);
	return ALLOW;
}

/* Reads, but trusts nothing: the address may be stale. A wrong "yes" costs one more
 * budget of memory, a wrong "no" a move to TCP.
 */
static __always_inline bool has_read_all(__u64 at)
{
	struct sock *sk = (struct sock *)(unsigned long)at;
	unsigned long data =
		(unsigned long)BPF_CORE_READ(sk, sk_user_data) & ~7ul; /* flags in its low bits */
	struct sk_psock *psock = (struct sk_psock *)data;

	if (!data)
		return false;
	return (unsigned long)BPF_CORE_READ(psock, ingress_msg.next) ==
	       data + bpf_core_field_offset(struct sk_psock, ingress_msg);
}

static __always_inline bool fits_budget(struct join *join, __u32 size, __u64 peer)
{
	if (size > JOIN_BUDGET)
		return false;
	if (join->unread + size > JOIN_BUDGET) {
		if (!has_read_all(peer))
			return false;
		join->unread = 0;
	}
	join->unread += size;
	return true;
}

static __always_inline bool send_below(struct sk_msg_md *msg, struct join *join)
{
	struct socket_key peer;

	peer.netns = join->key.netns;
	peer.local = join->key.remote;
	peer.remote = join->key.local;
	peer.local_port = join->key.remote_port;
	peer.remote_port = join->key.local_port;
	peer.pad = 0;
	struct joined_socket *receiver = bpf_map_lookup_elem(&joined_sockets, &peer);
	if (!receiver || !fits_budget(join, msg->size, receiver->at))
		return false;
	if (bpf_msg_redirect_hash(msg, &sockets, &peer, BPF_F_INGRESS) != SK_PASS)
		return false;
	join->sent_bytes += msg->size;
	__sync_fetch_and_add(&receiver->received_bytes, msg->size);
	return true;
}

SEC("sk_msg")
int kmesh_redirect(struct sk_msg_md *msg)
{
	struct bpf_sock *sk = msg->sk;
	struct join *join = sk ? bpf_sk_storage_get(&joins, sk, NULL, 0) : NULL;

	if (!join || join->state == JOIN_APART)
		return SK_PASS;
	bool below = send_below(msg, join);
	if (join->state == JOIN_UNDECIDED)
		count_verdict(below ? VERDICT_JOINED : VERDICT_NOT_JOINED);
	join->state = below ? JOIN_JOINED : JOIN_APART;
	return SK_PASS;
}
