/* SPDX-License-Identifier: MIT */
#include "image/pfnmap.h"

#include <stdlib.h>
#include <string.h>

#include <xenstream/event.h>

#define CHUNK_PFNS PFNMAP_CHUNK
#define FIRST_SLOTS 64

static size_t chunk_octets(const struct pfnmap *m)
{
	return (size_t)CHUNK_PFNS * m->bits / 8;
}

void pfnmap_init(struct pfnmap *m, unsigned bits, uint64_t max_octets)
{
	memset(m, 0, sizeof(*m));
	m->bits = bits;
	m->max_chunks = max_octets ? (size_t)(max_octets / chunk_octets(m)) : SIZE_MAX;
}

void pfnmap_free(struct pfnmap *m)
{
	for (size_t i = 0; i < m->slots; i++)
		free(m->table[i]);
	free(m->table);
	pfnmap_init(m, m->bits, 0);
}

/* Costs nothing, whatever the map holds: chunks are emptied when they are used again. */
void pfnmap_clear(struct pfnmap *m)
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

static struct pfnmap_chunk *find(struct pfnmap *m, uint64_t key)
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

static int grow(struct pfnmap *m)
{
	struct pfnmap bigger = *m;

	bigger.slots = m->slots ? m->slots * 2 : FIRST_SLOTS;
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

/* Gives back the chunks of older generations.  Open addressing: the others are put in anew. */
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

static int insert(struct pfnmap *m, uint64_t key, struct pfnmap_chunk **ret)
{
	struct pfnmap_chunk *c = m->slots ? m->table[slot_of(m, key)] : NULL;

	if (m->in_use >= m->max_chunks)
		return XST_E_LIMIT;
	if (!c) {
		if (m->used >= m->max_chunks)
			drop_old(m);
		if (m->used * 2 >= m->slots && grow(m) < 0)
			return XST_E_NOMEM;
		c = calloc(1, sizeof(*c) + chunk_octets(m));
		if (!c)
			return XST_E_NOMEM;
		c->key = key;
		m->table[slot_of(m, key)] = c;
		m->used++;
	} else {
		memset(c->numbers, 0, chunk_octets(m));
	}
	c->generation = m->generation;
	m->in_use++;
	m->last = c;
	*ret = c;
	return 0;
}

unsigned pfnmap_get(struct pfnmap *m, uint64_t pfn)
{
	struct pfnmap_chunk *c = find(m, pfn / CHUNK_PFNS);

	return c ? pfnmap_get_in(m, c, pfn) : 0;
}

int pfnmap_set_anywhere(struct pfnmap *m, uint64_t pfn, unsigned value, unsigned *ret_old)
{
	struct pfnmap_chunk *c = find(m, pfn / CHUNK_PFNS);

	if (!c && pfn > XST_PAGE_PFN(UINT64_MAX))
		return XST_E_LIMIT;
	if (!c) {
		int r = insert(m, pfn / CHUNK_PFNS, &c);

		if (r)
			return r;
	}
	pfnmap_set_in(m, c, pfn, value, ret_old);
	return 0;
}

/* The bits of octet number i of a run that begins `first` bits into it and has n bits. */
static uint8_t run_mask(unsigned i, unsigned first, unsigned n)
{
	unsigned begin = i ? 0 : first, end = first + n - 8 * i;

	return (uint8_t)(0xffu << begin & (end < 8 ? (1u << end) - 1 : 0xffu));
}

static unsigned ones(unsigned octet)
{
	octet -= octet >> 1 & 0x55;
	octet = (octet & 0x33) + (octet >> 2 & 0x33);
	return (octet + (octet >> 4)) & 0xf;
}

unsigned pfnmap_count_run(struct pfnmap *m, uint64_t pfn, unsigned n)
{
	const struct pfnmap_chunk *c = find(m, pfn / CHUNK_PFNS);
	const uint8_t *octets = c ? &c->numbers[pfn % CHUNK_PFNS / 8] : NULL;
	unsigned first = (unsigned)(pfn % 8), set = 0;

	for (unsigned i = 0; c && 8 * i < first + n; i++)
		set += ones(octets[i] & run_mask(i, first, n));
	return set;
}

int pfnmap_set_run(struct pfnmap *m, uint64_t pfn, unsigned n)
{
	int r = pfnmap_set(m, pfn, 1, NULL);
	unsigned first = (unsigned)(pfn % 8);
	uint8_t *octets;

	if (r)
		return r;
	octets = &find(m, pfn / CHUNK_PFNS)->numbers[pfn % CHUNK_PFNS / 8];
	for (unsigned i = 0; 8 * i < first + n; i++)
		octets[i] |= run_mask(i, first, n);
	return 0;
}

/* The lowest key of a chunk from `key` on.  Keys may lie far apart, so the chunks are gone through,
 * not the keys. */
static bool next_chunk(const struct pfnmap *m, uint64_t key, uint64_t *ret)
{
	bool found = false;

	for (size_t i = 0; i < m->slots; i++) {
		const struct pfnmap_chunk *c = m->table[i];

		if (!c || c->generation != m->generation || c->key < key || (found && c->key > *ret))
			continue;
		*ret = c->key;
		found = true;
	}
	return found;
}

bool pfnmap_next(struct pfnmap *m, uint64_t from, uint64_t *ret)
{
	uint64_t key = from / CHUNK_PFNS, pfn = from;

	while (find(m, key) || next_chunk(m, key, &key)) {
		if (pfn < key * CHUNK_PFNS)
			pfn = key * CHUNK_PFNS;
		for (; pfn / CHUNK_PFNS == key; pfn++) {
			if (!pfnmap_get(m, pfn))
				continue;
			*ret = pfn;
			return true;
		}
		key++;
	}
	return false;
}
