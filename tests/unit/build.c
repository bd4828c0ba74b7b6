/* SPDX-License-Identifier: MIT */
#include "build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- octets --------------------------------------------------------------------------------- */

void build_free(struct build *b)
{
	free(b->data);
	*b = (struct build){ 0 };
}

void mark(struct build *b)
{
	b->mark = b->size;
}

void put(struct build *b, const void *data, size_t n)
{
	if (b->capacity - b->size < n) {
		b->capacity = (b->size + n) * 2;
		b->data = realloc(b->data, b->capacity);
		if (!b->data)
			abort();
	}
	if (n)
		memcpy(b->data + b->size, data, n);
	b->size += n;
}

static void put_number(struct build *b, uint64_t v, unsigned size)
{
	uint8_t octets[8];

	for (unsigned i = 0; i < size; i++)
		octets[b->big ? size - 1 - i : i] = (uint8_t)(v >> 8 * i);
	put(b, octets, size);
}

void put8(struct build *b, uint8_t v)
{
	put_number(b, v, 1);
}

void put16(struct build *b, uint16_t v)
{
	put_number(b, v, 2);
}

void put32(struct build *b, uint32_t v)
{
	put_number(b, v, 4);
}

void put64(struct build *b, uint64_t v)
{
	put_number(b, v, 8);
}

void put_ulong(struct build *b, uint64_t v)
{
	put_number(b, v, b->width);
}

void put_zero(struct build *b, size_t n)
{
	while (n--)
		put8(b, 0);
}

void fill(struct build *b, size_t n)
{
	uint32_t x = ++b->pattern * 2654435761u;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		put8(b, (uint8_t)(x >> 24));
	}
}

static size_t or_else(size_t n, size_t by_default)
{
	return n ? n : by_default;
}

/* --- headers and records -------------------------------------------------------------------- */

static void xl_head(struct build *b, uint32_t flags, uint32_t optional)
{
	put(b, "Xen saved domain, xl format\n \0 \r", 32);
	put32(b, 0x01020304);
	put32(b, flags);
	put32(b, 0);
	put32(b, optional);
}

void xl_header(struct build *b, uint32_t flags, const void *config, size_t n)
{
	xl_head(b, flags, config ? (uint32_t)n + 4 : 0);
	if (!config)
		return;
	put32(b, (uint32_t)n);
	put(b, config, n);
}

void libxl_header(struct build *b, uint32_t options)
{
	bool big = b->big;

	b->big = true;
	put64(b, UINT64_C(0x4c6962786c466d74));
	put32(b, 2);
	put32(b, options);
	b->big = big;
}

void image_header(struct build *b, uint32_t version, uint16_t options)
{
	bool big = b->big;

	b->big = true;
	put64(b, UINT64_MAX);
	put32(b, 0x58454e46);
	put32(b, version);
	put16(b, options);
	put_zero(b, 6);
	b->big = big;
}

void domain_header(struct build *b, uint32_t type)
{
	put32(b, type);
	put16(b, 12);
	put16(b, 0);
	put32(b, 4);
	put32(b, 17);
}

void record_begin(struct build *b, uint32_t type)
{
	b->record = b->size;
	put32(b, type);
	put32(b, 0);
}

void record_end(struct build *b)
{
	size_t end = b->size, length = end - b->record - 8;

	b->size = b->record + 4;
	put32(b, (uint32_t)length);
	b->size = end;
	put_zero(b, -length & 7);
}

void empty_record(struct build *b, uint32_t type)
{
	record_begin(b, type);
	record_end(b);
}

void blob_record(struct build *b, uint32_t type, uint32_t first, uint32_t second, size_t n)
{
	record_begin(b, type);
	put32(b, first);
	put32(b, second);
	fill(b, n);
	record_end(b);
}

void page_data(struct build *b, const uint64_t *entries, size_t n)
{
	record_begin(b, 1);
	put32(b, (uint32_t)n);
	put32(b, 0);
	for (size_t i = 0; i < n; i++)
		put64(b, entries[i]);
	for (size_t i = 0; i < n; i++)
		if (entries[i] >> 60 < 0xd)
			fill(b, PAGE);
	record_end(b);
}

