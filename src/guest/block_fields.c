/* SPDX-License-Identifier: MIT */
/* The blocks of a decoded guest and their fields, as a caller goes through them. */
#include "guest/guest.h"

#include <string.h>

/* --- blocks --------------------------------------------------------------------------------- */

/* Fills in as much as the caller has room for. */
static int give_block(const struct guest_block *g, struct xst_block *ret)
{
	struct xst_block b = g->block;
	size_t size = ret->size;

	if (size < sizeof(size_t))
		return XST_E_ARG;
	b.data = g->data;
	b.size = size;
	memcpy(ret, &b, size < sizeof(b) ? size : sizeof(b));
	return 0;
}

int xst_state_block(const struct xst_state *s, size_t index, struct xst_block *ret)
{
	const struct guest_set *set = xst_guest_set(s);

	return index < set->n ? give_block(&set->blocks[index], ret) : XST_E_ARG;
}

int xst_state_vcpu_block(const struct xst_state *s, uint32_t vcpu, size_t *index,
			 struct xst_block *ret)
{
	const struct guest_set *set = xst_guest_set(s);
	size_t number;

	if (vcpu >= set->chains_n || *index > set->n)
		return XST_E_ARG;
	number = *index ? set->blocks[*index - 1].next : set->chains[vcpu].first;
	if (!number)
		return XST_E_ARG;
	*index = number;
	return give_block(&set->blocks[number - 1], ret);
}

int xst_state_find_block(const struct xst_state *s, enum xst_block_kind kind, uint32_t type,
			 uint32_t instance, struct xst_block *ret)
{
	const struct guest_set *set = xst_guest_set(s);

	for (size_t i = set->n; i-- > 0;) {
		const struct xst_block *b = &set->blocks[i].block;

		if (b->kind == kind && b->type == type && b->instance == instance)
			return give_block(&set->blocks[i], ret);
	}
	return XST_E_ARG;
}

/* --- fields --------------------------------------------------------------------------------- */

const struct xst_wire_state_table *xst_guest_block_table(const struct xst_block *b)
{
	switch (b->kind) {
	case XST_BLOCK_HVM: return xst_wire_hvm_fields(b->type, b->length);
	case XST_BLOCK_PV_CONTEXT: return xst_wire_pv_context_fields(b->width);
	case XST_BLOCK_PV_EXTENDED: return xst_wire_pv_extended_fields();
	case XST_BLOCK_PV_XSAVE: return xst_wire_pv_xsave_fields();
	case XST_BLOCK_PV_MSRS: return xst_wire_pv_msr_fields();
	case XST_BLOCK_SHARED_INFO: return xst_wire_shared_info_fields(b->width);
	default: return NULL;
	}
}

static int give_field(const struct xst_state_field *f, struct xst_state_field *ret)
{
	size_t size = ret->size;

	if (size < sizeof(size_t))
		return XST_E_ARG;
	memcpy(ret, f, size < sizeof(*f) ? size : sizeof(*f));
	ret->size = size;
	return 0;
}

static int give_element(const struct xst_block *b, const struct xst_wire_state_field *row,
			size_t element, struct xst_state_field *ret)
{
	size_t at = xst_wire_state_at(row, element);
	struct xst_state_field f = { .kind = (enum xst_value_kind)row->kind,
				     .width = row->size,
				     .bits = row->bits,
				     .offset = at,
				     .data = b->data + at,
				     .n = row->size,
				     .since = row->since,
				     .reg = row->reg };

	xst_wire_state_name(row, element, f.name, sizeof(f.name));
	(void)xst_wire_state_number(row, element, b->data, b->n, b->flags & XST_BLOCK_BIG_ENDIAN,
				    &f.value);
	return give_field(&f, ret);
}

/* What follows all rows. */
static int give_rest(const struct xst_block *b, struct xst_field_cursor *at,
		     struct xst_state_field *ret)
{
	struct xst_state_field f = { .name = "bytes", .kind = XST_VALUE_BYTES, .offset = at->end };

	if (at->end >= b->n)
		return XST_E_ARG;
	f.data = b->data + at->end;
	f.n = (size_t)(b->n - at->end);
	at->end = b->n;
	return give_field(&f, ret);
}

int xst_block_field(const struct xst_block *b, struct xst_field_cursor *at,
		    struct xst_state_field *ret)
{
	const struct xst_wire_state_table *t = xst_guest_block_table(b);
	size_t end;

	while (t && at->row < t->n &&
	       at->element >= xst_wire_state_elements(&t->row[at->row], b->n)) {
		at->row++;
		at->element = 0;
	}
	if (!t || at->row >= t->n)
		return give_rest(b, at, ret);
	end = xst_wire_state_at(&t->row[at->row], at->element) + t->row[at->row].size;
	at->end = end > at->end ? end : at->end;
	return give_element(b, &t->row[at->row], at->element++, ret);
}

int xst_block_find_field(const struct xst_block *b, const char *name, struct xst_state_field *ret)
{
	struct xst_field_cursor at = { 0 };
	struct xst_state_field f = { .size = sizeof(f) };

	while (xst_block_field(b, &at, &f) == 0)
		if (strcmp(f.name, name) == 0)
			return give_field(&f, ret);
	return XST_E_ARG;
}
