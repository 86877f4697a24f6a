/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every type the controller shares with the kernel. Nothing else.
 *
 * controller/abi/layouts.generated.ts is made from the BTF of these types.
 * Holes are named `pad`: hash keys are compared byte by byte.
 * A `__be16` is in network byte order; the generator knows that by its name.
 */
#pragma once

/* What became of one connect(2), sendmsg(2) or accepted connection. Each has a
 * counter in the map `verdicts`.
 */
enum verdict {
	VERDICT_NOT_MEMBER = 0, /* the caller is not enrolled: left alone */
	VERDICT_BYPASSED,	/* a member that `kmeshctl bypass` took out */
	VERDICT_NO_SERVICE,	/* not a service address: left alone */
	VERDICT_ROUTED,		/* sent to an endpoint */
	VERDICT_AFFINITY,	/* sent to the endpoint this client had before */
	VERDICT_FLOW,		/* UDP: sent where this flow went before */
	VERDICT_DNS,		/* a DNS query, sent to the daemon */
	VERDICT_NO_ENDPOINT,	/* refused: the service has no endpoint for it */
	VERDICT_REFUSED_SHARE,	/* refused: a share of the weights leads to nothing */
	VERDICT_UNSETTLED,	/* refused: the tables changed under every attempt */
	VERDICT_ACCEPTED,	/* inbound connection of a member */
	VERDICT_CONNECT_FAILED, /* the chosen endpoint did not answer */
	VERDICT_JOINED,		/* socket lane: a direction was joined below TCP */
	VERDICT_NOT_JOINED,	/* socket lane: candidates that stayed on TCP */
	VERDICT_EVENT_LOST,	/* the ring buffer was full: one event is missing */
	VERDICT_TRAFFIC_LOST,	/* `traffic` was full: one connection is not counted there */
	VERDICT_MAX,
};

enum limits {
	ADDRESS_BYTES = 16,
	CGROUP_LEVELS = 16,	  /* depth at which a member cgroup may lie */
	FAST_CONNECTIONS = 16384, /* places in `fast_connections` */
	DAEMON_MARK = 0x6b6d,	  /* SO_MARK of the daemon's sockets in a member's namespace: left alone */
};

/* IPv4 is stored as ::ffff:a.b.c.d, so there is one code path and one key. */
struct address {
	union {
		__u8 bytes[16]; /* what the controller sees: the first member */
		__be32 word[4];
		__u64 half[2];
	};
};

enum member_kind {
	MEMBER_NETNS = 1, /* id is the network namespace's cookie */
	MEMBER_CGROUP,	  /* id is the cgroup's inode number */
};

struct member_key {
	__u64 id;
	enum member_kind kind;
	__u32 pad;
};

enum member_flags {
	MEMBER_BYPASS = 1, /* leave its traffic alone, now */
	MEMBER_DNS = 2,	   /* send its DNS queries to the daemon while that listens */
	MEMBER_NO_SOCKET_LANE = 4,
	MEMBER_SOCKET_LANE_TEST = 8, /* joined even while the lane is off: the daemon's self-test */
};

struct member {
	__u64 workload; /* who it is; 0: not known to the model */
	__u32 flags;
	__be16 dns_port; /* the daemon's DNS listener on the member's loopback */
	__u16 pad;
};

struct frontend_key {
	struct address vip;
	__be16 port;
	__u8 protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	__u8 pad;
	__u32 pad2;
};

/* Hash elements are recycled at once on 6.1 and newer: a reader that was overtaken
 * by that must notice, whatever order the kernel copies the bytes in. So the key is
 * part of the value, and what was read first stands at both ends.
 */
struct frontend {
	__u64 service;
	struct frontend_key self;
	__u64 service_again;
};

enum balance {
	BALANCE_RANDOM = 0,
	BALANCE_ROUND_ROBIN,
};

enum service_flags {
	SERVICE_NO_SOCKET_LANE = 1,
	SERVICE_SET_MEMBERS = 2, /* its sets are listed in `set_members` */
};

/* A set is named by its content, so a set never changes: what changes is which
 * one a service points to.
 */
struct endpoint_set {
	__u64 id;
	__u32 count; /* slots; 0: nothing to send to */
	__u32 pad;
};

struct service {
	__u64 id; /* see frontend.self; repeated at the end */
	struct endpoint_set v4;
	struct endpoint_set v6;
	enum balance balance;
	__u32 affinity_seconds; /* 0: none */
	__u32 flags;
	__u32 pad;
	__u64 id_again;
};

struct slot_key {
	__u64 set;
	__u32 slot; /* 0 .. count - 1 */
	__u32 pad;
};

enum slot_flags {
	SLOT_REFUSE = 1, /* this share of the weights has no endpoint */
};

/* One column of an alias table (Walker, Vose): of the draws that fall into it,
 * threshold / 2^32 stay, the others go to the slot `alias`. A threshold of
 * 2^32 - 1 always stays.
 */
