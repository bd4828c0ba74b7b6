/* SPDX-License-Identifier: MIT */
/* The decoded guest against the tables of what is refused: block by block, whichever layer it came from. */
#include "check/refuse.h"

#include <stdio.h>
#include <string.h>

/* --- what is told --------------------------------------------------------------------------- */

static bool block_is_pv(const struct refuse_block *b)
{
	return b->block->kind != XST_BLOCK_HVM;
}

static void describe_block(struct refuse_block *b)
{
	const struct xst_block *x = b->block;

	if (x->flags & XST_BLOCK_OF_VCPU)
		(void)snprintf(b->what, sizeof(b->what), "%s of vCPU %u", x->name, x->instance);
	else
		(void)snprintf(b->what, sizeof(b->what), "%s", x->name);
}

bool xst_check_block_get(const struct refuse_block *b, const char *field, uint64_t *ret)
{
	return xst_wire_state_get(b->table, field, b->block->data, b->block->n,
				  b->block->flags & XST_BLOCK_BIG_ENDIAN, ret);
}

void xst_check_block_refuse(struct xst_checker *c, const struct refuse_block *b,
			    const struct refuse_span *taken, const char *field, uint64_t value)
{
	xst_check_refuse(c, block_is_pv(b) ? RULE_VCPU_VALUE : RULE_HVM_VALUE, taken,
			 b->block->offset, NULL, "%s: %s is %#llx", b->what, field,
			 (unsigned long long)value);
}

void xst_check_block_policy(struct xst_checker *c, const struct refuse_block *b, const char *field,
			    uint64_t value)
{
	static const struct refuse_span none_takes = REFUSE_ALWAYS;

	xst_check_refuse(c, block_is_pv(b) ? RULE_VCPU_POLICY : RULE_HVM_POLICY, &none_takes,
			 b->block->offset, NULL,
			 "%s: %s %#llx needs a feature that the CPUID policy lacks", b->what, field,
			 (unsigned long long)value);
}

/* --- rows ----------------------------------------------------------------------------------- */

static bool is_row_of(const struct refuse_field *row, const struct xst_wire_state_field *f)
{
	return row->reg ? row->reg == f->reg : !f->reg && strcmp(row->name, f->name) == 0;
}

static void one_field(struct xst_checker *c, const struct refuse_block *b,
		      const struct refuse_field *row, const struct xst_wire_state_field *f)
{
	const struct xst_block *x = b->block;
	size_t elements = xst_wire_state_elements(f, x->n);
	uint64_t value;
	char name[40];

	for (size_t i = 0; i < elements; i++) {
		if (!xst_wire_state_number(f, i, x->data, x->n, x->flags & XST_BLOCK_BIG_ENDIAN,
					   &value) ||
		    !xst_check_test_meets(&row->value, value))
			continue;
		xst_wire_state_name(f, i, name, sizeof(name));
		xst_check_block_refuse(c, b, &row->value.taken, name, value);
	}
}

static void rows(struct xst_checker *c, const struct refuse_block *b, const struct refuse_type *t)
{
	for (size_t i = 0; i < b->table->n; i++)
		for (size_t k = 0; k < t->n; k++)
			if (is_row_of(&t->row[k], &b->table->row[i]))
				one_field(c, b, &t->row[k], &b->table->row[i]);
}

/* --- blocks --------------------------------------------------------------------------------- */

/* A PVH guest has a local APIC of all these, as Xen 4.10 and later make it. */
static bool is_pvh(const struct xst_checker *c)
{
	return c->facts.guest == XST_GUEST_HVM && !c->facts.device_model;
}

static void hvm_block(struct xst_checker *c, struct refuse_block *b)
{
	static const struct refuse_span none_takes = REFUSE_ALWAYS;
	const struct refuse_type *t = xst_check_refuse_type(b->block->type);

	b->table = xst_wire_hvm_fields(b->block->type, b->block->length);
	if (!t || !b->table)
		return;
	if (t->not_pvh && is_pvh(c))
		xst_check_refuse(c, RULE_HVM_VALUE, &none_takes, b->block->offset, NULL,
				 "%s: a PVH guest has none", b->what);
	rows(c, b, t);
	if (t->judge)
		t->judge(c, b);
}

static void block(struct xst_checker *c, struct refuse_block *b)
{
	describe_block(b);
	switch (b->block->kind) {
	case XST_BLOCK_HVM: hvm_block(c, b); break;
	case XST_BLOCK_PV_XSAVE:
		b->table = xst_wire_pv_xsave_fields();
		xst_check_xsave(c, b);
		break;
	case XST_BLOCK_PV_MSRS:
		b->table = xst_wire_pv_msr_fields();
		xst_check_refused_msrs(c, b);
		break;
	default: break;
	}
}

/* Legacy streams, and what was converted from them, keep the verdict that their framing gives: the Xens that wrote
 * them are older than most of what is looked at here. */
static bool is_judged(const struct xst_checker *c)
{
	return c->layer != XST_LAYER_LEGACY && !c->converted;
}

void xst_check_state_complete(struct xst_checker *c)
{
	struct record_place here = xst_check_place(c);
	struct xst_block x = { .size = sizeof(x) };

	if (c->state_judged)
		return;
	c->state_judged = true;
	if (!is_judged(c))
		return;
	for (size_t i = 0; xst_state_block(c->state, i, &x) == 0; i++) {
		struct refuse_block b = { .block = &x };

		if (x.kind == XST_BLOCK_HVM && c->hvm_place.name)
			xst_check_place_set(c, &c->hvm_place);
		block(c, &b);
	}
	xst_check_place_set(c, &here);
}
