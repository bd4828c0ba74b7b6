/* SPDX-License-Identifier: MIT */
/* Where a configuration is wrong, and how. */
#ifndef CONFIG_ERROR_H
#define CONFIG_ERROR_H

#include <stddef.h>

#include <xenstream/finding.h>

/* Functions of this folder return 0 or a negative enum xst_errc, and leave their outputs alone on
 * failure.  A pointer to this structure may be NULL wherever one is taken. */
struct config_error {
	unsigned line, column; /* from 1, counted in bytes; 0: no place in a text */
	char text[240];        /* one line, no full stop */
};

/* Fills in *e and returns code: without a position ... */
int xst_config_refuse(struct config_error *e, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ... with one ... */
int xst_config_fail(struct config_error *e, int code, unsigned line, unsigned column,
		    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* ... with that of the byte at `offset` in text. */
int xst_config_fail_at(struct config_error *e, int code, const char *text, size_t offset,
		       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* What the text of any language must not be: larger than its limit, or with a NUL in it. */
int xst_config_check_text(const char *text, size_t n, struct config_error *err);

/* Line and column of a byte, from 1. */
void xst_config_place(const char *text, size_t offset, unsigned *ret_line, unsigned *ret_column);

/* "NAME:LINE:COLUMN: text", or "NAME: text" for an error without a position.  Returns the full
 * length, like snprintf. */
size_t xst_config_error_format(const struct config_error *e, const char *name, char *buf,
			       size_t size);

#endif
