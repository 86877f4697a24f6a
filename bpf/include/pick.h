/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the address that was asked for to one endpoint: frontend, service, slot.
 *
 * The controller changes the tables at any moment, and an element that was looked
 * up may turn into another one while it is read. So each step copies what it needs
 * and then checks that the element still is what it was looked up as. A step that
 * was overtaken says VERDICT_UNSETTLED, and everything starts again from the frontend.
 */
#pragma once

enum {
	ATTEMPTS = 4
};

#define ALWAYS 0xffffffffu	      /* slot.threshold: never the alias */
#define GOLDEN 0x9e3779b97f4a7c15ull  /* 2^64 / golden ratio */
#define PLASTIC 0xc13fa9a902a6328full /* 2^64 / plastic ratio */
#define SECOND 1000000000ull

/* What the service says at this moment, for the family that was asked for. */
struct published {
	__u64 service;
	struct endpoint_set set;
	enum balance balance;
	__u32 affinity_seconds;
	bool ipv6;
};

/* A column of the alias table, and how high in it. */
struct draw {
	__u32 column;
	__u32 height;
};

struct share {
	__u32 threshold;
	__u32 alias;
	__u16 flags;
};

static __always_inline enum verdict read_service(const struct frontend_key *asked, struct published *now)
{
	const struct frontend *frontend = bpf_map_lookup_elem(&frontends, asked);
	if (!frontend)
		return VERDICT_NO_SERVICE;
	now->service = READ_ONCE(frontend->service);
	/* In this order: `self` is overwritten between the two. */
	if (READ_ONCE(frontend->service_again) != now->service || !is_question(&frontend->self, asked))
		return VERDICT_UNSETTLED;

	const struct service *service = bpf_map_lookup_elem(&services, &now->service);
	if (!service)
		return VERDICT_UNSETTLED;
	now->ipv6 = !is_ipv4(&asked->vip);
	const struct endpoint_set *set = now->ipv6 ? &service->v6 : &service->v4;
	now->set.id = READ_ONCE(set->id);
	now->set.count = READ_ONCE(set->count);
	now->balance = READ_ONCE(service->balance);
	now->affinity_seconds = READ_ONCE(service->affinity_seconds);
	if (READ_ONCE(service->id) != now->service || READ_ONCE(service->id_again) != now->service)
		return VERDICT_UNSETTLED;
	return VERDICT_ROUTED;
}

static __always_inline enum verdict read_slot(__u64 set, __u32 column, struct flow *to, struct share *share)
{
	struct slot_key key = { .set = set, .slot = column };
	const struct slot *slot = bpf_map_lookup_elem(&slots, &key);
	if (!slot)
		return VERDICT_UNSETTLED;
	read_address(&to->ip, &slot->ip);
	to->port = READ_ONCE(slot->port);
	to->endpoint = READ_ONCE(slot->endpoint);
	to->workload = READ_ONCE(slot->workload);
	share->threshold = READ_ONCE(slot->threshold);
	share->alias = READ_ONCE(slot->alias);
	share->flags = READ_ONCE(slot->flags);
	if (READ_ONCE(slot->set) != set || READ_ONCE(slot->set_again) != set)
		return VERDICT_UNSETTLED;
	return VERDICT_ROUTED;
}

static __always_inline struct draw draw_random(__u32 count)
{
	return (struct draw){
		.column = (__u64)bpf_get_prandom_u32() * count >> 32,
		.height = bpf_get_prandom_u32(),
	};
}

/* One column after the other: with equal weights, exactly in turn. Within each
 * column the heights are a Weyl sequence, which meets any threshold as evenly as
 * possible; PLASTIC keeps the columns from taking their aliases in the same round.
 */
static __always_inline struct draw draw_in_turn(__u64 service, __u32 count)
{
	struct cursor *cursor = bpf_map_lookup_elem(&cursors, &service);
	if (!cursor)
		return draw_random(count);
	bpf_spin_lock(&cursor->lock);
	__u64 turn = cursor->next++;
	bpf_spin_unlock(&cursor->lock);

	__u64 round = turn / count;
	__u32 column = turn % count;
	return (struct draw){ .column = column, .height = (round * GOLDEN + column * PLASTIC) >> 32 };
}

