/* SPDX-License-Identifier: MIT */
/* The legacy stream: head, bodies of chunks, and the tail of each body.
 * The toolstack record and tmem have their states in toolstack.c and tmem.c, the device model's
 * record in emulator.c. */
#include "parse/layer_legacy.h"

#include <string.h>

#include "wire/bytes.h"

enum state {
	P2M_SIZE,
	P2M_SIZE_READ,
	EXT_INFO,
	EXT_INFO_READ,
	EXT_BLOCK,
	EXT_BLOCK_READ,
	FRAMES,
	FRAMES_FIELDS,
	FRAMES_ITEMS,
	BODY,
	CHUNK,
	CHUNK_READ,
	BATCH_FIELDS,
	BATCH_ITEMS,
	BATCH_PAGES,
	PARAM,
	TAIL,
	MAGIC_PFNS,
	HVM_CONTEXT,
	HVM_CONTEXT_READ,
	UNMAPPED_READ,
	VCPU,
	VCPU_FIELDS,
	VCPU_BASIC,
	VCPU_EXTENDED,
	VCPU_EXTENDED_FIELDS,
	VCPU_EXTENDED_READ,
	VCPU_XSAVE,
	VCPU_XSAVE_READ,
	VCPU_NEXT,
	SHARED_INFO,
	TAIL_DONE,
	CHECKPOINT,
	MORE,
	FINISH,
	RECORD_DONE = LEGACY_RECORD_DONE
};

#define U64(at) { XST_FIELD_RESERVED, at, 8 }
#define ULONG { XST_FIELD_RESERVED, 0, WIRE_ULONG }

static const struct wire_array entries = { XST_ITEMS_PAGES, WIRE_ULONG, 1, { ULONG } };
static const struct wire_array frames = { XST_ITEMS_P2M_FRAMES, WIRE_ULONG, 1, { ULONG } };
static const struct wire_array unmapped = { XST_ITEMS_UNMAPPED_PFNS, WIRE_ULONG, 1, { ULONG } };
static const struct wire_array map = { XST_ITEMS_VCPU_MAP, 8, 1, { U64(0) } };

void xst_parse_legacy_init(struct layer *l, unsigned width, enum xst_guest guest)
{
	l->ulong_size = width;
	l->guest = guest;
	l->u.legacy.width = width;
	l->state = P2M_SIZE;
}

static int begin_part(struct xst_parser *p, struct layer *l, enum legacy_part part,
		      unsigned framing, uint64_t length, int state)
{
	l->state = state;
	return xst_parse_begin_record(p, l, xst_wire_legacy_part(part), part, framing, length);
}

int xst_parse_legacy_done(struct layer *l, int next)
{
	l->state = RECORD_DONE;
	l->u.legacy.next = next;
	return 0;
}

/* --- head ----------------------------------------------------------------------------------- */

static int p2m_size_read(struct xst_parser *p, struct layer *l)
{
	uint64_t n = xst_parse_field(p, XST_FIELD_P2M_SIZE);

	if (n == 0 || n > p->limits.max_p2m_size)
		return xst_parse_fail(p, n ? XST_E_LIMIT : XST_E_MALFORMED, RULE_LEGACY_P2M_SIZE,
				      l->ulong_size, "p2m_size", "%llu pages, not 1 to %llu",
				      (unsigned long long)n,
				      (unsigned long long)p->limits.max_p2m_size);
	l->u.legacy.p2m_size = n;
	return xst_parse_legacy_done(l, l->guest == XST_GUEST_PV ? EXT_INFO : BODY);
}

