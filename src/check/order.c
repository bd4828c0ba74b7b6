/* SPDX-License-Identifier: MIT */
/* Which records there are, how many of them and in which order: what the rows of src/wire and their
 * flags say, and what depends on what. */
#include "check/refuse.h"

#include <string.h>

static const struct wire_record *row_of(const struct xst_checker *c)
{
	if (c->layer == XST_LAYER_LIBXL)
		return xst_wire_find(xst_wire_libxl_records, xst_wire_libxl_count, c->type);
	return xst_wire_find(xst_wire_libxc_records, xst_wire_libxc_count, c->type);
}

static bool is_vcpu(enum xst_kind kind)
{
	return kind == XST_KIND_VCPU_BASIC || kind == XST_KIND_VCPU_EXTENDED ||
	       kind == XST_KIND_VCPU_XSAVE || kind == XST_KIND_VCPU_MSRS;
}

static void guest(struct xst_checker *c, unsigned flags)
{
	enum xst_rule rule = c->layer == XST_LAYER_LIBXL ? RULE_EMULATOR_GUEST : RULE_WRONG_GUEST;

	if ((flags & WIRE_PV_ONLY) && c->track.guest == XST_GUEST_HVM)
		xst_check_find(c, rule, 0, NULL, "%s in an HVM guest's image", c->name);
	if ((flags & WIRE_HVM_ONLY) && c->track.guest == XST_GUEST_PV)
		xst_check_find(c, rule, 0, NULL, "%s in a PV guest's image", c->name);
}

static void static_data(struct xst_checker *c, unsigned flags)
{
	bool is_static = flags & WIRE_STATIC;

	if (c->track.guest == XST_GUEST_PV && !is_static && c->kind != XST_KIND_UNKNOWN &&
	    !c->seen[XST_KIND_PV_INFO])
		xst_check_find(c, RULE_ORDER, 0, NULL, "%s stands before X86_PV_INFO", c->name);
	if (c->kind == XST_KIND_STATIC_DATA_END)
		xst_check_policies_complete(c);
	if (c->kind == XST_KIND_STATIC_DATA_END || c->version < 3 || c->kind == XST_KIND_UNKNOWN)
		return;
	else if (is_static && c->track.static_data_over)
		xst_check_find(c, RULE_STATIC_DATA, 0, NULL, "%s stands after STATIC_DATA_END",
			       c->name);
	else if (!is_static && !c->track.static_data_over)
		xst_check_find(c, RULE_STATIC_DATA, 0, NULL, "%s stands before STATIC_DATA_END",
			       c->name);
}

static void needs(struct xst_checker *c, enum xst_kind before)
{
	if (!c->seen[before])
		xst_check_find(c, RULE_ORDER, 0, NULL, "%s needs %s before it", c->name,
			       xst_wire_modern(before)->name);
}

static void order(struct xst_checker *c)
{
	if (c->kind == XST_KIND_P2M_FRAMES)
		needs(c, XST_KIND_PV_INFO);
	if (c->kind == XST_KIND_PAGE_DATA && c->track.guest == XST_GUEST_PV)
		needs(c, XST_KIND_P2M_FRAMES);
	if (is_vcpu(c->kind))
		needs(c, XST_KIND_PAGE_DATA);
}

/* Whether a record of this row belongs to every image of this guest and version. */
static bool is_needed(const struct xst_checker *c, const struct wire_record *row)
{
	if (!(row->flags & WIRE_NEEDED))
		return false;
	if ((row->flags & WIRE_PV_ONLY && c->track.guest != XST_GUEST_PV) ||
	    (row->flags & WIRE_HVM_ONLY && c->track.guest != XST_GUEST_HVM))
		return false;
	return !(row->flags & WIRE_SINCE_V3) || c->version >= 3;
}

static void order_complete(struct xst_checker *c)
{
	for (size_t i = 0; i < xst_wire_libxc_count; i++) {
		const struct wire_record *row = &xst_wire_libxc_records[i];

		if (!is_needed(c, row) || c->seen[row->kind])
			continue;
		c->xen_takes = row->kind == XST_KIND_HVM_PARAMS || row->kind == XST_KIND_SHARED_INFO;
		xst_check_find(c, RULE_MISSING, 0, NULL, "no %s record in the image", row->name);
		c->xen_takes = false;
		xst_check_again(c, RULE_MISSING); /* each missing one is a finding of its own */
	}
	xst_check_pages_complete(c);
	xst_check_vcpus_complete(c);
	xst_check_hvm_params_complete(c);
	xst_check_config_complete(c);
}

