/* SPDX-License-Identifier: MIT */
/* What a subject has at hand: findings on its record, and the beginning of its run. */
#include "check/checker.h"

#include <stdarg.h>
#include <string.h>

void xst_check_find(struct xst_checker *c, enum xst_rule rule, uint64_t at, const char *field,
		    const char *format, ...)
{
	struct xst_finding where = { .layer = c->layer,
				     .offset = at ? at : c->offset,
				     .record_offset = c->offset,
				     .record_index = c->index,
				     .record_name = c->name,
				     .record_type = c->type };
	va_list ap;

	if (c->told[rule] == c->serial || c->n == CHECK_FINDINGS)
		return;
	c->told[rule] = c->serial;
	va_start(ap, format);
	xst_finding_fill(&c->findings[c->n], &where, 0, rule, field, format, ap);
	va_end(ap);
	if (c->remarks_only && c->findings[c->n].severity == XST_ERROR)
		c->findings[c->n].severity = XST_REMARK;
	xst_check_restorable_finding(c, &c->findings[c->n++]);
}

void xst_check_again(struct xst_checker *c, enum xst_rule rule)
{
	c->told[rule] = 0;
}

void xst_check_want_head(struct xst_checker *c, const struct xst_event *ev, size_t n)
{
	c->head_n = 0;
	c->head_wanted = ev->u.payload.length < n ? (size_t)ev->u.payload.length : n;
	c->wants = c->head_wanted;
}

bool xst_check_head(struct xst_checker *c, const struct xst_event *ev)
{
	size_t n = c->head_wanted - c->head_n;

	n = ev->u.payload.size < n ? ev->u.payload.size : n;
	memcpy(c->head + c->head_n, ev->u.payload.data, n);
	c->head_n += n;
	c->wants = c->head_wanted - c->head_n;
	return n && !c->wants;
}
