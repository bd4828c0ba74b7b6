/* SPDX-License-Identifier: MIT */
#include "finding/finding.h"

#include <stdio.h>
#include <string.h>

void xst_finding_fill(struct xst_finding *f, const struct xst_finding *place, int code,
		      enum xst_rule rule, const char *field, const char *format, va_list ap)
{
	*f = *place;
	f->code = code;
	f->severity = code ? XST_ERROR : xst_rule_table[rule].severity;
	f->rule = xst_rule_table[rule].id;
	f->field = field;
	vsnprintf(f->text, sizeof(f->text), format, ap);
}

void xst_finding_no_memory(struct xst_finding *f)
{
	*f = (struct xst_finding){ .code = XST_E_NOMEM,
				   .severity = XST_ERROR,
				   .rule = xst_rule_table[RULE_INPUT_IO].id,
				   .text = "out of memory" };
}

static size_t finding_place(const struct xst_finding *f, char *buf, size_t size)
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
		return (size_t)snprintf(buf, size, "offset %#llx (%s, after record %llu)",
					(unsigned long long)f->offset, xst_layer_name(f->layer),
					(unsigned long long)f->record_index - 1);
	return (size_t)snprintf(buf, size, "offset %#llx", (unsigned long long)f->offset);
}

size_t xst_finding_format(const struct xst_finding *f, const char *name, char *buf, size_t size)
{
	char where[160] = "";
	bool placed = f->code != XST_E_IO && f->code != XST_E_NOMEM && f->code != XST_E_ARG;

	if (placed)
		finding_place(f, where, sizeof(where));
	return (size_t)snprintf(buf, size, "%s%s%s%s%s%s%s", name ? name : "", name ? ": " : "",
				where, placed ? ": " : "", f->field ? f->field : "",
				f->field ? ": " : "", f->text);
}

const char *xst_severity_name(enum xst_severity severity)
{
	static const char *const names[] = { "note", "remark", "error" };

	return (size_t)severity < sizeof(names) / sizeof(names[0]) ? names[severity] : "unknown";
}

const char *xst_errc_name(int code)
{
	static const char *const names[] = {
		[0] = "ok",
		[-XST_E_NOMEM] = "out-of-memory",
		[-XST_E_ARG] = "bad-argument",
		[-XST_E_STATE] = "bad-state",
		[-XST_E_MAGIC] = "not-a-domain",
		[-XST_E_VERSION] = "unknown-version",
		[-XST_E_MALFORMED] = "malformed",
		[-XST_E_TRUNCATED] = "truncated",
		[-XST_E_LIMIT] = "above-limit",
		[-XST_E_UNKNOWN] = "unknown-mandatory",
		[-XST_E_UNSUPPORTED] = "unsupported",
		[-XST_E_REFUSED] = "refused",
		[-XST_E_IO] = "io",
	};

	if (code > 0 || (size_t)-(long)code >= sizeof(names) / sizeof(names[0]))
		return "unknown";
	return names[-code];
}
