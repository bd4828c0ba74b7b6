/* SPDX-License-Identifier: MIT */
/* Errors and warnings with their place. */
#include "parse/parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void describe(struct xst_parser *p, struct xst_finding *f, enum xst_rule rule, uint64_t back,
		     const char *field, const char *format, va_list ap)
{
	const struct layer *l = p->active ? &p->stack[p->active - 1] : NULL;

	memset(f, 0, sizeof(*f));
	f->rule = rules[rule].id;
	f->severity = rules[rule].severity;
	f->offset = p->offset - back;
	f->field = field;
	if (l) {
		f->layer = l->id;
		f->record_index = l->record.row ? l->record.index : l->count;
	}
	if (l && l->record.row) {
		f->record_name = l->record.row->name;
		f->record_offset = l->record.offset;
		f->record_type = l->record.type;
	}
	vsnprintf(f->text, sizeof(f->text), format, ap);
}

int fail(struct xst_parser *p, int code, enum xst_rule rule, uint64_t back, const char *field,
	 const char *format, ...)
{
	va_list ap;

	if (p->error.code)
		return p->error.code;
	va_start(ap, format);
	describe(p, &p->error, rule, back, field, format, ap);
	va_end(ap);
	p->error.code = code;
	p->error.severity = XST_ERROR;
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
	describe(p, f, rule, back, field, format, ap);
	if (error)
		f->severity = XST_ERROR;
}

void warn(struct xst_parser *p, enum xst_rule rule, uint64_t back, const char *field,
	  const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vwarn(p, rule, false, back, field, format, ap);
	va_end(ap);
}

int fault(struct xst_parser *p, int code, enum xst_rule rule, uint64_t back, const char *field,
	  const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (p->flags & XST_PARSER_KEEP_GOING) {
		vwarn(p, rule, true, back, field, format, ap);
		code = 0;
	} else if (!p->error.code) {
		describe(p, &p->error, rule, back, field, format, ap);
		p->error.code = code;
		p->error.severity = XST_ERROR;
	}
	va_end(ap);
	return code;
}

static size_t place(const struct xst_finding *f, char *buf, size_t size)
{
	if (f->record_name)
		return (size_t)snprintf(buf, size, "offset %#llx (%s record %llu, %s, at %#llx)",
					(unsigned long long)f->offset, xst_layer_name(f->layer),
					(unsigned long long)f->record_index, f->record_name,
					(unsigned long long)f->record_offset);
	if (f->layer != XST_LAYER_NONE && !f->record_index)
		return (size_t)snprintf(buf, size, "offset %#llx (%s)",
					(unsigned long long)f->offset, xst_layer_name(f->layer));
	if (f->layer != XST_LAYER_NONE)
		return (size_t)snprintf(buf, size, "offset %#llx (%s, behind %llu records)",
					(unsigned long long)f->offset, xst_layer_name(f->layer),
					(unsigned long long)f->record_index);
	return (size_t)snprintf(buf, size, "offset %#llx", (unsigned long long)f->offset);
}

size_t xst_finding_format(const struct xst_finding *f, const char *name, char *buf, size_t size)
{
	char where[160] = "";
	bool placed = f->code != XST_E_IO && f->code != XST_E_NOMEM && f->code != XST_E_ARG;

	if (placed)
		place(f, where, sizeof(where));
	return (size_t)snprintf(buf, size, "%s%s%s%s%s%s%s", name ? name : "", name ? ": " : "",
				where, placed ? ": " : "", f->field ? f->field : "",
				f->field ? ": " : "", f->text);
}
