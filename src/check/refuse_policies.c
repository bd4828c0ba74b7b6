/* SPDX-License-Identifier: MIT */
/* CPUID and MSR policies.  Of several records the last one counts, so all is judged where the static data end;
 * only a length that is none is refused at once, by the toolstack.
 *
 * A receiver counts the entries, then puts each in its place or fails, and at last compares the highest leaves
 * with what its own tables have room for. */
#include "check/refuse.h"

#include <string.h>

#define NONE		  CPUID_NO_SUBLEAF
#define MAX_LEAF_EXTENDED 0x80000000u

/* --- places --------------------------------------------------------------------------------- */

/* Where entries can stand; anywhere else there is no place for one. */
static const struct {
	uint32_t first, last; /* leaves */
	uint32_t first_sub, last_sub;
	struct refuse_span taken;
} places[] = {
	{ 0, 3, NONE, NONE, { 0 } },
	{ 4, 4, 0, 5, { 0 } },
	{ 5, 6, NONE, NONE, { 0 } },
	{ 7, 7, 0, 1, { 0 } },
	{ 7,
	  7,
	  2,
	  2,
	  { XST_XEN(4, 17, 0), 0, { XST_XEN(4, 16, 1), XST_XEN(4, 15, 3), XST_XEN(4, 14, 5) } } },
	{ 8, 0xa, NONE, NONE, { 0 } },
	{ 0xb, 0xb, 0, 1, { 0 } },
	{ 0xc, 0xc, NONE, NONE, { 0 } },
	{ 0xd, 0xd, 0, 62, { 0 } },
	{ 0x40000000, 0x40000000, NONE, NONE, { 0 } },
	{ 0x40000100, 0x40000100, NONE, NONE, { 0 } },
	{ 0x80000000, 0x8000001c, NONE, NONE, { 0 } },
	{ 0x8000001d,
	  0x80000021,
	  NONE,
	  NONE,
	  { XST_XEN(4, 16, 0), 0, { XST_XEN(4, 15, 3), XST_XEN(4, 14, 5) } } },
};
#define PLACES (sizeof(places) / sizeof(places[0]))

/* How many entries there may be, ascending; more than the last row has are too many for all. */
struct count {
	uint64_t most;
	struct refuse_span taken;
};
static const struct count leaf_counts[] = {
	{ 114, { 0 } },
	{ 119, { XST_XEN(4, 16, 0), 0, { XST_XEN(4, 15, 3), XST_XEN(4, 14, 5) } } },
	{ 120,
	  { XST_XEN(4, 17, 0), 0, { XST_XEN(4, 16, 1), XST_XEN(4, 15, 3), XST_XEN(4, 14, 5) } } },
};
static const struct count msr_counts[] = {
	{ 1, { 0 } },
	{ 2, { XST_XEN(4, 15, 0), 0, { XST_XEN(4, 14, 1) } } },
};

static const struct {
	uint32_t index;
	struct refuse_span taken;
	struct refuse_test
		values[3]; /* those that not all of these versions take; REFUSE_ANY ends them */
} msrs[] = {
	{ WIRE_MSR_PLATFORM_INFO,
	  { 0 },
	  { { REFUSE_BITS, WIRE_MSR_CPUID_FAULTING, 0, REFUSE_ALWAYS } } },
	{ WIRE_MSR_ARCH_CAPS,
	  { XST_XEN(4, 15, 0), 0, { XST_XEN(4, 14, 1) } },
	  { { REFUSE_ABOVE,
	      UINT32_MAX,
	      0,
	      { XST_XEN(4, 18, 0),
		0,
		{ XST_XEN(4, 17, 2), XST_XEN(4, 16, 5), XST_XEN(4, 15, 5),
		  XST_XEN(4, 14, 6) } } } } },
};
#define MSRS (sizeof(msrs) / sizeof(msrs[0]))

static const struct refuse_span none_takes = REFUSE_ALWAYS;

