/* SPDX-License-Identifier: MIT */
/* What all writers share: whole records, and the frame of headers and ends around them. */
#include "emit/converter.h"

#include "wire/options.h"
#include "wire/wire.h"

/* --- the output's format --------------------------------------------------------------------- */

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

/* --- records --------------------------------------------------------------------------------- */

uint64_t xst_converter_field(const struct xst_converter *c, enum xst_field id)
{
	return wire_value(c->fields, c->nfields, id, 0);
}

int xst_converter_record(struct xst_converter *c, const struct wire_record *row,
			 const struct xst_field_value *v, size_t n)
{
	int r = xst_emit_begin(c->out, row->kind, row->fixed);

	if (r == 0)
		r = xst_emit_fields(c->out, v, n);
	return r ? r : xst_emit_end(c->out);
}

int xst_converter_begin(struct xst_converter *c, enum xst_kind kind, uint64_t items, uint64_t rest)
{
	const struct wire_record *row = xst_wire_modern(kind);

	return xst_emit_begin(c->out, kind,
			      row->fixed + (row->array ? items * row->array->size : 0) + rest);
}

int xst_converter_array(struct xst_converter *c, enum xst_kind kind, const uint64_t *numbers,
			size_t n)
{
	struct xst_field_value count = { XST_FIELD_COUNT, n };
	int r = xst_converter_begin(c, kind, n, 0);

	if (r == 0)
		r = xst_emit_fields(c->out, &count, 1);
	if (r == 0)
		r = xst_emit_items(c->out, numbers, n);
	return r ? r : xst_emit_end(c->out);
}

int xst_converter_contained_config(struct xst_converter *c, enum xst_layer layer)
{
	const struct xst_config *g = &c->config.chosen;
	int r = xst_emit_begin_in(c->out, layer, XST_KIND_CONFIG, g->size);

	if (r == 0)
		r = xst_emit_bytes(c->out, g->data, g->size);
	return r ? r : xst_emit_end(c->out);
}

/* --- the frame ------------------------------------------------------------------------------- */

int xst_converter_begin_container(struct xst_converter *c)
{
	int r;

	if (c->begun)
		return 0;
	c->begun = true;
	r = xst_emit_config_choose(c);
	return r || !c->writer->begin ? r : c->writer->begin(c);
}

int xst_converter_libxl_header(struct xst_converter *c, uint64_t options)
{
	struct xst_field_value v[] = {
		{ XST_FIELD_IDENT, LIBXL_IDENT },
		{ XST_FIELD_VERSION, LIBXL_VERSION },
		{ XST_FIELD_OPTIONS, options },
	};
	int r = xst_converter_begin_container(c);

	return r ? r : xst_converter_record(c, &xst_wire_libxl_header, v, 3);
}

/* The image's byte order is the input's: its contents are passed on as they are. */
static int image_headers(struct xst_converter *c, const struct xst_field_value *domain, size_t n)
{
	uint64_t options = wire_value(c->image, c->nimage, XST_FIELD_OPTIONS, 0);
	struct xst_field_value v[] = {
		{ XST_FIELD_MARKER, LIBXC_MARKER },
		{ XST_FIELD_IDENT, LIBXC_IDENT },
		{ XST_FIELD_VERSION, c->version },
		{ XST_FIELD_OPTIONS, options & LIBXC_OPTION_BIG_ENDIAN },
	};
	int r = xst_converter_record(c, &xst_wire_image_header, v, 4);

	xst_emitter_big_endian(c->out, XST_LAYER_LIBXC, options & LIBXC_OPTION_BIG_ENDIAN);
	return r ? r : xst_converter_record(c, &xst_wire_domain_header, domain, n);
}

int xst_converter_start(struct xst_converter *c, const struct xst_field_value *domain, size_t n)
{
	bool converted = wire_value(domain, n, XST_FIELD_XEN_MAJOR, 0) == 0;
	int r = 0;

	c->guest = wire_value(domain, n, XST_FIELD_GUEST_TYPE, 0) == LIBXC_GUEST_PV ? XST_GUEST_PV
									      : XST_GUEST_HVM;
	if (xst_emit_to_libxl(c) && !c->had_libxl) {
		r = xst_converter_libxl_header(c, converted ? LIBXL_OPTION_LEGACY : 0);
		if (r == 0)
			r = xst_emit_empty(c->out, XST_KIND_LIBXC_CONTEXT);
	} else {
		r = xst_converter_begin_container(c);
	}
	if (r == 0 && c->writer->image)
		r = c->writer->image(c);
	return r ? r : image_headers(c, domain, n);
}

int xst_converter_end(struct xst_converter *c)
{
	bool goes_on = c->wrapped;

	return goes_on || !c->writer->end ? 0 : c->writer->end(c);
}

int xst_converter_static_data_end(struct xst_converter *c)
{
	if (c->static_data_end)
		return 0;
	c->static_data_end = true;
	return c->version >= 3 ? xst_emit_empty(c->out, XST_KIND_STATIC_DATA_END) : 0;
}

int xst_converter_emulator(struct xst_converter *c, uint64_t length)
{
	int r;

	if (length > UINT32_MAX - 8)
		return xst_converter_fail(c, XST_E_LIMIT, RULE_LIMIT,
					  "%llu bytes of device model state do not fit a record",
					  (unsigned long long)length);
	c->open = true;
	r = c->writer->emulator(c, length);
	c->payload = length;
	return r ? r : xst_emit_payload(c->out, length);
}
