/* SPDX-License-Identifier: MIT */
/* Each allocation fails in turn: the answer is XST_E_NOMEM, nothing leaks, nothing crashes. */
#include <xenstream/check.h>
#include <xenstream/emit.h>
#include <xenstream/head.h>
#include <xenstream/io.h>
#include <xenstream/job.h>
#include <xenstream/restore.h>
#include <xenstream/state.h>

#include <unistd.h>

#include "build.h"
#include "starve.h"
#include "unit.h"

/* --- what is done with little memory -------------------------------------------------------- */

static const struct build *input;
static enum xst_container container;

static int convert_events(struct xst_parser *p, struct xst_converter *c)
{
	struct xst_in in = { input->data, input->size, 0 };
	const struct xst_event *ev;
	int r;

	do {
		r = xst_parser_next(p, &in, &ev);
		if (r == 0 && ev->type == XST_EVENT_NEED)
			xst_parser_eof(p);
		if (r == 0)
			r = xst_converter_event(c, ev);
		if (r == 0 && ev->type == XST_EVENT_PAYLOAD) {
			uint64_t want = xst_converter_payload(c);

			r = xst_converter_moved(c, ev->u.payload.size < want ? ev->u.payload.size
									      : want);
		}
		/* the output is not taken, so that it grows */
	} while (r == 0 && ev->type != XST_EVENT_FINISHED);
	if (r == XST_E_NOMEM)
		assert_int_equal(xst_converter_error(c)->code, XST_E_NOMEM);
	return r;
}

static int convert(void)
{
	struct xst_converter_options o = { .size = sizeof(o), .to = container };
	struct xst_parser *p = NULL;
	struct xst_converter *c = NULL;
	int r = xst_parser_new(NULL, &p);

	if (r == 0)
		r = xst_converter_new(&o, &c);
	if (r == 0)
		r = convert_events(p, c);
	xst_converter_free(c);
	xst_parser_free(p);
	return r;
}

static int input_file(void)
{
	FILE *f = tmpfile();
	int fd;

	assert_non_null(f);
	fd = dup(fileno(f));
	fclose(f);
	assert_int_equal(write(fd, input->data, input->size), input->size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int fd = -1;

static int info(void)
{
	struct xst_finding e = { 0 };
	struct xst_info *i = NULL;
	int r;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	r = xst_info_fd(fd, NULL, &i, &e);
	xst_info_free(i);
	return r;
}

static int convert_fd(void)
{
	struct xst_output *o = NULL;
	struct xst_finding e;
	int r;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	r = xst_output_file("/dev/null", 0600, 0, &o, &e);
	if (r == 0)
		r = xst_convert_fd(fd, o, NULL, &e);
	xst_output_free(o);
	return r;
}

static int copy_with_another_config(void)
{
	struct xst_output *o = NULL;
	struct xst_head *h = NULL;
	struct xst_finding e;
	int r;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	r = xst_head_read(fd, NULL, &h, &e);
	if (r == 0)
		r = xst_head_set_config(h, "name='b'", 8, false);
	if (r == 0)
		r = xst_output_file("/dev/null", 0600, 0, &o, &e);
	if (r == 0)
		r = xst_head_copy(h, fd, o, NULL, NULL, NULL, &e);
	xst_output_free(o);
	xst_head_free(h);
	return r;
}

/* From a pipe, so that checkpoints are spooled. */
static int restore(void)
{
	struct xst_restore_options o = { .size = sizeof(o), .flags = XST_RESTORE_NO_CONFIG };
	struct xst_sink_exec_options exec = { .size = sizeof(exec), .command = "cat >/dev/null" };
	struct xst_restore_result result;
	int fds[2], r;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], input->data, input->size), input->size);
	close(fds[1]);
	o.fd = fds[0];
	r = xst_sink_exec(&exec, &o.domain);
	if (r == 0) {
		result.records = UINT64_MAX; /* untouched if it never begins */
		r = xst_restore_run(&o, -1, &result);
		if (r && result.records == UINT64_MAX)
			o.domain.ops->free(o.domain.self);
	}
	close(fds[0]);
	return r;
}

