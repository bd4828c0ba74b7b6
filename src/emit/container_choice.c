/* SPDX-License-Identifier: MIT */
/* Which container is written, and by which writer. */
#include "emit/converter.h"

/* The table of formats names this one for formats that are not written. */
const struct container_writer xst_emit_no_writer = { .container = XST_CONTAINER_AUTO };

#define FORMAT(LAYER, parser, CONTAINER, writer, ...) &xst_emit_##writer##_writer,
#define VARIANT(LAYER, CONTAINER, writer, ...) &xst_emit_##writer##_writer,
static const struct container_writer *const writers[] = { WIRE_FORMATS(FORMAT, VARIANT) };
#undef FORMAT
#undef VARIANT

void xst_converter_choose(struct xst_converter *c, enum xst_container to)
{
	c->format = xst_wire_format_written(to);
	for (size_t i = 0; c->format && i < sizeof(writers) / sizeof(writers[0]); i++)
		if (writers[i]->container == to)
			c->writer = writers[i];
}
