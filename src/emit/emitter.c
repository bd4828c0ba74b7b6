/* SPDX-License-Identifier: MIT */
/* Records and headers as bytes, by the tables. */
#include <xenstream/emit.h>

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "emit/converter.h"
#include "wire/bytes.h"
#include "wire/wire.h"

struct xst_emitter {
	struct buffer out;
	bool big_xl, big_libxl, big_libxc;
	bool open, framed, big;
	const struct wire_record *row;
	uint64_t left;    /* bytes of the body to come */
	uint64_t length;
};

int xst_emitter_new(struct xst_emitter **ret)
{
	struct xst_emitter *e;

	if (!ret)
		return XST_E_ARG;
	e = calloc(1, sizeof(*e));
	if (!e)
		return XST_E_NOMEM;
	*ret = e;
	return 0;
}

struct xst_emitter *xst_emitter_free(struct xst_emitter *e)
{
	if (e)
		buffer_free(&e->out);
	free(e);
	return NULL;
}

void xst_emitter_big_endian(struct xst_emitter *e, enum xst_layer layer, bool big)
{
	if (layer == XST_LAYER_XL)
		e->big_xl = big;
	else if (layer == XST_LAYER_LIBXL)
		e->big_libxl = big;
	else if (layer == XST_LAYER_LIBXC)
		e->big_libxc = big;
}

size_t xst_emitter_output(const struct xst_emitter *e, const uint8_t **ret)
{
	*ret = e->out.data;
	return e->out.size;
}

void xst_emitter_written(struct xst_emitter *e)
{
	e->out.size = 0;
}

void xst_emitter_abandon(struct xst_emitter *e)
{
	e->open = false;
	e->out.size = 0;
}

/* n fresh bytes at the end of the output, zeroed, or NULL. */
static uint8_t *append(struct xst_emitter *e, size_t n)
{
	return buffer_append(&e->out, n);
}

static int open_record(struct xst_emitter *e, const struct wire_record *row, uint64_t length)
{
	if (e->open)
		return XST_E_STATE;
	e->open = true;
	e->row = row;
	e->left = e->length = length;
	return 0;
}

/* The length in front of a libxl CHECKPOINT_STATE leaves out its second field, the padding, which
 * tells the record from one of the image. */
static uint64_t framed_length(const struct wire_record *row, uint64_t length)
{
	return row && row->kind == XST_KIND_CHECKPOINT_STATE ? COLO_STATE_LENGTH : length;
}

static int begin_framed(struct xst_emitter *e, enum xst_layer layer, const struct wire_record *row,
			uint32_t type, uint64_t length)
{
	uint8_t *b;

	if (length > UINT32_MAX)
		return XST_E_ARG;
	if (e->open)
		return XST_E_STATE;
	b = append(e, RECORD_HEADER_SIZE);
	if (!b)
		return XST_E_NOMEM;
	e->framed = true;
	e->big = layer == XST_LAYER_LIBXL ? e->big_libxl : e->big_libxc;
	put_number(b, 4, e->big, type);
	put_number(b + 4, 4, e->big, framed_length(row, length));
	return open_record(e, row, length);
}

/* Headers have no framing; libxl's and the image's are always big-endian. */
static const struct wire_record *header_row(const struct xst_emitter *e, enum xst_kind kind,
					    bool *ret_big)
{
	switch (kind) {
	case XST_KIND_XL_HEADER:
		*ret_big = e->big_xl;
		return &xst_wire_xl_header;
	case XST_KIND_CONFIG:
		*ret_big = e->big_xl;
		return &xst_wire_xl_config;
	case XST_KIND_OPTIONAL_DATA:
		*ret_big = e->big_xl;
		return &xst_wire_xl_optional_data;
	case XST_KIND_LIBXL_HEADER:
		*ret_big = true;
		return &xst_wire_libxl_header;
	case XST_KIND_IMAGE_HEADER:
		*ret_big = true;
		return &xst_wire_image_header;
	case XST_KIND_DOMAIN_HEADER:
		*ret_big = e->big_libxc;
		return &xst_wire_domain_header;
	default:
		return NULL;
	}
}

