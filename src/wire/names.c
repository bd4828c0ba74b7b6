/* SPDX-License-Identifier: MIT */
/* Names for people and for JSON. */
#include "wire/formats.h"

#define NAME_OR(table, i, fallback)                                           \
	((size_t)(i) < sizeof(table) / sizeof((table)[0]) && (table)[i] ? (table)[i] : (fallback))

const char *xst_field_name(enum xst_field id)
{
	static const char *const names[XST_FIELD_MAX] = {
		[XST_FIELD_RESERVED] = "reserved",
		[XST_FIELD_BYTE_ORDER] = "byte_order",
		[XST_FIELD_MANDATORY_FLAGS] = "mandatory_flags",
		[XST_FIELD_OPTIONAL_FLAGS] = "optional_flags",
		[XST_FIELD_OPTIONAL_LENGTH] = "optional_length",
		[XST_FIELD_CONFIG_LENGTH] = "config_length",
		[XST_FIELD_IDENT] = "ident",
		[XST_FIELD_MARKER] = "marker",
		[XST_FIELD_VERSION] = "version",
		[XST_FIELD_OPTIONS] = "options",
		[XST_FIELD_GUEST_TYPE] = "guest_type",
		[XST_FIELD_PAGE_SHIFT] = "page_shift",
		[XST_FIELD_XEN_MAJOR] = "xen_major",
		[XST_FIELD_XEN_MINOR] = "xen_minor",
		[XST_FIELD_COUNT] = "count",
		[XST_FIELD_GUEST_WIDTH] = "guest_width",
		[XST_FIELD_PT_LEVELS] = "pt_levels",
		[XST_FIELD_FIRST_PFN] = "first_pfn",
		[XST_FIELD_LAST_PFN] = "last_pfn",
		[XST_FIELD_VCPU_ID] = "vcpu",
		[XST_FIELD_TSC_MODE] = "mode",
		[XST_FIELD_TSC_KHZ] = "khz",
		[XST_FIELD_TSC_NSEC] = "nsec",
		[XST_FIELD_TSC_INCARNATION] = "incarnation",
		[XST_FIELD_EMULATOR_ID] = "emulator",
		[XST_FIELD_EMULATOR_INDEX] = "index",
		[XST_FIELD_CHECKPOINT_STATE] = "state",
		[XST_FIELD_P2M_SIZE] = "p2m_size",
		[XST_FIELD_LENGTH] = "length",
		[XST_FIELD_XSAVE_SIZE] = "xsave_size",
		[XST_FIELD_MAX_VCPU_ID] = "max_vcpu_id",
		[XST_FIELD_XFEATURE_MASK] = "xfeature_mask",
		[XST_FIELD_MAX_POOLS] = "max_pools",
		[XST_FIELD_FLAGS] = "flags",
		[XST_FIELD_WEIGHT] = "weight",
		[XST_FIELD_CAP] = "cap",
	};

	return NAME_OR(names, id, "unknown");
}

const char *xst_page_type_name(unsigned type)
{
	static const char *const names[16] = {
		"NOTAB", "L1TAB", "L2TAB", "L3TAB", "L4TAB", NULL, NULL, NULL, NULL,
		"L1TAB_PINNED", "L2TAB_PINNED", "L3TAB_PINNED", "L4TAB_PINNED",
		"BROKEN", "XALLOC", "XTAB",
	};

	return NAME_OR(names, type, "invalid");
}

const char *xst_emulator_name(uint64_t id)
{
	static const char *const names[] = { "unknown", "QEMU traditional", "QEMU upstream" };

	return NAME_OR(names, id, "invalid");
}

const char *xst_layer_name(enum xst_layer layer)
{
	const struct wire_format *f = xst_wire_format_of(layer);

	if (layer == XST_LAYER_NONE)
		return "input";
	return f ? f->shown.word : "unknown";
}

uint64_t xst_event_field(const struct xst_event *ev, enum xst_field id, uint64_t fallback)
{
	if (ev->type != XST_EVENT_FIELDS)
		return fallback;
	return wire_value(ev->u.fields.v, ev->u.fields.n, id, fallback);
}
