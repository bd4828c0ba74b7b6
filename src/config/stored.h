/* SPDX-License-Identifier: MIT */
/* Configurations as they are stored before a saved domain. */
#ifndef CONFIG_STORED_H
#define CONFIG_STORED_H

#include "config/config.h"
#include "config/view.h"

/* JSON is stored as by Xen 4.5 and newer: with a NUL at the end, which its length counts, and a
 * mandatory flag that marks it as JSON.  Text is stored as by Xen 4.4 and older: with neither. */
struct config_stored {
	char *bytes; /* malloc'ed, followed by a NUL that isn't counted */
	size_t n;
	bool json;
};

/* The bytes to store for a document, in a language, or (0) in its own.  Calls `loss` for what
 * doesn't map.  Returns 0, or what xst_config_translate() does. */
int xst_config_to_stored(const struct config *c, enum config_language language, config_loss_fn loss,
			 void *userdata, struct config_stored *ret, struct config_error *err);
void xst_config_stored_clear(struct config_stored *s);

/* Reads n bytes in the language of `container`, as far as xl can express what they say.  Returns as
 * above or as xst_config_parse(); free with xst_config_view_clear(). */
int xst_config_view_of(enum xst_layer container, const char *text, size_t n,
		       struct config_view *ret, struct config_error *err);

#endif
