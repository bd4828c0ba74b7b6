/* SPDX-License-Identifier: MIT */
/* The meaning of the bytes: one table row for each record, chunk and header of each format.
 *
 * The rows drive the parser, the emitter, the printers, the documentation and the fuzzer's
 * dictionary.  No other folder contains an offset. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenstream/event.h>

/* The size of a legacy toolstack's unsigned long, 4 or 8 bytes.  Such a field comes first, and
 * counts as 4 bytes in the offsets of the fields after it. */
#define WIRE_ULONG 0

struct wire_field {
	enum xst_field id;
	uint8_t offset;
	uint8_t size; /* 1, 2, 4, 8 or WIRE_ULONG */
};

/* An array of structures. */
struct wire_array {
	enum xst_items items;
	uint8_t size;              /* bytes of one item */
	uint8_t width;             /* numbers in one item */
	struct wire_field part[6]; /* their places; the ids are not used */
};

/* What follows the fixed fields of a body. */
enum wire_tail {
	WIRE_NOTHING = 0,
	WIRE_ARRAY_BY_COUNT,  /* as many items as the field COUNT says */
	WIRE_ARRAY_BY_LENGTH, /* as many items as fit the record */
	WIRE_PAGES,           /* COUNT pfns, then the pages of those with contents */
	WIRE_RUN,             /* opaque */
	WIRE_PAIRS            /* key NUL value NUL ... */
};

enum wire_flags {
	WIRE_PV_ONLY = 1 << 0,
	WIRE_HVM_ONLY = 1 << 1,
	WIRE_SINCE_V3 = 1 << 2,      /* must not occur in a libxc image of version 2 */
	WIRE_REFUSED = 1 << 3,       /* no Xen reads it */
	WIRE_MAY_BE_EMPTY = 1 << 4,  /* an empty body is tolerated, with a remark */
	WIRE_BACK_CHANNEL = 1 << 5,  /* never in a stream that is restored */
	WIRE_STATIC = 1 << 6,        /* comes before STATIC_DATA_END; all others after it */
	WIRE_ONCE = 1 << 7,          /* once in an image: a receiver refuses a second one */
	WIRE_NEEDED = 1 << 8,        /* an image without it can't be restored */
	WIRE_LAST_COUNTS = 1 << 9,   /* Xen writes one in an image, or with WIRE_ANEW in each state;
				      * a receiver uses the last */
	WIRE_ANEW = 1 << 10          /* repeated in each state of a checkpointed stream */
};

#define WIRE_MAX_FIELDS 8

struct wire_record {
	uint32_t type;
	enum xst_kind kind;
	const char *name;
	uint16_t flags;
	uint8_t param;   /* legacy: the HVM parameter that the chunk carries */
	uint8_t fixed;   /* bytes of the fixed fields */
	const char *magic; /* that the fixed fields begin with, or NULL */
	uint8_t magic_size;
	uint8_t nfields;
	struct wire_field field[WIRE_MAX_FIELDS];
	enum wire_tail tail;
	const struct wire_array *array;
	uint32_t min_run, max_run; /* bytes of a run; 0: no limit of its own */
	const char *summary;       /* for the documentation */
};

/* The size in bytes of a field or of a part of an item. */
static inline unsigned wire_width(unsigned size, unsigned ulong_size)
{
	return size == WIRE_ULONG ? ulong_size : size;
}

/* Bytes of a row's fixed fields for a toolstack's word size (4 for other formats). */
unsigned xst_wire_fixed_size(const struct wire_record *row, unsigned ulong_size);

/* The value of a field among n, or `fallback`. */
static inline uint64_t wire_value(const struct xst_field_value *v, size_t n, enum xst_field id,
				  uint64_t fallback)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].id == id)
			return v[i].value;
	return fallback;
}

/* Decodes or encodes a row's fixed fields; values has one number for each field of the row. */
void xst_wire_get_fields(const struct wire_record *row, const uint8_t *body, bool big,
			 unsigned ulong_size, struct xst_field_value *values);
void xst_wire_get_item(const struct wire_array *array, const uint8_t *p, bool big,
		       uint64_t *numbers);
