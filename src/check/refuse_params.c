/* SPDX-License-Identifier: MIT */
/* HVM parameters: which of them a restore can set, and to what. */
#include "check/refuse.h"

#define NEVER REFUSE_ALWAYS
#define EVERY REFUSE_ANY, 0, 0

/* PAE_ENABLED is passed over by the toolstack since 4.14, and STORE_EVTCHN and CONSOLE_EVTCHN get other values
 * later on: no row for them.  VIRIDIAN of 0 is no value, either: base must be there. */
static const struct {
	uint64_t index;
	struct refuse_test value;
} rows[] = {
	{ HVM_PARAM_VIRIDIAN, { REFUSE_EQUAL, 0, 1, NEVER } },
	{ HVM_PARAM_VIRIDIAN, { REFUSE_BITS, 0x1fff, 0, NEVER } },
	{ HVM_PARAM_VIRIDIAN, { REFUSE_ABOVE, 0, 0x1c00, REFUSE_SINCE(15) } },
	{ HVM_PARAM_VIRIDIAN, { REFUSE_ABOVE, 0, 0x380, REFUSE_SINCE(13) } },
	{ HVM_PARAM_VIRIDIAN, { REFUSE_ABOVE, 0, 0x40, REFUSE_SINCE(9) } },
	{ HVM_PARAM_VIRIDIAN, { REFUSE_ABOVE, 0, 0x30, REFUSE_SINCE(7) } },
	{ HVM_PARAM_VIRIDIAN, { REFUSE_ABOVE, 0, 0x8, REFUSE_SINCE(6) } },
	{ HVM_PARAM_TIMER_MODE, { REFUSE_ABOVE, 3, 0, NEVER } },
	{ HVM_PARAM_DM_DOMAIN, { EVERY, REFUSE_UNTIL(11) } },
	{ HVM_PARAM_ACPI_S_STATE, { REFUSE_BITS, 3, 0, NEVER } },
	{ HVM_PARAM_ACPI_S_STATE, { REFUSE_EQUAL, 1, 0, NEVER } },
	{ HVM_PARAM_ACPI_S_STATE, { REFUSE_EQUAL, 2, 0, NEVER } },
	{ HVM_PARAM_VM86_TSS, { REFUSE_ABOVE, UINT32_MAX, 0, REFUSE_UNTIL(8) } },
	/* up to 4.13 the upper half was cut off */
	{ HVM_PARAM_ACPI_IOPORTS, { REFUSE_ABOVE, 1, UINT32_MAX, NEVER } },
	{ HVM_PARAM_ACPI_IOPORTS, { REFUSE_ABOVE, 1, 0, REFUSE_UNTIL(13) } },
	{ HVM_PARAM_MEMORY_EVENT_CR0, { EVERY, REFUSE_UNTIL(5) } },
	{ HVM_PARAM_MEMORY_EVENT_CR3, { EVERY, REFUSE_UNTIL(5) } },
	{ HVM_PARAM_MEMORY_EVENT_CR4, { EVERY, REFUSE_UNTIL(5) } },
	{ HVM_PARAM_MEMORY_EVENT_INT3, { EVERY, REFUSE_UNTIL(5) } },
	{ HVM_PARAM_NESTEDHVM, { REFUSE_ABOVE, 1, 0, NEVER } },
	{ HVM_PARAM_NESTEDHVM, { EVERY, REFUSE_UNTIL(14) } },
	{ HVM_PARAM_MEMORY_EVENT_SINGLE_STEP, { EVERY, REFUSE_UNTIL(5) } },
	{ HVM_PARAM_BUFIOREQ_EVTCHN, { EVERY, NEVER } },
	{ HVM_PARAM_MEMORY_EVENT_MSR, { EVERY, REFUSE_UNTIL(5) } },
	{ HVM_PARAM_TRIPLE_FAULT_REASON, { REFUSE_ABOVE, 5, 0, NEVER } },
	{ HVM_PARAM_TRIPLE_FAULT_REASON, { REFUSE_EQUAL, 5, 0, REFUSE_SINCE(7) } },
	{ HVM_PARAM_NR_IOREQ_SERVER_PAGES, { REFUSE_EQUAL, 0, 0, NEVER } },
	{ HVM_PARAM_NR_IOREQ_SERVER_PAGES, { REFUSE_ABOVE, 64, 0, NEVER } },
	/* a number that 4.5.0 to 4.5.3 have no room for */
	{ HVM_PARAM_ALTP2M, { EVERY, { XST_XEN(4, 6, 0), 0, { XST_XEN(4, 5, 4) } } } },
	{ HVM_PARAM_ALTP2M, { REFUSE_ABOVE, 3, 0, NEVER } },
	{ HVM_PARAM_ALTP2M, { REFUSE_ABOVE, 1, 0, REFUSE_SINCE(9) } },
	{ HVM_PARAM_ALTP2M, { EVERY, REFUSE_UNTIL(18) } },
	{ HVM_PARAM_X87_FIP_WIDTH,
	  { EVERY, { XST_XEN(4, 7, 0), 0, { XST_XEN(4, 6, 3), XST_XEN(4, 5, 4) } } } },
	{ HVM_PARAM_X87_FIP_WIDTH, { REFUSE_BITS, 0xc, 0, NEVER } },
	{ HVM_PARAM_X87_FIP_WIDTH, { REFUSE_EQUAL, 0xc, 0, NEVER } },
	{ HVM_PARAM_VM86_TSS_SIZED, { EVERY, REFUSE_SINCE(9) } },
	/* less than a task state segment of 104 bytes, in the upper half */
	{ HVM_PARAM_VM86_TSS_SIZED, { REFUSE_BELOW, UINT64_C(104) << 32, 0, NEVER } },
	{ HVM_PARAM_LAST, { EVERY, REFUSE_SINCE(10) } },
	{ HVM_PARAM_LAST, { REFUSE_BITS, 1, 0, NEVER } },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Those that keep what they were set to first, if that was not 0, and since when. */
static const struct {
	uint64_t index;
	struct refuse_span changed; /* by these versions it can be set anew */
} once[] = {
	{ HVM_PARAM_VIRIDIAN, NEVER },
	{ HVM_PARAM_IOREQ_PFN, REFUSE_UNTIL(11) },
	{ HVM_PARAM_BUFIOREQ_PFN, REFUSE_UNTIL(11) },
	{ HVM_PARAM_IOREQ_SERVER_PFN, NEVER },
	{ HVM_PARAM_NR_IOREQ_SERVER_PAGES, NEVER },
	{ HVM_PARAM_ALTP2M, NEVER },
	{ HVM_PARAM_LAST, NEVER },
};
#define ONCE (sizeof(once) / sizeof(once[0]))

static void change(struct xst_checker *c, uint64_t index, uint64_t value)
{
	uint64_t first = c->first_params[index];

	if (!first) {
		c->first_params[index] = value;
		return;
	}
	for (size_t i = 0; i < ONCE; i++)
		if (once[i].index == index && value != first)
			xst_check_refuse(
				c, RULE_PARAM_SET, &once[i].changed, 0, xst_hvm_param_name(index),
				"HVM parameter %s is set to two values", xst_hvm_param_name(index));
}

void xst_check_param(struct xst_checker *c, uint64_t index, uint64_t value)
{
	static const struct refuse_span none_takes = NEVER;

	if (c->layer == XST_LAYER_LEGACY && !value) /* which says: not set */
		return;
	if (index > HVM_PARAM_LAST) {
		xst_check_refuse(c, RULE_PARAM_INDEX, &none_takes, 0, "index", "HVM parameter %llu",
				 (unsigned long long)index);
		return;
	}
	for (size_t i = 0; i < ROWS; i++) {
		const struct refuse_test *t = &rows[i].value;

		if (rows[i].index != index || !xst_check_test_meets(t, value))
			continue;
		if (t->op == REFUSE_ANY)
			xst_check_refuse(c, RULE_PARAM_SET, &t->taken, 0, xst_hvm_param_name(index),
					 "HVM parameter %s is set", xst_hvm_param_name(index));
		else
			xst_check_refuse(c, RULE_PARAM_VALUE, &t->taken, 0,
					 xst_hvm_param_name(index), "HVM parameter %s is %#llx",
					 xst_hvm_param_name(index), (unsigned long long)value);
	}
	change(c, index, value);
}
