// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include <cmath>

[[noreturn]] static void refuse(const Napi::Value &value, const char *what, const char *kind)
{
	throw Napi::TypeError::New(value.Env(), std::string(what) + " must be " + kind);
}

Bytes bytes_of(const Napi::Value &value, const char *what)
{
	if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
		refuse(value, what, "a Uint8Array");
	Napi::Uint8Array array = value.As<Napi::Uint8Array>();
	return {array.Data(), array.ByteLength()};
}

uint8_t *bytes_of(const Napi::Value &value, size_t size, const char *what)
{
	Bytes bytes = bytes_of(value, what);
	if (bytes.size != size)
		throw Napi::RangeError::New(value.Env(), std::string(what) + " has " +
							     std::to_string(bytes.size) +
							     " bytes instead of " + std::to_string(size));
	return bytes.data;
}

uint8_t *batch_of(const Napi::Value &value, size_t count, size_t size, const char *what)
{
	Bytes bytes = bytes_of(value, what);
	if (bytes.size < count * size)
		throw Napi::RangeError::New(value.Env(), std::string(what) + " has " +
							     std::to_string(bytes.size) +
							     " bytes, too few for " + std::to_string(count) +
							     " elements of " + std::to_string(size));
	return bytes.data;
}

uint32_t u32_of(const Napi::Value &value, const char *what)
{
	if (!value.IsNumber())
		refuse(value, what, "a number");
	double number = value.As<Napi::Number>().DoubleValue();
	if (!(number >= 0 && number <= UINT32_MAX) || number != std::floor(number))
		throw Napi::RangeError::New(value.Env(),
					    std::string(what) + " must be a whole number of 32 bits");
	return static_cast<uint32_t>(number);
}

std::string text_of(const Napi::Value &value, const char *what)
{
	if (!value.IsString())
		refuse(value, what, "a string");
	std::string text = value.As<Napi::String>();
	/* The kernel would see a shorter one. */
	if (text.find('\0') != std::string::npos)
		refuse(value, what, "a string without null bytes");
	return text;
}

Napi::Object object_of(const Napi::Value &value, const char *what)
{
	if (!value.IsObject())
		refuse(value, what, "an object");
	return value.As<Napi::Object>();
}

Napi::Function function_of(const Napi::Value &value, const char *what)
{
	if (!value.IsFunction())
		refuse(value, what, "a function");
	return value.As<Napi::Function>();
}
