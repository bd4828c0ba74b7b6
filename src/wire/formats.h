/* SPDX-License-Identifier: MIT */
/* The table of formats, one row each: the source of detection, the parser's dispatch, the writers,
 * the command's words, the messages and the documentation.
 *
 * FORMAT(LAYER, parser, CONTAINER, writer, ...)
 *   LAYER      its value in enum xst_layer and in enum xst_start
 *   parser     xst_parse_<parser>() is the parser's first state, in src/parse/layer_<parser>.c
 *   CONTAINER  its value in enum xst_container; AUTO: it is not written
 *   writer     xst_emit_<writer>_writer writes it, in src/emit; no: it is not written
 *   ...        further members of struct wire_format
 *
 * VARIANT(LAYER, CONTAINER, writer, ...) is another way to write a format of the table; both are
 * read in the same way. */
#ifndef WIRE_FORMATS_H
#define WIRE_FORMATS_H

#include <xenstream/format.h>

#include "wire/wire.h"

/* Parts of a saved domain that some formats have no place for.  The guest's memory and its vCPUs
 * are not among them: every format that holds a guest holds these. */
enum wire_part {
	WIRE_PART_CONFIG,         /* in the language of the container */
	WIRE_PART_OPTIONAL_FLAGS, /* of an xl header */
	WIRE_PART_OPTIONAL_DATA,  /* of an xl header, after the configuration */
	WIRE_PART_EMULATOR,       /* the device model's state, in a record of the container or of a
				   * libxl stream */
	WIRE_PART_EMULATOR_TAIL,  /* the same after a bare image */
	WIRE_PART_EMULATOR_ID,    /* the device model's kind, and its number if there are several */
	WIRE_PART_XENSTORE,       /* the device model's keys in xenstore */
	WIRE_PART_PHYSMAP,        /* the same in a legacy toolstack record */
	WIRE_PART_CHECKPOINTS,    /* of a libxl stream; COLO's states too */
	WIRE_PART_LIBXL_RECORD,   /* an optional record of unknown type in a libxl stream */
	WIRE_PART_VGPU,
	WIRE_PART_UEFI,
	WIRE_PART_VTPM,
	WIRE_PART_TMEM,           /* of a legacy stream, like the next two */
	WIRE_PART_TMEM_EXTRA,
	WIRE_PART_EXT_BLOCK,
	WIRE_PARTS
};
#define WIRE_HOLDS(part) (1u << WIRE_PART_##part)
#define WIRE_HOLDS_LIBXL                                                                    \
	(WIRE_HOLDS(EMULATOR) | WIRE_HOLDS(EMULATOR_TAIL) | WIRE_HOLDS(EMULATOR_ID) |       \
	 WIRE_HOLDS(XENSTORE) | WIRE_HOLDS(PHYSMAP) | WIRE_HOLDS(CHECKPOINTS) |             \
	 WIRE_HOLDS(LIBXL_RECORD))
#define WIRE_HOLDS_XL (WIRE_HOLDS(CONFIG) | WIRE_HOLDS(OPTIONAL_FLAGS) | WIRE_HOLDS(OPTIONAL_DATA))

#define WIRE_FORMAT_MAGICS 4
#define WIRE_FORMAT_HEADERS 4

struct wire_magic {
	const char *bytes;
	uint8_t size; /* a reader compares as many of them as it has */
};
#define WIRE_MAGIC(bytes) { bytes, sizeof(bytes) - 1 }

struct wire_format {
	struct xst_format shown;
	struct wire_magic magics[WIRE_FORMAT_MAGICS]; /* none: it is recognised by its shape */
	const struct wire_record *headers[WIRE_FORMAT_HEADERS]; /* without framing, in order */
	const struct wire_record *records; /* in the container's own framing, or NULL */
	const size_t *records_count;
	enum xst_container becomes; /* a converter's output for it by default */
	/* the rest is for writing only */
	enum xst_layer stream;      /* the one that holds the guest: LIBXL or LIBXC */
	const char *place;          /* "a libxl stream", the subject of "has no place for ..." */
	const char *reader;         /* "libvirt", the subject of "does not read ..." */
	bool goes_on;               /* its own records may precede and follow the stream in any
				     * order */
	uint32_t holds;             /* WIRE_HOLDS() of each part that it has a place for */
};

