/* SPDX-License-Identifier: MIT */
/* Events of any format in, today's formats out. */
#include "emit/converter.h"

#include <stdlib.h>
#include <string.h>

#include "wire/options.h"
#include "wire/wire.h"

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

	if (!c->format && f) /* a bare stream stays bare, any container becomes xl's */
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
	if (c->format && !xst_emit_to_libxl(c)) /* one that is not chosen yet becomes one */
		return xst_converter_fail(c, XST_E_UNSUPPORTED, RULE_CONVERT_UNSUPPORTED,
					  "only a libxl stream can keep checkpoints");
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
