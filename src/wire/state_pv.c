/* SPDX-License-Identifier: MIT */
/* Fields of a PV guest's vCPUs, and of the page that it shares with Xen. */
#include "wire/state_tables.h"

#define TRAPS(label, at, bytes, step, k) F_ARRAY("trap[%]." label, at, bytes, 256, step, k)

static const struct xst_wire_state_field context64_rows[] = {
	FXSAVE(0), F_HEX("vgcf_flags", 512, 8),
	F_REG("r15", 520, 8, XST_REG_R15), F_REG("r14", 528, 8, XST_REG_R14),
	F_REG("r13", 536, 8, XST_REG_R13), F_REG("r12", 544, 8, XST_REG_R12),
	F_REG("rbp", 552, 8, XST_REG_RBP), F_REG("rbx", 560, 8, XST_REG_RBX),
	F_REG("r11", 568, 8, XST_REG_R11), F_REG("r10", 576, 8, XST_REG_R10),
	F_REG("r9", 584, 8, XST_REG_R9), F_REG("r8", 592, 8, XST_REG_R8),
	F_REG("rax", 600, 8, XST_REG_RAX), F_REG("rcx", 608, 8, XST_REG_RCX),
	F_REG("rdx", WIRE_PV64_RDX_AT, 8, XST_REG_RDX), F_REG("rsi", 624, 8, XST_REG_RSI),
	F_REG("rdi", 632, 8, XST_REG_RDI), F_REG("error_code", 640, 4, XST_REG_ERROR_CODE),
	F_HEX("entry_vector", 644, 4), F_REG("rip", 648, 8, XST_REG_RIP),
	F_REG("cs", 656, 2, XST_REG_CS),
	F_RESERVED("pad0", 658, 2), F_NUMBER("saved_upcall_mask", 660, 1),
	F_ARRAY("pad1", 661, 1, 3, 0, XST_VALUE_RESERVED),
	F_REG("rflags", 664, 8, XST_REG_RFLAGS), F_REG("rsp", 672, 8, XST_REG_RSP),
	F_REG("ss", 680, 2, XST_REG_SS), F_ARRAY("pad2", 682, 2, 3, 0, XST_VALUE_RESERVED),
	F_REG("es", 688, 2, XST_REG_ES), F_ARRAY("pad3", 690, 2, 3, 0, XST_VALUE_RESERVED),
	F_REG("ds", 696, 2, XST_REG_DS), F_ARRAY("pad4", 698, 2, 3, 0, XST_VALUE_RESERVED),
	F_REG("fs", 704, 2, XST_REG_FS), F_ARRAY("pad5", 706, 2, 3, 0, XST_VALUE_RESERVED),
	F_REG("gs", 712, 2, XST_REG_GS), F_ARRAY("pad6", 714, 2, 3, 0, XST_VALUE_RESERVED),
	TRAPS("vector", 720, 1, 16, XST_VALUE_HEX), TRAPS("flags", 721, 1, 16, XST_VALUE_HEX),
	TRAPS("cs", 722, 2, 16, XST_VALUE_HEX), TRAPS("pad", 724, 4, 16, XST_VALUE_RESERVED),
	TRAPS("address", 728, 8, 16, XST_VALUE_HEX),
	F_REG("ldt_base", 4816, 8, XST_REG_LDTR_BASE), F_NUMBER("ldt_ents", 4824, 8),
	F_ARRAY("gdt_frame", WIRE_PV64_GDT_FRAMES_AT, 8, 16, 0, XST_VALUE_HEX),
	F_NUMBER("gdt_ents", WIRE_PV64_GDT_ENTS_AT, 8),
	F_HEX("kernel_ss", 4968, 8), F_HEX("kernel_sp", 4976, 8),
	F_REG("cr0", 4984, 8, XST_REG_CR0),
	F_REG("cr1", WIRE_PV64_USER_CR3_AT, 8, XST_REG_USER_CR3),
	F_REG("cr2", 5000, 8, XST_REG_CR2), F_REG("cr3", WIRE_PV64_CR3_AT, 8, XST_REG_CR3),
	F_REG("cr4", 5016, 8, XST_REG_CR4), F_HEX("cr5", 5024, 8), F_HEX("cr6", 5032, 8),
	F_HEX("cr7", 5040, 8),
	F_REG("dr0", 5048, 8, XST_REG_DR0), F_REG("dr1", 5056, 8, XST_REG_DR1),
	F_REG("dr2", 5064, 8, XST_REG_DR2), F_REG("dr3", 5072, 8, XST_REG_DR3),
	F_HEX("dr4", 5080, 8), F_HEX("dr5", 5088, 8),
	F_REG("dr6", 5096, 8, XST_REG_DR6), F_REG("dr7", 5104, 8, XST_REG_DR7),
	F_HEX("event_callback_eip", 5112, 8), F_HEX("failsafe_callback_eip", 5120, 8),
	F_HEX("syscall_callback_eip", 5128, 8), F_HEX("vm_assist", 5136, 8),
	F_REG("fs_base", 5144, 8, XST_REG_FS_BASE),
	F_REG("gs_base_kernel", 5152, 8, XST_REG_KERNEL_GS_BASE),
	F_REG("gs_base_user", 5160, 8, XST_REG_GS_BASE),
};
static const struct xst_wire_state_table context64 = F_TABLE(context64_rows);

