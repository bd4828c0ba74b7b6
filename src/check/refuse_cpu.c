/* SPDX-License-Identifier: MIT */
/* The registers of an HVM guest's vCPU: by themselves, one against another, and against its CPUID policy. */
#include "check/refuse.h"

#define ALWAYS REFUSE_ALWAYS

#define CR0_PE	    UINT64_C(1)
#define CR0_ET	    UINT64_C(0x10)
#define CR0_PG	    UINT64_C(0x80000000)
#define CR4_MCE	    (UINT64_C(1) << 6)
#define CR4_CET	    (UINT64_C(1) << 23)
#define EFER_LME    (UINT64_C(1) << 8)
#define EFER_LMA    (UINT64_C(1) << 10)
#define EFER_SVME   (UINT64_C(1) << 12)
#define EFER_LMSLE  (UINT64_C(1) << 13)
#define EFER_AIBRSE (UINT64_C(1) << 21)

/* Point releases with which older series began to refuse bits of EFER that they do not know. */
#define EFER_UNKNOWN                                                                             \
	{                                                                                        \
		0, XST_XEN(4, 11, 0),                                                            \
		{                                                                                \
			XST_XEN(4, 11, 1), XST_XEN(4, 10, 2), XST_XEN(4, 9, 3), XST_XEN(4, 8, 5) \
		}                                                                                \
	}

static const struct refuse_field rows[] = {
	{ XST_REG_CR0, NULL, { REFUSE_BITS, 0xe005003f, 0, ALWAYS } },
	{ XST_REG_CR0, NULL, { REFUSE_EQUAL, 0, CR0_ET, ALWAYS } },
	{ XST_REG_CR0, NULL, { REFUSE_EQUAL, CR0_PG, CR0_PE | CR0_PG, ALWAYS } },
	{ XST_REG_CR3, NULL, { REFUSE_ABOVE, (UINT64_C(1) << 52) - 1, 0, REFUSE_UNTIL(13) } },
	{ XST_REG_CR4, NULL, { REFUSE_BITS, 0x9f72fff, 0, ALWAYS } },
	{ XST_REG_CR4, NULL, { REFUSE_ABOVE, 0, UINT64_C(1) << 11, REFUSE_SINCE(10) } }, /* UMIP */
	{ XST_REG_CR4, NULL, { REFUSE_ABOVE, 0, UINT64_C(1) << 22, REFUSE_SINCE(7) } },	 /* PKE */
	{ XST_REG_CR4, NULL, { REFUSE_ABOVE, 0, CR4_CET, REFUSE_SINCE(16) } },
	{ XST_REG_CR4, NULL, { REFUSE_ABOVE, 0, UINT64_C(1) << 24, REFUSE_SINCE(18) } }, /* PKS */
	{ XST_REG_CR4, NULL, { REFUSE_ABOVE, 0, UINT64_C(1) << 27, REFUSE_SINCE(22) } }, /* LASS */
	{ XST_REG_DR6, NULL, { REFUSE_ABOVE, UINT32_MAX, 0, REFUSE_UNTIL(17) } },
	{ XST_REG_DR7, NULL, { REFUSE_ABOVE, UINT32_MAX, 0, REFUSE_UNTIL(17) } },
	{ XST_REG_EFER, NULL, { REFUSE_BITS, 0x207d01, 0, EFER_UNKNOWN } },
	{ XST_REG_EFER, NULL, { REFUSE_ABOVE, 0, EFER_LMSLE, REFUSE_UNTIL(11) } },
	{ XST_REG_EFER, NULL, { REFUSE_ABOVE, 0, EFER_AIBRSE, REFUSE_SINCE(18) } },
	{ XST_REG_EFER, NULL, { REFUSE_EQUAL, EFER_LMA, EFER_LMA | EFER_LME, ALWAYS } },
	{ XST_REG_TSC_AUX, NULL, { REFUSE_ABOVE, UINT32_MAX, 0, REFUSE_UNTIL(11) } },
	{ 0, "flags", { REFUSE_BITS, 1, 0, ALWAYS } },
	{ 0, "pad0", { REFUSE_ABOVE, 0, 0, ALWAYS } },
};

/* A bit of a register, and the feature that lets a guest set it. */
struct needed {
	uint64_t bits;
	struct refuse_feature feature;
};
static const struct needed cr4_needs[] = {
	{ 3 << 0, REFUSE_FEATURE(1, 3, 1) },		 /* VME and PVI: vme */
	{ UINT64_C(1) << 2, REFUSE_FEATURE(1, 3, 4) },	 /* TSD: tsc */
	{ UINT64_C(1) << 3, REFUSE_FEATURE(1, 3, 2) },	 /* DE: de */
	{ UINT64_C(1) << 4, REFUSE_FEATURE(1, 3, 3) },	 /* PSE: pse */
	{ UINT64_C(1) << 5, REFUSE_FEATURE(1, 3, 6) },	 /* PAE: pae */
	{ UINT64_C(1) << 7, REFUSE_FEATURE(1, 3, 13) },	 /* PGE: pge */
	{ UINT64_C(1) << 9, REFUSE_FEATURE(1, 3, 24) },	 /* OSFXSR: fxsr */
	{ UINT64_C(1) << 10, REFUSE_FEATURE(1, 3, 25) }, /* OSXMMEXCPT: sse */
	{ UINT64_C(1) << 11, REFUSE_FEATURE(7, 2, 2) },	 /* UMIP: umip */
	{ UINT64_C(1) << 13, REFUSE_FEATURE(1, 2, 5) },	 /* VMXE: vmx */
	{ UINT64_C(1) << 16, REFUSE_FEATURE(7, 1, 0) },	 /* FSGSBASE: fsgsbase */
	{ UINT64_C(1) << 17, REFUSE_FEATURE(1, 2, 17) }, /* PCIDE: pcid */
	{ UINT64_C(1) << 18, REFUSE_FEATURE(1, 2, 26) }, /* OSXSAVE: xsave */
	{ UINT64_C(1) << 20, REFUSE_FEATURE(7, 1, 7) },	 /* SMEP: smep */
	{ UINT64_C(1) << 21, REFUSE_FEATURE(7, 1, 20) }, /* SMAP: smap */
	{ UINT64_C(1) << 22, REFUSE_FEATURE(7, 2, 3) },	 /* PKE: pku */
	{ UINT64_C(1) << 24, REFUSE_FEATURE(7, 2, 31) }, /* PKS: pks */
	{ UINT64_C(1) << 27, { 7, 1, 0, 6 } },		 /* LASS: lass */
};
static const struct needed efer_needs[] = {
	{ 1, REFUSE_FEATURE(0x80000001, 3, 11) },		    /* SCE: syscall */
	{ EFER_LME | EFER_LMA, REFUSE_FEATURE(0x80000001, 3, 29) }, /* lm */
	{ UINT64_C(1) << 11, REFUSE_FEATURE(0x80000001, 3, 20) },   /* NXE: nx */
	{ EFER_SVME, REFUSE_FEATURE(0x80000001, 2, 2) },	    /* svm */
	{ UINT64_C(1) << 14, REFUSE_FEATURE(0x80000001, 3, 25) },   /* FFXSE: ffxsr */
	{ EFER_AIBRSE, REFUSE_FEATURE(0x80000021, 0, 8) },	    /* auto_ibrs */
};

