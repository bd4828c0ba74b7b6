/* SPDX-License-Identifier: MIT */
#include "build.h"

#include <stdlib.h>
#include <string.h>

void build_free(struct build *b)
{
	free(b->data);
	*b = (struct build){ 0 };
}

void mark(struct build *b)
{
	b->mark = b->size;
}

void put(struct build *b, const void *data, size_t n)
{
	if (b->capacity - b->size < n) {
		b->capacity = (b->size + n) * 2;
		b->data = realloc(b->data, b->capacity);
		if (!b->data)
			abort();
	}
	if (n)
		memcpy(b->data + b->size, data, n);
	b->size += n;
}

static void put_number(struct build *b, uint64_t v, unsigned size)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < size; i++)
		bytes[b->big ? size - 1 - i : i] = (uint8_t)(v >> 8 * i);
	put(b, bytes, size);
}

void put8(struct build *b, uint8_t v)
{
	put_number(b, v, 1);
}

void put16(struct build *b, uint16_t v)
{
	put_number(b, v, 2);
}

void put32(struct build *b, uint32_t v)
{
	put_number(b, v, 4);
}

void put64(struct build *b, uint64_t v)
{
	put_number(b, v, 8);
}

void put_ulong(struct build *b, uint64_t v)
{
	put_number(b, v, b->width);
}

void put_zero(struct build *b, size_t n)
{
	while (n--)
		put8(b, 0);
}

void fill(struct build *b, size_t n)
{
	uint32_t x = ++b->pattern * 2654435761u;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		put8(b, (uint8_t)(x >> 24));
	}
}
