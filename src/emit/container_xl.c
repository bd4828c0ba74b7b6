/* SPDX-License-Identifier: MIT */
/* The xl header: passed on, left out, or made anew around a configuration that is given. */
#include "emit/converter.h"

#include <string.h>

#include "wire/wire.h"

/* --- passed on ------------------------------------------------------------------------------- */

static int pass_fields(struct xst_converter *c, const struct xst_event *ev)
{
	struct xst_field_value v[WIRE_MAX_FIELDS];
	size_t n = ev->u.fields.n;
	int r;

	memcpy(v, ev->u.fields.v, n * sizeof(*v));
	for (size_t i = 0; i < n && c->kind == XST_KIND_XL_HEADER; i++)
		if (v[i].id == XST_FIELD_MANDATORY_FLAGS)
			v[i].value = (v[i].value & ~(uint64_t)XL_FLAG_STREAM_V2) |
				     (xst_emit_to_libxl(c) ? XL_FLAG_STREAM_V2 : 0);
	r = xst_emit_begin(c->out, c->kind, c->record_length);
	c->open = true;
	return r ? r : xst_emit_fields(c->out, v, n);
}

static int pass_run(struct xst_converter *c, const struct xst_event *ev)
{
	int r = 0;

	if (c->kind == XST_KIND_OPTIONAL_DATA) {
		r = xst_emit_begin(c->out, c->kind, c->record_length);
		c->open = true;
	}
	c->payload = ev->u.payload.length;
	return r ? r : xst_emit_payload(c->out, c->payload);
}

static int xl_writer_pass(struct xst_converter *c, const struct xst_event *ev)
{
	int r;

	switch (ev->type) {
	case XST_EVENT_FIELDS:
		return pass_fields(c, ev);
	case XST_EVENT_PAYLOAD_BEGIN:
		return pass_run(c, ev);
	case XST_EVENT_RECORD_END:
		r = c->open ? xst_emit_end(c->out) : 0;
		c->open = false;
		return r;
	default:
		return 0;
	}
}

/* --- left out -------------------------------------------------------------------------------- */

/* The header and its data belong to the container, not to the guest, so leaving them out need not
 * be refused. */
static int leave_flags_out(struct xst_converter *c)
{
	uint64_t flags = xst_converter_field(c, XST_FIELD_OPTIONAL_FLAGS);

	return c->kind == XST_KIND_XL_HEADER && flags
		       ? xst_converter_lose_part(c, WIRE_PART_OPTIONAL_FLAGS, NULL)
		       : 0;
}

static int leave_data_out(struct xst_converter *c, const struct xst_event *ev)
{
	return ev->type == XST_EVENT_RECORD_BEGIN
		       ? xst_converter_lose_part(c, WIRE_PART_OPTIONAL_DATA, NULL)
		       : 0;
}

static int leave_out(struct xst_converter *c, const struct xst_event *ev)
{
	if (c->kind == XST_KIND_OPTIONAL_DATA)
		return leave_data_out(c, ev);
	if (ev->type == XST_EVENT_FIELDS)
		return leave_flags_out(c);
	if (ev->type == XST_EVENT_RECORD_BEGIN && c->kind == XST_KIND_CONFIG &&
	    c->record_length > xst_wire_xl_config.fixed)
		xst_converter_remark(c, RULE_CONVERT_DROPPED,
				     "the configuration is left out: it belongs to the xl header");
	return 0;
}

/* --- held back ------------------------------------------------------------------------------- */

/* A configuration changes lengths in front of it, so nothing is written until it is known. */
static int hold_fields(struct xst_converter *c)
{
	if (c->kind != XST_KIND_XL_HEADER)
		return 0;
	c->config.layer = XST_LAYER_XL;
	c->config.xl_header = true;
	c->config.json = xst_converter_field(c, XST_FIELD_MANDATORY_FLAGS) & XL_FLAG_JSON;
	c->config.xl_optional_flags = (uint32_t)xst_converter_field(c, XST_FIELD_OPTIONAL_FLAGS);
	c->config.xl_optional_length = xst_converter_field(c, XST_FIELD_OPTIONAL_LENGTH);
	return xst_emit_to_xl(c) ? 0 : leave_flags_out(c);
}

