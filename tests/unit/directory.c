/* SPDX-License-Identifier: MIT */
/* Image directories: what comes out of one is what went in; pages that lose their contents; its
 * place; names that lead out of it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory/directory.h"
#include "probe.h"
#include "samples.h"
#include "scratch.h"

static char folder[SCRATCH_MAX];
static const char *place(const char *name)
{
	static char path[2][128];
	static unsigned n;

	n ^= 1;
	(void)snprintf(path[n], sizeof(path[n]), "%s/%s", folder, name);
	return path[n];
}

static struct xst_directory_sinks sinks(const char *name)
{
	struct xst_directory_options o = { .size = sizeof(o), .path = place(name) };
	struct xst_directory_sinks s;

	assert_int_equal(xst_directory_sinks(&o, &s), 0);
	return s;
}

static void remove_all(void)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY);
	DIR *d = fdopendir(fd);
	const struct dirent *e;

	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			xst_directory_tree_remove(fd, e->d_name);
	closedir(d);
}

static bool folder_is_empty(void)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY), r = xst_directory_tree_is_empty(fd);

	close(fd);
	return r == 0;
}

/* --- there and back --------------------------------------------------------------------------- */

static int restore(int fd, const char *name, struct xst_restore_result *ret)
{
	struct xst_directory_sinks s = sinks(name);
	struct xst_restore_options o = { .size = sizeof(o),
					 .fd = fd,
					 .domid = 5,
					 .flags = XST_RESTORE_NO_CONFIG,
					 .domain = s.domain,
					 .xenstore = s.xenstore,
					 .emulator = s.emulator };

	return xst_restore_run(&o, -1, ret);
}

static int save(const char *name, int fd)
{
	struct xst_converter_options to = { .size = sizeof(to), .flags = XST_CONVERT_FORCE };
	struct xst_save_options o = { .size = sizeof(o), .converter = &to };
	struct xst_finding error = { 0 };
	struct xst_output *out;
	int r;

	assert_int_equal(xst_output_fd(fd, &out), 0);
	r = xst_save_directory(place(name), out, &o, &error);
	if (r == 0)
		r = xst_output_flush(out);
	if (r)
		print_message("%s\n", error.text);
	xst_output_free(out);
	(void)lseek(fd, 0, SEEK_SET);
	return r;
}

static void assert_same_files(int a, int b)
{
	static uint8_t x[65536], y[65536];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(a, x, sizeof(x), at)) > 0) {
		assert_int_equal(pread(b, y, sizeof(y), at), n);
		assert_memory_equal(x, y, (size_t)n);
		at += n;
	}
	assert_int_equal(pread(b, y, sizeof(y), at), 0);
}

/* A saved directory restores to one that saves to the same bytes. */
static void there_and_back(void **state)
{
	unsigned before = open_descriptors();
	struct build b = { 0 };
	struct xst_restore_result result;
	int in, first, second;

	build_sample(&b, *state);
	in = file_of(b.data, b.size);
	first = file_of("", 0);
	second = file_of("", 0);
	if (restore(in, "one", &result) == 0) {
		assert_int_equal(save("one", first), 0);
		assert_int_equal(restore(first, "two", &result), 0);
		assert_int_equal(save("two", second), 0);
		assert_same_files(first, second);
	} else {
		assert_true(folder_is_empty());
	}
	remove_all();
	close(in);
	close(first);
	close(second);
	build_free(&b);
	assert_int_equal(open_descriptors(), before);
}

/* --- pages ------------------------------------------------------------------------------------ */

#define ENTRY(type, pfn) ((uint64_t)(type) << 60 | (pfn))

static void put_batch(struct memory *m, const uint64_t *entries, size_t n, size_t pages,
		      int fill_with)
{
	uint8_t page[XST_PAGE_SIZE];
	size_t done;

	memset(page, fill_with, sizeof(page));
	xst_directory_memory_begin_batch(m, UINT32_MAX);
	assert_int_equal(xst_directory_memory_items(m, entries, n), 0);
	assert_int_equal(xst_directory_memory_end_items(m), 0);
	for (size_t i = 0; i < pages; i++) {
		assert_int_equal(xst_directory_memory_write(m, page, sizeof(page), &done), 0);
		assert_int_equal(done, sizeof(page));
	}
}

