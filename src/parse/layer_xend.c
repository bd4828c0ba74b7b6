/* SPDX-License-Identifier: MIT */
/* xend's record: a magic, the domain's s-expression, a legacy stream.  A captured migration begins
 * with the line that requested it. */
#include "parse/container.h"

#include <string.h>

#include "wire/bytes.h"

static int xend_config(struct xst_parser *p, struct layer *l)
{
	const uint8_t *b;
	int r = xst_parser_peek(p, xst_wire_xend_config.fixed, 0, &b);

	if (r)
		return r;
	l->u.container.config = get_number(b, 4, true);
	r = xst_parse_container_check(p, l, 0);
	if (r)
		return r;
	l->big = true;
	return xst_parse_container_config(p, l, &xst_wire_xend_config, xst_parse_container_stream);
}

static int xend_header(struct xst_parser *p, struct layer *l)
{
	static const struct container xend = {
		.header = &xst_wire_xend_header,
		.magic = XEND_MAGIC,
		.magic_size = XEND_MAGIC_SIZE,
		.rule = RULE_CONTAINER_MAGIC,
		.missing = "not the beginning of a xend record",
		.after = xend_config,
		.stream = XST_START_LEGACY,
	};

	return xst_parse_container(p, l, &xend);
}

static size_t request_size(const uint8_t *b)
{
	if (memcmp(b, XEND_REQUEST, strlen(XEND_REQUEST)) == 0)
		return strlen(XEND_REQUEST);
	if (memcmp(b, XEND_REQUEST_SSL, strlen(XEND_REQUEST_SSL)) == 0)
		return strlen(XEND_REQUEST_SSL);
	return 0;
}

int xst_parse_xend(struct xst_parser *p, struct layer *l)
{
	const uint8_t *b;
	size_t n;
	int r = xst_parser_peek(p, XEND_MAGIC_SIZE, 0, &b);

	if (r)
		return r;
	n = request_size(b);
	l->state = l->after = xend_header;
	if (!n)
		return 0;
	xst_parse_begin_record(p, l, &xst_wire_xend_request, 0, 0, n, xst_parse_tell_end);
	xst_parser_consume(p, n);
	return EVENT;
}
