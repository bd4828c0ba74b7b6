/* SPDX-License-Identifier: MIT */
/* The front of a file is replaced; what was broken off is brought to an end; journals that are
 * not to be trusted change nothing. */
#include <xenstream/change.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/extents.h"
#include "io/journal.h"
#include "io/settle.h"
#include "unit.h"

#define BLOCK	4096
#define OLD	1000
#define PAYLOAD (5 * BLOCK + 77)
#define SIZE	(OLD + PAYLOAD)

static char dir[] = "/var/tmp/xst-change-XXXXXX";
static char path[100], journal_path[120], other[100];
static uint8_t old_front[OLD], payload[PAYLOAD];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/a.save", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	snprintf(journal_path, sizeof(journal_path), "%s/.a.save.xenstream-journal", dir);
	for (size_t i = 0; i < OLD; i++)
		old_front[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < PAYLOAD; i++)
		payload[i] = (uint8_t)(i * 11 + i / 251);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	unlink(journal_path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void put(const char *name, const void *a, size_t na, const void *b, size_t nb)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, a, na), na);
	assert_int_equal(write(fd, b, nb), nb);
	assert_int_equal(fsync(fd), 0);
	close(fd);
}

static void put_image(void)
{
	put(path, old_front, OLD, payload, PAYLOAD);
}

static uint8_t *contents(const char *name, size_t *ret_n)
{
	struct stat st;
	uint8_t *b;
	int fd = open(name, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	b = malloc((size_t)st.st_size + 1);
	assert_non_null(b);
	assert_int_equal(read(fd, b, (size_t)st.st_size), st.st_size);
	close(fd);
	*ret_n = (size_t)st.st_size;
	return b;
}

/* The byte at i of the new front. */
static uint8_t fresh(uint64_t i)
{
	return (uint8_t)(200 - i * 3);
}

static void expect_image(bool is_new, uint64_t length)
{
	size_t n;
	uint8_t *b = contents(path, &n);

	assert_int_equal(n, length + PAYLOAD);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(b[i], is_new ? fresh(i) : old_front[i]);
	assert_memory_equal(b + length, payload, PAYLOAD);
	free(b);
	assert_int_equal(access(journal_path, F_OK), -1);
}

static int write_fresh(void *userdata, uint8_t *buf, uint64_t length)
{
	uint64_t *told = userdata;

	for (uint64_t i = 0; i < length; i++)
		buf[i] = fresh(i);
	*told = length;
	return 0;
}

static struct xst_change *opened(void)
{
	struct xst_change *c = NULL;
	struct xst_finding error;

	assert_int_equal(xst_change_open(path, 0, &c, NULL, &error), 0);
	return c;
}

static enum xst_change_way change(uint64_t min, uint64_t *ret_length)
{
	struct xst_change *c = opened();
	struct xst_front front = { .size = sizeof(front),
				   .old = OLD,
				   .min = min,
				   .write = write_fresh,
				   .userdata = ret_length };
	enum xst_change_way way;
	struct xst_finding error;

	assert_int_equal(xst_change_front(c, &front, &way, &error), 0);
	assert_int_equal(xst_change_front(c, &front, &way, &error), XST_E_ARG);
	xst_change_free(c);
	return way;
}

static void in_place(void **state)
{
	uint64_t length;
	struct stat before, after;

	(void)state;
	put_image();
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(change(10, &length), XST_CHANGE_IN_PLACE);
	assert_int_equal(length, OLD);
	expect_image(true, OLD);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(change(OLD, &length), XST_CHANGE_NONE);
}

static void longer(void **state)
{
	uint64_t length;
	struct stat st;

	(void)state;
	for (uint64_t more = 1; more < 3 * BLOCK; more += 2000) {
		put_image();
		assert_true(change(OLD + more, &length) > XST_CHANGE_IN_PLACE);
		assert_true(length >= OLD + more && length < OLD + more + BLOCK);
		assert_int_equal((length - OLD) % BLOCK, 0);
		expect_image(true, length);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0640);
		unlink(path);
	}
}

static int refuse(void *userdata, uint8_t *buf, uint64_t length)
{
	(void)userdata;
	memset(buf, 0, length);
	return XST_E_LIMIT;
}

