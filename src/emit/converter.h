/* SPDX-License-Identifier: MIT */
/* Inside the converter.
 *
 * relay.c passes libxl and libxc records on, translate_legacy.c makes them out of legacy parts; both
 * write through the same emitter.  converter.c decides the frame around them.  contained.c takes what
 * other toolstacks' containers hold besides the stream, container_xl.c the xl header, config_kept.c
 * the domain's configuration.  A container is written by a struct container_writer, one in each
 * container_*.c, which container_choice.c finds by the table of formats (wire/formats.h). */
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
	uint64_t entries[XST_BATCH]; /* the batch in hand, cut into records without doubles */
	size_t nentries, next_entry;
	uint64_t vcpu;
};

struct configuration {
	xst_config_fn ask;
	void *userdata;
	bool gathering;
	enum xst_layer layer;        /* whose language the input's is; NONE: there is none, or not yet */
	bool left_out;
	struct xst_finding place;    /* of the record that is gathered */
	struct buffer stored;        /* as it stands there, if it was gathered */
	bool json;
	struct xst_config chosen;
	bool xl_header;              /* there is one, and it is made anew */
	uint32_t xl_optional_flags;  /* of the input's xl header, when that is made anew */
	uint64_t xl_optional_length;
	uint64_t xl_rest;            /* bytes after the configuration in the optional data */
};

/* How a container is written.  All but `container` may be NULL, where there is nothing to write. */
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
	const struct wire_format *format;      /* that is written; NULL: the input will tell */
	const struct container_writer *writer; /* of that */
	uint32_t version;      /* of the image to write */
	enum xst_guest guest;
	struct xst_emitter *out;

	struct configuration config;
	bool begun;            /* the output's container */
	bool wrapped;          /* in a container that goes on after the image */
	bool had_image;        /* in there */
	bool had_libxl;
	bool had_context;      /* its LIBXC_CONTEXT record */
	bool static_data_end;  /* written, or not needed */
	bool had_pv_info;
	uint32_t input_version;

	bool open;             /* a record of the output is open */
	uint64_t payload;      /* of the run in hand, to be moved */
	struct xst_field_value fields[WIRE_MAX_FIELDS]; /* of the input's record in hand */
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

/* --- converter.c ---------------------------------------------------------------------------- */

/* The sticky error at the record in hand.  Returns code. */
int xst_converter_fail(struct xst_converter *c, int code, enum xst_rule rule, const char *format,
		       ...) __attribute__((format(printf, 4, 5)));
