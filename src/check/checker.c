/* SPDX-License-Identifier: MIT */
/* The rules that only several records together can break, and those on what a record's opaque part
 * holds: events go to order.c and to the subject of their record. */
#include "check/checker.h"

#include <stdlib.h>

#include "wire/options.h"

/* --- who handles which event ---------------------------------------------------------------- */

static const struct check_subject *const subjects[XST_KIND_MAX] = {
	[XST_KIND_XL_HEADER] = &xst_check_xl_header,
	[XST_KIND_CONFIG] = &xst_check_config,
	[XST_KIND_IMAGE_HEADER] = &xst_check_image_header,
	[XST_KIND_DOMAIN_HEADER] = &xst_check_domain_header,
	[XST_KIND_EMULATOR_XENSTORE_DATA] = &xst_check_xenstore,
	[XST_KIND_EMULATOR_CONTEXT] = &xst_check_emulator,
	[XST_KIND_CHECKPOINT_STATE] = &xst_check_checkpoint_state,
	[XST_KIND_PAGE_DATA] = &xst_check_pages,
	[XST_KIND_PV_INFO] = &xst_check_pv_info,
	[XST_KIND_P2M_FRAMES] = &xst_check_p2m_frames,
	[XST_KIND_VCPU_BASIC] = &xst_check_vcpu,
	[XST_KIND_VCPU_EXTENDED] = &xst_check_vcpu,
	[XST_KIND_VCPU_XSAVE] = &xst_check_vcpu,
	[XST_KIND_VCPU_MSRS] = &xst_check_vcpu,
	[XST_KIND_TSC_INFO] = &xst_check_tsc,
	[XST_KIND_HVM_CONTEXT] = &xst_check_hvm_context,
	[XST_KIND_HVM_PARAMS] = &xst_check_hvm_params,
	[XST_KIND_CPUID_POLICY] = &xst_check_cpuid,
	[XST_KIND_MSR_POLICY] = &xst_check_msrs,
	[XST_KIND_P2M_SIZE] = &xst_check_p2m_size,
	[XST_KIND_UNMAPPED_PFNS] = &xst_check_unmapped,
	[XST_KIND_COMPRESSED_DATA] = &xst_check_compressed,
	[XST_KIND_DIRTY_PFN_LIST] = &xst_check_dirty_pfns,
};

static const struct check_subject no_subject;

#define OLD_RECORD_LIMIT (8u << 20)

/* --- life ----------------------------------------------------------------------------------- */

int xst_checker_new(const struct xst_checker_options *options, struct xst_checker **ret)
{
	struct xst_checker_options o = { .size = sizeof(o) };
	struct xst_checker *c;

	if (!ret || (options && xst_options_copy(&o, sizeof(o), options, options->size) < 0))
		return XST_E_ARG;
	if (o.flags & ~(uint32_t)XST_CHECK_DEEP)
		return XST_E_ARG;
	c = calloc(1, sizeof(*c));
	if (!c)
		return XST_E_NOMEM;
	c->flags = o.flags;
	c->config_fn = o.config;
	c->config_userdata = o.userdata;
	c->subject = &no_subject;
	c->facts.size = sizeof(c->facts);
	xst_check_pages_init(c);
	*ret = c;
	return 0;
}

const struct track *xst_check_track(const struct xst_checker *c)
{
	return &c->track;
}

struct xst_checker *xst_checker_free(struct xst_checker *c)
{
	if (!c)
		return NULL;
	xst_check_pages_free(c);
	free(c->config);
	free(c);
	return NULL;
}

/* --- findings ------------------------------------------------------------------------------- */

static void checker_pass_on(struct xst_checker *c, const struct xst_finding *f)
{
	if (c->n == CHECK_FINDINGS)
		return;
	c->findings[c->n++] = *f;
	c->config_any |= f->layer == XST_LAYER_XL && f->severity == XST_ERROR; /* can't be told */
	xst_check_restorable_finding(c, f);
}

const struct xst_finding *xst_checker_finding(struct xst_checker *c)
{
	return c->first < c->n ? &c->findings[c->first++] : NULL;
}

size_t xst_checker_wants(const struct xst_checker *c)
{
	return c->wants;
}

uint64_t xst_checker_skips(const struct xst_checker *c)
{
	return c->skips;
}

/* --- events --------------------------------------------------------------------------------- */

static void checker_stream_begin(struct xst_checker *c, const struct xst_event *ev)
{
	c->serial++;
	xst_check_config_stream(c);
	c->layer = ev->layer;
	c->name = NULL;
	xst_check_restorable_stream(c, ev);
}

static void checker_stream_end(struct xst_checker *c, const struct xst_event *ev)
{
	c->serial++;
	if (ev->layer == XST_LAYER_LEGACY)
		xst_check_order_legacy_end(c);
}

static void record_length(struct xst_checker *c)
{
	if (c->layer != XST_LAYER_LIBXC || c->length <= OLD_RECORD_LIMIT)
		return;
	xst_check_find(c, RULE_RECORD_LONG, 0, "length",
		       "%llu bytes; Xen before 4.10 takes 8 MiB at most",
		       (unsigned long long)c->length);
	xst_check_reason(c, XST_XEN(4, 10, 0), 0, NULL, "a record is longer than 8 MiB");
}

static void checker_record_begin(struct xst_checker *c, const struct xst_event *ev)
{
	c->layer = ev->layer;
	c->kind = ev->kind;
	c->name = ev->u.record.name;
	c->offset = ev->offset;
	c->index = ev->u.record.index;
	c->length = ev->u.record.length;
	c->type = ev->u.record.type;
	c->big = ev->big_endian;
	c->serial++;
	c->subject = subjects[ev->kind] ? subjects[ev->kind] : &no_subject;
	xst_check_order_begin(c);
	record_length(c);
	xst_check_restorable_begin(c, ev);
	c->seen[ev->kind]++;
}

static int checker_handle(struct xst_checker *c, const struct xst_event *ev,
			  int (*handler)(struct xst_checker *c, const struct xst_event *ev))
{
	return handler ? handler(c, ev) : 0;
}

int xst_checker_event(struct xst_checker *c, const struct xst_event *ev)
{
	c->first = c->n = 0;
	c->wants = 0;
	c->skips = 0;
	xst_track_event(&c->track, ev);
	switch (ev->type) {
	case XST_EVENT_STREAM_BEGIN:
		checker_stream_begin(c, ev);
		return 0;
	case XST_EVENT_STREAM_END:
		checker_stream_end(c, ev);
		return 0;
	case XST_EVENT_RECORD_BEGIN:
		checker_record_begin(c, ev);
		return 0;
	case XST_EVENT_FIELDS:        return checker_handle(c, ev, c->subject->fields);
	case XST_EVENT_ITEMS:         return checker_handle(c, ev, c->subject->items);
	case XST_EVENT_PAIR:          return checker_handle(c, ev, c->subject->pair);
	case XST_EVENT_PAYLOAD_BEGIN: return checker_handle(c, ev, c->subject->run);
	case XST_EVENT_PAYLOAD:       return checker_handle(c, ev, c->subject->payload);
	case XST_EVENT_RECORD_END:    return checker_handle(c, ev, c->subject->end);
	case XST_EVENT_WARNING:
		checker_pass_on(c, ev->u.finding);
		return 0;
	case XST_EVENT_FINISHED:
		c->restorability.complete = true;
		return 0;
	default:
		return 0;
	}
}
