/* SPDX-License-Identifier: MIT */
/* What the opaque parts of a PV guest's vCPU records and page tables hold
 * (xen/include/public/arch-x86/xen.h), and the layout of an XSAVE area. */
#ifndef WIRE_PV_H
#define WIRE_PV_H

#include <stdbool.h>
#include <stdint.h>

/* Page frames in a vCPU's registers.  Offsets are those in the context. */
struct wire_pv_context {
	unsigned size;         /* of the context */
	unsigned width;        /* bytes of a word in it */
	unsigned start_info;   /* vCPU 0: the pfn of start_info, 4 bytes (edx) */
	unsigned gdt_frames;   /* words with the pfns of the GDT */
	unsigned gdt_ents;     /* a word: entries of the GDT */
	unsigned cr3;          /* a word: the page table, folded as WIRE_CR3_... */
	unsigned user_cr3;     /* the same for user mode, or 0; bit 0 says whether it is there */
};
#define WIRE_PV64_RDX_AT 0x268
#define WIRE_PV64_GDT_FRAMES_AT 0x12e0
#define WIRE_PV64_GDT_ENTS_AT 0x1360
#define WIRE_PV64_USER_CR3_AT 0x1380
#define WIRE_PV64_CR3_AT 0x1390
#define WIRE_PV32_EDX_AT 0x20c
#define WIRE_PV32_GDT_FRAMES_AT 0xa50
#define WIRE_PV32_GDT_ENTS_AT 0xa90
#define WIRE_PV32_CR3_AT 0xaa8
#define WIRE_PV_IN_KERNEL 4u /* of vgcf_flags */
#define WIRE_PV_GDT_PER_FRAME 512
#define WIRE_PV_GDT_ENTS 7168
/* The one for a guest's width, 4 or 8. */
const struct wire_pv_context *xst_wire_pv_context(unsigned width);
/* The pfn that a cr3 of a context names. */
uint64_t xst_wire_cr3_pfn(const struct wire_pv_context *x, uint64_t cr3);

/* X86_PV_VCPU_MSRS */
#define WIRE_PV_MSR_SIZE 16
#define WIRE_PV_MSR_RESERVED_AT 4
/* X86_PV_VCPU_EXTENDED begins with the vCPU and its own size. */
#define WIRE_PV_EXTENDED_VCPU_AT 0
#define WIRE_PV_EXTENDED_SIZE_AT 4

/* X86_PV_VCPU_XSAVE: two masks, the area after them. */
#define WIRE_XSAVE_XCR0_AT 0
#define WIRE_XSAVE_ACCUM_AT 8
#define WIRE_XSAVE_AREA_AT 16
#define WIRE_XSAVE_MIN_AREA 576
#define WIRE_XSAVE_HEADER 512 /* in the area: xstate_bv, xcomp_bv */
#define WIRE_XSTATE_FP 1u
#define WIRE_XSTATE_SSE 2u
#define WIRE_XSTATE_YMM 4u
/* The fewest bytes of an area that holds these states.  Beyond AVX a processor has its own layout:
 * then it is a lower bound, as *ret_exact tells. */
uint64_t xst_wire_xsave_size(uint64_t xcr0_accum, bool *ret_exact);
/* Whether a processor takes such a set of states. */
bool xst_wire_xcr0_valid(uint64_t xcr0);

/* X86_TSC_INFO: modes are 0 to 3. */
#define WIRE_TSC_MODES 3
#define WIRE_TSC_EMULATED 1

/* Page tables: 64-bit entries, for 32-bit guests, too (PAE). */
#define WIRE_PTE_SIZE 8
#define WIRE_PTE_PRESENT 1u
#define WIRE_PTE_PFN(entry) ((entry) >> 12 & ((UINT64_C(1) << 40) - 1))

#endif
