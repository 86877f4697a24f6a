/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The two ends of a socket, as the kernel has them. */
#pragma once

enum {
	IPV6_SOCKET = 10
}; /* AF_INET6 */

struct ends {
	struct address local;
	struct address remote;
	__be16 local_port;
	__be16 remote_port;
};

static __always_inline struct address address_from_ipv6(const struct in6_addr *ip)
{
	struct address address;

	address.word[0] = ip->in6_u.u6_addr32[0];
	address.word[1] = ip->in6_u.u6_addr32[1];
	address.word[2] = ip->in6_u.u6_addr32[2];
	address.word[3] = ip->in6_u.u6_addr32[3];
	return address;
}

static __always_inline void read_ends(const struct sock_common *sk, struct ends *ends)
{
	ends->local_port = bpf_htons(sk->skc_num);
	ends->remote_port = sk->skc_dport;
	if (sk->skc_family == IPV6_SOCKET) {
		ends->local = address_from_ipv6(&sk->skc_v6_rcv_saddr);
		ends->remote = address_from_ipv6(&sk->skc_v6_daddr);
	} else {
		ends->local = address_from_ipv4(sk->skc_rcv_saddr);
		ends->remote = address_from_ipv4(sk->skc_daddr);
	}
}