/* Pages first, then holes; each batch goes on with the pfns where the last one ended. */
static uint64_t *some_entries(size_t pages, size_t holes, uint64_t first, bool pv)
{
	static const uint8_t pv_types[] = { 0x0, 0xc, 0x1, 0x9, 0x4 };
	uint64_t *entries = calloc(pages + holes + 1, sizeof(*entries));

	if (!entries)
		abort();
	for (size_t i = 0; i < pages + holes; i++) {
		uint64_t type = pv && i < pages ? pv_types[i % 5] : 0;

		if (i >= pages)
			type = i % 3 == 0 ? 0xf : i % 3 == 1 ? 0xe : 0xd;
		entries[i] = type << 60 | (first + i);
	}
	return entries;
}

static void batches(struct build *b, const struct modern *m)
{
	for (size_t i = 0; i < m->batches; i++) {
		uint64_t *entries = some_entries(m->pages, m->holes, i * (m->pages + m->holes),
						 m->pv);

		page_data(b, entries, m->pages + m->holes);
		free(entries);
	}
}

static void policies(struct build *b, const struct modern *m)
{
	if (m->leaves) {
		record_begin(b, 0x11);
		for (size_t i = 0; i < m->leaves * 6; i++)
			put32(b, (uint32_t)i * 7);
		record_end(b);
	}
	if (m->msrs) {
		record_begin(b, 0x12);
		for (size_t i = 0; i < m->msrs; i++) {
			put32(b, 0xce + (uint32_t)i);
			put32(b, 0);
			put64(b, i << 40 | i);
		}
		record_end(b);
	}
}

static void tsc_info(struct build *b)
{
	record_begin(b, 8);
	put32(b, 1);
	put32(b, 2400000);
	put64(b, UINT64_C(123456789012));
	put32(b, 3);
	put32(b, 0);
	record_end(b);
}

void hvm_state(struct build *b)
{
	bool big = b->big;

	b->big = false;
	put32(b, 1); /* HEADER */
	put32(b, 24);
	put32(b, 0x54381286);
	put32(b, 1);
	fill(b, 16);
	put32(b, 2); /* CPU */
	put32(b, 1016);
	fill(b, 1016);
	put64(b, 0); /* END */
	b->big = big;
}

static void hvm_context(struct build *b)
{
	record_begin(b, 9);
	hvm_state(b);
	record_end(b);
}

static void hvm_params(struct build *b, size_t n)
{
	record_begin(b, 0xa);
	put32(b, (uint32_t)n);
	put32(b, 0);
	for (size_t i = 0; i < n; i++) {
		put64(b, i);
		put64(b, 0xfeff000 + i);
	}
	record_end(b);
}

/* Registers that say nothing but that start_info is page 0, and the page table page 1. */
static void registers(struct build *b, uint32_t id, size_t size)
{
	size_t edx = size == CONTEXT64 ? 0x268 : 0x20c, gdt_ents = size == CONTEXT64 ? 0x1360 : 0xa90;
	size_t cr3 = size == CONTEXT64 ? 0x1390 : 0xaa8, cr1 = size == CONTEXT64 ? 0x1380 : cr3;
	uint8_t *c;

	blob_record(b, 4, id, 0, size);
	c = b->data + b->size - size;
	memset(c + edx, 0, 4);
	memset(c + gdt_ents, 0, size == CONTEXT64 ? 8 : 4);
	memset(c + cr1, 0, 8);
	memset(c + cr3, 0, size == CONTEXT64 ? 8 : 4);
	c[b->big ? cr3 + (size == CONTEXT64 ? 6 : 2) : cr3 + 1] = 0x10;
}

/* With SSE, and nothing in it. */
static void xsave_record(struct build *b, uint32_t id)
{
	record_begin(b, 6);
	put32(b, id);
	put32(b, 0);
	put64(b, 3);
	put64(b, 3);
	fill(b, 512);
	put_zero(b, 64);
	record_end(b);
}

