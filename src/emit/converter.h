/* SPDX-License-Identifier: MIT */
/* Inside the converter.  Its files, each of which calls only those below it:
 *
 * - converter.c: the public calls; hands each event to one of the next
 * - container_choice.c: finds the writer of the output's container
 * - relay.c: libxl and libxc records, which are passed on; translate_legacy.c: legacy parts, out of
 *   which such records are made; contained.c: what containers of libvirt, xend and XenServer hold
 *   besides the stream
 * - container_*.c: a struct container_writer for each format that is written; that of xl also
 *   takes the events of an xl header
 * - frame.c: whole records, and the headers and ends around them
 * - config_kept.c: the domain's configuration
 * - remarks.c: the error, remarks, and parts that the output has no place for
 * - emitter.c: bytes */
#ifndef EMIT_CONVERT_H
#define EMIT_CONVERT_H

#include <stdbool.h>

#include <xenstream/emit.h>

#include "base/buffer.h"
#include "finding/rules.h"
#include "image/pfnmap.h"
#include "limits/limits.h"
#include "wire/formats.h"

#define MAX_REMARKS 16

struct translation { /* of a legacy stream */
	unsigned width;
	uint64_t params[2 * LIMIT_HVM_PARAMS];
	size_t nparams;
	bool after_checkpoint, keep_checkpoints;
	struct pfnmap populated;     /* PV: pfns that were sent and not unmapped since */
	struct buffer pairs;         /* the toolstack record as xenstore keys and values */
	uint64_t physmaps;
	uint64_t entries[XST_BATCH]; /* the current batch, cut into records without doubles */
	size_t nentries, next_entry;
	uint64_t vcpu;
};

struct configuration {
	xst_config_fn ask;
	void *userdata;
	bool gathering;
	enum xst_layer layer;        /* whose language the input's is in; NONE: none was read yet */
	bool left_out;
	struct xst_finding place;    /* of the record that is gathered */
	struct buffer stored;        /* its bytes, if it was gathered */
	bool json;
	struct xst_config chosen;
	bool xl_header;              /* the input has one, and a new one is written */
	uint32_t xl_optional_flags;  /* of the input's xl header, if a new one is written */
	uint64_t xl_optional_length;
	uint64_t xl_rest;            /* bytes after the configuration in the optional data */
};

/* How a container is written.  All but `container` may be NULL: nothing is written there. */
struct container_writer {
	enum xst_container container;
	int (*begin)(struct xst_converter *c);    /* in front of the stream: headers, the configuration */
	int (*image)(struct xst_converter *c);    /* right in front of the libxc image */
	int (*emulator)(struct xst_converter *c, uint64_t length); /* opens the device model's record */
	int (*end)(struct xst_converter *c);      /* after everything else */
	/* of a container that goes on after the image: */
	int (*config)(struct xst_converter *c);   /* the configuration, though the container is begun */
	int (*state)(struct xst_converter *c);    /* opens a record of state that is passed on as it is */
};

struct xst_converter {
	uint32_t flags;
	const struct wire_format *format;      /* of the output; NULL: the input decides */
	const struct container_writer *writer; /* of `format` */
	uint32_t version;      /* of the image to write */
	enum xst_guest guest;
	struct xst_emitter *out;

	struct configuration config;
	bool begun;            /* the output's container is begun */
	bool wrapped;          /* the input is in a container that goes on after the image */
	bool had_image;        /* that container's image has been read */
	bool had_libxl;        /* the input has a libxl stream ... */
	bool had_context;      /* ... whose LIBXC_CONTEXT record has been read */
	bool static_data_end;  /* written, or not needed */
	bool had_pv_info;
	uint32_t input_version;

	bool open;             /* a record of the output is open */
	uint64_t payload;      /* bytes of the current run that are still to be moved */
	struct xst_field_value fields[WIRE_MAX_FIELDS]; /* of the input's current record */
	size_t nfields;
	struct xst_field_value image[WIRE_MAX_FIELDS];  /* of the image header, until the domain's */
	size_t nimage;
	enum xst_kind kind;
	enum xst_layer layer;
	const char *name;
	uint64_t record_offset, record_index, record_length;
	uint32_t record_type;

	struct translation legacy;
	struct xst_finding remarks[MAX_REMARKS];
	unsigned remarks_first, remarks_n;
	struct xst_finding error;
};

/* --- remarks.c ------------------------------------------------------------------------------ */

/* Keeps the first error, which is at the current record.  Returns the kept error's code. */
int xst_converter_fail(struct xst_converter *c, int code, enum xst_rule rule, const char *format,
		       ...) __attribute__((format(printf, 4, 5)));
