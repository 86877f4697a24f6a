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
#include "members.h"
#include "sockets.h"
#include <bpf/bpf_core_read.h>

enum { JOIN_BUDGET = 256 * 1024 };

enum { AF_INET = 2, AF_INET6 = 10, TCP_ESTABLISHED = 1 };

char _license[] SEC("license") = "Dual BSD/GPL";

static bool is_loopback(const struct address *address)
{
	if (address->half[0] != 0)
		return false;
	if (address->word[2] == bpf_htonl(0xffff))
		return (address->word[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
	return address->word[2] == 0 && address->word[3] == bpf_htonl(1);
}

/* The two contexts name their fields alike; both ports are shifted by the kernel. */
#define FILL_KEY(ctx, key)                                                                                   \
	do {                                                                                                 \
		if ((ctx)->family == AF_INET) {                                                              \
			(key)->local.word[2] = bpf_htonl(0xffff);                                            \
			(key)->local.word[3] = (ctx)->local_ip4;                                             \
			(key)->remote.word[2] = bpf_htonl(0xffff);                                           \
			(key)->remote.word[3] = (ctx)->remote_ip4;                                           \
		} else {                                                                                     \
			(key)->local.word[0] = (ctx)->local_ip6[0];                                          \
			(key)->local.word[1] = (ctx)->local_ip6[1];                                          \
			(key)->local.word[2] = (ctx)->local_ip6[2];                                          \
			(key)->local.word[3] = (ctx)->local_ip6[3];                                          \
			(key)->remote.word[0] = (ctx)->remote_ip6[0];                                        \
			(key)->remote.word[1] = (ctx)->remote_ip6[1];                                        \
			(key)->remote.word[2] = (ctx)->remote_ip6[2];                                        \
			(key)->remote.word[3] = (ctx)->remote_ip6[3];                                        \
		}                                                                                            \
		(key)->local_port = bpf_htons((__u16)(ctx)->local_port);                                     \
		(key)->remote_port = (__be16)((ctx)->remote_port >> 16);                                     \
	} while (0)

static const struct settings *read_settings(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&settings, &zero);
}

/* A client may be barred by its service; both ends by their member entry. */
static bool is_candidate(struct bpf_sock_ops *ctx, struct bpf_sock *sk, __u64 netns)
{
	struct member_key key = {.id = netns, .kind = MEMBER_NETNS};
	const struct member *member = bpf_map_lookup_elem(&members, &key);
	if (member)
		return !(member->flags & (MEMBER_BYPASS | MEMBER_NO_SOCKET_LANE));
	/* A member by cgroup shows only by the connection it made through the mesh. */
	return ctx->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB && bpf_sk_storage_get(&connections, sk, NULL, 0);
}

static bool is_barred_by_service(struct bpf_sock *sk)
{
	const struct connection *connection = bpf_sk_storage_get(&connections, sk, NULL, 0);
	if (!connection)
		return false;
	__u64 id = connection->service;
	const struct service *service = bpf_map_lookup_elem(&services, &id);
	return service && (service->flags & SERVICE_NO_SOCKET_LANE);
}

static void add_socket(struct bpf_sock_ops *ctx, struct bpf_sock *sk, struct socket_key *key)
{
	struct join *join = bpf_sk_storage_get(&joins, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!join)
		return;
	join->netns = key->netns;
	__u64 at = (__u64)(unsigned long)bpf_skc_to_tcp_sock(sk);
	bpf_map_update_elem(&socket_addresses, key, &at, BPF_ANY);
	bpf_sock_hash_update(ctx, &sockets, key, BPF_ANY);
}

SEC("sockops")
int kmesh_join(struct bpf_sock_ops *ctx)
{
	if (ctx->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB && ctx->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		return 0;
	const struct settings *set = read_settings();
	if (!set || !(set->flags & SETTINGS_SOCKET_LANE))
		return 0;
	struct bpf_sock *sk = ctx->sk;
	if (!sk)
		return 0;
	__u64 netns = bpf_get_netns_cookie(ctx);
	if (!is_candidate(ctx, sk, netns) || is_barred_by_service(sk))
		return 0;

	struct socket_key key = {};
	FILL_KEY(ctx, &key);
	if (is_loopback(&key.remote)) {
		key.netns = netns;
	} else {
		/* The first connection to an address that is new here stays on TCP. */
		__u32 seen = 1;
		bool near = bpf_map_lookup_elem(&local_addresses, &key.remote);
		if (!bpf_map_lookup_elem(&local_addresses, &key.local))
			bpf_map_update_elem(&local_addresses, &key.local, &seen, BPF_ANY);
		if (!near)
			return 0;
	}
	add_socket(ctx, sk, &key);
	return 0;
}

/* Reads, but trusts nothing: the address may be stale. A wrong "empty" costs one
 * more budget of memory, a wrong "not empty" a move to TCP.
 */
static bool has_read_all(__u64 peer)
{
	struct sock *sk = (struct sock *)(unsigned long)peer;
	unsigned long data = 0;
	struct list_head *first = NULL;

	if (!peer || BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_ESTABLISHED)
		return false;
	data = (unsigned long)BPF_CORE_READ(sk, sk_user_data) & ~7ul;
	if (!data)
		return false;
	struct sk_psock *psock = (struct sk_psock *)data;
	first = BPF_CORE_READ(psock, ingress_msg.next);
	return (unsigned long)first == data + bpf_core_field_offset(struct sk_psock, ingress_msg);
}

static bool fits_budget(struct join *join, __u32 size, const struct socket_key *peer)
{
	if (join->unread + size <= JOIN_BUDGET) {
		join->unread += size;
		return true;
	}
	if (size > JOIN_BUDGET)
		return false;
	if (!join->peer) {
		const __u64 *at = bpf_map_lookup_elem(&socket_addresses, peer);
		if (!at)
			return false;
		join->peer = *at;
	}
	if (!has_read_all(join->peer))
		return false;
	join->unread = size;
	return true;
}

SEC("sk_msg")
int kmesh_redirect(struct sk_msg_md *msg)
{
	if (!msg->sk)
		return SK_PASS;
	struct join *join = bpf_sk_storage_get(&joins, msg->sk, NULL, 0);
	if (!join || join->state == JOIN_APART)
		return SK_PASS;

	struct socket_key own = {.netns = join->netns};
	FILL_KEY(msg, &own);
	struct socket_key peer = {
		.netns = own.netns,
		.local = own.remote,
		.remote = own.local,
		.local_port = own.remote_port,
		.remote_port = own.local_port,
	};
	if (fits_budget(join, msg->size, &peer) &&
	    bpf_msg_redirect_hash(msg, &sockets, &peer, BPF_F_INGRESS) == SK_PASS) {
		if (join->state == JOIN_UNDECIDED) {
			join->state = JOIN_JOINED;
			count_verdict(VERDICT_JOINED);
		}
		return SK_PASS;
	}
	/* Verdict "pass" after a redirect that failed is plain TCP: nothing was queued. */
	if (join->state == JOIN_UNDECIDED)
		count_verdict(VERDICT_NOT_JOINED);
	join->state = JOIN_APART;
	return SK_PASS;
}