/* Zeros behind a word: the vCPU's number, or an MSR's. */
static void vcpu_blob(struct build *b, uint32_t type, uint32_t id, size_t n)
{
	blob_record(b, type, id, 0, n);
	if (n)
		memset(b->data + b->size - n, 0, n);
	if (n && !b->big)
		b->data[b->size - n] = type == 5 ? (uint8_t)id : 0x10;
	if (n && b->big)
		b->data[b->size - n + 3] = type == 5 ? (uint8_t)id : 0x10;
}

static void vcpus(struct build *b, const struct modern *m)
{
	size_t context = m->guest_width == 4 ? CONTEXT32 : CONTEXT64;
	bool none = m->empty_vcpus;

	for (uint32_t i = 0; i < or_else(m->vcpus, 1); i++) {
		registers(b, i, context);
		vcpu_blob(b, 5, i, none ? 0 : 128);
		if (none)
			blob_record(b, 6, i, 0, 0);
		else
			xsave_record(b, i);
		vcpu_blob(b, 0xc, i, none ? 0 : 32);
	}
}

static void static_data(struct build *b, const struct modern *m)
{
	unsigned width = (unsigned)or_else(m->guest_width, 8);

	if (m->pv) {
		record_begin(b, 2);
		put8(b, (uint8_t)width);
		put8(b, width == 8 ? 4 : 3);
		put_zero(b, 6);
		record_end(b);
	}
	policies(b, m);
	if (m->version != 2)
		empty_record(b, 0x10);
}

static void p2m_frames(struct build *b, const struct modern *m)
{
	size_t n = or_else(m->frames, 1), per_frame = m->guest_width == 4 ? 1024 : 512;

	record_begin(b, 3);
	put32(b, 0);
	put32(b, (uint32_t)(n * per_frame - 1));
	for (size_t i = 0; i < n; i++)
		put64(b, 0); /* the first page of the first batch */
	record_end(b);
}

/* What a checkpoint repeats. */
static void guest_state(struct build *b, const struct modern *m)
{
	batches(b, m);
	if (m->unknown)
		blob_record(b, 0x80000123, 1, 2, 13);
	tsc_info(b);
	if (m->pv) {
		blob_record(b, 7, 0, 0, PAGE - 8);
		vcpus(b, m);
		return;
	}
	hvm_context(b);
	if (m->params)
		hvm_params(b, m->params == SIZE_MAX ? 0 : m->params);
}

/* Magic, version 3 as far as there is room, and n octets with that. */
static void qemu_state(struct build *b, size_t n)
{
	static const uint8_t version[4] = { 0, 0, 0, 3 };

	put(b, "QEVM", 4);
	put(b, version, n < 4 ? n : 4);
	fill(b, n < 4 ? 0 : n - 4);
}

static void emulator_records(struct build *b, const struct modern *m)
{
	if (m->pairs) {
		record_begin(b, 2);
		put32(b, 2);
		put32(b, 0);
		for (size_t i = 0; i < m->pairs; i++) {
			char pair[64];
			int n = snprintf(pair, sizeof(pair), "physmap/%zx/size%c%zx", i, 0, i * 3);

			put(b, pair, (size_t)n + 1);
		}
		record_end(b);
	}
	if (m->emulator) {
		record_begin(b, 3);
		put32(b, 2);
		put32(b, 0);
		qemu_state(b, m->emulator);
		record_end(b);
	}
}

static void colo_state(struct build *b, uint32_t id)
{
	record_begin(b, 5);
	put32(b, id);
	record_end(b);
}

static void checkpoints(struct build *b, const struct modern *m)
{
	for (unsigned i = 0; i < m->checkpoints; i++) {
		empty_record(b, 0xe);
		if (!m->xl && !m->libxl) {
			guest_state(b, m);
			continue;
		}
		emulator_records(b, m);
		empty_record(b, 4);
		if (m->colo)
			colo_state(b, 0);
		guest_state(b, m);
	}
}

