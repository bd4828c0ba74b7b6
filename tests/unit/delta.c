/* SPDX-License-Identifier: MIT */
/* Differences between pages: what a simple encoder makes of two pages comes back, however it is
 * cut; and what is not of that form is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/delta.h"

#define MAX_ENCODED (2 * XST_PAGE_SIZE)
#define WORDS (XST_PAGE_SIZE / 4)

struct encoded {
	uint8_t data[MAX_ENCODED];
	size_t size;
};

static uint32_t seed = 1;

static uint32_t number(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void put(struct encoded *e, const void *data, size_t n)
{
	assert_true(e->size + n <= sizeof(e->data));
	memcpy(e->data + e->size, data, n);
	e->size += n;
}

/* Words from w on that are all the same as before, or all other than before; 127 at most. */
static size_t run_length(const uint8_t *old, const uint8_t *new, size_t w, bool same)
{
	size_t n = 0;

	while (w + n < WORDS && n < 127 &&
	       (memcmp(old + 4 * (w + n), new + 4 * (w + n), 4) == 0) == same)
		n++;
	return n;
}

static void encode_runs(struct encoded *e, const uint8_t *old, const uint8_t *new)
{
	for (size_t w = 0; w < WORDS;) {
		bool same = memcmp(old + 4 * w, new + 4 * w, 4) == 0;
		size_t n = run_length(old, new, w, same);
		uint8_t marker = (uint8_t)(n | (same ? 0x80 : 0));

		put(e, &marker, 1);
		if (!same)
			put(e, new + 4 * w, 4 * n);
		w += n;
	}
}

static void encode(struct encoded *e, const uint8_t *old, const uint8_t *new, bool whole)
{
	static const uint8_t unchanged = 0x00, full = 0x80;

	if (memcmp(old, new, XST_PAGE_SIZE) == 0) {
		put(e, &unchanged, 1);
	} else if (whole) {
		put(e, &full, 1);
		put(e, new, XST_PAGE_SIZE);
	} else {
		encode_runs(e, old, new);
	}
}

/* Decodes in pieces of `cut` bytes. */
static void expect(const struct encoded *e, const uint8_t *old, const uint8_t *new, size_t cut)
{
	struct delta d;
	uint8_t page[XST_PAGE_SIZE];
	bool done = false;

	memcpy(page, old, sizeof(page));
	xst_delta_init(&d);
	for (size_t at = 0; at < e->size;) {
		size_t n = e->size - at < cut ? e->size - at : cut;
		const uint8_t *data = e->data + at;

		at += n;
		while (n) {
			enum delta_result r = xst_delta_decode(&d, &data, &n);

			assert_int_not_equal(r, DELTA_BAD);
			if (r == DELTA_BASE)
				memcpy(d.page, page, sizeof(page));
			if (r == DELTA_PAGE)
				memcpy(page, d.page, sizeof(page));
			done |= r == DELTA_PAGE || r == DELTA_UNCHANGED;
			assert_true(!done || (at == e->size && n == 0));
		}
	}
	assert_true(done && xst_delta_at_page(&d));
	assert_memory_equal(page, new, sizeof(page));
}

static void change(uint8_t *page, uint32_t times)
{
	for (uint32_t i = 0; i < times; i++) {
		uint32_t at = number(XST_PAGE_SIZE), n = number(XST_PAGE_SIZE - at) % 600 + 1;

		for (uint32_t k = at; k < at + n && k < XST_PAGE_SIZE; k++)
			page[k] = (uint8_t)number(256);
	}
}

static void what_was_encoded_comes_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		uint8_t old[XST_PAGE_SIZE] = { 0 }, new[XST_PAGE_SIZE];
		struct encoded e = { .size = 0 };

		change(old, number(6));
		memcpy(new, old, sizeof(new));
		change(new, number(5));
		encode(&e, old, new, number(4) == 0);
		expect(&e, old, new, e.size);
		expect(&e, old, new, 1);
		expect(&e, old, new, 1 + number(700));
	}
}

static enum delta_result outcome(const void *bytes, size_t n)
{
	const uint8_t *data = bytes;
	enum delta_result r = DELTA_MORE;
	struct delta d;

	xst_delta_init(&d);
	while (n && (r == DELTA_MORE || r == DELTA_BASE))
		r = xst_delta_decode(&d, &data, &n);
	return r;
}

static void bad_runs_are_seen(void **state)
{
	uint8_t skips[9];

	(void)state;
	assert_int_equal(outcome("\xff\x00", 2), DELTA_BAD); /* a marker without words */
	assert_int_equal(outcome("\xff\x80", 2), DELTA_BAD);
	memset(skips, 0xff, sizeof(skips)); /* 8 x 127 words leave 8 of 1024 */
	assert_int_equal(outcome(skips, 8), DELTA_MORE);
	assert_int_equal(outcome(skips, 9), DELTA_BAD);
	skips[8] = 0x88;
	assert_int_equal(outcome(skips, 9), DELTA_PAGE);
	skips[8] = 0x89;
	assert_int_equal(outcome(skips, 9), DELTA_BAD);
	skips[8] = 0x09;
	assert_int_equal(outcome(skips, 9), DELTA_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_encoded_comes_back),
		cmocka_unit_test(bad_runs_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
