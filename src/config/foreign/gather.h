/* SPDX-License-Identifier: MIT */
/* What the readers of other toolstacks' languages find: gathered into a view, and lines about the
 * rest. */
#ifndef CONFIG_GATHER_H
#define CONFIG_GATHER_H

#include "config/foreign/foreign_config.h"

/* The readers: as xst_foreign_read(), but *f tells what was left out and whether memory ran out. */
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

/* When all was read: says how much more was left out than there are lines.  Returns 0, or
 * XST_E_NOMEM if memory ran out anywhere on the way. */
int xst_foreign_complete(struct config_foreign *f);

#endif
