/* SPDX-License-Identifier: MIT */
#include "parse/container.h"

static int toy_config(struct xst_parser *p, struct layer *l)
{
	return xst_parse_container_config(p, l, &xst_wire_toy_config, xst_parse_container_stream);
}

static int toy_header_read(struct xst_parser *p, struct layer *l)
{
	int r;

	l->u.container.config = xst_parse_field(p, XST_FIELD_CONFIG_LENGTH);
	r = xst_parse_container_check(p, l, 4);
	return r ? r : xst_parse_end_record(l, toy_config);
}

int xst_parse_toy(struct xst_parser *p, struct layer *l)
{
	static const struct container toy = {
		.header = &xst_wire_toy_header,
		.magic = TOY_MAGIC,
		.magic_size = 16,
		.rule = RULE_CONTAINER_MAGIC,
		.missing = "no toy begins here",
		.header_read = toy_header_read,
	};

	return xst_parse_container(p, l, &toy);
}
