/* SPDX-License-Identifier: MIT */
/* Tables of fields that are shared within this folder. */
#ifndef WIRE_STATE_TABLES_H
#define WIRE_STATE_TABLES_H

#include "wire/pv.h"
#include "wire/state.h"

/* An area of FXSAVE, wherever it begins. */
#define FXSAVE(base)                                                          \
	F_HEX("fcw", (base) + 0, 2), F_HEX("fsw", (base) + 2, 2),             \
	F_HEX("ftw", (base) + 4, 1), F_RESERVED("fx_reserved", (base) + 5, 1), \
	F_HEX("fop", (base) + 6, 2), F_HEX("fip", (base) + 8, 8),             \
	F_HEX("fdp", (base) + 16, 8), F_HEX("mxcsr", (base) + 24, 4),         \
	F_HEX("mxcsr_mask", (base) + 28, 4),                                  \
	F_ARRAY("st%", (base) + 32, 10, 8, 16, XST_VALUE_BYTES),              \
	F_ARRAY("xmm%", (base) + 160, 16, 16, 16, XST_VALUE_BYTES)

/* state_cpu.c */
extern const struct xst_wire_state_table xst_wire_hvm_header_fields, xst_wire_cpu_fields,
	xst_wire_old_cpu_fields,
	xst_wire_lapic_fields, xst_wire_lapic_regs_fields, xst_wire_mtrr_fields,
	xst_wire_viridian_vcpu_fields,
	xst_wire_vmce_fields, xst_wire_tsc_adjust_fields, xst_wire_cpu_msr_fields,
	xst_wire_hvm_xsave_fields;
/* state_devices.c */
extern const struct xst_wire_state_table xst_wire_pic_fields, xst_wire_ioapic_fields,
	xst_wire_pci_irq_fields,
	xst_wire_isa_irq_fields, xst_wire_pci_link_fields, xst_wire_pit_fields, xst_wire_rtc_fields,
	xst_wire_hpet_fields, xst_wire_pmtimer_fields, xst_wire_viridian_domain_fields;

#endif
