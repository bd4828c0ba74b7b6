/* SPDX-License-Identifier: MIT */
/* Names of registers and of MSRs. */
#include <stddef.h>
#include <stdint.h>

#include <xenstream/state.h>

struct register_row {
	const char *name;
	uint8_t bits;
};

static const struct register_row registers[XST_REG_MAX] = {
	[XST_REG_RAX] = { "rax", 64 },
	[XST_REG_RBX] = { "rbx", 64 },
	[XST_REG_RCX] = { "rcx", 64 },
	[XST_REG_RDX] = { "rdx", 64 },
	[XST_REG_RBP] = { "rbp", 64 },
	[XST_REG_RSI] = { "rsi", 64 },
	[XST_REG_RDI] = { "rdi", 64 },
	[XST_REG_RSP] = { "rsp", 64 },
	[XST_REG_R8] = { "r8", 64 },
	[XST_REG_R9] = { "r9", 64 },
	[XST_REG_R10] = { "r10", 64 },
	[XST_REG_R11] = { "r11", 64 },
	[XST_REG_R12] = { "r12", 64 },
	[XST_REG_R13] = { "r13", 64 },
	[XST_REG_R14] = { "r14", 64 },
	[XST_REG_R15] = { "r15", 64 },
	[XST_REG_RIP] = { "rip", 64 },
	[XST_REG_RFLAGS] = { "rflags", 64 },
	[XST_REG_CR0] = { "cr0", 64 },
	[XST_REG_CR2] = { "cr2", 64 },
	[XST_REG_CR3] = { "cr3", 64 },
	[XST_REG_CR4] = { "cr4", 64 },
	[XST_REG_USER_CR3] = { "user_cr3", 64 },
	[XST_REG_DR0] = { "dr0", 64 },
	[XST_REG_DR1] = { "dr1", 64 },
	[XST_REG_DR2] = { "dr2", 64 },
	[XST_REG_DR3] = { "dr3", 64 },
	[XST_REG_DR6] = { "dr6", 64 },
	[XST_REG_DR7] = { "dr7", 64 },
	[XST_REG_CS] = { "cs", 16 },
	[XST_REG_CS_BASE] = { "cs_base", 64 },
	[XST_REG_CS_LIMIT] = { "cs_limit", 32 },
	[XST_REG_CS_ATTRIBUTES] = { "cs_attributes", 32 },
	[XST_REG_DS] = { "ds", 16 },
	[XST_REG_DS_BASE] = { "ds_base", 64 },
	[XST_REG_DS_LIMIT] = { "ds_limit", 32 },
	[XST_REG_DS_ATTRIBUTES] = { "ds_attributes", 32 },
	[XST_REG_ES] = { "es", 16 },
	[XST_REG_ES_BASE] = { "es_base", 64 },
	[XST_REG_ES_LIMIT] = { "es_limit", 32 },
	[XST_REG_ES_ATTRIBUTES] = { "es_attributes", 32 },
	[XST_REG_FS] = { "fs", 16 },
	[XST_REG_FS_BASE] = { "fs_base", 64 },
	[XST_REG_FS_LIMIT] = { "fs_limit", 32 },
	[XST_REG_FS_ATTRIBUTES] = { "fs_attributes", 32 },
	[XST_REG_GS] = { "gs", 16 },
	[XST_REG_GS_BASE] = { "gs_base", 64 },
	[XST_REG_GS_LIMIT] = { "gs_limit", 32 },
	[XST_REG_GS_ATTRIBUTES] = { "gs_attributes", 32 },
	[XST_REG_SS] = { "ss", 16 },
	[XST_REG_SS_BASE] = { "ss_base", 64 },
	[XST_REG_SS_LIMIT] = { "ss_limit", 32 },
	[XST_REG_SS_ATTRIBUTES] = { "ss_attributes", 32 },
	[XST_REG_TR] = { "tr", 16 },
	[XST_REG_TR_BASE] = { "tr_base", 64 },
	[XST_REG_TR_LIMIT] = { "tr_limit", 32 },
	[XST_REG_TR_ATTRIBUTES] = { "tr_attributes", 32 },
	[XST_REG_LDTR] = { "ldtr", 16 },
	[XST_REG_LDTR_BASE] = { "ldtr_base", 64 },
	[XST_REG_LDTR_LIMIT] = { "ldtr_limit", 32 },
	[XST_REG_LDTR_ATTRIBUTES] = { "ldtr_attributes", 32 },
	[XST_REG_IDTR_BASE] = { "idtr_base", 64 },
	[XST_REG_IDTR_LIMIT] = { "idtr_limit", 32 },
	[XST_REG_GDTR_BASE] = { "gdtr_base", 64 },
	[XST_REG_GDTR_LIMIT] = { "gdtr_limit", 32 },
	[XST_REG_SYSENTER_CS] = { "sysenter_cs", 64 },
	[XST_REG_SYSENTER_ESP] = { "sysenter_esp", 64 },
	[XST_REG_SYSENTER_EIP] = { "sysenter_eip", 64 },
	[XST_REG_KERNEL_GS_BASE] = { "kernel_gs_base", 64 },
	[XST_REG_LSTAR] = { "lstar", 64 },
	[XST_REG_STAR] = { "star", 64 },
	[XST_REG_CSTAR] = { "cstar", 64 },
	[XST_REG_SFMASK] = { "sfmask", 64 },
	[XST_REG_EFER] = { "efer", 64 },
	[XST_REG_TSC_AUX] = { "tsc_aux", 64 },
	[XST_REG_TSC] = { "tsc", 64 },
	[XST_REG_TSC_ADJUST] = { "tsc_adjust", 64 },
	[XST_REG_PENDING_EVENT] = { "pending_event", 32 },
	[XST_REG_ERROR_CODE] = { "error_code", 32 },
	[XST_REG_XCR0] = { "xcr0", 64 },
	[XST_REG_XCR0_ACCUM] = { "xcr0_accum", 64 },
	[XST_REG_APIC_BASE] = { "apic_base", 64 },
	[XST_REG_TSC_DEADLINE] = { "tsc_deadline", 64 },
	[XST_REG_PAT] = { "pat", 64 },
};

