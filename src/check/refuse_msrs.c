/* SPDX-License-Identifier: MIT */
/* MSRs of a vCPU: which a receiver loads, to what, and with which features of the guest. */
#include "check/refuse.h"

#include <stdio.h>

#define ALWAYS REFUSE_ALWAYS
/* Bits of SPEC_CTRL that came after IBRS, STIBP and SSBD. */
#define SPEC_CTRL_PSFD 0x80
#define SINCE_PSFD                                                              \
	{                                                                       \
		XST_XEN(4, 17, 0), 0,                                           \
		{                                                               \
			XST_XEN(4, 16, 1), XST_XEN(4, 15, 3), XST_XEN(4, 14, 5) \
		}                                                               \
	}
#define SPEC_CTRL_BHI 0x478
#define SINCE_BHI                                                                                  \
	{                                                                                          \
		XST_XEN(4, 19, 0), 0,                                                              \
		{                                                                                  \
			XST_XEN(4, 18, 2), XST_XEN(4, 17, 4), XST_XEN(4, 16, 6), XST_XEN(4, 15, 6) \
		}                                                                                  \
	}
#define HVM 1u
#define PV  2u

#define SPEC_CTRL_BITS 0x4ff /* IBRS, STIBP, SSBD, IPRED_DIS_U/S, RRSBA_DIS_U/S, PSFD, BHI_DIS_S */

static const struct msr {
	uint32_t index;
	unsigned guests;
	struct refuse_span taken;      /* by an HVM guest's receiver */
	struct refuse_test value[4];   /* refused ones; REFUSE_ANY ends them */
	struct refuse_feature feature; /* leaf 0: none is needed */
} msrs[] = {
	{ 0x48,
	  HVM | PV,
	  { XST_XEN(4, 11, 0),
	    0,
	    { XST_XEN(4, 10, 1), XST_XEN(4, 9, 2), XST_XEN(4, 8, 4), XST_XEN(4, 7, 5) } },
	  { { REFUSE_BITS, SPEC_CTRL_BITS, 0, ALWAYS },
	    { REFUSE_ABOVE, 0, SPEC_CTRL_PSFD, SINCE_PSFD },
	    { REFUSE_ABOVE, 0, SPEC_CTRL_BHI, SINCE_BHI } },
	  { 0, 0, 0, 0 } },
	{ 0x140,
	  HVM | PV,
	  { XST_XEN(4, 10, 0), 0, { XST_XEN(4, 9, 2), XST_XEN(4, 8, 4) } },
	  { { REFUSE_BITS, 1, 0, ALWAYS } },
	  { 0, 0, 0, 0 } },
	{ 0x6e1,
	  HVM,
	  REFUSE_SINCE(18),
	  { { REFUSE_ABOVE, UINT32_MAX, 0, ALWAYS } },
	  REFUSE_FEATURE(7, 2, 31) }, /* PKRS: pks */
	{ 0xd90,
	  HVM,
	  REFUSE_EVERY,
	  { { REFUSE_ABOVE, 0, 0xffc, ALWAYS } },
	  REFUSE_FEATURE(7, 1, 14) }, /* BNDCFGS: mpx */
	{ 0xda0,
	  HVM,
	  REFUSE_SINCE(7),
	  { { REFUSE_ABOVE, 0, 0, REFUSE_UNTIL(12) } },
	  { 0xd, 1, 0, 3 } }, /* XSS: xsaves */
	{ 0xc0000103,
	  PV,
	  REFUSE_SINCE(12),
	  { { REFUSE_ABOVE, UINT32_MAX, 0, ALWAYS } },
	  { 0, 0, 0, 0 } },
	{ 0xc0011019,
	  HVM | PV,
	  REFUSE_EVERY,
	  { { REFUSE_ABOVE, UINT32_MAX, 0, ALWAYS } },
	  REFUSE_FEATURE(0x80000001, 2, 26) }, /* DR1 to 3: dbext */
	{ 0xc001101a,
	  HVM | PV,
	  REFUSE_EVERY,
	  { { REFUSE_ABOVE, UINT32_MAX, 0, ALWAYS } },
	  REFUSE_FEATURE(0x80000001, 2, 26) },
	{ 0xc001101b,
	  HVM | PV,
	  REFUSE_EVERY,
	  { { REFUSE_ABOVE, UINT32_MAX, 0, ALWAYS } },
	  REFUSE_FEATURE(0x80000001, 2, 26) },
	{ 0xc0011027,
	  HVM | PV,
	  REFUSE_EVERY,
	  { { REFUSE_ABOVE, UINT32_MAX, 0, ALWAYS } },
	  REFUSE_FEATURE(0x80000001, 2, 26) }, /* DR0 */
	{ 0xc001011f,
	  HVM,
	  REFUSE_SINCE(17),
	  { { REFUSE_ANY, 0, 0, ALWAYS } },
	  REFUSE_FEATURE(0x80000008, 1, 25) }, /* VIRT_SPEC_CTRL */
};
#define MSRS (sizeof(msrs) / sizeof(msrs[0]))

#define INDEX_SPEC_CTRL	    0x48
#define INDEX_MISC_FEATURES 0x140
#define INDEX_BNDCFGS	    0xd90
#define MISC_CPUID_FAULTING 1u

static const struct refuse_span none_takes = ALWAYS;

