/* SPDX-License-Identifier: MIT */
/* XSAVE areas, of HVM and PV guests: which sets of states there are, and what stands before the states. */
#include "check/refuse.h"

/* Since when Xen knows a state that a processor may have, and what lets a guest use it.  Sets that no processor
 * takes are errors already, see hvm_context.c and vcpus.c. */
static const struct {
	uint64_t bits;
	struct refuse_span taken;
	struct refuse_feature feature; /* leaf 0: none of a policy that an image has */
	bool not_pv;
} states[] = {
	{ 0x4, REFUSE_EVERY, REFUSE_FEATURE(1, 2, 28), false },		/* AVX */
	{ 0x18, REFUSE_EVERY, REFUSE_FEATURE(7, 1, 14), true },		/* MPX */
	{ 0xe0, REFUSE_EVERY, REFUSE_FEATURE(7, 1, 16), false },	/* AVX-512 */
	{ 0x200, REFUSE_SINCE(7), REFUSE_FEATURE(7, 2, 3), true },	/* PKRU */
	{ 0x60000, REFUSE_SINCE(20), REFUSE_FEATURE(7, 3, 24), false }, /* AMX */
	{ UINT64_C(1) << 62, REFUSE_UNTIL(12), { 0, 0, 0, 0 }, false }, /* LWP */
};
#define STATES (sizeof(states) / sizeof(states[0]))

static const struct refuse_span none_takes = REFUSE_ALWAYS;

static bool area_is_pv(const struct refuse_block *b)
{
	return b->block->kind == XST_BLOCK_PV_XSAVE;
}

static void one_state(struct xst_checker *c, const struct refuse_block *b, size_t i, uint64_t accum)
{
	/* PV guests have had a mask of their own since these */
	static const struct refuse_span pv = { 0,
					       XST_XEN(4, 11, 0),
					       { XST_XEN(4, 11, 1), XST_XEN(4, 10, 2),
						 XST_XEN(4, 9, 3), XST_XEN(4, 8, 5) } };
	uint64_t have = accum & states[i].bits;

	if (!have)
		return;
	if (xst_check_span_matters(&states[i].taken))
		xst_check_block_refuse(c, b, &states[i].taken, "xcr0_accum", accum);
	if (states[i].not_pv && area_is_pv(b))
		xst_check_block_refuse(c, b, &pv, "xcr0_accum", accum);
	if (states[i].feature.leaf && xst_check_feature_lacks(c, &states[i].feature))
		xst_check_block_policy(c, b, "xcr0_accum", have);
}

static void mask(struct xst_checker *c, const struct refuse_block *b, uint64_t accum)
{
	static const struct refuse_feature xsave = REFUSE_FEATURE(1, 2, 26);
	uint64_t known = WIRE_XSTATE_FP | WIRE_XSTATE_SSE;

	for (size_t i = 0; i < STATES; i++) {
		known |= states[i].bits;
		one_state(c, b, i, accum);
	}
	if (accum & ~known)
		xst_check_block_refuse(c, b, &none_takes, "xcr0_accum", accum);
	if (accum && xst_check_feature_lacks(c, &xsave))
		xst_check_block_policy(c, b, "xcr0_accum", accum);
}

/* Xen before 4.7 did not look at what lies after xstate_bv. */
static void header(struct xst_checker *c, const struct refuse_block *b)
{
	static const struct refuse_span before_looking = REFUSE_UNTIL(6);
	const struct xst_wire_state_field *f = xst_wire_state_find(b->table, "xsave_reserved");
	bool big = b->block->flags & XST_BLOCK_BIG_ENDIAN;
	uint64_t v;

	for (size_t i = 0; f && i < xst_wire_state_elements(f, b->block->n); i++)
		if (xst_wire_state_number(f, i, b->block->data, b->block->n, big, &v) && v)
			xst_check_block_refuse(c, b, &before_looking, "xsave_reserved", v);
}

void xst_check_xsave(struct xst_checker *c, const struct refuse_block *b)
{
	uint64_t accum;

	if (!xst_check_block_get(b, "xcr0_accum", &accum))
		return;
	mask(c, b, accum);
	header(c, b);
}
