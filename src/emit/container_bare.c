/* SPDX-License-Identifier: MIT */
/* The streams without a container, and what containers around them share. */
#include "emit/converter.h"

#include <string.h>

#include "wire/wire.h"

/* --- a libxl stream -------------------------------------------------------------------------- */

int xst_emit_libxl_emulator(struct xst_converter *c, uint64_t length)
{
	int r = xst_converter_begin(c, XST_KIND_EMULATOR_CONTEXT, 0, length);

	return r ? r : xst_emit_fields(c->out, NULL, 0);
}

int xst_emit_libxl_end(struct xst_converter *c)
{
	return xst_emit_empty(c->out, XST_KIND_LIBXL_END);
}

const struct container_writer xst_emit_libxl_writer = {
	.container = XST_CONTAINER_LIBXL,
	.emulator = xst_emit_libxl_emulator,
	.end = xst_emit_libxl_end,
};

/* --- a libxc image --------------------------------------------------------------------------- */

/* After a bare libxc image the record has the shape that it has in a legacy stream: with its own
 * signature if the input is such an image, else with the only one that current readers know. */
int xst_emit_libxc_emulator(struct xst_converter *c, uint64_t length)
{
	const struct wire_signature *s =
		c->layer == XST_LAYER_LIBXC ? xst_wire_signature_find(c->name) : NULL;
	uint8_t head[LEGACY_SIGNATURE_SIZE + 4];
	size_t n = LEGACY_SIGNATURE_SIZE;
	int r;

	if (!s)
		s = &xst_wire_signatures[0];
	memcpy(head, s->text, LEGACY_SIGNATURE_SIZE);
	for (unsigned i = 0; i < 4 && s->has_length; i++)
		head[n++] = (uint8_t)(length >> 8 * i);
	r = xst_emit_begin(c->out, XST_KIND_OPTIONAL_DATA, n + length);
	return r ? r : xst_emit_bytes(c->out, head, n);
}

const struct container_writer xst_emit_libxc_writer = {
	.container = XST_CONTAINER_LIBXC,
	.emulator = xst_emit_libxc_emulator,
};