static const struct xst_wire_state_field context32_rows[] = {
	FXSAVE(0), F_HEX("vgcf_flags", 512, 4),
	F_REG("ebx", 516, 4, XST_REG_RBX), F_REG("ecx", 520, 4, XST_REG_RCX),
	F_REG("edx", WIRE_PV32_EDX_AT, 4, XST_REG_RDX), F_REG("esi", 528, 4, XST_REG_RSI),
	F_REG("edi", 532, 4, XST_REG_RDI), F_REG("ebp", 536, 4, XST_REG_RBP),
	F_REG("eax", 540, 4, XST_REG_RAX), F_REG("error_code", 544, 2, XST_REG_ERROR_CODE),
	F_HEX("entry_vector", 546, 2), F_REG("eip", 548, 4, XST_REG_RIP),
	F_REG("cs", 552, 2, XST_REG_CS),
	F_NUMBER("saved_upcall_mask", 554, 1), F_RESERVED("pad0", 555, 1),
	F_REG("eflags", 556, 4, XST_REG_RFLAGS), F_REG("esp", 560, 4, XST_REG_RSP),
	F_REG("ss", 564, 2, XST_REG_SS), F_RESERVED("pad1", 566, 2),
	F_REG("es", 568, 2, XST_REG_ES), F_RESERVED("pad2", 570, 2),
	F_REG("ds", 572, 2, XST_REG_DS), F_RESERVED("pad3", 574, 2),
	F_REG("fs", 576, 2, XST_REG_FS), F_RESERVED("pad4", 578, 2),
	F_REG("gs", 580, 2, XST_REG_GS), F_RESERVED("pad5", 582, 2),
	TRAPS("vector", 584, 1, 8, XST_VALUE_HEX), TRAPS("flags", 585, 1, 8, XST_VALUE_HEX),
	TRAPS("cs", 586, 2, 8, XST_VALUE_HEX), TRAPS("address", 588, 4, 8, XST_VALUE_HEX),
	F_REG("ldt_base", 2632, 4, XST_REG_LDTR_BASE), F_NUMBER("ldt_ents", 2636, 4),
	F_ARRAY("gdt_frame", WIRE_PV32_GDT_FRAMES_AT, 4, 16, 0, XST_VALUE_HEX),
	F_NUMBER("gdt_ents", WIRE_PV32_GDT_ENTS_AT, 4),
	F_HEX("kernel_ss", 2708, 4), F_HEX("kernel_sp", 2712, 4),
	F_REG("cr0", 2716, 4, XST_REG_CR0), F_HEX("cr1", 2720, 4),
	F_REG("cr2", 2724, 4, XST_REG_CR2),
	F_REG("cr3", WIRE_PV32_CR3_AT, 4, XST_REG_CR3), F_REG("cr4", 2732, 4, XST_REG_CR4),
	F_HEX("cr5", 2736, 4), F_HEX("cr6", 2740, 4), F_HEX("cr7", 2744, 4),
	F_REG("dr0", 2748, 4, XST_REG_DR0), F_REG("dr1", 2752, 4, XST_REG_DR1),
	F_REG("dr2", 2756, 4, XST_REG_DR2), F_REG("dr3", 2760, 4, XST_REG_DR3),
	F_HEX("dr4", 2764, 4), F_HEX("dr5", 2768, 4),
	F_REG("dr6", 2772, 4, XST_REG_DR6), F_REG("dr7", 2776, 4, XST_REG_DR7),
	F_HEX("event_callback_cs", 2780, 4), F_HEX("event_callback_eip", 2784, 4),
	F_HEX("failsafe_callback_cs", 2788, 4), F_HEX("failsafe_callback_eip", 2792, 4),
	F_HEX("vm_assist", 2796, 4),
};
static const struct xst_wire_state_table context32 = F_TABLE(context32_rows);

const struct xst_wire_state_table *xst_wire_pv_context_fields(unsigned width)
{
	return width == 8 ? &context64 : width == 4 ? &context32 : NULL;
}

