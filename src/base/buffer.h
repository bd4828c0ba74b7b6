/* SPDX-License-Identifier: MIT */
/* Bytes that grow at the end. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <string.h>

#include "base/array.h"

struct buffer {
	uint8_t *data;
	size_t size, capacity;
};

/* n more bytes, zeroed, or NULL when there is no memory; the buffer is unchanged then. */
static inline uint8_t *buffer_append(struct buffer *b, size_t n)
{
	uint8_t *data = array_room(b->data, b->size + n, &b->capacity, 1);

	if (!data)
		return NULL;
	b->data = data;
	b->size += n;
	return memset(data + b->size - n, 0, n);
}

static inline void buffer_free(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){ 0 };
}

#endif
