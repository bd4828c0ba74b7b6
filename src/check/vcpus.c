/* SPDX-License-Identifier: MIT */
/* vCPUs of PV guests: which records there are of each, and what is in them. */
#include "check/refuse.h"

#include "wire/bytes.h"

#define MSRS_SEEN (CHECK_HEAD / WIRE_PV_MSR_SIZE * WIRE_PV_MSR_SIZE)

static unsigned bit_of(enum xst_kind kind)
{
	switch (kind) {
	case XST_KIND_VCPU_BASIC:    return VCPU_BASIC;
	case XST_KIND_VCPU_EXTENDED: return VCPU_EXTENDED;
	case XST_KIND_VCPU_XSAVE:    return VCPU_XSAVE;
	default:                     return VCPU_MSRS;
	}
}

static void context_size(struct xst_checker *c)
{
	const struct wire_pv_context *x = xst_wire_pv_context(c->guest_width);
	uint64_t size = c->length - 8;

	if (c->kind == XST_KIND_VCPU_BASIC && x && size != x->size)
		xst_check_find(c, RULE_VCPU_SIZE, 0, "length",
			       "%llu bytes; a %u-bit guest's context has %u",
			       (unsigned long long)size, c->guest_width * 8, x->size);
}

void xst_check_vcpu_seen(struct xst_checker *c, uint64_t vcpu)
{
	if (vcpu >= c->vcpus_needed)
		c->vcpus_needed = vcpu + 1;
}

static int vcpus_rule_fields(struct xst_checker *c, const struct xst_event *ev)
{
	uint64_t id = xst_event_field(ev, XST_FIELD_VCPU_ID, 0);
	unsigned bit = bit_of(ev->kind);

	c->vcpu = id;
	if (ev->layer == XST_LAYER_LEGACY && bit == VCPU_BASIC)
		xst_check_vcpu_seen(c, id);
	if (ev->layer != XST_LAYER_LIBXC || c->length < 8)
		return 0;
	if (c->length == 8) { /* a receiver passes over what holds nothing */
		c->vcpus_empty += bit == VCPU_BASIC;
		return 0;
	}
	if (id >= LIMIT_PV_VCPUS) {
		xst_check_find(c, RULE_VCPU_ID, 0, "vcpu", "%llu; a PV guest has %d vCPUs at most",
			       (unsigned long long)id, LIMIT_PV_VCPUS);
		return 0;
	}
	if (c->vcpus[id] & bit)
		xst_check_find(c, RULE_REPEATED, 0, "vcpu",
			       "another %s of vCPU %llu, which is the one that counts", c->name,
			       (unsigned long long)id);
	else if (bit != VCPU_BASIC && !(c->vcpus[id] & VCPU_BASIC))
		xst_check_find(c, RULE_ORDER, 0, "vcpu",
			       "%s of vCPU %llu without its X86_PV_VCPU_BASIC", c->name,
			       (unsigned long long)id);
	c->vcpu_count += bit == VCPU_BASIC && !(c->vcpus[id] & VCPU_BASIC);
	c->vcpus[id] |= (uint8_t)bit;
	c->vcpus_any = true;
	xst_check_vcpu_seen(c, id);
	context_size(c);
	return 0;
}

static size_t looked_at(const struct xst_checker *c)
{
	const struct wire_pv_context *x = xst_wire_pv_context(c->guest_width);

	switch (c->kind) {
	case XST_KIND_VCPU_BASIC:    return x ? x->size : 0;
	case XST_KIND_VCPU_EXTENDED: return WIRE_PV_EXTENDED_SIZE_AT + 4;
	case XST_KIND_VCPU_XSAVE:    return WIRE_XSAVE_AREA_AT + WIRE_XSAVE_MIN_AREA;
	default:                     return MSRS_SEEN;
	}
}

/* A legacy stream says by a context's size what PV_INFO says today. */
static void guest_by_context(struct xst_checker *c)
{
	if (c->kind == XST_KIND_VCPU_BASIC && !c->guest_width)
		c->guest_width = c->run == xst_wire_pv_context(8)->size ? 8 : 4;
	if (c->guest_width)
		c->pt_levels = c->guest_width == 8 ? 4 : 3;
}

static int vcpu_run(struct xst_checker *c, const struct xst_event *ev)
{
	c->run = ev->u.payload.length;
	if (ev->layer == XST_LAYER_LEGACY)
		guest_by_context(c);
	xst_check_want_head(c, ev, looked_at(c));
	if (c->kind == XST_KIND_VCPU_MSRS && ev->layer == XST_LAYER_LIBXC &&
	    c->run % WIRE_PV_MSR_SIZE)
		xst_check_find(c, RULE_VCPU_MSRS, 0, "length",
			       "%llu bytes are no whole number of MSRs",
			       (unsigned long long)c->run);
	return 0;
}

