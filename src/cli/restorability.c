/* SPDX-License-Identifier: MIT */
/* Versions of Xen that restore a stream, as text and as JSON. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

#define MAJOR(xen) ((xen) >> 16)
#define MINOR(xen) ((xen) >> 8 & 0xff)
#define POINT(xen) ((xen)&0xff)

/* Up to three numbers below 256, with points between them. */
bool xst_cli_xen_version(const char *words, uint32_t *ret)
{
	unsigned long n[3] = { 0 };
	const char *s = words;
	unsigned i = 0;

	for (; i < 3; i++) {
		char *end;

		if (*s < '0' || *s > '9')
			return false;
		n[i] = strtoul(s, &end, 10);
		if (n[i] > 255)
			return false;
		s = end;
		if (*s != '.')
			break;
		s++;
	}
	*ret = XST_XEN(n[0], n[1], n[2]);
	return !*s && i > 0 && i < 3;
}

static const char *version(uint32_t xen, char *buf, size_t size)
{
	if (POINT(xen))
		snprintf(buf, size, "%u.%u.%u", MAJOR(xen), MINOR(xen), POINT(xen));
	else
		snprintf(buf, size, "%u.%u", MAJOR(xen), MINOR(xen));
	return buf;
}

bool xst_cli_restorable_for(const struct xst_restorability *r, uint32_t xen)
{
	return !r->never && xst_reason_against(r, xen) == r->n;
}

const char *xst_cli_restorable_words(const struct xst_restorability *r, char *buf, size_t size)
{
	char since[16], until[16];

	if (r->never)
		snprintf(buf, size, "no known Xen");
	else if (r->since && r->until && MINOR(r->since) == MINOR(r->until))
		snprintf(buf, size, "%s%s", version(r->since, since, sizeof(since)),
			 POINT(r->since) ? " and later point releases" : "");
	else if (r->since && r->until)
		snprintf(buf, size, "%s to %s", version(r->since, since, sizeof(since)),
			 version(r->until, until, sizeof(until)));
	else if (r->since)
		snprintf(buf, size, "%s and newer", version(r->since, since, sizeof(since)));
	else if (r->until)
		snprintf(buf, size, "%s and older", version(r->until, until, sizeof(until)));
	else
		snprintf(buf, size, "every Xen");
	return buf;
}

static size_t add(char *buf, size_t size, size_t n, const char *words, uint32_t xen)
{
	char v[16];
	int k = n < size ? snprintf(buf + n, size - n, "%s%s", words, version(xen, v, sizeof(v))) : 0;

	return n + (size_t)k;
}

static size_t points(const struct xst_reason *reason, char *buf, size_t size, size_t n, const char *first)
{
	for (size_t i = 0; i < XST_REASON_POINTS && reason->points[i]; i++)
		n = add(buf, size, n, i ? ", " : first, reason->points[i]);
	return n;
}

const char *xst_cli_reason_words(const struct xst_reason *reason, char *buf, size_t size)
{
	size_t n = (size_t)snprintf(buf, size, "%s", reason->text);

	if (reason->since == XST_XEN_NONE || (!reason->since && !reason->until))
		return buf;
	if (reason->since) {
		n = add(buf, size, n, " (", reason->since);
		n = points(reason, buf, size, n, ", ");
	}
	if (reason->until)
		n = add(buf, size, n, reason->since ? ", up to " : " (up to ", reason->until);
	if (!reason->since)
		n = points(reason, buf, size, n, ", before ");
	if (n < size)
		snprintf(buf + n, size - n, ")");
	return buf;
}

/* Whether the last version is older than the first one. */
static bool contradictory(const struct xst_restorability *r)
{
	return r->until && r->since != XST_XEN_NONE && r->since > (r->until | 0xff);
}

/* Whether a reason decides the answer or explains it. */
static bool decides(const struct xst_restorability *r, const struct xst_reason *reason)
{
	if (r->never && !contradictory(r))
		return reason->since == XST_XEN_NONE;
	return reason->until ? reason->until == r->until
			     : !reason->since || reason->since == r->since;
}