struct slot {
	__u64 set;
	struct address ip;
	__be16 port;
	__u16 flags;
	__u32 threshold;
	__u32 alias;
	__u32 pad;
	__u64 endpoint; /* id by content, for counters and affinity */
	__u64 workload;
	__u64 set_again;
};

struct set_member_key {
	__u64 set;
	__u64 endpoint;
};

/* Whose turn it is in a service with BALANCE_ROUND_ROBIN. A lock, because 5.10 has no
 * atomic fetch-and-add.
 */
struct cursor {
	struct bpf_spin_lock lock;
	__u32 pad;
	__u64 next;
};

struct affinity_key {
	__u64 service;
	__u64 netns; /* cookie */
	__u32 ipv6;  /* 1: among the IPv6 endpoints */
	__u32 pad;
};

struct affinity {
	__u64 endpoint;
	__u64 used_ns; /* CLOCK_MONOTONIC */
};

struct flow_key {
	__u64 socket; /* cookie */
	struct frontend_key asked;
};

struct flow {
	__u64 set;
	__u64 service;
	__u64 endpoint;
	__u64 workload;
	struct address ip;
	__be16 port;
	__u16 pad;
	__u32 pad2;
};

struct reply_key {
	__u64 socket;
	struct address ip;
	__be16 port;
	__u16 pad;
	__u32 pad2;
};

struct reply {
	struct address vip;
	__be16 port;
	__u16 pad;
	__u32 pad2;
};

enum connection_flags {
	CONNECTION_ESTABLISHED = 1, /* the handshake is done */
	CONNECTION_COUNTED = 2,	    /* in traffic.opened, so its end belongs into traffic.closed */
	CONNECTION_ENDED = 4,
	CONNECTION_WATCHED = 8, /* sock_ops will see its end */
};

/* What is known of one socket. For an accepted connection the asked address and
 * the endpoint are the local address.
 */
struct connection {
	struct frontend_key asked;
	__be16 port; /* of the endpoint */
	__u16 pad;
	__u32 pad2;
	struct address ip;
	__u64 service;
	__u64 endpoint;
	__u64 source;
	__u64 destination;
	__u64 started_ns;
	enum verdict verdict;
	__u32 flags;
};

/* A place in a fixed table: free while `socket` is 0, else that socket's until its end. */
struct fast_connection {
	struct bpf_spin_lock lock; /* for who takes it */
	__u32 pad;
	__u64 socket; /* cookie */
	__u64 at;     /* where the kernel keeps its struct sock */
	struct connection connection;
};

/* What the iterators in connections.bpf.c write for each socket. */
struct connection_record {
	struct connection connection;
	__u64 sent_bytes; /* TCP: acknowledged; the counters of an open connection */
	__u64 received_bytes;
	struct address local;
	struct address remote;
	__be16 local_port;
	__be16 remote_port;
	__u32 state; /* as in tcp_states.h; a connected UDP socket is 1 */
};

enum reporter {
	REPORTER_SOURCE = 0,
	REPORTER_DESTINATION,
};

struct traffic_key {
	__u64 source;	   /* workload */
	__u64 destination; /* workload */
	__u64 service;
	enum reporter reporter;
	__u8 protocol;
	__u8 pad[3];
};

struct traffic {
	__u64 opened;
	__u64 closed;
	__u64 failed; /* refused by us or by the endpoint */
	__u64 sent_bytes;
	__u64 received_bytes;
	__u64 retransmitted; /* segments */
	__u64 lost;	     /* segments */
};

/* One line of the access log: a connection ended or never came to be. */
struct connection_event {
	__u64 at_ns; /* CLOCK_MONOTONIC, at the end */
	__u64 duration_ns;
	__u64 service;
	__u64 source;
	__u64 destination;
	__u64 sent_bytes;
	__u64 received_bytes;
	struct address local;
	struct address remote;
	struct frontend_key asked;
	__be16 local_port;
	__be16 remote_port;
	__u32 srtt_us;
	__u32 min_rtt_us;
	__u32 retransmitted;
	__u32 lost;
	enum verdict verdict;
	enum reporter reporter;
	__u8 protocol;
	__u8 pad[3];
};

enum settings_flags {
	SETTINGS_ACCESS_LOG = 1,  /* send connection events */
	SETTINGS_SOCKET_LANE = 2, /* join same-node sockets */
	SETTINGS_TRAFFIC = 4,	  /* count into `traffic` */
};

struct settings {
	__u32 flags;
	__u32 cgroup_levels; /* bit n: some member cgroup lies n levels deep */
	__u64 layout;	     /* hash of the generated layouts; see kernel/pins */
};

/* The two ends of a connection as this socket sees them. Loopback addresses
 * exist once per network namespace, so there (only) its cookie is part of the key.
 */
struct socket_key {
	__u64 netns;
	struct address local;
	struct address remote;
	__be16 local_port;
	__be16 remote_port;
	__u32 pad;
};
