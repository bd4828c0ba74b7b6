/* SPDX-License-Identifier: MIT */
/* Looking things up in the table of formats. */
#include "wire/formats.h"

#define FORMAT(LAYER, parser, CONTAINER, writer, ...)                                       \
	{ .shown.layer = XST_LAYER_##LAYER, .shown.start = XST_START_##LAYER,               \
	  .shown.container = XST_CONTAINER_##CONTAINER, __VA_ARGS__ },
#define VARIANT(LAYER, CONTAINER, writer, ...)                                              \
	{ .shown.layer = XST_LAYER_##LAYER, .shown.container = XST_CONTAINER_##CONTAINER,   \
	  __VA_ARGS__ },
const struct wire_format xst_wire_formats[] = { WIRE_FORMATS(FORMAT, VARIANT) };
#undef FORMAT
#undef VARIANT
const size_t xst_wire_formats_count = sizeof(xst_wire_formats) / sizeof(xst_wire_formats[0]);

const struct wire_part_row xst_wire_parts[WIRE_PARTS] = {
	[WIRE_PART_CONFIG] = { "the configuration", false },
	[WIRE_PART_OPTIONAL_FLAGS] = { "the optional flags of the xl header", false },
	[WIRE_PART_OPTIONAL_DATA] = { "the optional data after the configuration", false },
	[WIRE_PART_EMULATOR] = { "the device model's state", true },
	[WIRE_PART_EMULATOR_TAIL] = { "the device model's state after the image", true },
	[WIRE_PART_EMULATOR_ID] = { "the device model's id and index", false },
	[WIRE_PART_XENSTORE] = { "the device model's keys in xenstore", true },
	[WIRE_PART_PHYSMAP] = { "the device model's physmap", false },
	[WIRE_PART_CHECKPOINTS] = { "checkpoints", true },
	[WIRE_PART_LIBXL_RECORD] = { "a record of unknown type", true },
	[WIRE_PART_VGPU] = { "a virtual GPU's state (DEMU)", true },
	[WIRE_PART_UEFI] = { "the UEFI variables (VARSTORED)", true },
	[WIRE_PART_VTPM] = { "a virtual TPM's state (SWTPM)", true },
	[WIRE_PART_TMEM] = { "transcendent memory", false },
	[WIRE_PART_TMEM_EXTRA] = { "the list of invalid transcendent memory", false },
	[WIRE_PART_EXT_BLOCK] = { "an extended info block of unknown name", false },
};

const struct wire_format *xst_wire_format_of(enum xst_layer layer)
{
	for (size_t i = 0; i < xst_wire_formats_count; i++)
		if (xst_wire_formats[i].shown.layer == layer)
			return &xst_wire_formats[i];
	return NULL;
}

const struct wire_format *xst_wire_format_started(enum xst_start start)
{
	for (size_t i = 0; i < xst_wire_formats_count && start != XST_START_AUTO; i++)
		if (xst_wire_formats[i].shown.start == start)
			return &xst_wire_formats[i];
	return NULL;
}

const struct wire_format *xst_wire_format_written(enum xst_container container)
{
	for (size_t i = 0; i < xst_wire_formats_count && container != XST_CONTAINER_AUTO; i++)
		if (xst_wire_formats[i].shown.container == container)
			return &xst_wire_formats[i];
	return NULL;
}

bool xst_wire_wraps(enum xst_layer layer)
{
	const struct wire_format *f = xst_wire_format_of(layer);

	return f && f->shown.role == XST_ROLE_CONTAINER;
}

static const struct wire_record *header_of_kind(const struct wire_format *f, enum xst_kind kind)
{
	for (size_t i = 0; i < WIRE_FORMAT_HEADERS && f->headers[i]; i++)
		if (f->headers[i]->kind == kind)
			return f->headers[i];
	return NULL;
}

/* The headers of xl are written by xst_emit_begin(), which handles their byte order. */
const struct wire_record *xst_wire_contained(enum xst_layer layer, enum xst_kind kind,
					     bool *ret_framed)
{
	const struct wire_format *f = xst_wire_format_of(layer);
	const struct wire_record *row;

	if (!f || f->shown.role != XST_ROLE_CONTAINER || !f->shown.container ||
	    layer == XST_LAYER_XL)
		return NULL;
	row = header_of_kind(f, kind);
	*ret_framed = !row;
	return row || !f->records ? row : xst_wire_of_kind(f->records, *f->records_count, kind);
}

/* --- public --------------------------------------------------------------------------------- */

const struct xst_format *xst_format(unsigned index)
{
	return index < xst_wire_formats_count ? &xst_wire_formats[index].shown : NULL;
}

const struct xst_format *xst_format_of(enum xst_layer layer)
{
	const struct wire_format *f = xst_wire_format_of(layer);

	return f ? &f->shown : NULL;
}

const struct xst_format *xst_format_written(enum xst_container container)
{
	const struct wire_format *f = xst_wire_format_written(container);

	return f ? &f->shown : NULL;
}
