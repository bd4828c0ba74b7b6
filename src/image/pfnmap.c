/* SPDX-License-Identifier: MIT */
#include "image/pfnmap.h"

#include <stdlib.h>
#include <string.h>

#include <xenstream/event.h>

#define CHUNK_PFNS PFNMAP_CHUNK
#define FIRST_SLOTS 64
#define KEPT 4 /* chunks of older generations */

static size_t chunk_bytes(const struct pfnmap *m)
{
	return (size_t)CHUNK_PFNS * m->bits / 8;
}

void xst_pfnmap_init(struct pfnmap *m, unsigned bits, uint64_t max_bytes)
{
	memset(m, 0, sizeof(*m));
	m->bits = bits;
	m->max_chunks = max_bytes ? (size_t)(max_bytes / chunk_bytes(m)) : SIZE_MAX;
}

void xst_pfnmap_free(struct pfnmap *m)
{
	for (size_t i = 0; i < m->slots; i++)
		free(m->table[i]);
	free(m->table);
	free(m->order);
	xst_pfnmap_init(m, m->bits, 0);
}

/* Takes constant time: chunks are emptied when they are used again, and given back when most are
 * unused. */
void xst_pfnmap_clear(struct pfnmap *m)
{
	m->generation++;
	m->in_use = 0;
	m->last = NULL;
}

static size_t slot_of(const struct pfnmap *m, uint64_t key)
{
	size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (m->slots - 1);

	while (m->table[i] && m->table[i]->key != key)
		i = (i + 1) & (m->slots - 1);
	return i;
}

static struct pfnmap_chunk *pfnmap_find(struct pfnmap *m, uint64_t key)
{
	struct pfnmap_chunk *c;

	if (m->last && m->last->key == key)
		return m->last;
	if (!m->slots)
		return NULL;
	c = m->table[slot_of(m, key)];
	if (!c || c->generation != m->generation)
		return NULL;
	m->last = c;
	return c;
}

static int pfnmap_grow(struct pfnmap *m)
{
	struct pfnmap bigger = *m;
	struct pfnmap_chunk **order;

	bigger.slots = m->slots ? m->slots * 2 : FIRST_SLOTS;
	order = realloc(m->order, bigger.slots / 2 * sizeof(*order)); /* no more are ever in use */
	if (!order)
		return XST_E_NOMEM;
	m->order = bigger.order = order;
	bigger.table = calloc(bigger.slots, sizeof(struct pfnmap_chunk *));
	if (!bigger.table)
		return XST_E_NOMEM;
	for (size_t i = 0; i < m->slots; i++)
		if (m->table[i])
			bigger.table[slot_of(&bigger, m->table[i]->key)] = m->table[i];
	free(m->table);
	*m = bigger;
	return 0;
}

/* Frees the chunks of older generations.  Because of open addressing, the others are inserted
 * again. */
static void drop_old(struct pfnmap *m)
{
	struct pfnmap fresh = *m;

	fresh.table = calloc(m->slots, sizeof(struct pfnmap_chunk *));
	fresh.used = 0;
	if (!fresh.table)
		return;
	for (size_t i = 0; i < m->slots; i++) {
		struct pfnmap_chunk *c = m->table[i];

		if (c && c->generation == m->generation) {
			fresh.table[slot_of(&fresh, c->key)] = c;
			fresh.used++;
		} else {
			free(c);
		}
	}
	free(m->table);
	*m = fresh;
}