static void arguments(void **state)
{
	struct xst_change *c;
	struct xst_front front = { .size = sizeof(front), .old = OLD, .min = 10, .write = refuse };
	struct xst_finding error;
	enum xst_change_way way;

	(void)state;
	assert_int_equal(xst_change_open(NULL, 0, &c, NULL, NULL), XST_E_ARG);
	assert_int_equal(xst_change_open(path, 0, &c, NULL, &error), XST_E_IO);
	assert_int_equal(error.sys_errno, ENOENT);
	assert_int_equal(xst_change_open("/dev/null", 0, &c, NULL, &error), XST_E_UNSUPPORTED);
	put_image();
	c = opened();
	assert_int_equal(xst_change_front(c, &front, &way, &error), XST_E_LIMIT);
	xst_change_free(c);
	expect_image(false, OLD);
	front.old = SIZE + 1;
	front.min = 10;
	c = opened();
	assert_int_equal(xst_change_front(c, &front, &way, &error), XST_E_ARG);
	xst_change_free(c);
	expect_image(false, OLD);
	assert_null(xst_change_free(NULL));
	assert_string_equal(xst_change_way_name(XST_CHANGE_COPIED), "copied");
	assert_string_equal(xst_change_way_name((enum xst_change_way)99), "unknown");
}

/* --- what was broken off -------------------------------------------------------------------- */

static struct place place;
static struct journal written;

static void write_journal(const struct stat *st, const struct journal *j, const uint8_t *old,
			  const uint8_t *now)
{
	int fd;

	written = *j;
	fd = xst_journal_write(&place, st, &written, old, now);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(xst_journal_write(&place, st, &written, old, now), -EEXIST);
}

static void mark(void)
{
	int fd = open(journal_path, O_WRONLY | O_APPEND);

	assert_int_equal(xst_journal_mark_inserted(fd, &written), 0);
	close(fd);
}

static void journal(enum journal_way way, uint64_t shift, uint64_t now_length)
{
	struct journal j = {
		.way = way, .shift = shift, .old_length = OLD, .now_length = now_length
	};
	uint8_t *now = malloc(now_length + 1);
	int fd = open(path, O_RDONLY);
	struct stat st;

	assert_int_equal(xst_journal_place_find(path, &place), 0);
	assert_int_equal(fstat(fd, &st), 0);
	for (uint64_t i = 0; i < now_length; i++)
		now[i] = fresh(i);
	j.extents = xst_io_extents_digest(fd);
	write_journal(&st, &j, old_front, now);
	close(fd);
	free(now);
}

static void overwrite(uint64_t offset, const uint8_t *data, size_t n)
{
	int fd = open(path, O_WRONLY);

	assert_int_equal(pwrite(fd, data, n, (off_t)offset), n);
	close(fd);
}

static void recover(enum xst_recovery_outcome want)
{
	struct xst_recovery r;
	struct xst_finding error;
	int fd;

	assert_int_equal(xst_open(path, &fd, &r, &error), 0);
	assert_int_equal(r.outcome, want);
	assert_int_equal(r.text[0] != 0, want != XST_RECOVERY_NOTHING);
	close(fd);
	xst_journal_place_clear(&place);
}

static void before_the_first_byte(void **state)
{
	(void)state;
	put_image();
	recover(XST_RECOVERY_NOTHING);
	journal(JOURNAL_IN_PLACE, 0, OLD);
	recover(XST_RECOVERY_UNDONE);
	expect_image(false, OLD);
	recover(XST_RECOVERY_NOTHING);
}

/* Whatever part of the front is written: a beginning, an end, every second byte. */
static void half_written(void **state)
{
	uint8_t part[OLD];

	(void)state;
	for (size_t cut = 1; cut < OLD; cut += 37) {
		put_image();
		journal(JOURNAL_IN_PLACE, 0, OLD);
		for (size_t i = 0; i < OLD; i++)
			part[i] = (cut % 2 ? i < cut : i >= cut) || (cut % 3 == 0 && i % 2)
					  ? fresh(i)
					  : old_front[i];
		overwrite(0, part, OLD);
		recover(XST_RECOVERY_DONE);
		expect_image(true, OLD);
	}
}

static void all_written(void **state)
{
	uint64_t length;
	uint8_t part[OLD];

	(void)state;
	put_image();
	journal(JOURNAL_IN_PLACE, 0, OLD);
	assert_int_equal(write_fresh(&length, part, OLD), 0);
	overwrite(0, part, OLD);
	recover(XST_RECOVERY_DONE);
	expect_image(true, OLD);
}

/* A changer ends what another has begun, before its own. */
static void change_after_a_break(void **state)
{
	uint64_t length;

	(void)state;
	put_image();
	journal(JOURNAL_IN_PLACE, 0, OLD);
	overwrite(0, (const uint8_t[]){ fresh(0) }, 1);
	xst_journal_place_clear(&place);
	assert_int_equal(change(OLD, &length), XST_CHANGE_NONE);
	expect_image(true, OLD);
}

static bool can_insert(void)
{
	int fd = open(path, O_RDWR);
	bool can = fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, BLOCK) == 0 &&
		   fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, BLOCK) == 0;

	close(fd);
	if (!can)
		print_message("NO BLOCKS CAN BE INSERTED INTO FILES OF /var/tmp: NOT TESTED\n");
	return can;
}

