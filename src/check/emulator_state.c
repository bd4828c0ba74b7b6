/* SPDX-License-Identifier: MIT */
/* The device model's state. */
#include "check/checker.h"

#include <string.h>

#include "wire/bytes.h"

#define MAX_EMULATOR 2

void xst_check_emulator_begin(struct xst_checker *c)
{
	if (c->kind == XST_KIND_EMULATOR_CONTEXT && c->emulators++)
		xst_check_find(c, RULE_EMULATOR_TWICE, 0, NULL, "a second %s record", c->name);
}

static void emulator_rule_too_short(struct xst_checker *c, uint64_t n)
{
	xst_check_find(c, RULE_EMULATOR_MAGIC, 0, "length",
		       "%llu bytes have no room for QEMU's magic and version",
		       (unsigned long long)n);
}

static int emulator_rule_fields(struct xst_checker *c, const struct xst_event *ev)
{
	uint64_t id = xst_event_field(ev, XST_FIELD_EMULATOR_ID, 0);
	uint64_t index = xst_event_field(ev, XST_FIELD_EMULATOR_INDEX, 0);

	if (id > MAX_EMULATOR)
		xst_check_find(c, RULE_EMULATOR_ID, 0, "emulator", "%llu: no such device model",
			       (unsigned long long)id);
	if (index)
		xst_check_find(c, RULE_EMULATOR_INDEX, 0, "index",
			       "%llu; there is one device model, 0", (unsigned long long)index);
	if (c->kind == XST_KIND_EMULATOR_CONTEXT && c->layer == XST_LAYER_LIBXL && c->length == 8)
		emulator_rule_too_short(c, 0); /* there is no run */
	return 0;
}

static int emulator_rule_run(struct xst_checker *c, const struct xst_event *ev)
{
	uint64_t n = ev->u.payload.length;
	bool no_header = c->layer == XST_LAYER_LIBXL && c->length < 8; /* which has been told */

	if (n < QEMU_HEAD && !no_header)
		emulator_rule_too_short(c, n);
	xst_check_want_head(c, ev, n < QEMU_HEAD ? 0 : QEMU_HEAD);
	return 0;
}

/* Big-endian, as QEMU writes everything. */
static int emulator_rule_payload(struct xst_checker *c, const struct xst_event *ev)
{
	if (!xst_check_head(c, ev))
		return 0;
	if (memcmp(c->head, QEMU_MAGIC, QEMU_MAGIC_SIZE) != 0)
		xst_check_find(c, RULE_EMULATOR_MAGIC, 0, NULL,
			       "the device model's state does not begin with %s", QEMU_MAGIC);
	else if (get_number(c->head + 4, 4, true) != QEMU_VERSION)
		xst_check_find(c, RULE_EMULATOR_VERSION, 0, "version", "%llu; QEMU reads %d",
			       (unsigned long long)get_number(c->head + 4, 4, true), QEMU_VERSION);
	return 0;
}

const struct check_subject xst_check_emulator = { .fields = emulator_rule_fields,
						  .run = emulator_rule_run,
						  .payload = emulator_rule_payload };
