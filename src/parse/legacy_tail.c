/* SPDX-License-Identifier: MIT */
/* The tail of a legacy stream's body, and another state of the guest after it, if there is one.
 *
 *   HVM: magic pfns -> HVM context -> device model's record -> tail done
 *   PV:  unmapped pfns -> vCPU (-> extended) (-> xsave) -> vCPU ... -> shared info -> tail done
 *   tail done (-> checkpoint -> more -> body) -> end
 *
 * Read the states from the bottom up. */
#include "parse/layer_legacy.h"

#include "wire/bytes.h"

#define ULONG { XST_FIELD_RESERVED, 0, WIRE_ULONG }

static const struct wire_array unmapped = { XST_ITEMS_UNMAPPED_PFNS, WIRE_ULONG, 1, { ULONG } };

/* Without LAST_CHECKPOINT, the tail may be followed by another state of the guest, which begins
 * with a chunk, by the end of the input, by a XenServer record, or by zeros of the disk that the
 * stream lies on.  Some types of XenServer records could be batches of 15 or 240 entries: such a
 * batch, with zeros where the header has them, would name pfn 0 twice. */
static int more(struct xst_parser *p, struct layer *l)
{
	const uint8_t *b;
	int32_t id;
	int r = xst_parser_peek_or_end(p, 4, &b);
	bool record = r == 0 && b && xst_parser_inside(p, l, XST_LAYER_XENSERVER) &&
		      xst_wire_find(xst_wire_xenserver_records, xst_wire_xenserver_count, le32(b));

	if (record)
		r = xst_parser_peek(p, XENSERVER_RECORD_HEADER, 0, &b);
	if (r)
		return r;
	record = record && le32(b + 4) == 0 && le32(b + 12) == 0;
	id = b && !record ? (int32_t)le32(b) : INT32_MIN;
	l->state = id && id >= LEGACY_CHUNK_MIN && id <= LEGACY_MAX_BATCH ? xst_parse_legacy_body
								       : xst_parser_end_layer;
	return 0;
}

static int legacy_checkpoint(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;

	g->checkpoints++;
	l->after = g->last_checkpoint ? xst_parser_end_layer : more;
	return xst_parse_legacy_part(p, l, LEGACY_CHECKPOINT, 0, 0, xst_parse_tell_end);
}

/* A suspend image of XenServer 6 lies on a raw disk: anything may follow the guest's state, even
 * the remains of another image. */
static int tail_done(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	bool one = p->flags & (XST_PARSER_NO_EMULATOR | XST_PARSER_ONE_CHECKPOINT) ||
		   xst_parser_inside(p, l, XST_LAYER_XENSERVER6);

	l->state = one || (g->last_checkpoint && !g->checkpoints) ? xst_parser_end_layer
								: legacy_checkpoint;
	return 0;
}

/* --- HVM -------------------------------------------------------------------------------------- */

static int legacy_emulator(struct xst_parser *p, struct layer *l)
{
	return xst_parse_emulator(p, l, tail_done);
}

static int hvm_context_read(struct xst_parser *p, struct layer *l)
{
	uint64_t n = xst_parse_field(p, XST_FIELD_LENGTH);

	if (n == 0)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_CONTEXT, 4, "length",
				      "the HVM context is empty: no guest can be started from it");
	if (n > p->limits.max_record)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, 4, "length",
				      "%llu bytes of HVM context are more than the limit of %llu",
				      (unsigned long long)n,
				      (unsigned long long)p->limits.max_record);
	return xst_parse_last_run(p, l, n, 1, p->flags & XST_PARSER_NO_EMULATOR ? tail_done
										: legacy_emulator);
}

static int legacy_hvm_context(struct xst_parser *p, struct layer *l)
{
	return xst_parse_legacy_part(p, l, LEGACY_HVM_CONTEXT, 0, 0, hvm_context_read);
}

static int magic_pfns(struct xst_parser *p, struct layer *l)
{
	static const uint8_t index[3] = { HVM_PARAM_IOREQ_PFN, HVM_PARAM_BUFIOREQ_PFN,
					  HVM_PARAM_STORE_PFN };
	const uint8_t *b;
	int r = xst_parser_take(p, l->record.row->fixed, 0, &b);

	if (r)
		return r;
	for (unsigned i = 0; i < 3; i++) {
		p->items.numbers[2 * i] = index[i];
		p->items.numbers[2 * i + 1] = le64(b + 8 * i);
	}
	xst_parse_end_record(l, legacy_hvm_context);
	return xst_parse_legacy_params(p, 3);
}

/* --- PV --------------------------------------------------------------------------------------- */

static int legacy_vcpu(struct xst_parser *p, struct layer *l);