static const struct msr *msr_row_of(uint32_t index, bool pv)
{
	for (size_t i = 0; i < MSRS; i++)
		if (msrs[i].index == index && msrs[i].guests & (pv ? PV : HVM))
			return &msrs[i];
	return NULL;
}

/* A bit of SPEC_CTRL, and Intel's and AMD's features; one of them is enough. */
static const struct {
	uint64_t bits;
	struct refuse_feature either, other;
} spec_ctrl_needs[] = {
	{ 0x4, REFUSE_FEATURE(7, 3, 31), REFUSE_FEATURE(0x80000008, 1, 24) }, /* SSBD */
	{ SPEC_CTRL_PSFD, { 7, 2, 3, 0 }, REFUSE_FEATURE(0x80000008, 1, 28) },
	{ 0x18, { 7, 2, 3, 1 }, { 7, 2, 3, 1 } },  /* IPRED_DIS */
	{ 0x60, { 7, 2, 3, 2 }, { 7, 2, 3, 2 } },  /* RRSBA_DIS */
	{ 0x400, { 7, 2, 3, 4 }, { 7, 2, 3, 4 } }, /* BHI_DIS */
};

static void spec_ctrl(struct xst_checker *c, const struct refuse_block *b, uint64_t value)
{
	static const struct refuse_feature ibrsb = REFUSE_FEATURE(7, 3, 26),
					   ibrs = REFUSE_FEATURE(0x80000008, 1, 14);
	static const struct refuse_span with_amd = SINCE_PSFD;

	if (xst_check_feature_lacks(c, &ibrsb) && xst_check_feature_lacks(c, &ibrs))
		xst_check_block_policy(c, b, "MSR", INDEX_SPEC_CTRL);
	else if (xst_check_feature_lacks(c, &ibrsb))
		xst_check_block_refuse(c, b, &with_amd, "MSR", INDEX_SPEC_CTRL);
	for (size_t i = 0; i < sizeof(spec_ctrl_needs) / sizeof(spec_ctrl_needs[0]); i++)
		if (value & spec_ctrl_needs[i].bits &&
		    xst_check_feature_lacks(c, &spec_ctrl_needs[i].either) &&
		    xst_check_feature_lacks(c, &spec_ctrl_needs[i].other))
			xst_check_block_policy(c, b, "MSR 0x48", value);
}

/* CPUID faulting is the guest's if its policy's PLATFORM_INFO says so. */
static void misc_features(struct xst_checker *c, const struct refuse_block *b, uint64_t value)
{
	uint64_t info;

	if (value & MISC_CPUID_FAULTING && xst_check_policy_msr(c, WIRE_MSR_PLATFORM_INFO, &info) &&
	    !(info & WIRE_MSR_CPUID_FAULTING))
		xst_check_block_policy(c, b, "MSR 0x140", value);
}

static void bndcfgs(struct xst_checker *c, const struct refuse_block *b, uint64_t value)
{
	uint64_t top = value >> 47;

	if (top && top != 0x1ffff)
		xst_check_block_refuse(c, b, &none_takes, "MSR 0xd90", value);
}

static void value_of(struct xst_checker *c, const struct refuse_block *b, const struct msr *m,
		     uint64_t value)
{
	char name[24];

	(void)snprintf(name, sizeof(name), "MSR %#x", m->index);
	for (const struct refuse_test *t = m->value; t->op != REFUSE_ANY; t++)
		if (xst_check_test_meets(t, value))
			xst_check_block_refuse(c, b, &t->taken, name, value);
	if (m->index == INDEX_SPEC_CTRL)
		spec_ctrl(c, b, value);
	if (m->index == INDEX_MISC_FEATURES)
		misc_features(c, b, value);
	if (m->index == INDEX_BNDCFGS)
		bndcfgs(c, b, value);
}

static void one_msr(struct xst_checker *c, const struct refuse_block *b, uint32_t index,
		    uint64_t value)
{
	bool pv = b->block->kind == XST_BLOCK_PV_MSRS;
	const struct msr *m = msr_row_of(index, pv);

	if (!m) {
		xst_check_block_refuse(c, b, &none_takes, "an MSR", index);
		return;
	}
	if (!pv && xst_check_span_matters(&m->taken))
		xst_check_block_refuse(c, b, &m->taken, "an MSR", index);
	if (m->feature.leaf && xst_check_feature_lacks(c, &m->feature))
		xst_check_block_policy(c, b, "MSR", index);
	value_of(c, b, m, value);
}

void xst_check_refused_msrs(struct xst_checker *c, const struct refuse_block *b)
{
	const struct xst_wire_state_field *index = xst_wire_state_find(b->table, "msr[%].index");
	const struct xst_wire_state_field *value = xst_wire_state_find(b->table, "msr[%].value");
	bool big = b->block->flags & XST_BLOCK_BIG_ENDIAN;
	uint64_t i, v;

	if (b->block->kind == XST_BLOCK_HVM && b->block->n == b->block->length && value &&
	    !xst_wire_state_elements(value, b->block->n))
		xst_check_block_refuse(c, b, &none_takes, "count", 0);
	for (size_t k = 0; index && value && k < xst_wire_state_elements(value, b->block->n); k++)
		if (xst_wire_state_number(index, k, b->block->data, b->block->n, big, &i) &&
		    xst_wire_state_number(value, k, b->block->data, b->block->n, big, &v))
			one_msr(c, b, (uint32_t)i, v);
}
