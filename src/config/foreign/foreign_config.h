/* SPDX-License-Identifier: MIT */
/* Configurations of other toolstacks, as far as xl can express them. */
#ifndef CONFIG_FOREIGN_CONFIG_H
#define CONFIG_FOREIGN_CONFIG_H

#include "config/view.h"
#include "limits/limits.h"

enum config_foreign_language {
	CONFIG_OWN = 0,  /* xl's: text or JSON, see config.h */
	CONFIG_XEND,     /* an s-expression */
	CONFIG_LIBVIRT,  /* XML */
	CONFIG_XENOPS    /* an s-expression inside an s-expression */
};

struct config_foreign {
	enum config_foreign_language language;
	struct config_view view;
	char **left_out; /* a line for each thing that the view can't hold */
	size_t nleft_out, left_out_room;
	size_t unsaid;   /* the number of such things without a line */
	bool no_memory;
};

/* Reads n bytes.  Returns 0 with *ret, to be cleared with xst_foreign_clear(); or
 * XST_E_MALFORMED, XST_E_LIMIT, described in *err; or XST_E_NOMEM. */
int xst_foreign_read(enum config_foreign_language language, const char *text, size_t n,
		     struct config_foreign *ret, struct config_error *err);
void xst_foreign_clear(struct config_foreign *f);

/* The language of a container's configuration. */
enum config_foreign_language xst_foreign_of(enum xst_layer container);

const char *xst_foreign_name(enum config_foreign_language language); /* "libvirt's XML" */

/* Prints text for xl, malloc'ed: comment lines for what was left out, then the settings.  Returns 0
 * or XST_E_NOMEM. */
int xst_foreign_print(const struct config_foreign *f, char **ret, size_t *ret_n);

#endif