static int ext_info_read(struct xst_parser *p, struct layer *l)
{
	uint64_t n = xst_parse_field(p, XST_FIELD_LENGTH);

	if (!all_ones_ulong(xst_parse_field(p, XST_FIELD_MARKER), l->ulong_size))
		return xst_parse_fail(p, XST_E_UNSUPPORTED, RULE_LEGACY_EXT_INFO, l->ulong_size + 4,
				      "marker",
				      "no extended info: the stream is from before Xen 3.0.3");
	if (n > p->limits.max_ext_info)
		return xst_parse_fail(
			p, XST_E_LIMIT, RULE_LIMIT, 4, "length",
			"%llu octets of extended info are more than the limit of %llu",
			(unsigned long long)n, (unsigned long long)p->limits.max_ext_info);
	l->u.legacy.left = n;
	return xst_parse_legacy_done(l, EXT_BLOCK);
}

static int ext_info_end(struct xst_parser *p, struct layer *l)
{
	if (!l->u.legacy.guest_width)
		return xst_parse_fail(
			p, XST_E_MALFORMED, RULE_LEGACY_EXT_INFO, 0, "vcpu",
			"the extended info has no \"vcpu\" block, so the guest's width is unknown");
	l->state = FRAMES;
	return 0;
}

static int ext_block(struct xst_parser *p, struct layer *l, struct xst_in *in)
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
				      "%llu octets are left, too few for a block",
				      (unsigned long long)g->left);
	r = xst_parser_take(p, in, RECORD_HEADER_SIZE, 0, &b);
	if (r)
		return r;
	id = le32(b);
	size = le32(b + 4);
	g->left -= RECORD_HEADER_SIZE;
	if (size > g->left)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_EXT_INFO, 4, "size",
				      "a block of %u octets does not fit the %llu that are left",
				      size, (unsigned long long)g->left);
	g->left -= size;
	row = xst_wire_find(xst_wire_legacy_ext_blocks, xst_wire_legacy_ext_blocks_count, id);
	if (!row)
		row = xst_wire_find(xst_wire_legacy_ext_blocks, xst_wire_legacy_ext_blocks_count,
				    0);
	if (size < row->fixed)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_EXT_INFO, 4, "size",
				      "a %s block of %u octets is too short", row->name, size);
	l->state = EXT_BLOCK_READ;
	return xst_parse_begin_record(p, l, row, id, RECORD_HEADER_SIZE, size);
}

static int legacy_guest_width(struct xst_parser *p, struct layer *l, uint64_t size)
{
	if (l->u.legacy.guest_width)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_EXT_INFO, RECORD_HEADER_SIZE,
				      "id", "a second \"vcpu\" block");
	if (size != LEGACY_VCPU64_SIZE && size != LEGACY_VCPU32_SIZE)
		return xst_parse_fail(
			p, XST_E_MALFORMED, RULE_LEGACY_EXT_INFO, 4, "size",
			"a context of %llu octets belongs to neither a 64-bit nor a 32-bit guest",
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
			       "%.4s: a block of unknown meaning, skipped",
			       (const char *)&l->record.type);
	}
	xst_parse_start_run(p, left, 1);
	xst_parse_legacy_done(l, EXT_BLOCK);
	return r;
}

static int frames_begin(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	uint64_t per_frame = XST_PAGE_SIZE / g->guest_width;

	g->left = (g->p2m_size + per_frame - 1) / per_frame;
	return begin_part(p, l, LEGACY_P2M_FRAMES, 0, g->left * g->width, FRAMES_FIELDS);
}

static int frames_fields(struct xst_parser *p, struct layer *l)
{
	struct xst_field_value v[] = { { XST_FIELD_FIRST_PFN, 0 },
				       { XST_FIELD_LAST_PFN, l->u.legacy.p2m_size - 1 } };

	l->state = FRAMES_ITEMS;
	return xst_parse_tell_fields(p, v, 2);
}

/* --- body ----------------------------------------------------------------------------------- */

/* Compression that a checkpoint announces holds from the next one on. */
static int legacy_body(struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;

	g->compressed = g->compressing;
	g->had_map = g->had_toolstack = g->last_checkpoint = false;
	memset(g->vcpus, 0, sizeof(g->vcpus));
	g->vcpus[0] = 1;
	l->state = CHUNK;
	return 0;
}

