// SPDX-License-Identifier: Apache-2.0
#include "map.h"

#include <bpf/libbpf.h>
#include <fstream>

static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

Map::Map(const Napi::CallbackInfo &info) : Handle(info), info_(read_info<struct bpf_map_info>())
{
	value_size_ = info_.value_size;
	if (is_per_cpu(info_.type))
		value_size_ = (value_size_ + 7) / 8 * 8 * libbpf_num_possible_cpus();
}

Napi::Value Map::get_id(const Napi::CallbackInfo &info)
{
	return Napi::Number::New(info.Env(), info_.id);
}

Napi::Value Map::get_name(const Napi::CallbackInfo &info)
{
	return Napi::String::New(info.Env(), info_.name);
}

Napi::Value Map::get_type(const Napi::CallbackInfo &info)
{
	return Napi::Number::New(info.Env(), info_.type);
}

Napi::Value Map::get_key_size(const Napi::CallbackInfo &info)
{
	return Napi::Number::New(info.Env(), info_.key_size);
}

Napi::Value Map::get_value_size(const Napi::CallbackInfo &info)
{
	return Napi::Number::New(info.Env(), value_size_);
}

Napi::Value Map::get_max_entries(const Napi::CallbackInfo &info)
{
	return Napi::Number::New(info.Env(), info_.max_entries);
}

Napi::Value Map::lookup(const Napi::CallbackInfo &info)
{
	const uint8_t *key = bytes_of(info[0], info_.key_size, "key");
	auto value = Napi::Buffer<uint8_t>::New(info.Env(), value_size_);
	int error = bpf_map_lookup_elem(fd(), key, value.Data());
	if (error == -ENOENT)
		return info.Env().Undefined();
	if (error)
		throw_error(info.Env(), "bpf_map_lookup_elem", error, info_.name);
	return value;
}

void Map::update(const Napi::CallbackInfo &info)
{
	const uint8_t *key = bytes_of(info[0], info_.key_size, "key");
	const uint8_t *value = bytes_of(info[1], value_size_, "value");
	uint32_t flags = info[2].IsUndefined() ? 0 : u32_of(info[2], "flags");
	int error = bpf_map_update_elem(fd(), key, value, flags);
	if (error)
		throw_error(info.Env(), "bpf_map_update_elem", error, info_.name);
}

Napi::Value Map::remove(const Napi::CallbackInfo &info)
{
	int error = bpf_map_delete_elem(fd(), bytes_of(info[0], info_.key_size, "key"));
	if (error && error != -ENOENT)
		throw_error(info.Env(), "bpf_map_delete_elem", error, info_.name);
	return Napi::Boolean::New(info.Env(), error == 0);
}

Napi::Value Map::next_key(const Napi::CallbackInfo &info)
{
	const uint8_t *key = info[0].IsUndefined() ? nullptr : bytes_of(info[0], info_.key_size, "key");
	auto next = Napi::Buffer<uint8_t>::New(info.Env(), info_.key_size);
	int error = bpf_map_get_next_key(fd(), key, next.Data());
	if (error == -ENOENT)
		return info.Env().Undefined();
	if (error)
		throw_error(info.Env(), "bpf_map_get_next_key", error, info_.name);
	return next;
}

void Map::update_batch(const Napi::CallbackInfo &info)
{
	uint32_t count = u32_of(info[2], "count");
	const uint8_t *keys = batch_of(info[0], count, info_.key_size, "keys");
	const uint8_t *values = batch_of(info[1], count, value_size_, "values");
	uint32_t done = 0;
	int error = update_entries(shape(), keys, values, count, done);
	if (error)
		throw_error(info.Env(), "bpf_map_update_batch", error,
			    std::string(info_.name) + ", " + std::to_string(done) + " of " +
				std::to_string(count) + " entries written");
}

void Map::delete_batch(const Napi::CallbackInfo &info)
{
	uint32_t count = u32_of(info[1], "count");
	const uint8_t *keys = batch_of(info[0], count, info_.key_size, "keys");
	int error = delete_entries(shape(), keys, count);
	if (error)
		throw_error(info.Env(), "bpf_map_delete_batch", error, info_.name);
}

