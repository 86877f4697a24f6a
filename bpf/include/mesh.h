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

enum { DENY = 0, ALLOW = 1 }; /* what a cgroup hook returns; DENY is EPERM */

/* Puts a type that no map mentions (a ring buffer record) into BTF, for the code
 * generator. The loader ignores the section.
 */
#define ABI(name) const struct name _abi_##name SEC(".abi")
