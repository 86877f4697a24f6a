// SPDX-License-Identifier: Apache-2.0
/* Many entries at once: by batch commands, or one by one where the kernel or the map's type has none. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

/* Grows by realloc(3): entries of a large map are moved by page tables, not copied. */
class Block
{
      public:
	Block() = default;
	Block(const Block &) = delete;
	Block &operator=(const Block &) = delete;
	~Block()
	{
		free(data_);
	}

	void resize(size_t size);
	uint8_t *data() const
	{
		return data_;
	}
	uint8_t *release()
	{
		uint8_t *data = data_;
		data_ = nullptr;
		return data;
	}

      private:
	uint8_t *data_ = nullptr;
};

struct MapShape {
	int fd;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
};

/* All return 0 or a negative errno. `done` counts the entries that were written. */
int update_entries(const MapShape &map, const uint8_t *keys, const uint8_t *values, uint32_t count,
		   uint32_t &done);
int delete_entries(const MapShape &map, const uint8_t *keys, uint32_t count);
int read_entries(const MapShape &map, Block &keys, Block &values, uint32_t &count);
int count_entries(const MapShape &map, uint32_t &count);
