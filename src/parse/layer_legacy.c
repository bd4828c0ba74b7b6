/* SPDX-License-Identifier: MIT */
/* The legacy stream: head and bodies of chunks.  The tail of each body is in legacy_tail.c.
 *
 *   p2m size (-> extended info -> its blocks -> p2m frames) -> body -> chunk ... -> tail
 *
 * Read the states from the bottom up. */
#include "parse/layer_legacy.h"

#include <string.h>

#include "wire/bytes.h"

#define U64(at) { XST_FIELD_RESERVED, at, 8 }
#define ULONG { XST_FIELD_RESERVED, 0, WIRE_ULONG }

static const struct wire_array entries = { XST_ITEMS_PAGES, WIRE_ULONG, 1, { ULONG } };
static const struct wire_array frames = { XST_ITEMS_P2M_FRAMES, WIRE_ULONG, 1, { ULONG } };
static const struct wire_array map = { XST_ITEMS_VCPU_MAP, 8, 1, { U64(0) } };

int xst_parse_legacy_part(struct xst_parser *p, struct layer *l, enum legacy_part part,
			  unsigned framing, uint64_t length, state_fn next)
{
	return xst_parse_begin_record(p, l, xst_wire_legacy_part(part), part, framing, length,
				      next);
}

/* --- bodies --------------------------------------------------------------------------------- */

static int chunk(struct xst_parser *p, struct layer *l);

static int batch_pages(struct xst_parser *p, struct layer *l)
{
	uint64_t pages = l->u.legacy.compressed ? 0 : p->items.data_pages;

	return xst_parse_last_run(p, l, pages * XST_PAGE_SIZE, XST_PAGE_SIZE, chunk);
}

static int batch_items(struct xst_parser *p, struct layer *l)
{
	xst_parse_start_items(p, l, &entries, l->u.legacy.left, batch_pages);
	return 0;
}

static int batch_fields(struct xst_parser *p, struct layer *l)
{
	struct xst_field_value v = { XST_FIELD_COUNT, l->u.legacy.left };

	l->state = batch_items;
	return xst_parse_tell_fields(p, &v, 1);
}

static int vcpu_map(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	uint64_t max = xst_parse_field(p, XST_FIELD_MAX_VCPU_ID);

	if (max > p->limits.max_vcpu_id)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, 4, "max_vcpu_id",
				      "%lld is not between 0 and %llu", (long long)(int32_t)max,
				      (unsigned long long)p->limits.max_vcpu_id);
	memset(g->vcpus, 0, sizeof(g->vcpus));
	g->max_vcpu_id = max;
	g->map_word = 0;
	g->had_map = true;
	l->after = chunk;
	xst_parse_start_items(p, l, &map, max / 64 + 1, xst_parse_tell_end);
	return 0;
}

static int compressed_data(struct xst_parser *p, struct layer *l)
{
	uint64_t n = xst_parse_field(p, XST_FIELD_LENGTH);

	if (n > p->limits.max_compressed)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, l->ulong_size, "length",
				      "%llu bytes are more than the limit of %llu",
				      (unsigned long long)n,
				      (unsigned long long)p->limits.max_compressed);
	return xst_parse_last_run(p, l, n, 1, chunk);
}

int xst_parse_legacy_params(struct xst_parser *p, size_t n)
{
	struct xst_event *ev = xst_parser_event(p, XST_EVENT_ITEMS);

	ev->u.items.kind = XST_ITEMS_HVM_PARAMS;
	ev->u.items.v = p->items.numbers;
	ev->u.items.n = n;
	ev->u.items.width = 2;
	ev->u.items.first = 0;
	return EVENT;
}

static int param(struct xst_parser *p, struct layer *l)
{
	const uint8_t *b;
	int r = xst_parser_take(p, l->record.row->fixed, 0, &b);

	if (r)
		return r;
	if (l->guest == XST_GUEST_PV)
		xst_parse_warn(p, RULE_LEGACY_PARAM_PV, 12, NULL, "%s in a PV guest's stream",
			       l->record.row->name);
	p->items.numbers[0] = l->record.row->param;
	p->items.numbers[1] = le64(b + 4);
	xst_parse_end_record(l, chunk);
	return xst_parse_legacy_params(p, 1);
}

