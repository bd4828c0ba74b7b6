/* SPDX-License-Identifier: MIT */
/* S-expressions, as two toolstacks wrote them: xend in Python's manner, xenopsd in OCaml's. */
#ifndef CONFIG_SEXPR_H
#define CONFIG_SEXPR_H

#include <stdbool.h>
#include <stddef.h>

#include "config/error.h"
#include "limits/limits.h"

enum sexpr_dialect {
	SEXPR_PYTHON, /* strings in ' or ", \ooo is octal */
	SEXPR_OCAML   /* strings in ", \ddd is decimal */
};

/* An atom, or a list whose items begin at `first`. */
struct sexpr {
	const char *text;          /* of an atom, without quotes and escapes; NULL: a list */
	const struct sexpr *first;
	const struct sexpr *next;  /* in the enclosing list */
};

struct sexpr_document;

/* Parses n bytes that hold one list, with only white space after it.  Refused, with line and
 * column: unmatched parentheses, unclosed strings, NULs, too deep or too many lists.
 * Returns 0, XST_E_MALFORMED, XST_E_LIMIT or XST_E_NOMEM. */
int xst_sexpr_parse(const char *text, size_t n, enum sexpr_dialect dialect,
		    struct sexpr_document **ret, struct config_error *err);
struct sexpr_document *xst_sexpr_free(struct sexpr_document *d); /* NULL is fine; returns NULL */
const struct sexpr *xst_sexpr_root(const struct sexpr_document *d);

/* The first item of a list, if that is an atom; else "". */
const char *xst_sexpr_name(const struct sexpr *list);
/* The first list of this name inside a list, or NULL. */
const struct sexpr *xst_sexpr_find(const struct sexpr *list, const char *name);
/* The item after the name in a list, if that is an atom; else "". */
const char *xst_sexpr_value(const struct sexpr *list);
/* Prints it as text, cut to fit buf.  Returns buf. */
const char *xst_sexpr_print(const struct sexpr *s, char *buf, size_t size);

#endif
