/* SPDX-License-Identifier: MIT */
/* The suspend image of XenServer and XCP-ng: records in any order, one of which announces the
 * guest's image.  The image follows that record and marks its own end. */
#include "parse/container.h"

#include <string.h>

#include "wire/bytes.h"

static int xenserver_record(struct xst_parser *p, struct layer *l);

/* --- bodies ---------------------------------------------------------------------------------- */

static enum xst_start start_of(uint32_t type)
{
	switch (type) {
	case XENSERVER_LIBXL:        return XST_START_LIBXL;
	case XENSERVER_LIBXC_LEGACY: return XST_START_LEGACY;
	default:                     return XST_START_LIBXC;
	}
}

static int xenserver_image(struct xst_parser *p, struct layer *l)
{
	return xst_parse_detect_inner(p, l, start_of(l->u.xenserver.image), xenserver_record);
}

static int end_of_image(struct xst_parser *p, struct layer *l)
{
	xst_parse_end_record(l, xst_parser_end_layer);
	if (l->u.xenserver.had_image)
		return 0;
	return xst_parse_fault(p, XST_E_MALFORMED, RULE_XENSERVER_IMAGE, 0, NULL,
			       "the suspend image ends without a guest's image");
}

static int body_done(struct xst_parser *p, struct layer *l)
{
	const struct wire_record *row = l->record.row;

	l->u.xenserver.image = row->type;
	if (row->kind == XST_KIND_END_OF_IMAGE || l->u.xenserver.length_unknown)
		return end_of_image(p, l);
	return xst_parse_end_record(l, row->kind == XST_KIND_XENSERVER_IMAGE ? xenserver_image
									     : xenserver_record);
}

static int xenserver_body(struct xst_parser *p, struct layer *l)
{
	bool unknown = l->u.xenserver.length_unknown;

	xst_parse_start_run(p, l, unknown ? XST_LENGTH_UNKNOWN : l->record.length, 1, body_done);
	return 0;
}

/* --- records --------------------------------------------------------------------------------- */

static int xenserver_unknown_type(struct xst_parser *p, uint64_t type)
{
	return xst_parse_fail(
		p, XST_E_UNKNOWN, RULE_XENSERVER_RECORD, XENSERVER_RECORD_HEADER, "type",
		"%#llx: unknown record type; from a later XenServer, or damaged",
		(unsigned long long)type);
}

static uint64_t limit_of(const struct xst_parser *p, enum xst_kind kind)
{
	return kind == XST_KIND_CONFIG ? p->limits.max_config : p->limits.max_emulator;
}

static int check_length(struct xst_parser *p, const struct wire_record *row, uint64_t length)
{
	if (row->tail != WIRE_RUN) {
		if (length)
			xst_parse_warn(p, RULE_XENSERVER_LENGTH, 8, "length",
				       "%llu instead of 0; ignored", (unsigned long long)length);
		return 0;
	}
	if (length > limit_of(p, row->kind))
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, 8, "length",
				      "%llu bytes are more than the limit of %llu",
				      (unsigned long long)length,
				      (unsigned long long)limit_of(p, row->kind));
	if (row->kind == XST_KIND_EMULATOR_CONTEXT && length > XENSERVER_MAX_QEMU)
		xst_parse_warn(p, RULE_XENSERVER_QEMU_SIZE, 8, "length",
			       "%llu bytes are more than the %u that xenopsd reads",
			       (unsigned long long)length, XENSERVER_MAX_QEMU);
	return 0;
}

/* With XST_PARSER_KEEP_GOING, a second image is read too. */
static int check_image(struct xst_parser *p, struct layer *l)
{
	bool second = l->u.xenserver.had_image;

	l->u.xenserver.had_image = true;
	if (!second)
		return 0;
	return xst_parse_fault(p, XST_E_MALFORMED, RULE_XENSERVER_IMAGE, XENSERVER_RECORD_HEADER,
			       "type", "a second image");
}

static int check_record(struct xst_parser *p, struct layer *l, const struct wire_record *row,
			uint64_t length)
{
	struct xenserver_layer *x = &l->u.xenserver;

	if (row->type == XENSERVER_LIBXL || row->type == XENSERVER_QEMU_XEN)
		xst_parse_warn(p, RULE_XENSERVER_REFUSED, XENSERVER_RECORD_HEADER, "type",
			       "xenopsd does not restore from %s records", row->name);
	switch (row->kind) {
	case XST_KIND_CONFIG: /* only one, so that its consumer knows how large it can be */
		if (x->had_config)
			return xst_parse_fail(p, XST_E_MALFORMED, RULE_XENSERVER_TWICE,
					      XENSERVER_RECORD_HEADER, "type",
					      "a second xenops record");
		x->had_config = true;
		return 0;
	case XST_KIND_XENSERVER_IMAGE:
		return check_image(p, l);
	case XST_KIND_DEMU:
		x->length_unknown = !length;
		if (!length)
			xst_parse_warn(
				p, RULE_XENSERVER_DEMU, 8, "length",
				"unknown: the record is taken to last to the end of the input");
		return 0;
	default:
		return 0;
	}
}

static int xenserver_record(struct xst_parser *p, struct layer *l)
{
	const struct wire_record *row = NULL;
	const uint8_t *b;
	uint64_t type, length;
	int r = xst_parser_take(p, XENSERVER_RECORD_HEADER, 0, &b);

	if (r)
		return r;
	type = le64(b);
	length = le64(b + 8);
	if (type <= UINT32_MAX)
		row = xst_wire_find(xst_wire_xenserver_records, xst_wire_xenserver_count,
				    (uint32_t)type);
	if (!row)
		return xenserver_unknown_type(p, type);
	xst_parse_begin_record(p, l, row, (uint32_t)type, XENSERVER_RECORD_HEADER,
			       row->tail == WIRE_RUN ? length : 0, xenserver_body);
	l->u.xenserver.length_unknown = false;
	r = check_length(p, row, length);
	if (r == 0)
		r = check_record(p, l, row, length);
	return r ? r : EVENT;
}

/* --- before the records ---------------------------------------------------------------------- */

/* The receiver of a migration answers before it begins, and a capture may include the answer. */
int xst_parse_xenserver(struct xst_parser *p, struct layer *l)
{
	static const struct container xenserver = {
		.header = &xst_wire_xenserver_header,
		.magic = XENSERVER_MAGIC,
		.magic_size = XENSERVER_MAGIC_SIZE,
		.rule = RULE_CONTAINER_MAGIC,
		.missing = "not the beginning of a XenServer suspend image",
		.after = xenserver_record,
	};
	const uint8_t *b;
	int r = xst_parser_peek(p, XENSERVER_MAGIC_SIZE, 0, &b);

	if (r)
		return r;
	if (memcmp(b, XENSERVER_HANDSHAKE, XENSERVER_HANDSHAKE_SIZE) != 0 ||
	    l->count == XENSERVER_MAX_HANDSHAKES)
		return xst_parse_container(p, l, &xenserver);
	l->after = xst_parse_xenserver;
	xst_parse_begin_record(p, l, &xst_wire_xenserver_handshake, 0, 0, XENSERVER_HANDSHAKE_SIZE,
			       xst_parse_tell_end);
	xst_parser_consume(p, XENSERVER_HANDSHAKE_SIZE);
	return EVENT;
}