/* The number of chunks in use with lower keys. */
static size_t rank_of(const struct pfnmap *m, uint64_t key)
{
	size_t low = 0, high = m->in_use;

	if (high && m->order[high - 1]->key < key)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->order[middle]->key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void put_in_order(struct pfnmap *m, struct pfnmap_chunk *c)
{
	size_t i = rank_of(m, c->key);

	memmove(m->order + i + 1, m->order + i, (m->in_use - i) * sizeof(*m->order));
	m->order[i] = c;
	m->in_use++;
}

static int pfnmap_insert(struct pfnmap *m, uint64_t key, struct pfnmap_chunk **ret)
{
	struct pfnmap_chunk *c = m->slots ? m->table[slot_of(m, key)] : NULL;

	if (m->in_use >= m->max_chunks)
		return XST_E_LIMIT;
	if (!c) {
		if (m->used >= m->max_chunks || m->used > 2 * m->in_use + KEPT)
			drop_old(m);
		if (m->used * 2 >= m->slots && pfnmap_grow(m) < 0)
			return XST_E_NOMEM;
		c = calloc(1, sizeof(*c) + chunk_bytes(m));
		if (!c)
			return XST_E_NOMEM;
		c->key = key;
		m->table[slot_of(m, key)] = c;
		m->used++;
	} else {
		memset(c->numbers, 0, chunk_bytes(m));
	}
	c->generation = m->generation;
	put_in_order(m, c);
	m->last = c;
	*ret = c;
	return 0;
}

unsigned xst_pfnmap_get(struct pfnmap *m, uint64_t pfn)
{
	struct pfnmap_chunk *c = pfnmap_find(m, pfn / CHUNK_PFNS);

	return c ? pfnmap_get_in(m, c, pfn) : 0;
}

int xst_pfnmap_set_anywhere(struct pfnmap *m, uint64_t pfn, unsigned value, unsigned *ret_old)
{
	struct pfnmap_chunk *c = pfnmap_find(m, pfn / CHUNK_PFNS);

	if (!c && pfn > XST_PAGE_PFN(UINT64_MAX))
		return XST_E_LIMIT;
	if (!c && !value) { /* unchanged */
		if (ret_old)
			*ret_old = 0;
		return 0;
	}
	if (!c) {
		int r = pfnmap_insert(m, pfn / CHUNK_PFNS, &c);

		if (r)
			return r;
	}
	pfnmap_set_in(m, c, pfn, value, ret_old);
	return 0;
}

/* --- runs ----------------------------------------------------------------------------------- */

/* The bytes that hold the numbers of adjacent pfns.  Only some bits of the first and the last byte
 * belong to the run, which may lie within a single byte: first and last are then the same. */
struct run {
	uint8_t *bytes;
	size_t n;
	uint8_t first, last;
};

static struct run find_run(const struct pfnmap *m, struct pfnmap_chunk *c, uint64_t pfn, unsigned n)
{
	unsigned begin, end;
	uint8_t *bytes = pfnmap_locate(m, c, pfn, &begin);
	struct run r = { .bytes = bytes };

	end = begin + n * m->bits;
	r.n = (end + 7) / 8;
	r.first = (uint8_t)(0xffu << begin);
	r.last = (uint8_t)(0xffu >> (8 * r.n - end));
	if (r.n == 1)
		r.first = r.last &= r.first;
	return r;
}

static unsigned ones(uint64_t v)
{
	v -= v >> 1 & UINT64_C(0x5555555555555555);
	v = (v & UINT64_C(0x3333333333333333)) + (v >> 2 & UINT64_C(0x3333333333333333));
	v = (v + (v >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)(v * UINT64_C(0x0101010101010101) >> 56);
}

static unsigned ones_in(const uint8_t *bytes, size_t n)
{
	unsigned set = 0;
	uint64_t v;

	for (; n >= sizeof(v); n -= sizeof(v), bytes += sizeof(v)) {
		memcpy(&v, bytes, sizeof(v));
		set += ones(v);
	}
	for (; n; n--)
		set += ones(*bytes++);
	return set;
}

static bool any_in(const uint8_t *bytes, size_t n)
{
	uint64_t any = 0, v;

	for (; n >= sizeof(v); n -= sizeof(v), bytes += sizeof(v)) {
		memcpy(&v, bytes, sizeof(v));
		any |= v;
	}
	for (; n; n--)
		any |= *bytes++;
	return any;
}

bool xst_pfnmap_any_run(struct pfnmap *m, uint64_t pfn, unsigned n)
{
	struct pfnmap_chunk *c = pfnmap_find(m, pfn / CHUNK_PFNS);
	struct run r;

	if (!c)
		return false;
	r = find_run(m, c, pfn, n);
	return r.bytes[0] & r.first || r.bytes[r.n - 1] & r.last ||
	       (r.n > 2 && any_in(r.bytes + 1, r.n - 2));
}

unsigned xst_pfnmap_count_run(struct pfnmap *m, uint64_t pfn, unsigned n)
{
	struct pfnmap_chunk *c = pfnmap_find(m, pfn / CHUNK_PFNS);
	struct run r;
	unsigned set;

	if (!c)
		return 0;
	r = find_run(m, c, pfn, n);
	set = ones(r.bytes[0] & r.first);
	if (r.n > 1)
		set += ones_in(r.bytes + 1, r.n - 2) + ones(r.bytes[r.n - 1] & r.last);
	return set;
}

int xst_pfnmap_set_run(struct pfnmap *m, uint64_t pfn, unsigned n)
{
	int e = pfnmap_set(m, pfn, 1, NULL);
	struct run r;

	if (e)
		return e;
	r = find_run(m, pfnmap_find(m, pfn / CHUNK_PFNS), pfn, n);
	r.bytes[0] |= r.first;
	if (r.n > 1) {
		memset(r.bytes + 1, 0xff, r.n - 2);
		r.bytes[r.n - 1] |= r.last;
	}
	return 0;
}

/* --- iteration ------------------------------------------------------------------------------ */

/* The first frame of a chunk, at or after `at`, whose number is not 0, or PFNMAP_CHUNK. */
static uint64_t first_in(const struct pfnmap *m, struct pfnmap_chunk *c, uint64_t at)
{
	uint64_t side_by_side = 64 / m->bits, v;

	while (at < CHUNK_PFNS && !pfnmap_get_in(m, c, at)) {
		at++;
		for (; at % side_by_side == 0 && at < CHUNK_PFNS; at += side_by_side) {
			memcpy(&v, c->numbers + at * m->bits / 8, sizeof(v));
			if (v)
				break;
		}
	}
	return at;
}

bool xst_pfnmap_next(struct pfnmap *m, uint64_t from, uint64_t *ret)
{
	uint64_t key = from / CHUNK_PFNS;

	for (size_t i = rank_of(m, key); i < m->in_use; i++) {
		struct pfnmap_chunk *c = m->order[i];
		uint64_t at = first_in(m, c, c->key == key ? from % CHUNK_PFNS : 0);

		if (at == CHUNK_PFNS)
			continue;
		*ret = c->key * CHUNK_PFNS + at;
		return true;
	}
	return false;
}
