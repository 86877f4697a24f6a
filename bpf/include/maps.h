/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every map of the data plane: who writes it, who reads it, what a missing entry
 * means. `max_entries` is a default; --map-size NAME=N changes it.
 */
#pragma once

/* Written by the controller (enrolment), read by every hook.
 * Missing: not a member, left alone.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct member_key);
	__type(value, struct member);
} members SEC(".maps");

/* Written by the controller, read by connect. Missing: not a service address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct frontend_key);
	__type(value, struct frontend);
} frontends SEC(".maps");

/* Written by the controller, read by connect. The one value whose change
 * publishes a new set of endpoints. Missing: the frontend is being removed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct service);
} services SEC(".maps");

/* Written by the controller before the service that points to them, deleted a
 * while after. Missing: the service changed meanwhile, read it again.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct slot_key);
	__type(value, struct slot);
} slots SEC(".maps");

/* Written by the controller for services with session affinity: which slot of
 * a set an endpoint has. Missing: the endpoint is not in the set.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct set_member_key);
	__type(value, __u32);
} set_members SEC(".maps");

/* Written by the controller, read by sock_ops: whose address this is.
 * Missing: not a workload of the mesh.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct address);
	__type(value, __u64);
} workloads SEC(".maps");

/* Written by the controller: the name servers whose queries the daemon may
 * answer. Missing: not a name server of a member.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct address);
	__type(value, __u32);
} nameservers SEC(".maps");

/* Written by the controller, read by every hook. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

/* Written by the controller when a service with BALANCE_ROUND_ROBIN comes to be,
 * advanced by connect. Missing: the choice is random.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct cursor);
} cursors SEC(".maps");

/* Written and read by connect. Missing: this client has no endpoint yet, or was
 * forgotten as the least recently seen one.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct affinity_key);
	__type(value, struct affinity);
} affinities SEC(".maps");

/* Written and read by sendmsg: where an unconnected UDP socket's datagrams for one
 * service go. Missing: an endpoint is chosen.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct flow_key);
	__type(value, struct flow);
} udp_flows SEC(".maps");

/* Written by sendmsg, read by recvmsg: the address that an unconnected UDP socket
 * asked for. Missing: the source of a datagram is shown as it is.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct reply_key);
	__type(value, struct reply);
} udp_replies SEC(".maps");

/* TCP connections, each at the place that its socket's cookie says: a tenth of the
 * cost of socket storage, which pays per connection. Written by connect and sock_ops;
 * read by sendmsg, recvmsg, getpeername, sock_ops and the iterator. Another socket's:
 * see `connections`.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FAST_CONNECTIONS);
	__type(key, __u32);
	__type(value, struct fast_connection);
} fast_connections SEC(".maps");

/* Connected UDP sockets, and TCP connections whose place was taken. Written and read
 * by the same. Missing: not a socket of ours.
 */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct connection);
} connections SEC(".maps");

/* Written by every hook, read by the controller. Every verdict has its entry. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VERDICT_MAX);
	__type(key, __u32);
	__type(value, __u64);
} verdicts SEC(".maps");

/* Written by connect (refusals) and sock_ops, read by the controller. Missing: no
 * such traffic.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct traffic_key);
	__type(value, struct traffic);
} traffic SEC(".maps");

/* struct connection_event, written by connect (refusals) and sock_ops while
 * SETTINGS_ACCESS_LOG is set. The controller reads by timer.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
} events SEC(".maps");
