/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* The counters of one pair of workloads. NULL: the map is full, which is counted. */
static __always_inline struct traffic *find_traffic(const struct traffic_key *key)
{
	struct traffic *counters = bpf_map_lookup_elem(&traffic, key);
	if (!counters) {
		struct traffic none = {};
		bpf_map_update_elem(&traffic, key, &none, BPF_NOEXIST);
		counters = bpf_map_lookup_elem(&traffic, key);
	}
	if (!counters)
		count_verdict(VERDICT_TRAFFIC_LOST);
	return counters;
}

/* Atomic: see count_verdict. */
static __always_inline void add(__u64 *counter, __u64 amount)
{
	if (amount)
		__sync_fetch_and_add(counter, amount);
}