static void assert_bytes(int fd, uint64_t at, size_t n, int byte)
{
	uint8_t data[XST_PAGE_SIZE];

	assert_int_equal(pread(fd, data, n, (off_t)at), n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(data[i], byte);
}

static void pages_lose_their_contents(void **state)
{
	const uint64_t first[] = { ENTRY(0, 3), ENTRY(0, 4), ENTRY(0, 5), ENTRY(9, 900) };
	const uint64_t then[] = { ENTRY(0xf, 4), ENTRY(0xd, 5), ENTRY(0xf, 7), ENTRY(0xe, 900) };
	const uint64_t again[] = { ENTRY(0, 4) };
	int dir = open(folder, O_RDONLY | O_DIRECTORY);
	struct memory m;

	(void)state;
	xst_directory_memory_init(&m);
	assert_int_equal(xst_directory_memory_open(&m, dir), 0);
	put_batch(&m, first, COUNT(first), 4, 'a');
	assert_bytes(m.fd, 900 * XST_PAGE_SIZE, XST_PAGE_SIZE, 'a');
	put_batch(&m, then, COUNT(then), 0, 0);
	assert_bytes(m.fd, 3 * XST_PAGE_SIZE, XST_PAGE_SIZE, 'a');
	assert_bytes(m.fd, 4 * XST_PAGE_SIZE, XST_PAGE_SIZE, 0);
	assert_bytes(m.fd, 5 * XST_PAGE_SIZE, XST_PAGE_SIZE, 0);
	assert_bytes(m.fd, 900 * XST_PAGE_SIZE, XST_PAGE_SIZE, 0);
	assert_bytes(m.pages, 3, 1, PAGE_KNOWN);
	assert_bytes(m.pages, 4, 1, PAGE_KNOWN | 0xf);
	assert_bytes(m.pages, 5, 1, PAGE_KNOWN | 0xd);
	assert_bytes(m.pages, 6, 1, 0);
	assert_bytes(m.pages, 900, 1, PAGE_KNOWN | 0xe);
	put_batch(&m, again, 1, 1, 'b');
	assert_bytes(m.fd, 4 * XST_PAGE_SIZE, XST_PAGE_SIZE, 'b');
	xst_directory_memory_free(&m);
	close(dir);
	remove_all();
}

/* What follows each other is one move, and what has no offset in a file is refused. */
static void runs_and_limits(void **state)
{
	const uint64_t entries[] = { ENTRY(0, 1), ENTRY(0, 2), ENTRY(0xf, 3), ENTRY(0, 3),
				     ENTRY(0, 9) };
	const uint64_t beyond = ENTRY(0xf, DIRECTORY_PAGES_MAX), last = ENTRY(0xf, DIRECTORY_PAGES_MAX - 1);
	int dir = open(folder, O_RDONLY | O_DIRECTORY);
	struct memory m;

	(void)state;
	xst_directory_memory_init(&m);
	assert_int_equal(xst_directory_memory_open(&m, dir), 0);
	xst_directory_memory_begin_batch(&m, 5 * XST_PAGE_SIZE);
	assert_int_equal(xst_directory_memory_items(&m, entries, COUNT(entries)), 0);
	assert_int_equal(m.nruns, 2);
	assert_int_equal(m.runs[0].pfn, 1);
	assert_int_equal(m.runs[0].n, 3);
	assert_int_equal(xst_directory_memory_items(&m, &beyond, 1), -EFBIG);
	/* entries for which no record has pages need no memory */
	xst_directory_memory_begin_batch(&m, 2 * XST_PAGE_SIZE - 1);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(xst_directory_memory_items(&m, (uint64_t[]){ ENTRY(0, 2 * i) }, 1),
				 0);
	assert_int_equal(m.nruns, 1);
	xst_directory_memory_begin_batch(&m, 0);
	assert_int_equal(xst_directory_memory_items(&m, &last, 1), 0);
	xst_directory_memory_free(&m);
	close(dir);
	remove_all();
}

/* An entry has 8 bytes, its type's block 4096: only so many more blocks than bytes may tell. */
static void far_apart_has_a_limit(void **state)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY), r = 0;
	struct memory m;
	uint64_t n = 0;

	(void)state;
	xst_directory_memory_init(&m);
	assert_int_equal(xst_directory_memory_open(&m, dir), 0);
	for (unsigned with = 0; with < 2; with++) {
		xst_directory_memory_begin_batch(&m, with * 100 * XST_PAGE_SIZE);
		for (; (r = xst_directory_memory_items(
				&m, (uint64_t[]){ ENTRY(0xf, n * PAGES_BLOCK) }, 1)) == 0;
		     n++)
			assert_in_range(n, 0, LIMIT_DIRECTORY_JUMPS + 200);
		assert_int_equal(r, -E2BIG);
		assert_in_range(n, LIMIT_DIRECTORY_JUMPS + with * 100, LIMIT_DIRECTORY_JUMPS + with * 100 + 2);
	}
	xst_directory_memory_free(&m);
	close(dir);
	remove_all();
}

