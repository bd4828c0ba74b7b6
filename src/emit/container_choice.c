/* SPDX-License-Identifier: MIT */
/* Which container is written, by whom, and what it has no place for. */
#include "emit/converter.h"

/* What stands in the table of formats for those that are not written. */
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

bool xst_emit_to_libxl(const struct xst_converter *c)
{
	return c->format && c->format->stream == XST_LAYER_LIBXL;
}

bool xst_emit_to_xl(const struct xst_converter *c)
{
	return c->format && c->format->shown.layer == XST_LAYER_XL;
}

bool xst_emit_holds(const struct xst_converter *c, enum wire_part part)
{
	return c->format && c->format->holds & 1u << part;
}

int xst_converter_lose(struct xst_converter *c, const char *place, const char *what)
{
	if (!(c->flags & XST_CONVERT_FORCE))
		return xst_converter_fail(
			c, XST_E_REFUSED, RULE_CONVERT_LOSS,
			"%s has no place for %s, which would be lost; --force leaves it out", place,
			what);
	xst_converter_remark(c, RULE_CONVERT_DROPPED, "%s left out: %s has no place for it", what,
			     place);
	return 0;
}

int xst_converter_lose_part(struct xst_converter *c, enum wire_part part, const char *what)
{
	const struct wire_part_row *row = &xst_wire_parts[part];

	if (!what)
		what = row->words;
	if (row->refused)
		return xst_converter_lose(c, c->format->place, what);
	xst_converter_remark(c, RULE_CONVERT_DROPPED, "%s left out: %s has no place for it", what,
			     c->format->place);
	return 0;
}

int xst_emit_begin_frame(struct xst_converter *c)
{
	return c->writer->begin ? c->writer->begin(c) : 0;
}

int xst_emit_begin_image(struct xst_converter *c)
{
	return c->writer->image ? c->writer->image(c) : 0;
}
