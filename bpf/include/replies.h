/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The way back: an application sees the address it asked for, not the endpoint. */
#pragma once

/* An unconnected UDP socket may ask for several services that share an endpoint: the
 * last one asked for counts.
 */
static __always_inline void remember_reply(__u64 socket, const struct flow *from,
					   const struct frontend_key *asked)
{
	struct reply_key key = { .socket = socket, .ip = from->ip, .port = from->port };
	struct reply reply = { .vip = asked->vip, .port = asked->port };
	const struct reply *known = bpf_map_lookup_elem(&udp_replies, &key);

	if (!known || !same_address(&known->vip, &reply.vip) || known->port != reply.port)
		bpf_map_update_elem(&udp_replies, &key, &reply, BPF_ANY);
}

/* The application sends to this address itself now. */
static __always_inline void forget_reply(__u64 socket, const struct frontend_key *asked)
{
	struct reply_key key = { .socket = socket, .ip = asked->vip, .port = asked->port };

	if (bpf_map_lookup_elem(&udp_replies, &key)) /* deleting takes a lock, looking does not */
		bpf_map_delete_elem(&udp_replies, &key);
}

/* What a connected socket asked for, if `peer` is the endpoint it got. */
static __always_inline const struct frontend_key *find_asked(struct bpf_sock_addr *ctx,
							     const struct frontend_key *peer)
{
	const struct connection *connection = find_connection(ctx->sk, bpf_get_socket_cookie(ctx));

	if (!connection || connection->verdict == VERDICT_ACCEPTED)
		return NULL;
	if (connection->port != peer->port || !same_address(&connection->ip, &peer->vip))
		return NULL;
	return &connection->asked;
}

/* `sender` of a datagram becomes the address that was asked for. false: it is shown
 * as it is.
 */
static __always_inline bool find_sender(struct bpf_sock_addr *ctx, struct frontend_key *sender)
{
	struct reply_key key = { .socket = bpf_get_socket_cookie(ctx),
				 .ip = sender->vip,
				 .port = sender->port };

	if (ctx->sk->state == BPF_TCP_ESTABLISHED) { /* UDP uses the name for: connected */
		const struct frontend_key *asked = find_asked(ctx, sender);
		if (asked)
			*sender = *asked;
		return asked;
	}
	const struct reply *reply = bpf_map_lookup_elem(&udp_replies, &key);
	if (!reply)
		return false;
	sender->vip = reply->vip;
	sender->port = reply->port;
	return true;
}
