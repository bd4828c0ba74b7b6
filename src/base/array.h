/* SPDX-License-Identifier: MIT */
/* Arrays that grow at the end. */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define ARRAY_FIRST 256 /* bytes */

/* Makes room for n things of `size` bytes in all; *room: for how many there is room.  Returns the
 * array, which may have moved, or NULL when out of memory: the old one is good then. */
static inline void *array_room(void *array, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? *room : 1 + (ARRAY_FIRST - 1) / size;
	void *larger;

	if (array && n <= *room)
		return array;
	while (more < n)
		more = more > SIZE_MAX / 2 ? SIZE_MAX : 2 * more;
	larger = more > SIZE_MAX / size ? NULL : realloc(array, more * size);
	if (larger)
		*room = more;
	return larger;
}

#endif
