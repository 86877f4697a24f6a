// SPDX-License-Identifier: Apache-2.0
/* An IP address and a port as connect(2) and bind(2) take them. */
#pragma once

#include <napi.h>
#include <sys/socket.h>

struct SocketAddress {
	struct sockaddr_storage storage;
	socklen_t size;

	const struct sockaddr *get() const
	{
		return reinterpret_cast<const struct sockaddr *>(&storage);
	}
};

SocketAddress socket_address_of(const Napi::Value &address, const Napi::Value &port);