/* --- its place -------------------------------------------------------------------------------- */

static int prepare(struct xst_directory_sinks *s)
{
	static const struct xst_restore_domain domain = { .domid = 5, .tmpdir = folder };

	return s->domain.ops->prepare(s->domain.self, &domain);
}

static void free_all(struct xst_directory_sinks *s)
{
	s->xenstore.ops->free(s->xenstore.self);
	s->domain.ops->free(s->domain.self);
	s->emulator.ops->free(s->emulator.self);
}

/* Abort, free without abort, free before anything: nothing is left; committed and aborted:
 * neither. */
static void taken_back(void **state)
{
	unsigned before = open_descriptors();
	struct xst_directory_sinks s;

	(void)state;
	for (int how = 0; how < 4; how++) {
		s = sinks("d");
		if (how) {
			assert_int_equal(prepare(&s), 0);
			assert_false(folder_is_empty());
			assert_int_not_equal(access(place("d"), F_OK), 0);
		}
		if (how == 2)
			assert_int_equal(s.xenstore.ops->abort(s.xenstore.self), 0);
		if (how == 3) {
			assert_int_equal(s.domain.ops->finish(s.domain.self), 0);
			assert_int_equal(s.domain.ops->commit(s.domain.self), 0);
			assert_int_equal(access(place("d"), F_OK), 0);
			assert_int_equal(s.domain.ops->abort(s.domain.self), 0);
		}
		free_all(&s);
		assert_true(folder_is_empty());
		assert_int_equal(open_descriptors(), before);
	}
}

/* Somebody was faster. */
static void place_is_taken_meanwhile(void **state)
{
	struct xst_directory_sinks s = sinks("d");
	char inside[160];

	(void)state;
	assert_int_equal(prepare(&s), 0);
	assert_int_equal(s.domain.ops->finish(s.domain.self), 0);
	assert_int_equal(mkdir(place("d"), 0700), 0);
	(void)snprintf(inside, sizeof(inside), "%s/theirs", place("d"));
	assert_int_equal(mkdir(inside, 0700), 0);
	assert_int_equal(s.domain.ops->commit(s.domain.self), XST_E_IO);
	assert_non_null(strstr(s.domain.ops->error(s.domain.self)->text, "not empty"));
	free_all(&s);
	assert_int_equal(access(inside, F_OK), 0);
	remove_all();
}

/* What pack would refuse is not written in the first place. */
static void no_more_than_pack_takes(void **state)
{
	struct xst_directory_sinks s = sinks("d");
	struct directory *d = s.domain.self;
	static const char key[] = "physmap/"
				  "00000000000000000000000000000000000000000000000000000000000000000000000"
				  "00000000000000000000000000000000000000000000000000000000000000000000000";
	size_t n = 0;
	int r;

	(void)state;
	assert_int_equal(prepare(&s), 0);
	assert_int_equal(s.xenstore.ops->begin(s.xenstore.self, 0, 0), 0);
	while ((r = s.xenstore.ops->pair(s.xenstore.self, key, strlen(key), "v", 1)) == 0)
		n++;
	assert_int_equal(r, XST_E_LIMIT);
	assert_int_equal(n, ((1 << 20) - 8) / sizeof(key));
	d->error.code = 0;
	free(d->slots);
	d->slots = calloc(LIMIT_DIRECTORY_RECORDS, sizeof(*d->slots));
	assert_non_null(d->slots);
	d->nslots = d->capacity = LIMIT_DIRECTORY_RECORDS;
	assert_int_equal(xst_directory_state_open(d, XST_KIND_HVM_PARAMS, 0), XST_E_LIMIT);
	assert_non_null(strstr(d->error.text, "more than 65536 records"));
	free_all(&s);
	assert_true(folder_is_empty());
}

