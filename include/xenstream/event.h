/* SPDX-License-Identifier: MIT */
/* The vocabulary in which every format meets.
 *
 * A parser turns bytes into these events.  A consumer is written against them once and works for
 * legacy streams, libxl and libxc streams and every container alike.
 *
 * The grammar, for each layer:
 *
 *   layer  = STREAM_BEGIN (record | layer)* STREAM_END
 *   record = RECORD_BEGIN [FIELDS] (ITEMS | PAIR | PHYSMAP | run)* RECORD_END
 *   run    = PAYLOAD_BEGIN PAYLOAD*
 *
 * NEED and WARNING can stand anywhere in between; FINISHED comes last.  Headers are records too.
 * After a libxc CHECKPOINT record inside a libxl stream the events are the libxl layer's until
 * its CHECKPOINT_END. */
#ifndef XENSTREAM_EVENT_H
#define XENSTREAM_EVENT_H

#include <xenstream/finding.h>

#ifdef __cplusplus
extern "C" {
#endif

enum xst_event_type {
	XST_EVENT_NEED = 0,      /* the window is used up: give more, or call xst_parser_eof() */
	XST_EVENT_STREAM_BEGIN,
	XST_EVENT_RECORD_BEGIN,
	XST_EVENT_FIELDS,        /* the record's fixed fields, decoded */
	XST_EVENT_ITEMS,         /* some of the record's array, decoded; at most XST_BATCH numbers */
	XST_EVENT_PAIR,          /* one xenstore key and its value */
	XST_EVENT_PHYSMAP,       /* one entry of a legacy toolstack record */
	XST_EVENT_PAYLOAD_BEGIN, /* an opaque run starts, nothing of it is consumed yet */
	XST_EVENT_PAYLOAD,       /* some of the run, straight out of the caller's window */
	XST_EVENT_RECORD_END,
	XST_EVENT_STREAM_END,
	XST_EVENT_WARNING,       /* a deviation that was tolerated */
	XST_EVENT_FINISHED       /* the outermost layer has ended; what is left is not ours */
};

/* What a record means, whichever format it stands in.  The records of libxl are those of
 * libxl-migration-stream, section "Records", the ones of libxc those of libxc-migration-stream,
 * sections "Image Header", "Domain Header" and "Records" (both in Xen's docs/specs); legacy parts
 * and the xl header are told in docs/formats.md.  Part of the ABI, like the fields and items
 * below: never renumbered, new ones come after the last of their block. */
enum xst_kind {
	XST_KIND_UNKNOWN = 0,         /* an optional record of unknown type; its body is a run */
	/* headers */
	XST_KIND_XL_HEADER = 1,
	XST_KIND_CONFIG = 2,          /* the domain's configuration, in its container's language */
	XST_KIND_OPTIONAL_DATA = 3,   /* what follows the configuration in the optional data */
	XST_KIND_LIBXL_HEADER = 4,
	XST_KIND_IMAGE_HEADER = 5,
	XST_KIND_DOMAIN_HEADER = 6,
	XST_KIND_LIBVIRT_HEADER = 7,
	XST_KIND_XEND_REQUEST = 8,    /* the line that a captured migration begins with */
	XST_KIND_XEND_HEADER = 9,
	XST_KIND_XENSERVER_HEADER = 10,
	XST_KIND_XENSERVER_IMAGE = 11, /* the guest's image follows, outside the record */
	XST_KIND_DEMU = 12,           /* XenServer: state of a virtual GPU */
	XST_KIND_VARSTORED = 13,      /* XenServer: UEFI variables */
	XST_KIND_SWTPM0 = 14,         /* XenServer: state of a virtual TPM */
	XST_KIND_SWTPM = 15,          /* the same as base64 text */
	XST_KIND_END_OF_IMAGE = 16,   /* XenServer: nothing after it counts */
	XST_KIND_XENOPS_HANDSHAKE = 17, /* XenServer: what a captured migration may begin with */
	/* libxl */
	XST_KIND_LIBXL_END = 20,
	XST_KIND_LIBXC_CONTEXT = 21,
	XST_KIND_EMULATOR_XENSTORE_DATA = 22,
	XST_KIND_EMULATOR_CONTEXT = 23,
	XST_KIND_CHECKPOINT_END = 24,
	XST_KIND_CHECKPOINT_STATE = 25,
	/* libxc */
	XST_KIND_END = 40,
	XST_KIND_PAGE_DATA = 41,      /* a legacy batch, too */
	XST_KIND_PV_INFO = 42,
	XST_KIND_P2M_FRAMES = 43,
	XST_KIND_VCPU_BASIC = 44,
	XST_KIND_VCPU_EXTENDED = 45,
	XST_KIND_VCPU_XSAVE = 46,
	XST_KIND_SHARED_INFO = 47,
	XST_KIND_TSC_INFO = 48,
	XST_KIND_HVM_CONTEXT = 49,
	XST_KIND_HVM_PARAMS = 50,
	XST_KIND_TOOLSTACK = 51,      /* legacy; today's type of that name was never shipped */
	XST_KIND_VCPU_MSRS = 52,
	XST_KIND_VERIFY = 53,
	XST_KIND_CHECKPOINT = 54,     /* legacy: no bytes, stands after each complete checkpoint */
	XST_KIND_DIRTY_PFN_LIST = 55,
	XST_KIND_STATIC_DATA_END = 56,
	XST_KIND_CPUID_POLICY = 57,
	XST_KIND_MSR_POLICY = 58,
	/* legacy only */
	XST_KIND_P2M_SIZE = 80,
	XST_KIND_EXT_INFO = 81,
	XST_KIND_EXT_BLOCK = 82,      /* a block of the extended info of unknown name */
	XST_KIND_EXT_VCPU = 83,
	XST_KIND_EXT_EXTV = 84,
	XST_KIND_EXT_XCNT = 85,
	XST_KIND_VCPU_MAP = 86,
	XST_KIND_TMEM = 87,
	XST_KIND_TMEM_EXTRA = 88,
	XST_KIND_LAST_CHECKPOINT = 89,
	XST_KIND_ENABLE_COMPRESSION = 90,
	XST_KIND_COMPRESSED_DATA = 91,
	XST_KIND_END_OF_BODY = 92,
	XST_KIND_UNMAPPED_PFNS = 93,
	XST_KIND_MAX = 128            /* above all that there will be */
};

/* Names of fixed fields; xst_field_name() has them as words.  Never renumbered. */
enum xst_field {
	XST_FIELD_RESERVED = 0, /* must be zero */
	XST_FIELD_BYTE_ORDER,
	XST_FIELD_MANDATORY_FLAGS,
	XST_FIELD_OPTIONAL_FLAGS,
	XST_FIELD_OPTIONAL_LENGTH,
	XST_FIELD_CONFIG_LENGTH,
	XST_FIELD_IDENT,
	XST_FIELD_MARKER,
	XST_FIELD_VERSION,
	XST_FIELD_OPTIONS,
	XST_FIELD_GUEST_TYPE,
	XST_FIELD_PAGE_SHIFT,
	XST_FIELD_XEN_MAJOR,
	XST_FIELD_XEN_MINOR,
	XST_FIELD_COUNT,
	XST_FIELD_GUEST_WIDTH,
	XST_FIELD_PT_LEVELS,
	XST_FIELD_FIRST_PFN,
	XST_FIELD_LAST_PFN,
	XST_FIELD_VCPU_ID,
	XST_FIELD_TSC_MODE,
	XST_FIELD_TSC_KHZ,
	XST_FIELD_TSC_NSEC,
	XST_FIELD_TSC_INCARNATION,
	XST_FIELD_EMULATOR_ID,
	XST_FIELD_EMULATOR_INDEX,
	XST_FIELD_CHECKPOINT_STATE,
	XST_FIELD_P2M_SIZE,
	XST_FIELD_LENGTH,
	XST_FIELD_XSAVE_SIZE,
	XST_FIELD_MAX_VCPU_ID,
	XST_FIELD_XFEATURE_MASK,
	XST_FIELD_MAX_POOLS,
	XST_FIELD_FLAGS,
	XST_FIELD_WEIGHT,
	XST_FIELD_CAP,
	XST_FIELD_MAX
};

/* Arrays: how many numbers an item has and what they are.  Never renumbered. */
enum xst_items {
	XST_ITEMS_PAGES = 0,     /* 1: type << 60 | pfn, as today's format writes it */
	XST_ITEMS_P2M_FRAMES,    /* 1: pfn */
	XST_ITEMS_UNMAPPED_PFNS, /* 1: pfn */
	XST_ITEMS_DIRTY_PFNS,    /* 1: pfn */
	XST_ITEMS_HVM_PARAMS,    /* 2: index, value */
	XST_ITEMS_CPUID,         /* 6: leaf, subleaf, eax, ebx, ecx, edx */
	XST_ITEMS_MSRS,          /* 3: index, flags (0), value */
	XST_ITEMS_VCPU_MAP       /* 1: 64 vCPUs, bit 0 the first; ids above the maximum masked out */
};

/* Page types, bits 63-60 of an XST_ITEMS_PAGES number. */
enum xst_page_type {
	XST_PAGE_NOTAB = 0x0,
	XST_PAGE_L1TAB = 0x1,
	XST_PAGE_L2TAB = 0x2,
	XST_PAGE_L3TAB = 0x3,
	XST_PAGE_L4TAB = 0x4,
	XST_PAGE_PINNED = 0x8, /* added to L1TAB-L4TAB */
	XST_PAGE_BROKEN = 0xd,
	XST_PAGE_XALLOC = 0xe,
	XST_PAGE_XTAB = 0xf
};

#define XST_BATCH 1024              /* numbers in one ITEMS event, at most */
#define XST_LENGTH_UNKNOWN UINT64_MAX /* a run that lasts to the end of the input */
#define XST_PAGE_SIZE 4096

#define XST_PAGE_TYPE(item) ((unsigned)((item) >> 60))
#define XST_PAGE_PFN(item) ((item) & ((UINT64_C(1) << 52) - 1))
/* Whether a page of that type has contents in the stream. */
#define XST_PAGE_HAS_DATA(type) ((type) < XST_PAGE_BROKEN)

enum xst_guest {
	XST_GUEST_UNKNOWN = 0,
	XST_GUEST_PV = 1,
	XST_GUEST_HVM = 2 /* PVH domains too */
};

struct xst_field_value {
	enum xst_field id;
	uint64_t value;
};

/* Filled and owned by the parser, valid until its next call.  Grows only at the end: don't embed
 * it, don't copy it by its size. */
struct xst_event {
	enum xst_event_type type;
	enum xst_layer layer;
	enum xst_kind kind;      /* of the current record; XST_KIND_UNKNOWN between records */
	uint64_t offset;         /* where the thing described starts */
	bool big_endian;         /* byte order of the layer */
	union {
		/* min: bytes without which nothing can go on.  max: bytes that may be read
		 * without entering an opaque run, but for the first few of a legacy device
		 * model's state without a length. */
		struct { uint64_t min, max; } need;
		/* width (bytes of the toolstack's unsigned long) and guest: legacy only. */
		struct { unsigned width; enum xst_guest guest; } stream;
		/* length: of the body; for a legacy chunk whose length can't be known yet, 0 in
		 * RECORD_BEGIN and right in RECORD_END. */
		struct { uint32_t type; const char *name; uint64_t index, length; } record;
		struct { const struct xst_field_value *v; size_t n; } fields;
		/* v holds n items of `width` numbers each; `first` is the index of the first. */
		struct { enum xst_items kind; const uint64_t *v; size_t n; unsigned width;
			 uint64_t first; } items;
		/* not terminated; may hold any byte but NUL */
		struct { const char *key; size_t key_len; const char *value;
			 size_t value_len; } pair;
		/* addresses and size in bytes; name_len 0: the entry has no name */
		struct { uint64_t phys_offset, start_addr, size; const char *name;
			 size_t name_len; } physmap;
		/* length: of the whole run, or XST_LENGTH_UNKNOWN.  run_offset: of data in it.
		 * unit: the run is an array of things of that many bytes, or 1. */
		struct { uint64_t length, run_offset; unsigned unit; const uint8_t *data;
			 size_t size; } payload;
		const struct xst_finding *finding;
	} u;
};

/* A field's name, for example "page_shift"; a static string, never NULL, and so are the next two. */
XST_API const char *xst_field_name(enum xst_field id);
/* Of a page frame's type, its four highest bits (libxc-migration-stream, section "PAGE_DATA"). */
XST_API const char *xst_page_type_name(unsigned type);
/* Of an HVM parameter, by its index (Xen's public/hvm/params.h). */
XST_API const char *xst_hvm_param_name(uint64_t index);
/* Of a device model, by its id (libxl-migration-stream, section "EMULATOR_XENSTORE_DATA"); a static string, never
 * NULL. */
XST_API const char *xst_emulator_name(uint64_t id);

/* The value of a field in a FIELDS event, or `fallback` if the record has none of that name. */
XST_API uint64_t xst_event_field(const struct xst_event *ev, enum xst_field id, uint64_t fallback);

#ifdef __cplusplus
}
#endif
#endif
