/* SPDX-License-Identifier: MIT */
/* Features by leaf, register and bit: named as /proc/cpuinfo of Linux does, or where that is
 * silent as Xen does, and as Xen's xen-cpuid does (xen/include/public/arch-x86/cpufeatureset.h). */
#include "wire/wire.h"

#include <xenstream/state.h>

enum { EAX, EBX, ECX, EDX };

struct feature_bit {
	uint8_t bit;
	uint8_t varies;
	const char *name, *xen;
};

#define BIT(number, name, xen) { number, 0, name, xen }
#define VARIES(number, name, xen) { number, 1, name, xen }

static const struct feature_bit leaf_1_0_edx[] = {
	BIT(0, "fpu", "fpu"), BIT(1, "vme", "vme"), BIT(2, "de", "de"), BIT(3, "pse", "pse"),
	BIT(4, "tsc", "tsc"), BIT(5, "msr", "msr"), BIT(6, "pae", "pae"), BIT(7, "mce", "mce"),
	BIT(8, "cx8", "cx8"), BIT(9, "apic", "apic"), BIT(11, "sep", "sep"),
	BIT(12, "mtrr", "mtrr"), BIT(13, "pge", "pge"), BIT(14, "mca", "mca"),
	BIT(15, "cmov", "cmov"), BIT(16, "pat", "pat"), BIT(17, "pse36", "pse36"),
	BIT(19, "clflush", "clflush"), BIT(21, "dts", "ds"), BIT(22, "acpi", "acpi"),
	BIT(23, "mmx", "mmx"), BIT(24, "fxsr", "fxsr"), BIT(25, "sse", "sse"),
	BIT(26, "sse2", "sse2"), BIT(27, "ss", "ss"), VARIES(28, "ht", "htt"),
	BIT(29, "tm", "tm1"), BIT(31, "pbe", "pbe"),
};
static const struct feature_bit leaf_1_0_ecx[] = {
	BIT(0, "pni", "sse3"), BIT(1, "pclmulqdq", "pclmulqdq"), BIT(2, "dtes64", "dtes64"),
	BIT(3, "monitor", "monitor"), BIT(4, "ds_cpl", "dscpl"), BIT(5, "vmx", "vmx"),
	BIT(6, "smx", "smx"), BIT(7, "est", "eist"), BIT(8, "tm2", "tm2"),
	BIT(9, "ssse3", "ssse3"), BIT(11, "sdbg", "sdbg"), BIT(12, "fma", "fma"),
	BIT(13, "cx16", "cx16"), BIT(14, "xtpr", "xtpr"), BIT(15, "pdcm", "pdcm"),
	BIT(17, "pcid", "pcid"), BIT(18, "dca", "dca"), BIT(19, "sse4_1", "sse4-1"),
	BIT(20, "sse4_2", "sse4-2"), BIT(21, "x2apic", "x2apic"), BIT(22, "movbe", "movbe"),
	BIT(23, "popcnt", "popcnt"), BIT(24, "tsc_deadline_timer", "tsc-deadline"),
	BIT(25, "aes", "aesni"), BIT(26, "xsave", "xsave"), VARIES(27, "osxsave", "osxsave"),
	BIT(28, "avx", "avx"), BIT(29, "f16c", "f16c"), BIT(30, "rdrand", "rdrand"),
	VARIES(31, "hypervisor", "hypervisor"),
};
static const struct feature_bit leaf_80000001_0_edx[] = {
	BIT(11, "syscall", "syscall"), BIT(20, "nx", "nx"), BIT(22, "mmxext", "mmxext"),
	BIT(25, "fxsr_opt", "ffxsr"), BIT(26, "pdpe1gb", "page1gb"),
	BIT(27, "rdtscp", "rdtscp"), BIT(29, "lm", "lm"), BIT(30, "3dnowext", "3dnowext"),
	BIT(31, "3dnow", "3dnow"),
};
static const struct feature_bit leaf_80000001_0_ecx[] = {
	BIT(0, "lahf_lm", "lahf-lm"), VARIES(1, "cmp_legacy", "cmp-legacy"),
	BIT(2, "svm", "svm"), BIT(3, "extapic", "extapic"), BIT(4, "cr8_legacy", "cr8-legacy"),
	BIT(5, "abm", "abm"), BIT(6, "sse4a", "sse4a"), BIT(7, "misalignsse", "misalignsse"),
	BIT(8, "3dnowprefetch", "3dnowprefetch"), BIT(9, "osvw", "osvw"), BIT(10, "ibs", "ibs"),
	BIT(11, "xop", "xop"), BIT(12, "skinit", "skinit"), BIT(13, "wdt", "wdt"),
	BIT(15, "lwp", "lwp"), BIT(16, "fma4", "fma4"), BIT(19, "nodeid_msr", "nodeid-msr"),
	BIT(21, "tbm", "tbm"), BIT(22, "topoext", "topoext"), BIT(26, "bpext", "dbext"),
	BIT(29, "mwaitx", "monitorx"), BIT(30, "addr_msk_ext", "addr-msk-ext"),
};
static const struct feature_bit leaf_d_1_eax[] = {
	BIT(0, "xsaveopt", "xsaveopt"), BIT(1, "xsavec", "xsavec"),
	BIT(2, "xgetbv1", "xgetbv1"), BIT(3, "xsaves", "xsaves"), BIT(4, "xfd", "xfd"),
};
static const struct feature_bit leaf_7_0_ebx[] = {
	BIT(0, "fsgsbase", "fsgsbase"), BIT(1, "tsc_adjust", "tsc-adjust"),
	BIT(2, "sgx", "sgx"), BIT(3, "bmi1", "bmi1"), BIT(4, "hle", "hle"),
	BIT(5, "avx2", "avx2"), BIT(6, "fdp_excp_only", "fdp-excp-only"),
	BIT(7, "smep", "smep"), BIT(8, "bmi2", "bmi2"), BIT(9, "erms", "erms"),
	BIT(10, "invpcid", "invpcid"), BIT(11, "rtm", "rtm"), BIT(12, "cqm", "pqm"),
	BIT(13, "no_fpu_sel", "no-fpu-sel"), BIT(14, "mpx", "mpx"), BIT(15, "rdt_a", "pqe"),
	BIT(16, "avx512f", "avx512f"), BIT(17, "avx512dq", "avx512dq"),
	BIT(18, "rdseed", "rdseed"), BIT(19, "adx", "adx"), BIT(20, "smap", "smap"),
	BIT(21, "avx512ifma", "avx512-ifma"), BIT(23, "clflushopt", "clflushopt"),
	BIT(24, "clwb", "clwb"), BIT(25, "intel_pt", "proc-trace"),
	BIT(26, "avx512pf", "avx512pf"), BIT(27, "avx512er", "avx512er"),
	BIT(28, "avx512cd", "avx512cd"), BIT(29, "sha_ni", "sha"),
	BIT(30, "avx512bw", "avx512bw"), BIT(31, "avx512vl", "avx512vl"),
};
static const struct feature_bit leaf_7_0_ecx[] = {
	BIT(0, "prefetchwt1", "prefetchwt1"), BIT(1, "avx512vbmi", "avx512-vbmi"),
	BIT(2, "umip", "umip"), BIT(3, "pku", "pku"), VARIES(4, "ospke", "ospke"),
	BIT(5, "waitpkg", "waitpkg"), BIT(6, "avx512_vbmi2", "avx512-vbmi2"),
	BIT(7, "shstk", "cet-ss"), BIT(8, "gfni", "gfni"), BIT(9, "vaes", "vaes"),
	BIT(10, "vpclmulqdq", "vpclmulqdq"), BIT(11, "avx512_vnni", "avx512-vnni"),
	BIT(12, "avx512_bitalg", "avx512-bitalg"), BIT(13, "tme", "tme"),
	BIT(14, "avx512_vpopcntdq", "avx512-vpopcntdq"), BIT(16, "la57", "la57"),
	BIT(22, "rdpid", "rdpid"), BIT(24, "bus_lock_detect", "bld"),
	BIT(25, "cldemote", "cldemote"), BIT(27, "movdiri", "movdiri"),
	BIT(28, "movdir64b", "movdir64b"), BIT(29, "enqcmd", "enqcmd"),
	BIT(30, "sgx_lc", "sgx-lc"), BIT(31, "pks", "pks"),
};
static const struct feature_bit leaf_80000007_0_edx[] = {
	BIT(7, "hw_pstate", "hw-pstate"), BIT(8, "nonstop_tsc", "itsc"), BIT(9, "cpb", "cpb"),
	BIT(10, "eff_freq_ro", "efro"),
};
static const struct feature_bit leaf_80000008_0_ebx[] = {
	BIT(0, "clzero", "clzero"), BIT(2, "xsaveerptr", "rstr-fp-err-ptrs"),
	BIT(9, "wbnoinvd", "wbnoinvd"), BIT(12, "ibpb", "ibpb"), BIT(14, "ibrs", "ibrs"),
	BIT(15, "amd_stibp", "amd-stibp"), BIT(16, "ibrs_always", "ibrs-always"),
	BIT(17, "stibp_always", "stibp-always"), BIT(18, "ibrs_fast", "ibrs-fast"),
	BIT(19, "ibrs_same_mode", "ibrs-same-mode"), BIT(20, "no_lmsl", "no-lmsl"),
	BIT(23, "amd_ppin", "amd-ppin"), BIT(24, "amd_ssbd", "amd-ssbd"),
	BIT(25, "virt_ssbd", "virt-ssbd"), BIT(26, "ssb_no", "ssb-no"), BIT(27, "cppc", "cppc"),
	BIT(28, "psfd", "psfd"), BIT(29, "btc_no", "btc-no"), BIT(30, "ibpb_ret", "ibpb-ret"),
};
static const struct feature_bit leaf_7_0_edx[] = {
	BIT(1, "sgx_keys", "sgx-keys"), BIT(2, "avx512_4vnniw", "avx512-4vnniw"),
	BIT(3, "avx512_4fmaps", "avx512-4fmaps"), BIT(4, "fsrm", "fsrm"),
	BIT(5, "uintr", "uintr"), BIT(8, "avx512_vp2intersect", "avx512-vp2intersect"),
	BIT(9, "srbds_ctrl", "srbds-ctrl"), BIT(10, "md_clear", "md-clear"),
	BIT(11, "rtm_always_abort", "rtm-always-abort"),
	BIT(13, "tsx_force_abort", "tsx-force-abort"), BIT(14, "serialize", "serialize"),
	BIT(15, "hybrid", "hybrid"), BIT(16, "tsxldtrk", "tsxldtrk"),
	BIT(18, "pconfig", "pconfig"), BIT(19, "arch_lbr", "arch-lbr"),
	BIT(20, "ibt", "cet-ibt"), BIT(22, "amx_bf16", "amx-bf16"),
	BIT(23, "avx512_fp16", "avx512-fp16"), BIT(24, "amx_tile", "amx-tile"),
	BIT(25, "amx_int8", "amx-int8"), BIT(26, "ibrsb", "ibrsb"), BIT(27, "stibp", "stibp"),
	BIT(28, "flush_l1d", "l1d-flush"), BIT(29, "arch_capabilities", "arch-caps"),
	BIT(30, "core_capabilities", "core-caps"), BIT(31, "ssbd", "ssbd"),
};
static const struct feature_bit leaf_7_1_eax[] = {
	BIT(0, "sha512", "sha512"), BIT(1, "sm3", "sm3"), BIT(2, "sm4", "sm4"),
	BIT(4, "avx_vnni", "avx-vnni"), BIT(5, "avx512_bf16", "avx512-bf16"),
	BIT(6, "lass", "lass"), BIT(7, "cmpccxadd", "cmpccxadd"),
	BIT(8, "arch_perf_mon", "arch-perf-mon"), BIT(10, "fzrm", "fzrm"),
	BIT(11, "fsrs", "fsrs"), BIT(12, "fsrc", "fsrcs"), BIT(17, "fred", "fred"),
	BIT(18, "lkgs", "lkgs"), BIT(19, "wrmsrns", "wrmsrns"), BIT(20, "nmi_src", "nmi-src"),
	BIT(21, "amx_fp16", "amx-fp16"), BIT(23, "avx_ifma", "avx-ifma"), BIT(26, "lam", "lam"),
	BIT(27, "msrlist", "msrlist"), BIT(30, "no_invd", "no-invd"), BIT(31, "movrs", "movrs"),
};
static const struct feature_bit leaf_80000021_0_eax[] = {
	BIT(0, "no_nest_bp", "no-nest-bp"), BIT(1, "fs_gs_ns", "fs-gs-ns"),
	BIT(2, "lfence_dispatch", "lfence-dispatch"), BIT(5, "verw_clear", "verw-clear"),
	BIT(6, "null_seg_clr_base", "nscb"), BIT(8, "autoibrs", "auto-ibrs"),
	BIT(10, "amd_fsrs", "amd-fsrs"), BIT(11, "amd_fsrc", "amd-fsrc"),
	BIT(17, "cpuid_user_dis", "cpuid-user-dis"), BIT(18, "epsf", "epsf"),
	BIT(19, "fsrsc", "fsrsc"), BIT(20, "amd_prefetchi", "amd-prefetchi"),
	BIT(23, "avx512_bmm", "avx512-bmm"), BIT(27, "sbpb", "sbpb"),
	BIT(28, "ibpb_brtype", "ibpb-brtype"), BIT(29, "srso_no", "srso-no"),
	BIT(30, "srso_us_no", "srso-us-no"), BIT(31, "srso_msr_fix", "srso-msr-fix"),
};
static const struct feature_bit leaf_7_1_ebx[] = {
	BIT(0, "intel_ppin", "intel-ppin"),
};
static const struct feature_bit leaf_7_2_edx[] = {
	BIT(0, "intel_psfd", "intel-psfd"), BIT(1, "ipred_ctrl", "ipred-ctrl"),
	BIT(2, "rrsba_ctrl", "rrsba-ctrl"), BIT(3, "ddp_ctrl", "ddp-ctrl"),
	BIT(4, "bhi_ctrl", "bhi-ctrl"), BIT(5, "mcdt_no", "mcdt-no"),
	BIT(6, "uc_lock_dis", "uc-lock-dis"),
};
static const struct feature_bit leaf_7_1_edx[] = {
	BIT(4, "avx_vnni_int8", "avx-vnni-int8"), BIT(5, "avx_ne_convert", "avx-ne-convert"),
	BIT(8, "amx_complex", "amx-complex"), BIT(10, "avx_vnni_int16", "avx-vnni-int16"),
	BIT(14, "prefetchi", "prefetchi"), BIT(17, "uiret_uif", "uiret-uif"),
	BIT(18, "cet_sss", "cet-sss"), BIT(24, "slsm", "slsm"),
};
static const struct feature_bit arch_caps_low[] = {
	BIT(0, "rdcl_no", "rdcl-no"), BIT(1, "eibrs", "eibrs"), BIT(2, "rsba", "rsba"),
	BIT(3, "skip_l1dfl", "skip-l1dfl"), BIT(4, "intel_ssb_no", "intel-ssb-no"),
	BIT(5, "mds_no", "mds-no"), BIT(6, "if_pschange_mc_no", "if-pschange-mc-no"),
	BIT(7, "tsx_ctrl", "tsx-ctrl"), BIT(8, "taa_no", "taa-no"),
	BIT(9, "mcu_ctrl", "mcu-ctrl"), BIT(10, "misc_pkg_ctrl", "misc-pkg-ctrl"),
	BIT(11, "energy_filtering", "energy-filtering"), BIT(12, "doitm", "doitm"),
	BIT(13, "sbdr_ssdp_no", "sbdr-ssdp-no"), BIT(14, "fbsdp_no", "fbsdp-no"),
	BIT(15, "psdp_no", "psdp-no"), BIT(16, "mcu_ext", "mcu-ext"),
	BIT(17, "fb_clear", "fb-clear"), BIT(18, "fb_clear_ctrl", "fb-clear-ctrl"),
	BIT(19, "rrsba", "rrsba"), BIT(20, "bhi_no", "bhi-no"),
	BIT(21, "xapic_status", "xapic-status"), BIT(23, "ovrclk_status", "ovrclk-status"),
	BIT(24, "pbrsb_no", "pbrsb-no"), BIT(25, "gds_ctrl", "gds-ctrl"),
	BIT(26, "gds_no", "gds-no"), BIT(27, "rfds_no", "rfds-no"),
	BIT(28, "rfds_clear", "rfds-clear"), BIT(29, "ign_umonitor", "ign-umonitor"),
	BIT(30, "mon_umon_mitg", "mon-umon-mitg"),
};
static const struct feature_bit arch_caps_high[] = {
	BIT(0, "pb_opt_ctrl", "pb-opt-ctrl"), BIT(30, "its_no", "its-no"),
};
static const struct feature_bit leaf_80000021_0_ecx[] = {
	BIT(1, "tsa_sq_no", "tsa-sq-no"), BIT(2, "tsa_l1_no", "tsa-l1-no"),
};

