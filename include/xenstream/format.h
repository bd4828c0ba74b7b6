/* SPDX-License-Identifier: MIT */
/* The formats that the library knows: what they are called, what lies in what, and which of them a
 * converter writes.  docs/records.md has the same as a table. */
#ifndef XENSTREAM_FORMAT_H
#define XENSTREAM_FORMAT_H

#include <xenstream/emit.h>
#include <xenstream/parser.h>

#ifdef __cplusplus
extern "C" {
#endif

enum xst_role {
	XST_ROLE_STREAM = 1,    /* holds a guest; stands alone or inside a container */
	XST_ROLE_CONTAINER = 2, /* stands around a stream, as the outermost layer only */
	XST_ROLE_CHANNEL = 3    /* holds no guest; stands alone */
};

/* One format.  Static: never freed, and used through pointers only, as members may be added at the
 * end.  Strings are words for people unless it says otherwise. */
struct xst_format {
	enum xst_layer layer;
	enum xst_start start;         /* that a parser is told to begin with it */
	enum xst_container container; /* that a converter is told to write it; AUTO: it is never written */
	enum xst_role role;
	const char *word;             /* for options and JSON: "xenserver"; NULL: it is never asked for by name */
	const char *title;            /* "XenServer suspend image" */
	enum xst_layer language;      /* of the configuration that it stores: the layer that this is named
				       * after; NONE: it stores none */
	const char *config_title;     /* "XML configuration"; NULL: of xl's two languages, or none */
	const char *config_word;      /* the same for JSON: "xml" */
};

/* The formats one after the other: index counts from 0.  Returns NULL at the end. */
XST_API const struct xst_format *xst_format(unsigned index);
/* The format of a layer, or NULL if there is no such layer. */
XST_API const struct xst_format *xst_format_of(enum xst_layer layer);
/* The format that a converter writes for a container, or NULL for XST_CONTAINER_AUTO and for what
 * is no container's number. */
XST_API const struct xst_format *xst_format_written(enum xst_container container);

#ifdef __cplusplus
}
#endif
#endif
