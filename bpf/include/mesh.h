/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every program includes first. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "types.h"

/* What a cgroup hook returns. DENY alone is EPERM for the caller. */
enum {
	DENY = 0,
	ALLOW = 1,
};

/* One load, in the order of the program. For map values that another CPU may be
 * overwriting; x86 keeps the order of loads, so nothing more is needed there.
 */
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))

/* Puts a type into BTF under a name the code generator reads: ABI(struct, service).
 * Used in abi.bpf.c, which no loader opens.
 */
#define ABI(kind, name) const kind name _abi_##kind##_##name SEC(".abi")
