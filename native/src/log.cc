// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <bpf/libbpf.h>
#include <cstdarg>
#include <cstdio>

static thread_local std::string lines;
static thread_local int scopes;

LogScope::LogScope()
{
	scopes++;
}

LogScope::~LogScope()
{
	if (--scopes == 0)
		lines.clear();
}

const std::string &log_text()
{
	return lines;
}

static int keep(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (scopes == 0 || level == LIBBPF_DEBUG)
		return 0;

	/* Measured first: the verifier's whole log comes as one line, of megabytes at times. */
	va_list again;
	va_copy(again, arguments);
	int length = vsnprintf(nullptr, 0, format, again);
	va_end(again);
	if (length <= 0)
		return 0;

	size_t before = lines.size();
	lines.resize(before + length + 1);
	vsnprintf(&lines[before], length + 1, format, arguments);
	lines.resize(before + length);
	return length;
}

void capture_libbpf_log()
{
	libbpf_set_print(keep);
}
