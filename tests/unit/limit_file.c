/* SPDX-License-Identifier: MIT */
/* Limits of files, of directories and of a restore. */
#include "limit_case.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xenstream/change.h>
#include <xenstream/io.h>

#include "build.h"
#include "io/extents.h"
#include "restore/colo_link.h"
#include "restore/held.h"
#include "unit.h"

static const char *place(const char *name)
{
	static char paths[4][200];
	static unsigned n;
	char *path = paths[n++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", limit_folder(), name);
	return path;
}

static void put_file(const char *name, const void *data, size_t n)
{
	int fd = open(place(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), n);
	close(fd);
}

/* --- files ------------------------------------------------------------------------------------- */

/* A file with a map of that many extents, none beside another. */
static uint64_t extents;

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct fiemap *f;
	uint64_t first;
	va_list ap;

	(void)fd;
	assert_int_equal(request, FS_IOC_FIEMAP);
	va_start(ap, request);
	f = va_arg(ap, struct fiemap *);
	va_end(ap);
	first = f->fm_start / (2 * PAGE) + (f->fm_start % (2 * PAGE) != 0);
	f->fm_mapped_extents = 0;
	for (uint64_t i = first; i < extents && f->fm_mapped_extents < f->fm_extent_count; i++)
		f->fm_extents[f->fm_mapped_extents++] = (struct fiemap_extent){
			.fe_logical = i * 2 * PAGE, .fe_physical = i * 2 * PAGE, .fe_length = PAGE,
			.fe_flags = i + 1 == extents ? FIEMAP_EXTENT_LAST : 0 };
	return 0;
}

LIMIT_CASE(EXTENTS)
{
	extents = n;
	return xst_io_extents_digest(-1) != 0;
}

static int refuse(void *userdata, uint8_t *buf, uint64_t length)
{
	(void)userdata;
	(void)buf;
	(void)length;
	return XST_E_REFUSED;
}

/* A front that is made from so much to at least so much, by somebody who changes his mind. */
static int front_code(uint64_t old, uint64_t min)
{
	struct xst_front front = { .size = sizeof(front), .old = old, .min = min, .write = refuse };
	struct xst_change *c;
	struct xst_finding error;
	int r;

	put_file("front", "x", 1);
	assert_int_equal(truncate(place("front"), LIMIT_FRONT + 10), 0);
	assert_int_equal(xst_change_open(place("front"), 0, &c, NULL, &error), 0);
	r = xst_change_front(c, &front, NULL, &error);
	xst_change_free(c);
	assert_true(r == XST_E_REFUSED || r == XST_E_ARG);
	return r;
}

LIMIT_CASE(FRONT)
{
	int r = front_code(n, 10);

	assert_int_equal(front_code(10, n), r);
	return r == XST_E_REFUSED;
}

LIMIT_CASE(LINKS)
{
	struct xst_finding error;
	struct xst_output *o = NULL;
	char name[20], target[20] = "nothing";
	int r;

	for (uint64_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "link%u", (unsigned)i);
		(void)unlink(place(name));
		assert_int_equal(symlink(target, place(name)), 0);
		strcpy(target, name);
	}
	r = xst_output_file(place(name), 0600, 0, &o, &error);
	if (r)
		assert_int_equal(error.sys_errno, ELOOP);
	else
		xst_output_free(o);
	return r == 0;
}

/* --- directories ------------------------------------------------------------------------------- */

static struct xst_directory_sinks begin_directory(void)
{
	static struct xst_restore_domain domain = { .domid = 5 };
	struct xst_directory_options o = { .size = sizeof(o), .path = place("d") };
	struct xst_directory_sinks s;

	domain.tmpdir = limit_folder();
	assert_int_equal(xst_directory_sinks(&o, &s), 0);
	assert_int_equal(s.domain.ops->prepare(s.domain.self, &domain), 0);
	return s;
}

static void end_directory(struct xst_directory_sinks *s)
{
	s->xenstore.ops->free(s->xenstore.self);
	s->domain.ops->free(s->domain.self);
	s->emulator.ops->free(s->emulator.self);
}

