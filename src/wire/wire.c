/* SPDX-License-Identifier: MIT */
/* Reading and writing by the tables. */
#include "wire/wire.h"

#include "wire/bytes.h"

unsigned xst_wire_fixed_size(const struct wire_record *row, unsigned ulong_size)
{
	if (row->nfields && row->field[0].size == WIRE_ULONG)
		return row->fixed + ulong_size - 4;
	return row->fixed;
}

void xst_wire_get_fields(const struct wire_record *row, const uint8_t *body, bool big,
			 unsigned ulong_size, struct xst_field_value *values)
{
	unsigned shift = 0;

	for (unsigned i = 0; i < row->nfields; i++) {
		const struct wire_field *f = &row->field[i];
		unsigned size = wire_width(f->size, ulong_size);

		values[i].id = f->id;
		values[i].value = get_number(body + f->offset + shift, size, big);
		if (f->size == WIRE_ULONG)
			shift = ulong_size - 4;
	}
}

void xst_wire_get_item(const struct wire_array *array, const uint8_t *p, bool big,
		       uint64_t *numbers)
{
	for (unsigned i = 0; i < array->width; i++)
		numbers[i] = get_number(p + array->part[i].offset, array->part[i].size, big);
}

void xst_wire_put_item(const struct wire_array *array, uint8_t *p, bool big,
		       const uint64_t *numbers)
{
	for (unsigned i = 0; i < array->width; i++)
		put_number(p + array->part[i].offset, array->part[i].size, big, numbers[i]);
}

const struct wire_record *xst_wire_find(const struct wire_record *rows, size_t count, uint32_t type)
{
	if (type < count && rows[type].type == type) /* most tables have no gaps */
		return &rows[type];
	for (size_t i = 0; i < count; i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

const struct wire_record *xst_wire_of_kind(const struct wire_record *rows, size_t count,
					   enum xst_kind kind)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].kind == kind)
			return &rows[i];
	return NULL;
}

const struct wire_record *xst_wire_modern(enum xst_kind kind)
{
	const struct wire_record *row = xst_wire_of_kind(xst_wire_libxc_records,
							 xst_wire_libxc_count, kind);

	return row ? row : xst_wire_of_kind(xst_wire_libxl_records, xst_wire_libxl_count, kind);
}

bool xst_wire_is_libxl(const struct wire_record *row)
{
	return row >= xst_wire_libxl_records && row < xst_wire_libxl_records + xst_wire_libxl_count;
}
