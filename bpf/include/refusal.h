/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* Nothing of it stays behind on the socket but this. */
static __always_inline void report_refusal(const struct frontend_key *asked, const struct settings *settings,
					   const struct outcome *outcome)
{
	__u32 wanted = settings ? settings->flags : 0;

	if (wanted & SETTINGS_TRAFFIC) {
		struct traffic_key key = {
			.source = outcome->source,
			.service = outcome->to.service,
			.reporter = REPORTER_SOURCE,
			.protocol = asked->protocol,
		};
		struct traffic *counters = find_traffic(&key);
		if (counters)
			add(&counters->failed, 1);
	}
	struct connection_event *event = wanted & SETTINGS_ACCESS_LOG ? start_event() : NULL;
	if (event) {
		event->at_ns = bpf_ktime_get_ns();
		event->service = outcome->to.service;
		event->source = outcome->source;
		event->asked = *asked;
		event->verdict = outcome->verdict;
		event->reporter = REPORTER_SOURCE;
		event->protocol = asked->protocol;
		send_event(event);
	}
}
