/* SPDX-License-Identifier: MIT */
/* A restore as an object: whose is what, one callback, and a thousand of them in one loop. */
#include <xenstream/restore.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"
#include "samples.h"

static const struct modern remus = { .libxl = true, .batches = 1, .pages = 2, .params = 2,
				     .checkpoints = 3, .pairs = 1, .emulator = 90 };

/* --- sinks and the caller's things -------------------------------------------------------------- */

/* Whose children leave no status can't be told that a program has done well. */
static void children_that_are_ignored(void **state)
{
	struct xst_sink_exec_options exec = { .size = sizeof(exec), .command = "cat >/dev/null" };
	struct xst_restore_options o = { .size = sizeof(o), .flags = XST_RESTORE_NO_CONFIG };
	unsigned before = open_descriptors();
	struct xst_restore_result result;
	struct build b = { 0 };

	(void)state;
	build_modern(&b, &remus);
	o.fd = file_of(b.data, b.size);
	assert_int_equal(xst_sink_exec(&exec, &o.domain), 0);
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(xst_restore_run(&o, -1, &result), XST_E_IO);
	signal(SIGCHLD, SIG_DFL);
	assert_non_null(strstr(result.error.text, "can't get its exit status"));
	assert_int_equal(result.error.sys_errno, ECHILD);
	close(o.fd);
	build_free(&b);
	assert_int_equal(open_descriptors(), before);
}

static struct {
	uint64_t bytes;
	unsigned finished, committed;
} seen;

static int count_bytes(void *self, const void *data, size_t n, size_t *ret_done)
{
	assert_null(self);
	assert_non_null(data);
	seen.bytes += n;
	*ret_done = n;
	return 0;
}

static int count_finish(void *self)
{
	assert_null(self);
	seen.finished++;
	return 0;
}

static int count_commit(void *self)
{
	assert_null(self);
	seen.committed++;
	return 0;
}

/* One that needs no object is told everything, and one that wants no payload gets none. */
static void sinks_without_an_object(void **state)
{
	struct xst_domain_sink_ops ops = *xst_sink_null().ops;
	struct xst_restore_options o = { .size = sizeof(o), .flags = XST_RESTORE_NO_CONFIG };
	struct xst_restore_result result;
	struct build b = { 0 };

	(void)state;
	build_modern(&b, &remus);
	ops.move = NULL;
	ops.finish = count_finish;
	ops.commit = count_commit;
	for (unsigned i = 1; i <= 2; i++) {
		ops.write = i == 1 ? count_bytes : NULL;
		o.fd = file_of(b.data, b.size);
		o.domain = (struct xst_domain_sink){ &ops, NULL };
		assert_int_equal(xst_restore_run(&o, -1, &result), 0);
		assert_int_equal(seen.finished, i);
		assert_int_equal(seen.committed, i);
		close(o.fd);
	}
	assert_true(seen.bytes >= 2 * XST_PAGE_SIZE);
	build_free(&b);
}

struct own {
	unsigned told;
	enum xst_outcome outcome;
	bool free_it, abort_it;
};

static void on_done(void *userdata, struct xst_restore *r, const struct xst_restore_result *result)
{
	struct own *own = userdata;

	own->told++;
	own->outcome = result->outcome;
	if (own->abort_it)
		xst_restore_abort(r);
	if (own->free_it)
		xst_restore_free(r);
}

static void the_object_may_go_in_its_callback(void **state)
{
	struct build b = { 0 };
	struct own own = { .free_it = true };
	struct xst_restore_options o = { .size = sizeof(o), .flags = XST_RESTORE_NO_CONFIG,
					 .done = on_done, .userdata = &own };
	struct xst_restore *r;
	int e;

	(void)state;
	build_modern(&b, &remus);
	for (int i = 0; i < 2; i++) {
		own.told = 0;
		o.fd = file_of(b.data, b.size);
		o.domain = xst_sink_null();
		assert_int_equal(xst_restore_new(&o, &r), 0);
		assert_int_equal(xst_restore_start(r), 0);
		if (i == 0) {
			while ((e = xst_restore_process(r)) == 0)
				;
			assert_int_equal(e, 1);
			assert_int_equal(own.outcome, XST_OUTCOME_COMPLETE);
		} else {
			xst_restore_free(r);
			assert_int_equal(own.outcome, XST_OUTCOME_ABORTED);
		}
		assert_int_equal(own.told, 1);
		close(o.fd);
	}
	own = (struct own){ .abort_it = true };
	o.fd = file_of(b.data, b.size);
	o.domain = xst_sink_null();
	assert_int_equal(xst_restore_new(&o, &r), 0);
	assert_int_equal(xst_restore_start(r), 0);
	while ((e = xst_restore_process(r)) == 0)
		;
	assert_int_equal(xst_restore_get_phase(r), XST_PHASE_OVER);
	assert_int_equal(xst_restore_process(r), XST_E_STATE);
	assert_int_equal(own.told, 1);
	xst_restore_free(r);
	assert_int_equal(own.told, 1);
	close(o.fd);
	build_free(&b);
}

/* One that was never started tells nothing. */
static void never_started(void **state)
{
	struct own own = { 0 };
	struct xst_restore_options o = { .size = sizeof(o), .done = on_done, .userdata = &own };
	struct xst_restore *r;

	(void)state;
	o.domain = xst_sink_null();
	assert_int_equal(xst_restore_new(&o, &r), 0);
	xst_restore_free(r);
	assert_int_equal(own.told, 0);
	o.fd = -1;
	assert_int_equal(xst_restore_new(&o, &r), XST_E_ARG);
	assert_int_equal(xst_restore_new(NULL, &r), XST_E_ARG);
	assert_null(xst_restore_free(NULL));
}

