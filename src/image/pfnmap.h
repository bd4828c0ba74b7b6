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

#define PFNMAP_CHUNK UINT64_C(32768) /* frames */

struct pfnmap_chunk {
	uint64_t key;
	uint64_t generation; /* of the last use; an older one's numbers are all 0 */
	uint8_t numbers[];
};

struct pfnmap {
	struct pfnmap_chunk **table; /* open addressing, by the pfn's upper bits */
	struct pfnmap_chunk **order; /* those in use, by ascending key */
	size_t slots, used, in_use, max_chunks;
	uint64_t generation;
	unsigned bits;
	struct pfnmap_chunk *last;
};

/* bits: 1 or 4.  max_octets bounds the map's memory; 0: no bound. */
void xst_pfnmap_init(struct pfnmap *m, unsigned bits, uint64_t max_bytes);
void xst_pfnmap_free(struct pfnmap *m);
/* All frames are 0 again, at once; memory is kept for the next ones. */
void xst_pfnmap_clear(struct pfnmap *m);

/* The frame's number, 0 if none was set. */
unsigned xst_pfnmap_get(struct pfnmap *m, uint64_t pfn);
/* Sets it; *ret_old (may be NULL) is what it was.  Returns 0, XST_E_NOMEM or XST_E_LIMIT, the last for
 * a number above all that fit a PAGE_DATA entry, too. */
static inline int pfnmap_set(struct pfnmap *m, uint64_t pfn, unsigned value, unsigned *ret_old);
/* n > 0 frames from pfn on that lie in one chunk (pfn / PFNMAP_CHUNK): whether any has a number; and, for maps
 * of one bit, how many are set, and setting them all, which returns as pfnmap_set() does. */
bool xst_pfnmap_any_run(struct pfnmap *m, uint64_t pfn, unsigned n);
unsigned xst_pfnmap_count_run(struct pfnmap *m, uint64_t pfn, unsigned n);
int xst_pfnmap_set_run(struct pfnmap *m, uint64_t pfn, unsigned n);
/* The first frame from `from` on whose number is not 0.  False after the last one. */
bool xst_pfnmap_next(struct pfnmap *m, uint64_t from, uint64_t *ret);

/* --- the frame after the last one, mostly: no call ----------------------------------------- */

int xst_pfnmap_set_anywhere(struct pfnmap *m, uint64_t pfn, unsigned value, unsigned *ret_old);

/* Where a frame's number lies: a byte and a shift in it. */
static inline uint8_t *pfnmap_locate(const struct pfnmap *m, struct pfnmap_chunk *c, uint64_t pfn,
				     unsigned *ret_shift)
{
	uint64_t bit = pfn % PFNMAP_CHUNK * m->bits;

	*ret_shift = (unsigned)(bit % 8);
	return &c->numbers[bit / 8];
}

static inline unsigned pfnmap_get_in(const struct pfnmap *m, struct pfnmap_chunk *c, uint64_t pfn)
{
	unsigned shift;
	const uint8_t *byte = pfnmap_locate(m, c, pfn, &shift);

	return (unsigned)*byte >> shift & ((1u << m->bits) - 1);
}

static inline void pfnmap_set_in(const struct pfnmap *m, struct pfnmap_chunk *c, uint64_t pfn,
				 unsigned value, unsigned *ret_old)
{
	unsigned mask = (1u << m->bits) - 1, shift;
	uint8_t *byte = pfnmap_locate(m, c, pfn, &shift);

	if (ret_old)
		*ret_old = (unsigned)*byte >> shift & mask;
	*byte = (uint8_t)((*byte & ~(mask << shift)) | (value & mask) << shift);
}

/* Whether a frame near the last one has a number; false may mean that it isn't near. */
static inline bool pfnmap_is_near(const struct pfnmap *m, uint64_t pfn)
{
	return m->last && m->last->key == pfn / PFNMAP_CHUNK && pfnmap_get_in(m, m->last, pfn);
}

static inline int pfnmap_set(struct pfnmap *m, uint64_t pfn, unsigned value, unsigned *ret_old)
{
	if (!m->last || m->last->key != pfn / PFNMAP_CHUNK)
		return xst_pfnmap_set_anywhere(m, pfn, value, ret_old);
	pfnmap_set_in(m, m->last, pfn, value, ret_old);
	return 0;
}

#endif
