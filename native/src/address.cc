// SPDX-License-Identifier: Apache-2.0
#include "address.h"

#include <arpa/inet.h>

#include "arguments.h"

SocketAddress socket_address_of(const Napi::Value &address, const Napi::Value &port_value)
{
	std::string text = text_of(address, "address");
	uint32_t port = u32_of(port_value, "port");
	if (port > UINT16_MAX)
		throw Napi::RangeError::New(address.Env(), "port must be at most 65535");

	SocketAddress result = {};
	auto *v4 = reinterpret_cast<struct sockaddr_in *>(&result.storage);
	auto *v6 = reinterpret_cast<struct sockaddr_in6 *>(&result.storage);
	if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		result.size = sizeof(*v4);
	} else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		result.size = sizeof(*v6);
	} else {
		throw Napi::TypeError::New(address.Env(), text + " is not an IP address");
	}
	return result;
}
