/* SPDX-License-Identifier: MIT */
/* The formats that the library knows: their names, which of them contain others, and which of them
 * a converter writes.  docs/records.md has the same as a table. */
#ifndef XENSTREAM_FORMAT_H
#define XENSTREAM_FORMAT_H

#include <xenstream/emit.h>
#include <xenstream/parser.h>

#ifdef __cplusplus
extern "C" {
#endif

enum xst_role {
	XST_ROLE_STREAM = 1,    /* holds a guest; stands alone or inside a container */
	XST_ROLE_CONTAINER = 2, /* wraps a stream; only ever the outermost layer */
	XST_ROLE_CHANNEL = 3    /* holds no guest; stands alone */
};

/* One format.  Static, never freed.  Use it through pointers only, as members may be added at the
 * end.  Strings are words for people unless stated otherwise. */
struct xst_format {
	enum xst_layer layer;
	enum xst_start start;         /* makes a parser begin with this format */
	enum xst_container container; /* makes a converter write it; AUTO: it is never written */
	enum xst_role role;
	const char *word;             /* for options and JSON: "xenserver"; NULL: options can't name
				       * it */
	const char *title;            /* "XenServer suspend image" */
	enum xst_layer language;      /* language of the configuration that it stores, given as the
				       * layer that the language is named after; NONE: it stores
				       * none */
	const char *config_title;     /* "XML configuration"; NULL: one of xl's two languages, or
				       * none */
	const char *config_word;      /* the same for JSON: "xml" */
};

/* The format number `index`, from 0, or NULL after the last one. */
XST_API const struct xst_format *xst_format(unsigned index);
/* The format of a layer, or NULL if there is no such layer. */
XST_API const struct xst_format *xst_format_of(enum xst_layer layer);
/* The format that a converter writes for a container, or NULL for XST_CONTAINER_AUTO and for a
 * number that is not a container's. */
XST_API const struct xst_format *xst_format_written(enum xst_container container);

#ifdef __cplusplus
}
#endif
#endif
