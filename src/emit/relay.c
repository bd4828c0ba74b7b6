/* SPDX-License-Identifier: MIT */
/* libxl and libxc records, passed on as they are wherever the output has a place for them. */
#include "emit/converter.h"

#include <stdio.h>
#include <string.h>

#include "wire/wire.h"

static int relay_keep(struct xst_converter *c)
{
	c->open = true;
	if (c->kind == XST_KIND_UNKNOWN)
		return xst_emit_begin_unknown(c->out, c->layer, c->record_type, c->record_length);
	return xst_emit_begin(c->out, c->kind, c->record_length);
}

static const char *relay_words(const struct xst_converter *c, char *what, size_t size)
{
	const struct wire_record *row = xst_wire_modern(c->kind);

	(void)snprintf(what, size, row ? "%s (%s)" : "%s", c->name, row ? row->summary : "");
	return what;
}

/* A record that an image of version 2 can't have. */
static int lose_to_version(struct xst_converter *c)
{
	char what[128];

	return xst_converter_lose(c, "a libxc image of version 2",
				  relay_words(c, what, sizeof(what)));
}

/* A record of a libxl stream, where the output is none. */
static int lose_libxl_record(struct xst_converter *c)
{
	enum wire_part part = c->kind == XST_KIND_EMULATOR_XENSTORE_DATA ? WIRE_PART_XENSTORE
			      : c->kind == XST_KIND_EMULATOR_CONTEXT     ? WIRE_PART_EMULATOR
			      : c->kind == XST_KIND_UNKNOWN              ? WIRE_PART_LIBXL_RECORD
									 : WIRE_PART_CHECKPOINTS;
	char what[128];

	return xst_converter_lose_part(c, part, relay_words(c, what, sizeof(what)));
}

static unsigned flags_of(enum xst_kind kind)
{
	const struct wire_record *row = xst_wire_modern(kind);

	return row ? row->flags : 0;
}

/* Version 2 has no STATIC_DATA_END.  Its place is in front of the first record that is no static
 * data, which for a PV guest can't be before X86_PV_INFO. */
static int before_dynamic(struct xst_converter *c)
{
	c->had_pv_info |= c->kind == XST_KIND_PV_INFO;
	if (c->input_version != 2 || flags_of(c->kind) & WIRE_STATIC ||
	    (c->guest == XST_GUEST_PV && !c->had_pv_info))
		return 0;
	return xst_converter_static_data_end(c);
}

static int relay_checkpoint(struct xst_converter *c)
{
	if (xst_emit_to_libxl(c) == c->had_libxl)
		return relay_keep(c);
	return xst_converter_fail(
		c, XST_E_UNSUPPORTED, RULE_CONVERT_UNSUPPORTED,
		c->had_libxl ? "a checkpointed stream: its libxl part has no place in a libxc "
			       "image; --checkpoints last makes it a plain one"
			     : "a checkpointed image without its libxl part");
}

static int libxc_record(struct xst_converter *c)
{
	int r;

	if (c->kind == XST_KIND_IMAGE_HEADER || c->kind == XST_KIND_DOMAIN_HEADER ||
	    c->kind == XST_KIND_EMULATOR_CONTEXT) /* written when all of it is known */
		return 0;
	r = before_dynamic(c);
	if (r)
		return r;
	c->static_data_end |= c->kind == XST_KIND_STATIC_DATA_END;
	if (c->version == 2 && c->kind == XST_KIND_STATIC_DATA_END)
		return 0;
	if (c->version == 2 && flags_of(c->kind) & WIRE_SINCE_V3)
		return lose_to_version(c);
	return c->kind == XST_KIND_CHECKPOINT ? relay_checkpoint(c) : relay_keep(c);
}

/* A second image would vanish after the first, or be joined to it. */
static int libxc_context(struct xst_converter *c)
{
	if (c->had_context)
		return xst_converter_fail(c, XST_E_MALFORMED, RULE_LIBXL_CONTEXT,
					  "a second libxc image");
	c->had_context = true;
	return xst_emit_to_libxl(c) ? relay_keep(c) : 0;
}

/* Whether this is a device model's record whose shape differs in the output. */
static bool own_emulator(const struct xst_converter *c)
{
	return c->kind == XST_KIND_EMULATOR_CONTEXT &&
	       (c->layer == XST_LAYER_LIBXC ||
		(!xst_emit_to_libxl(c) && xst_emit_holds(c, WIRE_PART_EMULATOR)));
}

/* Its state stands after the image in every other container; here it may come before it, and what has not
 * come yet can't be overtaken. */
static int relay_early_emulator(struct xst_converter *c)
{
	return xst_converter_fail(c, XST_E_UNSUPPORTED, RULE_CONVERT_UNSUPPORTED,
				  "the device model's state stands in front of the guest's image, "
				  "where only a libxl stream has a place for it: convert to xl "
				  "or libxl");
}