const char *xst_register_name(enum xst_register reg)
{
	return reg > XST_REG_NONE && reg < XST_REG_MAX ? registers[reg].name : "unknown";
}

unsigned xst_register_bits(enum xst_register reg)
{
	return reg > XST_REG_NONE && reg < XST_REG_MAX ? registers[reg].bits : 0;
}

#define BIT_NAMES 64
static const char *const rflags_bits[BIT_NAMES] = {
	[0] = "CF", [2] = "PF", [4] = "AF", [6] = "ZF", [7] = "SF", [8] = "TF", [9] = "IF", [10] = "DF",
	[11] = "OF", [14] = "NT", [16] = "RF", [17] = "VM", [18] = "AC", [19] = "VIF", [20] = "VIP",
	[21] = "ID",
};
static const char *const cr0_bits[BIT_NAMES] = {
	[0] = "PE", [1] = "MP", [2] = "EM", [3] = "TS", [4] = "ET", [5] = "NE", [16] = "WP", [18] = "AM",
	[29] = "NW", [30] = "CD", [31] = "PG",
};
static const char *const cr4_bits[BIT_NAMES] = {
	[0] = "VME", [1] = "PVI", [2] = "TSD", [3] = "DE", [4] = "PSE", [5] = "PAE", [6] = "MCE",
	[7] = "PGE", [8] = "PCE", [9] = "OSFXSR", [10] = "OSXMMEXCPT", [11] = "UMIP", [12] = "LA57",
	[13] = "VMXE", [14] = "SMXE", [16] = "FSGSBASE", [17] = "PCIDE", [18] = "OSXSAVE", [19] = "KL",
	[20] = "SMEP", [21] = "SMAP", [22] = "PKE", [23] = "CET", [24] = "PKS", [25] = "UINTR",
	[27] = "LASS", [28] = "LAM_SUP", [32] = "FRED",
};
static const char *const efer_bits[BIT_NAMES] = {
	[0] = "SCE", [8] = "LME", [10] = "LMA", [11] = "NX", [12] = "SVME", [13] = "LMSLE",
	[14] = "FFXSR", [15] = "TCE", [21] = "AIBRSE",
};
static const char *const xcr0_bits[BIT_NAMES] = {
	[0] = "x87", [1] = "SSE", [2] = "AVX", [3] = "BNDREGS", [4] = "BNDCSR", [5] = "OPMASK",
	[6] = "ZMM", [7] = "HI_ZMM", [8] = "PT", [9] = "PKRU", [10] = "PASID", [11] = "CET_U",
	[12] = "CET_S", [13] = "HDC", [14] = "UINTR", [15] = "LBR", [16] = "HWP", [17] = "TILECFG",
	[18] = "TILEDATA", [62] = "LWP",
};

