/* SPDX-License-Identifier: MIT */
/* The stream of Xen 4.5 and older.  Little-endian; an unsigned long has the toolstack's size. */
#include "wire/wire.h"

#include <string.h>

#include "wire/bytes.h"

#define CHUNK(id) ((uint32_t)(int32_t)(id))
#define PARAM_CHUNK(id, index, label)                                         \
	{ .type = CHUNK(id), .kind = XST_KIND_HVM_PARAMS, .name = label,      \
	  .flags = WIRE_HVM_ONLY, .param = index, .fixed = 12,                \
	  .summary = "an HVM parameter" }
#define BLOCK(a, b, c, d)                                                     \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define SIGNATURE(label, length)                                              \
	{ label, length, { .kind = XST_KIND_EMULATOR_CONTEXT, .name = label,  \
			   .flags = WIRE_HVM_ONLY, .tail = WIRE_RUN,          \
			   .summary = "the device model's own state" } }

const struct wire_record xst_wire_legacy_parts[] = {
	{ .type = LEGACY_P2M_SIZE, .kind = XST_KIND_P2M_SIZE, .name = "P2M_SIZE", .fixed = 4,
	  .nfields = 1, .field = { { XST_FIELD_P2M_SIZE, 0, WIRE_ULONG } },
	  .summary = "number of pfns" },
	{ .type = LEGACY_EXT_INFO, .kind = XST_KIND_EXT_INFO, .name = "EXTENDED_INFO",
	  .flags = WIRE_PV_ONLY, .fixed = 8, .nfields = 2,
	  .field = { { XST_FIELD_MARKER, 0, WIRE_ULONG }, { XST_FIELD_LENGTH, 4, 4 } },
	  .summary = "all ones, size of the following blocks in bytes" },
	{ .type = LEGACY_P2M_FRAMES, .kind = XST_KIND_P2M_FRAMES, .name = "P2M_FRAMES",
	  .flags = WIRE_PV_ONLY, .summary = "the frames that hold the guest's p2m" },
	{ .type = LEGACY_BATCH, .kind = XST_KIND_PAGE_DATA, .name = "PAGE_BATCH",
	  .summary = "pfns with their types, then the contents of those that have any" },
	{ .type = LEGACY_UNMAPPED_PFNS, .kind = XST_KIND_UNMAPPED_PFNS, .name = "UNMAPPED_PFNS",
	  .flags = WIRE_PV_ONLY, .fixed = 4, .nfields = 1,
	  .field = { { XST_FIELD_COUNT, 0, 4 } }, .summary = "pfns without memory at the end" },
	{ .type = LEGACY_VCPU_BASIC, .kind = XST_KIND_VCPU_BASIC, .name = "VCPU_BASIC",
	  .flags = WIRE_PV_ONLY, .summary = "a vCPU's registers" },
	{ .type = LEGACY_VCPU_EXTENDED, .kind = XST_KIND_VCPU_EXTENDED, .name = "VCPU_EXTENDED",
	  .flags = WIRE_PV_ONLY, .summary = "a vCPU's extended context" },
	{ .type = LEGACY_VCPU_XSAVE, .kind = XST_KIND_VCPU_XSAVE, .name = "VCPU_XSAVE",
	  .flags = WIRE_PV_ONLY, .fixed = 16,
	  .summary = "a vCPU's xsave area, after xcr0 and xcr0_accum" },
	{ .type = LEGACY_SHARED_INFO, .kind = XST_KIND_SHARED_INFO, .name = "SHARED_INFO",
	  .flags = WIRE_PV_ONLY, .summary = "the shared info page" },
	{ .type = LEGACY_MAGIC_PFNS, .kind = XST_KIND_HVM_PARAMS, .name = "MAGIC_PFNS",
	  .flags = WIRE_HVM_ONLY, .fixed = 24,
	  .summary = "pfns of the ioreq, buffered ioreq and xenstore pages" },
	{ .type = LEGACY_HVM_CONTEXT, .kind = XST_KIND_HVM_CONTEXT, .name = "HVM_CONTEXT",
	  .flags = WIRE_HVM_ONLY, .fixed = 4, .nfields = 1,
	  .field = { { XST_FIELD_LENGTH, 0, 4 } },
	  .summary = "the hypervisor's state of an HVM guest" },
	{ .type = LEGACY_CHECKPOINT, .kind = XST_KIND_CHECKPOINT, .name = "CHECKPOINT",
	  .summary = "no bytes: marks a complete checkpoint" },
};
const size_t xst_wire_legacy_parts_count = sizeof(xst_wire_legacy_parts) /
					   sizeof(xst_wire_legacy_parts[0]);

