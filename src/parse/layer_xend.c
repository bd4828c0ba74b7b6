/* SPDX-License-Identifier: MIT */
/* xend's record: a magic, the domain's s-expression, a legacy stream.  A captured migration has the
 * line in front that asked for it. */
#include "parse/parser.h"

#include <string.h>

#include "wire/bytes.h"

enum state {
	REQUEST,
	REQUEST_DONE,
	HEADER,
	HEADER_DONE,
	CONFIG,
	CONFIG_READ,
	CONFIG_DONE,
	INNER,
	INNER_DONE
};

static size_t request_size(const uint8_t *b)
{
	if (memcmp(b, XEND_REQUEST, strlen(XEND_REQUEST)) == 0)
		return strlen(XEND_REQUEST);
	if (memcmp(b, XEND_REQUEST_SSL, strlen(XEND_REQUEST_SSL)) == 0)
		return strlen(XEND_REQUEST_SSL);
	return 0;
}

static int request(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	const uint8_t *b;
	size_t n;
	int r = xst_parser_peek(p, in, XEND_MAGIC_SIZE, 0, &b);

	if (r)
		return r;
	n = request_size(b);
	l->state = n ? REQUEST_DONE : HEADER;
	if (!n)
		return 0;
	xst_parse_begin_record(p, l, &xst_wire_xend_request, 0, 0, n);
	xst_parser_consume(p, in, n);
	return EVENT;
}

static int xend_header(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	const uint8_t *b;
	int r = xst_parser_peek(p, in, XEND_MAGIC_SIZE, 0, &b);

	if (r)
		return r;
	if (memcmp(b, XEND_MAGIC, XEND_MAGIC_SIZE) != 0)
		return xst_parse_fail(p, XST_E_MAGIC, RULE_CONTAINER_MAGIC, 0, "magic",
				      "no record of xend begins here");
	xst_parse_begin_record(p, l, &xst_wire_xend_header, 0, 0, XEND_MAGIC_SIZE);
	xst_parser_consume(p, in, XEND_MAGIC_SIZE);
	l->state = HEADER_DONE;
	return EVENT;
}

static int xend_config(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	const uint8_t *b;
	int r = xst_parser_peek(p, in, xst_wire_xend_config.fixed, 0, &b);

	if (r)
		return r;
	l->u.config.length = get_number(b, 4, true);
	r = xst_parse_check_config_length(p, l->u.config.length, 0);
	if (r)
		return r;
	l->big = true;
	l->state = CONFIG_READ;
	return xst_parse_begin_record(p, l, &xst_wire_xend_config, 0, 0,
				      xst_wire_xend_config.fixed + l->u.config.length);
}

int xst_parse_xend_step(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	switch ((enum state)l->state) {
	case REQUEST: return request(p, l, in);
	case REQUEST_DONE:
		l->state = HEADER;
		return xst_parse_end_record(p, l);
	case HEADER: return xend_header(p, l, in);
	case HEADER_DONE:
		l->state = CONFIG;
		return xst_parse_end_record(p, l);
	case CONFIG: return xend_config(p, l, in);
	case CONFIG_READ:
		xst_parse_start_run(p, l->u.config.length, 1);
		l->state = CONFIG_DONE;
		return 0;
	case CONFIG_DONE:
		l->state = INNER;
		return xst_parse_end_record(p, l);
	case INNER:      return xst_parse_detect_inner(p, l, in, XST_START_LEGACY, INNER_DONE);
	case INNER_DONE: return xst_parser_end_layer(p);
	}
	return XST_E_STATE;
}
