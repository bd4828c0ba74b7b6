/* SPDX-License-Identifier: MIT */
/* Reading by the tables of fields, within the bytes that there are. */
#include "wire/state.h"

#include <stdio.h>
#include <string.h>

#include "wire/bytes.h"

const struct xst_wire_state_field *xst_wire_state_find(const struct xst_wire_state_table *t,
						       const char *name)
{
	for (size_t i = 0; t && i < t->n; i++)
		if (strcmp(t->row[i].name, name) == 0)
			return &t->row[i];
	return NULL;
}

static size_t stride(const struct xst_wire_state_field *f)
{
	return f->stride ? f->stride : f->size;
}

size_t xst_wire_state_at(const struct xst_wire_state_field *f, size_t element)
{
	return f->offset + element * stride(f);
}

size_t xst_wire_state_elements(const struct xst_wire_state_field *f, size_t n)
{
	size_t fit, most = f->count ? f->count : 1;

	if (n < (size_t)f->offset + f->size)
		return 0;
	fit = (n - f->offset - f->size) / stride(f) + 1;
	return f->count != XST_WIRE_AS_MANY && fit > most ? most : fit;
}

static uint64_t extend_sign(uint64_t v, unsigned bits)
{
	uint64_t sign = UINT64_C(1) << (bits - 1);

	return (v ^ sign) - sign;
}

bool xst_wire_state_number(const struct xst_wire_state_field *f, size_t element,
			   const uint8_t *data, size_t n, bool big, uint64_t *ret)
{
	uint64_t v;

	if (f->kind == XST_VALUE_BYTES || f->size > 8 || element >= xst_wire_state_elements(f, n))
		return false;
	v = get_number(data + xst_wire_state_at(f, element), f->size, big);
	if (f->bits)
		v = v >> f->shift & ((UINT64_C(1) << f->bits) - 1);
	if (f->kind == XST_VALUE_SIGNED)
		v = extend_sign(v, f->bits ? f->bits : f->size * 8u);
	*ret = v;
	return true;
}

bool xst_wire_state_get(const struct xst_wire_state_table *t, const char *name, const uint8_t *data,
			size_t n, bool big, uint64_t *ret)
{
	const struct xst_wire_state_field *f = xst_wire_state_find(t, name);

	return f && xst_wire_state_number(f, 0, data, n, big, ret);
}

void xst_wire_state_name(const struct xst_wire_state_field *f, size_t element, char *buf,
			 size_t size)
{
	const char *at = strchr(f->name, '%');

	if (!f->count)
		snprintf(buf, size, "%s", f->name);
	else if (!at)
		snprintf(buf, size, "%s[%zu]", f->name, element);
	else
		snprintf(buf, size, "%.*s%zu%s", (int)(at - f->name), f->name, element, at + 1);
}
