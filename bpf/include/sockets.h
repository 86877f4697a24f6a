/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* State of the socket lane: what joins.bpf.c writes and sockops.bpf.c counts. */
#pragma once

enum join_state {
	JOIN_UNDECIDED = 0, /* nothing sent yet */
	JOIN_JOINED,	    /* everything so far went below TCP */
	JOIN_APART,	    /* on TCP, for good */
};

/* One direction of a connection, kept at its sender. */
struct join {
	enum join_state state;
	__u32 unread;	  /* bytes sent since the peer's queue was seen empty */
	__u64 sent_bytes; /* below TCP */
	struct socket_key key;
};

/* A socket as its peer finds it. */
struct joined_socket {
	__u64 at;	      /* where the kernel keeps its struct sock */
	__u64 received_bytes; /* below TCP */
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

/* The same sockets, with what sk_msg must know of the receiver. Written and deleted
 * by sock_ops; least recently used goes. Missing: send by TCP.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct socket_key);
	__type(value, struct joined_socket);
} joined_sockets SEC(".maps");

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
	__type(key, __u32);
	__type(value, struct join);
} joins SEC(".maps");