const struct wire_record xst_wire_legacy_chunks[] = {
	{ .type = CHUNK(0), .kind = XST_KIND_END_OF_BODY, .name = "END_OF_BODY",
	  .summary = "the tail follows" },
	{ .type = CHUNK(-1), .kind = XST_KIND_VERIFY, .name = "VERIFY_MODE",
	  .summary = "the memory that follows was sent before" },
	{ .type = CHUNK(-2), .kind = XST_KIND_VCPU_MAP, .name = "VCPU_INFO", .fixed = 4,
	  .nfields = 1, .field = { { XST_FIELD_MAX_VCPU_ID, 0, 4 } },
	  .summary = "which vCPUs are online" },
	PARAM_CHUNK(-3, 12, "HVM_IDENT_PT"),
	PARAM_CHUNK(-4, 15, "HVM_VM86_TSS"),
	{ .type = CHUNK(-5), .kind = XST_KIND_TMEM, .name = "TMEM", .fixed = LEGACY_TMEM_HEAD,
	  .nfields = 5,
	  .field = { { XST_FIELD_VERSION, 0, 4 }, { XST_FIELD_MAX_POOLS, 4, 4 },
		     { XST_FIELD_FLAGS, 12, 4 }, { XST_FIELD_WEIGHT, 16, 4 },
		     { XST_FIELD_CAP, 20, 4 } },
	  .summary = "transcendent memory" },
	{ .type = CHUNK(-6), .kind = XST_KIND_TMEM_EXTRA, .name = "TMEM_EXTRA",
	  .summary = "transcendent memory that has become invalid" },
	{ .type = CHUNK(-7), .kind = XST_KIND_TSC_INFO, .name = "TSC_INFO", .fixed = 20,
	  .nfields = 4,
	  .field = { { XST_FIELD_TSC_MODE, 0, 4 }, { XST_FIELD_TSC_NSEC, 4, 8 },
		     { XST_FIELD_TSC_KHZ, 12, 4 }, { XST_FIELD_TSC_INCARNATION, 16, 4 } },
	  .summary = "the time stamp counter" },
	PARAM_CHUNK(-8, 17, "HVM_CONSOLE_PFN"),
	{ .type = CHUNK(-9), .kind = XST_KIND_LAST_CHECKPOINT, .name = "LAST_CHECKPOINT",
	  .summary = "nothing follows the tail of this body" },
	PARAM_CHUNK(-10, 19, "HVM_ACPI_IOPORTS_LOCATION"),
	PARAM_CHUNK(-11, 9, "HVM_VIRIDIAN"),
	{ .type = CHUNK(-12), .kind = XST_KIND_COMPRESSED_DATA, .name = "COMPRESSED_DATA",
	  .fixed = 4, .nfields = 1, .field = { { XST_FIELD_LENGTH, 0, WIRE_ULONG } },
	  .summary = "pages of the preceding batches, as deltas" },
	{ .type = CHUNK(-13), .kind = XST_KIND_ENABLE_COMPRESSION, .name = "ENABLE_COMPRESSION",
	  .summary = "pages are compressed from the next checkpoint on" },
	PARAM_CHUNK(-14, 34, "HVM_GENERATION_ID_ADDR"),
	PARAM_CHUNK(-15, 27, "HVM_PAGING_RING_PFN"),
	PARAM_CHUNK(-16, 28, "HVM_MONITOR_RING_PFN"),
	PARAM_CHUNK(-17, 29, "HVM_SHARING_RING_PFN"),
	{ .type = CHUNK(-18), .kind = XST_KIND_TOOLSTACK, .name = "TOOLSTACK", .fixed = 4,
	  .nfields = 1, .field = { { XST_FIELD_LENGTH, 0, 4 } },
	  .summary = "libxl's record: the device model's physmap" },
	PARAM_CHUNK(-19, 32, "HVM_IOREQ_SERVER_PFN"),
	PARAM_CHUNK(-20, 33, "HVM_NR_IOREQ_SERVER_PAGES"),
	PARAM_CHUNK(LEGACY_CHUNK_X87_FIP_WIDTH, 36, "HVM_X87_FIP_WIDTH"),
};
const size_t xst_wire_legacy_chunks_count = sizeof(xst_wire_legacy_chunks) /
					    sizeof(xst_wire_legacy_chunks[0]);

const struct wire_record xst_wire_legacy_ext_blocks[] = {
	{ .type = BLOCK('v', 'c', 'p', 'u'), .kind = XST_KIND_EXT_VCPU, .name = "EXT_VCPU",
	  .flags = WIRE_PV_ONLY, .tail = WIRE_RUN,
	  .summary = "its size shows the guest's width; the contents are not used" },
	{ .type = BLOCK('e', 'x', 't', 'v'), .kind = XST_KIND_EXT_EXTV, .name = "EXT_EXTV",
	  .flags = WIRE_PV_ONLY, .tail = WIRE_RUN,
	  .summary = "the tail has extended contexts" },
	{ .type = BLOCK('x', 'c', 'n', 't'), .kind = XST_KIND_EXT_XCNT, .name = "EXT_XCNT",
	  .flags = WIRE_PV_ONLY, .fixed = 4, .nfields = 1,
	  .field = { { XST_FIELD_XSAVE_SIZE, 0, 4 } }, .tail = WIRE_RUN,
	  .summary = "the tail has xsave areas" },
	{ .type = 0, .kind = XST_KIND_EXT_BLOCK, .name = "EXT_BLOCK", .flags = WIRE_PV_ONLY,
	  .tail = WIRE_RUN, .summary = "a block of unknown name: skipped" },
};
const size_t xst_wire_legacy_ext_blocks_count =
	sizeof(xst_wire_legacy_ext_blocks) / sizeof(xst_wire_legacy_ext_blocks[0]);

const struct wire_signature xst_wire_signatures[3] = {
	SIGNATURE("DeviceModelRecord0002", true),
	SIGNATURE("RemusDeviceModelState", true),
	SIGNATURE("QemuDeviceModelRecord", false),
};

const struct wire_record *xst_wire_legacy_part(enum legacy_part part)
{
	return &xst_wire_legacy_parts[part - LEGACY_P2M_SIZE];
}

const struct wire_signature *xst_wire_signature_find(const char *text)
{
	for (size_t i = 0; i < sizeof(xst_wire_signatures) / sizeof(xst_wire_signatures[0]); i++)
		if (strcmp(text, xst_wire_signatures[i].text) == 0)
			return &xst_wire_signatures[i];
	return NULL;
}
