/* SPDX-License-Identifier: MIT */
/* Every limit of the list, at its value, one below and one above. */
#include "limit_case.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "build.h"
#include "scratch.h"
#include "unit.h"

static const struct limit_row {
	const char *name;
	uint64_t value;
	bool (*takes)(uint64_t n);
} rows[] = {
#define X(name, value, unit, of, beyond) { #name, value, limit_takes_##name },
	ALL_LIMITS(X)
#undef X
};

static char folder[SCRATCH_MAX];

const char *limit_folder(void)
{
	return folder;
}

int limit_file_of(struct build *b)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->data, b->size), b->size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	build_free(b);
	return fd;
}

static int set_up(void **state)
{
	(void)state;
	return scratch_folder(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	int fd = open(scratch_root(), O_RDONLY | O_DIRECTORY);

	(void)state;
	(void)xst_directory_tree_remove(fd, strrchr(folder, '/') + 1);
	close(fd);
	return 0;
}

static void at_its_value(void **state)
{
	const struct limit_row *row = *state;

	assert_true(row->takes(row->value - 1));
	assert_true(row->takes(row->value));
	assert_false(row->takes(row->value + 1));
}

int main(void)
{
	struct CMUnitTest tests[COUNT(rows)] = { { .name = NULL } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		tests[i].name = rows[i].name;
		tests[i].test_func = at_its_value;
		tests[i].initial_state = (void *)(uintptr_t)&rows[i];
		tests[i].setup_func = set_up;
		tests[i].teardown_func = tear_down;
	}
	return cmocka_run_group_tests_name("limit list", tests, NULL, NULL);
}
