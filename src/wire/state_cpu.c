/* SPDX-License-Identifier: MIT */
/* Fields of an HVM guest's processors. */
#include "wire/hvm_save.h"
#include "wire/state_tables.h"

#define SEGMENT(seg, reg, at)                                                 \
	F_REG(seg, 736 + 4 * (at), 4, reg),                                   \
	F_REG(seg "_limit", 768 + 4 * (at), 4, reg##_LIMIT),                  \
	F_REG(seg "_base", 808 + 8 * (at), 8, reg##_BASE),                    \
	F_REG(seg "_attributes", 888 + 4 * (at), 4, reg##_ATTRIBUTES)

/* All that stands at the same place in each version. */
#define CPU                                                                   \
	FXSAVE(0),                                                            \
	F_REG("rax", 512, 8, XST_REG_RAX), F_REG("rbx", 520, 8, XST_REG_RBX), \
	F_REG("rcx", 528, 8, XST_REG_RCX), F_REG("rdx", 536, 8, XST_REG_RDX), \
	F_REG("rbp", 544, 8, XST_REG_RBP), F_REG("rsi", 552, 8, XST_REG_RSI), \
	F_REG("rdi", 560, 8, XST_REG_RDI), F_REG("rsp", 568, 8, XST_REG_RSP), \
	F_REG("r8", 576, 8, XST_REG_R8), F_REG("r9", 584, 8, XST_REG_R9),     \
	F_REG("r10", 592, 8, XST_REG_R10), F_REG("r11", 600, 8, XST_REG_R11), \
	F_REG("r12", 608, 8, XST_REG_R12), F_REG("r13", 616, 8, XST_REG_R13), \
	F_REG("r14", 624, 8, XST_REG_R14), F_REG("r15", 632, 8, XST_REG_R15), \
	F_REG("rip", 640, 8, XST_REG_RIP),                                    \
	F_REG("rflags", 648, 8, XST_REG_RFLAGS),                              \
	F_REG("cr0", 656, 8, XST_REG_CR0), F_REG("cr2", 664, 8, XST_REG_CR2), \
	F_REG("cr3", 672, 8, XST_REG_CR3), F_REG("cr4", 680, 8, XST_REG_CR4), \
	F_REG("dr0", 688, 8, XST_REG_DR0), F_REG("dr1", 696, 8, XST_REG_DR1), \
	F_REG("dr2", 704, 8, XST_REG_DR2), F_REG("dr3", 712, 8, XST_REG_DR3), \
	F_REG("dr6", 720, 8, XST_REG_DR6), F_REG("dr7", 728, 8, XST_REG_DR7), \
	SEGMENT("cs", XST_REG_CS, 0), SEGMENT("ds", XST_REG_DS, 1),           \
	SEGMENT("es", XST_REG_ES, 2), SEGMENT("fs", XST_REG_FS, 3),           \
	SEGMENT("gs", XST_REG_GS, 4), SEGMENT("ss", XST_REG_SS, 5),           \
	SEGMENT("tr", XST_REG_TR, 6), SEGMENT("ldtr", XST_REG_LDTR, 7),       \
	F_REG("idtr_limit", 800, 4, XST_REG_IDTR_LIMIT),                      \
	F_REG("gdtr_limit", 804, 4, XST_REG_GDTR_LIMIT),                      \
	F_REG("idtr_base", 872, 8, XST_REG_IDTR_BASE),                        \
	F_REG("gdtr_base", 880, 8, XST_REG_GDTR_BASE),                        \
	F_REG("sysenter_cs", 920, 8, XST_REG_SYSENTER_CS),                    \
	F_REG("sysenter_esp", 928, 8, XST_REG_SYSENTER_ESP),                  \
	F_REG("sysenter_eip", 936, 8, XST_REG_SYSENTER_EIP),                  \
	F_REG("shadow_gs", 944, 8, XST_REG_KERNEL_GS_BASE),                   \
	F_HEX("msr_flags", 952, 8), F_REG("lstar", 960, 8, XST_REG_LSTAR),    \
	F_REG("star", 968, 8, XST_REG_STAR),                                  \
	F_REG("cstar", 976, 8, XST_REG_CSTAR),                                \
	F_REG("sfmask", 984, 8, XST_REG_SFMASK),                              \
	F_REG("efer", 992, 8, XST_REG_EFER)

#define TIME_AND_EVENT(at)                                                    \
	F_REG("tsc", at, 8, XST_REG_TSC),                                     \
	F_REG("pending_event", (at) + 8, 4, XST_REG_PENDING_EVENT),           \
	F_BITS("pending_vector", (at) + 8, 4, 0, 8),                          \
	F_BITS("pending_type", (at) + 8, 4, 8, 3),                            \
	F_BITS("pending_error_valid", (at) + 8, 4, 11, 1),                    \
	F_BITS("pending_reserved", (at) + 8, 4, 12, 19),                      \
	F_BITS("pending_valid", (at) + 8, 4, 31, 1),                          \
	F_REG("error_code", (at) + 12, 4, XST_REG_ERROR_CODE)

static const struct xst_wire_state_field cpu_rows[] = {
	CPU,
	F_REG("tsc_aux", 1000, 8, XST_REG_TSC_AUX),
	TIME_AND_EVENT(1008),
	{ "flags", 1024, 4, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 7, 0) },
	{ "pad0", 1028, 4, .kind = XST_VALUE_RESERVED, .since = XST_XEN(4, 7, 0) },
};
/* Before TSC_AUX was saved. */
static const struct xst_wire_state_field old_cpu_rows[] = { CPU, TIME_AND_EVENT(1000) };

const struct xst_wire_state_table xst_wire_cpu_fields = F_TABLE(cpu_rows);
const struct xst_wire_state_table xst_wire_old_cpu_fields = F_TABLE(old_cpu_rows);

static const struct xst_wire_state_field header_rows[] = {
	F_HEX("magic", WIRE_HVM_MAGIC_AT, 4), F_NUMBER("version", WIRE_HVM_VERSION_AT, 4),
	F_HEX("changeset", 8, 8), F_HEX("cpuid", 16, 4), F_NUMBER("gtsc_khz", 20, 4),
};
const struct xst_wire_state_table xst_wire_hvm_header_fields = F_TABLE(header_rows);

/* --- what a processor has besides ----------------------------------------------------------- */

static const struct xst_wire_state_field lapic_rows[] = {
	F_REG("apic_base_msr", 0, 8, XST_REG_APIC_BASE),
	F_HEX("disabled", 8, 4),
	F_HEX("timer_divisor", 12, 4),
	{ "tdt_msr", 16, 8, .kind = XST_VALUE_HEX, .reg = XST_REG_TSC_DEADLINE,
	  .since = XST_XEN(4, 1, 0) },
	{ "pending_esr", 24, 4, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 21, 0) },
	{ "pad0", 28, 4, .kind = XST_VALUE_RESERVED, .since = XST_XEN(4, 21, 0) },
};
const struct xst_wire_state_table xst_wire_lapic_fields = F_TABLE(lapic_rows);

/* The registers' page: 32 bits each at multiples of 16. */
#define LAPIC_VECTORS(label, at) F_ARRAY(label, at, 4, 8, 16, XST_VALUE_HEX)
static const struct xst_wire_state_field lapic_regs_rows[] = {
	F_HEX("id", 0x20, 4), F_HEX("version", 0x30, 4), F_HEX("tpr", 0x80, 4),
	F_HEX("apr", 0x90, 4),
	F_HEX("ppr", 0xa0, 4), F_HEX("eoi", 0xb0, 4), F_HEX("rrd", 0xc0, 4), F_HEX("ldr", 0xd0, 4),
	F_HEX("dfr", 0xe0, 4), F_HEX("spiv", 0xf0, 4),
	LAPIC_VECTORS("isr", 0x100), LAPIC_VECTORS("tmr", 0x180), LAPIC_VECTORS("irr", 0x200),
	F_HEX("esr", 0x280, 4), F_HEX("lvt_cmci", 0x2f0, 4), F_HEX("icr", 0x300, 4),
	F_HEX("icr2", 0x310, 4), F_HEX("lvt_timer", 0x320, 4), F_HEX("lvt_thermal", 0x330, 4),
	F_HEX("lvt_perf", 0x340, 4), F_HEX("lvt_lint0", 0x350, 4), F_HEX("lvt_lint1", 0x360, 4),
	F_HEX("lvt_error", 0x370, 4), F_HEX("tmict", 0x380, 4), F_HEX("tmcct", 0x390, 4),
	F_HEX("tdcr", 0x3e0, 4),
	F_KIND("last", 0x3f0, 16, XST_VALUE_BYTES),
};
const struct xst_wire_state_table xst_wire_lapic_regs_fields = F_TABLE(lapic_regs_rows);

static const struct xst_wire_state_field mtrr_rows[] = {
	F_REG("pat", 0, 8, XST_REG_PAT),
	F_ARRAY("var[%].base", 8, 8, 8, 16, XST_VALUE_HEX),
	F_ARRAY("var[%].mask", 16, 8, 8, 16, XST_VALUE_HEX),
	F_ARRAY("fixed", 136, 8, 11, 0, XST_VALUE_HEX),
	F_HEX("cap", 224, 8), F_HEX("def_type", 232, 8),
};
const struct xst_wire_state_table xst_wire_mtrr_fields = F_TABLE(mtrr_rows);

static const struct xst_wire_state_field viridian_vcpu_rows[] = {
	F_HEX("vp_assist_msr", 0, 8),
	{ "apic_assist_pending", 8, 1, .since = XST_XEN(4, 7, 0) },
	{ "pad", 9, 1, .count = 7, .kind = XST_VALUE_RESERVED, .since = XST_XEN(4, 7, 0) },
	{ "simp_msr", 16, 8, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 13, 0) },
	{ "sint_msr", 24, 8, .count = 16, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 13, 0) },
	{ "stimer_config_msr", 152, 8, .count = 4, .kind = XST_VALUE_HEX,
	  .since = XST_XEN(4, 13, 0) },
	{ "stimer_count_msr", 184, 8, .count = 4, .kind = XST_VALUE_HEX,
	  .since = XST_XEN(4, 13, 0) },
};
const struct xst_wire_state_table xst_wire_viridian_vcpu_fields = F_TABLE(viridian_vcpu_rows);

