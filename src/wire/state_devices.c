/* SPDX-License-Identifier: MIT */
/* Fields of what an HVM guest's devices in the hypervisor hold. */
#include "wire/state_tables.h"

static const struct xst_wire_state_field pic_rows[] = {
	F_HEX("irr", 0, 1), F_HEX("imr", 1, 1), F_HEX("isr", 2, 1), F_HEX("irq_base", 3, 1),
	F_BITS("init_state", 4, 1, 0, 4), F_BITS("priority_add", 4, 1, 4, 4),
	F_BITS("readsel_isr", 5, 1, 0, 1), F_BITS("poll", 5, 1, 1, 1),
	F_BITS("auto_eoi", 5, 1, 2, 1),
	F_BITS("rotate_on_auto_eoi", 5, 1, 3, 1), F_BITS("special_fully_nested_mode", 5, 1, 4, 1),
	F_BITS("special_mask_mode", 5, 1, 5, 1), F_BITS("is_master", 5, 1, 6, 1),
	F_HEX("elcr", 6, 1), F_HEX("int_output", 7, 1),
};
const struct xst_wire_state_table xst_wire_pic_fields = F_TABLE(pic_rows);

#define PIN(label, first, width) \
	{ "pin[%]." label, 16, 8, 48, .shift = first, .bits = width }
static const struct xst_wire_state_field ioapic_rows[] = {
	F_HEX("base_address", 0, 8), F_HEX("ioregsel", 8, 4), F_HEX("id", 12, 4),
	F_ARRAY("pin[%].entry", 16, 8, 48, 0, XST_VALUE_HEX),
	{ "pin[%].vector", 16, 8, 48, .bits = 8, .kind = XST_VALUE_HEX },
	PIN("delivery_mode", 8, 3), PIN("dest_mode", 11, 1), PIN("delivery_status", 12, 1),
	PIN("polarity", 13, 1), PIN("remote_irr", 14, 1), PIN("trig_mode", 15, 1),
	PIN("mask", 16, 1),
	PIN("dest_id", 56, 8),
};
const struct xst_wire_state_table xst_wire_ioapic_fields = F_TABLE(ioapic_rows);

static const struct xst_wire_state_field pci_irq_rows[] = {
	F_ARRAY("wires", 0, 8, 2, 0, XST_VALUE_HEX),
};
static const struct xst_wire_state_field isa_irq_rows[] = { F_HEX("wires", 0, 8) };
static const struct xst_wire_state_field pci_link_rows[] = {
	F_ARRAY("route", 0, 1, 4, 0, XST_VALUE_NUMBER),
	F_ARRAY("pad0", 4, 1, 4, 0, XST_VALUE_RESERVED),
};
const struct xst_wire_state_table xst_wire_pci_irq_fields = F_TABLE(pci_irq_rows);
const struct xst_wire_state_table xst_wire_isa_irq_fields = F_TABLE(isa_irq_rows);
const struct xst_wire_state_table xst_wire_pci_link_fields = F_TABLE(pci_link_rows);

/* --- timers --------------------------------------------------------------------------------- */

#define CHANNEL(label, at, bytes) F_ARRAY("channel[%]." label, at, bytes, 3, 16, XST_VALUE_HEX)
static const struct xst_wire_state_field pit_rows[] = {
	CHANNEL("count", 0, 4), CHANNEL("latched_count", 4, 2), CHANNEL("count_latched", 6, 1),
	CHANNEL("status_latched", 7, 1), CHANNEL("status", 8, 1), CHANNEL("read_state", 9, 1),
	CHANNEL("write_state", 10, 1), CHANNEL("write_latch", 11, 1), CHANNEL("rw_mode", 12, 1),
	CHANNEL("mode", 13, 1), CHANNEL("bcd", 14, 1), CHANNEL("gate", 15, 1),
	F_NUMBER("speaker_data_on", 48, 4), F_RESERVED("pad0", 52, 4),
};
const struct xst_wire_state_table xst_wire_pit_fields = F_TABLE(pit_rows);

static const struct xst_wire_state_field rtc_rows[] = {
	F_ARRAY("cmos", 0, 1, 14, 0, XST_VALUE_HEX), F_HEX("cmos_index", 14, 1),
	F_RESERVED("pad0", 15, 1),
	{ "rtc_offset", 16, 8, .kind = XST_VALUE_SIGNED, .since = XST_XEN(4, 14, 0) },
};
const struct xst_wire_state_table xst_wire_rtc_fields = F_TABLE(rtc_rows);

#define TIMER(label, at) F_ARRAY("timer[%]." label, at, 8, 3, 32, XST_VALUE_HEX)
static const struct xst_wire_state_field hpet_rows[] = {
	F_HEX("capability", 0, 8), F_RESERVED("res0", 8, 8), F_HEX("config", 16, 8),
	F_RESERVED("res1", 24, 8),
	F_HEX("isr", 32, 8), F_ARRAY("res2", 40, 8, 25, 0, XST_VALUE_RESERVED),
	F_HEX("mc64", 240, 8),
	F_RESERVED("res3", 248, 8),
	TIMER("config", 256), TIMER("cmp", 264), TIMER("fsb", 272),
	F_ARRAY("timer[%].res4", 280, 8, 3, 32, XST_VALUE_RESERVED),
	F_ARRAY("res5", 352, 8, 84, 0, XST_VALUE_RESERVED),
	F_ARRAY("period", 1024, 8, 3, 0, XST_VALUE_HEX),
};
const struct xst_wire_state_table xst_wire_hpet_fields = F_TABLE(hpet_rows);

static const struct xst_wire_state_field pmtimer_rows[] = {
	F_HEX("tmr_val", 0, 4), F_HEX("pm1a_sts", 4, 2), F_HEX("pm1a_en", 6, 2),
};
const struct xst_wire_state_table xst_wire_pmtimer_fields = F_TABLE(pmtimer_rows);

static const struct xst_wire_state_field viridian_domain_rows[] = {
	F_HEX("hypercall_gpa", 0, 8), F_HEX("guest_os_id", 8, 8),
	{ "time_ref_count", 16, 8, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 5, 0) },
	{ "reference_tsc", 24, 8, .kind = XST_VALUE_HEX, .since = XST_XEN(4, 6, 0) },
};
const struct xst_wire_state_table xst_wire_viridian_domain_fields = F_TABLE(viridian_domain_rows);
