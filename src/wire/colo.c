/* SPDX-License-Identifier: MIT */
/* COLO's back channel, from the secondary to the primary: no header, no end. */
#include "wire/wire.h"

static const struct wire_array pfns = {
	XST_ITEMS_DIRTY_PFNS, 8, 1, { { XST_FIELD_RESERVED, 0, 8 } }
};

const struct wire_record xst_wire_colo_records[] = {
	{ .type = 0x05, .kind = XST_KIND_CHECKPOINT_STATE, .name = "CHECKPOINT_STATE",
	  .fixed = 4, .nfields = 1, .field = { { XST_FIELD_CHECKPOINT_STATE, 0, 4 } },
	  .summary = "the secondary's progress" },
	{ .type = 0x0f, .kind = XST_KIND_DIRTY_PFN_LIST, .name = "CHECKPOINT_DIRTY_PFN_LIST",
	  .tail = WIRE_ARRAY_BY_LENGTH, .array = &pfns,
	  .summary = "the pfns that the secondary has changed" },
};
const size_t xst_wire_colo_count = sizeof(xst_wire_colo_records) / sizeof(xst_wire_colo_records[0]);