void xst_wire_put_item(const struct wire_array *array, uint8_t *p, bool big,
		       const uint64_t *numbers);

/* xl.c */
#define XL_MAGIC "Xen saved domain, xl format\n \0 \r"
#define XL_MAGIC_SIZE 32
#define XL_BYTE_ORDER 0x01020304u
#define XL_FLAG_JSON 1u
#define XL_FLAG_STREAM_V2 2u
extern const struct wire_record xst_wire_xl_header, xst_wire_xl_config, xst_wire_xl_optional_data;
/* Whether a configuration of xl is in JSON, else in xl.cfg's language: JSON is an object. */
bool xst_wire_config_is_json(const void *config, size_t n);

/* libvirt.c */
#define LIBVIRT_MAGIC "libvirt-xml\n \0 \r"
#define LIBVIRT_MAGIC_SIZE 16
#define LIBVIRT_HEADER_SIZE 64
#define LIBVIRT_VERSION_LEGACY 1
#define LIBVIRT_VERSION_LIBXL 2
extern const struct wire_record xst_wire_libvirt_header, xst_wire_libvirt_xml;

/* xend.c; a captured migration begins with a line that requests it */
#define XEND_MAGIC "LinuxGuestRecord"
#define XEND_MAGIC_SIZE 16
#define XEND_REQUEST "receive\n"
#define XEND_REQUEST_SSL "sslreceive\n"
extern const struct wire_record xst_wire_xend_request, xst_wire_xend_header, xst_wire_xend_config;

/* xenserver.c */
#define XENSERVER_MAGIC "XenSavedDomv2-\n"
#define XENSERVER6_MAGIC "XenSavedDomain\n"
#define XENSERVER_MAGIC_SIZE 15
#define XENSERVER_RECORD_HEADER 16
#define XENSERVER_HANDSHAKE "\0\0" /* success; before a captured migration, and after it */
#define XENSERVER_HANDSHAKE_SIZE 2
#define XENSERVER_MAX_HANDSHAKES 2 /* most that fit into 16 bytes with the magic */
#define XENSERVER_LIBXC 0xf0u
#define XENSERVER_LIBXL 0xf1u
#define XENSERVER_LIBXC_LEGACY 0xf2u
#define XENSERVER_QEMU_XEN 0xf01u
#define XENSERVER_MAX_QEMU (1u << 20) /* xenopsd's limit */
extern const struct wire_record xst_wire_xenserver_header, xst_wire_xenserver6_header;
extern const struct wire_record xst_wire_xenserver_handshake;
extern const struct wire_record xst_wire_xenserver_records[];
extern const size_t xst_wire_xenserver_count;

/* libxl.c */
#define LIBXL_IDENT UINT64_C(0x4c6962786c466d74)
#define LIBXL_MAGIC "LibxlFmt" /* the same as bytes */
#define LIBXL_VERSION 2
#define LIBXL_OPTION_BIG_ENDIAN 1u
#define LIBXL_OPTION_LEGACY 2u
#define LIBXL_OPTIONS_KNOWN 3u
#define LIBXL_OPTIONS_LOWER 0xffffu /* in which Xen's verifier looks for others */
#define COLO_STATE_LENGTH 4 /* of a CHECKPOINT_STATE, without its padding; its ids: */
#define COLO_STATE_NEW 0
#define COLO_STATE_SVM_SUSPENDED 1
#define COLO_STATE_SVM_READY 2
#define COLO_STATE_SVM_RESUMED 3
extern const struct wire_record xst_wire_libxl_header;
extern const struct wire_record xst_wire_libxl_records[];
extern const size_t xst_wire_libxl_count;

/* libxc.c */
#define LIBXC_MARKER UINT64_MAX
#define LIBXC_MAGIC "\xff\xff\xff\xff\xff\xff\xff\xff" /* the same as bytes */
#define LIBXC_IDENT 0x58454e46u
#define LIBXC_VERSION_MIN 2
#define LIBXC_VERSION_MAX 3
#define LIBXC_OPTION_BIG_ENDIAN 1u
#define LIBXC_GUEST_PV 1u
#define LIBXC_GUEST_HVM 2u
#define LIBXC_PAGE_SHIFT 12
extern const struct wire_record xst_wire_image_header, xst_wire_domain_header;
extern const struct wire_record xst_wire_libxc_records[];
extern const size_t xst_wire_libxc_count;

