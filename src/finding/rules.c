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

/* --- the receiver ----------------------------------------------------------------------------- */

/* Where the severity does not say it: errors that are the specification's alone, and remarks on what no
 * receiver takes.  layer NONE: in any. */
static const struct {
	enum xst_rule rule;
	enum xst_layer layer;
	bool refuses;
} receiver[] = {
	{ RULE_PAGE_RESERVED, XST_LAYER_NONE, false }, /* masked out */
	{ RULE_RECORD_V3_IN_V2, XST_LAYER_NONE, false }, /* handled in any version */
	{ RULE_EMULATOR_ID, XST_LAYER_NONE, false },
	{ RULE_XENSTORE_KEY, XST_LAYER_NONE, false },  /* its write fails, and nobody asks */
	{ RULE_XL_STREAM_FLAG, XST_LAYER_NONE, true },
	{ RULE_BIG_ENDIAN, XST_LAYER_NONE, true },
	{ RULE_RECORD_OPTIONAL, XST_LAYER_LIBXL, true },
	{ RULE_CHECKPOINT_PLAIN, XST_LAYER_NONE, true },
	{ RULE_CHECKPOINT_OPTIONAL, XST_LAYER_NONE, true },
	{ RULE_CPUID_LEAF, XST_LAYER_NONE, true },
	{ RULE_MSR_INDEX, XST_LAYER_NONE, true },
};

bool xst_rule_receiver_refuses(enum xst_rule rule, const struct xst_finding *f)
{
	for (size_t i = 0; i < sizeof(receiver) / sizeof(receiver[0]); i++)
		if (receiver[i].rule == rule &&
		    (!receiver[i].layer || receiver[i].layer == f->layer))
			return receiver[i].refuses;
	return f->severity == XST_ERROR;
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
