/* SPDX-License-Identifier: MIT */
/* Registers of a vCPU, wherever they stand. */
#include "guest/guest.h"

size_t xst_state_vcpu_count(const struct xst_state *s)
{
	const struct guest_set *set = xst_guest_set(s);
	size_t n = 0;

	for (size_t i = 0; i < XST_STATE_VCPUS; i++)
		n += set->registers[i / 64] >> i % 64 & 1;
	return n;
}

int xst_state_vcpu(const struct xst_state *s, size_t index, uint32_t *ret_vcpu)
{
	const struct guest_set *set = xst_guest_set(s);

	for (uint32_t i = 0; i < XST_STATE_VCPUS; i++)
		if ((set->registers[i / 64] >> i % 64 & 1) && !index--) {
			*ret_vcpu = i;
			return 0;
		}
	return XST_E_ARG;
}

static struct xst_block with_data(const struct guest_block *g)
{
	struct xst_block b = g->block;

	b.data = g->data;
	return b;
}

static bool register_in(const struct xst_block *b, enum xst_register reg, uint64_t *ret)
{
	const struct xst_wire_state_table *t = xst_guest_block_table(b);

	for (size_t i = 0; t && i < t->n; i++)
		if (t->row[i].reg == reg)
			return xst_wire_state_number(&t->row[i], 0, b->data, b->n,
						     b->flags & XST_BLOCK_BIG_ENDIAN, ret);
	return false;
}

/* While the kernel runs, GS has its base, and the other one waits for swapgs. */
static enum xst_register gs_of_mode(const struct xst_block *b, enum xst_register reg)
{
	uint64_t flags;

	if (reg != XST_REG_GS_BASE && reg != XST_REG_KERNEL_GS_BASE)
		return reg;
	if (!xst_wire_state_get(xst_guest_block_table(b), "vgcf_flags", b->data, b->n,
				b->flags & XST_BLOCK_BIG_ENDIAN, &flags) ||
	    !(flags & WIRE_PV_IN_KERNEL))
		return reg;
	return reg == XST_REG_GS_BASE ? XST_REG_KERNEL_GS_BASE : XST_REG_GS_BASE;
}

static uint64_t unfolded_cr3(const struct xst_block *b, enum xst_register reg, uint64_t v)
{
	const struct wire_pv_context *x = xst_wire_pv_context(b->width);

	if (!x || (reg != XST_REG_CR3 && reg != XST_REG_USER_CR3))
		return v;
	if (reg == XST_REG_USER_CR3 && !(v & 1))
		return 0;
	return xst_wire_cr3_pfn(x, v) << 12;
}

static bool find_in(const struct xst_block *b, enum xst_register reg, uint64_t *ret)
{
	bool is_pv = b->kind == XST_BLOCK_PV_CONTEXT;

	if (!register_in(b, is_pv ? gs_of_mode(b, reg) : reg, ret))
		return false;
	if (is_pv)
		*ret = unfolded_cr3(b, reg, *ret);
	return true;
}

int xst_state_register(const struct xst_state *s, uint32_t vcpu, enum xst_register reg,
		       uint64_t *ret)
{
	const struct guest_set *set = xst_guest_set(s);
	const struct guest_block *g;

	if (reg <= XST_REG_NONE || reg >= XST_REG_MAX)
		return XST_E_ARG;
	for (g = xst_guest_vcpu_last(set, vcpu); g; g = xst_guest_vcpu_previous(set, g)) {
		struct xst_block b = with_data(g);

		if (find_in(&b, reg, ret))
			return 0;
	}
	return XST_E_ARG;
}

static bool msr_in(const struct xst_block *b, uint32_t index, uint64_t *ret)
{
	const struct xst_wire_state_table *t = xst_guest_block_table(b);
	const struct xst_wire_state_field *number = xst_wire_state_find(t, "msr[%].index");
	const struct xst_wire_state_field *value = xst_wire_state_find(t, "msr[%].value");
	bool big = b->flags & XST_BLOCK_BIG_ENDIAN;
	uint64_t v;

	for (size_t i = value ? xst_wire_state_elements(value, b->n) : 0; i-- > 0;)
		if (xst_wire_state_number(number, i, b->data, b->n, big, &v) && v == index)
			return xst_wire_state_number(value, i, b->data, b->n, big, ret);
	return false;
}

int xst_state_vcpu_msr(const struct xst_state *s, uint32_t vcpu, uint32_t index, uint64_t *ret)
{
	const struct guest_set *set = xst_guest_set(s);
	const struct guest_block *g;

	for (g = xst_guest_vcpu_last(set, vcpu); g; g = xst_guest_vcpu_previous(set, g)) {
		struct xst_block b = with_data(g);

		if (msr_in(&b, index, ret))
			return 0;
	}
	return XST_E_ARG;
}