/* Later checkpoints repeat what can change, and no more. */
static void order_checkpoint(struct xst_checker *c)
{
	order_complete(c);
	for (size_t i = 0; i < xst_wire_libxc_count; i++)
		if (xst_wire_libxc_records[i].flags & WIRE_ANEW)
			c->seen[xst_wire_libxc_records[i].kind] = 0;
	c->params_seen = 0;
	if (c->vcpus_any)
		memset(c->vcpus, 0, sizeof(c->vcpus));
	c->vcpus_any = false;
	c->vcpu_count = c->vcpus_empty = 0;
}

static void order_image_record(struct xst_checker *c)
{
	const struct wire_record *row;
	unsigned flags;

	if (c->kind == XST_KIND_IMAGE_HEADER || c->kind == XST_KIND_DOMAIN_HEADER ||
	    c->kind == XST_KIND_EMULATOR_CONTEXT)
		return;
	row = row_of(c);
	flags = row ? row->flags : 0;
	guest(c, flags);
	static_data(c, flags);
	order(c);
	if (flags & WIRE_ONCE && c->seen[c->kind])
		xst_check_find(c, RULE_TWICE, 0, NULL, "a second %s record", c->name);
	if (flags & WIRE_LAST_COUNTS && c->seen[c->kind])
		xst_check_find(c, RULE_REPEATED, 0, NULL,
			       "another %s record, which is the one that counts", c->name);
	xst_check_checkpoint_begin(c);
	if (c->kind == XST_KIND_END && !c->seen[XST_KIND_CHECKPOINT])
		order_complete(c);
	if (c->kind == XST_KIND_CHECKPOINT)
		order_checkpoint(c);
}

static void order_libxl_record(struct xst_checker *c)
{
	const struct wire_record *row = row_of(c);

	if (c->kind == XST_KIND_LIBXC_CONTEXT && c->contexts++)
		xst_check_find(c, RULE_LIBXL_CONTEXT, 0, NULL, "a second libxc image");
	if (c->kind == XST_KIND_LIBXL_END && !c->contexts)
		xst_check_find(c, RULE_LIBXL_CONTEXT, 0, NULL,
			       "the stream ends without a libxc image");
	guest(c, row ? row->flags : 0);
	xst_check_checkpoint_begin(c);
	xst_check_emulator_begin(c);
	if (c->kind == XST_KIND_LIBXL_END)
		xst_check_config_libxl_end(c);
}

/* What today's format needs, a legacy stream must have, too: else it can't be converted. */
static void legacy_complete(struct xst_checker *c)
{
	if (!c->seen[XST_KIND_PAGE_DATA])
		xst_check_find(c, RULE_MISSING, 0, NULL, "no page batch in the stream");
	else if (!c->pages.any)
		xst_check_find(c, RULE_MISSING, 0, NULL,
			       "no batch of the stream names a page: all entries are empty ones");
	xst_check_again(c, RULE_MISSING);
	if (c->track.guest == XST_GUEST_PV && !c->seen[XST_KIND_VCPU_BASIC])
		xst_check_find(c, RULE_MISSING, 0, NULL, "no vCPU is online");
	xst_check_p2m_frames_complete(c);
	xst_pfnmap_clear(&c->pages.frames); /* they stand in a stream once, and are judged once */
}

static void legacy_record(struct xst_checker *c)
{
	if (c->kind == XST_KIND_EXT_VCPU) {
		c->guest_width = c->length == LEGACY_VCPU64_SIZE ? 8 : 4;
		c->pt_levels = c->guest_width == 8 ? 4 : 3;
	}
	if (c->kind != XST_KIND_CHECKPOINT)
		return;
	legacy_complete(c);
	if (!c->seen[XST_KIND_CHECKPOINT])
		xst_check_find(c, RULE_LEGACY_CHECKPOINTED, 0, NULL,
			       "a checkpointed (Remus) stream: the first of its states ends here");
}

void xst_check_order_legacy_end(struct xst_checker *c)
{
	legacy_complete(c);
	xst_check_config_complete(c);
}

void xst_check_order_begin(struct xst_checker *c)
{
	switch (c->layer) {
	case XST_LAYER_LIBXC:
		order_image_record(c);
		break;
	case XST_LAYER_LIBXL:
		order_libxl_record(c);
		break;
	case XST_LAYER_XENSERVER:
		if (c->kind == XST_KIND_EMULATOR_CONTEXT && c->track.guest == XST_GUEST_PV)
			xst_check_find(c, RULE_EMULATOR_GUEST, 0, NULL, "%s in a PV guest's image",
				       c->name);
		break;
	case XST_LAYER_LEGACY:
		legacy_record(c);
		xst_check_compressed_begin(c);
		break;
	default:
		break;
	}
}