void xst_converter_remark(struct xst_converter *c, enum xst_rule rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A remark about another record than the current one. */
void xst_converter_remark_at(struct xst_converter *c, const struct xst_finding *where,
			     enum xst_rule rule, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Where the current record is. */
struct xst_finding xst_converter_place(const struct xst_converter *c);
/* The output has no place for a part: a remark, or for a part of the guest's what
 * xst_converter_lose() does.  `what` is how to call it; NULL: the words of the table. */
int xst_converter_lose_part(struct xst_converter *c, enum wire_part part, const char *what);
/* `place` has no place for something of the guest's: refuses, or with FORCE leaves it out with a
 * remark. */
int xst_converter_lose(struct xst_converter *c, const char *place, const char *what);

/* --- config_kept.c -------------------------------------------------------------------------- */

/* Whether to keep the input's configuration, which is the current record. */
bool xst_emit_config_wanted(const struct xst_converter *c);
/* Takes its PAYLOAD_BEGIN and PAYLOAD. */
int xst_emit_config_event(struct xst_converter *c, const struct xst_event *ev);
/* It is not in the language of the output; `where` is its record. */
void xst_emit_config_left_out(struct xst_converter *c, const struct xst_finding *where);
/* Decides which configuration the output gets. */
int xst_emit_config_choose(struct xst_converter *c);

/* --- frame.c -------------------------------------------------------------------------------- */

bool xst_emit_to_libxl(const struct xst_converter *c);
bool xst_emit_to_xl(const struct xst_converter *c);
/* Whether the output has a place for a part.  If not, call xst_converter_lose_part(). */
bool xst_emit_holds(const struct xst_converter *c, enum wire_part part);
/* A field of the current record, 0 if it has none such. */
uint64_t xst_converter_field(const struct xst_converter *c, enum xst_field id);
/* Writes a whole header or record that has only fields. */
int xst_converter_record(struct xst_converter *c, const struct wire_record *row,
			 const struct xst_field_value *v, size_t n);
/* Begins a libxl or libxc record with its fixed fields, so many items and `rest` bytes. */
int xst_converter_begin(struct xst_converter *c, enum xst_kind kind, uint64_t items, uint64_t rest);
/* Writes a whole record of numbers. */
int xst_converter_array(struct xst_converter *c, enum xst_kind kind, const uint64_t *numbers,
			size_t n);
/* Writes the chosen configuration as the CONFIG record of a container. */
int xst_converter_contained_config(struct xst_converter *c, enum xst_layer layer);
/* Writes what stands in front of the stream, once. */
int xst_converter_begin_container(struct xst_converter *c);
/* The libxl stream's header, after what stands in front of the stream. */
int xst_converter_libxl_header(struct xst_converter *c, uint64_t options);
/* All headers up to the domain header, whose fields are `domain`. */
int xst_converter_start(struct xst_converter *c, const struct xst_field_value *domain, size_t n);
/* STATIC_DATA_END, if the output's version has it and it is not written yet. */
int xst_converter_static_data_end(struct xst_converter *c);
/* After the image: the device model's record, with `length` bytes of payload to come. */
int xst_converter_emulator(struct xst_converter *c, uint64_t length);
/* The end of the stream. */
int xst_converter_end(struct xst_converter *c);

/* --- container_choice.c ---------------------------------------------------------------------- */

/* Decides which container is written. */
void xst_converter_choose(struct xst_converter *c, enum xst_container to);

/* --- containers ----------------------------------------------------------------------------- */

#define FORMAT(LAYER, parser, CONTAINER, writer, ...)                                       \
	extern const struct container_writer xst_emit_##writer##_writer;
#define VARIANT(LAYER, CONTAINER, writer, ...)                                              \
	extern const struct container_writer xst_emit_##writer##_writer;
WIRE_FORMATS(FORMAT, VARIANT)
#undef FORMAT
#undef VARIANT

/* container_xl.c: takes the events of an xl header. */
int xst_emit_xl_event(struct xst_converter *c, const struct xst_event *ev);
/* contained.c: the same for all other containers. */
int xst_emit_contained_event(struct xst_converter *c, const struct xst_event *ev);
/* container_bare.c: for writers of containers around a libxl stream or a libxc image. */
int xst_emit_libxl_emulator(struct xst_converter *c, uint64_t length);
int xst_emit_libxl_end(struct xst_converter *c);
int xst_emit_libxc_emulator(struct xst_converter *c, uint64_t length);

/* --- streams -------------------------------------------------------------------------------- */

int xst_emit_relay_event(struct xst_converter *c, const struct xst_event *ev);
int xst_emit_translate_event(struct xst_converter *c, const struct xst_event *ev);
/* A segment of a batch has been moved: begins the next one, if any. */
int xst_emit_translate_segment(struct xst_converter *c);
/* Forgets what was gathered of a legacy body except its pages: another body follows and counts. */
void xst_converter_drop_body(struct xst_converter *c);

/* --- converter.c and emitter.c, for those who cut a conversion short ------------------------- */

/* Whether the output is at the end of a record. */
bool xst_converter_at_record(const struct xst_converter *c);
/* Forgets the current record; the caller takes back what was written of it. */
void xst_converter_abandon_record(struct xst_converter *c);
/* Forgets the open record and the output that was gathered. */
void xst_emitter_abandon(struct xst_emitter *e);

#endif
