/* SPDX-License-Identifier: MIT */
/* Errors and warnings with their place. */
#include "parse/parser.h"

#include <stdarg.h>

#include "finding/finding.h"

/* The parser's place, `back` bytes ago. */
static struct xst_finding fault_place(const struct xst_parser *p, uint64_t back)
{
	const struct layer *l = p->active ? &p->stack[p->active - 1] : NULL;
	struct xst_finding f = { .offset = p->offset - back };

	if (l) {
		f.layer = l->id;
		f.record_index = l->record.row ? l->record.index : l->count;
	}
	if (l && l->record.row) {
		f.record_name = l->record.row->name;
		f.record_offset = l->record.offset;
		f.record_type = l->record.type;
	}
	return f;
}

static void describe(const struct xst_parser *p, struct xst_finding *f, int code,
		     enum xst_rule rule, uint64_t back, const char *field, const char *format,
		     va_list ap)
{
	struct xst_finding where = fault_place(p, back);

	xst_finding_fill(f, &where, code, rule, field, format, ap);
}

int xst_parse_fail(struct xst_parser *p, int code, enum xst_rule rule, uint64_t back,
		   const char *field, const char *format, ...)
{
	va_list ap;

	if (p->error.code)
		return p->error.code;
	va_start(ap, format);
	describe(p, &p->error, code, rule, back, field, format, ap);
	va_end(ap);
	return code;
}

/* Whether this rule is still to be reported for the current record. */
static bool first_time(struct xst_parser *p, enum xst_rule rule)
{
	uint64_t *word, bit = UINT64_C(1) << rule % 64;

	if (!p->active)
		return true;
	word = &p->stack[p->active - 1].record.warned[rule / 64];
	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}

static void vwarn(struct xst_parser *p, enum xst_rule rule, bool error, uint64_t back,
		  const char *field, const char *format, va_list ap)
{
	struct xst_finding *f;

	if (!first_time(p, rule) || p->warnings_n == MAX_WARNINGS)
		return;
	f = &p->warnings[p->warnings_n++];
	describe(p, f, 0, rule, back, field, format, ap);
	if (error)
		f->severity = XST_ERROR;
}

void xst_parse_warn(struct xst_parser *p, enum xst_rule rule, uint64_t back, const char *field,
		    const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vwarn(p, rule, false, back, field, format, ap);
	va_end(ap);
}

int xst_parse_fault(struct xst_parser *p, int code, enum xst_rule rule, uint64_t back,
		    const char *field, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (p->flags & XST_PARSER_KEEP_GOING) {
		vwarn(p, rule, true, back, field, format, ap);
		code = 0;
	} else if (!p->error.code) {
		describe(p, &p->error, code, rule, back, field, format, ap);
	}
	va_end(ap);
	return code;
}
