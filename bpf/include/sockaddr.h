/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The address of a system call, in the form the maps use. */
#pragma once

static __always_inline struct frontend_key asked_ipv4(const struct bpf_sock_addr *ctx)
{
	return (struct frontend_key){
		.vip = address_from_ipv4(ctx->user_ip4),
		.port = ctx->user_port,
		.protocol = ctx->protocol,
	};
}

static __always_inline struct frontend_key asked_ipv6(const struct bpf_sock_addr *ctx)
{
	return (struct frontend_key){
		.vip.word = { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3] },
		.port = ctx->user_port,
		.protocol = ctx->protocol,
	};
}

static __always_inline void show_ipv4(struct bpf_sock_addr *ctx, const struct address *ip, __be16 port)
{
	ctx->user_ip4 = ip->word[3];
	ctx->user_port = port;
}

static __always_inline void show_ipv6(struct bpf_sock_addr *ctx, const struct address *ip, __be16 port)
{
	ctx->user_ip6[0] = ip->word[0];
	ctx->user_ip6[1] = ip->word[1];
	ctx->user_ip6[2] = ip->word[2];
	ctx->user_ip6[3] = ip->word[3];
	ctx->user_port = port;
}
