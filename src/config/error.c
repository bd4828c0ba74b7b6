/* SPDX-License-Identifier: MIT */
#include "config/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "limits/limits.h"

static void config_error_fill(struct config_error *e, unsigned line, unsigned column,
			      const char *format, va_list ap)
{
	e->line = line;
	e->column = column;
	vsnprintf(e->text, sizeof(e->text), format, ap);
}

int xst_config_refuse(struct config_error *e, int code, const char *format, ...)
{
	va_list ap;

	if (!e)
		return code;
	va_start(ap, format);
	config_error_fill(e, 0, 0, format, ap);
	va_end(ap);
	return code;
}

int xst_config_fail(struct config_error *e, int code, unsigned line, unsigned column,
		    const char *format, ...)
{
	va_list ap;

	if (!e)
		return code;
	va_start(ap, format);
	config_error_fill(e, line, column, format, ap);
	va_end(ap);
	return code;
}

int xst_config_fail_at(struct config_error *e, int code, const char *text, size_t offset,
		       const char *format, ...)
{
	unsigned line, column;
	va_list ap;

	if (!e)
		return code;
	xst_config_place(text, offset, &line, &column);
	va_start(ap, format);
	config_error_fill(e, line, column, format, ap);
	va_end(ap);
	return code;
}

void xst_config_place(const char *text, size_t offset, unsigned *ret_line, unsigned *ret_column)
{
	unsigned line = 1;
	size_t begin = 0;

	for (size_t i = 0; i < offset; i++)
		if (text[i] == '\n') {
			line++;
			begin = i + 1;
		}
	*ret_line = line;
	*ret_column = (unsigned)(offset - begin) + 1;
}

size_t xst_config_error_format(const struct config_error *e, const char *name, char *buf,
			       size_t size)
{
	int n = e->line ? snprintf(buf, size, "%s:%u:%u: %s", name, e->line, e->column, e->text)
			: snprintf(buf, size, "%s: %s", name, e->text);

	return n < 0 ? 0 : (size_t)n;
}

int xst_config_check_text(const char *text, size_t n, struct config_error *err)
{
	const char *nul = memchr(text, '\0', n);

	if (n > LIMIT_CONFIG_SIZE)
		return xst_config_refuse(err, XST_E_LIMIT, "more than %u bytes",
					 LIMIT_CONFIG_SIZE);
	if (nul)
		return xst_config_fail_at(err, XST_E_MALFORMED, text, (size_t)(nul - text),
					  "a NUL inside of the text");
	return 0;
}
