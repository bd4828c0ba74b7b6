/* SPDX-License-Identifier: MIT */
/* The vocabulary shared by every format.
 *
 * A parser turns bytes into these events.  A consumer written against them works for legacy
 * streams, libxl and libxc streams, and every container.
 *
 * The grammar, for each layer:
 *
 *   layer  = STREAM_BEGIN (record | layer)* STREAM_END
 *   record = RECORD_BEGIN [FIELDS] (ITEMS | PAIR | PHYSMAP | run)* RECORD_END
 *   run    = PAYLOAD_BEGIN PAYLOAD*
 *
 * NEED and WARNING can stand anywhere in between; FINISHED comes last.  Headers are records too.
 * After a libxc CHECKPOINT record inside a libxl stream, the events belong to the libxl layer until
 * its CHECKPOINT_END. */
#ifndef XENSTREAM_EVENT_H
#define XENSTREAM_EVENT_H

#include <xenstream/finding.h>

#ifdef __cplusplus
extern "C" {
#endif

enum xst_event_type {
	XST_EVENT_NEED = 0,      /* the window is used up: pass more, or call xst_parser_eof() */
	XST_EVENT_STREAM_BEGIN,
	XST_EVENT_RECORD_BEGIN,
	XST_EVENT_FIELDS,        /* the record's fixed fields, decoded */
	XST_EVENT_ITEMS,         /* part of its array, decoded; at most XST_BATCH numbers */
	XST_EVENT_PAIR,          /* one xenstore key and its value */
	XST_EVENT_PHYSMAP,       /* one entry of a legacy toolstack record */
	XST_EVENT_PAYLOAD_BEGIN, /* an opaque run starts; none of it is consumed yet */
	XST_EVENT_PAYLOAD,       /* part of the run, in the caller's window */
	XST_EVENT_RECORD_END,
	XST_EVENT_STREAM_END,
	XST_EVENT_WARNING,       /* a deviation that was tolerated */
	XST_EVENT_FINISHED       /* the outermost layer has ended; anything left is not part of
				  * it */
};

/* The meaning of a record, whichever format it stands in.  Records of libxl are described in
 * libxl-migration-stream, section "Records", those of libxc in libxc-migration-stream, sections
 * "Image Header", "Domain Header" and "Records" (both in Xen's docs/specs); legacy parts and the xl
 * header in docs/formats.md.  Part of the ABI, like the fields and items below: never renumbered;
 * new ones come after the last of their block. */
enum xst_kind {
	XST_KIND_UNKNOWN = 0,         /* an optional record of unknown type; its body is a run */
	/* headers */
	XST_KIND_XL_HEADER = 1,
	XST_KIND_CONFIG = 2,          /* the domain's configuration, in its container's language */
	XST_KIND_OPTIONAL_DATA = 3,   /* the optional data after the configuration */
	XST_KIND_LIBXL_HEADER = 4,
	XST_KIND_IMAGE_HEADER = 5,
	XST_KIND_DOMAIN_HEADER = 6,
	XST_KIND_LIBVIRT_HEADER = 7,
	XST_KIND_XEND_REQUEST = 8,    /* the first line of a captured migration */
	XST_KIND_XEND_HEADER = 9,
	XST_KIND_XENSERVER_HEADER = 10,
	XST_KIND_XENSERVER_IMAGE = 11, /* the guest's image follows, outside the record */
	XST_KIND_DEMU = 12,           /* XenServer: state of a virtual GPU */
	XST_KIND_VARSTORED = 13,      /* XenServer: UEFI variables */
	XST_KIND_SWTPM0 = 14,         /* XenServer: state of a virtual TPM */
	XST_KIND_SWTPM = 15,          /* the same as base64 text */
	XST_KIND_END_OF_IMAGE = 16,   /* XenServer: nothing after it counts */
	XST_KIND_XENOPS_HANDSHAKE = 17, /* XenServer: may begin a captured migration */
	/* libxl */
	XST_KIND_LIBXL_END = 20,
	XST_KIND_LIBXC_CONTEXT = 21,
	XST_KIND_EMULATOR_XENSTORE_DATA = 22,
	XST_KIND_EMULATOR_CONTEXT = 23,
	XST_KIND_CHECKPOINT_END = 24,
	XST_KIND_CHECKPOINT_STATE = 25,
	/* libxc */
	XST_KIND_END = 40,
	XST_KIND_PAGE_DATA = 41,      /* a legacy batch too */
	XST_KIND_PV_INFO = 42,
	XST_KIND_P2M_FRAMES = 43,
	XST_KIND_VCPU_BASIC = 44,
	XST_KIND_VCPU_EXTENDED = 45,
	XST_KIND_VCPU_XSAVE = 46,
	XST_KIND_SHARED_INFO = 47,
	XST_KIND_TSC_INFO = 48,
	XST_KIND_HVM_CONTEXT = 49,
	XST_KIND_HVM_PARAMS = 50,
	XST_KIND_TOOLSTACK = 51,      /* legacy; today's type of that name was never released */
	XST_KIND_VCPU_MSRS = 52,
	XST_KIND_VERIFY = 53,
	XST_KIND_CHECKPOINT = 54,     /* legacy: no bytes; comes after each complete checkpoint */
	XST_KIND_DIRTY_PFN_LIST = 55,
	XST_KIND_STATIC_DATA_END = 56,
	XST_KIND_CPUID_POLICY = 57,
	XST_KIND_MSR_POLICY = 58,
	/* legacy only */
	XST_KIND_P2M_SIZE = 80,
	XST_KIND_EXT_INFO = 81,
	XST_KIND_EXT_BLOCK = 82,      /* a block of unknown name in the extended info */
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
	XST_KIND_MAX = 128            /* greater than every kind, now and later */
};

/* Names of fixed fields; see xst_field_name().  Never renumbered. */
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

/* Kinds of arrays: how many numbers an item has, and their meaning.  "pfn" is a page frame number.
 * Never renumbered. */
enum xst_items {
	XST_ITEMS_PAGES = 0,     /* 1: type << 60 | pfn, as in today's format */
	XST_ITEMS_P2M_FRAMES,    /* 1: pfn */
	XST_ITEMS_UNMAPPED_PFNS, /* 1: pfn */
	XST_ITEMS_DIRTY_PFNS,    /* 1: pfn */
	XST_ITEMS_HVM_PARAMS,    /* 2: index, value */
	XST_ITEMS_CPUID,         /* 6: leaf, subleaf, eax, ebx, ecx, edx */
	XST_ITEMS_MSRS,          /* 3: index, flags (0), value */
	XST_ITEMS_VCPU_MAP       /* 1: 64 vCPUs, the first in bit 0; ids above the maximum are
				  * cleared */
};

/* Page types: bits 63-60 of an XST_ITEMS_PAGES number. */
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

#define XST_BATCH 1024              /* most numbers in one ITEMS event */
#define XST_LENGTH_UNKNOWN UINT64_MAX /* length of a run that lasts to the end of the input */
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

/* Filled and owned by the parser, valid until its next call.  Grows at the end only: don't embed
 * it, and don't copy it by its size. */
struct xst_event {
	enum xst_event_type type;
	enum xst_layer layer;
	enum xst_kind kind;      /* of the current record; XST_KIND_UNKNOWN between records */
	uint64_t offset;         /* where the described part starts, in bytes */
	bool big_endian;         /* byte order of the layer */
	union {
		/* min: bytes needed to continue.  max: bytes that may be read without entering an
		 * opaque run, except the first few of a legacy device model's state without a
		 * length. */
		struct { uint64_t min, max; } need;
		/* width (bytes of the toolstack's unsigned long) and guest: legacy only. */
		struct { unsigned width; enum xst_guest guest; } stream;
		/* length: of the body, in bytes; 0 in RECORD_BEGIN and right in RECORD_END for a
		 * legacy chunk whose length is not known at its start. */
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
		 * unit: size in bytes of an element if the run is an array, else 1. */
		struct { uint64_t length, run_offset; unsigned unit; const uint8_t *data;
			 size_t size; } payload;
		const struct xst_finding *finding;
	} u;
};

/* A field's name, for example "page_shift"; a static string, never NULL. */
XST_API const char *xst_field_name(enum xst_field id);
/* The name of a page type, the four highest bits of a PAGE_DATA entry (libxc-migration-stream,
 * section "PAGE_DATA"); a static string, never NULL. */
XST_API const char *xst_page_type_name(unsigned type);
/* The name of the HVM parameter `index` (Xen's public/hvm/params.h); a static string, never
 * NULL. */
XST_API const char *xst_hvm_param_name(uint64_t index);
/* Of a device model, by its id (libxl-migration-stream, section "EMULATOR_XENSTORE_DATA"); a static string, never
 * NULL. */
XST_API const char *xst_emulator_name(uint64_t id);

/* The value of a field in a FIELDS event, or `fallback` if the event does not have it. */
XST_API uint64_t xst_event_field(const struct xst_event *ev, enum xst_field id, uint64_t fallback);

#ifdef __cplusplus
}
#endif
#endif