/* The same for either width: it is Xen's own, of 64 bits. */
static const struct xst_wire_state_field extended_rows[] = {
	F_NUMBER("vcpu", WIRE_PV_EXTENDED_VCPU_AT, 4),
	F_NUMBER("size", WIRE_PV_EXTENDED_SIZE_AT, 4),
	F_HEX("syscall32_callback_eip", 8, 8), F_HEX("sysenter_callback_eip", 16, 8),
	F_HEX("syscall32_callback_cs", 24, 2), F_HEX("sysenter_callback_cs", 26, 2),
	F_NUMBER("syscall32_disables_events", 28, 1), F_NUMBER("sysenter_disables_events", 29, 1),
	{ "mcg_cap", 32, 8, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 2, 0) },
	{ "mci_ctl2_bank0", 40, 8, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 3, 0) },
	{ "mci_ctl2_bank1", 48, 8, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 3, 0) },
	{ "mcg_ext_ctl", 56, 8, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 10, 0) },
};
static const struct xst_wire_state_table extended = F_TABLE(extended_rows);

const struct xst_wire_state_table *xst_wire_pv_extended_fields(void)
{
	return &extended;
}

/* --- the shared info page ------------------------------------------------------------------- */

#define VCPU_INFO(label, at, bytes, k) F_ARRAY("vcpu[%]." label, at, bytes, 32, 64, k)
#define VCPU_TIME                                                                     \
	VCPU_INFO("time.version", 32, 4, XST_VALUE_NUMBER),                            \
	VCPU_INFO("time.pad0", 36, 4, XST_VALUE_RESERVED),                             \
	VCPU_INFO("time.tsc_timestamp", 40, 8, XST_VALUE_HEX),                         \
	VCPU_INFO("time.system_time", 48, 8, XST_VALUE_NUMBER),                        \
	VCPU_INFO("time.tsc_to_system_mul", 56, 4, XST_VALUE_HEX),                     \
	VCPU_INFO("time.tsc_shift", 60, 1, XST_VALUE_SIGNED),                          \
	VCPU_INFO("time.flags", 61, 1, XST_VALUE_HEX)

static const struct xst_wire_state_field shared64_rows[] = {
	VCPU_INFO("evtchn_upcall_pending", 0, 1, XST_VALUE_NUMBER),
	VCPU_INFO("evtchn_upcall_mask", 1, 1, XST_VALUE_NUMBER),
	VCPU_INFO("evtchn_pending_sel", 8, 8, XST_VALUE_HEX),
	VCPU_INFO("cr2", 16, 8, XST_VALUE_HEX),
	VCPU_TIME,
	F_ARRAY("evtchn_pending", 2048, 8, 64, 0, XST_VALUE_HEX),
	F_ARRAY("evtchn_mask", 2560, 8, 64, 0, XST_VALUE_HEX),
	F_NUMBER("wc_version", 3072, 4), F_NUMBER("wc_sec", 3076, 4), F_NUMBER("wc_nsec", 3080, 4),
	{ "wc_sec_hi", 3084, 4, .since = XST_XEN(4, 6, 0) },
	F_HEX("max_pfn", 3088, 8), F_HEX("pfn_to_mfn_frame_list_list", 3096, 8),
	F_HEX("nmi_reason", 3104, 8),
	{ "p2m_cr3", 3112, 8, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 6, 0) },
	{ "p2m_vaddr", 3120, 8, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 6, 0) },
	{ "p2m_generation", 3128, 8, .since = XST_XEN(4, 6, 0) },
};
static const struct xst_wire_state_field shared32_rows[] = {
	VCPU_INFO("evtchn_upcall_pending", 0, 1, XST_VALUE_NUMBER),
	VCPU_INFO("evtchn_upcall_mask", 1, 1, XST_VALUE_NUMBER),
	VCPU_INFO("evtchn_pending_sel", 4, 4, XST_VALUE_HEX), VCPU_INFO("cr2", 8, 4, XST_VALUE_HEX),
	VCPU_TIME,
	F_ARRAY("evtchn_pending", 2048, 4, 32, 0, XST_VALUE_HEX),
	F_ARRAY("evtchn_mask", 2176, 4, 32, 0, XST_VALUE_HEX),
	F_NUMBER("wc_version", 2304, 4), F_NUMBER("wc_sec", 2308, 4), F_NUMBER("wc_nsec", 2312, 4),
	F_HEX("max_pfn", 2316, 4), F_HEX("pfn_to_mfn_frame_list_list", 2320, 4),
	F_HEX("nmi_reason", 2324, 4),
	{ "p2m_cr3", 2328, 4, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 6, 0) },
	{ "p2m_vaddr", 2332, 4, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 6, 0) },
	{ "p2m_generation", 2336, 4, .since = XST_XEN(4, 6, 0) },
	{ "wc_sec_hi", 2340, 4, .since = XST_XEN(4, 6, 0) },
};
static const struct xst_wire_state_table shared64 = F_TABLE(shared64_rows);
static const struct xst_wire_state_table shared32 = F_TABLE(shared32_rows);

const struct xst_wire_state_table *xst_wire_shared_info_fields(unsigned width)
{
	return width == 8 ? &shared64 : width == 4 ? &shared32 : NULL;
}