static int chunk_read(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;

	switch (l->record.row->kind) {
	case XST_KIND_END_OF_BODY:
		return xst_parse_end_record(l, xst_parse_legacy_tail);
	case XST_KIND_VCPU_MAP:
		return vcpu_map(p, l);
	case XST_KIND_HVM_PARAMS:
		l->state = param;
		return 0;
	case XST_KIND_TMEM:
	case XST_KIND_TMEM_EXTRA:
		return xst_parse_tmem(p, l, chunk);
	case XST_KIND_TOOLSTACK:
		return xst_parse_toolstack(p, l, chunk);
	case XST_KIND_COMPRESSED_DATA:
		return compressed_data(p, l);
	case XST_KIND_LAST_CHECKPOINT:
		g->last_checkpoint = true;
		break;
	case XST_KIND_ENABLE_COMPRESSION:
		g->compressing = true;
		break;
	default:
		break;
	}
	return xst_parse_end_record(l, chunk);
}

static int chunk(struct xst_parser *p, struct layer *l)
{
	const struct wire_record *row;
	const uint8_t *b;
	int32_t id;
	int r = xst_parser_take(p, 4, 0, &b);

	if (r)
		return r;
	id = (int32_t)le32(b);
	if (id > LEGACY_MAX_BATCH)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_BATCH, 4, "chunk",
				      "a batch of %d pfns; the maximum is %d", id,
				      LEGACY_MAX_BATCH);
	if (id > 0) {
		l->u.legacy.left = (uint64_t)id;
		return xst_parse_legacy_part(p, l, LEGACY_BATCH, 4, 0, batch_fields);
	}
	row = xst_wire_find(xst_wire_legacy_chunks, xst_wire_legacy_chunks_count, (uint32_t)id);
	if (!row)
		return xst_parse_fail(p, XST_E_UNKNOWN, RULE_LEGACY_CHUNK, 4, "chunk",
				      "%d: no Xen has such a chunk", id);
	return xst_parse_begin_record(p, l, row, (uint32_t)id, 4, 0, chunk_read);
}

/* Compression takes effect at the checkpoint after the one that announces it. */
int xst_parse_legacy_body(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;

	g->compressed = g->compressing;
	g->had_map = g->had_toolstack = g->last_checkpoint = false;
	memset(g->vcpus, 0, sizeof(g->vcpus));
	g->vcpus[0] = 1;
	l->state = chunk;
	return chunk(p, l);
}

/* --- head ----------------------------------------------------------------------------------- */

static int ext_block(struct xst_parser *p, struct layer *l);

static int frames_items(struct xst_parser *p, struct layer *l)
{
	l->after = xst_parse_legacy_body;
	xst_parse_start_items(p, l, &frames, l->u.legacy.left, xst_parse_tell_end);
	return 0;
}

static int frames_fields(struct xst_parser *p, struct layer *l)
{
	struct xst_field_value v[] = { { XST_FIELD_FIRST_PFN, 0 },
				       { XST_FIELD_LAST_PFN, l->u.legacy.p2m_size - 1 } };

	l->state = frames_items;
	return xst_parse_tell_fields(p, v, 2);
}

static int legacy_frames(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	uint64_t per_frame = XST_PAGE_SIZE / g->guest_width;

	g->left = (g->p2m_size + per_frame - 1) / per_frame;
	return xst_parse_legacy_part(p, l, LEGACY_P2M_FRAMES, 0, g->left * g->width,
				     frames_fields);
}

static int legacy_guest_width(struct xst_parser *p, struct layer *l, uint64_t size)
{
	if (l->u.legacy.guest_width)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_EXT_INFO, RECORD_HEADER_SIZE,
				      "id", "a second \"vcpu\" block");
	if (size != LEGACY_VCPU64_SIZE && size != LEGACY_VCPU32_SIZE)
		return xst_parse_fail(
			p, XST_E_MALFORMED, RULE_LEGACY_EXT_INFO, 4, "size",
			"a context of %llu bytes fits neither a 64-bit nor a 32-bit guest",
			(unsigned long long)size);
	l->u.legacy.guest_width = size == LEGACY_VCPU64_SIZE ? 8 : 4;
	return 0;
}

