/* SPDX-License-Identifier: MIT */
/* Fields of an HVM context's entries.  What has no row here is taken whatever it is: the registers of RTC, HPET,
 * IOAPIC, PMTIMER and of the local APIC's page, types of memory in MTRRs, addresses that are not canonical. */
#include "check/refuse.h"

#include "wire/hvm_save.h"

#define ALWAYS REFUSE_ALWAYS
#define TYPE(rows, ...)                                             \
	{                                                           \
		rows, sizeof(rows) / sizeof((rows)[0]), __VA_ARGS__ \
	}

static const struct refuse_field lapic_rows[] = {
	{ XST_REG_APIC_BASE,
	  NULL,
	  { REFUSE_EQUAL, 0x400, 0xc00, ALWAYS } }, /* x2APIC, but not enabled */
};

static const struct refuse_field mtrr_rows[] = {
	{ 0, "cap", { REFUSE_ABOVE, 8, 0xff, REFUSE_UNTIL(11) } }, /* so many ranges */
};

static const struct refuse_field pci_link_rows[] = {
	{ 0, "route", { REFUSE_ABOVE, 15, 0, ALWAYS } },
	{ 0, "pad0", { REFUSE_ABOVE, 0, 0, REFUSE_UNTIL(18) } },
};

static const struct refuse_field pit_rows[] = {
	{ 0, "channel[%].count", { REFUSE_ABOVE, 0x10000, 0, REFUSE_UNTIL(18) } },
	{ 0, "channel[%].count_latched", { REFUSE_ABOVE, 4, 0, REFUSE_UNTIL(18) } },
	{ 0, "channel[%].read_state", { REFUSE_ABOVE, 4, 0, REFUSE_UNTIL(18) } },
	{ 0, "channel[%].write_state", { REFUSE_ABOVE, 4, 0, REFUSE_UNTIL(18) } },
	{ 0, "channel[%].rw_mode", { REFUSE_ABOVE, 3, 0, REFUSE_UNTIL(18) } },
	{ 0, "channel[%].gate", { REFUSE_ABOVE, 1, 0, REFUSE_UNTIL(18) } },
	{ 0, "channel[%].bcd", { REFUSE_ABOVE, 1, 0, REFUSE_UNTIL(18) } },
	{ 0, "speaker_data_on", { REFUSE_ABOVE, 1, 0, REFUSE_UNTIL(18) } },
	{ 0, "pad0", { REFUSE_ABOVE, 0, 0, REFUSE_UNTIL(18) } },
};

static const struct refuse_field pic_rows[] = {
	{ 0, "int_output", { REFUSE_ABOVE, 1, 0, REFUSE_UNTIL(18) } },
};

static const struct refuse_field viridian_vcpu_rows[] = {
	{ 0, "pad", { REFUSE_ABOVE, 0, 0, ALWAYS } },
};

/* Of Intel's, which are more than AMD's: banks, CTL_P, CMCI_P, TES_P, SER_P, and since 4.10 LMCE_P. */
static const struct refuse_field vmce_rows[] = {
	{ 0, "caps", { REFUSE_BITS, 0x9000dff, 0, ALWAYS } },
	{ 0, "caps", { REFUSE_ABOVE, 0, 0x8000000, REFUSE_SINCE(10) } },
};

static const struct refuse_span before_checks = REFUSE_UNTIL(18);

/* Only the third channel has a gate that software can shut. */
static void pit(struct xst_checker *c, const struct refuse_block *b)
{
	const struct xst_wire_state_field *f = xst_wire_state_find(b->table, "channel[%].gate");
	uint64_t v;

	for (size_t i = 0; i < 2; i++)
		if (xst_wire_state_number(f, i, b->block->data, b->block->n, false, &v) && !v)
			xst_check_block_refuse(c, b, &before_checks,
					       i ? "channel[1].gate" : "channel[0].gate", v);
}

static void pic(struct xst_checker *c, const struct refuse_block *b)
{
	uint64_t master, output, init, elcr;

	if (!xst_check_block_get(b, "is_master", &master) ||
	    !xst_check_block_get(b, "int_output", &output) ||
	    !xst_check_block_get(b, "init_state", &init) || !xst_check_block_get(b, "elcr", &elcr))
		return;
	if (master != !b->block->instance)
		xst_check_block_refuse(c, b, &before_checks, "is_master", master);
	if (output && init)
		xst_check_block_refuse(c, b, &before_checks, "init_state", init);
	if (elcr & ~(master ? UINT64_C(0xfc) : UINT64_C(0xde)))
		xst_check_block_refuse(c, b, &before_checks, "elcr", elcr);
}

static const struct refuse_type types[] = {
	[WIRE_HVM_CODE_PIC] = TYPE(pic_rows, pic, true),
	[WIRE_HVM_IOAPIC] = { NULL, 0, NULL, true },
	[WIRE_HVM_LAPIC] = TYPE(lapic_rows, NULL, false),
	[WIRE_HVM_PCI_LINK] = TYPE(pci_link_rows, NULL, false),
	[WIRE_HVM_PIT] = TYPE(pit_rows, pit, true),
	[WIRE_HVM_RTC] = { NULL, 0, NULL, true },
	[WIRE_HVM_HPET] = { NULL, 0, NULL, true },
	[WIRE_HVM_PMTIMER] = { NULL, 0, NULL, true },
	[WIRE_HVM_MTRR] = TYPE(mtrr_rows, NULL, false),
	[WIRE_HVM_XSAVE] = { NULL, 0, xst_check_xsave, false },
	[WIRE_HVM_VIRIDIAN_VCPU] = TYPE(viridian_vcpu_rows, NULL, false),
	[WIRE_HVM_VMCE] = TYPE(vmce_rows, NULL, false),
	[WIRE_HVM_MSR] = { NULL, 0, xst_check_refused_msrs, false },
};

const struct refuse_type *xst_check_refuse_type(uint32_t type)
{
	if (type == WIRE_HVM_CPU)
		return &xst_check_cpu_type;
	return type < sizeof(types) / sizeof(types[0]) ? &types[type] : NULL;
}
