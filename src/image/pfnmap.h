/* SPDX-License-Identifier: MIT */
/* A small number for each page frame number (pfn): one bit (present?) or four (its type).
 *
 * Chunks of pfns exist only where something was set, so that the map grows with the guest's memory,
 * by 32 or 128 KiB for each GiB. */
#ifndef IMAGE_PFNMAP_H
#define IMAGE_PFNMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PFNMAP_CHUNK UINT64_C(32768) /* pfns */

struct pfnmap_chunk {
	uint64_t key;
	uint64_t generation; /* of the last use; in an older one all numbers are 0 */
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

/* bits: 1 or 4.  max_bytes limits the map's memory; 0: no limit. */
void xst_pfnmap_init(struct pfnmap *m, unsigned bits, uint64_t max_bytes);
void xst_pfnmap_free(struct pfnmap *m);
/* Sets all numbers to 0, in constant time; the memory is kept for reuse. */
void xst_pfnmap_clear(struct pfnmap *m);

/* The number of a pfn, 0 if none was set. */
unsigned xst_pfnmap_get(struct pfnmap *m, uint64_t pfn);
/* Sets the number of a pfn; *ret_old (may be NULL) is the old one.  Returns 0, XST_E_NOMEM, or
 * XST_E_LIMIT (also for a pfn too large for a PAGE_DATA entry). */
static inline int pfnmap_set(struct pfnmap *m, uint64_t pfn, unsigned value, unsigned *ret_old);
/* Operations on n > 0 pfns from `pfn` on, all in one chunk (pfn / PFNMAP_CHUNK): whether any has a
 * number; and, for maps of one bit, how many are set, and setting all, which returns as
 * pfnmap_set(). */
bool xst_pfnmap_any_run(struct pfnmap *m, uint64_t pfn, unsigned n);
unsigned xst_pfnmap_count_run(struct pfnmap *m, uint64_t pfn, unsigned n);
int xst_pfnmap_set_run(struct pfnmap *m, uint64_t pfn, unsigned n);
/* The first pfn, at or after `from`, whose number is not 0.  False if there is none. */
bool xst_pfnmap_next(struct pfnmap *m, uint64_t from, uint64_t *ret);

/* --- inline, as the next pfn is mostly the one after the last ------------------------------- */

int xst_pfnmap_set_anywhere(struct pfnmap *m, uint64_t pfn, unsigned value, unsigned *ret_old);

/* The place of a pfn's number: a byte and a shift in it. */
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

/* Whether a pfn near the last one has a number; false may also mean that it isn't near. */
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