#define WORD(bits) sizeof(bits) / sizeof((bits)[0]), bits

static const struct feature_word {
	uint32_t leaf, subleaf;
	uint8_t reg, is_msr, n;
	const struct feature_bit *bits;
} words[] = {
	{ 0x1, 0, EDX, 0, WORD(leaf_1_0_edx) },
	{ 0x1, 0, ECX, 0, WORD(leaf_1_0_ecx) },
	{ 0x80000001, 0, EDX, 0, WORD(leaf_80000001_0_edx) },
	{ 0x80000001, 0, ECX, 0, WORD(leaf_80000001_0_ecx) },
	{ 0xd, 1, EAX, 0, WORD(leaf_d_1_eax) },
	{ 0x7, 0, EBX, 0, WORD(leaf_7_0_ebx) },
	{ 0x7, 0, ECX, 0, WORD(leaf_7_0_ecx) },
	{ 0x80000007, 0, EDX, 0, WORD(leaf_80000007_0_edx) },
	{ 0x80000008, 0, EBX, 0, WORD(leaf_80000008_0_ebx) },
	{ 0x7, 0, EDX, 0, WORD(leaf_7_0_edx) },
	{ 0x7, 1, EAX, 0, WORD(leaf_7_1_eax) },
	{ 0x80000021, 0, EAX, 0, WORD(leaf_80000021_0_eax) },
	{ 0x7, 1, EBX, 0, WORD(leaf_7_1_ebx) },
	{ 0x7, 2, EDX, 0, WORD(leaf_7_2_edx) },
	{ 0x7, 1, EDX, 0, WORD(leaf_7_1_edx) },
	{ WIRE_MSR_ARCH_CAPS, 0, EAX, 1, WORD(arch_caps_low) },
	{ WIRE_MSR_ARCH_CAPS, 0, EDX, 1, WORD(arch_caps_high) },
	{ 0x80000021, 0, ECX, 0, WORD(leaf_80000021_0_ecx) },
};

int xst_feature(size_t index, struct xst_feature *ret)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct feature_word *w = &words[i];

		if (index < w->n) {
			const struct feature_bit *b = &w->bits[index];

			*ret = (struct xst_feature){ b->name, b->xen, w->leaf, w->subleaf, w->reg,
						     b->bit, w->is_msr, b->varies };
			return 0;
		}
		index -= w->n;
	}
	return XST_E_ARG;
}
