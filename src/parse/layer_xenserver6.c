/* SPDX-License-Identifier: MIT */
/* The suspend image of XenServer 6 and older: a magic and a legacy stream.  The device model's
 * record behind that has a form of its own, see emulator.c. */
#include "parse/parser.h"

#include <string.h>

enum state { HEADER, HEADER_DONE, INNER, INNER_DONE };

static int xenserver6_header(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	const uint8_t *b;
	int r = xst_parser_peek(p, in, XENSERVER_MAGIC_SIZE, 0, &b);

	if (r)
		return r;
	if (memcmp(b, XENSERVER6_MAGIC, XENSERVER_MAGIC_SIZE) != 0)
		return xst_parse_fail(p, XST_E_MAGIC, RULE_CONTAINER_MAGIC, 0, "magic",
				      "no suspend image of XenServer 6 begins here");
	xst_parse_begin_record(p, l, &xst_wire_xenserver6_header, 0, 0, XENSERVER_MAGIC_SIZE);
	xst_parser_consume(p, in, XENSERVER_MAGIC_SIZE);
	l->state = HEADER_DONE;
	return EVENT;
}

int xst_parse_xenserver6_step(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	switch ((enum state)l->state) {
	case HEADER: return xenserver6_header(p, l, in);
	case HEADER_DONE:
		l->state = INNER;
		return xst_parse_end_record(p, l);
	case INNER:      return xst_parse_detect_inner(p, l, in, XST_START_LEGACY, INNER_DONE);
	case INNER_DONE: return xst_parser_end_layer(p);
	}
	return XST_E_STATE;
}
