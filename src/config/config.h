/* SPDX-License-Identifier: MIT */
/* A domain's configuration as a document, in either language: text as xl.cfg(5) has it, or JSON of
 * libxl_domain_config.  Both are read and changed by the keys of xl.cfg.
 *
 * Nothing that was not changed looks different afterwards: a document that was only read prints as
 * the bytes it was made of; in xl.cfg text order, comments and layout of everything else stay;
 * JSON that was changed is printed in libxl's layout, members in their order. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "config/error.h"
#include "config/language.h"

struct config;

/* Parses n bytes; which language it is, the first of them tells that is no white space: '{' is
 * JSON.  JSON may end with one NUL.  Refused, with line and column: unterminated strings, NULs, too
 * deep, too large, invalid UTF-8 and numbers above 64 bits in JSON.
 * Returns 0, XST_E_MALFORMED, XST_E_LIMIT or XST_E_NOMEM. */
int xst_config_parse(const char *text, size_t n, unsigned flags, struct config **ret,
		     struct config_error *err);
struct config *xst_config_free(struct config *c); /* NULL is fine; returns NULL */

enum config_language xst_config_language(const struct config *c);

/* The document's bytes, malloc'ed; a NUL that is not counted stands after them.  (Xen stores JSON
 * with that NUL, and counts it.)  Returns 0 or XST_E_NOMEM. */
int xst_config_print(const struct config *c, char **ret, size_t *ret_n);

/* KEY is a key of xl.cfg, or for JSON a path: names joined by dots, an index in brackets, a name
 * with dots in it in double quotes: `b_info.max_vcpus`, `disks[0].pdev_path`,
 * `b_info."type.hvm".boot`.  Without the quotes the longest member that is there is taken.  A
 * leading dot makes sure that it is a path.
 *
 * The value as text, malloc'ed: a string as it is, a list one item a line; of a path what is
 * neither string nor number as JSON.  Returns 0, XST_E_UNKNOWN (no such setting: described in
 * *err), XST_E_ARG (not a key) or XST_E_NOMEM. */
int xst_config_get(const struct config *c, const char *key, char **ret, struct config_error *err);

/* Where the value of a key of xl.cfg stands, the last one; 0, 0: nowhere, or the document is JSON. */
void xst_config_place_of(const struct config *c, const char *key, unsigned *ret_line,
			 unsigned *ret_column);

/* Sets KEY to what VALUE says: "[ 'a', 'b' ]" is a list, 'a' and "a" are strings, anything else is
 * taken as it stands.  At a JSON path VALUE is JSON if it is such (and the member is no string), or
 * else a string. append: as += does.  Values are not judged here but by xst_config_check().
 * Returns 0, XST_E_MALFORMED (VALUE), XST_E_ARG (not a key), XST_E_UNSUPPORTED (a key of xl.cfg
 * that has no place in JSON, or has one only for another type of guest), XST_E_LIMIT or
 * XST_E_NOMEM; the document is then as it was. */
int xst_config_set(struct config *c, const char *key, const char *value, struct config_error *err);
int xst_config_append(struct config *c, const char *key, const char *value,
		      struct config_error *err);

/* Takes a setting away.  Returns 0, XST_E_UNKNOWN if it isn't there, XST_E_ARG or XST_E_NOMEM. */
int xst_config_unset(struct config *c, const char *key, struct config_error *err);

/* --- values that can't be --------------------------------------------------------------------- */

/* key: of xl.cfg; text: what is wrong with it, a line without full stop; line and column: 0 in
 * JSON. */
struct config_complaint {
	char key[64];
	unsigned line, column;
	char text[240];
};
typedef void (*config_complaint_fn)(void *userdata, const struct config_complaint *c);

/* Tells what no Xen takes: memory below nothing, no vCPUs, a name with a slash ...  Returns how
 * many complaints there were, or XST_E_NOMEM. */
int xst_config_check(const struct config *c, config_complaint_fn fn, void *userdata);

/* --- from one language into the other --------------------------------------------------------- */

/* Told of each thing that the other language can't hold; key: of xl.cfg, or a JSON path. */
typedef void (*config_loss_fn)(void *userdata, const char *key, const char *why);
/* Why a JSON path is told that no key of xl.cfg stands for. */
extern const char xst_config_no_key[];

/* A new document in the other language, with all that maps.  c in the wanted language: a copy.
 * Returns 0, XST_E_MALFORMED (a value that can't be understood, described in *err) or
 * XST_E_NOMEM. */
int xst_config_translate(const struct config *c, enum config_language to, config_loss_fn loss,
			 void *userdata, struct config **ret, struct config_error *err);

#endif
