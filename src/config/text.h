/* SPDX-License-Identifier: MIT */
/* A string that grows.  Running out of memory is remembered and reported at the end. */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *s; /* NUL-terminated; NULL: nothing yet */
	size_t n, room;
	bool failed;
};

void xst_text_add(struct text *t, const void *data, size_t n);
void xst_text_puts(struct text *t, const char *s);
void xst_text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text, malloc'ed; *t is empty afterwards.  NULL: out of memory. */
char *xst_text_take(struct text *t, size_t *ret_n);
void xst_text_drop(struct text *t);

#endif