static const struct xst_wire_state_field vmce_rows[] = {
	F_HEX("caps", 0, 8),
	{ "mci_ctl2_bank0", 8, 8, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 3, 0) },
	{ "mci_ctl2_bank1", 16, 8, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 3, 0) },
	{ "mcg_ext_ctl", 24, 8, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 10, 0) },
};
const struct xst_wire_state_table xst_wire_vmce_fields = F_TABLE(vmce_rows);

static const struct xst_wire_state_field tsc_adjust_rows[] = {
	F_REG("tsc_adjust", 0, 8, XST_REG_TSC_ADJUST),
};
const struct xst_wire_state_table xst_wire_tsc_adjust_fields = F_TABLE(tsc_adjust_rows);

#define MSR_ROWS(at)                                                                       \
	F_ARRAY("msr[%].index", at, 4, XST_WIRE_AS_MANY, WIRE_HVM_MSR_SIZE, XST_VALUE_MSR), \
	F_ARRAY("msr[%].reserved", (at) + WIRE_HVM_MSR_RESERVED_AT, 4, XST_WIRE_AS_MANY,    \
		WIRE_HVM_MSR_SIZE, XST_VALUE_RESERVED),                                    \
	F_ARRAY("msr[%].value", (at) + 8, 8, XST_WIRE_AS_MANY, WIRE_HVM_MSR_SIZE, XST_VALUE_HEX)

