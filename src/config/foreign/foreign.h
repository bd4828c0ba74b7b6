/* SPDX-License-Identifier: MIT */
/* Configurations of other toolstacks, as far as xl has words for what they say. */
#ifndef CONFIG_FOREIGN_H
#define CONFIG_FOREIGN_H

#include "config/view.h"

#define FOREIGN_MAX_LEFT_OUT 1000 /* lines; behind them only their number is told */

enum config_foreign_language {
	CONFIG_OWN = 0,  /* xl's: text or JSON, see config.h */
	CONFIG_XEND,     /* an s-expression */
	CONFIG_LIBVIRT,  /* XML */
	CONFIG_XENOPS    /* an s-expression in an s-expression */
};

struct config_foreign {
	enum config_foreign_language language;
	struct config_view view;
	char **left_out; /* a line for each thing that the view has no place for */
	size_t nleft_out;
	size_t unsaid;   /* more of them than there are lines */
	bool no_memory;
};

/* Reads n octets.  Returns 0 with *ret, to be cleared with xst_foreign_clear(); or
 * XST_E_MALFORMED, XST_E_LIMIT, described in *err; or XST_E_NOMEM. */
int xst_foreign_read(enum config_foreign_language language, const char *text, size_t n,
		     struct config_foreign *ret, struct config_error *err);
void xst_foreign_clear(struct config_foreign *f);

/* What n octets say, in whatever language `container` stores its configuration: only what xl has words
 * for.  Returns as above or as xst_config_parse(); free with xst_config_view_clear(). */
int xst_config_view_of(enum xst_layer container, const char *text, size_t n,
		       struct config_view *ret, struct config_error *err);
/* In which language a container has its configuration. */
enum config_foreign_language xst_foreign_of(enum xst_layer container);

const char *xst_foreign_name(enum config_foreign_language language); /* "libvirt's XML" */

/* As text for xl, malloc'ed: comment lines for what was left out, then the settings.  Returns 0 or
 * XST_E_NOMEM. */
int xst_foreign_print(const struct config_foreign *f, char **ret, size_t *ret_n);

/* --- for the readers of the languages --------------------------------------------------------- */

int xst_foreign_read_xend(const char *text, size_t n, struct config_foreign *f,
			  struct config_error *err);
int xst_foreign_read_libvirt(const char *text, size_t n, struct config_foreign *f,
			     struct config_error *err);
int xst_foreign_read_xenops(const char *text, size_t n, struct config_foreign *f,
			    struct config_error *err);

/* A line about something that is left out. */
void xst_foreign_leave(struct config_foreign *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct sexpr;
void xst_foreign_leave_sexpr(struct config_foreign *f, const char *where, const struct sexpr *s);
/* Sets a string; nothing if the value is empty.  What can't stand in a line of xl's is left out,
 * under the name `what`. */
void xst_foreign_text(struct config_foreign *f, char **to, const char *what, const char *value);
/* Sets a number, the value times up over down; what is none is left out. */
void xst_foreign_number(struct config_foreign *f, uint64_t *to, const char *what, const char *value,
			uint64_t up, uint64_t down);
/* What a guest is to do with a virtual disk that xend or xl calls by a name with a prefix, such as
 * phy:vg/disk or tap:qcow2:/path.  False if no words of xl's say it. */
bool xst_foreign_disk_source(struct config_foreign *f, struct config_disk *d, const char *source);
void xst_foreign_disk(struct config_foreign *f, struct config_disk *d);
void xst_foreign_vif(struct config_foreign *f, struct config_vif *v);

#endif
