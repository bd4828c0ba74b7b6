/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_JSON_GUARD_H
#define CONFIG_JSON_GUARD_H

#include "config/error.h"
#include "config/language.h"

/* Checks JSON text for what json-c accepts silently: duplicate members, of which it keeps the last;
 * integers that don't fit, which it clamps; NULs in strings, where C strings end; more values than
 * LIMIT_CONFIG_ITEMS.
 * Returns 0, XST_E_MALFORMED, XST_E_LIMIT or XST_E_NOMEM. */
int xst_json_guard(const char *text, size_t n, struct config_error *err);

#endif
