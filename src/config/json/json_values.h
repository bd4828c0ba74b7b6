/* SPDX-License-Identifier: MIT */
/* Values in the JSON of libxl_domain_config.  Functions that store a value take ownership of it,
 * even on failure; a NULL value is XST_E_NOMEM. */
#ifndef CONFIG_JSON_VALUES_H
#define CONFIG_JSON_VALUES_H

#include <json-c/json.h>
#include <stdint.h>

#include "config/error.h"
#include "config/guest_type.h"

/* The type of guest that a configuration describes. */
enum config_type xst_json_guest_type(json_object *root);

/* true, "True", 1: 1; false: 0; anything else, such as "<default>": -1. */
int xst_json_truth(json_object *o);
const char *xst_json_string(json_object *o); /* of a string; else NULL */
/* A member that is a number; `absent` if there is none. */
uint64_t xst_json_unsigned(json_object *o, const char *name, uint64_t absent);

/* Stores at a path, see xst_json_path_set() ... */
int xst_json_put(json_object *root, const char *path, json_object *v, struct config_error *err);
/* ... as a member, and at the end of a list. */
int xst_json_add(json_object *o, const char *name, json_object *v);
int xst_json_append(json_object *a, json_object *v);

#endif
