/* SPDX-License-Identifier: MIT */
/* Bytes that grow at the end. */
#ifndef EMIT_BUFFER_H
#define EMIT_BUFFER_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct buffer {
	uint8_t *data;
	size_t size, capacity;
};

/* n more bytes, zeroed, or NULL when there is no memory; the buffer is unchanged then. */
static inline uint8_t *buffer_append(struct buffer *b, size_t n)
{
	size_t capacity = b->capacity ? b->capacity : 256;
	uint8_t *data;

	while (capacity - b->size < n)
		capacity *= 2;
	if (capacity > b->capacity) {
		data = realloc(b->data, capacity);
		if (!data)
			return NULL;
		b->data = data;
		b->capacity = capacity;
	}
	data = b->data + b->size;
	memset(data, 0, n);
	b->size += n;
	return data;
}

static inline void buffer_free(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){ 0 };
}

#endif
