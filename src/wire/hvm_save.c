/* SPDX-License-Identifier: MIT */
#include "wire/hvm_save.h"

#include <stddef.h>

#include "wire/state_tables.h"

#define XEN(minor) XST_XEN(4, minor, 0)
#define ALWAYS(bytes) .sizes = { { .size = bytes } }

static const struct wire_hvm_type types[] = {
	{ WIRE_HVM_HEADER, "HEADER", WIRE_HVM_DOMAIN, .fields = &xst_wire_hvm_header_fields,
	  ALWAYS(24) },
	{ WIRE_HVM_CPU, "CPU", WIRE_HVM_VCPU, .fields = &xst_wire_cpu_fields,
	  .first = &xst_wire_old_cpu_fields, .extended = true,
	  .sizes = { { 1016, 0, { 0 } }, { 1024, XEN(0), { 0 } }, { 1032, XEN(7), { 0 } } } },
	{ 3, "PIC", WIRE_HVM_PIC, .fields = &xst_wire_pic_fields, ALWAYS(8) },
	{ 4, "IOAPIC", WIRE_HVM_DOMAIN, .fields = &xst_wire_ioapic_fields, ALWAYS(400) },
	{ 5, "LAPIC", WIRE_HVM_VCPU, .fields = &xst_wire_lapic_fields, .extended = true,
	  .sizes = { { 16, 0, { 0 } }, { 24, XEN(1), { 0 } },
		     { 32, XEN(21), { XST_XEN(4, 20, 1), XST_XEN(4, 19, 2) } } } },
	{ 6, "LAPIC_REGS", WIRE_HVM_VCPU, .fields = &xst_wire_lapic_regs_fields, ALWAYS(1024) },
	{ 7, "PCI_IRQ", WIRE_HVM_DOMAIN, .fields = &xst_wire_pci_irq_fields, ALWAYS(16) },
	{ 8, "ISA_IRQ", WIRE_HVM_DOMAIN, .fields = &xst_wire_isa_irq_fields, ALWAYS(8) },
	{ 9, "PCI_LINK", WIRE_HVM_DOMAIN, .fields = &xst_wire_pci_link_fields, ALWAYS(8) },
	{ 10, "PIT", WIRE_HVM_DOMAIN, .fields = &xst_wire_pit_fields, ALWAYS(56) },
	{ 11, "RTC", WIRE_HVM_DOMAIN, .fields = &xst_wire_rtc_fields, .extended = true,
	  .sizes = { { 16, 0, { 0 } }, { 24, XEN(14), { 0 } } } },
	{ 12, "HPET", WIRE_HVM_DOMAIN, .fields = &xst_wire_hpet_fields, ALWAYS(1048) },
	{ 13, "PMTIMER", WIRE_HVM_DOMAIN, .fields = &xst_wire_pmtimer_fields, ALWAYS(8) },
	{ 14, "MTRR", WIRE_HVM_VCPU, .fields = &xst_wire_mtrr_fields, ALWAYS(240) },
	{ 15, "VIRIDIAN_DOMAIN", WIRE_HVM_DOMAIN, .fields = &xst_wire_viridian_domain_fields,
	  .extended = true, .sizes = { { 16, 0, { 0 } }, { 24, XEN(5), { 0 } }, { 32, XEN(6), { 0 } } } },
	{ WIRE_HVM_XSAVE, "CPU_XSAVE", WIRE_HVM_VCPU, .fields = &xst_wire_hvm_xsave_fields,
	  .varies = true, .sizes = { { 600, XEN(1), { 0 } } } },
	{ 17, "VIRIDIAN_VCPU", WIRE_HVM_VCPU, .fields = &xst_wire_viridian_vcpu_fields,
	  .extended = true, .sizes = { { 8, XEN(2), { 0 } }, { 16, XEN(7), { 0 } }, { 216, XEN(13), { 0 } } } },
	{ 18, "VMCE_VCPU", WIRE_HVM_VCPU, .fields = &xst_wire_vmce_fields, .extended = true,
	  .sizes = { { 8, XEN(2), { 0 } }, { 24, XEN(3), { 0 } }, { 32, XEN(10), { 0 } } } },
	{ 19, "TSC_ADJUST", WIRE_HVM_VCPU, .fields = &xst_wire_tsc_adjust_fields,
	  .sizes = { { 8, XEN(3), { 0 } } } },
	{ WIRE_HVM_MSR, "CPU_MSR", WIRE_HVM_VCPU, .fields = &xst_wire_cpu_msr_fields,
	  .varies = true, .sizes = { { WIRE_HVM_MSR_FIXED, XEN(5), { 0 } } } },
};

const struct wire_hvm_type *xst_wire_hvm_type(unsigned code)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].code == code)
			return &types[i];
	return NULL;
}

const struct xst_wire_state_table *xst_wire_hvm_fields(unsigned code, uint64_t length)
{
	const struct wire_hvm_type *t = xst_wire_hvm_type(code);

	if (!t)
		return NULL;
	return t->first && length <= t->sizes[0].size ? t->first : t->fields;
}
