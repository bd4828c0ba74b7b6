/* SPDX-License-Identifier: MIT */
/* The libxc image, versions 2 and 3. */
#include "wire/wire.h"

#define VCPU_HEADER                                                           \
	.fixed = 8, .nfields = 2,                                             \
	.field = { { XST_FIELD_VCPU_ID, 0, 4 }, { XST_FIELD_RESERVED, 4, 4 } }
#define COUNT_HEADER                                                          \
	.fixed = 8, .nfields = 2,                                             \
	.field = { { XST_FIELD_COUNT, 0, 4 }, { XST_FIELD_RESERVED, 4, 4 } }
#define U64(at) { XST_FIELD_RESERVED, at, 8 }
#define U32(at) { XST_FIELD_RESERVED, at, 4 }

static const struct wire_array pages = { XST_ITEMS_PAGES, 8, 1, { U64(0) } };
static const struct wire_array p2m_frames = { XST_ITEMS_P2M_FRAMES, 8, 1, { U64(0) } };
static const struct wire_array dirty_pfns = { XST_ITEMS_DIRTY_PFNS, 8, 1, { U64(0) } };
static const struct wire_array hvm_params = { XST_ITEMS_HVM_PARAMS, 16, 2, { U64(0), U64(8) } };
static const struct wire_array cpuid = {
	XST_ITEMS_CPUID, 24, 6, { U32(0), U32(4), U32(8), U32(12), U32(16), U32(20) }
};
static const struct wire_array msrs = { XST_ITEMS_MSRS, 16, 3, { U32(0), U32(4), U64(8) } };

/* Big-endian, whatever the options say. */
const struct wire_record xst_wire_image_header = {
	.kind = XST_KIND_IMAGE_HEADER,
	.name = "IMAGE_HEADER",
	.fixed = 24,
	.nfields = 6,
	.field = {
		{ XST_FIELD_MARKER, 0, 8 },
		{ XST_FIELD_IDENT, 8, 4 },
		{ XST_FIELD_VERSION, 12, 4 },
		{ XST_FIELD_OPTIONS, 16, 2 },
		{ XST_FIELD_RESERVED, 18, 2 },
		{ XST_FIELD_RESERVED, 20, 4 },
	},
	.summary = "all ones, \"XENF\", version, options",
};

const struct wire_record xst_wire_domain_header = {
	.kind = XST_KIND_DOMAIN_HEADER,
	.name = "DOMAIN_HEADER",
	.fixed = 16,
	.nfields = 5,
	.field = {
		{ XST_FIELD_GUEST_TYPE, 0, 4 },
		{ XST_FIELD_PAGE_SHIFT, 4, 2 },
		{ XST_FIELD_RESERVED, 6, 2 },
		{ XST_FIELD_XEN_MAJOR, 8, 4 },
		{ XST_FIELD_XEN_MINOR, 12, 4 },
	},
	.summary = "guest type, page shift, Xen's version",
};