/* The endpoint that this client had before, if it may still be used. */
static __always_inline bool find_affinity(const struct published *now, const struct affinity_key *client,
					  struct flow *to)
{
	struct affinity *had = bpf_map_lookup_elem(&affinities, client);
	if (!had)
		return false;
	__u64 time = bpf_ktime_get_ns();
	if (READ_ONCE(had->used_ns) + now->affinity_seconds * SECOND < time)
		return false;

	struct set_member_key member = { .set = now->set.id, .endpoint = READ_ONCE(had->endpoint) };
	const __u32 *column = bpf_map_lookup_elem(&set_members, &member);
	struct share share;
	if (!column || read_slot(now->set.id, READ_ONCE(*column), to, &share) != VERDICT_ROUTED)
		return false;
	if (to->endpoint != member.endpoint || share.flags & SLOT_REFUSE)
		return false;
	had->used_ns = time;
	return true;
}

static __always_inline enum verdict pick_slot(const struct published *now, struct flow *to)
{
	struct share share;
	struct draw draw = now->balance == BALANCE_ROUND_ROBIN ? draw_in_turn(now->service, now->set.count)
							       : draw_random(now->set.count);
	enum verdict verdict = read_slot(now->set.id, draw.column, to, &share);

	if (verdict == VERDICT_ROUTED && share.threshold != ALWAYS && draw.height >= share.threshold)
		verdict = read_slot(now->set.id, share.alias, to, &share);
	if (verdict == VERDICT_ROUTED && share.flags & SLOT_REFUSE)
		verdict = VERDICT_REFUSED_SHARE;
	return verdict;
}

static __always_inline enum verdict pick_endpoint(const struct published *now, __u64 netns, struct flow *to)
{
	if (!now->affinity_seconds)
		return pick_slot(now, to);

	struct affinity_key client = { .service = now->service, .netns = netns, .ipv6 = now->ipv6 };
	if (find_affinity(now, &client, to))
		return VERDICT_AFFINITY;
	enum verdict verdict = pick_slot(now, to);
	if (verdict == VERDICT_ROUTED) {
		struct affinity has = { .endpoint = to->endpoint, .used_ns = bpf_ktime_get_ns() };
		bpf_map_update_elem(&affinities, &client, &has, BPF_ANY);
	}
	return verdict;
}

/* An unconnected UDP socket goes on with the endpoint it has, as long as that set is in force. */
static __always_inline bool find_flow(const struct published *now, const struct flow_key *key,
				      struct flow *to)
{
	const struct flow *flow = bpf_map_lookup_elem(&udp_flows, key);
	if (!flow)
		return false;
	read_address(&to->ip, &flow->ip);
	to->port = READ_ONCE(flow->port);
	to->endpoint = READ_ONCE(flow->endpoint);
	to->workload = READ_ONCE(flow->workload);
	return READ_ONCE(flow->service) == now->service && READ_ONCE(flow->set) == now->set.id;
}

/* `flow` is NULL for connect(2), where each call chooses afresh. */
static __always_inline enum verdict resolve(const struct frontend_key *asked, __u64 netns,
					    const struct flow_key *flow, struct flow *to)
{
	struct published now;

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		enum verdict verdict = read_service(asked, &now);
		if (verdict == VERDICT_NO_SERVICE)
			return verdict;
		if (verdict == VERDICT_UNSETTLED)
			continue;
		to->service = now.service;
		to->set = now.set.id;
		if (now.set.count == 0)
			return VERDICT_NO_ENDPOINT;
		if (flow && find_flow(&now, flow, to))
			return VERDICT_FLOW;
		verdict = pick_endpoint(&now, netns, to);
		if (verdict != VERDICT_UNSETTLED)
			return verdict;
	}
	return VERDICT_UNSETTLED;
}
