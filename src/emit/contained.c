/* SPDX-License-Identifier: MIT */
/* What the containers of libvirt, xend and XenServer hold besides the stream. */
#include "emit/converter.h"

#include "wire/wire.h"

static bool to_xenserver(const struct xst_converter *c)
{
	return c->to == XST_CONTAINER_XENSERVER;
}

/* What libxl asks for is the image first. */
static int contained_emulator(struct xst_converter *c, uint64_t length)
{
	if (!c->had_image && !to_xenserver(c))
		return xst_converter_fail(c, XST_E_UNSUPPORTED, RULE_CONVERT_UNSUPPORTED,
					  "%s stands in front of the guest's image", c->name);
	return xst_emit_to_libxl(c) || to_xenserver(c) ? xst_converter_emulator(c, length)
					      : xst_converter_lose(c, "the device model's state");
}

/* --- the configuration ----------------------------------------------------------------------- */

static void leave_config_out(struct xst_converter *c)
{
	static const char *const reader[] = {
		[XST_LAYER_LIBVIRT] = "libvirt",
		[XST_LAYER_XENSERVER] = "XenServer",
	};
	enum xst_layer language = xst_emit_container_language(c->to);
	bool other = language == XST_LAYER_LIBVIRT || language == XST_LAYER_XENSERVER;

	c->config.left_out = true;
	xst_converter_remark(c, RULE_CONVERT_DROPPED,
			     "the configuration is left out: %s does not read %s's (%s)",
			     other ? reader[language] : "xl", xst_layer_name(c->layer), c->name);
}

static int config_begin(struct xst_converter *c)
{
	c->config.layer = c->layer;
	if (!xst_emit_config_wanted(c))
		leave_config_out(c);
	else if (c->begun && (!to_xenserver(c) || c->config.chosen.size))
		leave_config_out(c); /* it was settled what the output has before this one came */
	return 0;
}

/* Where the container is begun already, a suspend image has a place for it at any time. */
static int config_end(struct xst_converter *c)
{
	c->config.gathering = false;
	if (!c->begun || !to_xenserver(c) || c->config.chosen.size || !c->config.stored.size)
		return 0;
	c->config.chosen = (struct xst_config){ .layer = c->layer, .data = c->config.stored.data,
						.size = c->config.stored.size };
	return xst_emit_xenserver_config(c);
}

/* --- XenServer's other records --------------------------------------------------------------- */

static int state(struct xst_converter *c, const char *what)
{
	/* a virtual GPU's of a length that nobody knows would take all that follows along */
	if (to_xenserver(c) && (c->record_length || c->kind != XST_KIND_DEMU))
		return xst_emit_xenserver_state(c);
	return xst_converter_lose(c, what);
}

static int contained_record_begin(struct xst_converter *c)
{
	switch (c->kind) {
	case XST_KIND_CONFIG:
		return config_begin(c);
	case XST_KIND_DEMU:
		return state(c, "a virtual GPU's state (DEMU)");
	case XST_KIND_VARSTORED:
		return state(c, "the UEFI variables (VARSTORED)");
	case XST_KIND_SWTPM0:
	case XST_KIND_SWTPM:
		return state(c, "a virtual TPM's state (SWTPM)");
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
		c->wrapped = ev->layer == XST_LAYER_XENSERVER;
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
