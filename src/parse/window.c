/* SPDX-License-Identifier: MIT */
/* Bytes out of the caller's windows, however they are cut. */
#include "parse/parser.h"

#include <string.h>

size_t xst_parser_ready(struct xst_parser *p, const uint8_t **ret)
{
	if (p->held) {
		*ret = p->hold;
		return p->held;
	}
	*ret = p->in->size > p->in->pos ? p->in->src + p->in->pos : NULL;
	return p->in->size - p->in->pos;
}

int xst_parser_need(struct xst_parser *p, uint64_t min, uint64_t max)
{
	struct xst_event *ev;

	if (p->eof)
		return xst_parse_fail(p, XST_E_TRUNCATED, RULE_INPUT_TRUNCATED, 0, NULL,
				      "the input ends here; at least %llu more byte%s missing",
				      (unsigned long long)min, min == 1 ? " is" : "s are");
	ev = xst_parser_event(p, XST_EVENT_NEED);
	ev->u.need.min = min;
	ev->u.need.max = max;
	return EVENT;
}

/* Moves bytes from the window into hold until it has n. */
static bool fill_hold(struct xst_parser *p, size_t n)
{
	size_t k = p->in->size - p->in->pos;

	if (p->held < n) {
		if (k > n - p->held)
			k = n - p->held;
		if (k)
			memcpy(p->hold + p->held, p->in->src + p->in->pos, k);
		p->in->pos += k;
		p->held += k;
	}
	return p->held >= n;
}

size_t xst_parser_gather(struct xst_parser *p, size_t n, const uint8_t **ret)
{
	if (!p->held && p->in->size - p->in->pos >= n) {
		*ret = p->in->src + p->in->pos;
		return n;
	}
	(void)fill_hold(p, n);
	*ret = p->hold;
	return p->held < n ? p->held : n;
}

int xst_parser_peek(struct xst_parser *p, size_t n, uint64_t ahead, const uint8_t **ret)
{
	*ret = NULL;
	if (!p->held && p->in->size - p->in->pos >= n) {
		*ret = p->in->src + p->in->pos;
		return 0;
	}
	if (!fill_hold(p, n))
		return xst_parser_need(p, n - p->held, n - p->held + ahead);
	*ret = p->hold;
	return 0;
}

int xst_parser_peek_or_end(struct xst_parser *p, size_t n, const uint8_t **ret)
{
	if (p->eof && !p->held && p->in->pos == p->in->size) {
		*ret = NULL;
		return 0;
	}
	return xst_parser_peek(p, n, 0, ret);
}

void xst_parser_consume(struct xst_parser *p, size_t n)
{
	p->offset += n;
	if (!p->held) {
		p->in->pos += n;
		return;
	}
	p->held -= n;
	memmove(p->hold, p->hold + n, p->held);
}

int xst_parser_take(struct xst_parser *p, size_t n, uint64_t ahead, const uint8_t **ret)
{
	int r = xst_parser_peek(p, n, ahead, ret);

	if (r)
		return r;
	if (!p->held) {
		p->in->pos += n;
		p->offset += n;
		return 0;
	}
	if (p->held == n) { /* they stay at *ret until more is held */
		p->held = 0;
		p->offset += n;
		return 0;
	}
	memcpy(p->taken, p->hold, n);
	*ret = p->taken;
	xst_parser_consume(p, n);
	return 0;
}