static int relay_libxl_record(struct xst_converter *c)
{
	switch (c->kind) {
	case XST_KIND_LIBXL_HEADER:
		return 0;
	case XST_KIND_LIBXC_CONTEXT:
		return libxc_context(c);
	case XST_KIND_LIBXL_END: /* written at the end of the stream */
		return c->had_context ? 0
				      : xst_converter_fail(c, XST_E_MALFORMED, RULE_LIBXL_CONTEXT,
							   "the stream ends without a libxc image");
	default:
		break;
	}
	if (xst_emit_to_libxl(c))
		return relay_keep(c);
	if (own_emulator(c)) /* begun when its length is known */
		return c->had_context ? 0 : relay_early_emulator(c);
	return lose_libxl_record(c);
}

static int relay_record_begin(struct xst_converter *c)
{
	return c->layer == XST_LAYER_LIBXL ? relay_libxl_record(c) : libxc_record(c);
}

static int libxl_header(struct xst_converter *c)
{
	uint64_t options = xst_converter_field(c, XST_FIELD_OPTIONS) & LIBXL_OPTIONS_KNOWN;

	c->had_libxl = true;
	if (!xst_emit_to_libxl(c))
		return 0;
	xst_emitter_big_endian(c->out, XST_LAYER_LIBXL, options & LIBXL_OPTION_BIG_ENDIAN);
	return xst_converter_libxl_header(c, options);
}

/* Zeros carry nothing that could be lost. */
static int lose_emulator_id(struct xst_converter *c)
{
	unsigned long long id = xst_converter_field(c, XST_FIELD_EMULATOR_ID);
	unsigned long long index = xst_converter_field(c, XST_FIELD_EMULATOR_INDEX);
	char what[80];

	if ((!id && !index) || xst_emit_holds(c, WIRE_PART_EMULATOR_ID))
		return 0;
	(void)snprintf(what, sizeof(what), "the device model's id and index (%s, %llu)",
		       xst_emulator_name(id), index);
	return xst_converter_lose_part(c, WIRE_PART_EMULATOR_ID, what);
}

static int relay_fields(struct xst_converter *c)
{
	switch (c->kind) {
	case XST_KIND_LIBXL_HEADER:
		return libxl_header(c);
	case XST_KIND_IMAGE_HEADER:
		memcpy(c->image, c->fields, sizeof(c->image));
		c->nimage = c->nfields;
		c->input_version = (uint32_t)xst_converter_field(c, XST_FIELD_VERSION);
		return 0;
	case XST_KIND_DOMAIN_HEADER:
		return xst_converter_start(c, c->fields, c->nfields);
	case XST_KIND_EMULATOR_CONTEXT:
		if (own_emulator(c))
			return lose_emulator_id(c);
		break;
	default:
		break;
	}
	return c->open ? xst_emit_fields(c->out, c->fields, c->nfields) : 0;
}

static int relay_pair(struct xst_converter *c, const struct xst_event *ev)
{
	int r = xst_emit_bytes(c->out, ev->u.pair.key, ev->u.pair.key_len + 1);

	return r ? r : xst_emit_bytes(c->out, ev->u.pair.value, ev->u.pair.value_len + 1);
}

static int relay_run(struct xst_converter *c, const struct xst_event *ev)
{
	if (own_emulator(c))
		return xst_converter_emulator(c, ev->u.payload.length);
	if (!c->open)
		return 0;
	c->payload = ev->u.payload.length;
	return xst_emit_payload(c->out, c->payload);
}

static int relay_record_end(struct xst_converter *c)
{
	int r = 0;

	if (own_emulator(c) && !c->open)
		r = xst_converter_emulator(c, 0);
	if (r == 0 && c->open)
		r = xst_emit_end(c->out);
	c->open = false;
	return r;
}

int xst_emit_relay_event(struct xst_converter *c, const struct xst_event *ev)
{
	switch (ev->type) {
	case XST_EVENT_RECORD_BEGIN:
		return relay_record_begin(c);
	case XST_EVENT_FIELDS:
		return relay_fields(c);
	case XST_EVENT_ITEMS:
		return c->open ? xst_emit_items(c->out, ev->u.items.v, ev->u.items.n) : 0;
	case XST_EVENT_PAIR:
		return c->open ? relay_pair(c, ev) : 0;
	case XST_EVENT_PAYLOAD_BEGIN:
		return relay_run(c, ev);
	case XST_EVENT_RECORD_END:
		return relay_record_end(c);
	case XST_EVENT_STREAM_END:
		return ev->layer == XST_LAYER_LIBXL || !c->had_libxl ? xst_converter_end(c) : 0;
	default:
		return 0;
	}
}
