/* SPDX-License-Identifier: MIT */
/* HVM parameters: known ones, once each, and pages that are there. */
#include "check/refuse.h"

static void one(struct xst_checker *c, uint64_t index, uint64_t value)
{
	xst_check_param(c, index, value);
	if (c->layer == XST_LAYER_LIBXC && !xst_wire_hvm_param_known(index) &&
	    index <= HVM_PARAM_LAST)
		xst_check_find(c, RULE_PARAM_INDEX, 0, "index", "%llu: no parameter that is known",
			       (unsigned long long)index);
	if (index >= LIMIT_CHECKED_PARAMS)
		return;
	if (c->layer == XST_LAYER_LIBXC && c->params_seen >> index & 1)
		xst_check_find(c, RULE_PARAM_TWICE, 0, "index", "%s stands twice",
			       xst_hvm_param_name(index));
	c->params_seen |= UINT64_C(1) << index;
	c->params[index] = value;
}

static int param_items(struct xst_checker *c, const struct xst_event *ev)
{
	for (size_t i = 0; i < ev->u.items.n; i++)
		one(c, ev->u.items.v[2 * i], ev->u.items.v[2 * i + 1]);
	return 0;
}

const struct check_subject xst_check_hvm_params = { .items = param_items };

void xst_check_hvm_params_complete(struct xst_checker *c)
{
	if (!c->seen[XST_KIND_PAGE_DATA])
		return;
	for (unsigned i = 0; i < LIMIT_CHECKED_PARAMS; i++) {
		uint64_t pfn;

		if (!(c->params_seen >> i & 1) || !xst_wire_hvm_param_page(i, c->params[i], &pfn) ||
		    xst_check_page_present(c, pfn))
			continue;
		xst_check_find(c, RULE_PARAM_PFN, 0, xst_hvm_param_name(i),
			       "page %#llx is not in the image", (unsigned long long)pfn);
	}
}