/* --- what is kept --------------------------------------------------------------------------- */

void xst_check_policy_begin(struct xst_checker *c)
{
	struct record_place *p = c->kind == XST_KIND_CPUID_POLICY ? &c->policies.cpuid
								  : &c->policies.msr;

	*p = xst_check_place(c);
}

void xst_check_cpuid_keep(struct xst_checker *c, const struct xst_event *ev)
{
	struct policies *p = &c->policies;

	for (size_t i = 0; i < ev->u.items.n; i++, p->cpuid.n++)
		for (unsigned k = 0; k < CHECK_LEAF_WORDS && p->cpuid.n < CHECK_LEAVES; k++)
			p->leaves[p->cpuid.n][k] = (uint32_t)
							   ev->u.items.v[i * ev->u.items.width + k];
}

void xst_check_msrs_keep(struct xst_checker *c, const struct xst_event *ev)
{
	struct policies *p = &c->policies;

	for (size_t i = 0; i < ev->u.items.n; i++, p->msr.n++)
		for (unsigned k = 0; k < CHECK_MSR_WORDS && p->msr.n < CHECK_POLICY_MSRS; k++)
			p->msrs[p->msr.n][k] = ev->u.items.v[i * ev->u.items.width + k];
}

static size_t kept(uint64_t n, size_t most)
{
	return n < most ? (size_t)n : most;
}

/* The last one of a place counts. */
static const uint32_t *leaf_at(const struct xst_checker *c, uint32_t leaf, uint32_t subleaf)
{
	for (size_t i = kept(c->policies.cpuid.n, CHECK_LEAVES); i-- > 0;)
		if (c->policies.leaves[i][0] == leaf && c->policies.leaves[i][1] == subleaf)
			return c->policies.leaves[i];
	return NULL;
}

static bool has_subleaves(uint32_t leaf)
{
	return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd;
}

/* After the highest leaf that the policy itself names, nothing of it is left. */
static bool is_trimmed(const struct xst_checker *c, uint32_t leaf)
{
	const uint32_t *limit = leaf_at(c, leaf & MAX_LEAF_EXTENDED, NONE);

	return limit &&
	       (leaf & MAX_LEAF_EXTENDED ? (uint16_t)limit[2] < (uint16_t)leaf : limit[2] < leaf);
}

bool xst_check_policy_leaf(const struct xst_checker *c, uint32_t leaf, uint32_t subleaf, unsigned reg,
		     uint32_t *ret)
{
	const uint32_t *v = leaf_at(c, leaf, has_subleaves(leaf) ? subleaf : NONE);

	if (c->version < 3 || (!v && !is_trimmed(c, leaf)))
		return false;
	*ret = is_trimmed(c, leaf) ? 0 : v[2 + reg];
	return true;
}

bool xst_check_policy_msr(const struct xst_checker *c, uint32_t index, uint64_t *ret)
{
	for (size_t i = kept(c->policies.msr.n, CHECK_POLICY_MSRS); c->version >= 3 && i-- > 0;)
		if (c->policies.msrs[i][0] == index) {
			*ret = c->policies.msrs[i][2];
			return true;
		}
	return false;
}

/* --- entries -------------------------------------------------------------------------------- */

static void count(struct xst_checker *c, enum xst_rule rule, uint64_t n, const struct count *row,
		  size_t rows)
{
	const struct refuse_span *taken = &none_takes;

	while (rows-- > 0 && n <= row[rows].most)
		taken = &row[rows].taken;
	if (xst_check_span_matters(taken))
		xst_check_refuse(c, rule, taken, 0, "length", "%s: %llu entries", c->name,
				 (unsigned long long)n);
}

/* Its place, or PLACES. */
static size_t place_of(uint32_t leaf, uint32_t subleaf)
{
	size_t i = 0;

	while (i < PLACES && (leaf < places[i].first || leaf > places[i].last ||
			      subleaf < places[i].first_sub || subleaf > places[i].last_sub))
		i++;
	return i;
}