static int ext_block_read(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	uint64_t left = xst_parse_body_left(p, l);
	int r = 0;

	switch (l->record.row->kind) {
	case XST_KIND_EXT_VCPU:
		r = legacy_guest_width(p, l, left);
		break;
	case XST_KIND_EXT_EXTV:
		g->extended = true;
		break;
	case XST_KIND_EXT_XCNT:
		g->xsave_size = xst_parse_field(p, XST_FIELD_XSAVE_SIZE);
		g->xsave = g->xsave_size != 0;
		break;
	default:
		xst_parse_warn(p, RULE_LEGACY_EXT_BLOCK, RECORD_HEADER_SIZE, "id",
			       "%.4s: unknown block, skipped",
			       (const char *)&l->record.type);
	}
	xst_parse_last_run(p, l, left, 1, ext_block);
	return r;
}

static int ext_info_end(struct xst_parser *p, struct layer *l)
{
	if (!l->u.legacy.guest_width)
		return xst_parse_fail(
			p, XST_E_MALFORMED, RULE_LEGACY_EXT_INFO, 0, "vcpu",
			"the extended info has no \"vcpu\" block, so the guest's width is unknown");
	l->state = legacy_frames;
	return 0;
}

static int ext_block(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	const struct wire_record *row;
	const uint8_t *b;
	uint32_t id, size;
	int r;

	if (g->left == 0)
		return ext_info_end(p, l);
	if (g->left < RECORD_HEADER_SIZE)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_EXT_INFO, 0, "length",
				      "the remaining %llu bytes are too few for a block",
				      (unsigned long long)g->left);
	r = xst_parser_take(p, RECORD_HEADER_SIZE, 0, &b);
	if (r)
		return r;
	id = le32(b);
	size = le32(b + 4);
	g->left -= RECORD_HEADER_SIZE;
	if (size > g->left)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_EXT_INFO, 4, "size",
				      "a block of %u bytes does not fit into the remaining %llu",
				      size, (unsigned long long)g->left);
	g->left -= size;
	row = xst_wire_find(xst_wire_legacy_ext_blocks, xst_wire_legacy_ext_blocks_count, id);
	if (!row)
		row = xst_wire_find(xst_wire_legacy_ext_blocks, xst_wire_legacy_ext_blocks_count,
				    0);
	if (size < row->fixed)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_EXT_INFO, 4, "size",
				      "a %s block of %u bytes is too short", row->name, size);
	return xst_parse_begin_record(p, l, row, id, RECORD_HEADER_SIZE, size, ext_block_read);
}

static int ext_info_read(struct xst_parser *p, struct layer *l)
{
	uint64_t n = xst_parse_field(p, XST_FIELD_LENGTH);

	if (!all_ones_ulong(xst_parse_field(p, XST_FIELD_MARKER), l->ulong_size))
		return xst_parse_fail(
			p, XST_E_UNSUPPORTED, RULE_LEGACY_EXT_INFO, l->ulong_size + 4, "marker",
			"no extended info: streams from before Xen 3.0.3 are not supported");
	if (n > p->limits.max_ext_info)
		return xst_parse_fail(
			p, XST_E_LIMIT, RULE_LIMIT, 4, "length",
			"%llu bytes of extended info are more than the limit of %llu",
			(unsigned long long)n, (unsigned long long)p->limits.max_ext_info);
	l->u.legacy.left = n;
	return xst_parse_end_record(l, ext_block);
}

static int ext_info(struct xst_parser *p, struct layer *l)
{
	return xst_parse_legacy_part(p, l, LEGACY_EXT_INFO, 0, l->ulong_size + 4, ext_info_read);
}

static int p2m_size_read(struct xst_parser *p, struct layer *l)
{
	uint64_t n = xst_parse_field(p, XST_FIELD_P2M_SIZE);

	if (n == 0 || n > p->limits.max_p2m_size)
		return xst_parse_fail(p, n ? XST_E_LIMIT : XST_E_MALFORMED, RULE_LEGACY_P2M_SIZE,
				      l->ulong_size, "p2m_size", "%llu pages, not 1 to %llu",
				      (unsigned long long)n,
				      (unsigned long long)p->limits.max_p2m_size);
	l->u.legacy.p2m_size = n;
	return xst_parse_end_record(l, l->guest == XST_GUEST_PV ? ext_info : xst_parse_legacy_body);
}

int xst_parse_legacy(struct xst_parser *p, struct layer *l)
{
	return xst_parse_legacy_part(p, l, LEGACY_P2M_SIZE, 0, l->ulong_size, p2m_size_read);
}

void xst_parse_legacy_init(struct layer *l, unsigned width, enum xst_guest guest)
{
	l->ulong_size = width;
	l->guest = guest;
	l->u.legacy.width = width;
}