static void image(struct build *b, const struct modern *m)
{
	unsigned version = (unsigned)or_else(m->version, 3);

	image_header(b, version, m->big);
	domain_header(b, m->pv ? 1 : 2);
	static_data(b, m);
	if (m->pv)
		p2m_frames(b, m);
	guest_state(b, m);
	if (m->verify) {
		empty_record(b, 0xd);
		batches(b, m);
	}
	checkpoints(b, m);
	empty_record(b, 0);
}

static void legacy_emulator(struct build *b, const char *signature, size_t n)
{
	bool big = b->big;

	if (!signature)
		return;
	put(b, signature, strlen(signature));
	b->big = signature[strlen(signature) - 1] == '\n';
	if (signature[0] != 'Q' || b->big)
		put32(b, (uint32_t)(n ? n + 4 : 0));
	b->big = big;
	if (!n)
		return;
	qemu_state(b, n);
}

static void xl_part(struct build *b, const struct modern *m)
{
	size_t n = m->config ? strlen(m->config) + 1 : 0;
	uint32_t flags = (m->xl ? 2u : 0) | (m->config ? 1u : 0);

	if (!m->stray_optional) {
		xl_header(b, flags, m->config, n);
		return;
	}
	xl_head(b, flags, (uint32_t)(4 + n + m->stray_optional));
	put32(b, (uint32_t)n);
	put(b, m->config, n);
	fill(b, m->stray_optional);
}

void build_modern(struct build *b, const struct modern *m)
{
	b->big = m->big;
	if (m->xl || m->bare_xl)
		xl_part(b, m);
	if (m->xl || m->libxl) {
		libxl_header(b, m->big);
		empty_record(b, 1);
		image(b, m);
		emulator_records(b, m);
		if (m->unknown)
			blob_record(b, 0x80000007, 0, 0, 3);
		empty_record(b, 0);
		return;
	}
	image(b, m);
	legacy_emulator(b, m->tail, m->emulator);
}

/* --- legacy --------------------------------------------------------------------------------- */

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
		put_ulong(b, 0x40 + i);
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
		put32(b, 0);          /* flags: pages of 4096 octets */
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
		uint64_t *entries = some_entries(l->pages, l->holes, i, l->pv);

		for (size_t k = 0; k < l->pages + l->holes; k++)
			if (entries[k] >> 60 == 0xf)
				entries[k] = UINT64_C(0xf) << 60;
		batch(b, entries, l->pages + l->holes, contents);
		free(entries);
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
	if (compressed) {
		chunk(b, -12);
		put_ulong(b, 37);
		fill(b, 37);
	}
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

/* --- containers ----------------------------------------------------------------------------- */

void libvirt_header(struct build *b, uint32_t version, const char *xml, size_t n)
{
	put(b, "libvirt-xml\n \0 \r", 16);
	put32(b, version);
	put32(b, (uint32_t)n);
	put_zero(b, 40);
	put(b, xml, n);
}

void xend_header(struct build *b, uint32_t length, const char *config)
{
	put(b, "LinuxGuestRecord", 16);
	b->big = true;
	put32(b, length);
	b->big = false;
	put(b, config, strlen(config));
}

void xenserver_record(struct build *b, uint64_t type, uint64_t length)
{
	put64(b, type);
	put64(b, length);
}

/* Two lists, the second one as Xen since 4.16 writes it: eight octets too many. */
static void colo_capture(struct build *b)
{
	for (unsigned i = 0; i < 2; i++) {
		colo_state(b, 2);
		colo_state(b, 3);
		colo_state(b, 1);
		put32(b, 0xf);
		put32(b, COLO_LIST * 8);
		put_zero(b, i * 8);
		for (uint64_t k = 0; k < COLO_LIST; k++)
			put64(b, 5 + k * 3);
	}
}

