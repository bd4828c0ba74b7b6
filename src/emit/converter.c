/* SPDX-License-Identifier: MIT */
/* Events of any format in, today's formats out. */
#include "emit/converter.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "finding/finding.h"
#include "wire/options.h"
#include "wire/wire.h"

/* --- what is said --------------------------------------------------------------------------- */

struct xst_finding xst_converter_place(const struct xst_converter *c)
{
	return (struct xst_finding){ .layer = c->layer,
				     .offset = c->record_offset,
				     .record_offset = c->record_offset,
				     .record_name = c->name,
				     .record_index = c->record_index,
				     .record_type = c->record_type };
}

int xst_converter_fail(struct xst_converter *c, int code, enum xst_rule rule, const char *format,
		       ...)
{
	struct xst_finding where = xst_converter_place(c);
	va_list ap;

	if (c->error.code)
		return c->error.code;
	va_start(ap, format);
	xst_finding_fill(&c->error, &where, code, rule, NULL, format, ap);
	va_end(ap);
	return code;
}

void xst_converter_remark(struct xst_converter *c, enum xst_rule rule, const char *format, ...)
{
	struct xst_finding where = xst_converter_place(c);
	va_list ap;

	if (c->remarks_n == MAX_REMARKS)
		return;
	va_start(ap, format);
	xst_finding_fill(&c->remarks[c->remarks_n++], &where, 0, rule, NULL, format, ap);
	va_end(ap);
}

void xst_converter_remark_at(struct xst_converter *c, const struct xst_finding *where,
			     enum xst_rule rule, const char *format, ...)
{
	va_list ap;

	if (c->remarks_n == MAX_REMARKS)
		return;
	va_start(ap, format);
	xst_finding_fill(&c->remarks[c->remarks_n++], where, 0, rule, NULL, format, ap);
	va_end(ap);
}

/* --- the frame ------------------------------------------------------------------------------ */

uint64_t xst_converter_field(const struct xst_converter *c, enum xst_field id)
{
	return wire_value(c->fields, c->nfields, id, 0);
}

int xst_converter_header(struct xst_converter *c, enum xst_kind kind,
			 const struct xst_field_value *v, size_t n, uint64_t length)
{
	int r = xst_emit_begin(c->out, kind, length);

	if (r == 0)
		r = xst_emit_fields(c->out, v, n);
	return r ? r : xst_emit_end(c->out);
}

int xst_converter_begin_container(struct xst_converter *c)
{
	int r;

	if (c->begun)
		return 0;
	c->begun = true;
	r = xst_emit_config_choose(c);
	return r ? r : xst_emit_begin_frame(c);
}

int xst_converter_libxl_header(struct xst_converter *c, uint64_t options)
{
	struct xst_field_value v[] = {
		{ XST_FIELD_IDENT, LIBXL_IDENT },
		{ XST_FIELD_VERSION, LIBXL_VERSION },
		{ XST_FIELD_OPTIONS, options },
	};
	int r = xst_converter_begin_container(c);

	return r ? r
		 : xst_converter_header(c, XST_KIND_LIBXL_HEADER, v, 3,
					xst_wire_libxl_header.fixed);
}

/* The image's byte order is the input's: its contents are passed on as they are. */
static int image_headers(struct xst_converter *c, const struct xst_field_value *domain, size_t n)
{
	uint64_t options = wire_value(c->image, c->nimage, XST_FIELD_OPTIONS, 0);
	struct xst_field_value v[] = {
		{ XST_FIELD_MARKER, LIBXC_MARKER },
		{ XST_FIELD_IDENT, LIBXC_IDENT },
		{ XST_FIELD_VERSION, c->version },
		{ XST_FIELD_OPTIONS, options & LIBXC_OPTION_BIG_ENDIAN },
	};
	int r = xst_converter_header(c, XST_KIND_IMAGE_HEADER, v, 4, xst_wire_image_header.fixed);

	xst_emitter_big_endian(c->out, XST_LAYER_LIBXC, options & LIBXC_OPTION_BIG_ENDIAN);
	return r ? r
		 : xst_converter_header(c, XST_KIND_DOMAIN_HEADER, domain, n,
					xst_wire_domain_header.fixed);
}

