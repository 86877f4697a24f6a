/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the socket lane knows of the kernel's own structures (CO-RE: the loader
 * finds the real offsets), and its maps.
 */
#pragma once

struct list_head {
	struct list_head *next;
} __attribute__((preserve_access_index));

struct sk_psock {
	struct list_head ingress_msg;
} __attribute__((preserve_access_index));

struct sock_common {
	unsigned short skc_family;
	volatile unsigned char skc_state;
} __attribute__((preserve_access_index));

struct sock {
	struct sock_common __sk_common;
	void *sk_user_data;
} __attribute__((preserve_access_index));

enum join_state {
	JOIN_UNDECIDED = 0, /* nothing sent yet */
	JOIN_JOINED, /* everything so far went below TCP */
	JOIN_APART, /* on TCP, for good */
};

/* One direction of a connection, kept at its sender. */
struct join {
	enum join_state state;
	__u32 unread; /* bytes sent since the peer's queue was seen empty */
	__u64 peer; /* the kernel's address of the peer's struct sock */
	__u64 netns; /* for the key, see struct socket_key */
};

/* Sockets of same-node connections, by the two ends as each sees them. Written by
 * sock_ops, emptied by the kernel when a socket closes. Missing: send by TCP.
 */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 65536);
	__type(key, struct socket_key);
	__type(value, __u64);
} sockets SEC(".maps");

/* Where the kernel keeps the sockets of `sockets`. Written by sock_ops, the
 * least recently used goes. Missing: the peer is taken to be behind with reading.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct socket_key);
	__type(value, __u64);
} socket_addresses SEC(".maps");

/* Addresses that members of this node were seen to use. Written and read by
 * sock_ops. Missing: the peer is taken to be elsewhere, the connection stays on TCP.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct address);
	__type(value, __u32);
} local_addresses SEC(".maps");

/* Lives as long as its socket. Missing: not a candidate. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct join);
} joins SEC(".maps");