static int hold_end(struct xst_converter *c)
{
	c->config.gathering = false;
	if (c->kind != XST_KIND_CONFIG)
		return 0;
	c->config.xl_rest = c->config.xl_optional_length - c->record_length;
	return xst_emit_to_xl(c) ? xst_converter_begin_container(c) : 0;
}

static int hold(struct xst_converter *c, const struct xst_event *ev)
{
	if (c->kind == XST_KIND_OPTIONAL_DATA)
		return xst_emit_to_xl(c) ? xl_writer_pass(c, ev) : leave_data_out(c, ev);
	switch (ev->type) {
	case XST_EVENT_FIELDS:        return hold_fields(c);
	case XST_EVENT_PAYLOAD_BEGIN:
	case XST_EVENT_PAYLOAD:       return xst_emit_config_event(c, ev);
	case XST_EVENT_RECORD_END:    return hold_end(c);
	default:                      return 0;
	}
}

int xst_emit_xl_event(struct xst_converter *c, const struct xst_event *ev)
{
	if (xst_emit_to_xl(c))
		xst_emitter_big_endian(c->out, XST_LAYER_XL, ev->big_endian);
	if (c->config.ask && xst_emit_config_wanted(c))
		return hold(c, ev);
	if (!xst_emit_to_xl(c))
		return leave_out(c, ev);
	c->begun = true;
	return xl_writer_pass(c, ev);
}

/* --- made anew ------------------------------------------------------------------------------- */

/* An empty configuration still has its length in front, unless the input lacks even that. */
static bool has_config(const struct configuration *g)
{
	return g->chosen.size || !g->xl_header || g->xl_optional_length;
}

static int xl_writer_header(struct xst_converter *c)
{
	const struct configuration *g = &c->config;
	struct xst_field_value v[] = {
		{ XST_FIELD_BYTE_ORDER, XL_BYTE_ORDER },
		{ XST_FIELD_MANDATORY_FLAGS, (xst_emit_to_libxl(c) ? XL_FLAG_STREAM_V2 : 0) |
						     (g->chosen.json ? XL_FLAG_JSON : 0) },
		{ XST_FIELD_OPTIONAL_FLAGS, g->xl_optional_flags },
		{ XST_FIELD_OPTIONAL_LENGTH,
		  has_config(g) ? xst_wire_xl_config.fixed + g->chosen.size + g->xl_rest : 0 },
	};

	return xst_converter_record(c, &xst_wire_xl_header, v, 4);
}

static int xl_writer_begin(struct xst_converter *c)
{
	const struct configuration *g = &c->config;
	struct xst_field_value length = { XST_FIELD_CONFIG_LENGTH, g->chosen.size };
	int r = xl_writer_header(c);

	if (!g->chosen.size)
		xst_converter_remark(
			c, RULE_CONVERT_NO_CONFIG,
			"the %s holds no configuration: give one to xl (xl restore CONFIG FILE)",
			g->stored.size || g->left_out ? "output" : "input");
	if (r || !has_config(g))
		return r;
	r = xst_emit_begin(c->out, XST_KIND_CONFIG, xst_wire_xl_config.fixed + g->chosen.size);
	if (r == 0)
		r = xst_emit_fields(c->out, &length, 1);
	if (r == 0)
		r = xst_emit_bytes(c->out, g->chosen.data, g->chosen.size);
	return r ? r : xst_emit_end(c->out);
}

const struct container_writer xst_emit_xl_writer = {
	.container = XST_CONTAINER_XL,
	.begin = xl_writer_begin,
	.emulator = xst_emit_libxl_emulator,
	.end = xst_emit_libxl_end,
};

const struct container_writer xst_emit_xl_libxc_writer = {
	.container = XST_CONTAINER_XL_LIBXC,
	.begin = xl_writer_begin,
	.emulator = xst_emit_libxc_emulator,
};