static int chunk(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	const struct wire_record *row;
	const uint8_t *b;
	int32_t id;
	int r = xst_parser_take(p, in, 4, 0, &b);

	if (r)
		return r;
	id = (int32_t)le32(b);
	if (id > LEGACY_MAX_BATCH)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_BATCH, 4, "chunk",
				      "a batch of %d page frames; %d is the most", id,
				      LEGACY_MAX_BATCH);
	if (id > 0) {
		l->u.legacy.left = (uint64_t)id;
		return begin_part(p, l, LEGACY_BATCH, 4, 0, BATCH_FIELDS);
	}
	row = xst_wire_find(xst_wire_legacy_chunks, xst_wire_legacy_chunks_count, (uint32_t)id);
	if (!row)
		return xst_parse_fail(p, XST_E_UNKNOWN, RULE_LEGACY_CHUNK, 4, "chunk",
				      "%d: no such chunk in any Xen", id);
	l->state = CHUNK_READ;
	return xst_parse_begin_record(p, l, row, (uint32_t)id, 4, 0);
}

static int batch_fields(struct xst_parser *p, struct layer *l)
{
	struct xst_field_value v = { XST_FIELD_COUNT, l->u.legacy.left };

	l->state = BATCH_ITEMS;
	return xst_parse_tell_fields(p, &v, 1);
}

static int vcpu_map(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	uint64_t max = xst_parse_field(p, XST_FIELD_MAX_VCPU_ID);

	if (max > p->limits.max_vcpu_id)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, 4, "max_vcpu_id",
				      "%lld is not among 0 to %llu", (long long)(int32_t)max,
				      (unsigned long long)p->limits.max_vcpu_id);
	memset(g->vcpus, 0, sizeof(g->vcpus));
	g->max_vcpu_id = max;
	g->map_word = 0;
	g->had_map = true;
	xst_parse_start_items(p, &map, max / 64 + 1);
	return xst_parse_legacy_done(l, CHUNK);
}

static int compressed_data(struct xst_parser *p, struct layer *l)
{
	uint64_t n = xst_parse_field(p, XST_FIELD_LENGTH);

	if (n > p->limits.max_compressed)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, l->ulong_size, "length",
				      "%llu octets are more than the limit of %llu",
				      (unsigned long long)n,
				      (unsigned long long)p->limits.max_compressed);
	xst_parse_start_run(p, n, 1);
	return xst_parse_legacy_done(l, CHUNK);
}

