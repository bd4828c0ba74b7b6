/* SPDX-License-Identifier: MIT */
/* HVM parameters and CPU policies, as Xen's public headers have them. */
#include "wire/wire.h"

static const char *const names[] = {
	[0] = "CALLBACK_IRQ",
	[1] = "STORE_PFN",
	[2] = "STORE_EVTCHN",
	[4] = "PAE_ENABLED",
	[5] = "IOREQ_PFN",
	[6] = "BUFIOREQ_PFN",
	[9] = "VIRIDIAN",
	[10] = "TIMER_MODE",
	[11] = "HPET_ENABLED",
	[12] = "IDENT_PT",
	[14] = "ACPI_S_STATE",
	[15] = "VM86_TSS",
	[16] = "VPT_ALIGN",
	[17] = "CONSOLE_PFN",
	[18] = "CONSOLE_EVTCHN",
	[19] = "ACPI_IOPORTS_LOCATION",
	[20] = "MEMORY_EVENT_CR0",
	[21] = "MEMORY_EVENT_CR3",
	[22] = "MEMORY_EVENT_CR4",
	[23] = "MEMORY_EVENT_INT3",
	[24] = "NESTEDHVM",
	[25] = "MEMORY_EVENT_SINGLE_STEP",
	[26] = "BUFIOREQ_EVTCHN",
	[27] = "PAGING_RING_PFN",
	[28] = "MONITOR_RING_PFN",
	[29] = "SHARING_RING_PFN",
	[30] = "MEMORY_EVENT_MSR",
	[31] = "TRIPLE_FAULT_REASON",
	[32] = "IOREQ_SERVER_PFN",
	[33] = "NR_IOREQ_SERVER_PAGES",
	[34] = "VM_GENERATION_ID_ADDR",
	[35] = "ALTP2M",
	[36] = "X87_FIP_WIDTH",
	[37] = "VM86_TSS_SIZED",
	[HVM_PARAM_LAST] = "MCA_CAP",
};

const char *xst_hvm_param_name(uint64_t index)
{
	const char *name = index < sizeof(names) / sizeof(names[0]) ? names[index] : NULL;

	return name ? name : "unknown";
}

bool xst_wire_hvm_param_known(uint64_t index)
{
	return index < sizeof(names) / sizeof(names[0]) && names[index];
}

bool xst_wire_hvm_param_page(uint64_t index, uint64_t value, uint64_t *ret_pfn)
{
	switch (index) {
	case HVM_PARAM_IDENT_PT: /* an address */
		*ret_pfn = value >> LIBXC_PAGE_SHIFT;
		return value;
	case HVM_PARAM_STORE_PFN:
	case HVM_PARAM_IOREQ_PFN:
	case HVM_PARAM_BUFIOREQ_PFN:
	case HVM_PARAM_CONSOLE_PFN:
	case HVM_PARAM_PAGING_RING_PFN:
	case HVM_PARAM_MONITOR_RING_PFN:
	case HVM_PARAM_SHARING_RING_PFN:
		*ret_pfn = value;
		return value;
	default:
		return false;
	}
}

bool xst_wire_cpuid_leaf_known(uint32_t leaf)
{
	uint32_t range = leaf >> 16;

	return (range == 0x0000 || range == 0x8000 || range == 0x4000) && (leaf & 0xffff) < 0x200;
}

bool xst_wire_policy_msr_known(uint32_t msr)
{
	return msr == WIRE_MSR_PLATFORM_INFO || msr == WIRE_MSR_ARCH_CAPS;
}
