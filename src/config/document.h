/* SPDX-License-Identifier: MIT */
/* The internals of a document, for the files of this folder. */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <json-c/json.h>

#include "config/cfg/cfg.h"
#include "config/config.h"
#include "config/keys/key.h"

struct config {
	enum config_language language;
	unsigned flags;
	struct cfg *cfg;   /* xl.cfg text */
	json_object *root; /* JSON ... */
	char *text;        /* ... and the bytes it was made of; NULL: changed since */
	size_t size;
};

/* New documents; they take ownership of their argument, even on failure. */
int xst_config_from_json(json_object *root, struct config **ret);
int xst_config_from_cfg(struct cfg *cfg, struct config **ret);

/* The value of an xl.cfg key, in either language.  XST_E_UNKNOWN: not set (*err is left alone);
 * XST_E_UNSUPPORTED: xl.cfg can't express it. */
int xst_config_value_of(const struct config *c, const char *key, struct config_value *ret,
			struct config_error *err);

#endif
