/* SPDX-License-Identifier: MIT */
/* XML as a small tree.  Refuses document types (and so custom entities), too deep and too large
 * trees. */
#ifndef CONFIG_DOMXML_H
#define CONFIG_DOMXML_H

#include <stddef.h>

#include "config/error.h"
#include "limits/limits.h"

struct domxml {
	const char *name;
	const char *const *attributes; /* name, value, ..., NULL */
	const char *text;              /* trimmed; "" if it has children; never NULL */
	const struct domxml *first, *next, *parent;
};

struct domxml_document;

/* Returns 0, XST_E_MALFORMED, XST_E_LIMIT or XST_E_NOMEM. */
int xst_domxml_parse(const char *text, size_t n, struct domxml_document **ret,
		     struct config_error *err);
struct domxml_document *xst_domxml_free(struct domxml_document *d); /* NULL is fine; returns NULL */
const struct domxml *xst_domxml_root(const struct domxml_document *d);

/* The first child of that name, or NULL.  A NULL element has no children. */
const struct domxml *xst_domxml_find(const struct domxml *e, const char *name);
/* An attribute's value, or "". */
const char *xst_domxml_attribute(const struct domxml *e, const char *name);
/* Prints <name attribute='value'/>text, cut to fit buf.  Returns buf. */
const char *xst_domxml_print(const struct domxml *e, char *buf, size_t size);

#endif
