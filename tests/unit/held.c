/* SPDX-License-Identifier: MIT */
/* Records that are held back: of each kind those of the last complete state that has any. */
#include "restore/held.h"

#include "scratch.h"
#include "unit.h"

#define LARGE (3 << 20) /* more than is kept in memory */

/* A record of `n` bytes, all of them `word`. */
static void hold(struct held *h, enum xst_kind kind, char word, size_t n)
{
	struct xst_finding e;
	char *data = malloc(n);

	memset(data, word, n);
	assert_int_equal(xst_restore_held_begin(h, kind), 0);
	assert_int_equal(xst_restore_spool_write(&h->spool, data, n, &e), 0);
	free(data);
}

static void settle(struct held *h)
{
	struct xst_finding e;

	assert_int_equal(xst_restore_held_settle(h, &e), 0);
}

/* The words of all records, in order; each record must have `n` bytes of its word alone. */
static void expect(struct held *h, const char *words, size_t n)
{
	struct xst_finding e;
	char *data = malloc(n);

	assert_int_equal(h->n, strlen(words));
	assert_int_equal(xst_restore_spool_flush(&h->spool, &e), 0);
	for (size_t i = 0; i < h->n; i++) {
		uint64_t from, to;

		xst_restore_held_range(h, i, &from, &to);
		assert_int_equal(to - from, n);
		if (h->spool.fd < 0)
			memcpy(data, h->spool.memory + from, n);
		else
			assert_int_equal(pread(h->spool.fd, data, n, (off_t)from), n);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(data[k], words[i]);
	}
	free(data);
}

/* Three states: what a later one has again replaces all that was there of its kind, and nothing else. */
static void states(size_t n)
{
	char dir[SCRATCH_MAX];
	struct held h;

	assert_true(scratch_folder(dir));
	xst_restore_held_init(&h, dir);
	hold(&h, XST_KIND_TSC_INFO, 'a', n);
	hold(&h, XST_KIND_VCPU_BASIC, 'b', n);
	hold(&h, XST_KIND_VCPU_BASIC, 'c', n);
	settle(&h);
	expect(&h, "abc", n);
	hold(&h, XST_KIND_VCPU_BASIC, 'd', n);
	hold(&h, XST_KIND_SHARED_INFO, 'e', n);
	expect(&h, "abcde", n);
	settle(&h);
	expect(&h, "ade", n);
	settle(&h); /* with nothing new */
	expect(&h, "ade", n);
	hold(&h, XST_KIND_TSC_INFO, 'f', n);
	settle(&h);
	expect(&h, "def", n);
	xst_restore_held_free(&h);
	assert_int_equal(rmdir(dir), 0);
}

static void in_memory(void **state)
{
	(void)state;
	states(10);
}

static void in_a_file(void **state)
{
	(void)state;
	states(LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_memory),
		cmocka_unit_test(in_a_file),
	};

	return cmocka_run_group_tests_name("held", tests, NULL, NULL);
}
