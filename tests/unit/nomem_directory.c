/* SPDX-License-Identifier: MIT */
/* Image directories with little memory: each allocation fails in turn, what was at the place stays
 * there, and nothing else does. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xenstream/emit.h>
#include <xenstream/io.h>

#include "directory/directory.h"
#include "probe.h"
#include "scratch.h"
#include "starve.h"
#include "unit.h"

static char folder[SCRATCH_MAX];
static char place[SCRATCH_MAX + 8];
static int root = -1, in = -1, out = -1;
static bool is_there; /* an empty directory, before the restore */

static unsigned entries(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY), r = xst_directory_tree_is_empty(fd);

	close(fd);
	return r != 0;
}

/* --- from a stream ---------------------------------------------------------------------------- */

static void put_place(void)
{
	assert_int_equal(xst_directory_tree_remove(root, "d"), 0);
	if (is_there)
		assert_int_equal(mkdir(place, 0700), 0);
}

/* Of what failed nothing is left. */
static void expect_place(void)
{
	if (is_there)
		assert_int_equal(rmdir(place), 0);
	assert_false(entries(folder));
}

static void free_all(struct xst_directory_sinks *s)
{
	s->domain.ops->free(s->domain.self);
	s->xenstore.ops->free(s->xenstore.self);
	s->emulator.ops->free(s->emulator.self);
}

static int restore_once(void)
{
	struct xst_directory_options to = { .size = sizeof(to), .path = place,
					    .flags = XST_DIRECTORY_SYNC };
	struct xst_restore_options o = { .size = sizeof(o), .fd = in, .domid = 5,
					 .flags = XST_RESTORE_NO_CONFIG };
	struct xst_restore_result result = { .records = UINT64_MAX };
	struct xst_directory_sinks s;
	int r = xst_directory_sinks(&to, &s);

	if (r)
		return r;
	o.domain = s.domain;
	o.xenstore = s.xenstore;
	o.emulator = s.emulator;
	r = xst_restore_run(&o, -1, &result);
	if (r && result.records == UINT64_MAX) /* it never began */
		free_all(&s);
	return r;
}

static int restore(void)
{
	int r;

	starve_pause();
	put_place();
	assert_int_equal(lseek(in, 0, SEEK_SET), 0);
	starve_on();
	r = restore_once();
	starve_pause();
	if (r)
		expect_place();
	return r;
}

/* --- back to a stream ------------------------------------------------------------------------- */

static int pack(void)
{
	struct xst_converter_options to = { .size = sizeof(to), .flags = XST_CONVERT_FORCE };
	struct xst_save_options o = { .size = sizeof(o), .converter = &to };
	struct xst_finding error = { 0 };
	struct xst_output *output;
	int r;

	assert_int_equal(ftruncate(out, 0), 0);
	assert_int_equal(lseek(out, 0, SEEK_SET), 0);
	r = xst_output_fd(out, &output);
	if (r)
		return r;
	r = xst_save_directory(place, output, &o, &error);
	if (r)
		assert_int_equal(error.code, r);
	if (r == 0)
		r = xst_output_flush(output);
	xst_output_free(output);
	return r;
}

/* --- both ------------------------------------------------------------------------------------- */

static const struct sample *sample_of(const char *name)
{
	for (size_t i = 0; i < samples_count; i++)
		if (strcmp(samples[i].name, name) == 0)
			return &samples[i];
	fail_msg("no sample %s", name);
	return NULL;
}

static void there_and_back(const char *name)
{
	struct build b = { 0 };

	build_sample(&b, sample_of(name));
	in = file_of(b.data, b.size);
	out = file_of("", 0);
	is_there = true;
	each_fails(restore, XST_E_NOMEM);
	is_there = false;
	each_fails(restore, XST_E_NOMEM);
	put_place();
	assert_int_equal(lseek(in, 0, SEEK_SET), 0);
	assert_int_equal(restore_once(), 0);
	each_fails(pack, XST_E_NOMEM);
	put_place();
	close(in);
	close(out);
	build_free(&b);
}

static void of_directories(void **state)
{
	static const char *const names[] = { "xl-hvm", "libxl-hvm-checkpoints", "image-hvm-qemu",
					     "legacy-hvm-8", "image-pv64-v2" };
	unsigned before = open_descriptors();

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		there_and_back(names[i]);
	assert_int_equal(open_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_directories),
	};
	int failed;

	if (!scratch_folder(folder))
		return 1;
	(void)snprintf(place, sizeof(place), "%s/d", folder);
	root = open(folder, O_RDONLY | O_DIRECTORY);
	failed = cmocka_run_group_tests_name("directories, no memory", tests, NULL, NULL);
	xst_directory_tree_remove(root, "d");
	close(root);
	(void)rmdir(folder);
	return failed;
}
