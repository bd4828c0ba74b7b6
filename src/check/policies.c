/* SPDX-License-Identifier: MIT */
/* CPUID and MSR policies: order, doubles, what can stand in them. */
#include "check/checker.h"

enum standing { IN_ORDER, BEHIND_ONE, AGAIN };

static bool stood_before(const struct xst_checker *c, uint64_t key)
{
	for (size_t i = 0; i < c->policy_n; i++)
		if (c->policy[i] == key)
			return true;
	return false;
}

/* How an entry stands to those before it, which are remembered as far as there is room. */
static enum standing stand(struct xst_checker *c, uint64_t key)
{
	uint64_t last = c->policy_last;
	bool any = c->policy_n;

	if (any && (key == last || (key <= c->policy_highest && stood_before(c, key))))
		return AGAIN;
	if (c->policy_n < LIMIT_CHECKED_POLICY)
		c->policy[c->policy_n++] = key;
	if (!any || key > c->policy_highest)
		c->policy_highest = key;
	c->policy_last = key;
	return any && key < last ? BEHIND_ONE : IN_ORDER;
}

static uint64_t leaf_key(const uint64_t *v)
{
	return v[0] << 32 | (v[1] == CPUID_NO_SUBLEAF ? 0 : v[1]);
}

static void leaf(struct xst_checker *c, const uint64_t *v)
{
	uint64_t last = c->policy_last;
	enum standing s = stand(c, leaf_key(v));

	if (!xst_wire_cpuid_leaf_known((uint32_t)v[0]))
		xst_check_find(c, RULE_CPUID_LEAF, 0, "leaf", "%#llx: no leaf of a policy",
			       (unsigned long long)v[0]);
	if (s == AGAIN)
		xst_check_find(c, RULE_CPUID_TWICE, 0, "leaf", "%#llx, subleaf %#llx, stands twice",
			       (unsigned long long)v[0], (unsigned long long)v[1]);
	else if (s == BEHIND_ONE)
		xst_check_find(c, RULE_CPUID_ORDER, 0, "leaf", "%#llx after %#llx",
			       (unsigned long long)v[0], (unsigned long long)(last >> 32));
}

static void msr(struct xst_checker *c, uint64_t index, uint64_t flags)
{
	uint64_t last = c->policy_last;
	enum standing s = stand(c, index);

	if (flags) /* the parser has told it */
		xst_check_reason(c, XST_XEN_NONE, 0, NULL,
				 "an MSR policy with flags, of which no known Xen takes any");
	if (!xst_wire_policy_msr_known((uint32_t)index))
		xst_check_find(c, RULE_MSR_INDEX, 0, "index", "%#llx: no MSR of a policy",
			       (unsigned long long)index);
	if (s == AGAIN)
		xst_check_find(c, RULE_MSR_TWICE, 0, "index", "%#llx stands twice",
			       (unsigned long long)index);
	else if (s == BEHIND_ONE)
		xst_check_find(c, RULE_MSR_ORDER, 0, "index", "%#llx after %#llx",
			       (unsigned long long)index, (unsigned long long)last);
}

static void policies_begin(struct xst_checker *c, const struct xst_event *ev)
{
	if (!ev->u.items.first)
		c->policy_n = 0;
}

static int cpuid_items(struct xst_checker *c, const struct xst_event *ev)
{
	policies_begin(c, ev);
	for (size_t i = 0; i < ev->u.items.n; i++)
		leaf(c, ev->u.items.v + i * ev->u.items.width);
	return 0;
}

static int msr_items(struct xst_checker *c, const struct xst_event *ev)
{
	policies_begin(c, ev);
	for (size_t i = 0; i < ev->u.items.n; i++) {
		const uint64_t *v = ev->u.items.v + i * ev->u.items.width;

		msr(c, v[0], v[1]);
	}
	return 0;
}

const struct check_subject xst_check_cpuid = { .items = cpuid_items };
const struct check_subject xst_check_msrs = { .items = msr_items };
