/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

struct bytes {
	__u64 sent; /* and acknowledged */
	__u64 received;
};

/* Bytes of the application, of a connection that is or was established. `state` is
 * the last one before TCP_CLOSE. The kernel's counters include SYN and FIN.
 */
static __always_inline struct bytes read_bytes(const struct tcp_sock *tcp, __u32 state, bool active)
{
	const struct sock_common *sk = (const struct sock_common *)tcp;
	bool fin_sent = state == BPF_TCP_FIN_WAIT1 || state == BPF_TCP_FIN_WAIT2 ||
			state == BPF_TCP_CLOSING || state == BPF_TCP_LAST_ACK;
	bool fin_acked = fin_sent && KERNEL_READ(tcp, snd_una) == KERNEL_READ(tcp, write_seq);
	bool fin_received = KERNEL_READ(sk, skc_flags) >> bpf_core_enum_value(enum sock_flags, SOCK_DONE) & 1;

	return (struct bytes){
		.sent = KERNEL_READ(tcp, bytes_acked) - active - fin_acked,
		.received = KERNEL_READ(tcp, bytes_received) - fin_received,
	};
}
