/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_JSON_GUARD_H
#define CONFIG_JSON_GUARD_H

#include "config/error.h"
#include "config/language.h"

/* Looks through text that is JSON for what json-c takes in silence: members of one name, of which
 * it keeps the last; integers that don't fit, which it makes the largest that do; NULs in strings,
 * after which C sees nothing; more values than LIMIT_CONFIG_ITEMS.
 * Returns 0, XST_E_MALFORMED, XST_E_LIMIT or XST_E_NOMEM. */
int xst_json_guard(const char *text, size_t n, struct config_error *err);

#endif