/* --- registers ------------------------------------------------------------------------------ */

static void start_info(struct xst_checker *c, const struct wire_pv_context *x)
{
	uint64_t pfn = get_number(c->head + x->start_info, 4, c->big);

	if (c->vcpu == 0 && !xst_check_page_is(c, pfn, XST_PAGE_NOTAB))
		xst_check_find(c, RULE_VCPU_START_INFO, 0, "rdx",
			       "start_info's pfn %#llx is not in the image as an ordinary page",
			       (unsigned long long)pfn);
}

static void gdt(struct xst_checker *c, const struct wire_pv_context *x)
{
	uint64_t ents = get_number(c->head + x->gdt_ents, x->width, c->big);

	if (ents > WIRE_PV_GDT_ENTS) {
		xst_check_find(c, RULE_VCPU_GDT, 0, "gdt_ents", "%llu entries; %d are the most",
			       (unsigned long long)ents, WIRE_PV_GDT_ENTS);
		return;
	}
	for (uint64_t i = 0; i * WIRE_PV_GDT_PER_FRAME < ents; i++) {
		uint64_t pfn = get_number(c->head + x->gdt_frames + i * x->width, x->width, c->big);

		if (!xst_check_page_is(c, pfn, XST_PAGE_NOTAB))
			xst_check_find(
				c, RULE_VCPU_GDT, 0, "gdt_frames",
				"frame %llu, pfn %#llx, is not in the image as an ordinary page",
				(unsigned long long)i, (unsigned long long)pfn);
	}
}

static void page_table(struct xst_checker *c, const struct wire_pv_context *x, unsigned at,
		       const char *field)
{
	uint64_t pfn = xst_wire_cr3_pfn(x, get_number(c->head + at, x->width, c->big));

	if (c->pt_levels && !xst_check_page_is(c, pfn, c->pt_levels))
		xst_check_find(c, RULE_VCPU_CR3, 0, field,
			       "pfn %#llx is not in the image as an L%u table",
			       (unsigned long long)pfn, c->pt_levels);
}

static void registers(struct xst_checker *c)
{
	const struct wire_pv_context *x = xst_wire_pv_context(c->guest_width);

	if (!x || c->track.guest != XST_GUEST_PV || c->run != x->size || !c->seen[XST_KIND_PAGE_DATA])
		return;
	start_info(c, x);
	gdt(c, x);
	page_table(c, x, x->cr3, "cr3");
	if (x->user_cr3 && (get_number(c->head + x->user_cr3, x->width, c->big) & 1))
		page_table(c, x, x->user_cr3, "cr1");
}

/* --- the other records ---------------------------------------------------------------------- */

static void extended(struct xst_checker *c)
{
	uint64_t vcpu, size;

	if (c->head_n < WIRE_PV_EXTENDED_SIZE_AT + 4)
		return;
	vcpu = get_number(c->head + WIRE_PV_EXTENDED_VCPU_AT, 4, c->big);
	size = get_number(c->head + WIRE_PV_EXTENDED_SIZE_AT, 4, c->big);
	if (vcpu != c->vcpu)
		xst_check_find(c, RULE_VCPU_EXTENDED, 0, "vcpu", "%llu inside, %llu outside",
			       (unsigned long long)vcpu, (unsigned long long)c->vcpu);
	else if (size > c->run)
		xst_check_find(c, RULE_VCPU_EXTENDED, 0, "size",
			       "%llu bytes announced, %llu are there", (unsigned long long)size,
			       (unsigned long long)c->run);
}

/* As with all state that only later Xens look at (refuse_state.c), a legacy stream keeps the verdict of its
 * framing, and its conversion, which passes these bytes on, has no worse one: both rules are silent there,
 * and remarks here. */
static void vcpus_rule_xcr0(struct xst_checker *c, uint64_t xcr0, uint64_t accum)
{
	if (c->layer == XST_LAYER_LEGACY)
		return;
	c->remarks_only = c->converted;
	xst_check_find(c, RULE_VCPU_XCR0, 0, "xcr0", "%#llx, with %#llx in xcr0_accum",
		       (unsigned long long)xcr0, (unsigned long long)accum);
	c->remarks_only = false;
}