int xst_emit_begin(struct xst_emitter *e, enum xst_kind kind, uint64_t length)
{
	const struct wire_record *row;

	if (e->open)
		return XST_E_STATE;
	row = header_row(e, kind, &e->big);
	if (row) {
		e->framed = false;
		return open_record(e, row, length);
	}
	row = xst_wire_modern(kind);
	if (!row)
		return XST_E_ARG;
	return begin_framed(e, xst_wire_is_libxl(row) ? XST_LAYER_LIBXL : XST_LAYER_LIBXC, row,
			    row->type, length);
}

int xst_emit_begin_unknown(struct xst_emitter *e, enum xst_layer layer, uint32_t type,
			   uint64_t length)
{
	return begin_framed(e, layer, NULL, type, length);
}

/* XenServer's framing: u64 type, u64 length, no padding.  An image stands after its record. */
static int begin_suspended(struct xst_emitter *e, const struct wire_record *row, uint64_t length)
{
	uint8_t *b;

	if (row->tail != WIRE_RUN && length)
		return XST_E_ARG;
	b = append(e, XENSERVER_RECORD_HEADER);
	if (!b)
		return XST_E_NOMEM;
	put_number(b, 8, false, row->type);
	put_number(b + 8, 8, false, length);
	return open_record(e, row, length);
}

int xst_emit_begin_in(struct xst_emitter *e, enum xst_layer layer, enum xst_kind kind,
		      uint64_t length)
{
	bool framed;
	const struct wire_record *row = xst_wire_contained(layer, kind, &framed);

	if (!row)
		return XST_E_ARG;
	if (e->open)
		return XST_E_STATE;
	e->framed = e->big = false;
	return framed ? begin_suspended(e, row, length) : open_record(e, row, length);
}

/* Room for n bytes of the open record's body. */
static int emitter_body(struct xst_emitter *e, uint64_t n, uint8_t **ret)
{
	if (!e->open || n > e->left)
		return XST_E_STATE;
	*ret = append(e, (size_t)n);
	if (!*ret)
		return XST_E_NOMEM;
	e->left -= n;
	return 0;
}

int xst_emit_fields(struct xst_emitter *e, const struct xst_field_value *v, size_t n)
{
	const struct wire_record *row = e->row;
	uint8_t *b;
	int r;

	if (!e->open || !row)
		return XST_E_STATE;
	r = emitter_body(e, row->fixed, &b);
	if (r)
		return r;
	if (row->magic)
		memcpy(b, row->magic, row->magic_size);
	for (unsigned i = 0; i < row->nfields; i++)
		if (row->field[i].id != XST_FIELD_RESERVED)
			put_number(b + row->field[i].offset, row->field[i].size, e->big,
				   wire_value(v, n, row->field[i].id, 0));
	return 0;
}

int xst_emit_items(struct xst_emitter *e, const uint64_t *numbers, size_t n)
{
	const struct wire_array *a = e->row ? e->row->array : NULL;
	uint8_t *b;
	int r;

	if (!e->open || !a)
		return XST_E_STATE;
	r = emitter_body(e, n * a->size, &b);
	if (r)
		return r;
	for (size_t i = 0; i < n; i++)
		xst_wire_put_item(a, b + i * a->size, e->big, numbers + i * a->width);
	return 0;
}

int xst_emit_bytes(struct xst_emitter *e, const void *data, size_t n)
{
	uint8_t *b;
	int r = emitter_body(e, n, &b);

	if (r == 0 && n)
		memcpy(b, data, n);
	return r;
}

int xst_emit_payload(struct xst_emitter *e, uint64_t n)
{
	if (!e->open || n > e->left)
		return XST_E_STATE;
	e->left -= n;
	return 0;
}

int xst_emit_end(struct xst_emitter *e)
{
	size_t n = -(size_t)e->length & (RECORD_ALIGN - 1);

	if (!e->open || e->left)
		return XST_E_STATE;
	e->open = false;
	if (e->framed && n && !append(e, n))
		return XST_E_NOMEM;
	return 0;
}

int xst_emit_empty(struct xst_emitter *e, enum xst_kind kind)
{
	int r = xst_emit_begin(e, kind, 0);

	return r ? r : xst_emit_end(e);
}
