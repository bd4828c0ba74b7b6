/* SPDX-License-Identifier: MIT */
/* XML as a small tree.  Refused: document types (and with them entities of one's own), what is too
 * deep or too much. */
#ifndef CONFIG_DOMXML_H
#define CONFIG_DOMXML_H

#include <stddef.h>

#include "config/error.h"
#include "limits/limits.h"

struct domxml {
	const char *name;
	const char *const *attributes; /* name, value, ..., NULL */
	const char *text;              /* of one without elements in it, trimmed; never NULL */
	const struct domxml *first, *next, *parent;
};

struct domxml_document;

/* Returns 0, XST_E_MALFORMED, XST_E_LIMIT or XST_E_NOMEM. */
int xst_domxml_parse(const char *text, size_t n, struct domxml_document **ret,
		     struct config_error *err);
struct domxml_document *xst_domxml_free(struct domxml_document *d); /* NULL is fine; returns NULL */
const struct domxml *xst_domxml_root(const struct domxml_document *d);

/* The first element of that name, or NULL.  An element of NULL has nothing in it. */
const struct domxml *xst_domxml_find(const struct domxml *e, const char *name);
/* An attribute's value, or "". */
const char *xst_domxml_attribute(const struct domxml *e, const char *name);
/* <name attribute='value'/>text, cut where buf is full.  Returns buf. */
const char *xst_domxml_print(const struct domxml *e, char *buf, size_t size);

#endif