static void needs_features(struct xst_checker *c, const struct refuse_block *b, const char *reg,
			   uint64_t value, const struct needed *n, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (value & n[i].bits && xst_check_feature_lacks(c, &n[i].feature))
			xst_check_block_policy(c, b, reg, value & n[i].bits);
}

/* Either of two features is enough. */
static void needs_one(struct xst_checker *c, const struct refuse_block *b, uint64_t bits,
		      const struct refuse_feature *f)
{
	if (bits && xst_check_feature_lacks(c, &f[0]) && xst_check_feature_lacks(c, &f[1]))
		xst_check_block_policy(c, b, "cr4", bits);
}

static void cr4(struct xst_checker *c, const struct refuse_block *b)
{
	static const struct refuse_feature mce[] = { REFUSE_FEATURE(1, 3, 7),
						     REFUSE_FEATURE(1, 3, 14) };
	static const struct refuse_feature cet[] = { REFUSE_FEATURE(7, 2, 7),
						     REFUSE_FEATURE(7, 3, 20) };
	uint64_t v;

	if (!xst_check_block_get(b, "cr4", &v))
		return;
	needs_features(c, b, "cr4", v, cr4_needs, sizeof(cr4_needs) / sizeof(cr4_needs[0]));
	needs_one(c, b, v & CR4_MCE, mce);
	needs_one(c, b, v & CR4_CET, cet);
}

/* Long mode is active with paging only; nested virtualisation is the guest's by a parameter up to 4.14 alone. */
static void efer(struct xst_checker *c, const struct refuse_block *b)
{
	static const struct refuse_span none_takes = REFUSE_ALWAYS;
	uint64_t v, cr0;

	if (!xst_check_block_get(b, "efer", &v) || !xst_check_block_get(b, "cr0", &cr0))
		return;
	needs_features(c, b, "efer", v, efer_needs, sizeof(efer_needs) / sizeof(efer_needs[0]));
	if ((v & (EFER_LMA | EFER_LME)) == (EFER_LMA | EFER_LME) && !(cr0 & CR0_PG))
		xst_check_block_refuse(c, b, &none_takes, "efer", v);
}

#define MIN_ADDRESS_BITS 36 /* that Xen gives a guest with PAE, whatever its policy says */
#define MAX_ADDRESS_BITS 52

static void cr3(struct xst_checker *c, const struct refuse_block *b)
{
	uint32_t bits;
	uint64_t v;

	if (!xst_check_block_get(b, "cr3", &v) || !xst_check_policy_leaf(c, 0x80000008, 0, 0, &bits))
		return;
	bits = (uint8_t)bits < MIN_ADDRESS_BITS ? MIN_ADDRESS_BITS : (uint8_t)bits;
	if (bits < MAX_ADDRESS_BITS && v >> bits)
		xst_check_block_policy(c, b, "cr3", v);
}

/* An exception or interrupt that was due to be delivered. */
static void event(struct xst_checker *c, const struct refuse_block *b)
{
	static const struct refuse_span none_takes = REFUSE_ALWAYS, long_codes = REFUSE_UNTIL(8);
	uint64_t valid, type, reserved, has_code, code;

	if (!xst_check_block_get(b, "pending_valid", &valid) || !valid ||
	    !xst_check_block_get(b, "pending_type", &type) ||
	    !xst_check_block_get(b, "pending_reserved", &reserved) ||
	    !xst_check_block_get(b, "pending_error_valid", &has_code) ||
	    !xst_check_block_get(b, "error_code", &code))
		return;
	if (type == 1 || type > 6)
		xst_check_block_refuse(c, b, &none_takes, "pending_type", type);
	if (reserved)
		xst_check_block_refuse(c, b, &none_takes, "pending_reserved", reserved);
	if (has_code && code > UINT16_MAX)
		xst_check_block_refuse(c, b, &long_codes, "error_code", code);
}

static void judge_cpu(struct xst_checker *c, const struct refuse_block *b)
{
	cr3(c, b);
	cr4(c, b);
	efer(c, b);
	event(c, b);
}

const struct refuse_type xst_check_cpu_type = { rows, sizeof(rows) / sizeof(rows[0]), judge_cpu, false };
