/* SPDX-License-Identifier: MIT */
#include "emit/converter.h"

static int toy_writer_begin(struct xst_converter *c)
{
	const struct xst_config *g = &c->config.chosen;
	struct xst_field_value length = { XST_FIELD_CONFIG_LENGTH, g->size };
	int r = xst_emit_begin_in(c->out, XST_LAYER_TOY, XST_KIND_TOY_HEADER,
				  xst_wire_toy_header.fixed);

	if (r == 0)
		r = xst_emit_fields(c->out, &length, 1);
	if (r == 0)
		r = xst_emit_end(c->out);
	if (r == 0)
		r = xst_emit_begin_in(c->out, XST_LAYER_TOY, XST_KIND_CONFIG, g->size);
	if (r == 0)
		r = xst_emit_bytes(c->out, g->data, g->size);
	return r ? r : xst_emit_end(c->out);
}

const struct container_writer xst_emit_toy_writer = {
	.container = XST_CONTAINER_TOY,
	.begin = toy_writer_begin,
	.emulator = xst_emit_libxl_emulator,
	.end = xst_emit_libxl_end,
};
