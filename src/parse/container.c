/* SPDX-License-Identifier: MIT */
/* The states that containers share.  Read them from the bottom up. */
#include "parse/container.h"

#include <string.h>

int xst_parse_container_stream(struct xst_parser *p, struct layer *l)
{
	const struct container *c = l->container;
	int r = xst_parse_detect_inner(p, l, c->stream, xst_parser_end_layer);

	if (l->state == xst_parser_end_layer && c->stream_begun)
		c->stream_begun(p, l, p->stack[p->depth - 1].id);
	return r;
}

static int container_config_read(struct xst_parser *p, struct layer *l)
{
	return xst_parse_last_run(p, l, l->u.container.config, 1, l->after);
}

int xst_parse_container_config(struct xst_parser *p, struct layer *l,
			       const struct wire_record *row, state_fn after)
{
	l->after = after;
	return xst_parse_begin_record(p, l, row, 0, 0, row->fixed + l->u.container.config,
				      container_config_read);
}

int xst_parse_container_check(struct xst_parser *p, struct layer *l, uint64_t back)
{
	uint64_t length = l->u.container.config;

	if (length && length <= p->limits.max_config)
		return 0;
	if (!length)
		return xst_parse_fault(p, XST_E_MALFORMED, RULE_CONTAINER_CONFIG, back,
				       "config_length", "0: there is no configuration");
	return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, back, "config_length",
			      "%llu bytes are more than the limit of %llu",
			      (unsigned long long)length, (unsigned long long)p->limits.max_config);
}

int xst_parse_container(struct xst_parser *p, struct layer *l, const struct container *c)
{
	const uint8_t *b;
	int r = xst_parser_peek(p, c->header->fixed, 0, &b);

	if (r)
		return r;
	if (memcmp(b, c->magic, c->magic_size) != 0)
		return xst_parse_fail(p, XST_E_MAGIC, c->rule, 0, "magic", "%s", c->missing);
	l->container = c;
	l->after = c->after;
	xst_parse_begin_record(p, l, c->header, 0, 0, c->header->fixed,
			       c->header_read ? c->header_read : xst_parse_tell_end);
	if (!c->header->nfields) /* nothing but the magic */
		xst_parser_consume(p, c->header->fixed);
	return EVENT;
}
