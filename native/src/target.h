// SPDX-License-Identifier: Apache-2.0
/* Where a program is attached: a path (cgroup, network namespace), an interface or a map. */
#pragma once

#include <napi.h>

#include "fd.h"

class Target
{
      public:
	/* @param value { path } or { ifindex } or { map } */
	explicit Target(const Napi::Value &value);

	/* What bpf(2) takes: a descriptor, or the interface's index. */
	uint32_t number() const
	{
		return number_;
	}
	const std::string &name() const
	{
		return name_;
	}

	/* Of a path: a cgroup's id. */
	uint64_t inode() const
	{
		return inode_;
	}

      private:
	Fd opened_;
	uint64_t inode_ = 0;
	uint32_t number_;
	std::string name_;
};
