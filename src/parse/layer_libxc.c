/* SPDX-License-Identifier: MIT */
/* The libxc image: two headers, records, and possibly a legacy device model's record. */
#include "parse/parser.h"

#include "wire/bytes.h"

static int libxc_next_record(struct xst_parser *p, struct layer *l);

static bool inside_libxl(struct xst_parser *p, struct layer *l)
{
	return xst_parser_inside(p, l, XST_LAYER_LIBXL);
}

static int libxc_emulator(struct xst_parser *p, struct layer *l)
{
	return xst_parse_emulator(p, l, xst_parser_end_layer);
}

/* The libxl layer takes over until its CHECKPOINT_END; a bare image just goes on. */
static int libxc_checkpoint(struct xst_parser *p, struct layer *l)
{
	if (inside_libxl(p, l)) {
		xst_parser_outer(p, l)->u.rec.in_checkpoint = true;
		p->active = p->depth - 1;
	}
	return 0;
}

static int libxc_after(struct xst_parser *p, struct layer *l)
{
	l->state = libxc_next_record;
	if (l->u.rec.kind == XST_KIND_CHECKPOINT)
		return libxc_checkpoint(p, l);
	if (l->u.rec.kind == XST_KIND_END)
		l->state = l->u.rec.tail ? libxc_emulator : xst_parser_end_layer;
	return 0;
}

static int libxc_next_record(struct xst_parser *p, struct layer *l)
{
	return xst_parse_record(p, l, xst_wire_libxc_records, xst_wire_libxc_count, libxc_after);
}

/* Inside these layers the device model has a record of theirs. */
static bool stands_alone(struct xst_parser *p, struct layer *l)
{
	return !inside_libxl(p, l) && !xst_parser_inside(p, l, XST_LAYER_XENSERVER);
}

/* These faults don't affect the framing of the records. */
static int check_domain(struct xst_parser *p, uint64_t type)
{
	int r = 0;

	if (type != LIBXC_GUEST_PV && type != LIBXC_GUEST_HVM)
		r = xst_parse_fault(p, XST_E_UNKNOWN, RULE_GUEST_TYPE, 16, "guest_type",
				    "%llu; only 1 (x86 PV) and 2 (x86 HVM) are known",
				    (unsigned long long)type);
	if (r == 0 && xst_parse_field(p, XST_FIELD_PAGE_SHIFT) != LIBXC_PAGE_SHIFT)
		r = xst_parse_fault(p, XST_E_MALFORMED, RULE_PAGE_SHIFT, 12, "page_shift",
				    "%llu, not 12",
				    (unsigned long long)xst_parse_field(p, XST_FIELD_PAGE_SHIFT));
	return r;
}

static int domain_read(struct xst_parser *p, struct layer *l)
{
	uint64_t type = xst_parse_field(p, XST_FIELD_GUEST_TYPE);
	int r = check_domain(p, type);

	if (r)
		return r;
	if (type == LIBXC_GUEST_PV || type == LIBXC_GUEST_HVM)
		l->guest = type == LIBXC_GUEST_PV ? XST_GUEST_PV : XST_GUEST_HVM;
	l->u.rec.tail = l->guest == XST_GUEST_HVM && stands_alone(p, l) &&
			!(p->flags & XST_PARSER_NO_EMULATOR);
	return xst_parse_end_record(l, libxc_next_record);
}

static int libxc_domain(struct xst_parser *p, struct layer *l)
{
	return xst_parse_begin_record(p, l, &xst_wire_domain_header, 0, 0,
				      xst_wire_domain_header.fixed, domain_read);
}

static int image_read(struct xst_parser *p, struct layer *l)
{
	uint64_t version = xst_parse_field(p, XST_FIELD_VERSION),
		 options = xst_parse_field(p, XST_FIELD_OPTIONS);

	if (xst_parse_field(p, XST_FIELD_MARKER) != LIBXC_MARKER)
		return xst_parse_fail(p, XST_E_MAGIC, RULE_LIBXC_MARKER, 24, "marker",
				      "0x%016llx, not all ones: not the beginning of a libxc image",
				      (unsigned long long)xst_parse_field(p, XST_FIELD_MARKER));
	if (xst_parse_field(p, XST_FIELD_IDENT) != LIBXC_IDENT)
		return xst_parse_fail(p, XST_E_MAGIC, RULE_LIBXC_IDENT, 16, "ident",
				      "%#llx, not \"XENF\"",
				      (unsigned long long)xst_parse_field(p, XST_FIELD_IDENT));
	if (version < LIBXC_VERSION_MIN || version > LIBXC_VERSION_MAX)
		return xst_parse_fail(p, XST_E_VERSION, RULE_LIBXC_VERSION, 12, "version",
				      "%llu; only versions 2 and 3 are known",
				      (unsigned long long)version);
	if (options & ~(uint64_t)LIBXC_OPTION_BIG_ENDIAN)
		xst_parse_warn(p, RULE_LIBXC_OPTIONS, 8, "options", "%#llx: reserved bits are set",
			       (unsigned long long)options);
	l->u.rec.version = (uint32_t)version;
	l->big = options & LIBXC_OPTION_BIG_ENDIAN;
	if (l->big)
		xst_parse_warn(p, RULE_BIG_ENDIAN, 8, "options", "the records are big-endian");
	return xst_parse_end_record(l, libxc_domain);
}

int xst_parse_libxc(struct xst_parser *p, struct layer *l)
{
	l->big = true;
	return xst_parse_begin_record(p, l, &xst_wire_image_header, 0, 0,
				      xst_wire_image_header.fixed, image_read);
}
