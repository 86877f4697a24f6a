// SPDX-License-Identifier: Apache-2.0
/* Failed calls as JavaScript exceptions: the BpfError of index.ts. */
#pragma once

#include <napi.h>
#include <string>

/* In the kernel's own errno list only, yet bpf(2) returns it. */
constexpr int ENOTSUPP = 524;

/* `call` is the system or libbpf call, `error` its errno (either sign), `subject` what it was about. */
Napi::Error system_error(Napi::Env env, const char *call, int error, const std::string &subject = "");

[[noreturn]] void throw_error(Napi::Env env, const char *call, int error, const std::string &subject = "");
