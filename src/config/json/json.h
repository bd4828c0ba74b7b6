/* SPDX-License-Identifier: MIT */
/* JSON as libxl writes it, validated before use. */
#ifndef CONFIG_JSON_H
#define CONFIG_JSON_H

#include <json-c/json.h>

#include "config/error.h"
#include "config/language.h"
#include "config/text.h"

/* Parses n bytes, of which the last may be a NUL.  Also refuses what json-c accepts silently: a
 * member twice in one object, a number that doesn't fit, a NUL in a string.  The outermost value
 * must be an object.  Returns as xst_config_parse() does; *ret is the caller's. */
int xst_json_read(const char *text, size_t n, json_object **ret, struct config_error *err);

/* Parses a value of any kind, given by a user for a member.  Returns as xst_config_parse() does. */
int xst_json_read_value(const char *text, json_object **ret, struct config_error *err);

/* Writes in libxl's layout, with libxl's newline at the end. */
void xst_json_write(struct text *t, json_object *o);

/* --- paths ---------------------------------------------------------------------------------- */

/* `b_info.max_vcpus`, `disks[0].pdev_path`: see xst_config_get().
 *
 * json_path_get: *ret is borrowed; XST_E_UNKNOWN if there is nothing.
 * json_path_set: takes ownership of v, even on failure.  Missing objects on the way are created; an
 * index may be one above the last.
 * Return 0, XST_E_ARG (not a path), XST_E_UNKNOWN, XST_E_UNSUPPORTED (the path leads through
 * something that is neither an object nor a list) or XST_E_NOMEM, described in *err. */
int xst_json_path_get(json_object *root, const char *path, json_object **ret,
		      struct config_error *err);
int xst_json_path_set(json_object *root, const char *path, json_object *v,
		      struct config_error *err);
int xst_json_path_unset(json_object *root, const char *path, struct config_error *err);

#endif