const struct xst_reason *xst_cli_deciding_reason(const struct xst_restorability *r, size_t *i)
{
	while (*i < r->n) {
		const struct xst_reason *reason = &r->reasons[(*i)++];

		if (decides(r, reason))
			return reason;
	}
	return NULL;
}

/* Prints the deciding reasons, or those against a version. */
static void print_reasons(FILE *to, const struct xst_restorability *r, uint32_t against)
{
	const char *separator = ": ";
	bool any = false;
	char buf[256];

	for (size_t i = 0; i < r->n; i++) {
		const struct xst_reason *reason = &r->reasons[i];

		if (against ? !xst_reason_excludes(reason, against) : !decides(r, reason))
			continue;
		fprintf(to, "%s%s", separator, xst_cli_reason_words(reason, buf, sizeof(buf)));
		separator = "; ";
		any = true;
	}
	if (r->never && !any)
		fputs(" (see the errors)", to);
}

void xst_cli_print_restorability(FILE *to, const char *file, const struct xst_restorability *r)
{
	char buf[64];

	if (!r->n && !r->never)
		return;
	if (r->never)
		fprintf(to, "%s: not restorable by any known Xen", file);
	else
		fprintf(to, "%s: restorable by: %s", file,
			xst_cli_restorable_words(r, buf, sizeof(buf)));
	print_reasons(to, r, 0);
	fputc('\n', to);
}

void xst_cli_print_restorable_for(FILE *to, const struct xst_restorability *r, uint32_t xen, bool invalid)
{
	char buf[64];

	if (!xst_cli_restorable_for(r, xen)) {
		fprintf(to, ", not restorable by %s", version(xen, buf, sizeof(buf)));
		print_reasons(to, r, xen);
	} else if (invalid) {
		fprintf(to, ", but Xen %s restores it", version(xen, buf, sizeof(buf)));
	}
}

void xst_cli_print_restored_anyhow(FILE *to, const struct xst_restorability *r)
{
	char buf[64];

	if (!r->never && r->complete)
		fprintf(to, ", but restored by %s", xst_cli_restorable_words(r, buf, sizeof(buf)));
}

static json_object *version_json(uint32_t xen)
{
	char buf[16];

	if (!xen || xen == XST_XEN_NONE)
		return NULL;
	return json_object_new_string(version(xen, buf, sizeof(buf)));
}

static json_object *reason_json(const struct xst_reason *reason)
{
	json_object *o = json_object_new_object(), *points = json_object_new_array();

	json_object_object_add(o, "text", json_object_new_string(reason->text));
	json_object_object_add(o, "since", version_json(reason->since));
	json_object_object_add(o, "until", version_json(reason->until));
	for (size_t i = 0; i < XST_REASON_POINTS && reason->points[i]; i++)
		json_object_array_add(points, version_json(reason->points[i]));
	json_object_object_add(o, "points", points);
	json_object_object_add(o, "layer", json_object_new_string(xst_layer_name(reason->layer)));
	json_object_object_add(o, "offset", xst_cli_json_u64(reason->offset));
	return o;
}

json_object *xst_cli_restorability_json(const struct xst_restorability *r, uint32_t xen)
{
	json_object *o = json_object_new_object(), *reasons = json_object_new_array();

	json_object_object_add(o, "by_none", json_object_new_boolean(r->never));
	json_object_object_add(o, "since", version_json(r->since));
	json_object_object_add(o, "until", version_json(r->until));
	for (size_t i = 0; i < r->n; i++)
		json_object_array_add(reasons, reason_json(&r->reasons[i]));
	json_object_object_add(o, "reasons", reasons);
	if (xen) {
		json_object_object_add(o, "for", version_json(xen));
		json_object_object_add(o, "by_it",
				       json_object_new_boolean(xst_cli_restorable_for(r, xen)));
	}
	return o;
}
