/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses, and what a caller asked for. */
#pragma once

static __always_inline struct address address_from_ipv4(__be32 ip)
{
	struct address address;

	/* Not an initialiser: clang makes a constant of that, in a section of its own. */
	address.half[0] = 0;
	address.word[2] = bpf_htonl(0xffff);
	address.word[3] = ip;
	return address;
}

static __always_inline bool is_ipv4(const struct address *address)
{
	return address->half[0] == 0 && address->word[2] == bpf_htonl(0xffff);
}

static __always_inline bool same_address(const struct address *one, const struct address *other)
{
	return one->half[0] == other->half[0] && one->half[1] == other->half[1];
}

/* For values in maps, which may be overwritten while they are read. */
static __always_inline void read_address(struct address *to, const struct address *from)
{
	to->half[0] = READ_ONCE(from->half[0]);
	to->half[1] = READ_ONCE(from->half[1]);
}

static __always_inline bool is_question(const struct frontend_key *map_value,
					const struct frontend_key *asked)
{
	return READ_ONCE(map_value->vip.half[0]) == asked->vip.half[0] &&
	       READ_ONCE(map_value->vip.half[1]) == asked->vip.half[1] &&
	       READ_ONCE(map_value->port) == asked->port && READ_ONCE(map_value->protocol) == asked->protocol;
}
