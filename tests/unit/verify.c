/* SPDX-License-Identifier: MIT */
/* xst_verify_fd(): what counts, when it stops, and what goes on through a tee. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenstream/xenstream.h>

#include "build.h"
#include "unit.h"

static int file_of(const void *data, size_t n)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

#define PV_INFO (24 + 16 + 8) /* after the image's and the domain's header and its own */

/* Good but for optional records of unknown type, and a width that contradicts the levels. */
static void build_faulty(struct build *b)
{
	struct modern m = { .pv = true, .batches = 1, .pages = 2, .unknown = true };

	build_modern(b, &m);
	assert_int_equal(b->data[PV_INFO], 8);
	b->data[PV_INFO] = 4;
}

static struct xst_verdict verify(const struct build *b, const struct xst_verify_options *o)
{
	int fd = file_of(b->data, b->size);
	struct xst_verdict v;

	assert_int_equal(xst_verify_fd(fd, o, &v, NULL), 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), v.end);
	close(fd);
	return v;
}

static void severities(void **state)
{
	struct xst_verify_options o = { .size = sizeof(o) };
	struct build b = { 0 };
	struct xst_verdict plain, v;

	(void)state;
	build_faulty(&b);
	plain = verify(&b, &o);
	assert_true(plain.errors >= 1 && plain.remarks >= 1);
	assert_int_equal(plain.end, b.size);
	o.flags = XST_VERIFY_STRICT;
	v = verify(&b, &o);
	assert_int_equal(v.errors, plain.errors + plain.remarks);
	assert_int_equal(v.remarks, 0);
	o.flags = XST_VERIFY_LIKE_XEN;
	v = verify(&b, &o);
	assert_true(v.errors >= 2);
	assert_int_equal(v.remarks + v.notes, 0);
	build_free(&b);
}

static void ignored_rules(void **state)
{
	static const char *const ids[] = { "libxc.pv-info", "record.optional", "nothing.such" };
	struct xst_verify_options o = { .size = sizeof(o), .ignore = ids, .n_ignore = 2 };
	struct build b = { 0 };
	struct xst_verdict plain, v;

	(void)state;
	build_faulty(&b);
	plain = verify(&b, NULL);
	v = verify(&b, &o);
	assert_true(v.ignored >= 2);
	assert_int_equal(v.errors + v.remarks + v.notes + v.ignored,
			 plain.errors + plain.remarks + plain.notes);
	o.n_ignore = 3;
	assert_int_equal(xst_verify_fd(0, &o, &v, NULL), XST_E_ARG);
	build_free(&b);
}

static void count(void *told, const struct xst_finding *f)
{
	(void)f;
	++*(unsigned *)told;
}

static void limited_and_stopped(void **state)
{
	unsigned told = 0;
	struct xst_job_options job = { .size = sizeof(job), .finding = count, .userdata = &told };
	struct xst_verify_options o = { .size = sizeof(o), .job = &job, .max_findings = 1 };
	struct build b = { 0 };
	struct xst_verdict v;

	(void)state;
	build_faulty(&b);
	v = verify(&b, &o);
	assert_int_equal(told, 1);
	assert_int_equal(v.omitted, v.errors + v.remarks + v.notes - 1);
	o.flags = XST_VERIFY_STOP;
	v = verify(&b, &o);
	assert_int_equal(v.errors, 1);
	assert_true(v.end < b.size);
	build_free(&b);
}

/* Through a file or a pipe, into a file; more stands after the stream. */
static void passes_on(const struct build *b, size_t n, bool pipes)
{
	int out = memfd_create("out", MFD_CLOEXEC), in = file_of(b->data, n), ends[2];
	struct xst_verify_options o = { .size = sizeof(o) };
	struct xst_verdict v;
	uint8_t *got = malloc(n + 1);

	if (pipes) {
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) >= (int)n);
		assert_int_equal(write(ends[1], b->data, n), n);
		close(ends[1]);
		close(in);
		in = ends[0];
	}
	assert_int_equal(xst_output_fd(out, &o.tee), 0);
	assert_int_equal(xst_verify_fd(in, &o, &v, NULL), 0);
	assert_int_equal(pread(out, got, n + 1, 0), n);
	assert_memory_equal(got, b->data, n);
	if (!pipes)
		assert_int_equal(lseek(in, 0, SEEK_CUR), n);
	xst_output_free(o.tee);
	free(got);
	close(in);
	close(out);
}

static void every_byte_goes_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < samples_count; i++) {
		struct build b = { 0 };

		build_sample(&b, &samples[i]);
		fill(&b, 5000);
		for (size_t n = b.size; n > 0; n -= n < 997 ? n : 997) {
			passes_on(&b, n, false);
			passes_on(&b, n, true);
		}
		build_free(&b);
	}
}

static void tee_takes_sense_only(void **state)
{
	struct xst_reader *r = NULL;
	struct xst_output *o = NULL;
	int fd = file_of("x", 1);
	uint64_t n;

	(void)state;
	assert_int_equal(xst_output_fd(fd, &o), 0);
	assert_int_equal(xst_reader_new(fd, NULL, XST_READER_KNOW_LENGTHS, NULL, &r), 0);
	assert_int_equal(xst_reader_tee(r, o), XST_E_ARG);
	assert_int_equal(xst_reader_tee_rest(r, &n), XST_E_STATE);
	xst_reader_free(r);
	assert_int_equal(xst_reader_new(fd, NULL, 0, NULL, &r), 0);
	assert_int_equal(xst_reader_tee(r, NULL), XST_E_ARG);
	assert_int_equal(xst_reader_tee(r, o), 0);
	assert_int_equal(xst_reader_tee(r, o), XST_E_ARG);
	xst_reader_free(r);
	xst_output_free(o);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(severities),
		cmocka_unit_test(ignored_rules),
		cmocka_unit_test(limited_and_stopped),
		cmocka_unit_test(every_byte_goes_on),
		cmocka_unit_test(tee_takes_sense_only),
	};

	return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