static bool leaf_exists(uint32_t leaf)
{
	for (size_t i = 0; i < PLACES; i++)
		if (leaf >= places[i].first && leaf <= places[i].last)
			return true;
	return false;
}

static void no_place(struct xst_checker *c, const uint32_t *v)
{
	if (v[1] == NONE && leaf_exists(v[0]) && has_subleaves(v[0]))
		xst_check_refuse(c, RULE_CPUID_LEAF, &none_takes, 0, "subleaf",
				 "a CPUID policy with leaf %#x without a subleaf", v[0]);
	else if (v[1] == NONE || !leaf_exists(v[0]))
		xst_check_refuse(c, RULE_CPUID_LEAF, &none_takes, 0, "leaf",
				 "a CPUID policy with leaf %#x", v[0]);
	else
		xst_check_refuse(c, RULE_CPUID_LEAF, &none_takes, 0, "subleaf",
				 "a CPUID policy with subleaf %#x of leaf %#x", v[1], v[0]);
}

static void judge_leaf(struct xst_checker *c, const uint32_t *v)
{
	size_t i = place_of(v[0], v[1]);

	if (i == PLACES)
		no_place(c, v);
	else if (xst_check_span_matters(&places[i].taken) && v[1] == NONE)
		xst_check_refuse(c, RULE_CPUID_LEAF, &places[i].taken, 0, "leaf",
				 "a CPUID policy with leaves from %#x on", places[i].first);
	else if (xst_check_span_matters(&places[i].taken))
		xst_check_refuse(c, RULE_CPUID_LEAF, &places[i].taken, 0, "subleaf",
				 "a CPUID policy with subleaf %#x of leaf %#x", v[1], v[0]);
}

static void msr_value(struct xst_checker *c, const struct refuse_test *t, uint64_t index,
		      uint64_t value)
{
	for (; t->op != REFUSE_ANY; t++)
		if (xst_check_test_meets(t, value))
			xst_check_refuse(c, RULE_MSR_VALUE, &t->taken, 0, "value",
					 "an MSR policy in which %#llx is %#llx",
					 (unsigned long long)index, (unsigned long long)value);
}

static void judge_msr(struct xst_checker *c, const uint64_t *v)
{
	size_t i = 0;

	if (v[1]) /* the parser has told it */
		xst_check_reason(c, XST_XEN_NONE, 0, NULL,
				 "an MSR policy with flags, of which no known Xen takes any");
	while (i < MSRS && msrs[i].index != v[0])
		i++;
	if (i == MSRS)
		xst_check_refuse(c, RULE_MSR_INDEX, &none_takes, 0, "index",
				 "an MSR policy with MSR %#llx", (unsigned long long)v[0]);
	else if (xst_check_span_matters(&msrs[i].taken))
		xst_check_refuse(c, RULE_MSR_INDEX, &msrs[i].taken, 0, "index",
				 "an MSR policy with MSR %#llx", (unsigned long long)v[0]);
	if (i < MSRS)
		msr_value(c, msrs[i].values, v[0], v[2]);
}

/* --- what the audit compares ---------------------------------------------------------------- */

/* Highest leaves and subleaves, by what a receiver has tables for. */
static const struct {
	uint32_t leaf, subleaf;
	struct refuse_test eax;
} limits[] = {
	{ 0, NONE, { REFUSE_ABOVE, 0xd, 0, REFUSE_ALWAYS } },
	{ MAX_LEAF_EXTENDED, NONE, { REFUSE_ABOVE, 0x80000021, 0, REFUSE_ALWAYS } },
	{ MAX_LEAF_EXTENDED,
	  NONE,
	  { REFUSE_ABOVE,
	    0x8000001c,
	    0,
	    { XST_XEN(4, 16, 0), 0, { XST_XEN(4, 15, 3), XST_XEN(4, 14, 5) } } } },
	{ 7, 0, { REFUSE_ABOVE, 2, 0, REFUSE_UNTIL(14) } },
	/* 4.14 does not look at it */
	{ 7,
	  0,
	  { REFUSE_EQUAL,
	    2,
	    0,
	    { XST_XEN(4, 17, 0),
	      0,
	      { XST_XEN(4, 16, 1), XST_XEN(4, 15, 3), XST_XEN(4, 14, 0) } } } },
};

