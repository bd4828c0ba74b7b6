/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_GROW_H
#define CONFIG_GROW_H

#include <stdbool.h>
#include <stdlib.h>

/* Makes room for one more after n things of `size` bytes; *room: how many fit.  Returns the array,
 * or NULL when out of memory; the old array is then still valid. */
static inline void *grow(void *array, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 8;
	void *larger;

	if (n < *room)
		return array;
	larger = reallocarray(array, more, size);
	if (larger)
		*room = more;
	return larger;
}

#endif
