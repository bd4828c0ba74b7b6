/* SPDX-License-Identifier: MIT */
#include "wire/pv.h"

#include <stddef.h>

static const struct wire_pv_context context64 = {
	.size = 0x1430, .width = 8, .start_info = WIRE_PV64_RDX_AT, .gdt_frames = WIRE_PV64_GDT_FRAMES_AT,
	.gdt_ents = WIRE_PV64_GDT_ENTS_AT, .cr3 = WIRE_PV64_CR3_AT, .user_cr3 = WIRE_PV64_USER_CR3_AT
};
static const struct wire_pv_context context32 = {
	.size = 0xaf0, .width = 4, .start_info = WIRE_PV32_EDX_AT, .gdt_frames = WIRE_PV32_GDT_FRAMES_AT,
	.gdt_ents = WIRE_PV32_GDT_ENTS_AT, .cr3 = WIRE_PV32_CR3_AT, .user_cr3 = 0
};

const struct wire_pv_context *xst_wire_pv_context(unsigned width)
{
	return width == 8 ? &context64 : width == 4 ? &context32 : NULL;
}

/* A 32-bit one has the upper bits of the pfn in its lower twelve. */
uint64_t xst_wire_cr3_pfn(const struct wire_pv_context *x, uint64_t cr3)
{
	if (x->width == 8)
		return cr3 >> 12;
	return cr3 >> 12 | (cr3 & 0xfff) << 20;
}

struct component {
	unsigned end;       /* of its place in the area */
	bool exact;         /* the same for all processors */
};

/* By bit of xcr0, from 2 on.  AMD and Intel lay out what is after AVX differently. */
static const struct component components[] = {
	[2] = { 832, true },   /* AVX */
	[3] = { 640, false },  [4] = { 640, false },   /* MPX: at least their own size */
	[5] = { 640, false },  [6] = { 1088, false },  [7] = { 1600, false }, /* AVX-512 */
	[9] = { 584, false },  /* PKRU */
};

uint64_t xst_wire_xsave_size(uint64_t xcr0_accum, bool *ret_exact)
{
	uint64_t size = WIRE_XSAVE_MIN_AREA;

	*ret_exact = true;
	for (unsigned i = 2; i < 64; i++) {
		const struct component *k = i < sizeof(components) / sizeof(components[0])
						    ? &components[i] : NULL;

		if (!(xcr0_accum >> i & 1))
			continue;
		*ret_exact = *ret_exact && k && k->exact;
		if (k && k->end > size)
			size = k->end;
	}
	return size;
}

bool xst_wire_xcr0_valid(uint64_t xcr0)
{
	uint64_t mpx = xcr0 >> 3 & 3, avx512 = xcr0 >> 5 & 7;

	if (!(xcr0 & WIRE_XSTATE_FP))
		return false;
	if ((xcr0 & WIRE_XSTATE_YMM) && !(xcr0 & WIRE_XSTATE_SSE))
		return false;
	if (avx512 && (avx512 != 7 || !(xcr0 & WIRE_XSTATE_YMM)))
		return false;
	return !mpx || mpx == 3;
}