static void limit(struct xst_checker *c, size_t i)
{
	uint32_t eax;

	if (!leaf_at(c, limits[i].leaf & MAX_LEAF_EXTENDED,
		     NONE) || /* else the host's own counts */
	    !xst_check_policy_leaf(c, limits[i].leaf, limits[i].subleaf, 0, &eax) ||
	    !xst_check_test_meets(&limits[i].eax, eax))
		return;
	xst_check_refuse(c, RULE_CPUID_LIMIT, &limits[i].eax.taken, 0, "eax",
			 "a CPUID policy whose leaf %#x ends at %#x", limits[i].leaf, eax);
}

/* One that Xen knows: ebx, edx, ecx. */
static bool vendor_known(const uint32_t *v)
{
	static const char vendors[][13] = { "GenuineIntel", "AuthenticAMD", "CentaurHauls",
					    "  Shanghai  ", "HygonGenuine" };
	char name[12];

	for (unsigned i = 0; i < 4; i++) {
		name[i] = (char)(v[3] >> 8 * i);
		name[4 + i] = (char)(v[5] >> 8 * i);
		name[8 + i] = (char)(v[4] >> 8 * i);
	}
	for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++)
		if (memcmp(name, vendors[i], sizeof(name)) == 0)
			return true;
	return false;
}

static void audit(struct xst_checker *c)
{
	static const struct refuse_span before_vendors = REFUSE_UNTIL(21);
	const uint32_t *v = leaf_at(c, 0, NONE);
	bool wraps = v && v[2] == UINT32_MAX; /* in the trimming, which leaves nothing */

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (!wraps || limits[i].leaf & MAX_LEAF_EXTENDED)
			limit(c, i);
	if (v && (wraps || !vendor_known(v)))
		xst_check_refuse(c, RULE_CPUID_LIMIT, &before_vendors, 0, "leaf",
				 "a CPUID policy of a vendor that is no host's");
}

/* --- all of it ------------------------------------------------------------------------------ */

/* Findings belong to the record that they are of, not to the one in hand. */
static void at_record(struct xst_checker *c, const struct record_place *p,
		      void (*judge)(struct xst_checker *c))
{
	struct record_place here = xst_check_place(c);

	xst_check_place_set(c, p);
	judge(c);
	xst_check_place_set(c, &here);
}

static void judge_cpuid(struct xst_checker *c)
{
	uint64_t n = c->policies.cpuid.n;

	count(c, RULE_CPUID_COUNT, n, leaf_counts, sizeof(leaf_counts) / sizeof(leaf_counts[0]));
	for (size_t i = 0; i < kept(n, CHECK_LEAVES); i++)
		judge_leaf(c, c->policies.leaves[i]);
	audit(c);
}

static void judge_msrs(struct xst_checker *c)
{
	uint64_t n = c->policies.msr.n;

	count(c, RULE_MSR_COUNT, n, msr_counts, sizeof(msr_counts) / sizeof(msr_counts[0]));
	for (size_t i = 0; i < kept(n, CHECK_POLICY_MSRS); i++)
		judge_msr(c, c->policies.msrs[i]);
}

void xst_check_policies_complete(struct xst_checker *c)
{
	if (c->policies.judged || c->version < 3)
		return;
	c->policies.judged = true;
	if (c->policies.cpuid.n)
		at_record(c, &c->policies.cpuid, judge_cpuid);
	if (c->policies.msr.n)
		at_record(c, &c->policies.msr, judge_msrs);
}
