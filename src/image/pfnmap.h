/* SPDX-License-Identifier: MIT */
/* A small number for each page frame: one bit (is it there?) or four (which type?).
 *
 * Frames lie in chunks that exist only where something was set, so that the memory follows the
 * guest's, at 32 or 128 KiB for each GiB. */
#ifndef IMAGE_PFNMAP_H
#define IMAGE_PFNMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pfnmap_chunk;

struct pfnmap {
	struct pfnmap_chunk **table; /* open addressing, by the pfn's upper bits */
	size_t slots, used, in_use, max_chunks;
	uint64_t generation;
	unsigned bits;
	struct pfnmap_chunk *last;
};

/* bits: 1 or 4.  max_octets bounds the map's memory; 0: no bound. */
void pfnmap_init(struct pfnmap *m, unsigned bits, uint64_t max_octets);
void pfnmap_free(struct pfnmap *m);
/* All frames are 0 again, at once; memory is kept for the next ones. */
void pfnmap_clear(struct pfnmap *m);

/* The frame's number, 0 if none was set. */
unsigned pfnmap_get(struct pfnmap *m, uint64_t pfn);
/* Sets it; *ret_old (may be NULL) is what it was.  Returns 0, XST_E_NOMEM or XST_E_LIMIT, the last for
 * a number above all that fit a PAGE_DATA entry, too. */
int pfnmap_set(struct pfnmap *m, uint64_t pfn, unsigned value, unsigned *ret_old);
/* The first frame from `from` on whose number is not 0.  False behind the last one. */
bool pfnmap_next(struct pfnmap *m, uint64_t from, uint64_t *ret);

#endif
