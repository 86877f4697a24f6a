// SPDX-License-Identifier: Apache-2.0
#include "map-batch.h"

#include <bpf/bpf.h>
#include <algorithm>
#include <cerrno>
#include <new>
#include <string>
#include <unordered_set>
#include <vector>

#include "error.h"

void Block::resize(size_t size)
{
	void *grown = realloc(data_, std::max<size_t>(size, 1));
	if (!grown)
		throw std::bad_alloc();
	data_ = static_cast<uint8_t *>(grown);
}

/* EINVAL is what a kernel older than the command says. It may have other reasons; then the
 * single operations meet them too.
 */
static bool lacks_batch(int error)
{
	return error == -ENOTSUPP || error == -EOPNOTSUPP || error == -EINVAL;
}

int update_entries(const MapShape &map, const uint8_t *keys, const uint8_t *values, uint32_t count,
		   uint32_t &done)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	done = count;
	int error = count ? bpf_map_update_batch(map.fd, keys, values, &done, &options) : 0;
	if (!lacks_batch(error))
		return error;

	for (done = 0; done < count; done++) {
		error = bpf_map_update_elem(map.fd, keys + size_t{done} * map.key_size,
					    values + size_t{done} * map.value_size, BPF_ANY);
		if (error)
			return error;
	}
	return 0;
}

int delete_entries(const MapShape &map, const uint8_t *keys, uint32_t count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	uint32_t at = 0;
	while (at < count) {
		uint32_t done = count - at;
		int error = bpf_map_delete_batch(map.fd, keys + size_t{at} * map.key_size, &done, &options);
		if (!error)
			return 0;
		if (lacks_batch(error))
			break;
		if (error != -ENOENT)
			return error;
		at += done + 1; /* the batch stopped at a key that is not there */
	}
	for (; at < count; at++) {
		int error = bpf_map_delete_elem(map.fd, keys + size_t{at} * map.key_size);
		if (error && error != -ENOENT)
			return error;
	}
	return 0;
}

/* Where entries go: all behind one another, or, where they are only counted, each over the last. */
struct Room {
	const MapShape &map;
	Block &keys;
	Block &values;
	bool keep;

	uint8_t *key(uint32_t count) const
	{
		return keys.data() + (keep ? size_t{count} * map.key_size : 0);
	}
	uint8_t *value(uint32_t count) const
	{
		return values.data() + (keep ? size_t{count} * map.value_size : 0);
	}
	void make(uint32_t count, uint32_t more)
	{
		size_t entries = (keep ? size_t{count} : 0) + more;
		keys.resize(entries * map.key_size);
		values.resize(entries * map.value_size);
	}
};

static int read_in_batches(Room room, uint32_t &count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	const MapShape &map = room.map;
	/* About a megabyte at a time. A hash map gives whole buckets: ENOSPC if one is larger. */
	size_t entry = size_t{map.key_size} + map.value_size;
	uint32_t chunk = std::clamp<size_t>((1 << 20) / entry, 64, 4096);
	std::vector<uint8_t> position(std::max<size_t>(map.key_size, sizeof(uint64_t)));
	bool first = true;

	count = 0;
	for (;;) {
		room.make(count, chunk);
		uint32_t got = chunk;
		int error = bpf_map_lookup_batch(map.fd, first ? nullptr : position.data(), position.data(),
						 room.key(count), room.value(count), &got, &options);
		if (error == -ENOSPC && chunk <= map.max_entries) {
			chunk *= 2;
			continue;
		}
		if (error && error != -ENOENT)
			return error;
		count += got;
		first = false;
		if (error == -ENOENT)
			return 0;
	}
}

static int read_one_by_one(Room room, uint32_t &count)
{
	const MapShape &map = room.map;
	/* From a key that was deleted meanwhile the kernel starts again at the first: what was
	 * read already is passed over. A map that changes faster than it is read ends by EBUSY.
	 */
	std::unordered_set<std::string> seen;
	std::string key(map.key_size, '\0');
	uint64_t steps_left = 8 * uint64_t{map.max_entries} + 1024;
	uint32_t space = 0;
	bool first = true;

	count = 0;
	for (;;) {
		std::string next(map.key_size, '\0');
		int error = bpf_map_get_next_key(map.fd, first ? nullptr : key.data(), next.data());
		if (error == -ENOENT)
			return 0;
		if (error)
			return error;
		if (steps_left-- == 0)
			return -EBUSY;
		first = false;
		key = next;
		if (!seen.insert(next).second)
			continue;

		if (count == space) {
			room.make(count, std::max<uint32_t>(space, 64));
			space += std::max<uint32_t>(space, 64);
		}
		error = bpf_map_lookup_elem(map.fd, next.data(), room.value(count));
		if (error == -ENOENT)
			continue;
		if (error)
			return error;
		std::copy(next.begin(), next.end(), room.key(count));
		count++;
	}
}

static int read_or_count(Room room, uint32_t &count)
{
	int error = read_in_batches(room, count);
	/* EINTR: an array-like map changed under the batch. */
	if (lacks_batch(error) || error == -EINTR)
		error = read_one_by_one(room, count);
	return error;
}

int read_entries(const MapShape &map, Block &keys, Block &values, uint32_t &count)
{
	int error = read_or_count({map, keys, values, true}, count);
	if (!error) {
		keys.resize(size_t{count} * map.key_size);
		values.resize(size_t{count} * map.value_size);
	}
	return error;
}

int count_entries(const MapShape &map, uint32_t &count)
{
	Block keys, values;
	return read_or_count({map, keys, values, false}, count);
}
