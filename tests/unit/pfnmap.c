/* SPDX-License-Identifier: MIT */
/* A number for each page frame. */
#include "image/pfnmap.h"

#include <xenstream/event.h>

#include "unit.h"

static void frames_are_0_until_set(void **state)
{
	struct pfnmap m;
	unsigned old = 99;

	(void)state;
	xst_pfnmap_init(&m, 4, 0);
	assert_int_equal(xst_pfnmap_get(&m, 0), 0);
	assert_int_equal(xst_pfnmap_get(&m, UINT64_MAX), 0);
	assert_int_equal(pfnmap_set(&m, 5, 0xf, &old), 0);
	assert_int_equal(old, 0);
	assert_int_equal(pfnmap_set(&m, 5, 3, &old), 0);
	assert_int_equal(old, 0xf);
	assert_int_equal(xst_pfnmap_get(&m, 4), 0);
	assert_int_equal(xst_pfnmap_get(&m, 5), 3);
	assert_int_equal(xst_pfnmap_get(&m, 6), 0);
	xst_pfnmap_free(&m);
}

static void numbers_are_cut_to_their_bits(void **state)
{
	struct pfnmap m;

	(void)state;
	xst_pfnmap_init(&m, 1, 0);
	assert_int_equal(pfnmap_set(&m, 7, 3, NULL), 0);
	assert_int_equal(xst_pfnmap_get(&m, 7), 1);
	assert_int_equal(xst_pfnmap_get(&m, 8), 0);
	xst_pfnmap_free(&m);
}

/* Neighbours in one byte, both ends of a chunk, and pfns that no guest has. */
static void neighbours_do_not_mix(void **state)
{
	static const uint64_t places[] = { 0, 1, 7, 8, 32767, 32768, 65535, 65536,
					   (UINT64_C(1) << 52) - 1, UINT64_C(1) << 40 };

	(void)state;
	for (unsigned bits = 1; bits <= 4; bits += 3) {
		struct pfnmap m;

		xst_pfnmap_init(&m, bits, 0);
		for (size_t i = 0; i < COUNT(places); i++)
			assert_int_equal(pfnmap_set(&m, places[i], 1 + (unsigned)i % ((1u << bits) - 1),
						    NULL), 0);
		for (size_t i = 0; i < COUNT(places); i++)
			assert_int_equal(xst_pfnmap_get(&m, places[i]),
					 1 + (unsigned)i % ((1u << bits) - 1));
		assert_int_equal(xst_pfnmap_get(&m, 2), 0);
		assert_int_equal(xst_pfnmap_get(&m, 32766), 0);
		assert_int_equal(xst_pfnmap_get(&m, 65537), 0);
		xst_pfnmap_free(&m);
	}
}

static void it_grows(void **state)
{
	struct pfnmap m;

	(void)state;
	xst_pfnmap_init(&m, 1, 0);
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(pfnmap_set(&m, i * 32768 + i, 1, NULL), 0);
	for (uint64_t i = 0; i < 1000; i++) {
		assert_int_equal(xst_pfnmap_get(&m, i * 32768 + i), 1);
		assert_int_equal(xst_pfnmap_get(&m, i * 32768 + i + 1), 0);
	}
	xst_pfnmap_free(&m);
}

/* A chunk of one bit a frame has 4096 bytes: two of them fit, a third does not. */
static void its_memory_has_a_bound(void **state)
{
	struct pfnmap m;

	(void)state;
	xst_pfnmap_init(&m, 1, 2 * 4096);
	assert_int_equal(pfnmap_set(&m, 0, 1, NULL), 0);
	assert_int_equal(pfnmap_set(&m, 32768, 1, NULL), 0);
	assert_int_equal(pfnmap_set(&m, 65536, 1, NULL), XST_E_LIMIT);
	assert_int_equal(pfnmap_set(&m, 65536, 0, NULL), 0); /* which it is */
	assert_int_equal(pfnmap_set(&m, 1, 1, NULL), 0);
	assert_int_equal(xst_pfnmap_get(&m, 65536), 0);
	xst_pfnmap_free(&m);
}

static void clear_forgets_all(void **state)
{
	struct pfnmap m;

	(void)state;
	xst_pfnmap_init(&m, 4, 128 << 10);
	assert_int_equal(pfnmap_set(&m, 9, 5, NULL), 0);
	assert_int_equal(pfnmap_set(&m, 99999, 5, NULL), 0);
	xst_pfnmap_clear(&m);
	assert_int_equal(xst_pfnmap_get(&m, 9), 0);
	assert_int_equal(xst_pfnmap_get(&m, 99999), 0);
	assert_int_equal(pfnmap_set(&m, 9, 6, NULL), 0);
	assert_int_equal(xst_pfnmap_get(&m, 9), 6);
	xst_pfnmap_free(&m);
	assert_int_equal(xst_pfnmap_get(&m, 9), 0);
}