static void of_a_conversion(void **state)
{
	static const struct {
		const char *name;
		enum xst_container to;
	} jobs[] = { { "legacy-hvm-8", 0 },  { "legacy-pv64-8", 0 },
		     { "xl-hvm", 0 },        { "image-pv64-v2", 0 },
		     { "legacy-hvm-8-large-lists", 0 },
		     { "libvirt-hvm", XST_CONTAINER_LIBVIRT },
		     { "xenserver-hvm", XST_CONTAINER_XENSERVER } };

	(void)state;
	for (size_t i = 0; i < samples_count; i++)
		for (size_t k = 0; k < COUNT(jobs); k++) {
			struct build b = { 0 };

			if (strcmp(samples[i].name, jobs[k].name) != 0)
				continue;
			container = jobs[k].to;
			build_sample(&b, &samples[i]);
			input = &b;
			each_fails(convert, XST_E_NOMEM);
			build_free(&b);
		}
}

static void of_jobs(void **state)
{
	(void)state;
	for (size_t i = 0; i < samples_count; i++) {
		struct build b = { 0 };

		if (strcmp(samples[i].name, "xl-hvm") != 0 &&
		    strcmp(samples[i].name, "legacy-hvm-8") != 0)
			continue;
		build_sample(&b, &samples[i]);
		input = &b;
		fd = input_file();
		each_fails(info, XST_E_NOMEM);
		/* what fails in the moving of bytes is told as ENOMEM of a system call */
		each_fails(convert_fd, XST_E_IO);
		if (samples[i].name[0] == 'x')
			each_fails(copy_with_another_config, XST_E_IO);
		close(fd);
		build_free(&b);
	}
}

static void of_a_restore(void **state)
{
	static const char *const names[] = { "libxl-hvm-checkpoints", "xl-hvm", "image-hvm-qemu" };

	(void)state;
	for (size_t i = 0; i < samples_count; i++)
		for (size_t k = 0; k < COUNT(names); k++) {
			struct build b = { 0 };

			if (strcmp(samples[i].name, names[k]) != 0)
				continue;
			build_sample(&b, &samples[i]);
			input = &b;
			each_fails(restore, XST_E_NOMEM);
			build_free(&b);
		}
}

static int checker(void)
{
	struct xst_checker *c = NULL;
	int r = xst_checker_new(NULL, &c);

	assert_true(r == 0 || !c);
	xst_checker_free(c);
	return r;
}

static void of_a_checker(void **state)
{
	(void)state;
	each_fails(checker, XST_E_NOMEM);
}

static int state_events(struct xst_parser *p, struct xst_state *s)
{
	struct xst_in in = { input->data, input->size, 0 };
	const struct xst_event *ev;
	int r;

	do {
		r = xst_parser_next(p, &in, &ev);
		if (r == 0 && ev->type == XST_EVENT_NEED)
			xst_parser_eof(p);
		if (r == 0)
			r = xst_state_event(s, ev);
	} while (r == 0 && ev->type != XST_EVENT_FINISHED);
	return r;
}

static int state_job(void)
{
	struct xst_parser *p = NULL;
	struct xst_state *s = NULL;
	int r = xst_parser_new(NULL, &p);

	if (r == 0)
		r = xst_state_new(NULL, &s);
	if (r == 0)
		r = state_events(p, s);
	xst_state_free(s);
	xst_parser_free(p);
	return r;
}

static void of_a_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < samples_count; i++) {
		struct build b = { 0 };

		build_sample(&b, &samples[i]);
		input = &b;
		each_fails(state_job, XST_E_NOMEM);
		build_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_conversion),
		cmocka_unit_test(of_jobs),
		cmocka_unit_test(of_a_restore),
		cmocka_unit_test(of_a_checker),
		cmocka_unit_test(of_a_state),
	};

	return cmocka_run_group_tests_name("no memory", tests, NULL, NULL);
}
