// SPDX-License-Identifier: Apache-2.0
/* JavaScript values as C++ ones. A value of the wrong kind throws a TypeError, one out of
 * range a RangeError, each with the argument's name.
 */
#pragma once

#include <napi.h>
#include <cstdint>
#include <string>

/* Borrowed: valid until control returns to JavaScript. */
struct Bytes {
	uint8_t *data;
	size_t size;
};

Bytes bytes_of(const Napi::Value &value, const char *what);
/* Exactly `size` bytes. */
uint8_t *bytes_of(const Napi::Value &value, size_t size, const char *what);
/* The elements of a packed batch. */
uint8_t *batch_of(const Napi::Value &value, size_t count, size_t size, const char *what);
uint32_t u32_of(const Napi::Value &value, const char *what);
std::string text_of(const Napi::Value &value, const char *what);
Napi::Object object_of(const Napi::Value &value, const char *what);
Napi::Function function_of(const Napi::Value &value, const char *what);
