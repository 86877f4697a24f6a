// SPDX-License-Identifier: Apache-2.0
/* What libbpf prints, kept per thread, so that a call's own lines reach its own error. */
#pragma once

#include <string>

/* Lines are kept while one of these lives; outside they are dropped. */
class LogScope
{
      public:
	LogScope();
	~LogScope();
	LogScope(const LogScope &) = delete;
	LogScope &operator=(const LogScope &) = delete;
};

/* The lines of the current scope so far; empty outside of one. */
const std::string &log_text();

void capture_libbpf_log();
