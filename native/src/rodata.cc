// SPDX-License-Identifier: Apache-2.0
#include "rodata.h"

#include <bpf/btf.h>

/* libbpf names the section's map after the object, cut to the kernel's length, and the section. */
static Bytes find_section(struct bpf_object *object)
{
	constexpr const char SUFFIX[] = ".rodata";
	constexpr size_t LENGTH = sizeof(SUFFIX) - 1;
	struct bpf_map *map;
	bpf_object__for_each_map (map, object) {
		std::string name = bpf_map__name(map);
		if (bpf_map__is_internal(map) && name.size() >= LENGTH &&
		    name.compare(name.size() - LENGTH, LENGTH, SUFFIX) == 0) {
			size_t size = 0;
			const void *data = bpf_map__initial_value(map, &size); /* const in libbpf 1.1 only */
			return {static_cast<uint8_t *>(const_cast<void *>(data)), size};
		}
	}
	return {nullptr, 0};
}

Bytes find_rodata(struct bpf_object *object, const std::string &name)
{
	Bytes section = find_section(object);
	const struct btf *btf = bpf_object__btf(object);
	int id = btf ? btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC) : -1;
	if (!section.data || id < 0)
		return {nullptr, 0};

	const struct btf_type *datasec = btf__type_by_id(btf, id);
	const struct btf_var_secinfo *variable = btf_var_secinfos(datasec);
	for (int i = 0; i < btf_vlen(datasec); i++, variable++) {
		const struct btf_type *type = btf__type_by_id(btf, variable->type);
		if (name == btf__name_by_offset(btf, type->name_off) &&
		    size_t{variable->offset} + variable->size <= section.size)
			return {section.data + variable->offset, variable->size};
	}
	return {nullptr, 0};
}
