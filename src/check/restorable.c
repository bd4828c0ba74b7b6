/* SPDX-License-Identifier: MIT */
/* Which Xen restores a stream: reasons are gathered where they are seen, each a first or a last
 * version; the answer is what they leave. */
#include "check/checker.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define XEN(major, minor) XST_XEN(major, minor, 0)
#define MINOR_MASK UINT32_C(0xffffff00)

static bool same_reason(const struct xst_reason *a, const char *text)
{
	return strcmp(a->text, text) == 0;
}

void xst_check_reason(struct xst_checker *c, uint32_t since, uint32_t until, const uint32_t *points,
		      const char *format, ...)
{
	struct xst_restorability *r = &c->restorability;
	struct xst_reason reason = { .since = since, .until = until, .layer = c->layer,
				     .offset = c->offset };
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(reason.text, sizeof(reason.text), format, ap);
	va_end(ap);
	for (size_t i = 0; i < r->n; i++)
		if (same_reason(&r->reasons[i], reason.text))
			return;
	for (size_t i = 0; points && i < XST_REASON_POINTS; i++)
		reason.points[i] = points[i];
	r->since = since > r->since ? since : r->since;
	if (until && (!r->until || until < r->until))
		r->until = until;
	if (r->n < XST_REASONS)
		r->reasons[r->n++] = reason;
}

bool xst_reason_excludes(const struct xst_reason *r, uint32_t xen)
{
	if (r->until && (xen & MINOR_MASK) > r->until)
		return true;
	if (xen >= r->since)
		return false;
	for (size_t i = 0; i < XST_REASON_POINTS && r->points[i]; i++)
		if (xen >= r->points[i] && (xen & MINOR_MASK) == (r->points[i] & MINOR_MASK))
			return false;
	return true;
}

size_t xst_reason_against(const struct xst_restorability *r, uint32_t xen)
{
	size_t i = 0;

	while (i < r->n && !xst_reason_excludes(&r->reasons[i], xen))
		i++;
	return i;
}

const struct xst_restorability *xst_checker_restorability(struct xst_checker *c)
{
	struct xst_restorability *r = &c->restorability;

	if (r->since == XST_XEN_NONE || (r->until && (r->since & MINOR_MASK) > r->until))
		r->never = true;
	return r;
}

/* Rules that say more of it than their severity: what no Xen takes today, a later one may, or
 * another reader. */
static const struct {
	enum xst_rule rule;
	uint32_t since, until;
	const char *text;
} of_findings[] = {
	{ RULE_RECORD_EMPTY, 0, 0,
	  "records without contents, as Xen 4.6 to 4.8 wrote: receivers pass over them" },
	{ RULE_BIG_ENDIAN, XST_XEN_NONE, 0, "big-endian records, which no Xen reads" },
	{ RULE_XL_STREAM_FLAG, XST_XEN_NONE, 0,
	  "the xl header announces another stream than the one that follows" },
	{ RULE_LIBVIRT_STREAM, XST_XEN_NONE, 0,
	  "libvirt's header announces another stream than the one that follows" },
	{ RULE_XENSERVER_REFUSED, XST_XEN_NONE, 0, "a record that xenopsd refuses" },
	{ RULE_CPUID_LEAF, XST_XEN_NONE, 0, "a CPUID policy with a leaf that no known Xen takes" },
	{ RULE_MSR_INDEX, XST_XEN_NONE, 0, "an MSR policy with an MSR that no known Xen takes" },
	{ RULE_CHECKPOINT_PLAIN, XST_XEN_NONE, 0, "a checkpoint without a libxl stream around it" },
	{ RULE_LEGACY_XSAVE, XST_XEN_NONE, 0,
	  "xsave areas of several sizes: Xen's receiver and its converter fail" },
	{ RULE_LEGACY_EXT_BLOCK, 0, XEN(4, 5),
	  "an unknown block of extended info: the converter of 4.6 and later refuses it" },
};

void xst_check_restorable_finding(struct xst_checker *c, const struct xst_finding *f)
{
	if (f->severity == XST_ERROR)
		c->restorability.never = true;
	for (size_t i = 0; i < sizeof(of_findings) / sizeof(of_findings[0]); i++)
		if (f->rule == xst_rule_table[of_findings[i].rule].id)
			xst_check_reason(c, of_findings[i].since, of_findings[i].until, NULL, "%s",
					 of_findings[i].text);
}

static void legacy(struct xst_checker *c)
{
	switch (c->kind) {
	case XST_KIND_COMPRESSED_DATA:
		xst_check_reason(
			c, 0, XEN(4, 5), NULL,
			"compressed pages: the converter of 4.6 and later does not read them");
		break;
	case XST_KIND_TMEM:
	case XST_KIND_TMEM_EXTRA:
		xst_check_reason(
			c, 0, XEN(4, 5), NULL,
			"transcendent memory: the converter of 4.6 and later does not read it");
		break;
	case XST_KIND_CHECKPOINT:
		xst_check_reason(
			c, 0, 0, NULL,
			"a checkpointed stream, of which the converter of 4.6 and later takes the "
			"first state");
		break;
	default:
		break;
	}
	if (c->kind == XST_KIND_HVM_PARAMS && (int32_t)c->type == LEGACY_CHUNK_X87_FIP_WIDTH)
		xst_check_reason(
			c, XST_XEN(4, 5, 4), XEN(4, 5), NULL,
			"%s: Xen 4.5.4 and 4.5.5 know that chunk, the converter of later ones "
			"does not",
			c->name);
}

void xst_check_restorable_stream(struct xst_checker *c, const struct xst_event *ev)
{
	if (ev->layer == XST_LAYER_LEGACY)
		xst_check_reason(c, XEN(4, 1), 0, NULL,
				 "a legacy stream: read up to Xen 4.5, converted by 4.6 and later");
	if (ev->layer == XST_LAYER_LIBXL)
		xst_check_reason(c, XEN(4, 6), 0, NULL, "a libxl stream of version 2");
}

void xst_check_restorable_begin(struct xst_checker *c, const struct xst_event *ev)
{
	if (ev->layer == XST_LAYER_LEGACY)
		legacy(c);
	if (ev->layer == XST_LAYER_LIBXL && ev->kind == XST_KIND_CHECKPOINT_STATE &&
	    !c->seen[XST_KIND_CHECKPOINT_END])
		xst_check_reason(c, XST_XEN_NONE, 0, NULL,
				 "a CHECKPOINT_STATE where libxl does not wait for one");
	else if (ev->layer == XST_LAYER_LIBXL && ev->kind == XST_KIND_CHECKPOINT_STATE)
		xst_check_reason(
			c, XEN(4, 7), 0, NULL,
			"a COLO stream, which only a secondary takes: Xen knows it since 4.7");
	if (ev->kind != XST_KIND_UNKNOWN)
		return;
	if (ev->layer == XST_LAYER_LIBXL)
		xst_check_reason(c, XST_XEN_NONE, 0, NULL,
				 "libxl refuses records of unknown type, optional ones, too");
	else if (ev->layer == XST_LAYER_LIBXC && c->checkpoints)
		xst_check_reason(
			c, XST_XEN_NONE, 0, NULL,
			"an optional record after a checkpoint, which libxc refuses there");
}
