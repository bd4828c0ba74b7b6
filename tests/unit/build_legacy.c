/* SPDX-License-Identifier: MIT */
/* The legacy format. */
#include "build_parts.h"

#include <stdlib.h>
#include <string.h>

void legacy_head(struct build *b, unsigned width, uint64_t p2m_size)
{
	b->width = width;
	put_ulong(b, p2m_size);
}

void chunk(struct build *b, int32_t id)
{
	put32(b, (uint32_t)id);
}

/* Entries in today's notation. */
void batch(struct build *b, const uint64_t *entries, size_t n, bool contents)
{
	chunk(b, (int32_t)n);
	for (size_t i = 0; i < n; i++)
		put_ulong(b, (entries[i] >> 60) << 28 | (entries[i] & 0xfffffff));
	for (size_t i = 0; i < n && contents; i++)
		if (entries[i] >> 60 < 0xd)
			fill(b, PAGE);
}

void param_chunk(struct build *b, int32_t id, uint64_t value)
{
	chunk(b, id);
	put32(b, 0);
	put64(b, value);
}

void physmap_entry(struct build *b, uint64_t phys_offset, const char *name)
{
	size_t n = name ? strlen(name) + 1 : 0;

	put64(b, phys_offset);
	put64(b, 0xf0000000);
	put64(b, 0x800000);
	put32(b, (uint32_t)n);
	put(b, name, n);
	if (b->width == 8) /* heap that the toolstack leaked */
		put32(b, 0xa5a5a5a5);
}

void magic_pfns(struct build *b)
{
	put64(b, 0xfeffe);
	put64(b, 0xfefff);
	put64(b, 0xfeffc);
}

void ext_info(struct build *b, size_t context)
{
	put_ulong(b, UINT64_MAX);
	put32(b, (uint32_t)context + 8);
	put(b, "vcpu", 4);
	put32(b, (uint32_t)context);
	fill(b, context);
}

static size_t context_size(const struct legacy *l)
{
	return l->guest_width == 4 ? CONTEXT32 : CONTEXT64;
}

static void pv_head(struct build *b, const struct legacy *l)
{
	size_t per_frame = l->guest_width == 4 ? 1024 : 512;
	size_t frames = (or_else(l->p2m_size, 64) + per_frame - 1) / per_frame;

	put_ulong(b, UINT64_MAX);
	put32(b, (uint32_t)(8 + context_size(l) + (l->stranger ? 11 : 0) + (l->extv ? 8 : 0) +
			    (l->xcnt ? 12 : 0)));
	put(b, "vcpu", 4);
	put32(b, (uint32_t)context_size(l));
	fill(b, context_size(l));
	if (l->stranger)
		put(b, "strn\3\0\0\0abc", 11);
	if (l->extv)
		put(b, "extv\0\0\0\0", 8);
	if (l->xcnt) {
		put(b, "xcnt\4\0\0\0", 8);
		put32(b, 592 + 16);
	}
	for (size_t i = 0; i < frames; i++)
		put_ulong(b, l->frame ? l->frame + i : 0); /* 0: the first page of the first batch */
}

static void tmem(struct build *b)
{
	chunk(b, -5);
	put32(b, 1);                  /* version */
	put32(b, 16);                 /* pools */
	put32(b, 0);
	put_zero(b, 16);              /* flags, weight, cap, ? */
	for (unsigned pool = 0; pool < 2; pool++) {
		put32(b, pool);
		put32(b, 0);          /* flags: pages of 4096 bytes */
		put32(b, 1 + pool);   /* pages */
		put_zero(b, 16);
		for (unsigned page = 0; page < 1; page++) {
			put_zero(b, 23);
			put8(b, 7);
			put32(b, page);
			fill(b, PAGE);
		}
		if (pool == 1)        /* fewer pages than announced */
			put(b, "\377\377\377\377\377\377\377\377\377\377\377\377"
			       "\377\377\377\377\377\377\377\377\377\377\377\377", 24);
	}
	put32(b, UINT32_MAX);
}

static void tmem_extra(struct build *b)
{
	chunk(b, -6);
	for (unsigned i = 0; i < 2; i++) {
		put32(b, i);
		fill(b, 24);
		put32(b, i);
	}
	put32(b, UINT32_MAX);
}

static void vcpu_map(struct build *b, unsigned n)
{
	uint64_t map[64] = { 0 };

	chunk(b, -2);
	put32(b, n - 1);
	for (unsigned i = 0; i < n; i++)
		map[i / 64] |= i && i + 1 < n && n > 4 ? 0 : UINT64_C(1) << i % 64;
	for (unsigned i = 0; i < (n - 1) / 64 + 1; i++)
		put64(b, map[i]);
}