const struct wire_record xst_wire_libxc_records[] = {
	{ .type = 0x00, .kind = XST_KIND_END, .name = "END", .summary = "ends the image" },
	{ .type = 0x01, .kind = XST_KIND_PAGE_DATA, .name = "PAGE_DATA", .flags = WIRE_NEEDED,
	  COUNT_HEADER, .tail = WIRE_PAGES, .array = &pages,
	  .summary = "pfns with their types, then the contents of those that have any" },
	{ .type = 0x02, .kind = XST_KIND_PV_INFO, .name = "X86_PV_INFO",
	  .flags = WIRE_STATIC | WIRE_ONCE | WIRE_NEEDED | WIRE_PV_ONLY, .fixed = 8, .nfields = 4,
	  .field = { { XST_FIELD_GUEST_WIDTH, 0, 1 }, { XST_FIELD_PT_LEVELS, 1, 1 },
		     { XST_FIELD_RESERVED, 2, 2 }, { XST_FIELD_RESERVED, 4, 4 } },
	  .summary = "guest width and page-table levels" },
	{ .type = 0x03, .kind = XST_KIND_P2M_FRAMES, .name = "X86_PV_P2M_FRAMES",
	  .flags = WIRE_NEEDED | WIRE_PV_ONLY, .fixed = 8, .nfields = 2,
	  .field = { { XST_FIELD_FIRST_PFN, 0, 4 }, { XST_FIELD_LAST_PFN, 4, 4 } },
	  .tail = WIRE_ARRAY_BY_LENGTH, .array = &p2m_frames,
	  .summary = "the frames that hold the guest's p2m" },
	{ .type = 0x04, .kind = XST_KIND_VCPU_BASIC, .name = "X86_PV_VCPU_BASIC",
	  .flags = WIRE_NEEDED | WIRE_PV_ONLY | WIRE_MAY_BE_EMPTY | WIRE_ANEW, VCPU_HEADER,
	  .tail = WIRE_RUN, .summary = "a vCPU's registers" },
	{ .type = 0x05, .kind = XST_KIND_VCPU_EXTENDED, .name = "X86_PV_VCPU_EXTENDED",
	  .flags = WIRE_PV_ONLY | WIRE_MAY_BE_EMPTY | WIRE_ANEW, VCPU_HEADER, .tail = WIRE_RUN,
	  .max_run = 128, .summary = "a vCPU's extended context" },
	{ .type = 0x06, .kind = XST_KIND_VCPU_XSAVE, .name = "X86_PV_VCPU_XSAVE",
	  .flags = WIRE_PV_ONLY | WIRE_MAY_BE_EMPTY | WIRE_ANEW, VCPU_HEADER, .tail = WIRE_RUN,
	  .summary = "a vCPU's xsave area, after xcr0 and xcr0_accum" },
	{ .type = 0x07, .kind = XST_KIND_SHARED_INFO, .name = "SHARED_INFO",
	  .flags = WIRE_LAST_COUNTS | WIRE_NEEDED | WIRE_PV_ONLY | WIRE_ANEW, .tail = WIRE_RUN,
	  .min_run = XST_PAGE_SIZE, .max_run = XST_PAGE_SIZE, .summary = "the shared info page" },
	{ .type = 0x08, .kind = XST_KIND_TSC_INFO, .name = "X86_TSC_INFO", .fixed = 24,
	  .nfields = 5,
	  .field = { { XST_FIELD_TSC_MODE, 0, 4 }, { XST_FIELD_TSC_KHZ, 4, 4 },
		     { XST_FIELD_TSC_NSEC, 8, 8 }, { XST_FIELD_TSC_INCARNATION, 16, 4 },
		     { XST_FIELD_RESERVED, 20, 4 } },
	  .summary = "the time stamp counter" },
	{ .type = 0x09, .kind = XST_KIND_HVM_CONTEXT, .name = "HVM_CONTEXT",
	  .flags = WIRE_LAST_COUNTS | WIRE_NEEDED | WIRE_HVM_ONLY | WIRE_ANEW, .tail = WIRE_RUN,
	  .min_run = 1, .summary = "the hypervisor's state of an HVM guest" },
	{ .type = 0x0a, .kind = XST_KIND_HVM_PARAMS, .name = "HVM_PARAMS",
	  .flags = WIRE_NEEDED | WIRE_HVM_ONLY | WIRE_MAY_BE_EMPTY | WIRE_ANEW, COUNT_HEADER,
	  .tail = WIRE_ARRAY_BY_COUNT, .array = &hvm_params,
	  .summary = "HVM parameters: index and value" },
	{ .type = 0x0b, .kind = XST_KIND_TOOLSTACK, .name = "TOOLSTACK", .flags = WIRE_REFUSED,
	  .tail = WIRE_RUN, .summary = "never released" },
	{ .type = 0x0c, .kind = XST_KIND_VCPU_MSRS, .name = "X86_PV_VCPU_MSRS",
	  .flags = WIRE_PV_ONLY | WIRE_MAY_BE_EMPTY | WIRE_ANEW, VCPU_HEADER, .tail = WIRE_RUN,
	  .summary = "a vCPU's MSRs" },
	{ .type = 0x0d, .kind = XST_KIND_VERIFY, .name = "VERIFY",
	  .summary = "the following memory was sent before and is to be compared" },
	{ .type = 0x0e, .kind = XST_KIND_CHECKPOINT, .name = "CHECKPOINT",
	  .summary = "the state so far is consistent; libxl records follow" },
	{ .type = 0x0f, .kind = XST_KIND_DIRTY_PFN_LIST, .name = "CHECKPOINT_DIRTY_PFN_LIST",
	  .flags = WIRE_BACK_CHANNEL, .tail = WIRE_ARRAY_BY_LENGTH, .array = &dirty_pfns,
	  .summary = "COLO: the pfns that the secondary has changed" },
	{ .type = 0x10, .kind = XST_KIND_STATIC_DATA_END, .name = "STATIC_DATA_END",
	  .flags = WIRE_STATIC | WIRE_ONCE | WIRE_NEEDED | WIRE_SINCE_V3,
	  .summary = "the static data is complete" },
	{ .type = 0x11, .kind = XST_KIND_CPUID_POLICY, .name = "X86_CPUID_POLICY",
	  .flags = WIRE_STATIC | WIRE_LAST_COUNTS | WIRE_SINCE_V3, .tail = WIRE_ARRAY_BY_LENGTH,
	  .array = &cpuid, .summary = "the CPUID leaves shown to the guest" },
	{ .type = 0x12, .kind = XST_KIND_MSR_POLICY, .name = "X86_MSR_POLICY",
	  .flags = WIRE_STATIC | WIRE_LAST_COUNTS | WIRE_SINCE_V3, .tail = WIRE_ARRAY_BY_LENGTH,
	  .array = &msrs, .summary = "the MSRs shown to the guest" },
};
const size_t xst_wire_libxc_count = sizeof(xst_wire_libxc_records) /
				    sizeof(xst_wire_libxc_records[0]);
