/* SPDX-License-Identifier: MIT */
/* The xl header, and the stream after it. */
#include "parse/container.h"

#include "wire/bytes.h"

static int xl_optional_read(struct xst_parser *p, struct layer *l)
{
	return xst_parse_last_run(p, l, l->record.length, 1, xst_parse_container_stream);
}

/* The rest of the optional data. */
static int xl_optional(struct xst_parser *p, struct layer *l)
{
	l->state = xst_parse_container_stream;
	if (!l->u.container.optional)
		return 0;
	return xst_parse_begin_record(p, l, &xst_wire_xl_optional_data, 0, 0,
				      l->u.container.optional, xl_optional_read);
}

/* A bad configuration is skipped with the rest of the optional data, whose end is known. */
static int config_fault(struct xst_parser *p, uint64_t length, uint64_t left)
{
	if (length > left)
		return xst_parse_fault(
			p, XST_E_MALFORMED, RULE_XL_CONFIG_LENGTH, 0, "config_length",
			"%llu bytes do not fit into the remaining %llu of the optional data",
			(unsigned long long)length, (unsigned long long)left);
	return xst_parse_fault(p, XST_E_LIMIT, RULE_LIMIT, 0, "config_length",
			       "%llu bytes are more than the limit of %llu",
			       (unsigned long long)length,
			       (unsigned long long)p->limits.max_config);
}

static int xl_layer_config(struct xst_parser *p, struct layer *l)
{
	struct container_layer *x = &l->u.container;
	uint64_t left = x->optional - xst_wire_xl_config.fixed;
	const uint8_t *b;
	int r = xst_parser_peek(p, xst_wire_xl_config.fixed, 0, &b);

	if (r)
		return r;
	x->config = get_number(b, 4, l->big);
	if (x->config > left || x->config > p->limits.max_config) {
		l->state = xl_optional;
		return config_fault(p, x->config, left);
	}
	x->optional = left - x->config;
	return xst_parse_container_config(p, l, &xst_wire_xl_config, xl_optional);
}

static int check_flags(struct xst_parser *p, uint32_t flags)
{
	uint32_t unknown = flags & ~(XL_FLAG_JSON | XL_FLAG_STREAM_V2);

	if (xst_parse_field(p, XST_FIELD_OPTIONAL_FLAGS))
		xst_parse_warn(p, RULE_XL_OPTIONAL_FLAGS, 8, "optional_flags",
			       "%#llx: unknown flags, ignored",
			       (unsigned long long)xst_parse_field(p, XST_FIELD_OPTIONAL_FLAGS));
	if (!unknown)
		return 0;
	return xst_parse_fault(p, XST_E_UNKNOWN, RULE_XL_FLAGS, 12, "mandatory_flags",
			       "%#x: unknown flags; the file is from a later Xen",
			       unknown);
}

static int xl_header_read(struct xst_parser *p, struct layer *l)
{
	uint64_t length = xst_parse_field(p, XST_FIELD_OPTIONAL_LENGTH);
	int r;

	if (xst_parse_field(p, XST_FIELD_BYTE_ORDER) != XL_BYTE_ORDER)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_XL_BYTE_ORDER, 16, "byte_order",
				      "%#llx means neither little-endian nor big-endian",
				      (unsigned long long)xst_parse_field(p, XST_FIELD_BYTE_ORDER));
	if (l->big)
		xst_parse_warn(p, RULE_BIG_ENDIAN, 16, "byte_order", "the header is big-endian");
	l->u.container.announced = (uint32_t)xst_parse_field(p, XST_FIELD_MANDATORY_FLAGS);
	r = check_flags(p, l->u.container.announced);
	if (r)
		return r;
	if (length > p->limits.max_optional_data)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, 4, "optional_length",
				      "%llu bytes are more than the limit of %llu",
				      (unsigned long long)length,
				      (unsigned long long)p->limits.max_optional_data);
	if (length && length < xst_wire_xl_config.fixed)
		r = xst_parse_fault(p, XST_E_MALFORMED, RULE_XL_CONFIG_LENGTH, 4, "optional_length",
				    "%llu bytes are too few for the configuration's length",
				    (unsigned long long)length);
	if (r)
		return r;
	l->u.container.optional = length;
	return xst_parse_end_record(l, length < xst_wire_xl_config.fixed ? xl_optional
									 : xl_layer_config);
}

/* xl goes by the flag, we by the stream itself. */
static void xl_stream_begun(struct xst_parser *p, struct layer *l, enum xst_layer stream)
{
	bool flag = l->u.container.announced & XL_FLAG_STREAM_V2;

	if (flag != (stream == XST_LAYER_LIBXL))
		xst_parse_warn(p, RULE_XL_STREAM_FLAG, 0, "mandatory_flags",
			       "the header announces %s stream, but a %s stream follows",
			       flag ? "a libxl v2" : "a legacy", xst_layer_name(stream));
}

int xst_parse_xl(struct xst_parser *p, struct layer *l)
{
	static const struct container xl = {
		.header = &xst_wire_xl_header,
		.magic = XL_MAGIC,
		.magic_size = XL_MAGIC_SIZE,
		.rule = RULE_XL_MAGIC,
		.missing = "no xl header magic here",
		.header_read = xl_header_read,
		.stream_begun = xl_stream_begun,
	};
	const uint8_t *b;
	int r = xst_parser_peek(p, xst_wire_xl_header.fixed, 0, &b);

	if (r)
		return r;
	l->big = get_number(b + xst_wire_xl_header.field[0].offset, 4, true) == XL_BYTE_ORDER;
	return xst_parse_container(p, l, &xl);
}