static void toolstack(struct build *b, size_t entries)
{
	static const char *const names[] = { "vga.vram", NULL, "cirrus" };
	size_t at, end;

	chunk(b, -18);
	at = b->size;
	put32(b, 0);
	put32(b, 1);
	put32(b, (uint32_t)entries);
	for (size_t i = 0; i < entries; i++)
		physmap_entry(b, 0x10000000 * (i + 1), names[i % 3]);
	end = b->size;
	b->size = at;
	put32(b, (uint32_t)(end - at - 4));
	b->size = end;
}

static void legacy_batches(struct build *b, const struct legacy *l, bool contents)
{
	for (size_t i = 0; i < l->batches; i++) {
		uint64_t *entries = some_entries(l->pages, l->holes, i,
						 levels_of(l->pv, l->guest_width));

		for (size_t k = 0; k < l->pages + l->holes; k++)
			if (entries[k] >> 60 == 0xf)
				entries[k] = UINT64_C(0xf) << 60;
		batch(b, entries, l->pages + l->holes, contents);
		free(entries);
	}
}

/* What n pages have become since the state before: nothing, a few words of them, all of it, in turn. */
static void differences(struct build *b, size_t n)
{
	static const size_t bytes[3] = { 1, 36, 1 + PAGE };
	size_t length = 0;

	for (size_t i = 0; i < n; i++)
		length += bytes[i % 3];
	chunk(b, -12);
	put_ulong(b, length);
	for (size_t i = 0; i < n; i++) {
		if (i % 3 == 0) {
			put8(b, 0);
		} else if (i % 3 == 1) {
			put(b, "\xff\xff\xff\xff\xff\xff\xff\xfe\x81", 9); /* skips 1016 words */
			put8(b, 6);
			fill(b, 24);
			put(b, "\x81\x81", 2);
		} else {
			put8(b, 0x80);
			fill(b, PAGE);
		}
	}
}

static void body(struct build *b, const struct legacy *l, unsigned number, bool last)
{
	static const int8_t params[12] = { -14, -3, -15, -16, -17, -4, -8, -10, -11, -19, -20, -21 };
	bool compressed = l->compressed && number > 0;

	if (l->tsc && !number) {
		chunk(b, -7);
		put32(b, 2);
		put64(b, UINT64_C(0x1122334455667788));
		put32(b, 2400000);
		put32(b, 5);
	}
	legacy_batches(b, l, !compressed);
	if (compressed)
		differences(b, l->batches * l->pages);
	if (l->verify) {
		chunk(b, -1);
		legacy_batches(b, l, !compressed);
	}
	if (l->tmem)
		tmem(b);
	if (l->tmem_extra)
		tmem_extra(b);
	if (!l->no_map)
		vcpu_map(b, (unsigned)or_else(l->vcpus, 1));
	for (unsigned i = 0; i < l->params; i++)
		param_chunk(b, params[i], 0x1000 + i);
	if (l->physmaps != SIZE_MAX)
		toolstack(b, l->physmaps);
	if (l->toolstack_twice)
		toolstack(b, 1);
	if (last && l->last_checkpoint)
		chunk(b, -9);
	if (l->compressed && !number)
		chunk(b, -13);
	chunk(b, 0);
}

static void pv_tail(struct build *b, const struct legacy *l)
{
	unsigned n = (unsigned)or_else(l->vcpus, 1);

	put32(b, (uint32_t)l->unmapped);
	for (size_t i = 0; i < l->unmapped; i++)
		put_ulong(b, 40 + i);
	for (unsigned i = 0; i < n; i++) {
		if (n > 4 && i && i + 1 < n)
			continue; /* not online, see vcpu_map() */
		fill(b, context_size(l));
		registers(b, context_size(l));
		if (l->extv)
			fill(b, 128);
		if (l->xcnt) {
			put64(b, 7);
			put64(b, 592 - i);
			fill(b, 592 - i);
		}
	}
	fill(b, PAGE);
}

static void hvm_tail(struct build *b, const struct legacy *l)
{
	magic_pfns(b);
	put32(b, HVM_STATE);
	hvm_state(b);
	legacy_emulator(b, l->tail, l->emulator);
}

void build_legacy(struct build *b, const struct legacy *l)
{
	unsigned n = (unsigned)or_else(l->checkpoints, 1);

	b->big = false;
	if (l->xl)
		xl_header(b, 0, "name=\"old\"\n", 11);
	legacy_head(b, (unsigned)or_else(l->width, 8), or_else(l->p2m_size, 64));
	if (l->pv)
		pv_head(b, l);
	for (unsigned i = 0; i < n; i++) {
		body(b, l, i, i + 1 == n);
		if (l->pv)
			pv_tail(b, l);
		else
			hvm_tail(b, l);
	}
}