#define WIRE_FORMATS(FORMAT, VARIANT)                                                       \
	FORMAT(XL, xl, XL, xl,                                                              \
	       .shown.role = XST_ROLE_CONTAINER, .shown.word = "xl",                        \
	       .shown.title = "xl save image", .shown.language = XST_LAYER_XL,              \
	       .magics = { WIRE_MAGIC(XL_MAGIC) },                                          \
	       .headers = { &xst_wire_xl_header, &xst_wire_xl_config,                       \
			    &xst_wire_xl_optional_data },                                   \
	       .becomes = XST_CONTAINER_XL, .stream = XST_LAYER_LIBXL,                      \
	       .place = "an xl save image", .reader = "xl",                                 \
	       .holds = WIRE_HOLDS_XL | WIRE_HOLDS_LIBXL)                                   \
	VARIANT(XL, XL_LIBXC, xl_libxc,                                                     \
		.shown.role = XST_ROLE_CONTAINER, .shown.title = "xl header around a libxc image", \
		.shown.language = XST_LAYER_XL, .stream = XST_LAYER_LIBXC,                  \
		.place = "a libxc image", .reader = "xl",                                   \
		.holds = WIRE_HOLDS_XL | WIRE_HOLDS(EMULATOR_TAIL))                         \
	FORMAT(LIBXL, libxl, LIBXL, libxl,                                                  \
	       .shown.role = XST_ROLE_STREAM, .shown.word = "libxl",                        \
	       .shown.title = "libxl stream",                                               \
	       .magics = { WIRE_MAGIC(LIBXL_MAGIC) },                                       \
	       .headers = { &xst_wire_libxl_header },                                       \
	       .becomes = XST_CONTAINER_LIBXL, .stream = XST_LAYER_LIBXL,                   \
	       .place = "a libxl stream", .reader = "xl", .holds = WIRE_HOLDS_LIBXL)        \
	FORMAT(LIBXC, libxc, LIBXC, libxc,                                                  \
	       .shown.role = XST_ROLE_STREAM, .shown.word = "libxc",                        \
	       .shown.title = "libxc image",                                                \
	       .magics = { WIRE_MAGIC(LIBXC_MAGIC) },                                       \
	       .headers = { &xst_wire_image_header, &xst_wire_domain_header },              \
	       .becomes = XST_CONTAINER_LIBXC, .stream = XST_LAYER_LIBXC,                   \
	       .place = "a libxc image", .reader = "xl",                                    \
	       .holds = WIRE_HOLDS(EMULATOR_TAIL))                                          \
	FORMAT(LEGACY, legacy, AUTO, no,                                                    \
	       .shown.role = XST_ROLE_STREAM, .shown.word = "legacy",                       \
	       .shown.title = "legacy stream", .becomes = XST_CONTAINER_LIBXL)              \
	FORMAT(LIBVIRT, libvirt, LIBVIRT, libvirt,                                          \
	       .shown.role = XST_ROLE_CONTAINER, .shown.word = "libvirt",                   \
	       .shown.title = "libvirt save file", .shown.language = XST_LAYER_LIBVIRT,     \
	       .shown.config_title = "XML configuration", .shown.config_word = "xml",       \
	       .magics = { WIRE_MAGIC(LIBVIRT_MAGIC) },                                     \
	       .headers = { &xst_wire_libvirt_header, &xst_wire_libvirt_xml },              \
	       .becomes = XST_CONTAINER_XL, .stream = XST_LAYER_LIBXL,                      \
	       .place = "a libvirt save file", .reader = "libvirt",                         \
	       .holds = WIRE_HOLDS(CONFIG) | WIRE_HOLDS_LIBXL)                              \
	FORMAT(XEND, xend, AUTO, no,                                                        \
	       .shown.role = XST_ROLE_CONTAINER, .shown.word = "xend",                      \
	       .shown.title = "xend save file", .shown.language = XST_LAYER_XEND,           \
	       .shown.config_title = "s-expression configuration",                          \
	       .shown.config_word = "s-expression",                                         \
	       .magics = { WIRE_MAGIC(XEND_MAGIC), WIRE_MAGIC(XEND_REQUEST XEND_MAGIC),     \
			   WIRE_MAGIC(XEND_REQUEST_SSL XEND_MAGIC) },                       \
	       .headers = { &xst_wire_xend_request, &xst_wire_xend_header,                  \
			    &xst_wire_xend_config },                                        \
	       .becomes = XST_CONTAINER_XL)                                                 \
	FORMAT(XENSERVER, xenserver, XENSERVER, xenserver,                                  \
	       .shown.role = XST_ROLE_CONTAINER, .shown.word = "xenserver",                 \
	       .shown.title = "XenServer suspend image",                                    \
	       .shown.language = XST_LAYER_XENSERVER,                                       \
	       .shown.config_title = "xenops record", .shown.config_word = "xenops",        \
	       .magics = { WIRE_MAGIC(XENSERVER_MAGIC),                                     \
			   WIRE_MAGIC(XENSERVER_HANDSHAKE XENSERVER_MAGIC),                 \
			   WIRE_MAGIC(XENSERVER_HANDSHAKE XENSERVER_HANDSHAKE XENSERVER_MAGIC) }, \
	       .headers = { &xst_wire_xenserver_header, &xst_wire_xenserver_handshake },    \
	       .records = xst_wire_xenserver_records,                                       \
	       .records_count = &xst_wire_xenserver_count,                                  \
	       .becomes = XST_CONTAINER_XL, .stream = XST_LAYER_LIBXC,                      \
	       .place = "a XenServer suspend image", .reader = "XenServer",              \
	       .goes_on = true,                                                             \
	       .holds = WIRE_HOLDS(CONFIG) | WIRE_HOLDS(EMULATOR) |                         \
			WIRE_HOLDS(EMULATOR_TAIL) | WIRE_HOLDS(VGPU) | WIRE_HOLDS(UEFI) |   \
			WIRE_HOLDS(VTPM))                                                   \
	FORMAT(XENSERVER6, xenserver6, AUTO, no,                                            \
	       .shown.role = XST_ROLE_CONTAINER, .shown.word = "xenserver6",                \
	       .shown.title = "suspend image of XenServer 6 or older",                      \
	       .magics = { WIRE_MAGIC(XENSERVER6_MAGIC) },                                  \
	       .headers = { &xst_wire_xenserver6_header }, .becomes = XST_CONTAINER_XL)     \
	FORMAT(COLO, colo, AUTO, no,                                                        \
	       .shown.role = XST_ROLE_CHANNEL, .shown.word = "colo",                        \
	       .shown.title = "COLO back channel")

extern const struct wire_format xst_wire_formats[];
extern const size_t xst_wire_formats_count;

/* The row of a layer, of a start, or of a container that can be written, or NULL. */
const struct wire_format *xst_wire_format_of(enum xst_layer layer);
const struct wire_format *xst_wire_format_started(enum xst_start start);
const struct wire_format *xst_wire_format_written(enum xst_container container);
/* Whether a layer wraps a stream; the only place that decides it. */
bool xst_wire_wraps(enum xst_layer layer);
/* The row of a kind in another toolstack's container that can be written, or NULL; *ret_framed says
 * whether the container frames it. */
const struct wire_record *xst_wire_contained(enum xst_layer layer, enum xst_kind kind,
					     bool *ret_framed);

/* What to do with a part that has no place, and its name in messages. */
struct wire_part_row {
	const char *words;
	bool refused; /* belongs to the guest: refused unless forced.  Else it is only remarked */
};
extern const struct wire_part_row xst_wire_parts[WIRE_PARTS];

#endif