static void insert(uint64_t at)
{
	int fd = open(path, O_RDWR);

	assert_int_equal(fallocate(fd, FALLOC_FL_INSERT_RANGE, (off_t)at, BLOCK), 0);
	close(fd);
}

/* The gap is wherever a power cut has stopped the file system. */
static void inserted_partly(void **state)
{
	(void)state;
	put_image();
	if (!can_insert())
		skip();
	for (uint64_t at = 0; at < SIZE; at += BLOCK) {
		journal(JOURNAL_INSERT, BLOCK, OLD + BLOCK);
		insert(at);
		recover(XST_RECOVERY_UNDONE);
		expect_image(false, OLD);
	}
	journal(JOURNAL_INSERT, BLOCK, OLD + BLOCK); /* only the size has changed */
	assert_int_equal(truncate(path, SIZE + BLOCK), 0);
	recover(XST_RECOVERY_UNDONE);
	expect_image(false, OLD);
	journal(JOURNAL_INSERT, BLOCK, OLD + BLOCK); /* nothing at all */
	recover(XST_RECOVERY_UNDONE);
	expect_image(false, OLD);
}

static void inserted_and_half_written(void **state)
{
	uint8_t front[OLD + BLOCK];
	uint64_t length;

	(void)state;
	put_image();
	if (!can_insert())
		skip();
	assert_int_equal(write_fresh(&length, front, OLD + BLOCK), 0);
	for (size_t n = 0; n <= OLD + BLOCK; n += 509) {
		put_image();
		journal(JOURNAL_INSERT, BLOCK, OLD + BLOCK);
		insert(0);
		mark();
		overwrite(0, front, n);
		recover(XST_RECOVERY_DONE);
		expect_image(true, OLD + BLOCK);
	}
}

/* Somebody has taken another block out of the file: nothing is known, nothing is done. */
static void inserted_and_tampered(void **state)
{
	struct xst_finding error;
	int fd;

	(void)state;
	put_image();
	if (!can_insert())
		skip();
	journal(JOURNAL_INSERT, BLOCK, OLD + BLOCK);
	insert(BLOCK);
	overwrite(4 * BLOCK, payload, 1);
	fd = open(path, O_RDWR);
	assert_int_equal(
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4 * BLOCK, BLOCK), 0);
	close(fd);
	assert_int_equal(xst_open(path, &fd, NULL, &error), XST_E_UNSUPPORTED);
	assert_string_equal(error.rule, "change.unfinished");
	xst_journal_place_clear(&place);
}