/* Each name in a key of two bytes a name may be a directory of 4096. */
static void no_more_names_in_keys(void **state)
{
	static const char key[] = "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p";
	struct xst_directory_sinks s = sinks("d");
	size_t n = 0;
	int r = 0;

	(void)state;
	assert_int_equal(prepare(&s), 0);
	while (r == 0 && n < 5000) {
		if (n % 1000 == 0) { /* records have them together */
			assert_int_equal(n ? s.xenstore.ops->end(s.xenstore.self) : 0, 0);
			assert_int_equal(s.xenstore.ops->begin(s.xenstore.self, 0, 0), 0);
		}
		r = s.xenstore.ops->pair(s.xenstore.self, key, strlen(key), "v", 1);
		n += r == 0;
	}
	assert_int_equal(r, XST_E_LIMIT);
	assert_int_equal(n, 65536 / 16);
	free_all(&s);
	assert_true(folder_is_empty());
}

static void wrong_arguments(void **state)
{
	struct xst_directory_options o = { .size = sizeof(o), .path = "" };
	struct xst_directory_sinks s;

	(void)state;
	assert_int_equal(xst_directory_sinks(NULL, &s), XST_E_ARG);
	assert_int_equal(xst_directory_sinks(&o, &s), XST_E_ARG);
	o.path = "d";
	assert_int_equal(xst_directory_sinks(&o, NULL), XST_E_ARG);
	o.flags = 0x100;
	assert_int_equal(xst_directory_sinks(&o, &s), XST_E_ARG);
	assert_int_equal(xst_save_directory(NULL, NULL, NULL, NULL), XST_E_ARG);
}

/* What is no image directory is told as that, before anything is written. */
static void no_directory_of_ours(void **state)
{
	struct xst_finding error = { 0 };
	struct xst_output *out;
	int fd = file_of("", 0);

	(void)state;
	assert_int_equal(mkdir(place("d"), 0700), 0);
	assert_int_equal(xst_output_fd(fd, &out), 0);
	assert_int_equal(xst_save_directory(place("d"), out, NULL, &error), XST_E_MAGIC);
	assert_string_equal(error.rule, "directory.fault");
	assert_non_null(strstr(error.text, "not an image directory"));
	assert_int_equal(xst_save_directory(place("nowhere"), out, NULL, &error), XST_E_IO);
	assert_int_equal(error.sys_errno, ENOENT);
	xst_output_free(out);
	close(fd);
	remove_all();
}

/* --- what others make of one ------------------------------------------------------------------ */

static void put_file(const char *name, const void *data, size_t n)
{
	int fd = open(place(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, data, n), n);
	close(fd);
}

static void put_record(unsigned number, enum xst_kind kind, const void *data, size_t n)
{
	char name[100] = "d/" RECORDS_DIR "/";

	xst_directory_record_file_name(name + strlen(name), number, kind);
	put_file(name, data, n);
}

static void put_directory(void)
{
	assert_int_equal(mkdir(place("d"), 0700), 0);
	assert_int_equal(mkdir(place("d/" RECORDS_DIR), 0700), 0);
	assert_int_equal(mkdir(place("d/" XENSTORE_DIR), 0700), 0);
	put_file("d/" FORMAT_FILE, FORMAT_TEXT, sizeof(FORMAT_TEXT) - 1);
}

/* Without a converter, which would be ahead with complaints of its own. */
static void expect_composed(int code, const char *words)
{
	struct xst_finding error = { 0 };
	struct composer *c;
	int fd = open("/dev/null", O_WRONLY),
	    r = xst_directory_composer_open(place("d"), &c, &error);

	if (r == 0) {
		r = xst_directory_composer_write(c, fd);
		error = *xst_directory_composer_error(c);
		xst_directory_composer_free(c);
	}
	assert_int_equal(r, code);
	assert_int_equal(error.code, code);
	assert_non_null(strstr(error.text, words));
	close(fd);
}

static void no_records(void **state)
{
	(void)state;
	put_directory();
	expect_composed(XST_E_MALFORMED, "there is no");
	remove_all();
}