/* xenstore.c */
#define XENSTORE_CHARACTERS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/_@"
#define XENSTORE_PHYSMAP "physmap/" /* where a device model's keys are */
#define XENSTORE_PATH_MAX 3072      /* bytes of an absolute path */
#define XENSTORE_MESSAGE_MAX 4096   /* of a request's payload */
#define XENSTORE_WRITE_MAX (XENSTORE_MESSAGE_MAX - 1) /* of a path and its value, without the NUL */
#define XENSTORE_PREFIX 43          /* most bytes that libxl puts before a key:
				     * /local/domain/DOMID/device-model/DOMID/ */
/* Whether xenstored accepts a key, relative to a node. */
bool xst_wire_xenstore_key(const char *key, size_t n);
/* Whether a key lies below physmap/. */
bool xst_wire_xenstore_physmap(const char *key, size_t n);

/* colo.c: a secondary's records on the back channel, of libxl and of libxc */
extern const struct wire_record xst_wire_colo_records[];
extern const size_t xst_wire_colo_count;

/* The common framing of libxl and libxc records. */
#define RECORD_HEADER_SIZE 8
#define RECORD_ALIGN 8
#define RECORD_OPTIONAL 0x80000000u
/* PAGE_DATA: bits 59-52 of an entry */
#define PAGE_RESERVED_BITS (UINT64_C(0xff) << 52)

/* A row by its wire type, or NULL. */
const struct wire_record *xst_wire_find(const struct wire_record *rows, size_t count,
					uint32_t type);
/* A row by its kind, or NULL. */
const struct wire_record *xst_wire_of_kind(const struct wire_record *rows, size_t count,
					   enum xst_kind kind);
/* The libxl or libxc row of a kind in today's formats, or NULL. */
const struct wire_record *xst_wire_modern(enum xst_kind kind);
/* Whether such a row is libxl's. */
bool xst_wire_is_libxl(const struct wire_record *row);

/* legacy.c */
#define LEGACY_MAX_BATCH 1024
#define LEGACY_PFN_MASK UINT64_C(0x0fffffff)
#define LEGACY_XTAB_ENTRY (UINT64_C(0xf) << 60) /* 0xf0000000 in today's form: unmapped */
#define LEGACY_VCPU64_SIZE 0x1430u
#define LEGACY_VCPU32_SIZE 0xaf0u
#define LEGACY_EXTENDED_SIZE 128u
#define LEGACY_MAX_VCPU_ID 4095
#define LEGACY_SIGNATURE_SIZE 21
#define LEGACY_TOOLSTACK_VERSION 1
#define LEGACY_PHYSMAP_SIZE 28
#define LEGACY_PHYSMAP_STRAY 4 /* bytes that a 64-bit toolstack leaks after each name */
#define LEGACY_TMEM_HEAD 28
#define LEGACY_TMEM_POOL 28
#define LEGACY_TMEM_OID 24
#define LEGACY_CHUNK_X87_FIP_WIDTH (-21)
#define LEGACY_CHUNK_MIN LEGACY_CHUNK_X87_FIP_WIDTH
enum legacy_part { /* pseudo-types of parts that are not chunks */
	LEGACY_P2M_SIZE = 0x10000,
	LEGACY_EXT_INFO,
	LEGACY_P2M_FRAMES,
	LEGACY_BATCH,
	LEGACY_UNMAPPED_PFNS,
	LEGACY_VCPU_BASIC,
	LEGACY_VCPU_EXTENDED,
	LEGACY_VCPU_XSAVE,
	LEGACY_SHARED_INFO,
	LEGACY_MAGIC_PFNS,
	LEGACY_HVM_CONTEXT,
	LEGACY_CHECKPOINT
};
extern const struct wire_record xst_wire_legacy_parts[];
extern const size_t xst_wire_legacy_parts_count;
/* Chunks: type is the chunk's id as an unsigned number. */
extern const struct wire_record xst_wire_legacy_chunks[];
extern const size_t xst_wire_legacy_chunks_count;
extern const struct wire_record xst_wire_legacy_ext_blocks[];
extern const size_t xst_wire_legacy_ext_blocks_count;
const struct wire_record *xst_wire_legacy_part(enum legacy_part part);