static int chunk_read(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;

	switch (l->record.row->kind) {
	case XST_KIND_END_OF_BODY:
		return xst_parse_legacy_done(l, TAIL);
	case XST_KIND_VCPU_MAP:
		return vcpu_map(p, l);
	case XST_KIND_HVM_PARAMS:
		l->state = PARAM;
		return 0;
	case XST_KIND_TMEM:
	case XST_KIND_TMEM_EXTRA:
		return xst_parse_tmem_begin(p, l);
	case XST_KIND_TOOLSTACK:
		return xst_parse_toolstack_begin(p, l);
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
	return xst_parse_legacy_done(l, CHUNK);
}

static int tell_params(struct xst_parser *p, size_t n)
{
	struct xst_event *ev = xst_parser_event(p, XST_EVENT_ITEMS);

	ev->u.items.kind = XST_ITEMS_HVM_PARAMS;
	ev->u.items.v = p->items.numbers;
	ev->u.items.n = n;
	ev->u.items.width = 2;
	ev->u.items.first = 0;
	return EVENT;
}

static int param(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	const uint8_t *b;
	int r = xst_parser_take(p, in, l->record.row->fixed, 0, &b);

	if (r)
		return r;
	if (l->guest == XST_GUEST_PV)
		xst_parse_warn(p, RULE_LEGACY_PARAM_PV, 12, NULL, "%s in a PV guest's stream",
			       l->record.row->name);
	p->items.numbers[0] = l->record.row->param;
	p->items.numbers[1] = le64(b + 4);
	xst_parse_legacy_done(l, CHUNK);
	return tell_params(p, 1);
}

/* --- tail ----------------------------------------------------------------------------------- */

static int tail(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;

	if (!g->had_map)
		xst_parse_warn(p, RULE_LEGACY_NO_VCPU_MAP, 0, NULL,
			       "no VCPU_INFO chunk: vCPU 0 is meant");
	if (l->guest == XST_GUEST_HVM)
		return begin_part(p, l, LEGACY_MAGIC_PFNS, 0, 24, MAGIC_PFNS);
	return begin_part(p, l, LEGACY_UNMAPPED_PFNS, 0, 0, UNMAPPED_READ);
}

static int magic_pfns(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	static const uint8_t index[3] = { HVM_PARAM_IOREQ_PFN, HVM_PARAM_BUFIOREQ_PFN,
					  HVM_PARAM_STORE_PFN };
	const uint8_t *b;
	int r = xst_parser_take(p, in, l->record.row->fixed, 0, &b);

	if (r)
		return r;
	for (unsigned i = 0; i < 3; i++) {
		p->items.numbers[2 * i] = index[i];
		p->items.numbers[2 * i + 1] = le64(b + 8 * i);
	}
	xst_parse_legacy_done(l, HVM_CONTEXT);
	return tell_params(p, 3);
}

static int hvm_context_read(struct xst_parser *p, struct layer *l)
{
	uint64_t n = xst_parse_field(p, XST_FIELD_LENGTH);

	if (n == 0)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_CONTEXT, 4, "length",
				      "an empty HVM context: no guest can be started from it");
	if (n > p->limits.max_record)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, 4, "length",
				      "%llu octets of HVM context are more than the limit of %llu",
				      (unsigned long long)n,
				      (unsigned long long)p->limits.max_record);
	xst_parse_start_run(p, n, 1);
	return xst_parse_legacy_done(l, p->flags & XST_PARSER_NO_EMULATOR ? TAIL_DONE
									  : STATE_EMULATOR);
}

static int unmapped_read(struct xst_parser *p, struct layer *l)
{
	uint64_t n = xst_parse_field(p, XST_FIELD_COUNT);

	if (n > p->limits.max_p2m_size)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, 4, "count",
				      "%llu unmapped pfns are more than the limit of %llu",
				      (unsigned long long)n,
				      (unsigned long long)p->limits.max_p2m_size);
	xst_parse_start_items(p, &unmapped, n);
	l->u.legacy.vcpu = 0;
	return xst_parse_legacy_done(l, VCPU);
}

static bool legacy_online(const struct legacy_layer *g, unsigned vcpu)
{
	return g->vcpus[vcpu / 64] >> vcpu % 64 & 1;
}

static int legacy_vcpu(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;

	while (g->vcpu <= LEGACY_MAX_VCPU_ID && !legacy_online(g, g->vcpu))
		g->vcpu++;
	if (g->vcpu > LEGACY_MAX_VCPU_ID)
		return begin_part(p, l, LEGACY_SHARED_INFO, 0, XST_PAGE_SIZE, SHARED_INFO);
	return begin_part(p, l, LEGACY_VCPU_BASIC, 0,
			  g->guest_width == 8 ? LEGACY_VCPU64_SIZE : LEGACY_VCPU32_SIZE,
			  VCPU_FIELDS);
}

static int legacy_vcpu_fields(struct xst_parser *p, struct layer *l, int state)
{
	struct xst_field_value v = { XST_FIELD_VCPU_ID, l->u.legacy.vcpu };

	l->state = state;
	return xst_parse_tell_fields(p, &v, 1);
}

static int vcpu_extended(struct xst_parser *p, struct layer *l)
{
	if (!l->u.legacy.extended) {
		l->state = VCPU_XSAVE;
		return 0;
	}
	return begin_part(p, l, LEGACY_VCPU_EXTENDED, 0, LEGACY_EXTENDED_SIZE,
			  VCPU_EXTENDED_FIELDS);
}

