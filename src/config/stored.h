/* SPDX-License-Identifier: MIT */
/* Configurations as they are stored in front of a saved domain. */
#ifndef CONFIG_STORED_H
#define CONFIG_STORED_H

#include "config/config.h"
#include "config/view.h"

/* JSON is stored as Xen 4.5 and newer do: a NUL ends it, which its length counts, and a
 * mandatory flag tells that it is JSON.  Text is stored as Xen 4.4 and older did: neither. */
struct config_stored {
	char *bytes; /* malloc'ed, a NUL that is not counted after them */
	size_t n;
	bool json;
};

/* Bytes to be stored of a document, in a language, or (0) in its own.  What doesn't map is
 * told to `loss`. Returns 0, or what xst_config_translate() does. */
int xst_config_to_stored(const struct config *c, enum config_language language, config_loss_fn loss,
			 void *userdata, struct config_stored *ret, struct config_error *err);
void xst_config_stored_clear(struct config_stored *s);

/* What n bytes say, in whatever language `container` stores its configuration: only what xl has
 * words for.  Returns as above or as xst_config_parse(); free with xst_config_view_clear(). */
int xst_config_view_of(enum xst_layer container, const char *text, size_t n,
		       struct config_view *ret, struct config_error *err);

#endif
