/* SPDX-License-Identifier: MIT */
/* Gathers what the readers of other toolstacks' languages find: a view, and lines about the
 * rest. */
#ifndef CONFIG_GATHER_H
#define CONFIG_GATHER_H

#include "config/foreign/foreign_config.h"

/* The readers: as xst_foreign_read(), but *f records what was left out and whether memory ran
 * out. */
int xst_foreign_read_xend(const char *text, size_t n, struct config_foreign *f,
			  struct config_error *err);
int xst_foreign_read_libvirt(const char *text, size_t n, struct config_foreign *f,
			     struct config_error *err);
int xst_foreign_read_xenops(const char *text, size_t n, struct config_foreign *f,
			    struct config_error *err);

/* Adds a line about something that is left out. */
void xst_foreign_leave(struct config_foreign *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct sexpr;
void xst_foreign_leave_sexpr(struct config_foreign *f, const char *where, const struct sexpr *s);
/* Sets a string, unless the value is empty.  A value that xl.cfg can't hold is left out, under the
 * name `what`. */
void xst_foreign_text(struct config_foreign *f, char **to, const char *what, const char *value);
/* Sets a number to value * up / down; anything that is not a number is left out. */
void xst_foreign_number(struct config_foreign *f, uint64_t *to, const char *what, const char *value,
			uint64_t up, uint64_t down);
/* Sets the source of a virtual disk, given with a prefix as in xend or xl, such as phy:vg/disk or
 * tap:qcow2:/path.  False if xl can't express it. */
bool xst_foreign_disk_source(struct config_foreign *f, struct config_disk *d, const char *source);
void xst_foreign_disk(struct config_foreign *f, struct config_disk *d);
void xst_foreign_vif(struct config_foreign *f, struct config_vif *v);

/* Call this when everything has been read: adds a line that counts what was left out without a
 * line.  Returns 0, or XST_E_NOMEM if memory ran out at any point. */
int xst_foreign_complete(struct config_foreign *f);

#endif