/* The buffer owns the memory from here on. */
static Napi::Value hand_over(Napi::Env env, Block &block, size_t size)
{
	uint8_t *data = block.release();
	return Napi::Buffer<uint8_t>::NewOrCopy(env, data, size,
						[](Napi::Env, uint8_t *memory) { free(memory); });
}

Napi::Value Map::dump(const Napi::CallbackInfo &info)
{
	Block keys, values;
	uint32_t count = 0;
	int error = read_entries(shape(), keys, values, count);
	if (error)
		throw_error(info.Env(), "bpf_map_lookup_batch", error, info_.name);

	Napi::Object packed = Napi::Object::New(info.Env());
	packed.Set("count", count);
	packed.Set("keys", hand_over(info.Env(), keys, size_t{count} * info_.key_size));
	packed.Set("values", hand_over(info.Env(), values, size_t{count} * value_size_));
	return packed;
}

Napi::Value Map::count(const Napi::CallbackInfo &info)
{
	uint32_t count = 0;
	int error = count_entries(shape(), count);
	if (error)
		throw_error(info.Env(), "bpf_map_lookup_batch", error, info_.name);
	return Napi::Number::New(info.Env(), count);
}

Napi::Value Map::memlock(const Napi::CallbackInfo &info)
{
	std::ifstream lines("/proc/self/fdinfo/" + std::to_string(fd()));
	std::string word;
	double bytes = 0;
	while (lines >> word)
		if (word == "memlock:")
			lines >> bytes;
	return Napi::Number::New(info.Env(), bytes);
}

Napi::Value Map::create(const Napi::CallbackInfo &info)
{
	Napi::Object spec = object_of(info[0], "spec");
	std::string name = text_of(spec.Get("name"), "name");
	LIBBPF_OPTS(bpf_map_create_opts, options);
	if (spec.Has("flags"))
		options.map_flags = u32_of(spec.Get("flags"), "flags");
	Fd fd(bpf_map_create(static_cast<enum bpf_map_type>(u32_of(spec.Get("type"), "type")), name.c_str(),
			     u32_of(spec.Get("keySize"), "keySize"),
			     u32_of(spec.Get("valueSize"), "valueSize"),
			     u32_of(spec.Get("maxEntries"), "maxEntries"), &options));
	if (!fd.valid())
		throw_error(info.Env(), "bpf_map_create", errno, name);
	return wrap(info.Env(), std::move(fd));
}

void Map::define(Napi::Env env, Napi::Object exports)
{
	env.GetInstanceData<Classes>()->map = Napi::Persistent(DefineClass(
	    env, NAME,
	    {InstanceAccessor("fd", &Map::get_fd, nullptr), InstanceAccessor("id", &Map::get_id, nullptr),
	     InstanceAccessor("name", &Map::get_name, nullptr),
	     InstanceAccessor("type", &Map::get_type, nullptr),
	     InstanceAccessor("keySize", &Map::get_key_size, nullptr),
	     InstanceAccessor("valueSize", &Map::get_value_size, nullptr),
	     InstanceAccessor("maxEntries", &Map::get_max_entries, nullptr),
	     InstanceMethod("lookup", &Map::lookup), InstanceMethod("update", &Map::update),
	     InstanceMethod("delete", &Map::remove), InstanceMethod("nextKey", &Map::next_key),
	     InstanceMethod("updateBatch", &Map::update_batch),
	     InstanceMethod("deleteBatch", &Map::delete_batch), InstanceMethod("dump", &Map::dump),
	     InstanceMethod("count", &Map::count), InstanceMethod("memlock", &Map::memlock),
	     InstanceMethod("pin", &Map::pin), InstanceMethod("close", &Map::close)}));
	exports.Set("openPinnedMap", Napi::Function::New<open_pinned>(env, "openPinnedMap"));
	exports.Set("createMap", Napi::Function::New<create>(env, "createMap"));
}