static const struct xst_wire_state_field cpu_msr_rows[] = {
	F_NUMBER("count", WIRE_HVM_MSR_COUNT_AT, 4), F_RESERVED("pad0", 4, 4),
	MSR_ROWS(WIRE_HVM_MSR_FIXED),
};
const struct xst_wire_state_table xst_wire_cpu_msr_fields = F_TABLE(cpu_msr_rows);

/* The same without a count in front: X86_PV_VCPU_MSRS. */
static const struct xst_wire_state_field pv_msr_rows[] = { MSR_ROWS(0) };
static const struct xst_wire_state_table pv_msrs = F_TABLE(pv_msr_rows);

const struct xst_wire_state_table *xst_wire_pv_msr_fields(void)
{
	return &pv_msrs;
}

/* --- xsave areas ---------------------------------------------------------------------------- */

/* Masks in front of the area, then the area: FXSAVE's part, a header, and what xcr0_accum has.
 * After AVX the places are the processor's. */
#define AREA_HEX(label, at, base) F_HEX(label, (base) + (at), 8)
#define AREA(base)                                                                       \
	FXSAVE(base),                                                                     \
	AREA_HEX("xstate_bv", WIRE_XSAVE_HEADER, base),                                   \
	AREA_HEX("xcomp_bv", WIRE_XSAVE_HEADER + 8, base),                                \
	F_ARRAY("xsave_reserved", (base) + WIRE_XSAVE_HEADER + 16, 8, 6, 0, XST_VALUE_RESERVED), \
	F_ARRAY("ymmh%", (base) + WIRE_XSAVE_MIN_AREA, 16, 16, 16, XST_VALUE_BYTES)

static const struct xst_wire_state_field hvm_xsave_rows[] = {
	F_HEX("xfeature_mask", 0, 8),
	F_REG("xcr0", WIRE_HVM_XCR0_AT, 8, XST_REG_XCR0),
	F_REG("xcr0_accum", WIRE_HVM_XCR0_ACCUM_AT, 8, XST_REG_XCR0_ACCUM),
	AREA(WIRE_HVM_XSAVE_AREA_AT),
};
const struct xst_wire_state_table xst_wire_hvm_xsave_fields = F_TABLE(hvm_xsave_rows);

static const struct xst_wire_state_field pv_xsave_rows[] = {
	F_REG("xcr0", WIRE_XSAVE_XCR0_AT, 8, XST_REG_XCR0),
	F_REG("xcr0_accum", WIRE_XSAVE_ACCUM_AT, 8, XST_REG_XCR0_ACCUM),
	AREA(WIRE_XSAVE_AREA_AT),
};
static const struct xst_wire_state_table pv_xsave = F_TABLE(pv_xsave_rows);

const struct xst_wire_state_table *xst_wire_pv_xsave_fields(void)
{
	return &pv_xsave;
}