static int vcpu_xsave(struct xst_parser *p, struct layer *l)
{
	if (!l->u.legacy.xsave) {
		l->state = VCPU_NEXT;
		return 0;
	}
	return begin_part(p, l, LEGACY_VCPU_XSAVE, 0, 0, VCPU_XSAVE_READ);
}

/* Its size can differ from vCPU to vCPU: what counts is what stands here. */
static int vcpu_xsave_read(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	struct legacy_layer *g = &l->u.legacy;
	struct xst_field_value v[3] = { { XST_FIELD_VCPU_ID, g->vcpu },
					{ XST_FIELD_XFEATURE_MASK, 0 },
					{ XST_FIELD_XSAVE_SIZE, 0 } };
	const uint8_t *b;
	int r = xst_parser_take(p, in, l->record.row->fixed, 0, &b);

	if (r)
		return r;
	v[1].value = le64(b);
	v[2].value = le64(b + 8);
	if (v[2].value > p->limits.max_xsave)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, 8, "size",
				      "%llu octets of xsave area are more than the limit of %llu",
				      (unsigned long long)v[2].value,
				      (unsigned long long)p->limits.max_xsave);
	if (v[2].value + 16 != g->xsave_size)
		xst_parse_warn(p, RULE_LEGACY_XSAVE, 8, "size",
			       "%llu octets and 16 in front of them, where %llu were announced",
			       (unsigned long long)v[2].value, (unsigned long long)g->xsave_size);
	xst_parse_start_run(p, v[2].value, 1);
	xst_parse_legacy_done(l, VCPU_NEXT);
	return xst_parse_tell_fields(p, v, 3);
}

static int run_then(struct xst_parser *p, struct layer *l, int next)
{
	xst_parse_start_run(p, l->record.length, 1);
	return xst_parse_legacy_done(l, next);
}

/* A suspend image of XenServer 6 lies on a raw disk: what follows the guest's state is anything,
 * also the remains of another image. */
static int tail_done(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	bool one = p->flags & (XST_PARSER_NO_EMULATOR | XST_PARSER_ONE_CHECKPOINT) ||
		   xst_parser_inside(p, l, XST_LAYER_XENSERVER6);

	l->state = one || (g->last_checkpoint && !g->checkpoints) ? FINISH : CHECKPOINT;
	return 0;
}

static int legacy_checkpoint(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	int r = begin_part(p, l, LEGACY_CHECKPOINT, 0, 0, RECORD_DONE);

	g->checkpoints++;
	g->next = g->last_checkpoint ? FINISH : MORE;
	return r;
}

/* Without LAST_CHECKPOINT another state of the guest may follow, or the input ends, or a record of
 * XenServer's, or zeros of the disk that the stream lies on: a state begins with a chunk.  Some types
 * of XenServer's records could be batches of 15 or 240 entries: one that has zeros where they are in
 * such a header would name pfn 0 twice. */
static int more(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	const uint8_t *b;
	int32_t id;
	int r = xst_parser_peek_or_end(p, in, 4, &b);
	bool record = r == 0 && b && xst_parser_inside(p, l, XST_LAYER_XENSERVER) &&
		      xst_wire_find(xst_wire_xenserver_records, xst_wire_xenserver_count, le32(b));

	if (record)
		r = xst_parser_peek(p, in, XENSERVER_RECORD_HEADER, 0, &b);
	if (r)
		return r;
	record = record && le32(b + 4) == 0 && le32(b + 12) == 0;
	id = b && !record ? (int32_t)le32(b) : INT32_MIN;
	l->state = id && id >= LEGACY_CHUNK_MIN && id <= LEGACY_MAX_BATCH ? BODY : FINISH;
	return 0;
}

static int record_done(struct xst_parser *p, struct layer *l)
{
	l->state = l->u.legacy.next;
	return xst_parse_end_record(p, l);
}

