/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The few fields of kernel structures that we read. Their offsets are corrected for
 * the running kernel at load (CO-RE), so only names and types have to be right.
 */
#pragma once

#include <bpf/bpf_core_read.h>

#define KERNEL_TYPE __attribute__((preserve_access_index))

/* How a field is read. A pointer that the verifier knows is simply followed; who has
 * only an address defines this as BPF_CORE_READ before.
 */
#ifndef KERNEL_READ
#define KERNEL_READ(from, field) ((from)->field)
#endif

struct in6_addr {
	union {
		__be32 u6_addr32[4];
	} in6_u;
} KERNEL_TYPE;

typedef struct {
	int counter;
} KERNEL_TYPE atomic_t;

typedef struct {
	__s64 counter;
} KERNEL_TYPE atomic64_t;

typedef struct refcount_struct {
	atomic_t refs;
} KERNEL_TYPE refcount_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	unsigned long skc_flags;
	refcount_t skc_refcnt;
	atomic64_t skc_cookie;
} KERNEL_TYPE;

struct sock {
	struct sock_common __sk_common;
	void *sk_user_data;
} KERNEL_TYPE;

struct list_head {
	struct list_head *next;
} KERNEL_TYPE;

struct sk_psock {
	struct list_head ingress_msg;
} KERNEL_TYPE;

struct tcp_sock {
	__u64 bytes_received;
	__u64 bytes_acked;
	__u32 snd_una;
	__u32 write_seq;
	__u32 lost;
	__u32 total_retrans;
	__u32 srtt_us;
} KERNEL_TYPE;

enum sock_flags {
	SOCK_DEAD,
	SOCK_DONE,
};
