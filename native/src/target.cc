// SPDX-License-Identifier: Apache-2.0
#include "target.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "map.h"

Target::Target(const Napi::Value &value)
{
	Napi::Object place = object_of(value, "target");
	if (place.Has("path")) {
		name_ = text_of(place.Get("path"), "path");
		opened_.reset(open(name_.c_str(), O_RDONLY | O_CLOEXEC));
		if (!opened_.valid())
			throw_error(value.Env(), "open", errno, name_);
		number_ = opened_.get();
		struct stat status;
		if (fstat(opened_.get(), &status) == 0)
			inode_ = status.st_ino;
	} else if (place.Has("map")) {
		const Map &map = unwrap<Map>(place.Get("map"));
		name_ = map.info().name;
		number_ = map.fd();
	} else {
		number_ = u32_of(place.Get("ifindex"), "ifindex");
		name_ = "interface " + std::to_string(number_);
	}
}
