/* SPDX-License-Identifier: MIT */
/* The libxl stream: a header, records, and a libxc image after one of them. */
#include "parse/parser.h"

#include "wire/bytes.h"

static int libxl_next_record(struct xst_parser *p, struct layer *l);

/* In a COLO stream a CHECKPOINT_STATE comes next.  No record of an image has its type and length:
 * there this type has at least eight bytes. */
static int resumed(struct xst_parser *p, struct layer *l)
{
	const struct wire_record *row = NULL;
	const uint8_t *b;
	int r = xst_parser_peek_or_end(p, RECORD_HEADER_SIZE, &b);

	if (r)
		return r;
	if (b && get_number(b + 4, 4, l->big) == COLO_STATE_LENGTH)
		row = xst_wire_find(xst_wire_libxl_records, xst_wire_libxl_count,
				    (uint32_t)get_number(b, 4, l->big));
	l->state = libxl_next_record;
	l->u.rec.awaits_state = row && row->kind == XST_KIND_CHECKPOINT_STATE;
	if (!l->u.rec.awaits_state)
		p->active = p->depth;
	return 0;
}

/* The image is a nested layer; after its CHECKPOINT it waits for our CHECKPOINT_END. */
static int resume_image(struct xst_parser *p, struct layer *l)
{
	if (!l->u.rec.in_checkpoint)
		return xst_parse_fault(p, XST_E_MALFORMED, RULE_CHECKPOINT, RECORD_HEADER_SIZE,
				       "type", "CHECKPOINT_END outside a checkpoint");
	l->u.rec.in_checkpoint = false;
	l->u.rec.awaits_state = p->flags & XST_PARSER_COLO;
	if (!l->u.rec.awaits_state)
		l->state = resumed;
	return 0;
}

/* COLO's primary begins the next checkpoint. */
static int state_received(struct xst_parser *p, struct layer *l)
{
	if (l->u.rec.awaits_state)
		p->active = p->depth;
	l->u.rec.awaits_state = false;
	return 0;
}

static int libxl_end(struct xst_parser *p, struct layer *l)
{
	l->state = xst_parser_end_layer; /* inside a checkpoint, the image's first */
	if (!l->u.rec.in_checkpoint && !l->u.rec.awaits_state)
		return 0;
	return xst_parse_fault(p, XST_E_MALFORMED, RULE_CHECKPOINT, RECORD_HEADER_SIZE, "type",
			       "END inside a checkpoint");
}

static int libxl_image(struct xst_parser *p, struct layer *l)
{
	return xst_parse_detect_inner(p, l, XST_START_LIBXC, libxl_next_record);
}

static int libxl_after(struct xst_parser *p, struct layer *l)
{
	l->state = libxl_next_record;
	switch (l->u.rec.kind) {
	case XST_KIND_LIBXL_END:
		return libxl_end(p, l);
	case XST_KIND_LIBXC_CONTEXT:
		if (l->u.rec.in_checkpoint)
			return xst_parse_fail(p, XST_E_MALFORMED, RULE_LIBXL_CONTEXT, 0, NULL,
					      "a second libxc image inside a checkpoint");
		l->state = libxl_image;
		return 0;
	case XST_KIND_CHECKPOINT_END:
		return resume_image(p, l);
	case XST_KIND_CHECKPOINT_STATE:
		return state_received(p, l);
	default:
		return 0;
	}
}

static int libxl_next_record(struct xst_parser *p, struct layer *l)
{
	return xst_parse_record(p, l, xst_wire_libxl_records, xst_wire_libxl_count, libxl_after);
}

static void libxl_reserved(struct xst_parser *p, enum xst_rule rule, uint64_t options, uint64_t half)
{
	if (options & half & ~(uint64_t)LIBXL_OPTIONS_KNOWN)
		xst_parse_warn(p, rule, 4, "options", "%#llx: reserved bits are set",
			       (unsigned long long)options);
}

static int libxl_header_read(struct xst_parser *p, struct layer *l)
{
	uint64_t options = xst_parse_field(p, XST_FIELD_OPTIONS);

	if (xst_parse_field(p, XST_FIELD_IDENT) != LIBXL_IDENT)
		return xst_parse_fail(p, XST_E_MAGIC, RULE_LIBXL_IDENT, 16, "ident",
				      "%#llx, not \"LibxlFmt\"",
				      (unsigned long long)xst_parse_field(p, XST_FIELD_IDENT));
	if (xst_parse_field(p, XST_FIELD_VERSION) != LIBXL_VERSION)
		return xst_parse_fail(p, XST_E_VERSION, RULE_LIBXL_VERSION, 8, "version",
				      "%llu; only version 2 is known",
				      (unsigned long long)xst_parse_field(p, XST_FIELD_VERSION));
	libxl_reserved(p, RULE_LIBXL_OPTIONS, options, LIBXL_OPTIONS_LOWER);
	libxl_reserved(p, RULE_LIBXL_OPTIONS_UPPER, options, ~(uint64_t)LIBXL_OPTIONS_LOWER);
	l->big = options & LIBXL_OPTION_BIG_ENDIAN;
	if (l->big)
		xst_parse_warn(p, RULE_BIG_ENDIAN, 4, "options", "the records are big-endian");
	return xst_parse_end_record(l, libxl_next_record);
}

int xst_parse_libxl(struct xst_parser *p, struct layer *l)
{
	l->big = true;
	return xst_parse_begin_record(p, l, &xst_wire_libxl_header, 0, 0,
				      xst_wire_libxl_header.fixed, libxl_header_read);
}
