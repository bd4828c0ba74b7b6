/* SPDX-License-Identifier: MIT */
/* The libxl stream, version 2. */
#include "wire/wire.h"

#define EMULATOR_HEADER                                                       \
	.fixed = 8, .nfields = 2,                                             \
	.field = { { XST_FIELD_EMULATOR_ID, 0, 4 }, { XST_FIELD_EMULATOR_INDEX, 4, 4 } }

/* Big-endian, whatever the options say. */
const struct wire_record xst_wire_libxl_header = {
	.kind = XST_KIND_LIBXL_HEADER,
	.name = "LIBXL_HEADER",
	.fixed = 16,
	.nfields = 3,
	.field = {
		{ XST_FIELD_IDENT, 0, 8 },
		{ XST_FIELD_VERSION, 8, 4 },
		{ XST_FIELD_OPTIONS, 12, 4 },
	},
	.summary = "\"LibxlFmt\", version 2, options",
};

const struct wire_record xst_wire_libxl_records[] = {
	{ .type = 0, .kind = XST_KIND_LIBXL_END, .name = "END", .summary = "ends the stream" },
	{ .type = 1, .kind = XST_KIND_LIBXC_CONTEXT, .name = "LIBXC_CONTEXT",
	  .summary = "a libxc image follows, outside the record" },
	{ .type = 2, .kind = XST_KIND_EMULATOR_XENSTORE_DATA, .name = "EMULATOR_XENSTORE_DATA",
	  .flags = WIRE_HVM_ONLY | WIRE_ANEW, EMULATOR_HEADER, .tail = WIRE_PAIRS,
	  .summary = "xenstore keys of the device model and their values" },
	{ .type = 3, .kind = XST_KIND_EMULATOR_CONTEXT, .name = "EMULATOR_CONTEXT",
	  .flags = WIRE_HVM_ONLY | WIRE_ANEW, EMULATOR_HEADER, .tail = WIRE_RUN,
	  .summary = "the device model's own state" },
	{ .type = 4, .kind = XST_KIND_CHECKPOINT_END, .name = "CHECKPOINT_END",
	  .summary = "a checkpoint is complete; the libxc image goes on" },
	{ .type = 5, .kind = XST_KIND_CHECKPOINT_STATE, .name = "CHECKPOINT_STATE",
	  .fixed = 8, .nfields = 2,
	  .field = { { XST_FIELD_CHECKPOINT_STATE, 0, 4 }, { XST_FIELD_RESERVED, 4, 4 } },
	  .summary = "COLO: a message to the other side" },
};
const size_t xst_wire_libxl_count = sizeof(xst_wire_libxl_records) /
				    sizeof(xst_wire_libxl_records[0]);
