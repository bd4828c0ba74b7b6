/* SPDX-License-Identifier: MIT */
#include "cli/format_choice.h"

#include <stdio.h>
#include <string.h>

bool xst_cli_format_any(const struct xst_format *f)
{
	return f->container && f->word;
}

bool xst_cli_format_of_xl(const struct xst_format *f)
{
	return xst_cli_format_any(f) &&
	       (f->language == XST_LAYER_NONE || f->language == XST_LAYER_XL);
}

bool xst_cli_format_of_xen(const struct xst_format *f)
{
	return xst_cli_format_any(f) && (f->layer == XST_LAYER_XL || f->layer == XST_LAYER_LIBXL ||
					 f->layer == XST_LAYER_LIBXC);
}

static const struct xst_format *next_offered(format_filter offered, unsigned *index)
{
	const struct xst_format *f = xst_format(*index);

	while (f && !offered(f))
		f = xst_format(++*index);
	++*index;
	return f;
}

const char *xst_cli_format_words(format_filter offered, const char *more, char *buf, size_t size)
{
	unsigned index = 0;
	const struct xst_format *f = next_offered(offered, &index), *next;
	const char *between = "";
	int n = 0;

	for (; f && (size_t)n < size; f = next) {
		next = next_offered(offered, &index);
		if (!next && *between)
			between = " or ";
		n += snprintf(buf + n, size - (size_t)n, "%s%s%s", between, f->word,
			      next ? "" : more);
		between = ", ";
	}
	return buf;
}

enum xst_container xst_cli_format_parse(format_filter offered, const char *word)
{
	const struct xst_format *f;
	unsigned index = 0;

	while ((f = next_offered(offered, &index)))
		if (strcmp(f->word, word) == 0)
			return f->container;
	return XST_CONTAINER_AUTO;
}

bool xst_cli_format_bare(enum xst_container to)
{
	const struct xst_format *f = xst_format_written(to);

	return f && f->language == XST_LAYER_NONE;
}
