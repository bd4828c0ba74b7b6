/* SPDX-License-Identifier: MIT */
/* Today's formats. */
#include "build_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
uint64_t *some_entries(size_t pages, size_t holes, uint64_t first, unsigned levels)
{
	const unsigned pv_types[] = { 0x0, 0x8 | levels, 0x1, 0x9, levels };
	uint64_t *entries = calloc(pages + holes + 1, sizeof(*entries));

	if (!entries)
		abort();
	for (size_t i = 0; i < pages + holes; i++) {
		uint64_t type = levels && i < pages ? pv_types[i % 5] : 0;

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
						 levels_of(m->pv, m->guest_width));

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

void registers(struct build *b, size_t size)
{
	size_t edx = size == CONTEXT64 ? 0x268 : 0x20c, gdt_ents = size == CONTEXT64 ? 0x1360 : 0xa90;
	size_t cr3 = size == CONTEXT64 ? 0x1390 : 0xaa8, cr1 = size == CONTEXT64 ? 0x1380 : cr3;
	uint8_t *c = b->data + b->size - size;

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

/* Zeros after a word: the vCPU's number, or an MSR's. */
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
		blob_record(b, 4, i, 0, context);
		registers(b, context);
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

/* Magic, version 3 as far as there is room, and n bytes with that. */
void qemu_state(struct build *b, size_t n)
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

void colo_state(struct build *b, uint32_t id)
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

void legacy_emulator(struct build *b, const char *signature, size_t n)
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