static bool is_taken(int r)
{
	assert_true(r == 0 || r == XST_E_LIMIT);
	return r == 0;
}

LIMIT_CASE(DIRECTORY_RECORDS)
{
	struct xst_directory_sinks s = begin_directory();
	struct directory *d = s.domain.self;
	int fd;

	free(d->slots);
	d->slots = calloc(LIMIT_DIRECTORY_RECORDS + 1, sizeof(*d->slots));
	assert_non_null(d->slots);
	d->nslots = n - 1;
	d->capacity = LIMIT_DIRECTORY_RECORDS + 1;
	fd = xst_directory_state_open(d, XST_KIND_HVM_PARAMS, 0);
	if (fd >= 0)
		close(fd);
	d->file = -1;
	end_directory(&s);
	return is_taken(fd < 0 ? fd : 0);
}

/* A key of two bytes with its NUL comes to those that are there. */
static int one_more_key(uint64_t bytes, unsigned names)
{
	struct xst_directory_sinks s = begin_directory();
	struct directory *d = s.domain.self;
	int r;

	assert_int_equal(s.xenstore.ops->begin(s.xenstore.self, 0, 0), 0);
	if (bytes)
		d->slot->size = bytes;
	d->key_names = names;
	r = s.xenstore.ops->pair(s.xenstore.self, "a", 1, "v", 1);
	end_directory(&s);
	return r;
}

LIMIT_CASE(DIRECTORY_KEYS)
{
	return is_taken(one_more_key(n - 2, 0));
}

LIMIT_CASE(DIRECTORY_KEY_NAMES)
{
	return is_taken(one_more_key(0, (unsigned)n - 1));
}

LIMIT_CASE(DIRECTORY_KEY)
{
	static char key[LIMIT_DIRECTORY_KEY + 10];

	memset(key, 'k', (size_t)n);
	return xst_directory_device_key_is_fine(key, (size_t)n);
}

LIMIT_CASE(DIRECTORY_LEVELS)
{
	char key[2 * LIMIT_DIRECTORY_LEVELS + 10];

	for (size_t i = 0; i < 2 * n; i++)
		key[i] = i % 2 ? '/' : 'k';
	return xst_directory_device_key_is_fine(key, 2 * (size_t)n - 1);
}

/* One more to those that were made: entries that don't follow each other end up on the disk one by one. */
LIMIT_CASE(DIRECTORY_JUMPS)
{
	uint64_t far_apart[] = { (uint64_t)XST_PAGE_XTAB << 60 | PAGES_BLOCK, (uint64_t)XST_PAGE_XTAB << 60 };
	struct memory m;
	int dir = open(limit_folder(), O_RDONLY | O_DIRECTORY), r;

	xst_directory_memory_init(&m);
	assert_int_equal(xst_directory_memory_open(&m, dir), 0);
	xst_directory_memory_begin_batch(&m, 0);
	m.jumps = n - 1;
	r = xst_directory_memory_items(&m, far_apart, 2);
	xst_directory_memory_free(&m);
	(void)unlinkat(dir, MEMORY_FILE, 0);
	(void)unlinkat(dir, PAGES_FILE, 0);
	close(dir);
	assert_true(r == 0 || r == -E2BIG);
	return r == 0;
}

static void put_record(unsigned number, enum xst_kind kind, const void *data, size_t n)
{
	char name[100] = "p/" RECORDS_DIR "/";

	xst_directory_record_file_name(name + strlen(name), number, kind);
	put_file(name, data, n);
}

static void put_value(const char *key, size_t n)
{
	char name[100], *value = malloc(n + 1);

	memset(value, 'v', n);
	snprintf(name, sizeof(name), "p/" XENSTORE_DIR "/%s" VALUE_SUFFIX, key);
	put_file(name, value, n);
	free(value);
}

