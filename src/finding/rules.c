/* SPDX-License-Identifier: MIT */
#include "finding/rules.h"

#include <string.h>

#include <xenstream/check.h>

const struct rule xst_rule_table[RULE_MAX] = {
#define X(name, id, severity, like_xen, layer, section, why, example)                       \
	[RULE_##name] = { id, (enum xst_severity)XST_##severity, like_xen,                  \
			  (enum xst_layer)XST_LAYER_##layer, section, why, example },
	XST_RULES(X)
#undef X
};

const struct rule *xst_rule_find(const char *id)
{
	for (int i = 0; i < RULE_MAX; i++)
		if (strcmp(xst_rule_table[i].id, id) == 0)
			return &xst_rule_table[i];
	return NULL;
}

int xst_rule(unsigned index, struct xst_rule_info *ret)
{
	const struct rule *r;

	if (index >= RULE_MAX || !ret)
		return XST_E_ARG;
	r = &xst_rule_table[index];
	*ret = (struct xst_rule_info){ r->id, r->severity, r->like_xen, r->layer,
				       r->section, r->why, r->example };
	return 0;
}

int xst_rule_by_id(const char *id, struct xst_rule_info *ret)
{
	const struct rule *r = xst_rule_find(id);

	return r ? xst_rule((unsigned)(r - xst_rule_table), ret) : XST_E_ARG;
}