/* The descriptor's flags are shared with others and stay as they are; the offset of a file stands
 * after the stream that was restored. */
static void the_source_stays_the_callers(void **state)
{
	struct build b = { 0 };
	struct xst_restore_options o = { .size = sizeof(o), .flags = XST_RESTORE_NO_CONFIG };
	struct xst_sink_exec_options exec = { .size = sizeof(exec),
					      .command = "cat >/dev/null; exit 1" };
	struct xst_restore_result result;
	size_t size;
	int flags;

	(void)state;
	build_modern(&b, &remus);
	size = b.size;
	put(&b, "something else", 14);
	o.fd = file_of(b.data, b.size);
	flags = fcntl(o.fd, F_GETFL);
	assert_int_equal(xst_sink_exec(&exec, &o.domain), 0);
	assert_int_equal(xst_restore_run(&o, -1, &result), XST_E_IO);
	assert_int_equal(lseek(o.fd, 0, SEEK_CUR), 0);
	o.domain = xst_sink_null();
	assert_int_equal(xst_restore_run(&o, -1, &result), 0);
	assert_int_equal(fcntl(o.fd, F_GETFL), flags);
	assert_int_equal(lseek(o.fd, 0, SEEK_CUR), size);
	assert_int_equal(result.end, size);
	close(o.fd);
	build_free(&b);
}

/* --- many at once ----------------------------------------------------------------------------- */

#define MANY 1000

struct one {
	struct xst_restore *restore;
	struct build *b;
	int fds[2];
	size_t fed;
	struct own own;
};

/* Different streams, each in pieces of its own size, all of them in flight together. */
static void feed_one(struct one *one, size_t i)
{
	size_t n = one->b->size - one->fed, piece = 100 + i % 900;
	ssize_t k;

	if (one->fds[1] < 0)
		return;
	if (!n) {
		close(one->fds[1]);
		one->fds[1] = -1;
		return;
	}
	k = write(one->fds[1], one->b->data + one->fed, n < piece ? n : piece);
	one->fed += k > 0 ? (size_t)k : 0;
}

static void begin_one(struct one *one, size_t i, struct build *b, int epoll)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = i };
	struct xst_restore_options o = { .size = sizeof(o), .flags = XST_RESTORE_NO_CONFIG,
					 .done = on_done };

	*one = (struct one){ .b = b };
	if (i % 2)
		assert_int_equal(pipe2(one->fds, O_CLOEXEC | O_NONBLOCK), 0);
	else
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
					    one->fds), 0);
	o.fd = one->fds[0];
	o.domain = xst_sink_null();
	o.userdata = &one->own;
	assert_int_equal(xst_restore_new(&o, &one->restore), 0);
	assert_int_equal(xst_restore_start(one->restore), 0);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, xst_restore_get_fd(one->restore), &ev), 0);
}

static size_t process_ready(struct one *ones, int epoll)
{
	struct epoll_event ready[64];
	int n = epoll_wait(epoll, ready, COUNT(ready), 0);
	size_t over = 0;

	for (int k = 0; k < n; k++) {
		struct one *one = &ones[ready[k].data.u64];
		int e = xst_restore_process(one->restore);

		assert_true(e >= 0);
		if (!e)
			continue;
		assert_int_equal(one->own.told, 1);
		assert_int_equal(one->own.outcome, XST_OUTCOME_COMPLETE);
		one->restore = xst_restore_free(one->restore);
		over++;
	}
	return over;
}

static void a_thousand_in_one_loop(void **state)
{
	struct rlimit limit;
	struct one *ones = calloc(MANY, sizeof(*ones));
	struct build b[8] = { { 0 } };
	size_t over = 0, n = 0;
	unsigned before = open_descriptors();
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < MANY * 4 + 100) {
		print_message("not run: %lu descriptors are all there may be\n",
			      (unsigned long)limit.rlim_max);
		skip();
	}
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (size_t i = 0; i < samples_count && n < COUNT(b); i++)
		if (!samples[i].modern.colo &&
		    (strncmp(samples[i].name, "libxl", 5) == 0 || strncmp(samples[i].name, "xl-", 3) == 0))
			build_sample(&b[n++], &samples[i]);
	for (size_t i = 0; i < MANY; i++)
		begin_one(&ones[i], i, &b[i % n], epoll);
	while (over < MANY) {
		for (size_t i = 0; i < MANY; i++)
			if (ones[i].restore)
				feed_one(&ones[i], i);
		over += process_ready(ones, epoll);
	}
	for (size_t i = 0; i < MANY; i++) {
		close(ones[i].fds[0]);
		if (ones[i].fds[1] >= 0)
			close(ones[i].fds[1]);
	}
	close(epoll);
	assert_int_equal(open_descriptors(), before);
	for (size_t i = 0; i < n; i++)
		build_free(&b[i]);
	free(ones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sinks_without_an_object),
		cmocka_unit_test(children_that_are_ignored),
		cmocka_unit_test(the_object_may_go_in_its_callback),
		cmocka_unit_test(never_started),
		cmocka_unit_test(the_source_stays_the_callers),
		cmocka_unit_test(a_thousand_in_one_loop),
	};

	signal(SIGPIPE, SIG_IGN); /* of the test's own writing */
	return cmocka_run_group_tests_name("restore as an object", tests, NULL, NULL);
}
