// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Nothing here runs. The code generator reads the BTF of this one object: all
 * maps with their keys and values, and the types below, which no map mentions.
 */
#include "mesh.h"
#include "maps.h"
#include "sockets.h"

ABI(enum, limits);
ABI(enum, verdict);
ABI(enum, member_kind);
ABI(enum, member_flags);
ABI(enum, balance);
ABI(enum, service_flags);
ABI(enum, slot_flags);
ABI(enum, connection_flags);
ABI(enum, reporter);
ABI(enum, settings_flags);

ABI(struct, connection_record);
ABI(struct, connection_event);
ABI(struct, socket_key);
