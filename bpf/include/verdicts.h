/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* Atomic although the counter is this CPU's own: a hook in process context may be
 * preempted by another one, and is interrupted by sock_ops.
 */
static __always_inline void count_verdict(enum verdict verdict)
{
	__u32 key = verdict;
	__u64 *count = bpf_map_lookup_elem(&verdicts, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
}

/* The caller got an endpoint, and its address is to be rewritten. */
static __always_inline bool is_routed(enum verdict verdict)
{
	return verdict == VERDICT_ROUTED || verdict == VERDICT_AFFINITY || verdict == VERDICT_FLOW ||
	       verdict == VERDICT_DNS;
}

static __always_inline bool is_refused(enum verdict verdict)
{
	return verdict == VERDICT_NO_ENDPOINT || verdict == VERDICT_REFUSED_SHARE ||
	       verdict == VERDICT_UNSETTLED;
}