static void vcpus_rule_xsave_area(struct xst_checker *c, uint64_t accum)
{
	const uint8_t *h = c->head + WIRE_XSAVE_AREA_AT + WIRE_XSAVE_HEADER;
	uint64_t bv = get_number(h, 8, c->big), compact = get_number(h + 8, 8, c->big);

	if (c->layer == XST_LAYER_LEGACY)
		return;
	c->remarks_only = c->converted;
	if (bv & ~accum)
		xst_check_find(c, RULE_VCPU_XSTATE, 0, "xstate_bv",
			       "states %#llx are there, xcr0_accum has %#llx",
			       (unsigned long long)bv, (unsigned long long)accum);
	else if (compact)
		xst_check_find(c, RULE_VCPU_XSTATE, 0, "xcomp_bv", "%#llx: a compact area",
			       (unsigned long long)compact);
	c->remarks_only = false;
}

static void vcpus_rule_xsave(struct xst_checker *c)
{
	uint64_t xcr0, accum, area, wanted;
	bool exact;

	if (c->run < WIRE_XSAVE_AREA_AT) {
		xst_check_find(c, RULE_VCPU_XSAVE, 0, "length", "%llu bytes have no room for xcr0",
			       (unsigned long long)c->run);
		return;
	}
	area = c->run - WIRE_XSAVE_AREA_AT;
	xcr0 = get_number(c->head + WIRE_XSAVE_XCR0_AT, 8, c->big);
	accum = get_number(c->head + WIRE_XSAVE_ACCUM_AT, 8, c->big);
	if (!xcr0 && !accum && !area)
		return; /* a host without xsave */
	wanted = xst_wire_xsave_size(accum, &exact);
	if (!xst_wire_xcr0_valid(xcr0) || !xst_wire_xcr0_valid(accum) || (xcr0 & ~accum))
		vcpus_rule_xcr0(c, xcr0, accum);
	else if (area < wanted || (exact && area != wanted))
		xst_check_find(c, RULE_VCPU_XSAVE, 0, "length",
			       "an area of %llu bytes; %#llx takes %llu", (unsigned long long)area,
			       (unsigned long long)accum, (unsigned long long)wanted);
	else
		vcpus_rule_xsave_area(c, accum);
}

static void vcpus_rule_msrs(struct xst_checker *c)
{
	for (size_t at = 0; at + WIRE_PV_MSR_SIZE <= c->head_n; at += WIRE_PV_MSR_SIZE)
		if (get_number(c->head + at + WIRE_PV_MSR_RESERVED_AT, 4, c->big)) {
			xst_check_find(c, RULE_RESERVED, 0, "reserved", "MSR %#llx: not 0",
				       (unsigned long long)get_number(c->head + at, 4, c->big));
			xst_check_reason(
				c, XST_XEN_NONE, 0, NULL,
				"a vCPU's MSRs with a reserved field that no known Xen takes");
		}
}

static int vcpu_payload(struct xst_checker *c, const struct xst_event *ev)
{
	if (!xst_check_head(c, ev))
		return 0;
	switch (c->kind) {
	case XST_KIND_VCPU_BASIC:    registers(c); break;
	case XST_KIND_VCPU_EXTENDED: extended(c); break;
	case XST_KIND_VCPU_XSAVE:    vcpus_rule_xsave(c); break;
	default:                     vcpus_rule_msrs(c); break;
	}
	return 0;
}

const struct check_subject xst_check_vcpu = { .fields = vcpus_rule_fields, .run = vcpu_run,
					  .payload = vcpu_payload };

/* --- time ----------------------------------------------------------------------------------- */

/* Mode 3, of PV guests' rdtscp, went with 4.12; until then, any mode was taken. */
static int tsc_fields(struct xst_checker *c, const struct xst_event *ev)
{
	static const struct refuse_span modes = REFUSE_UNTIL(11);
	uint64_t mode = xst_event_field(ev, XST_FIELD_TSC_MODE, 0);

	if (mode >= WIRE_TSC_MODES)
		xst_check_refuse(c, RULE_TSC, &modes, 0, "mode", "TSC mode %llu", (unsigned long long)mode);
	else if (mode == WIRE_TSC_EMULATED && !xst_event_field(ev, XST_FIELD_TSC_KHZ, 0))
		xst_check_find(c, RULE_TSC, 0, "khz", "0 for an emulated TSC");
	return 0;
}

const struct check_subject xst_check_tsc = { .fields = tsc_fields };

/* --- at the end ----------------------------------------------------------------------------- */

void xst_check_vcpus_complete(struct xst_checker *c)
{
	if ((c->vcpu_count || c->vcpus_empty) && !(c->vcpus[0] & VCPU_BASIC))
		xst_check_find(c, RULE_VCPU_FIRST, 0, NULL, "no X86_PV_VCPU_BASIC of vCPU 0");
}
