// SPDX-License-Identifier: Apache-2.0
/* The constants of an object (`const volatile` variables), found by name in its BTF. */
#pragma once

#include <bpf/libbpf.h>
#include <string>

#include "arguments.h"

/* The variable's bytes in the object that is not yet loaded; no data where there is none. */
Bytes find_rodata(struct bpf_object *object, const std::string &name);