const char *xst_register_bit_name(enum xst_register reg, unsigned bit)
{
	const char *const *names = reg == XST_REG_RFLAGS	? rflags_bits
				   : reg == XST_REG_CR0		? cr0_bits
				   : reg == XST_REG_CR4		? cr4_bits
				   : reg == XST_REG_EFER	? efer_bits
				   : reg == XST_REG_XCR0 || reg == XST_REG_XCR0_ACCUM ? xcr0_bits
									       : NULL;

	return names && bit < BIT_NAMES ? names[bit] : NULL;
}

/* --- MSRs ----------------------------------------------------------------------------------- */

static const struct msr_row {
	uint32_t index;
	const char *name;
} msrs[] = {
	{ 0x10, "TSC" },
	{ 0x17, "PLATFORM_ID" },
	{ 0x1b, "APIC_BASE" },
	{ 0x35, "CORE_THREAD_COUNT" },
	{ 0x3a, "FEATURE_CONTROL" },
	{ 0x3b, "TSC_ADJUST" },
	{ 0x48, "SPEC_CTRL" },
	{ 0x49, "PRED_CMD" },
	{ 0x4e, "PPIN_CTL" },
	{ 0x4f, "PPIN" },
	{ 0x8b, "PATCHLEVEL" },
	{ 0xc1, "PMC0" },
	{ 0xc2, "PMC1" },
	{ 0xc3, "PMC2" },
	{ 0xc4, "PMC3" },
	{ 0xce, "PLATFORM_INFO" },
	{ 0xcf, "CORE_CAPABILITIES" },
	{ 0xe7, "MPERF" },
	{ 0xe8, "APERF" },
	{ 0xfe, "MTRRCAP" },
	{ 0x10a, "ARCH_CAPABILITIES" },
	{ 0x10b, "FLUSH_CMD" },
	{ 0x10f, "TSX_FORCE_ABORT" },
	{ 0x122, "TSX_CTRL" },
	{ 0x123, "MCU_OPT_CTRL" },
	{ 0x140, "MISC_FEATURES_ENABLES" },
	{ 0x174, "SYSENTER_CS" },
	{ 0x175, "SYSENTER_ESP" },
	{ 0x176, "SYSENTER_EIP" },
	{ 0x179, "MCG_CAP" },
	{ 0x17a, "MCG_STATUS" },
	{ 0x17b, "MCG_CTL" },
	{ 0x186, "PERFEVTSEL0" },
	{ 0x187, "PERFEVTSEL1" },
	{ 0x188, "PERFEVTSEL2" },
	{ 0x189, "PERFEVTSEL3" },
	{ 0x198, "PERF_STATUS" },
	{ 0x199, "PERF_CTL" },
	{ 0x1a0, "MISC_ENABLE" },
	{ 0x1c4, "XFD" },
	{ 0x1c5, "XFD_ERR" },
	{ 0x1c9, "LASTBRANCH_TOS" },
	{ 0x1d9, "DEBUGCTL" },
	{ 0x1db, "LASTBRANCHFROMIP" },
	{ 0x1dc, "LASTBRANCHTOIP" },
	{ 0x1dd, "LASTINTFROMIP" },
	{ 0x1de, "LASTINTTOIP" },
	{ 0x250, "MTRR_FIX64K_00000" },
	{ 0x258, "MTRR_FIX16K_80000" },
	{ 0x259, "MTRR_FIX16K_A0000" },
	{ 0x268, "MTRR_FIX4K_C0000" },
	{ 0x269, "MTRR_FIX4K_C8000" },
	{ 0x26a, "MTRR_FIX4K_D0000" },
	{ 0x26b, "MTRR_FIX4K_D8000" },
	{ 0x26c, "MTRR_FIX4K_E0000" },
	{ 0x26d, "MTRR_FIX4K_E8000" },
	{ 0x26e, "MTRR_FIX4K_F0000" },
	{ 0x26f, "MTRR_FIX4K_F8000" },
	{ 0x277, "PAT" },
	{ 0x2ff, "MTRR_DEF_TYPE" },
	{ 0x345, "PERF_CAPABILITIES" },
	{ 0x38d, "FIXED_CTR_CTRL" },
	{ 0x38e, "PERF_GLOBAL_STATUS" },
	{ 0x38f, "PERF_GLOBAL_CTRL" },
	{ 0x480, "VMX_BASIC" },
	{ 0x4d0, "MCG_EXT_CTL" },
	{ 0x600, "DS_AREA" },
	{ 0x6a0, "U_CET" },
	{ 0x6a2, "S_CET" },
	{ 0x6a4, "PL0_SSP" },
	{ 0x6a5, "PL1_SSP" },
	{ 0x6a6, "PL2_SSP" },
	{ 0x6a7, "PL3_SSP" },
	{ 0x6a8, "INTERRUPT_SSP_TABLE" },
	{ 0x6e0, "TSC_DEADLINE" },
	{ 0x6e1, "PKRS" },
	{ 0xd90, "BNDCFGS" },
	{ 0xd93, "PASID" },
	{ 0xda0, "XSS" },
	{ 0x40000000, "HV_GUEST_OS_ID" },
	{ 0x40000001, "HV_HYPERCALL" },
	{ 0x40000020, "HV_TIME_REF_COUNT" },
	{ 0x40000021, "HV_REFERENCE_TSC" },
	{ 0x40000073, "HV_VP_ASSIST_PAGE" },
	{ 0xc0000080, "EFER" },
	{ 0xc0000081, "STAR" },
	{ 0xc0000082, "LSTAR" },
	{ 0xc0000083, "CSTAR" },
	{ 0xc0000084, "SYSCALL_MASK" },
	{ 0xc0000100, "FS_BASE" },
	{ 0xc0000101, "GS_BASE" },
	{ 0xc0000102, "KERNEL_GS_BASE" },
	{ 0xc0000103, "TSC_AUX" },
	{ 0xc0000104, "TSC_RATIO" },
	{ 0xc0000105, "LWP_CFG" },
	{ 0xc0000106, "LWP_CBADDR" },
	{ 0xc0010000, "K7_EVNTSEL0" },
	{ 0xc0010001, "K7_EVNTSEL1" },
	{ 0xc0010002, "K7_EVNTSEL2" },
	{ 0xc0010003, "K7_EVNTSEL3" },
	{ 0xc0010004, "K7_PERFCTR0" },
	{ 0xc0010005, "K7_PERFCTR1" },
	{ 0xc0010006, "K7_PERFCTR2" },
	{ 0xc0010007, "K7_PERFCTR3" },
	{ 0xc0010010, "SYSCFG" },
	{ 0xc0010015, "HWCR" },
	{ 0xc001001a, "TOP_MEM1" },
	{ 0xc001001d, "TOP_MEM2" },
	{ 0xc001001f, "NB_CFG" },
	{ 0xc0010114, "VM_CR" },
	{ 0xc0010117, "VM_HSAVE_PA" },
	{ 0xc001011f, "VIRT_SPEC_CTRL" },
	{ 0xc0010140, "OSVW_ID_LENGTH" },
	{ 0xc0010141, "OSVW_STATUS" },
	{ 0xc0011019, "DR1_ADDRESS_MASK" },
	{ 0xc001101a, "DR2_ADDRESS_MASK" },
	{ 0xc001101b, "DR3_ADDRESS_MASK" },
	{ 0xc0011020, "LS_CFG" },
	{ 0xc0011022, "DC_CFG" },
	{ 0xc0011027, "DR0_ADDRESS_MASK" },
	{ 0xc0011029, "DE_CFG" },
};

const char *xst_msr_name(uint32_t index)
{
	for (size_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
		if (msrs[i].index == index)
			return msrs[i].name;
	return NULL;
}