/* One large value stands for as many as a file of keys tells of. */
static void a_value_told_of_many_times(void **state)
{
	static const uint8_t image[24] = { [15] = 3 };
	static uint8_t keys[8 + 2 * 100], value[1 << 20];

	(void)state;
	memset(value, 'v', sizeof(value));
	for (size_t i = 8; i < sizeof(keys); i += 2)
		keys[i] = 'a';
	put_directory();
	put_record(0, XST_KIND_IMAGE_HEADER, image, sizeof(image));
	put_record(1, XST_KIND_EMULATOR_XENSTORE_DATA, keys, sizeof(keys));
	put_file("d/" XENSTORE_DIR "/a" VALUE_SUFFIX, value, sizeof(value));
	expect_composed(XST_E_LIMIT, "more than");
	remove_all();
}

/* --- names ------------------------------------------------------------------------------------ */

static void names_of_records(void **state)
{
	static const char *const wrong[] = {
		"",
		"00000",
		"00000.",
		"00000.END",
		"0000.HVM_CONTEXT",
		"000000.HVM_CONTEXT",
		"00000.HVM_CONTEXTS",
		"-0001.HVM_CONTEXT",
		"00000.hvm_context",
		"00000.CHECKPOINT",
		"00000.LIBXC_CONTEXT",
		"../etc/passwd",
		"00000/HVM_CONTEXT",
		" 0000.HVM_CONTEXT",
	};
	char name[RECORD_NAME_MAX];
	unsigned number;

	(void)state;
	for (size_t i = 0; i < xst_wire_libxc_count; i++) {
		enum xst_kind kind = xst_wire_libxc_records[i].kind, found;

		xst_directory_record_file_name(name, 123, kind);
		found = xst_directory_record_file_kind(name, &number);
		if (kind == XST_KIND_END || kind == XST_KIND_CHECKPOINT)
			kind = XST_KIND_UNKNOWN;
		assert_int_equal(found, kind);
		assert_int_equal(number, 123);
	}
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(xst_directory_record_file_kind(wrong[i], &number),
				 XST_KIND_UNKNOWN);
}

static void names_of_keys_and_states(void **state)
{
	static const char *const fine[] = { "a", "a/b", "physmap/1000000/start_addr", "a-b_c@d/0" };
	static const char *const wrong[] = { "",  "/",	"/a",	  "a/",	 "a//b",
					     ".", "..", "a/../b", "a b", "a.b" };
	static const char *const states[] = { "qemu-resume", "qemu-resume.0", "qemu-resume.32751" };
	static const char *const others[] = { "",
					      "qemu-resume.",
					      "qemu-resume.1/x",
					      "qemu-resume.x",
					      "../qemu-resume",
					      "qemu-resume.1.2",
					      "qemu-resumes",
					      "qemu-resume.00000000000000000000000000000" };

	(void)state;
	for (size_t i = 0; i < COUNT(fine); i++)
		assert_true(xst_directory_device_key_is_fine(fine[i], strlen(fine[i])));
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(xst_directory_device_key_is_fine(wrong[i], strlen(wrong[i])));
	for (size_t i = 0; i < COUNT(states); i++)
		assert_true(xst_directory_device_state_name(states[i]));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(xst_directory_device_state_name(others[i]));
}

int main(void)
{
	static const CMUnitTestFunction functions[] = { there_and_back };
	static const char *const names[] = { "there and back" };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_lose_their_contents),
		cmocka_unit_test(runs_and_limits),
		cmocka_unit_test(far_apart_has_a_limit),
		cmocka_unit_test(taken_back),
		cmocka_unit_test(place_is_taken_meanwhile),
		cmocka_unit_test(no_more_than_pack_takes),
		cmocka_unit_test(no_more_names_in_keys),
		cmocka_unit_test(wrong_arguments),
		cmocka_unit_test(no_directory_of_ours),
		cmocka_unit_test(no_records),
		cmocka_unit_test(a_value_told_of_many_times),
		cmocka_unit_test(names_of_records),
		cmocka_unit_test(names_of_keys_and_states),
	};
	int failed;

	if (!scratch_folder(folder))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	failed += run_for_samples("samples", functions, names, COUNT(functions));
	(void)rmdir(folder);
	return failed;
}
