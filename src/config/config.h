/* SPDX-License-Identifier: MIT */
/* A domain's configuration as a document, in either language: xl.cfg(5) text, or the JSON of
 * libxl_domain_config.  Both are read and changed by the keys of xl.cfg.
 *
 * A change leaves everything else as it was: an unchanged document prints the bytes it was made of;
 * in xl.cfg text, order, comments and layout stay; changed JSON is printed in libxl's layout, with
 * its members in their order. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "config/error.h"
#include "config/language.h"

struct config;

/* Parses n bytes.  The language is JSON if the first byte that isn't white space is '{', else
 * xl.cfg.  JSON may end with one NUL.  Refused, with line and column: unterminated strings, NULs,
 * too deep nesting, too large a text, and in JSON invalid UTF-8 and numbers of more than 64 bits.
 * Returns 0, XST_E_MALFORMED, XST_E_LIMIT or XST_E_NOMEM. */
int xst_config_parse(const char *text, size_t n, unsigned flags, struct config **ret,
		     struct config_error *err);
struct config *xst_config_free(struct config *c); /* NULL is fine; returns NULL */

enum config_language xst_config_language(const struct config *c);

/* The document's bytes, malloc'ed and followed by a NUL that ret_n doesn't count.  (Xen stores JSON
 * with that NUL, and counts it.)  Returns 0 or XST_E_NOMEM. */
int xst_config_print(const struct config *c, char **ret, size_t *ret_n);

/* KEY is a key of xl.cfg or, for JSON, a path: names joined by dots, an index in brackets, a name
 * that contains dots in double quotes: `b_info.max_vcpus`, `disks[0].pdev_path`,
 * `b_info."type.hvm".boot`.  Without quotes, the longest existing member is used.  A leading dot
 * marks a path in any case.
 *
 * Returns the value as text, malloc'ed: a string as it is, a list with one item per line; at a
 * path, anything that is neither a string nor a number as JSON.  Returns 0, XST_E_UNKNOWN (not set:
 * described in *err), XST_E_ARG (not a key) or XST_E_NOMEM. */
int xst_config_get(const struct config *c, const char *key, char **ret, struct config_error *err);

/* Finds the last value of a key of xl.cfg; both are 0 if there is none, or the document is JSON. */
void xst_config_place_of(const struct config *c, const char *key, unsigned *ret_line,
			 unsigned *ret_column);

/* Sets KEY to VALUE: "[ 'a', 'b' ]" is a list, 'a' and "a" are strings, anything else is taken as
 * it stands.  At a JSON path, VALUE is JSON if it parses as such (and the member isn't a string),
 * else a string.  append: acts as += does.  Values are not checked here but by xst_config_check().
 * Returns 0, XST_E_MALFORMED (VALUE), XST_E_ARG (not a key), XST_E_UNSUPPORTED (an xl.cfg key that
 * has no place in JSON, or only for another type of guest), XST_E_LIMIT or XST_E_NOMEM; on failure
 * the document stays as it was. */
int xst_config_set(struct config *c, const char *key, const char *value, struct config_error *err);
int xst_config_append(struct config *c, const char *key, const char *value,
		      struct config_error *err);

/* Removes a setting.  Returns 0, XST_E_UNKNOWN if it isn't set, XST_E_ARG or XST_E_NOMEM. */
int xst_config_unset(struct config *c, const char *key, struct config_error *err);

/* --- impossible values ------------------------------------------------------------------------ */

/* key: of xl.cfg; text: what is wrong, one line without a full stop; line and column: 0 in JSON. */
struct config_complaint {
	char key[64];
	unsigned line, column;
	char text[240];
};
typedef void (*config_complaint_fn)(void *userdata, const struct config_complaint *c);

/* Reports values that no Xen accepts: too little memory, no vCPUs, a name with a slash ...  Returns
 * the number of complaints, or XST_E_NOMEM. */
int xst_config_check(const struct config *c, config_complaint_fn fn, void *userdata);

/* --- from one language to the other ----------------------------------------------------------- */

/* Called for each thing that the other language can't hold; key: of xl.cfg, or a JSON path. */
typedef void (*config_loss_fn)(void *userdata, const char *key, const char *why);
/* The reason given for a JSON path that has no xl.cfg key. */
extern const char xst_config_no_key[];

/* A new document in the other language, with everything that maps; a copy if c is in that language
 * already.  Returns 0, XST_E_MALFORMED (an invalid value, described in *err) or XST_E_NOMEM. */
int xst_config_translate(const struct config *c, enum config_language to, config_loss_fn loss,
			 void *userdata, struct config **ret, struct config_error *err);

#endif
