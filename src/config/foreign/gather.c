/* SPDX-License-Identifier: MIT */
#include "config/foreign/gather.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "config/foreign/sexpr.h"
#include "config/utf8.h"

#define LINE 400

/* --- what is left out ------------------------------------------------------------------------ */

static void add_line(struct config_foreign *f, const char *line)
{
	char **more = array_room(f->left_out, f->nleft_out + 1, &f->left_out_room, sizeof(*more));

	if (more)
		f->left_out = more;
	if (more && (more[f->nleft_out] = strdup(line)))
		f->nleft_out++;
	else
		f->no_memory = true;
}

/* xl's text is UTF-8, and a comment is one line.  The line may have been cut inside a character. */
static void make_printable(char *line)
{
	size_t n = strlen(line), bad;

	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	while (!xst_utf8_valid(line, n, &bad))
		line[bad] = '?';
}

void xst_foreign_leave(struct config_foreign *f, const char *format, ...)
{
	char line[LINE];
	va_list ap;

	if (f->nleft_out == LIMIT_LEFT_OUT) {
		f->unsaid++;
		return;
	}
	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	make_printable(line);
	add_line(f, line);
}

void xst_foreign_leave_sexpr(struct config_foreign *f, const char *where, const struct sexpr *s)
{
	char text[300];

	xst_foreign_leave(f, "%s%s", where, xst_sexpr_print(s, text, sizeof(text)));
}

/* --- values ---------------------------------------------------------------------------------- */

/* Whether the value fits on one line, in one kind of quotes. */
static bool fits(const char *value)
{
	size_t bad;

	for (const char *p = value; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return xst_utf8_valid(value, strlen(value), &bad) &&
	       !(strchr(value, '"') && strchr(value, '\''));
}

void xst_foreign_text(struct config_foreign *f, char **to, const char *what, const char *value)
{
	if (!value || !*value)
		return;
	if (!fits(value)) {
		xst_foreign_leave(f, "%s: %s", what, value);
		return;
	}
	free(*to);
	*to = strdup(value);
	f->no_memory |= !*to;
}

void xst_foreign_number(struct config_foreign *f, uint64_t *to, const char *what, const char *value,
			uint64_t up, uint64_t down)
{
	char *end;
	unsigned long long v;

	if (!value || !*value)
		return;
	errno = 0;
	v = strtoull(value, &end, 10);
	if (*end || *value < '0' || *value > '9' || errno || v > UINT64_MAX / up)
		xst_foreign_leave(f, "%s: %s", what, value);
	else
		*to = v * up / down;
}

/* --- devices --------------------------------------------------------------------------------- */

static const struct {
	const char *prefix, *format, *backendtype;
} sources[] = {
	{ "phy:", "raw", "phy" },
	{ "file:", "raw", NULL },
	{ "tap:tapdisk:aio:", "raw", NULL },
	{ "tap:aio:", "raw", NULL },
	{ "tap2:aio:", "raw", NULL },
	{ "tap2:tapdisk:aio:", "raw", NULL },
	{ "tap:qcow2:", "qcow2", NULL },
	{ "tap2:qcow2:", "qcow2", NULL },
	{ "tap:qcow:", "qcow", NULL },
	{ "tap2:qcow:", "qcow", NULL },
	{ "tap:vhd:", "vhd", NULL },
	{ "tap2:vhd:", "vhd", NULL },
};

/* Scripts make devices from what follows the colon: drbd:resource, iscsi:target. */
static bool scripted(struct config_foreign *f, struct config_disk *d, const char *source)
{
	const char *colon = strchr(source, ':');
	char script[80];

	if (!colon || colon == source || colon - source > 32 ||
	    strspn(source, "abcdefghijklmnopqrstuvwxyz0123456789-") != (size_t)(colon - source) ||
	    strncmp(source, "tap", 3) == 0)
		return false;
	snprintf(script, sizeof(script), "block-%.*s", (int)(colon - source), source);
	xst_foreign_text(f, &d->script, "script", script);
	xst_foreign_text(f, &d->target, "disk", colon + 1);
	return true;
}

bool xst_foreign_disk_source(struct config_foreign *f, struct config_disk *d, const char *source)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		size_t n = strlen(sources[i].prefix);
		char path[4096];

		if (strncmp(source, sources[i].prefix, n) != 0)
			continue;
		if (!source[n]) /* an empty drive */
			return true;
		/* a block device's name may omit its folder */
		snprintf(path, sizeof(path), "%s%s",
			 sources[i].backendtype && source[n] != '/' ? "/dev/" : "", source + n);
		xst_foreign_text(f, &d->target, "disk", path);
		xst_foreign_text(f, &d->format, "format", sources[i].format);
		xst_foreign_text(f, &d->backendtype, "backendtype", sources[i].backendtype);
		return d->target != NULL;
	}
	if (*source == '/' || !*source) {
		xst_foreign_text(f, &d->target, "disk", source);
		return d->target || !*source;
	}
	return scripted(f, d, source);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether parsing the specification gives the same disk: 1, 0, or XST_E_NOMEM. */