/* XenServer's form of the signature without a length: a newline, a big-endian u32, the state. */
#define LEGACY_XENSERVER_LENGTH 5

/* The beginning of a device model's record in a legacy stream. */
struct wire_signature {
	char text[LEGACY_SIGNATURE_SIZE + 1];
	bool has_length; /* a u32 length follows; else the record lasts to the end of the input */
	struct wire_record row;
};
extern const struct wire_signature xst_wire_signatures[3];
/* A row by its text, or NULL. */
const struct wire_signature *xst_wire_signature_find(const char *text);

/* hvm_params.c */
#define HVM_PARAM_STORE_PFN 1
#define HVM_PARAM_IOREQ_PFN 5
#define HVM_PARAM_BUFIOREQ_PFN 6
#define HVM_PARAM_VIRIDIAN 9
#define HVM_PARAM_TIMER_MODE 10
#define HVM_PARAM_IDENT_PT 12
#define HVM_PARAM_DM_DOMAIN 13
#define HVM_PARAM_ACPI_S_STATE 14
#define HVM_PARAM_VM86_TSS 15
#define HVM_PARAM_CONSOLE_PFN 17
#define HVM_PARAM_ACPI_IOPORTS 19
#define HVM_PARAM_MEMORY_EVENT_CR0 20
#define HVM_PARAM_MEMORY_EVENT_CR3 21
#define HVM_PARAM_MEMORY_EVENT_CR4 22
#define HVM_PARAM_MEMORY_EVENT_INT3 23
#define HVM_PARAM_NESTEDHVM 24
#define HVM_PARAM_MEMORY_EVENT_SINGLE_STEP 25
#define HVM_PARAM_BUFIOREQ_EVTCHN 26
#define HVM_PARAM_PAGING_RING_PFN 27
#define HVM_PARAM_MONITOR_RING_PFN 28
#define HVM_PARAM_SHARING_RING_PFN 29
#define HVM_PARAM_MEMORY_EVENT_MSR 30
#define HVM_PARAM_TRIPLE_FAULT_REASON 31
#define HVM_PARAM_IOREQ_SERVER_PFN 32
#define HVM_PARAM_NR_IOREQ_SERVER_PAGES 33
#define HVM_PARAM_ALTP2M 35
#define HVM_PARAM_X87_FIP_WIDTH 36
#define HVM_PARAM_VM86_TSS_SIZED 37
#define HVM_PARAM_LAST 38 /* MCA_CAP */
/* Whether Xen knows a parameter of that index; whether its value names a page that
 * every guest has (those of ioreq servers leave it while they are in use). */
bool xst_wire_hvm_param_known(uint64_t index);
bool xst_wire_hvm_param_page(uint64_t index, uint64_t value, uint64_t *ret_pfn);

/* CPU policies: the leaves and MSRs that they may contain. */
#define CPUID_NO_SUBLEAF UINT32_MAX
#define WIRE_MSR_PLATFORM_INFO 0xceu
#define WIRE_MSR_ARCH_CAPS 0x10au
#define WIRE_MSR_CPUID_FAULTING (UINT64_C(1) << 31) /* in PLATFORM_INFO */

/* The device model's state: big-endian magic and version. */
#define QEMU_MAGIC "QEVM"
#define QEMU_MAGIC_SIZE 4
#define QEMU_VERSION 3
#define QEMU_HEAD 8

/* foreign.c: other files, and the messages about them */
struct wire_foreign {
	const char *magic;
	uint8_t size;
	const char *what;
};
const struct wire_foreign *xst_wire_foreign_find(const uint8_t *head, size_t size);

#endif
