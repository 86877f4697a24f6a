/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

static __always_inline const struct settings *read_settings(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline const struct member *find_netns_member(__u64 netns)
{
	struct member_key key = { .id = netns, .kind = MEMBER_NETNS };
	return bpf_map_lookup_elem(&members, &key);
}

/* The innermost cgroup of the calling process that is enrolled. */
static __always_inline const struct member *find_cgroup_member(__u32 levels)
{
	struct member_key key;

	key.kind = MEMBER_CGROUP; /* no initialiser: see address_from_ipv4 */
	key.pad = 0;
	for (int level = CGROUP_LEVELS - 1; level >= 0; level--) {
		if (!(levels >> level & 1))
			continue;
		key.id = bpf_get_current_ancestor_cgroup_id(level);
		const struct member *member = key.id ? bpf_map_lookup_elem(&members, &key) : NULL;
		if (member)
			return member;
	}
	return NULL;
}