static int disk_reads_back(const char *spec, struct config_disk *d)
{
	struct config_disk back;
	int r = xst_config_disk_parse(spec, &back, NULL);
	bool same;

	if (r)
		return r == XST_E_NOMEM ? r : 0;
	same = back.readonly == d->readonly && back.cdrom == d->cdrom;
	for (size_t i = 0; i < xst_config_disk_strings_count; i++)
		same = same &&
		       same_text(*xst_config_disk_string_of(d, &xst_config_disk_strings[i]),
				 *xst_config_disk_string_of(&back, &xst_config_disk_strings[i]));
	xst_config_disk_clear(&back);
	return same;
}

static int vif_reads_back(const char *spec, struct config_vif *v)
{
	struct config_vif back;
	int r = xst_config_vif_parse(spec, &back, NULL);
	bool same;

	if (r)
		return r == XST_E_NOMEM ? r : 0;
	same = same_text(back.rest, v->rest);
	for (size_t i = 0; i < xst_config_vif_strings_count; i++)
		same = same &&
		       same_text(*xst_config_vif_string_of(v, &xst_config_vif_strings[i]),
				 *xst_config_vif_string_of(&back, &xst_config_vif_strings[i]));
	xst_config_vif_clear(&back);
	return same;
}

/* Leaves a disk out if xl would refuse its specification, and with that the configuration, or read
 * it differently: a comma begins the next parameter. */
void xst_foreign_disk(struct config_foreign *f, struct config_disk *d)
{
	char *spec = xst_config_disk_print(d);
	int same = !spec ? XST_E_NOMEM : fits(spec) ? disk_reads_back(spec, d) : 0;

	if (same == 0)
		xst_foreign_leave(f, "disk: %s", spec);
	else
		f->no_memory |= same < 0 || xst_config_view_add_disk(&f->view, d) < 0;
	free(spec);
	xst_config_disk_clear(d);
}

void xst_foreign_vif(struct config_foreign *f, struct config_vif *v)
{
	char *spec = xst_config_vif_print(v);
	int same = !spec ? XST_E_NOMEM : fits(spec) ? vif_reads_back(spec, v) : 0;

	if (same == 0)
		xst_foreign_leave(f, "vif: %s", spec);
	else
		f->no_memory |= same < 0 || xst_config_view_add_vif(&f->view, v) < 0;
	free(spec);
	xst_config_vif_clear(v);
}

int xst_foreign_complete(struct config_foreign *f)
{
	char last[40];

	if (f->unsaid) {
		snprintf(last, sizeof(last), "and %zu more", f->unsaid);
		add_line(f, last);
	}
	return f->no_memory ? XST_E_NOMEM : 0;
}
