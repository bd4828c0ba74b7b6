/* SPDX-License-Identifier: MIT */
#include "parse/parser.h"

#include <string.h>

enum state { HEADER, HEADER_READ, CONFIG, CONFIG_READ, CONFIG_DONE, INNER, INNER_DONE };

static int toy_header(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	const uint8_t *b;
	int r = xst_parser_peek(p, in, xst_wire_toy_header.fixed, 0, &b);

	if (r)
		return r;
	if (memcmp(b, TOY_MAGIC, xst_wire_toy_header.magic_size) != 0)
		return xst_parse_fail(p, XST_E_MAGIC, RULE_CONTAINER_MAGIC, 0, "magic",
				      "no toy begins here");
	l->state = HEADER_READ;
	return xst_parse_begin_record(p, l, &xst_wire_toy_header, 0, 0, xst_wire_toy_header.fixed);
}

static int toy_header_read(struct xst_parser *p, struct layer *l)
{
	int r;

	l->u.config.length = xst_parse_field(p, XST_FIELD_CONFIG_LENGTH);
	r = xst_parse_check_config_length(p, l->u.config.length, 4);
	if (r)
		return r;
	l->state = CONFIG;
	return xst_parse_end_record(p, l);
}

int xst_parse_toy_step(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	switch ((enum state)l->state) {
	case HEADER:      return toy_header(p, l, in);
	case HEADER_READ: return toy_header_read(p, l);
	case CONFIG:
		l->state = CONFIG_READ;
		return xst_parse_begin_record(p, l, &xst_wire_toy_config, 0, 0, l->u.config.length);
	case CONFIG_READ:
		xst_parse_start_run(p, l->u.config.length, 1);
		l->state = CONFIG_DONE;
		return 0;
	case CONFIG_DONE:
		l->state = INNER;
		return xst_parse_end_record(p, l);
	case INNER:      return xst_parse_detect_inner(p, l, in, XST_START_AUTO, INNER_DONE);
	case INNER_DONE: return xst_parser_end_layer(p);
	}
	return XST_E_STATE;
}