static int vcpu_next(struct xst_parser *p, struct layer *l)
{
	l->u.legacy.vcpu++;
	return legacy_vcpu(p, l);
}

/* Its size can differ from vCPU to vCPU; the one given here counts. */
static int vcpu_xsave_read(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	struct xst_field_value v[3] = { { XST_FIELD_VCPU_ID, g->vcpu },
					{ XST_FIELD_XFEATURE_MASK, 0 },
					{ XST_FIELD_XSAVE_SIZE, 0 } };
	const uint8_t *b;
	int r = xst_parser_take(p, l->record.row->fixed, 0, &b);

	if (r)
		return r;
	v[1].value = le64(b);
	v[2].value = le64(b + 8);
	if (v[2].value > p->limits.max_xsave)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, 8, "size",
				      "%llu bytes of xsave area are more than the limit of %llu",
				      (unsigned long long)v[2].value,
				      (unsigned long long)p->limits.max_xsave);
	if (v[2].value + 16 != g->xsave_size)
		xst_parse_warn(p, RULE_LEGACY_XSAVE, 8, "size",
			       "%llu + 16 bytes, but %llu were announced",
			       (unsigned long long)v[2].value, (unsigned long long)g->xsave_size);
	xst_parse_last_run(p, l, v[2].value, 1, vcpu_next);
	return xst_parse_tell_fields(p, v, 3);
}

static int vcpu_xsave(struct xst_parser *p, struct layer *l)
{
	if (!l->u.legacy.xsave) {
		l->state = vcpu_next;
		return 0;
	}
	return xst_parse_legacy_part(p, l, LEGACY_VCPU_XSAVE, 0, 0, vcpu_xsave_read);
}

static int legacy_vcpu_fields(struct xst_parser *p, struct layer *l, state_fn next)
{
	struct xst_field_value v = { XST_FIELD_VCPU_ID, l->u.legacy.vcpu };

	l->state = next;
	return xst_parse_tell_fields(p, &v, 1);
}

static int vcpu_extended_read(struct xst_parser *p, struct layer *l)
{
	return xst_parse_last_run(p, l, l->record.length, 1, vcpu_xsave);
}

static int vcpu_extended_fields(struct xst_parser *p, struct layer *l)
{
	return legacy_vcpu_fields(p, l, vcpu_extended_read);
}

static int vcpu_extended(struct xst_parser *p, struct layer *l)
{
	if (!l->u.legacy.extended) {
		l->state = vcpu_xsave;
		return 0;
	}
	return xst_parse_legacy_part(p, l, LEGACY_VCPU_EXTENDED, 0, LEGACY_EXTENDED_SIZE,
				     vcpu_extended_fields);
}

static int vcpu_basic_read(struct xst_parser *p, struct layer *l)
{
	return xst_parse_last_run(p, l, l->record.length, 1, vcpu_extended);
}

static int vcpu_basic(struct xst_parser *p, struct layer *l)
{
	return legacy_vcpu_fields(p, l, vcpu_basic_read);
}

static int shared_info(struct xst_parser *p, struct layer *l)
{
	return xst_parse_last_run(p, l, l->record.length, 1, tail_done);
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
		return xst_parse_legacy_part(p, l, LEGACY_SHARED_INFO, 0, XST_PAGE_SIZE,
					     shared_info);
	return xst_parse_legacy_part(p, l, LEGACY_VCPU_BASIC, 0,
				     g->guest_width == 8 ? LEGACY_VCPU64_SIZE : LEGACY_VCPU32_SIZE,
				     vcpu_basic);
}

static int unmapped_read(struct xst_parser *p, struct layer *l)
{
	uint64_t n = xst_parse_field(p, XST_FIELD_COUNT);

	if (n > p->limits.max_p2m_size)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, 4, "count",
				      "%llu unmapped pfns are more than the limit of %llu",
				      (unsigned long long)n,
				      (unsigned long long)p->limits.max_p2m_size);
	l->u.legacy.vcpu = 0;
	l->after = legacy_vcpu;
	xst_parse_start_items(p, l, &unmapped, n, xst_parse_tell_end);
	return 0;
}

/* --- both ------------------------------------------------------------------------------------- */

int xst_parse_legacy_tail(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;

	if (!g->had_map)
		xst_parse_warn(p, RULE_LEGACY_NO_VCPU_MAP, 0, NULL,
			       "no VCPU_INFO chunk; vCPU 0 is assumed to be the only one");
	if (l->guest == XST_GUEST_HVM)
		return xst_parse_legacy_part(p, l, LEGACY_MAGIC_PFNS, 0, 24, magic_pfns);
	return xst_parse_legacy_part(p, l, LEGACY_UNMAPPED_PFNS, 0, 0, unmapped_read);
}
