// SPDX-License-Identifier: Apache-2.0
#include "object.h"

#include <cstring>

#include "log.h"
#include "map.h"
#include "program.h"
#include "rodata.h"

Object::Object(const Napi::CallbackInfo &info)
    : Napi::ObjectWrap<Object>(info), object_(std::move(seed_of<Opened>(info)))
{
}

Napi::Value Object::open(const Napi::CallbackInfo &info)
{
	LogScope log;
	if (info[0].IsString()) {
		std::string path = text_of(info[0], "file");
		Opened object(bpf_object__open_file(path.c_str(), nullptr));
		if (!object)
			throw_error(info.Env(), "bpf_object__open_file", errno, path);
		return construct<Object>(info.Env(), object);
	}
	Bytes bytes = bytes_of(info[0], "object");
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "memory");
	Opened object(bpf_object__open_mem(bytes.data, bytes.size, &options));
	if (!object)
		throw_error(info.Env(), "bpf_object__open_mem", errno);
	return construct<Object>(info.Env(), object);
}

struct bpf_object *Object::opened() const
{
	if (!object_)
		throw Napi::Error::New(Env(), "this BpfObject is closed");
	return object_.get();
}

/* What is set after load() would have no effect. */
struct bpf_object *Object::settable() const
{
	struct bpf_object *object = opened();
	if (loaded_)
		throw Napi::Error::New(Env(), "this BpfObject is loaded: settings come before load()");
	return object;
}

struct bpf_map *Object::map_named(const Napi::Value &value) const
{
	std::string name = text_of(value, "map");
	struct bpf_map *map = bpf_object__find_map_by_name(opened(), name.c_str());
	if (!map)
		throw_error(Env(), "bpf_object__find_map_by_name", ENOENT, name);
	return map;
}

struct bpf_program *Object::program_named(const Napi::Value &value) const
{
	std::string name = text_of(value, "program");
	struct bpf_program *program = bpf_object__find_program_by_name(opened(), name.c_str());
	if (!program)
		throw_error(Env(), "bpf_object__find_program_by_name", ENOENT, name);
	return program;
}

Napi::Value Object::names(const Napi::CallbackInfo &info)
{
	Napi::Array maps = Napi::Array::New(info.Env());
	struct bpf_map *map;
	bpf_object__for_each_map (map, opened()) {
		if (!bpf_map__is_internal(map))
			maps.Set(maps.Length(), bpf_map__name(map));
	}

	Napi::Array programs = Napi::Array::New(info.Env());
	struct bpf_program *program;
	bpf_object__for_each_program (program, opened()) {
		Napi::Object entry = Napi::Object::New(info.Env());
		entry.Set("name", bpf_program__name(program));
		entry.Set("section", bpf_program__section_name(program));
		entry.Set("type", static_cast<uint32_t>(bpf_program__type(program)));
		entry.Set("attachType", static_cast<uint32_t>(bpf_program__expected_attach_type(program)));
		programs.Set(programs.Length(), entry);
	}

	Napi::Object names = Napi::Object::New(info.Env());
	names.Set("maps", maps);
	names.Set("programs", programs);
	return names;
}

void Object::set_rodata(const Napi::CallbackInfo &info)
{
	std::string name = text_of(info[0], "variable");
	Bytes variable = find_rodata(settable(), name);
	if (!variable.data)
		throw_error(info.Env(), "setRodata", ENOENT, name);
	memcpy(variable.data, bytes_of(info[1], variable.size, name.c_str()), variable.size);
}

void Object::set_max_entries(const Napi::CallbackInfo &info)
{
	LogScope log;
	settable();
	struct bpf_map *map = map_named(info[0]);
	int error = bpf_map__set_max_entries(map, u32_of(info[1], "entries"));
	if (error)
		throw_error(info.Env(), "bpf_map__set_max_entries", error, bpf_map__name(map));
}

void Object::reuse_map(const Napi::CallbackInfo &info)
{
	LogScope log;
	settable();
	struct bpf_map *map = map_named(info[0]);
	const Map &held = unwrap<Map>(info[1]);
	/* libbpf takes over whatever it is given; programs would then see another layout than theirs. */
	if (held.info().type != bpf_map__type(map) || held.info().key_size != bpf_map__key_size(map) ||
	    held.info().value_size != bpf_map__value_size(map) ||
	    held.info().map_flags != bpf_map__map_flags(map))
		throw_error(info.Env(), "bpf_map__reuse_fd", EINVAL,
			    std::string(bpf_map__name(map)) +
				" has another type, size or flags than the map given");
	int error = bpf_map__reuse_fd(map, held.fd());
	if (error)
		throw_error(info.Env(), "bpf_map__reuse_fd", error, bpf_map__name(map));
}

void Object::set_autoload(const Napi::CallbackInfo &info)
{
	LogScope log;
	settable();
	struct bpf_program *program = program_named(info[0]);
	int error = bpf_program__set_autoload(program, info[1].ToBoolean());
	if (error)
		throw_error(info.Env(), "bpf_program__set_autoload", error, bpf_program__name(program));
}

void Object::set_attach_type(const Napi::CallbackInfo &info)
{
	LogScope log;
	settable();
	struct bpf_program *program = program_named(info[0]);
	auto type = static_cast<enum bpf_attach_type>(u32_of(info[1], "attachType"));
	int error = bpf_program__set_expected_attach_type(program, type);
	if (error)
		throw_error(info.Env(), "bpf_program__set_expected_attach_type", error,
			    bpf_program__name(program));
}

void Object::load(const Napi::CallbackInfo &info)
{
	LogScope log;
	int error = bpf_object__load(settable());
	if (error)
		throw_error(info.Env(), "bpf_object__load", error, bpf_object__name(opened()));
	loaded_ = true;
}

Napi::Value Object::map(const Napi::CallbackInfo &info)
{
	struct bpf_map *map = map_named(info[0]);
	if (!loaded_)
		throw Napi::Error::New(info.Env(), "this BpfObject is not loaded");
	return Map::wrap_copy(info.Env(), bpf_map__fd(map));
}

Napi::Value Object::program(const Napi::CallbackInfo &info)
{
	struct bpf_program *program = program_named(info[0]);
	if (!loaded_)
		throw Napi::Error::New(info.Env(), "this BpfObject is not loaded");
	if (!bpf_program__autoload(program))
		throw_error(info.Env(), "bpf_program__fd", ENOENT,
			    std::string(bpf_program__name(program)) + ", which setAutoload() left out");
	return Program::wrap_copy(info.Env(), bpf_program__fd(program));
}

void Object::close(const Napi::CallbackInfo &)
{
	object_.reset();
}

void Object::define(Napi::Env env, Napi::Object exports)
{
	env.GetInstanceData<Classes>()->object = Napi::Persistent(DefineClass(
	    env, NAME,
	    {InstanceMethod("names", &Object::names), InstanceMethod("setRodata", &Object::set_rodata),
	     InstanceMethod("setMaxEntries", &Object::set_max_entries),
	     InstanceMethod("reuseMap", &Object::reuse_map),
	     InstanceMethod("setAutoload", &Object::set_autoload),
	     InstanceMethod("setAttachType", &Object::set_attach_type), InstanceMethod("load", &Object::load),
	     InstanceMethod("map", &Object::map), InstanceMethod("program", &Object::program),
	     InstanceMethod("close", &Object::close)}));
	exports.Set("openObject", Napi::Function::New<open>(env, "openObject"));
}
