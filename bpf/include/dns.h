/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

enum {
	DNS_PORT = 53
};

#define IPV4_LOOPBACK bpf_htonl(0x7f000001)
#define IPV6_LOOPBACK_END bpf_htonl(1)

/* Asked each time: the moment the daemon is gone, queries go where they always went. */
static __always_inline bool is_listening(struct bpf_sock_addr *ctx, bool ipv4, __be16 port)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *found;
	__u32 size;

	if (ipv4) {
		tuple.ipv4.saddr = tuple.ipv4.daddr = IPV4_LOOPBACK;
		tuple.ipv4.dport = port;
		size = sizeof(tuple.ipv4);
	} else {
		tuple.ipv6.saddr[3] = tuple.ipv6.daddr[3] = IPV6_LOOPBACK_END;
		tuple.ipv6.dport = port;
		size = sizeof(tuple.ipv6);
	}
	if (ctx->protocol == IPPROTO_UDP)
		found = bpf_sk_lookup_udp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	else
		found = bpf_sk_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!found)
		return false;
	bool listening = ctx->protocol == IPPROTO_UDP || found->state == BPF_TCP_LISTEN;
	bpf_sk_release(found);
	return listening;
}

static __always_inline bool redirect_dns(struct bpf_sock_addr *ctx, const struct member *member,
					 const struct frontend_key *asked, struct flow *to)
{
	__be16 port = member->dns_port;
	bool ipv4 = is_ipv4(&asked->vip);

	if (asked->port != bpf_htons(DNS_PORT) || !(member->flags & MEMBER_DNS))
		return false;
	if (!bpf_map_lookup_elem(&nameservers, &asked->vip) || !is_listening(ctx, ipv4, port))
		return false;
	if (ipv4)
		to->ip = address_from_ipv4(IPV4_LOOPBACK);
	else
		to->ip.word[3] = IPV6_LOOPBACK_END; /* the rest is zero */
	to->port = port;
	return true;
}
