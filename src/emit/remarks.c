/* SPDX-License-Identifier: MIT */
/* What a conversion says: its error, remarks, and the parts that the output has no place for. */
#include "emit/converter.h"

#include <stdarg.h>

#include "finding/finding.h"

struct xst_finding xst_converter_place(const struct xst_converter *c)
{
	return (struct xst_finding){ .layer = c->layer,
				     .offset = c->record_offset,
				     .record_offset = c->record_offset,
				     .record_name = c->name,
				     .record_index = c->record_index,
				     .record_type = c->record_type };
}

int xst_converter_fail(struct xst_converter *c, int code, enum xst_rule rule, const char *format,
		       ...)
{
	struct xst_finding where = xst_converter_place(c);
	va_list ap;

	if (c->error.code)
		return c->error.code;
	va_start(ap, format);
	xst_finding_fill(&c->error, &where, code, rule, NULL, format, ap);
	va_end(ap);
	return code;
}

static void add_remark(struct xst_converter *c, const struct xst_finding *where,
		       enum xst_rule rule, const char *format, va_list ap)
{
	if (c->remarks_n < MAX_REMARKS)
		xst_finding_fill(&c->remarks[c->remarks_n++], where, 0, rule, NULL, format, ap);
}

void xst_converter_remark(struct xst_converter *c, enum xst_rule rule, const char *format, ...)
{
	struct xst_finding where = xst_converter_place(c);
	va_list ap;

	va_start(ap, format);
	add_remark(c, &where, rule, format, ap);
	va_end(ap);
}

void xst_converter_remark_at(struct xst_converter *c, const struct xst_finding *where,
			     enum xst_rule rule, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add_remark(c, where, rule, format, ap);
	va_end(ap);
}

static int leave_part_out(struct xst_converter *c, const char *place, const char *what,
			  bool refused)
{
	if (refused && !(c->flags & XST_CONVERT_FORCE))
		return xst_converter_fail(
			c, XST_E_REFUSED, RULE_CONVERT_LOSS,
			"%s has no place for %s, which would be lost; --force leaves it out", place,
			what);
	xst_converter_remark(c, RULE_CONVERT_DROPPED, "%s left out: %s has no place for it", what,
			     place);
	return 0;
}

int xst_converter_lose(struct xst_converter *c, const char *place, const char *what)
{
	return leave_part_out(c, place, what, true);
}

int xst_converter_lose_part(struct xst_converter *c, enum wire_part part, const char *what)
{
	const struct wire_part_row *row = &xst_wire_parts[part];

	return leave_part_out(c, c->format->place, what ? what : row->words, row->refused);
}