int xst_converter_start(struct xst_converter *c, const struct xst_field_value *domain, size_t n)
{
	bool converted = wire_value(domain, n, XST_FIELD_XEN_MAJOR, 0) == 0;
	int r = 0;

	c->guest = wire_value(domain, n, XST_FIELD_GUEST_TYPE, 0) == LIBXC_GUEST_PV ? XST_GUEST_PV
									      : XST_GUEST_HVM;
	if (xst_emit_to_libxl(c) && !c->had_libxl) {
		r = xst_converter_libxl_header(c, converted ? LIBXL_OPTION_LEGACY : 0);
		if (r == 0)
			r = xst_emit_empty(c->out, XST_KIND_LIBXC_CONTEXT);
	} else {
		r = xst_converter_begin_container(c);
	}
	if (r == 0)
		r = xst_emit_begin_image(c);
	return r ? r : image_headers(c, domain, n);
}

int xst_converter_end(struct xst_converter *c)
{
	if (c->wrapped) /* its records go on */
		return 0;
	return c->writer->end ? c->writer->end(c) : 0;
}

int xst_converter_static_data_end(struct xst_converter *c)
{
	if (c->static_data_end)
		return 0;
	c->static_data_end = true;
	return c->version >= 3 ? xst_emit_empty(c->out, XST_KIND_STATIC_DATA_END) : 0;
}

int xst_converter_begin(struct xst_converter *c, enum xst_kind kind, uint64_t items, uint64_t rest)
{
	const struct wire_record *row = xst_wire_modern(kind);

	return xst_emit_begin(c->out, kind,
			      row->fixed + (row->array ? items * row->array->size : 0) + rest);
}

int xst_converter_array(struct xst_converter *c, enum xst_kind kind, const uint64_t *numbers,
			size_t n)
{
	struct xst_field_value count = { XST_FIELD_COUNT, n };
	int r = xst_converter_begin(c, kind, n, 0);

	if (r == 0)
		r = xst_emit_fields(c->out, &count, 1);
	if (r == 0)
		r = xst_emit_items(c->out, numbers, n);
	return r ? r : xst_emit_end(c->out);
}

int xst_converter_emulator(struct xst_converter *c, uint64_t length)
{
	int r;

	if (length > UINT32_MAX - 8)
		return xst_converter_fail(c, XST_E_LIMIT, RULE_LIMIT,
					  "%llu bytes of device model state do not fit a record",
					  (unsigned long long)length);
	c->open = true;
	r = c->writer->emulator(c, length);
	c->payload = length;
	return r ? r : xst_emit_payload(c->out, length);
}

/* --- public --------------------------------------------------------------------------------- */

int xst_converter_new(const struct xst_converter_options *options, struct xst_converter **ret)
{
	struct xst_converter_options o = { .size = sizeof(o) };
	struct xst_converter *c;
	int r;

	if (!ret || (options && xst_options_copy(&o, sizeof(o), options, options->size) < 0))
		return XST_E_ARG;
	if ((o.image_version && o.image_version != 2 && o.image_version != 3) ||
	    (o.to && !xst_wire_format_written(o.to)) || o.flags & ~(uint32_t)XST_CONVERT_FORCE)
		return XST_E_ARG;
	c = calloc(1, sizeof(*c));
	if (!c)
		return XST_E_NOMEM;
	r = xst_emitter_new(&c->out);
	if (r) {
		free(c);
		return r;
	}
	c->flags = o.flags;
	xst_converter_choose(c, o.to);
	c->config.ask = o.config;
	c->config.userdata = o.config_userdata;
	c->version = o.image_version ? o.image_version : LIBXC_VERSION_MAX;
	xst_pfnmap_init(&c->legacy.populated, 1, 0);
	*ret = c;
	return 0;
}

struct xst_converter *xst_converter_free(struct xst_converter *c)
{
	if (c) {
		xst_emitter_free(c->out);
		xst_pfnmap_free(&c->legacy.populated);
		buffer_free(&c->legacy.pairs);
		buffer_free(&c->config.stored);
	}
	free(c);
	return NULL;
}

static void note_layer(struct xst_converter *c, enum xst_layer layer)
{
	const struct wire_format *f = xst_wire_format_of(layer);

	if (!c->format && f) /* a bare stream stays one; what has a container gets xl's */
		xst_converter_choose(c, f->becomes);
}

