/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

struct outcome {
	enum verdict verdict;
	__u64 source;
	struct flow to;
};

/* What is to become of one connect(2) or sendmsg(2). `flow` as for resolve(). */
static __always_inline enum verdict route(struct bpf_sock_addr *ctx, const struct frontend_key *asked,
					  const struct flow_key *flow, const struct settings *settings,
					  struct outcome *outcome)
{
	__u64 netns = bpf_get_netns_cookie(ctx);
	const struct member *member = find_netns_member(netns);

	if (!member && settings)
		member = find_cgroup_member(settings->cgroup_levels);
	if (!member || ctx->sk->mark == DAEMON_MARK)
		return VERDICT_NOT_MEMBER;
	if (member->flags & MEMBER_BYPASS)
		return VERDICT_BYPASSED;
	outcome->source = member->workload;
	if (redirect_dns(ctx, member, asked, &outcome->to))
		return VERDICT_DNS;
	return resolve(asked, netns, flow, &outcome->to);
}
