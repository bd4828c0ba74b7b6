/* SPDX-License-Identifier: MIT */
#include "config/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

static bool reserve(struct text *t, size_t n)
{
	char *s = t->failed ? NULL : array_room(t->s, t->n + n + 1, &t->room, 1);

	if (s)
		t->s = s;
	t->failed = !s;
	return s;
}

void xst_text_add(struct text *t, const void *data, size_t n)
{
	if (!reserve(t, n))
		return;
	if (n)
		memcpy(t->s + t->n, data, n);
	t->n += n;
	t->s[t->n] = '\0';
}

void xst_text_puts(struct text *t, const char *s)
{
	xst_text_add(t, s, strlen(s));
}

void xst_text_printf(struct text *t, const char *format, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&s, format, ap);
	va_end(ap);
	if (n < 0) {
		t->failed = true;
		return;
	}
	xst_text_add(t, s, (size_t)n);
	free(s);
}

char *xst_text_take(struct text *t, size_t *ret_n)
{
	char *s;

	xst_text_add(t, "", 0);
	s = t->failed ? NULL : t->s;
	if (!s)
		free(t->s);
	else if (ret_n)
		*ret_n = t->n;
	*t = (struct text){ 0 };
	return s;
}

void xst_text_drop(struct text *t)
{
	free(t->s);
	*t = (struct text){ 0 };
}