static void note_record(struct xst_converter *c, const struct xst_event *ev)
{
	if (ev->type == XST_EVENT_STREAM_BEGIN) {
		note_layer(c, ev->layer);
		c->layer = ev->layer;
		c->name = NULL;
	}
	if (ev->type != XST_EVENT_RECORD_BEGIN)
		return;
	c->layer = ev->layer;
	c->kind = ev->kind;
	c->name = ev->u.record.name;
	c->record_offset = ev->offset;
	c->record_index = ev->u.record.index;
	c->record_length = ev->u.record.length;
	c->record_type = ev->u.record.type;
	c->nfields = 0;
}

static int no_guest(struct xst_converter *c, enum xst_layer layer)
{
	const struct wire_format *f = xst_wire_format_of(layer);

	return xst_converter_fail(c, XST_E_UNSUPPORTED, RULE_CONVERT_UNSUPPORTED,
				  "a %s: there is no guest in it that could be converted",
				  f ? f->shown.title : "layer of unknown kind");
}

static int dispatch(struct xst_converter *c, const struct xst_event *ev)
{
	note_record(c, ev);
	if (ev->type == XST_EVENT_FIELDS) {
		c->nfields = ev->u.fields.n < WIRE_MAX_FIELDS ? ev->u.fields.n : WIRE_MAX_FIELDS;
		memcpy(c->fields, ev->u.fields.v, c->nfields * sizeof(c->fields[0]));
	}
	if (ev->layer && !c->format)
		return no_guest(c, ev->layer);
	switch (ev->layer) {
	case XST_LAYER_NONE:   return 0;
	case XST_LAYER_XL:     return xst_emit_xl_event(c, ev);
	case XST_LAYER_LIBXL:
	case XST_LAYER_LIBXC:  return xst_emit_relay_event(c, ev);
	case XST_LAYER_LEGACY: return xst_emit_translate_event(c, ev);
	default:
		return xst_wire_wraps(ev->layer) ? xst_emit_contained_event(c, ev)
						 : no_guest(c, ev->layer);
	}
}

int xst_converter_keep_checkpoints(struct xst_converter *c)
{
	if (c->format && !xst_emit_to_libxl(c)) /* what is not chosen yet becomes one */
		return xst_converter_fail(c, XST_E_UNSUPPORTED, RULE_CONVERT_UNSUPPORTED,
					  "checkpoints can be kept in a libxl stream only");
	c->legacy.keep_checkpoints = true;
	return 0;
}

int xst_converter_event(struct xst_converter *c, const struct xst_event *ev)
{
	int r;

	if (c->error.code)
		return c->error.code;
	if (ev->type == XST_EVENT_NEED || ev->type == XST_EVENT_WARNING ||
	    (ev->type == XST_EVENT_PAYLOAD && !c->config.gathering))
		return 0;
	if (ev->type == XST_EVENT_PAYLOAD_BEGIN && ev->u.payload.length == XST_LENGTH_UNKNOWN)
		return XST_E_ARG;
	r = dispatch(c, ev);
	if (r && !c->error.code)
		xst_converter_fail(c, r, RULE_CONVERT_UNSUPPORTED, "%s",
				   r == XST_E_NOMEM ? "out of memory"
						    : "a record that can't be written");
	return r;
}

bool xst_converter_at_record(const struct xst_converter *c)
{
	return !c->open && !c->payload;
}

void xst_converter_abandon_record(struct xst_converter *c)
{
	xst_emitter_abandon(c->out);
	c->open = false;
	c->payload = 0;
}

size_t xst_converter_output(const struct xst_converter *c, const uint8_t **ret)
{
	return xst_emitter_output(c->out, ret);
}

void xst_converter_written(struct xst_converter *c)
{
	xst_emitter_written(c->out);
}

bool xst_converter_wants(const struct xst_converter *c)
{
	return c->config.gathering;
}

uint64_t xst_converter_payload(const struct xst_converter *c)
{
	return c->payload;
}

int xst_converter_moved(struct xst_converter *c, uint64_t n)
{
	if (n > c->payload)
		return XST_E_ARG;
	c->payload -= n;
	if (!c->payload && c->layer == XST_LAYER_LEGACY && c->kind == XST_KIND_PAGE_DATA)
		return xst_emit_translate_segment(c);
	return 0;
}

const struct xst_finding *xst_converter_finding(struct xst_converter *c)
{
	const struct xst_finding *f;

	if (c->remarks_first == c->remarks_n) {
		c->remarks_first = c->remarks_n = 0;
		return NULL;
	}
	f = &c->remarks[c->remarks_first++];
	return f;
}

const struct xst_finding *xst_converter_error(const struct xst_converter *c)
{
	return &c->error;
}
