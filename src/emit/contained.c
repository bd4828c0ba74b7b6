/* SPDX-License-Identifier: MIT */
/* What the containers of libvirt, xend and XenServer hold besides the stream. */
#include "emit/converter.h"

#include "wire/wire.h"

static bool goes_on(const struct xst_converter *c)
{
	return c->format->goes_on;
}

/* In a libxl stream the image comes first. */
static int contained_emulator(struct xst_converter *c, uint64_t length)
{
	if (!c->had_image && !goes_on(c))
		return xst_converter_fail(c, XST_E_UNSUPPORTED, RULE_CONVERT_UNSUPPORTED,
					  "%s stands in front of the guest's image", c->name);
	return xst_emit_holds(c, WIRE_PART_EMULATOR)
		       ? xst_converter_emulator(c, length)
		       : xst_converter_lose_part(c, WIRE_PART_EMULATOR, NULL);
}

/* --- the configuration ----------------------------------------------------------------------- */

static int config_begin(struct xst_converter *c)
{
	struct xst_finding here = xst_converter_place(c);

	c->config.layer = xst_wire_format_of(c->layer)->shown.language;
	if (!xst_emit_config_wanted(c))
		xst_emit_config_left_out(c, &here);
	else if (c->begun && (!goes_on(c) || c->config.chosen.size))
		xst_emit_config_left_out(c, &here); /* the output's was settled before */
	return 0;
}

/* A suspend image has a place for it at any time, even if the container is begun already. */
static int config_end(struct xst_converter *c)
{
	c->config.gathering = false;
	if (!c->begun || !goes_on(c) || c->config.chosen.size || !c->config.stored.size)
		return 0;
	c->config.chosen = (struct xst_config){ .layer = c->config.layer, .data = c->config.stored.data,
						.size = c->config.stored.size };
	return c->writer->config(c);
}

/* --- XenServer's other records --------------------------------------------------------------- */

static int contained_state(struct xst_converter *c, enum wire_part part)
{
	/* a vGPU record of unknown length would swallow all that follows */
	if (xst_emit_holds(c, part) && (c->record_length || c->kind != XST_KIND_DEMU))
		return c->writer->state(c);
	return xst_converter_lose_part(c, part, NULL);
}

static int contained_record_begin(struct xst_converter *c)
{
	switch (c->kind) {
	case XST_KIND_CONFIG:
		return config_begin(c);
	case XST_KIND_DEMU:
		return contained_state(c, WIRE_PART_VGPU);
	case XST_KIND_VARSTORED:
		return contained_state(c, WIRE_PART_UEFI);
	case XST_KIND_SWTPM0:
	case XST_KIND_SWTPM:
		return contained_state(c, WIRE_PART_VTPM);
	default:
		return 0;
	}
}

static int contained_run(struct xst_converter *c, const struct xst_event *ev)
{
	if (c->kind == XST_KIND_EMULATOR_CONTEXT)
		return contained_emulator(c, ev->u.payload.length);
	if (c->kind == XST_KIND_CONFIG && xst_emit_config_wanted(c))
		return xst_emit_config_event(c, ev);
	if (!c->open)
		return 0;
	c->payload = ev->u.payload.length;
	return xst_emit_payload(c->out, c->payload);
}

static int contained_record_end(struct xst_converter *c)
{
	int r = 0;

	if (c->kind == XST_KIND_CONFIG)
		return config_end(c);
	if (c->kind == XST_KIND_XENSERVER_IMAGE)
		c->had_image = true;
	if (c->kind == XST_KIND_EMULATOR_CONTEXT && !c->record_length)
		r = contained_emulator(c, 0);
	if (r == 0 && c->open)
		r = xst_emit_end(c->out);
	c->open = false;
	return r;
}

static int contained_end(struct xst_converter *c)
{
	bool was_wrapped = c->wrapped;

	c->wrapped = false;
	return was_wrapped ? xst_converter_end(c) : 0;
}

int xst_emit_contained_event(struct xst_converter *c, const struct xst_event *ev)
{
	switch (ev->type) {
	case XST_EVENT_STREAM_BEGIN:
		c->wrapped = xst_wire_format_of(ev->layer)->goes_on;
		return 0;
	case XST_EVENT_RECORD_BEGIN:
		return contained_record_begin(c);
	case XST_EVENT_PAYLOAD_BEGIN:
		return contained_run(c, ev);
	case XST_EVENT_PAYLOAD:
		return xst_emit_config_event(c, ev);
	case XST_EVENT_RECORD_END:
		return contained_record_end(c);
	case XST_EVENT_STREAM_END:
		return contained_end(c);
	default:
		return 0;
	}
}