static void container_head(struct build *b, const struct sample *s)
{
	static const char sexpr[] = "(domain (name a))";

	switch (s->wrapping) {
	case BARE:
		break;
	case LIBVIRT:
		libvirt_header(b, s->is_legacy ? 1 : 2, "<domain/>", 10);
		break;
	case XEND_CAPTURE:
		put(b, "sslreceive\n", 11);
		xend_header(b, 17, sexpr);
		break;
	case XEND:
		xend_header(b, 17, sexpr);
		break;
	case XENSERVER_CAPTURE:
		put_zero(b, 4); /* two handshakes */
		__attribute__((fallthrough));
	case XENSERVER:
	case XENSERVER_DEMU:
		put(b, "XenSavedDomv2-\n", 15);
		xenserver_record(b, 0xf, 17);
		put(b, sexpr, 17);
		xenserver_record(b, s->is_legacy ? 0xf2 : s->modern.libxl ? 0xf1 : 0xf0, 0);
		break;
	case XENSERVER6:
		put(b, "XenSavedDomain\n", 15);
		break;
	case COLO:
		colo_capture(b);
		break;
	}
}

static void container_tail(struct build *b, const struct sample *s)
{
	b->big = false;
	if (s->wrapping == XENSERVER_DEMU) {
		xenserver_record(b, 0xf10, 0);
		fill(b, 100);
	}
	if (s->wrapping != XENSERVER && s->wrapping != XENSERVER_CAPTURE)
		return;
	for (uint64_t type = 0xf11; type <= 0xf13; type++) {
		xenserver_record(b, type, type - 0xf11);
		fill(b, type - 0xf11);
	}
	if (!s->modern.pv && !s->is_legacy) {
		xenserver_record(b, 0xf00, 34);
		qemu_state(b, 30);
	}
	xenserver_record(b, 0xffff, 0);
}

/* --- samples -------------------------------------------------------------------------------- */

#define DM "DeviceModelRecord0002"
#define REMUS "RemusDeviceModelState"
#define QEMU "QemuDeviceModelRecord"
#define XENSERVER_QEMU QEMU "\n"
#define MODERN(label, ...) { .name = label, .modern = { __VA_ARGS__ } }
#define LEGACY(label, ...) { .name = label, .is_legacy = true, .legacy = { __VA_ARGS__ } }

#define WRAPPED(in, label, ...)                                               \
	{ .name = label, .wrapping = in, .modern = { __VA_ARGS__ } }
#define WRAPPED_LEGACY(in, label, ...)                                        \
	{ .name = label, .wrapping = in, .is_legacy = true, .legacy = { __VA_ARGS__ } }

/* Lists stand here with no element, one, two, and more than the parser tells at once: partial items
 * that get lost at the end of a batch are seen by none but the last. */
