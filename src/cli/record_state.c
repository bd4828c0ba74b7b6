/* SPDX-License-Identifier: MIT */
/* What a record holds of the guest's state, in the list of records. */
#include "cli/guest_view.h"

#include <inttypes.h>

#define SHOWN_BLOCKS 16 /* in words */

static void block_names(FILE *to, const struct xst_state *s)
{
	struct xst_block b = { .size = sizeof(b) };
	size_t n = 0;

	for (; xst_state_block(s, n, &b) == 0; n++) {
		if (n >= SHOWN_BLOCKS)
			continue;
		fprintf(to, "%s%s", ftell(to) > 0 ? " " : "", b.name);
		if (b.kind == XST_BLOCK_HVM)
			fprintf(to, ":%" PRIu32, b.instance);
	}
	if (n > SHOWN_BLOCKS)
		fprintf(to, " and %zu more", n - SHOWN_BLOCKS);
}

static void vcpu_words(FILE *to, const struct xst_state *s)
{
	static const enum xst_register regs[] = { XST_REG_RIP, XST_REG_RSP, XST_REG_CR3,
						  XST_REG_XCR0 };
	struct xst_block b = { .size = sizeof(b) };
	uint64_t v;

	if (xst_state_block(s, 0, &b) || b.kind == XST_BLOCK_HVM || !(b.flags & XST_BLOCK_OF_VCPU))
		return;
	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		if (xst_state_register(s, b.instance, regs[i], &v) == 0)
			fprintf(to, " %s=%#" PRIx64, xst_register_name(regs[i]), v);
}

void xst_cli_record_state(struct record_view *v, const struct xst_state *s)
{
	struct guest_budget budget = { .left = v->all ? UINT64_MAX : GUEST_JSON_FIELDS };
	struct xst_block b = { .size = sizeof(b) };
	json_object *a;

	if (xst_state_block(s, 0, &b))
		return;
	if (!v->json) {
		if (b.kind == XST_BLOCK_HVM)
			block_names(v->stream, s);
		else
			vcpu_words(v->stream, s);
		return;
	}
	a = json_object_new_array();
	for (size_t i = 0; xst_state_block(s, i, &b) == 0 && budget.left; i++) {
		budget.left--;
		json_object_array_add(a, xst_cli_block_json(&b, &budget));
	}
	json_object_object_add(v->object, "blocks", a);
	v->omitted += budget.omitted + xst_state_dropped(s);
}
