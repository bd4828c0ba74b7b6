/* SPDX-License-Identifier: MIT */
#include "cli/host.h"

#include "cli/cli.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

#define HOST_LEAVES 128
#define ITEM	    6

struct host_leaves {
	uint64_t v[HOST_LEAVES * ITEM];
	size_t n;
};

static void ask_leaf(struct host_leaves *h, uint32_t leaf, uint32_t subleaf, bool has_subleaf)
{
	unsigned a, b, c, d;
	uint64_t *v = h->v + h->n * ITEM;

	if (h->n == HOST_LEAVES)
		return;
	__cpuid_count(leaf, subleaf, a, b, c, d);
	v[0] = leaf;
	v[1] = has_subleaf ? subleaf : UINT32_MAX;
	v[2] = a;
	v[3] = b;
	v[4] = c;
	v[5] = d;
	h->n++;
}

/* Those that features stand in, and what the processor is called. */
static void ask_all(struct host_leaves *h)
{
	unsigned a, b, c, d;
	uint32_t last;

	__cpuid(0, a, b, c, d);
	last = a;
	for (uint32_t leaf = 0; leaf <= 1 && leaf <= last; leaf++)
		ask_leaf(h, leaf, 0, false);
	for (uint32_t sub = 0; sub <= 2 && last >= 7; sub++)
		ask_leaf(h, 7, sub, true);
	for (uint32_t sub = 0; sub <= 1 && last >= 0xd; sub++)
		ask_leaf(h, 0xd, sub, true);
	__cpuid(0x80000000u, a, b, c, d);
	for (uint32_t leaf = 0x80000000u; leaf <= a && leaf <= 0x80000021u; leaf++)
		ask_leaf(h, leaf, 0, false);
}

int xst_cli_host_policy(struct xst_state **ret)
{
	struct host_leaves h = { .n = 0 };
	struct xst_event ev = { .type = XST_EVENT_ITEMS, .kind = XST_KIND_CPUID_POLICY };
	int r;

	ask_all(&h);
	ev.u.items.kind = XST_ITEMS_CPUID;
	ev.u.items.v = h.v;
	ev.u.items.n = h.n;
	ev.u.items.width = ITEM;
	r = xst_state_new(NULL, ret);
	if (r == 0)
		r = xst_state_event(*ret, &ev);
	return r ? EXIT_TROUBLE : EXIT_FINE;
}
#else
int xst_cli_host_policy(struct xst_state **ret)
{
	(void)ret;
	xst_cli_say("--against host: this machine's processor is no x86 one");
	return EXIT_REFUSED;
}
#endif