/* A directory with these keys, each with its NUL, whose values are there. */
static void put_directory(const void *keys, size_t n)
{
	static const uint8_t image[24] = { [15] = 3 };
	uint8_t file[1000] = { 0 };

	(void)mkdir(place("p"), 0700);
	(void)mkdir(place("p/" RECORDS_DIR), 0700);
	(void)mkdir(place("p/" XENSTORE_DIR), 0700);
	put_file("p/" FORMAT_FILE, FORMAT_TEXT, sizeof(FORMAT_TEXT) - 1);
	memcpy(file + 8, keys, n);
	put_record(0, XST_KIND_IMAGE_HEADER, image, sizeof(image));
	put_record(1, XST_KIND_EMULATOR_XENSTORE_DATA, file, 8 + n);
}

/* Without a converter, which would have complaints of its own. */
static int compose(void)
{
	struct xst_finding error = { 0 };
	struct composer *c;
	int fd = open("/dev/null", O_WRONLY), r;

	assert_int_equal(xst_directory_composer_open(place("p"), &c, &error), 0);
	r = xst_directory_composer_write(c, fd);
	if (r)
		error = *xst_directory_composer_error(c);
	xst_directory_composer_free(c);
	close(fd);
	if (r)
		assert_true(r == XST_E_LIMIT || error.sys_errno == EFBIG);
	return r;
}

LIMIT_CASE(DIRECTORY_VALUE)
{
	put_directory("a", 2);
	put_value("a", (size_t)n);
	return compose() == 0;
}

/* As many of the largest values as it takes, told of by one key, and one that fills up what is left. */
LIMIT_CASE(DIRECTORY_PAIRS)
{
	enum { TIMES = LIMIT_DIRECTORY_PAIRS / LIMIT_DIRECTORY_VALUE - 1 };
	char keys[2 * TIMES + 2];

	for (size_t i = 0; i < TIMES; i++)
		memcpy(keys + 2 * i, "a", 2);
	memcpy(keys + 2 * TIMES, "b", 2);
	put_directory(keys, sizeof(keys));
	put_value("a", LIMIT_DIRECTORY_VALUE);
	put_value("b", (size_t)n - 8 - sizeof(keys) - TIMES * (LIMIT_DIRECTORY_VALUE + 1) - 1);
	return compose() == 0;
}

/* Counted from 0, the last has the number n - 1. */
LIMIT_CASE(DIRECTORY_PAGES)
{
	struct memory m;
	int dir = open(limit_folder(), O_RDONLY | O_DIRECTORY), r;

	xst_directory_memory_init(&m);
	assert_int_equal(xst_directory_memory_open(&m, dir), 0);
	xst_directory_memory_begin_batch(&m, 0);
	r = xst_directory_memory_items(&m, (uint64_t[]){ (uint64_t)XST_PAGE_XTAB << 60 | (n - 1) }, 1);
	xst_directory_memory_free(&m);
	(void)unlinkat(dir, MEMORY_FILE, 0);
	(void)unlinkat(dir, PAGES_FILE, 0);
	close(dir);
	assert_true(r == 0 || r == -EFBIG);
	return r == 0;
}

/* --- a restore --------------------------------------------------------------------------------- */

LIMIT_CASE(HELD_RECORDS)
{
	struct held h;
	int r = 0;

	xst_restore_held_init(&h, limit_folder());
	for (uint64_t i = 0; i < n && r == 0; i++)
		r = xst_restore_held_begin(&h, XST_KIND_VCPU_BASIC);
	xst_restore_held_free(&h);
	return is_taken(r);
}

LIMIT_CASE(COLO_PFNS)
{
	struct build b = { 0 };
	struct colo c;
	int r;

	xst_restore_colo_init(&c, COLO_PRIMARY);
	c.step = COLO_DIRTY;
	put32(&b, 15);
	put32(&b, (uint32_t)n * 8);
	put64(&b, 1); /* the first of them */
	r = xst_restore_colo_feed(&c, b.data, b.size);
	xst_restore_colo_free(&c);
	build_free(&b);
	return is_taken(r);
}
