/* SPDX-License-Identifier: MIT */
/* Entries of page arrays that lie side by side are judged together: it must come to the same as one by one. */
#include "check/checker.h"

#include <xenstream/event.h>

#include "unit.h"

#define ROUNDS 3000
#define RECORDS 4
#define BORDER (PFNMAP_CHUNK - 200) /* the guest's frames lie on both sides of a chunk's end */
#define FRAMES 400

static uint32_t noise(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Mostly runs of one type, as they are in images; sometimes again what was there already. */
static size_t make_entries(uint32_t *seed, uint64_t *v, size_t max)
{
	static const unsigned types[] = { XST_PAGE_NOTAB, XST_PAGE_NOTAB,  XST_PAGE_NOTAB, XST_PAGE_L1TAB,
					  XST_PAGE_XTAB,  XST_PAGE_XALLOC, XST_PAGE_PINNED | XST_PAGE_L4TAB };
	size_t n = 0, wanted = 1 + noise(seed) % max;
	uint64_t pfn = BORDER + noise(seed) % FRAMES;

	while (n < wanted) {
		uint64_t type = types[noise(seed) % COUNT(types)];
		size_t run = noise(seed) % 3 ? 1 + noise(seed) % 200 : 1 + noise(seed) % 3;

		for (; run && n < wanted; run--)
			v[n++] = type << 60 | pfn++;
		if (noise(seed) % 3 == 0)
			pfn = BORDER + noise(seed) % FRAMES;
		if (pfn > BORDER + FRAMES + 20)
			pfn = BORDER;
	}
	return n;
}

struct judgement {
	char findings[2000];
	uint64_t present_count, data_pages;
	bool present[2 * FRAMES];
};

static void note(struct judgement *j, struct xst_checker *c)
{
	for (; c->first < c->n; c->first++) {
		size_t at = strlen(j->findings);

		snprintf(j->findings + at, sizeof(j->findings) - at, "%s\n", c->findings[c->first].text);
	}
}

/* A record whose entries come `together` at a time. */
static void judge(struct xst_checker *c, const uint64_t *v, size_t n, size_t together, struct judgement *j)
{
	struct xst_field_value count = { XST_FIELD_COUNT, n };
	struct xst_event ev = { .type = XST_EVENT_FIELDS, .layer = XST_LAYER_LIBXC, .kind = XST_KIND_PAGE_DATA };

	ev.u.fields.v = &count;
	ev.u.fields.n = 1;
	c->serial++;
	assert_int_equal(xst_check_pages.fields(c, &ev), 0);
	ev.type = XST_EVENT_ITEMS;
	for (size_t i = 0; i < n; i += together) {
		c->first = c->n = 0;
		ev.u.items.v = v + i;
		ev.u.items.n = n - i < together ? n - i : together;
		assert_int_equal(xst_check_pages.items(c, &ev), 0);
		note(j, c);
	}
	j->data_pages += c->pages.data_pages;
	j->present_count = c->pages.present_count;
	for (uint64_t i = 0; i < COUNT(j->present); i++)
		j->present[i] = xst_check_page_present(c, BORDER + i);
}

static struct xst_checker *checker(enum xst_guest guest, bool p2m)
{
	struct xst_checker *c;

	assert_int_equal(xst_checker_new(NULL, &c), 0);
	c->layer = XST_LAYER_LIBXC;
	c->track.guest = guest;
	c->pt_levels = 3;
	c->pages.has_p2m = p2m;
	c->pages.last_pfn = BORDER + FRAMES;
	return c;
}

static void arrays_are_judged_as_their_entries(void **state)
{
	uint32_t seed = 1;
	bool findings = false;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		enum xst_guest guest = round % 2 ? XST_GUEST_PV : XST_GUEST_HVM;
		struct xst_checker *whole = checker(guest, round % 4 == 1), *single = checker(guest, round % 4 == 1);
		struct judgement a = { .data_pages = 0 }, b = { .data_pages = 0 };
		uint64_t v[500];

		for (unsigned k = 0; k < RECORDS; k++) {
			size_t n = make_entries(&seed, v, COUNT(v));

			judge(whole, v, n, n, &a);
			judge(single, v, n, 1, &b);
			assert_string_equal(a.findings, b.findings);
			assert_memory_equal(&a, &b, sizeof(a));
		}
		findings |= a.findings[0] != '\0';
		xst_checker_free(whole);
		xst_checker_free(single);
	}
	assert_true(findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_are_judged_as_their_entries),
	};

	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
