/* SPDX-License-Identifier: MIT */
/* CPUID and MSR policies: order, doubles, what can stand in them. */
#include "check/checker.h"

static uint64_t leaf_key(const uint64_t *v)
{
	return v[0] << 32 | (v[1] == CPUID_NO_SUBLEAF ? 0 : v[1]);
}

static void leaf(struct xst_checker *c, const uint64_t *v)
{
	uint64_t key = leaf_key(v);

	if (!cpuid_leaf_known((uint32_t)v[0]))
		check_find(c, RULE_CPUID_LEAF, 0, "leaf", "%#llx: no leaf of a policy",
			   (unsigned long long)v[0]);
	if (c->policy_any && key == c->policy_last)
		check_find(c, RULE_CPUID_TWICE, 0, "leaf", "%#llx, subleaf %#llx, stands twice",
			   (unsigned long long)v[0], (unsigned long long)v[1]);
	else if (c->policy_any && key < c->policy_last)
		check_find(c, RULE_CPUID_ORDER, 0, "leaf", "%#llx behind %#llx",
			   (unsigned long long)v[0], (unsigned long long)(c->policy_last >> 32));
	c->policy_last = key;
	c->policy_any = true;
}

static void msr(struct xst_checker *c, uint64_t index, uint64_t flags)
{
	if (flags) /* the parser has told it */
		check_reason(c, XST_XEN_NONE, 0, NULL,
			     "an MSR policy with flags, of which no known Xen takes any");
	if (!policy_msr_known((uint32_t)index))
		check_find(c, RULE_MSR_INDEX, 0, "index", "%#llx: no MSR of a policy",
			   (unsigned long long)index);
	if (c->policy_any && index == c->policy_last)
		check_find(c, RULE_MSR_TWICE, 0, "index", "%#llx stands twice",
			   (unsigned long long)index);
	else if (c->policy_any && index < c->policy_last)
		check_find(c, RULE_MSR_ORDER, 0, "index", "%#llx behind %#llx",
			   (unsigned long long)index, (unsigned long long)c->policy_last);
	c->policy_last = index;
	c->policy_any = true;
}

static void begin(struct xst_checker *c, const struct xst_event *ev)
{
	if (!ev->u.items.first)
		c->policy_any = false;
}

static int cpuid_items(struct xst_checker *c, const struct xst_event *ev)
{
	begin(c, ev);
	for (size_t i = 0; i < ev->u.items.n; i++)
		leaf(c, ev->u.items.v + i * ev->u.items.width);
	return 0;
}

static int msr_items(struct xst_checker *c, const struct xst_event *ev)
{
	begin(c, ev);
	for (size_t i = 0; i < ev->u.items.n; i++) {
		const uint64_t *v = ev->u.items.v + i * ev->u.items.width;

		msr(c, v[0], v[1]);
	}
	return 0;
}

const struct check_subject check_cpuid = { .items = cpuid_items };
const struct check_subject check_msrs = { .items = msr_items };
