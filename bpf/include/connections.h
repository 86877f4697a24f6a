/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where what is known of a socket is kept. TCP connections have a place in a fixed
 * table, found by the socket's cookie; one that finds its place taken, and UDP, whose
 * end no hook sees, have socket storage. Cookies are counted up, so that places are
 * taken in turn.
 */
#pragma once

enum {
	ABANDONED_NS = 1000000000
};

static __always_inline struct fast_connection *find_place(__u64 socket)
{
	__u32 index = socket % FAST_CONNECTIONS;
	return bpf_map_lookup_elem(&fast_connections, &index);
}

/* `socket` is the cookie of `sk`. NULL: nothing is known of it. */
static __always_inline struct connection *find_connection(struct bpf_sock *sk, __u64 socket)
{
	struct fast_connection *place = find_place(socket);

	if (place && place->socket == socket)
		return &place->connection;
	return bpf_sk_storage_get(&connections, sk, NULL, 0);
}

/* A connect(2) that failed before a packet was sent leaves its place taken, and has no
 * end that sock_ops could see.
 */
static __always_inline bool is_abandoned(const struct fast_connection *place, __u64 now)
{
	return !(place->connection.flags & CONNECTION_WATCHED) &&
	       place->connection.started_ns + ABANDONED_NS < now;
}

/* NULL: the kernel has no memory for it. Every field but `started_ns` and `flags` is
 * the caller's to fill. `ends`: sock_ops will watch it.
 */
static __always_inline struct connection *start_connection(struct bpf_sock *sk, __u64 socket, bool ends)
{
	__u64 now = bpf_ktime_get_ns();
	struct fast_connection *place = ends ? find_place(socket) : NULL;
	struct connection *connection;
	bool taken = true;

	if (place) {
		bpf_spin_lock(&place->lock);
		if (!place->socket || place->socket == socket || is_abandoned(place, now)) {
			place->socket = socket;
			place->connection.started_ns = now;
			place->connection.flags = 0;
			taken = false;
		}
		bpf_spin_unlock(&place->lock);
	}
	if (place && !taken) {
		place->at = (__u64)(unsigned long)sk;
		return &place->connection;
	}
	connection = bpf_sk_storage_get(&connections, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (connection) {
		connection->started_ns = now;
		connection->flags = 0;
	}
	return connection;
}

static __always_inline void leave_place(__u64 socket)
{
	struct fast_connection *place = find_place(socket);

	if (place && place->socket == socket)
		place->socket = 0;
}

static __always_inline void forget_connection(struct bpf_sock *sk, __u64 socket)
{
	leave_place(socket);
	bpf_sk_storage_delete(&connections, sk);
}