const struct sample samples[] = {
	MODERN("xl-hvm", .xl = true, .config = "{\"a\":1}", .batches = 2, .pages = 2, .holes = 2,
	       .params = 2, .pairs = 2, .emulator = 50),
	MODERN("xl-hvm-plain", .xl = true, .batches = 1, .pages = 1, .params = 1, .pairs = 1,
	       .emulator = 1),
	MODERN("xl-hvm-no-device-model", .xl = true, .config = "", .batches = 1, .holes = 1,
	       .stray_optional = 9, .params = SIZE_MAX),
	MODERN("libxl-hvm-large-lists", .libxl = true, .leaves = 171, .msrs = 342, .batches = 1,
	       .holes = 1026, .params = 513, .pairs = 40),
	MODERN("libxl-hvm-checkpoints", .libxl = true, .batches = 1, .pages = 1, .params = 2,
	       .checkpoints = 2, .pairs = 1, .emulator = 9),
	MODERN("libxl-hvm-big-endian", .libxl = true, .big = true, .leaves = 2, .msrs = 2,
	       .batches = 1, .pages = 1, .holes = 1, .params = 2, .pairs = 2, .emulator = 7),
	MODERN("libxl-pv-unknown-records", .libxl = true, .pv = true, .batches = 1, .pages = 1,
	       .unknown = true),
	MODERN("libxl-hvm-colo", .libxl = true, .batches = 1, .pages = 1, .params = 2,
	       .checkpoints = 2, .colo = true, .pairs = 1, .emulator = 9),
	MODERN("xl-pv-checkpoint", .xl = true, .config = "{}", .pv = true, .batches = 1, .pages = 1,
	       .checkpoints = 1),
	MODERN("xl-image", .bare_xl = true, .config = "x", .pv = true, .batches = 1, .pages = 2),
	MODERN("xl-big-endian", .xl = true, .config = "{}", .big = true, .params = 1, .batches = 1,
	       .pages = 1),
	MODERN("image-pv64-v3", .pv = true, .leaves = 1, .msrs = 1, .frames = 2, .batches = 2,
	       .pages = 2, .holes = 1, .vcpus = 2),
	MODERN("image-pv64-v2", .version = 2, .pv = true, .frames = 1025, .batches = 1, .pages = 1,
	       .empty_vcpus = true),
	MODERN("image-pv32-v3", .pv = true, .guest_width = 4, .batches = 1, .pages = 2,
	       .verify = true),
	MODERN("image-pv32-big-endian", .big = true, .pv = true, .guest_width = 4, .batches = 1,
	       .pages = 1, .holes = 3),
	MODERN("image-hvm-v2", .version = 2, .batches = 1, .pages = 1, .params = 1),
	MODERN("image-hvm-v3", .batches = 3, .pages = 1, .holes = 1, .params = 2, .unknown = true),
	MODERN("image-hvm-checkpoint", .batches = 1, .pages = 1, .params = 1, .checkpoints = 1),
	MODERN("image-hvm-device-model", .batches = 1, .holes = 1, .params = 1, .tail = DM,
	       .emulator = 30),
	MODERN("image-hvm-device-model-of-no-octets", .batches = 1, .holes = 1, .params = 1,
	       .tail = REMUS),
	MODERN("image-hvm-qemu", .batches = 1, .holes = 1, .params = 1, .tail = QEMU,
	       .emulator = 30),
	LEGACY("legacy-hvm-8", .batches = 2, .pages = 2, .holes = 2, .tsc = true, .params = 2,
	       .physmaps = 2, .last_checkpoint = true, .tail = DM, .emulator = 20),
	LEGACY("legacy-hvm-4", .width = 4, .batches = 1, .pages = 1, .holes = 1, .verify = true,
	       .params = 12, .physmaps = 3, .last_checkpoint = true, .tail = REMUS, .emulator = 3),
	LEGACY("legacy-hvm-8-large-lists", .batches = 1, .holes = 1023, .p2m_size = 1 << 20,
	       .params = 1, .physmaps = 1, .vcpus = 129, .toolstack_twice = true,
	       .last_checkpoint = true, .tail = DM),
	LEGACY("legacy-hvm-4-qemu", .width = 4, .batches = 1, .pages = 1, .physmaps = SIZE_MAX,
	       .no_map = true, .last_checkpoint = true, .tail = QEMU, .emulator = 40),
	LEGACY("legacy-hvm-8-no-device-model", .batches = 1, .pages = 1, .physmaps = 0,
	       .last_checkpoint = true),
	LEGACY("legacy-hvm-8-tmem", .batches = 1, .pages = 1, .tmem = true, .tmem_extra = true,
	       .physmaps = SIZE_MAX, .last_checkpoint = true, .tail = DM, .emulator = 4),
	LEGACY("legacy-hvm-8-remus", .batches = 1, .pages = 1, .physmaps = 1, .params = 1,
	       .checkpoints = 3, .tail = REMUS, .emulator = 4),
	LEGACY("legacy-hvm-4-remus-compressed", .width = 4, .batches = 2, .pages = 1, .holes = 1,
	       .physmaps = 1, .params = 1, .checkpoints = 3, .compressed = true, .tail = DM,
	       .emulator = 4),
	LEGACY("legacy-hvm-8-xl", .xl = true, .batches = 1, .pages = 1, .physmaps = 1, .params = 1,
	       .last_checkpoint = true, .tail = DM, .emulator = 4),
	LEGACY("legacy-pv64-8", .pv = true, .extv = true, .xcnt = true, .batches = 1, .pages = 2,
	       .tsc = true, .unmapped = 1, .vcpus = 2, .last_checkpoint = true),
	LEGACY("legacy-pv32-8", .pv = true, .guest_width = 4, .extv = true, .batches = 1, .pages = 1,
	       .unmapped = 2, .vcpus = 65, .last_checkpoint = true),
	LEGACY("legacy-pv64-4-large-lists", .width = 4, .pv = true, .xcnt = true, .batches = 1,
	       .holes = 3, .p2m_size = 512 * 1025, .unmapped = 1026, .stranger = true,
	       .last_checkpoint = true),
	LEGACY("legacy-pv32-4-remus", .width = 4, .pv = true, .guest_width = 4, .batches = 1,
	       .pages = 1, .checkpoints = 2, .no_map = true),
	LEGACY("legacy-pv32-4-xl", .xl = true, .width = 4, .pv = true, .guest_width = 4,
	       .batches = 1, .pages = 1, .last_checkpoint = true, .p2m_size = 2048),
	LEGACY("legacy-hvm-4-newline", .width = 4, .batches = 1, .holes = 1, .last_checkpoint = true,
	       .tail = XENSERVER_QEMU, .emulator = 40),
	WRAPPED(LIBVIRT, "libvirt-hvm", .libxl = true, .batches = 1, .holes = 1, .params = 1,
		.pairs = 1, .emulator = 9),
	WRAPPED_LEGACY(LIBVIRT, "libvirt-legacy-hvm", .batches = 1, .holes = 1, .physmaps = 1,
		       .last_checkpoint = true, .tail = DM, .emulator = 4),
	WRAPPED_LEGACY(XEND, "xend-hvm-qemu", .batches = 1, .holes = 1, .physmaps = SIZE_MAX,
		       .last_checkpoint = true, .tail = QEMU, .emulator = 40),
	WRAPPED_LEGACY(XEND_CAPTURE, "xend-pv32-capture", .width = 4, .pv = true, .guest_width = 4,
		       .batches = 1, .holes = 1, .last_checkpoint = true),
	WRAPPED(XENSERVER, "xenserver-hvm", .batches = 1, .holes = 1, .params = 1),
	WRAPPED(XENSERVER, "xenserver-pv", .pv = true, .batches = 1, .holes = 1),
	WRAPPED(XENSERVER, "xenserver-libxl", .libxl = true, .pv = true, .batches = 1, .holes = 1),
	WRAPPED(XENSERVER_DEMU, "xenserver-demu", .batches = 1, .holes = 1, .params = 1),
	WRAPPED_LEGACY(XENSERVER, "xenserver-legacy-hvm", .batches = 1, .holes = 1,
		       .physmaps = SIZE_MAX, .last_checkpoint = true, .tail = DM, .emulator = 4),
	WRAPPED(XENSERVER_CAPTURE, "xenserver-pv-capture", .pv = true, .batches = 1, .holes = 1),
	WRAPPED_LEGACY(XENSERVER, "xenserver-legacy-pv-remus", .width = 4, .pv = true,
		       .guest_width = 4, .batches = 1, .pages = 1, .checkpoints = 2),
	WRAPPED_LEGACY(XENSERVER6, "xenserver6-hvm", .width = 4, .batches = 1, .holes = 1,
		       .physmaps = SIZE_MAX, .tail = XENSERVER_QEMU, .emulator = 40),
	WRAPPED(COLO, "colo-back-channel"),
	WRAPPED_LEGACY(XENSERVER6, "xenserver6-pv64", .width = 4, .pv = true, .batches = 1,
		       .holes = 1, .last_checkpoint = true),
};
const size_t samples_count = sizeof(samples) / sizeof(samples[0]);

void build_sample(struct build *b, const struct sample *s)
{
	container_head(b, s);
	if (s->wrapping == COLO)
		return;
	if (s->is_legacy)
		build_legacy(b, &s->legacy);
	else
		build_modern(b, &s->modern);
	container_tail(b, s);
}