/* Frames that lie as far apart as can be: going through them must not take as long as counting. */
static void all_are_found_in_order(void **state)
{
	static const uint64_t places[] = { 3, 4, 32768, UINT64_C(1) << 40, XST_PAGE_PFN(UINT64_MAX) };
	struct pfnmap m;
	uint64_t pfn = 0;

	(void)state;
	xst_pfnmap_init(&m, 1, 0);
	assert_false(xst_pfnmap_next(&m, 0, &pfn));
	for (size_t i = COUNT(places); i-- > 0;)
		assert_int_equal(pfnmap_set(&m, places[i], 1, NULL), 0);
	for (size_t i = 0; i < COUNT(places); i++, pfn++) {
		assert_true(xst_pfnmap_next(&m, pfn, &pfn));
		assert_int_equal(pfn, places[i]);
	}
	assert_false(xst_pfnmap_next(&m, pfn, &pfn));
	assert_int_equal(pfnmap_set(&m, pfn, 1, NULL), XST_E_LIMIT);
	xst_pfnmap_free(&m);
}

/* One frame in each of very many chunks, set in any order: what going through costs is that they are there. */
static void far_apart_are_found_soon(void **state)
{
	enum { CHUNKS = 16384, TIMES = 30 };
	struct pfnmap m;

	(void)state;
	xst_pfnmap_init(&m, 1, 0);
	for (uint64_t i = 0; i < CHUNKS; i++)
		assert_int_equal(pfnmap_set(&m, i * 7919 % CHUNKS * PFNMAP_CHUNK + 9, 1, NULL), 0);
	for (int times = 0; times < TIMES; times++) {
		uint64_t pfn = 0, n = 0;

		for (; xst_pfnmap_next(&m, pfn, &pfn); pfn++)
			n += pfn == n * PFNMAP_CHUNK + 9;
		assert_int_equal(n, CHUNKS);
	}
	xst_pfnmap_clear(&m);
	assert_false(xst_pfnmap_next(&m, 0, &(uint64_t){ 0 }));
	xst_pfnmap_free(&m);
}

/* At every place of a byte, and up to a chunk's end, against single frames. */
static void one_run(unsigned first, unsigned n, unsigned bits)
{
	uint64_t pfn = first < 17 ? first : PFNMAP_CHUNK - n;
	struct pfnmap m;

	xst_pfnmap_init(&m, bits, 0);
	assert_false(xst_pfnmap_any_run(&m, pfn, n));
	if (pfn)
		assert_int_equal(pfnmap_set(&m, pfn - 1, 1, NULL), 0);
	if ((pfn + n) % PFNMAP_CHUNK)
		assert_int_equal(pfnmap_set(&m, pfn + n, 1, NULL), 0);
	assert_false(xst_pfnmap_any_run(&m, pfn, n));
	for (uint64_t i = pfn; i < pfn + n; i += n > 40 ? 13 : 1) {
		assert_int_equal(pfnmap_set(&m, i, 1, NULL), 0);
		assert_true(xst_pfnmap_any_run(&m, pfn, n));
		assert_int_equal(pfnmap_set(&m, i, 0, NULL), 0);
	}
	if (bits == 1) {
		assert_int_equal(xst_pfnmap_count_run(&m, pfn, n), 0);
		assert_int_equal(xst_pfnmap_set_run(&m, pfn, n), 0);
		for (uint64_t i = pfn < 2 ? 0 : pfn - 2; i < pfn + n + 2 && i < PFNMAP_CHUNK; i++)
			assert_int_equal(xst_pfnmap_get(&m, i), i + 1 >= pfn && i <= pfn + n);
		assert_int_equal(xst_pfnmap_count_run(&m, pfn, n), n);
		assert_int_equal(pfnmap_set(&m, pfn + n / 2, 0, NULL), 0);
		assert_int_equal(xst_pfnmap_count_run(&m, pfn, n), n - 1);
	}
	xst_pfnmap_free(&m);
}

static void runs_are_frames(void **state)
{
	(void)state;
	for (unsigned bits = 1; bits <= 4; bits += 3)
		for (unsigned first = 0; first < 20; first++)
			for (unsigned n = 1; n < 300; n += n < 40 ? 1 : 29)
				one_run(first, n, bits);
}

/* What earlier generations leave is given back when it is most of it, and nothing of it is seen again. */
static void old_frames_do_not_pile_up(void **state)
{
	struct pfnmap m;

	(void)state;
	xst_pfnmap_init(&m, 1, 0);
	for (uint64_t i = 0; i < 1000; i++) {
		xst_pfnmap_clear(&m);
		for (uint64_t k = 0; k < 3; k++)
			assert_int_equal(pfnmap_set(&m, (i + k) * PFNMAP_CHUNK + i % 7, 1, NULL), 0);
		for (uint64_t k = 0; k < 5; k++)
			assert_int_equal(xst_pfnmap_get(&m, (i + k) * PFNMAP_CHUNK + i % 7), k < 3);
		assert_int_equal(xst_pfnmap_get(&m, i * PFNMAP_CHUNK + (i + 6) % 7), 0);
		assert_true(m.used <= 16);
	}
	xst_pfnmap_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_0_until_set),
		cmocka_unit_test(numbers_are_cut_to_their_bits),
		cmocka_unit_test(neighbours_do_not_mix),
		cmocka_unit_test(it_grows),
		cmocka_unit_test(its_memory_has_a_bound),
		cmocka_unit_test(clear_forgets_all),
		cmocka_unit_test(all_are_found_in_order),
		cmocka_unit_test(far_apart_are_found_soon),
		cmocka_unit_test(runs_are_frames),
		cmocka_unit_test(old_frames_do_not_pile_up),
	};

	return cmocka_run_group_tests_name("pfnmap", tests, NULL, NULL);
}
