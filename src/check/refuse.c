/* SPDX-License-Identifier: MIT */
#include "check/refuse.h"

#include <stdarg.h>
#include <stdio.h>

bool xst_check_test_meets(const struct refuse_test *t, uint64_t value)
{
	uint64_t v = t->mask ? value & t->mask : value;

	switch (t->op) {
	case REFUSE_ANY: return true;
	case REFUSE_ABOVE: return v > t->operand;
	case REFUSE_BELOW: return v < t->operand;
	case REFUSE_EQUAL: return v == t->operand;
	case REFUSE_BITS: return v & ~t->operand;
	}
	return false;
}

bool xst_check_span_matters(const struct refuse_span *taken)
{
	return taken->since || taken->until;
}

/* Whether none of those that read the image at all takes it. */
static bool none_left(const struct xst_checker *c, const struct refuse_span *taken)
{
	uint32_t first = c->version >= 3 ? XST_XEN(4, 14, 0) : c->version ? XST_XEN(4, 6, 0) : 0;

	return taken->since == XST_XEN_NONE || (taken->until && (taken->until | 0xff) < first);
}

void xst_check_refuse(struct xst_checker *c, enum xst_rule rule, const struct refuse_span *taken,
		      uint64_t at, const char *field, const char *format, ...)
{
	char text[96];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (none_left(c, taken))
		xst_check_find(c, rule, at, field, "%s", text);
	xst_check_reason(c, taken->since, taken->until, taken->points, "%s%s", text,
			 taken->since == XST_XEN_NONE ? ", which no known Xen takes" : "");
}

bool xst_check_feature_lacks(const struct xst_checker *c, const struct refuse_feature *f)
{
	uint32_t v;

	return xst_check_policy_leaf(c, f->leaf, f->subleaf, f->reg, &v) && !(v >> f->bit & 1);
}

struct record_place xst_check_place(const struct xst_checker *c)
{
	return (struct record_place){
		.offset = c->offset, .index = c->index, .type = c->type, .name = c->name
	};
}

void xst_check_place_set(struct xst_checker *c, const struct record_place *p)
{
	c->offset = p->offset;
	c->index = p->index;
	c->type = p->type;
	c->name = p->name;
}