static void successor_without_a_name_of_its_own(void **state)
{
	struct journal j = { .way = JOURNAL_RENAME };
	char temporary[120];
	struct stat st, next;

	(void)state;
	put_image();
	snprintf(temporary, sizeof(temporary), "%s/.a.save.123456", dir);
	put(temporary, "new", 3, "", 0);
	assert_int_equal(stat(temporary, &next), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(xst_journal_place_find(path, &place), 0);
	j.new_inode = next.st_ino;
	write_journal(&st, &j, NULL, NULL);
	recover(XST_RECOVERY_UNDONE);
	expect_image(false, OLD);
	assert_int_equal(access(temporary, F_OK), -1);
	put(temporary, "new", 3, "", 0); /* another inode, maybe */
	assert_int_equal(stat(temporary, &next), 0);
	assert_int_equal(xst_journal_place_find(path, &place), 0);
	j.new_inode = next.st_ino;
	write_journal(&st, &j, NULL, NULL);
	assert_int_equal(rename(temporary, path), 0);
	recover(XST_RECOVERY_DONE);
	assert_int_equal(access(journal_path, F_OK), -1);
}

/* --- journals that don't count -------------------------------------------------------------- */

static void expect_ignored(void)
{
	struct xst_change *c;
	struct xst_finding error;

	recover(XST_RECOVERY_IGNORED);
	assert_int_equal(xst_change_open(path, 0, &c, NULL, &error), XST_E_UNSUPPORTED);
	assert_string_equal(error.rule, "change.unfinished");
	assert_int_equal(access(journal_path, F_OK), 0);
}

static void stale(void **state)
{
	(void)state;
	put_image();
	journal(JOURNAL_IN_PLACE, 0, OLD);
	overwrite(500, (const uint8_t *)"\x01\x02", 2); /* neither nor */
	expect_ignored();
	unlink(journal_path);
	put_image();
	journal(JOURNAL_IN_PLACE, 0, OLD);
	assert_int_equal(truncate(path, SIZE - 1), 0);
	expect_ignored();
	unlink(journal_path);
	put_image();
	journal(JOURNAL_INSERT, BLOCK, OLD + BLOCK);
	assert_int_equal(truncate(path, SIZE + 5), 0);
	expect_ignored();
}

static void of_another_file(void **state)
{
	(void)state;
	put_image();
	journal(JOURNAL_IN_PLACE, 0, OLD);
	put(other, old_front, OLD, payload, PAYLOAD);
	assert_int_equal(rename(other, path), 0); /* the same bytes in another inode */
	overwrite(0, (const uint8_t[]){ fresh(0) }, 1);
	expect_ignored();
}

static void planted(void **state)
{
	(void)state;
	put_image();
	if (geteuid() != 0) {
		print_message("NOT ROOT: JOURNALS OF OTHERS ARE NOT TESTED\n");
		skip();
	}
	journal(JOURNAL_IN_PLACE, 0, OLD);
	overwrite(0, (const uint8_t[]){ fresh(0) }, 1);
	assert_int_equal(chown(journal_path, 12345, 12345), 0);
	expect_ignored();
	assert_int_equal(chown(path, 12345, 12345), 0); /* the file's owner may, though */
	recover(XST_RECOVERY_DONE);
	expect_image(true, OLD);
}

static void odd(void **state)
{
	(void)state;
	put_image();
	journal(JOURNAL_IN_PLACE, 0, OLD);
	assert_int_equal(chmod(journal_path, 0660), 0);
	expect_ignored();
	assert_int_equal(chmod(journal_path, 0600), 0);
	assert_int_equal(link(journal_path, other), 0);
	expect_ignored();
	unlink(journal_path);
	assert_int_equal(symlink("other", journal_path), 0);
	expect_ignored();
	unlink(journal_path);
	assert_int_equal(mkfifo(journal_path, 0600), 0);
	expect_ignored();
	unlink(journal_path);
	put(journal_path, "", 0, "", 0);
	assert_int_equal(truncate(journal_path, 1 << 30), 0);
	assert_int_equal(chmod(journal_path, 0600), 0);
	expect_ignored();
	unlink(journal_path);
	journal(JOURNAL_INSERT, 0, OLD); /* makes no sense */
	expect_ignored();
}

/* Cut anywhere, or with a byte changed, it is one that nothing was begun with. */
static void incomplete(void **state)
{
	size_t n;
	uint8_t *b;

	(void)state;
	put_image();
	journal(JOURNAL_IN_PLACE, 0, OLD);
	xst_journal_place_clear(&place);
	b = contents(journal_path, &n);
	for (size_t cut = 0; cut < n; cut += cut < 200 ? 1 : 61) {
		put(journal_path, b, cut, "", 0);
		assert_int_equal(chmod(journal_path, 0600), 0);
		recover(XST_RECOVERY_UNDONE);
		expect_image(false, OLD);
		put(journal_path, b, n, "", 0);
		assert_int_equal(chmod(journal_path, 0600), 0);
		b[cut] ^= 1;
		put(journal_path, b, n, "", 0);
		b[cut] ^= 1;
		recover(XST_RECOVERY_UNDONE);
		expect_image(false, OLD);
	}
	free(b);
}

/* --- locks ---------------------------------------------------------------------------------- */

static void locks(void **state)
{
	struct xst_change *c;
	int fd, second;

	(void)state;
	put_image();
	assert_int_equal(xst_open(path, &fd, NULL, NULL), 0);
	assert_int_equal(xst_open(path, &second, NULL, NULL), 0);
	close(second);
	second = open(path, O_RDONLY);
	assert_int_equal(flock(second, LOCK_EX | LOCK_NB), -1);
	close(fd);
	c = opened();
	assert_int_equal(flock(second, LOCK_SH | LOCK_NB), -1);
	xst_change_free(c);
	assert_int_equal(flock(second, LOCK_SH | LOCK_NB), 0);
	close(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(in_place, clean),
		cmocka_unit_test_teardown(longer, clean),
		cmocka_unit_test_teardown(arguments, clean),
		cmocka_unit_test_teardown(before_the_first_byte, clean),
		cmocka_unit_test_teardown(half_written, clean),
		cmocka_unit_test_teardown(all_written, clean),
		cmocka_unit_test_teardown(change_after_a_break, clean),
		cmocka_unit_test_teardown(inserted_partly, clean),
		cmocka_unit_test_teardown(inserted_and_half_written, clean),
		cmocka_unit_test_teardown(inserted_and_tampered, clean),
		cmocka_unit_test_teardown(successor_without_a_name_of_its_own, clean),
		cmocka_unit_test_teardown(stale, clean),
		cmocka_unit_test_teardown(of_another_file, clean),
		cmocka_unit_test_teardown(planted, clean),
		cmocka_unit_test_teardown(odd, clean),
		cmocka_unit_test_teardown(incomplete, clean),
		cmocka_unit_test_teardown(locks, clean),
	};

	return cmocka_run_group_tests_name("change", tests, set_up, tear_down);
}
