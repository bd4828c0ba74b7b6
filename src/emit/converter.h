/* SPDX-License-Identifier: MIT */
/* Inside the converter.
 *
 * relay.c passes libxl and libxc records on, translate.c makes them out of legacy parts; both
 * write through the same emitter.  convert.c decides the frame around them.  contained.c takes what
 * other toolstacks' containers hold besides the stream, xl.c the xl header, config.c the domain's
 * configuration; xl.c, libvirt.c and xenserver.c write a container each. */
#ifndef EMIT_CONVERT_H
#define EMIT_CONVERT_H

#include <stdbool.h>

#include <xenstream/emit.h>

#include "emit/buffer.h"
#include "finding/rules.h"
#include "image/pfnmap.h"
#include "limits/limits.h"
#include "wire/wire.h"

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
	enum xst_layer layer;        /* that the input has it in; NONE: there is none, or not yet */
	bool left_out;
	struct buffer stored;        /* as it stands there, if it was gathered */
	bool json;
	struct xst_config chosen;
	bool xl_header;              /* there is one, and it is made anew */
	uint32_t xl_optional_flags;  /* of the input's xl header, when that is made anew */
	uint64_t xl_optional_length;
	uint64_t xl_rest;            /* octets behind the configuration in the optional data */
};

struct xst_converter {
	uint32_t flags;
	enum xst_container to;
	uint32_t version;      /* of the image to write */
	enum xst_guest guest;
	struct xst_emitter *out;

	struct configuration config;
	bool begun;            /* the output's container */
	bool wrapped;          /* in a container that goes on behind the image */
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

/* --- convert.c ------------------------------------------------------------------------------ */

/* The sticky error at the record in hand.  Returns code. */
int xst_converter_fail(struct xst_converter *c, int code, enum xst_rule rule, const char *format,
		       ...) __attribute__((format(printf, 4, 5)));
void xst_converter_remark(struct xst_converter *c, enum xst_rule rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The record in hand has no place in the output: refused, or with FORCE left out. */
int xst_converter_lose(struct xst_converter *c, const char *what);

bool xst_emit_to_libxl(const struct xst_converter *c);
bool xst_emit_to_xl(const struct xst_converter *c);
/* What stands in front of the stream in the output, once. */
int xst_converter_begin_container(struct xst_converter *c);
/* A header, which has no framing, of fields only. */
int xst_converter_header(struct xst_converter *c, enum xst_kind kind,
			 const struct xst_field_value *v, size_t n, uint64_t length);
/* emitter.c: forgets the open record and the output that was gathered. */
void xst_emitter_abandon(struct xst_emitter *e);
/* The libxl stream's header, behind an xl header if one is wanted. */
int xst_converter_libxl_header(struct xst_converter *c, uint64_t options);
/* The libxl stream's END. */
int xst_converter_end(struct xst_converter *c);
/* The headers of the output up to the domain header; `domain` is the input's, or what stands for
 * it. */
int xst_converter_start(struct xst_converter *c, const struct xst_field_value *domain, size_t n);
/* STATIC_DATA_END, if the output's version has it and it is not there yet. */
int xst_converter_static_data_end(struct xst_converter *c);
/* Begins a record of today's that will hold its fixed fields, so many items and `rest` octets. */
int xst_converter_begin(struct xst_converter *c, enum xst_kind kind, uint64_t items, uint64_t rest);
/* A whole record of numbers. */
int xst_converter_array(struct xst_converter *c, enum xst_kind kind, const uint64_t *numbers,
			size_t n);
/* Behind the image: the device model's record, with `length` octets of payload to come. */
int xst_converter_emulator(struct xst_converter *c, uint64_t length);
uint64_t xst_converter_field(const struct xst_converter *c, enum xst_field id);

/* --- config.c ------------------------------------------------------------------------------- */

/* Whether the input's configuration in hand is wanted. */
bool xst_emit_config_wanted(const struct xst_converter *c);
/* Its PAYLOAD_BEGIN and PAYLOAD. */
int xst_emit_config_event(struct xst_converter *c, const struct xst_event *ev);
/* Settles which one the output gets. */
int xst_emit_config_choose(struct xst_converter *c);
/* The layer whose language the output's container stores, or XST_LAYER_NONE. */
enum xst_layer xst_emit_container_language(enum xst_container to);

/* --- containers ----------------------------------------------------------------------------- */

int xst_emit_xl_event(struct xst_converter *c, const struct xst_event *ev);
int xst_emit_xl_begin(struct xst_converter *c);
int xst_emit_contained_event(struct xst_converter *c, const struct xst_event *ev);
int xst_emit_libvirt_begin(struct xst_converter *c);
int xst_emit_xenserver_begin(struct xst_converter *c);
/* The configuration as a record, wherever it comes. */
int xst_emit_xenserver_config(struct xst_converter *c);
/* The record in front of the image. */
int xst_emit_xenserver_image(struct xst_converter *c);
/* A record of state that is passed on as it is. */
int xst_emit_xenserver_state(struct xst_converter *c);
/* See xst_converter_emulator(). */
int xst_emit_xenserver_emulator(struct xst_converter *c, uint64_t length);
int xst_emit_xenserver_end(struct xst_converter *c);

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
