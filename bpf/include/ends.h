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

static __always_inline void read_ends(const struct sock_common *sk, struct ends *ends)
{
	ends->local_port = bpf_htons(KERNEL_READ(sk, skc_num));
	ends->remote_port = KERNEL_READ(sk, skc_dport);
	if (KERNEL_READ(sk, skc_family) == IPV6_SOCKET) {
		for (int i = 0; i < 4; i++) {
			ends->local.word[i] = KERNEL_READ(sk, skc_v6_rcv_saddr.in6_u.u6_addr32[i]);
			ends->remote.word[i] = KERNEL_READ(sk, skc_v6_daddr.in6_u.u6_addr32[i]);
		}
	} else {
		ends->local = address_from_ipv4(KERNEL_READ(sk, skc_rcv_saddr));
		ends->remote = address_from_ipv4(KERNEL_READ(sk, skc_daddr));
	}
}
