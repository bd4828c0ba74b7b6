/* SPDX-License-Identifier: MIT */
/* A file appears whole or not at all. */
#include <xenstream/io.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "unit.h"

static char dir[SCRATCH_MAX];
static char path[100], link_path[100];

static int set_up(void **state)
{
	(void)state;
	umask(022);
	if (!scratch_folder(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/image.save", dir);
	snprintf(link_path, sizeof(link_path), "%s/link", dir);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	unlink(path);
	unlink(link_path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

static unsigned files(void)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void write_file(const char *text, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void expect_file(const char *text, unsigned mode)
{
	char buf[1000];
	struct stat st;
	int fd = open(path, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, buf, sizeof(buf));
	assert_int_equal(n, strlen(text));
	assert_memory_equal(buf, text, strlen(text));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
	close(fd);
}

static struct xst_output *begin(const char *name, uint32_t flags)
{
	struct xst_finding e;
	struct xst_output *o;

	assert_int_equal(xst_output_file(name, 0640, flags, &o, &e), 0);
	assert_int_equal(xst_output_write(o, "new", 3), 0);
	assert_int_equal(xst_output_flush(o), 0);
	return o;
}

static void a_new_file_appears_at_the_end(void **state)
{
	struct xst_output *o = begin(path, 0);

	(void)state;
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(xst_output_commit(o), 0);
	expect_file("new", 0640);
	assert_null(xst_output_free(o));
	expect_file("new", 0640);
	assert_int_equal(files(), 1);
}

static void without_a_commit_nothing_is_left(void **state)
{
	struct xst_output *o = begin(path, 0);

	(void)state;
	xst_output_free(o);
	assert_int_equal(files(), 0);
	o = begin(path, XST_OUTPUT_SYNC);
	xst_output_free(o);
	assert_int_equal(files(), 0);
	assert_null(xst_output_free(NULL));
}

static void an_existing_file_is_replaced_whole(void **state)
{
	struct xst_output *o;

	(void)state;
	write_file("old", 0604);
	o = begin(path, 0);
	expect_file("old", 0604);
	assert_int_equal(xst_output_commit(o), 0);
	expect_file("new", 0604);
	xst_output_free(o);
	assert_int_equal(files(), 1);
}

static void an_existing_file_survives_a_failure(void **state)
{
	struct xst_output *o;

	(void)state;
	write_file("old", 0600);
	o = begin(path, 0);
	xst_output_free(o);
	expect_file("old", 0600);
	assert_int_equal(files(), 1);
}

/* Whoever has made a file of that name meanwhile does not lose to half a file. */
static void a_file_that_appears_meanwhile(void **state)
{
	struct xst_output *o = begin(path, 0);

	(void)state;
	write_file("theirs", 0600);
	assert_int_equal(xst_output_commit(o), 0);
	xst_output_free(o);
	expect_file("new", 0640);
	assert_int_equal(files(), 1);
}

static void a_symbolic_link_stays_one(void **state)
{
	struct xst_output *o;
	struct stat st;

	(void)state;
	write_file("old", 0600);
	assert_int_equal(symlink("image.save", link_path), 0);
	o = begin(link_path, 0);
	assert_int_equal(xst_output_commit(o), 0);
	xst_output_free(o);
	assert_int_equal(lstat(link_path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	expect_file("new", 0600);
}

static void what_is_no_file_is_written_directly(void **state)
{
	struct xst_output *o;
	char buf[10];
	int fd;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	o = begin(path, 0);
	assert_int_equal(read(fd, buf, sizeof(buf)), 3);
	assert_int_equal(xst_output_commit(o), 0);
	xst_output_free(o);
	close(fd);
	assert_int_equal(files(), 1);
}

static void what_can_not_be_written_is_told(void **state)
{
	struct xst_output *o = NULL;
	struct xst_finding e = { 0 };

	(void)state;
	assert_int_equal(xst_output_file("/nonexistent/image", 0600, 0, &o, &e), XST_E_IO);
	assert_int_equal(e.sys_errno, ENOENT);
	assert_string_equal(e.rule, "output.io");
	assert_int_equal(xst_output_file(dir, 0600, 0, &o, &e), XST_E_IO);
	assert_int_equal(e.sys_errno, EISDIR);
	assert_int_equal(xst_output_file(NULL, 0600, 0, &o, &e), XST_E_ARG);
	assert_int_equal(xst_output_fd(-1, &o), XST_E_ARG);
	assert_null(o);
}

static void a_full_device(void **state)
{
	struct xst_output *o;
	struct xst_finding e;

	(void)state;
	assert_int_equal(xst_output_file("/dev/full", 0600, 0, &o, &e), 0);
	assert_int_equal(xst_output_write(o, "new", 3), 0);
	assert_int_equal(xst_output_commit(o), XST_E_IO);
	assert_int_equal(xst_output_error(o)->sys_errno, ENOSPC);
	assert_int_equal(xst_output_write(o, "more", 4), XST_E_IO);
	xst_output_free(o);
}

/* Pieces are gathered; what does not fit goes through in its order. */
static void pieces_keep_their_order(void **state)
{
	struct xst_output *o;
	struct xst_finding e;
	size_t total = 0;
	FILE *f;

	(void)state;
	assert_int_equal(xst_output_file(path, 0600, 0, &o, &e), 0);
	for (unsigned i = 0; i < 60; i++) {
		static uint8_t piece[200000];
		size_t n = (size_t[]){ 1, 60000, 5, 65536, 0, 199999 }[i % 6];

		memset(piece, (int)i + 1, n);
		assert_int_equal(xst_output_write(o, piece, n), 0);
		total += n;
		assert_int_equal(xst_output_offset(o), total);
	}
	assert_int_equal(xst_output_commit(o), 0);
	xst_output_free(o);
	f = fopen(path, "rb");
	assert_non_null(f);
	for (unsigned i = 0; i < 60; i++)
		for (size_t n = (size_t[]){ 1, 60000, 5, 65536, 0, 199999 }[i % 6]; n; n--)
			if (getc(f) != (int)i + 1)
				fail_msg("piece %u", i);
	assert_int_equal(getc(f), EOF);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_new_file_appears_at_the_end, clean),
		cmocka_unit_test_teardown(without_a_commit_nothing_is_left, clean),
		cmocka_unit_test_teardown(an_existing_file_is_replaced_whole, clean),
		cmocka_unit_test_teardown(an_existing_file_survives_a_failure, clean),
		cmocka_unit_test_teardown(a_file_that_appears_meanwhile, clean),
		cmocka_unit_test_teardown(a_symbolic_link_stays_one, clean),
		cmocka_unit_test_teardown(what_is_no_file_is_written_directly, clean),
		cmocka_unit_test_teardown(what_can_not_be_written_is_told, clean),
		cmocka_unit_test_teardown(a_full_device, clean),
		cmocka_unit_test_teardown(pieces_keep_their_order, clean),
	};

	return cmocka_run_group_tests_name("output", tests, set_up, tear_down);
}