void xst_converter_remark(struct xst_converter *c, enum xst_rule rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same at another record than the one in hand. */
void xst_converter_remark_at(struct xst_converter *c, const struct xst_finding *where,
			     enum xst_rule rule, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
struct xst_finding xst_converter_place(const struct xst_converter *c);
/* What stands in front of the stream in the output, once. */
int xst_converter_begin_container(struct xst_converter *c);
/* A header, which has no framing, of fields only. */
int xst_converter_header(struct xst_converter *c, enum xst_kind kind,
			 const struct xst_field_value *v, size_t n, uint64_t length);
/* emitter.c: forgets the open record and the output that was gathered. */
void xst_emitter_abandon(struct xst_emitter *e);
/* The libxl stream's header, after an xl header if one is wanted. */
int xst_converter_libxl_header(struct xst_converter *c, uint64_t options);
/* The libxl stream's END. */
int xst_converter_end(struct xst_converter *c);
/* The headers of the output up to the domain header; `domain` is the input's, or what stands for
 * it. */
int xst_converter_start(struct xst_converter *c, const struct xst_field_value *domain, size_t n);
/* STATIC_DATA_END, if the output's version has it and it is not there yet. */
int xst_converter_static_data_end(struct xst_converter *c);
/* Begins a record of today's that will hold its fixed fields, so many items and `rest` bytes. */
int xst_converter_begin(struct xst_converter *c, enum xst_kind kind, uint64_t items, uint64_t rest);
/* A whole record of numbers. */
int xst_converter_array(struct xst_converter *c, enum xst_kind kind, const uint64_t *numbers,
			size_t n);
/* After the image: the device model's record, with `length` bytes of payload to come. */
int xst_converter_emulator(struct xst_converter *c, uint64_t length);
uint64_t xst_converter_field(const struct xst_converter *c, enum xst_field id);

/* --- config_kept.c ------------------------------------------------------------------------------- */

/* Whether the input's configuration in hand is wanted. */
bool xst_emit_config_wanted(const struct xst_converter *c);
/* Its PAYLOAD_BEGIN and PAYLOAD. */
int xst_emit_config_event(struct xst_converter *c, const struct xst_event *ev);
/* It is not in the language of the output; `where` is its record. */
void xst_emit_config_left_out(struct xst_converter *c, const struct xst_finding *where);
/* Settles which one the output gets. */
int xst_emit_config_choose(struct xst_converter *c);
/* The layer whose language the output's container stores, or XST_LAYER_NONE. */
enum xst_layer xst_emit_container_language(const struct xst_converter *c);

/* --- container_choice.c ---------------------------------------------------------------------- */

/* Settles which container is written. */
void xst_converter_choose(struct xst_converter *c, enum xst_container to);
bool xst_emit_to_libxl(const struct xst_converter *c);
bool xst_emit_to_xl(const struct xst_converter *c);
/* Whether the output has a place for a part.  Where it has none, one of the two calls that follow
 * tells of it. */
bool xst_emit_holds(const struct xst_converter *c, enum wire_part part);
/* A part has no place in the output: a remark, or what xst_converter_lose() does if it is the
 * guest's.  `what` is what to call it, NULL for the words of the table. */
int xst_converter_lose_part(struct xst_converter *c, enum wire_part part, const char *what);
/* Something of the guest's has no place in `place`: refused, or with FORCE left out with a remark. */
int xst_converter_lose(struct xst_converter *c, const char *place, const char *what);
int xst_emit_begin_frame(struct xst_converter *c);
int xst_emit_begin_image(struct xst_converter *c);

/* --- containers ----------------------------------------------------------------------------- */

#define FORMAT(LAYER, parser, CONTAINER, writer, ...)                                       \
	extern const struct container_writer xst_emit_##writer##_writer;
#define VARIANT(LAYER, CONTAINER, writer, ...)                                              \
	extern const struct container_writer xst_emit_##writer##_writer;
WIRE_FORMATS(FORMAT, VARIANT)
#undef FORMAT
#undef VARIANT

/* What the xl header's events become. */
int xst_emit_xl_event(struct xst_converter *c, const struct xst_event *ev);
/* The same of all other containers. */
int xst_emit_contained_event(struct xst_converter *c, const struct xst_event *ev);
/* container_bare.c: for writers of containers around a libxl stream, or a libxc image. */
int xst_emit_libxl_emulator(struct xst_converter *c, uint64_t length);
int xst_emit_libxl_end(struct xst_converter *c);
int xst_emit_libxc_emulator(struct xst_converter *c, uint64_t length);

/* --- streams -------------------------------------------------------------------------------- */

int xst_emit_relay_event(struct xst_converter *c, const struct xst_event *ev);
int xst_emit_translate_event(struct xst_converter *c, const struct xst_event *ev);
/* Whether all that was announced in the output is there. */
bool xst_converter_at_record(const struct xst_converter *c);
/* Forgets the record in hand, as the caller does with what is written of it. */
void xst_converter_abandon_record(struct xst_converter *c);
/* Forgets what was gathered of a legacy body, all but its pages: another one will count. */
void xst_converter_drop_body(struct xst_converter *c);
/* A segment of a batch is moved: the next one, if there is one. */
int xst_emit_translate_segment(struct xst_converter *c);

#endif
