/* SPDX-License-Identifier: MIT */
/* The xl header, and what it stands in front of. */
#include "parse/parser.h"

#include <string.h>

#include "wire/bytes.h"

enum state {
	HEADER,
	HEADER_READ,
	CONFIG,
	CONFIG_READ,
	CONFIG_DONE,
	OPTIONAL,
	OPTIONAL_READ,
	OPTIONAL_DONE,
	INNER,
	INNER_DONE
};

static int xl_layer_header(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	const uint8_t *b;
	int r = xst_parser_peek(p, in, xst_wire_xl_header.fixed, 0, &b);

	if (r)
		return r;
	if (memcmp(b, XL_MAGIC, XL_MAGIC_SIZE) != 0)
		return xst_parse_fail(p, XST_E_MAGIC, RULE_XL_MAGIC, 0, "magic",
				      "the octets of an xl header are not there");
	l->big = get_number(b + xst_wire_xl_header.field[0].offset, 4, true) == XL_BYTE_ORDER;
	l->state = HEADER_READ;
	return xst_parse_begin_record(p, l, &xst_wire_xl_header, 0, 0, xst_wire_xl_header.fixed);
}

static int check_flags(struct xst_parser *p, uint32_t flags)
{
	uint32_t unknown = flags & ~(XL_FLAG_JSON | XL_FLAG_STREAM_V2);

	if (xst_parse_field(p, XST_FIELD_OPTIONAL_FLAGS))
		xst_parse_warn(p, RULE_XL_OPTIONAL_FLAGS, 8, "optional_flags",
			       "%#llx: unknown, ignored",
			       (unsigned long long)xst_parse_field(p, XST_FIELD_OPTIONAL_FLAGS));
	if (!unknown)
		return 0;
	return xst_parse_fault(p, XST_E_UNKNOWN, RULE_XL_FLAGS, 12, "mandatory_flags",
			       "%#x: bits of unknown meaning, this file is from a later Xen",
			       unknown);
}

static int xl_header_read(struct xst_parser *p, struct layer *l)
{
	uint64_t length = xst_parse_field(p, XST_FIELD_OPTIONAL_LENGTH);
	int r;

	if (xst_parse_field(p, XST_FIELD_BYTE_ORDER) != XL_BYTE_ORDER)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_XL_BYTE_ORDER, 16, "byte_order",
				      "%#llx says neither little-endian nor big-endian",
				      (unsigned long long)xst_parse_field(p, XST_FIELD_BYTE_ORDER));
	if (l->big)
		xst_parse_warn(p, RULE_BIG_ENDIAN, 16, "byte_order", "the header is big-endian");
	l->u.xl.flags = (uint32_t)xst_parse_field(p, XST_FIELD_MANDATORY_FLAGS);
	r = check_flags(p, l->u.xl.flags);
	if (r)
		return r;
	if (length > p->limits.max_optional_data)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, 4, "optional_length",
				      "%llu octets are more than the limit of %llu",
				      (unsigned long long)length,
				      (unsigned long long)p->limits.max_optional_data);
	if (length && length < xst_wire_xl_config.fixed)
		r = xst_parse_fault(p, XST_E_MALFORMED, RULE_XL_CONFIG_LENGTH, 4, "optional_length",
				    "%llu octets have no room for the configuration's length",
				    (unsigned long long)length);
	if (r)
		return r;
	l->u.xl.optional_left = length;
	l->state = !length ? INNER : length < xst_wire_xl_config.fixed ? OPTIONAL : CONFIG;
	return xst_parse_end_record(p, l);
}

/* Where the optional data ends is known in any case: a configuration that can't be is passed over
 * with it. */
static int config_fault(struct xst_parser *p, uint64_t length, uint64_t left)
{
	if (length > left)
		return xst_parse_fault(
			p, XST_E_MALFORMED, RULE_XL_CONFIG_LENGTH, 0, "config_length",
			"%llu octets do not fit the %llu that are left of the optional data",
			(unsigned long long)length, (unsigned long long)left);
	return xst_parse_fault(p, XST_E_LIMIT, RULE_LIMIT, 0, "config_length",
			       "%llu octets are more than the limit of %llu",
			       (unsigned long long)length,
			       (unsigned long long)p->limits.max_config);
}

static int xl_layer_config(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	struct xl_layer *x = &l->u.xl;
	uint64_t left;
	const uint8_t *b;
	int r = xst_parser_peek(p, in, xst_wire_xl_config.fixed, 0, &b);

	if (r)
		return r;
	x->config = get_number(b, 4, l->big);
	left = x->optional_left - xst_wire_xl_config.fixed;
	if (x->config > left || x->config > p->limits.max_config) {
		l->state = OPTIONAL;
		return config_fault(p, x->config, left);
	}
	x->optional_left = left - x->config;
	l->state = CONFIG_READ;
	return xst_parse_begin_record(p, l, &xst_wire_xl_config, 0, 0,
				      xst_wire_xl_config.fixed + x->config);
}

/* libxl calls the stream by the flag; we believe the stream. */
static void xl_check_inner(struct xst_parser *p, struct layer *l)
{
	struct layer *inner = &p->stack[p->depth - 1];
	bool flag = l->u.xl.flags & XL_FLAG_STREAM_V2;

	if (flag != (inner->id == XST_LAYER_LIBXL))
		xst_parse_warn(p, RULE_XL_STREAM_FLAG, 0, "mandatory_flags",
			       "the header announces %s stream, but a %s stream follows",
			       flag ? "a libxl v2" : "a legacy", xst_layer_name(inner->id));
}

static int xl_inner(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	int r = xst_parse_detect_inner(p, l, in, XST_START_AUTO, INNER_DONE);

	if (l->state == INNER_DONE)
		xl_check_inner(p, l);
	return r;
}

int xst_parse_xl_step(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	switch ((enum state)l->state) {
	case HEADER:      return xl_layer_header(p, l, in);
	case HEADER_READ: return xl_header_read(p, l);
	case CONFIG:      return xl_layer_config(p, l, in);
	case CONFIG_READ:
		xst_parse_start_run(p, l->u.xl.config, 1);
		l->state = CONFIG_DONE;
		return 0;
	case CONFIG_DONE:
		l->state = l->u.xl.optional_left ? OPTIONAL : INNER;
		return xst_parse_end_record(p, l);
	case OPTIONAL:
		l->state = OPTIONAL_READ;
		return xst_parse_begin_record(p, l, &xst_wire_xl_optional_data, 0, 0,
					      l->u.xl.optional_left);
	case OPTIONAL_READ:
		xst_parse_start_run(p, l->u.xl.optional_left, 1);
		l->state = OPTIONAL_DONE;
		return 0;
	case OPTIONAL_DONE:
		l->state = INNER;
		return xst_parse_end_record(p, l);
	case INNER:      return xl_inner(p, l, in);
	case INNER_DONE: return xst_parser_end_layer(p);
	}
	return XST_E_STATE;
}