static int head_step(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	switch (l->state) {
	case P2M_SIZE:       return begin_part(p, l, LEGACY_P2M_SIZE, 0, l->ulong_size, P2M_SIZE_READ);
	case P2M_SIZE_READ:  return p2m_size_read(p, l);
	case EXT_INFO:       return begin_part(p, l, LEGACY_EXT_INFO, 0, l->ulong_size + 4, EXT_INFO_READ);
	case EXT_INFO_READ:  return ext_info_read(p, l);
	case EXT_BLOCK:      return ext_block(p, l, in);
	case EXT_BLOCK_READ: return ext_block_read(p, l);
	case FRAMES:         return frames_begin(p, l);
	case FRAMES_FIELDS:  return frames_fields(p, l);
	case FRAMES_ITEMS:
		xst_parse_start_items(p, &frames, l->u.legacy.left);
		return xst_parse_legacy_done(l, BODY);
	default:
		return XST_E_STATE;
	}
}

static int body_step(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	switch (l->state) {
	case BODY:         return legacy_body(l);
	case CHUNK:        return chunk(p, l, in);
	case CHUNK_READ:   return chunk_read(p, l);
	case BATCH_FIELDS: return batch_fields(p, l);
	case BATCH_ITEMS:
		xst_parse_start_items(p, &entries, l->u.legacy.left);
		l->state = BATCH_PAGES;
		return 0;
	case BATCH_PAGES:
		if (!l->u.legacy.compressed)
			xst_parse_start_run(p, p->items.data_pages * XST_PAGE_SIZE, XST_PAGE_SIZE);
		return xst_parse_legacy_done(l, CHUNK);
	case PARAM: return param(p, l, in);
	default:
		return XST_E_STATE;
	}
}

static int tail_step(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	switch (l->state) {
	case TAIL:                 return tail(p, l);
	case MAGIC_PFNS:           return magic_pfns(p, l, in);
	case HVM_CONTEXT:          return begin_part(p, l, LEGACY_HVM_CONTEXT, 0, 0, HVM_CONTEXT_READ);
	case HVM_CONTEXT_READ:     return hvm_context_read(p, l);
	case UNMAPPED_READ:        return unmapped_read(p, l);
	case VCPU:                 return legacy_vcpu(p, l);
	case VCPU_FIELDS:          return legacy_vcpu_fields(p, l, VCPU_BASIC);
	case VCPU_BASIC:           return run_then(p, l, VCPU_EXTENDED);
	case VCPU_EXTENDED:        return vcpu_extended(p, l);
	case VCPU_EXTENDED_FIELDS: return legacy_vcpu_fields(p, l, VCPU_EXTENDED_READ);
	case VCPU_EXTENDED_READ:   return run_then(p, l, VCPU_XSAVE);
	case VCPU_XSAVE:           return vcpu_xsave(p, l);
	case VCPU_XSAVE_READ:      return vcpu_xsave_read(p, l, in);
	case VCPU_NEXT:
		l->u.legacy.vcpu++;
		l->state = VCPU;
		return 0;
	case SHARED_INFO: return run_then(p, l, TAIL_DONE);
	case TAIL_DONE:   return tail_done(p, l);
	case CHECKPOINT:  return legacy_checkpoint(p, l);
	case MORE:        return more(p, l, in);
	case FINISH:      return xst_parser_end_layer(p);
	default:
		return XST_E_STATE;
	}
}

int xst_parse_legacy_step(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	if (l->state == RECORD_DONE)
		return record_done(p, l);
	if (l->state >= STATE_EMULATOR && l->state < STATE_TOOLSTACK)
		return xst_parse_emulator_step(p, l, in, TAIL_DONE);
	if (l->state >= STATE_TOOLSTACK && l->state < STATE_TMEM)
		return xst_parse_toolstack_step(p, l, in, CHUNK);
	if (l->state >= STATE_TMEM)
		return xst_parse_tmem_step(p, l, in, CHUNK);
	if (l->state < BODY)
		return head_step(p, l, in);
	return l->state < TAIL ? body_step(p, l, in) : tail_step(p, l, in);
}
