/* SPDX-License-Identifier: MIT */
/* The words of --to, its help and its error messages, from the table of formats. */
#ifndef CLI_FORMAT_CHOICE_H
#define CLI_FORMAT_CHOICE_H

#include <stdbool.h>

#include <xenstream/format.h>

/* Whether a verb offers a format. */
typedef bool (*format_filter)(const struct xst_format *f);
/* All formats that can be written. */
bool xst_cli_format_any(const struct xst_format *f);
/* Formats that store a configuration in xl's language, or none. */
bool xst_cli_format_of_xl(const struct xst_format *f);
/* Xen's own formats, which a command that restores can read. */
bool xst_cli_format_of_xen(const struct xst_format *f);

/* Writes "xl, libxl or libxc" and then `more` to buf, which is returned. */
const char *xst_cli_format_words(format_filter offered, const char *more, char *buf, size_t size);
/* The container with that word, or XST_CONTAINER_AUTO. */
enum xst_container xst_cli_format_parse(format_filter offered, const char *word);
/* Whether it has no place for a configuration; false for XST_CONTAINER_AUTO. */
bool xst_cli_format_bare(enum xst_container to);

#endif
