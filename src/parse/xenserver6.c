/* SPDX-License-Identifier: MIT */
/* The suspend image of XenServer 6 and older: a magic and a legacy stream.  The device model's
 * record behind that has a form of its own, see emulator.c. */
#include "parse/parser.h"

#include <string.h>

enum state { HEADER, HEADER_DONE, INNER, INNER_DONE };

static int header(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	const uint8_t *b;
	int r = parser_peek(p, in, XENSERVER_MAGIC_SIZE, 0, &b);

	if (r)
		return r;
	if (memcmp(b, XENSERVER6_MAGIC, XENSERVER_MAGIC_SIZE) != 0)
		return fail(p, XST_E_MAGIC, RULE_CONTAINER_MAGIC, 0, "magic",
			    "no suspend image of XenServer 6 begins here");
	begin_record(p, l, &wire_xenserver6_header, 0, 0, XENSERVER_MAGIC_SIZE);
	parser_consume(p, in, XENSERVER_MAGIC_SIZE);
	l->state = HEADER_DONE;
	return EVENT;
}

int xenserver6_step(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	switch ((enum state)l->state) {
	case HEADER: return header(p, l, in);
	case HEADER_DONE:
		l->state = INNER;
		return end_record(p, l);
	case INNER:      return detect_inner(p, l, in, XST_START_LEGACY, INNER_DONE);
	case INNER_DONE: return parser_end_layer(p);
	}
	return XST_E_STATE;
}
