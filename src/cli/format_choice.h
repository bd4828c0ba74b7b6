/* SPDX-License-Identifier: MIT */
/* The words for what is written: of --to, its help and its complaints, out of the table of formats. */
#ifndef CLI_FORMAT_CHOICE_H
#define CLI_FORMAT_CHOICE_H

#include <stdbool.h>

#include <xenstream/format.h>

/* Which formats a verb offers. */
typedef bool (*format_filter)(const struct xst_format *f);
/* All that can be written. */
bool xst_cli_format_any(const struct xst_format *f);
/* Those that store a configuration in xl's language, or none. */
bool xst_cli_format_of_xl(const struct xst_format *f);
/* Those of Xen's own, which a command that restores reads. */
bool xst_cli_format_of_xen(const struct xst_format *f);

/* "xl, libxl or libxc", and after it `more`, in buf, which is returned. */
const char *xst_cli_format_words(format_filter offered, const char *more, char *buf, size_t size);
/* The one of that word, or XST_CONTAINER_AUTO. */
enum xst_container xst_cli_format_parse(format_filter offered, const char *word);
/* Whether it has no place for a configuration; nothing that is not chosen yet is so. */
bool xst_cli_format_bare(enum xst_container to);

#endif
