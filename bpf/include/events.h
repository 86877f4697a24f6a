/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

enum {
	EVENTS_PENDING_MANY = 512 * 1024
}; /* bytes: half of the ring */

/* NULL: the ring is full, which is counted. The record is zeroed. */
static __always_inline struct connection_event *start_event(void)
{
	struct connection_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (event)
		__builtin_memset(event, 0, sizeof(*event));
	else
		count_verdict(VERDICT_EVENT_LOST);
	return event;
}

/* The daemon reads by timer: waking it for each record would cost more than the record. */
static __always_inline void send_event(struct connection_event *event)
{
	bool many = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) >= EVENTS_PENDING_MANY;
	bpf_ringbuf_submit(event, many ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}
