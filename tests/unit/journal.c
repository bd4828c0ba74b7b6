/* SPDX-License-Identifier: MIT */
/* A journal of which anything is corrupted: it is never believed wrongly.  A file that is neither the old one
 * nor the new one is never told to be whole, and is not touched unless the journal is this file's. */
#include <xenstream/change.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fnv.h"
#include "io/journal.h"
#include "io/settle.h"
#include "scratch.h"
#include "unit.h"

#define OLD	48
#define SHIFT	4096
#define PAYLOAD 100
#define MARK	sizeof(uint64_t)

static char dir[SCRATCH_MAX], path[SCRATCH_MAX + 10], journal_path[SCRATCH_MAX + 40];
static struct place place;
static uint8_t old_front[OLD], new_front[OLD + SHIFT], payload[PAYLOAD];

/* The journal as it was written, and the file as it was left. */
static struct {
	uint8_t *bytes;
	size_t n;
	struct journal head;
} sound;

static struct image {
	uint8_t b[OLD + SHIFT + PAYLOAD];
	size_t n;
} image;

static int set_up(void **state)
{
	(void)state;
	if (!scratch_folder(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/a.save", dir);
	snprintf(journal_path, sizeof(journal_path), "%s/.a.save.xenstream-journal", dir);
	for (size_t i = 0; i < sizeof(old_front); i++)
		old_front[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < sizeof(new_front); i++)
		new_front[i] = (uint8_t)(i * 3 + 101);
	memset(payload, 0x55, sizeof(payload));
	return 0;
}

static int clean(void **state)
{
	(void)state;
	free(sound.bytes);
	sound.bytes = NULL;
	xst_journal_place_clear(&place);
	unlink(path);
	unlink(journal_path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

/* --- files ---------------------------------------------------------------------------------- */

static void write_file(const char *name, const void *data, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), n);
	close(fd);
}

static size_t read_file(const char *name, uint8_t *to, size_t max)
{
	int fd = open(name, O_RDONLY);
	ssize_t n = read(fd, to, max);

	assert_true(fd >= 0 && n >= 0);
	close(fd);
	return (size_t)n;
}

static void image_add(struct image *i, const void *data, size_t n)
{
	memcpy(i->b + i->n, data, n);
	i->n += n;
}

static bool image_equal(const struct image *a, const struct image *b)
{
	return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}

static struct image whole(const uint8_t *front, size_t n)
{
	struct image i = { .n = 0 };

	image_add(&i, front, n);
	image_add(&i, payload, PAYLOAD);
	return i;
}

/* --- a change that was broken off ----------------------------------------------------------- */

static void put_journal(struct journal *j, bool mark)
{
	struct image before = whole(old_front, OLD);
	struct stat st;
	int fd;

	write_file(path, before.b, before.n); /* the journal is made for the file as it was */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(xst_journal_place_find(path, &place), 0);
	fd = xst_journal_write(&place, &st, j, old_front, new_front);
	assert_true(fd >= 0);
	if (mark)
		assert_int_equal(xst_journal_mark_inserted(fd, j), 0);
	close(fd);
	sound.head = *j;
	sound.bytes = malloc(3 * sizeof(new_front));
	sound.n = read_file(journal_path, sound.bytes, 3 * sizeof(new_front));
}

/* Half of the new front is written, in place or where blocks were inserted. */
static void break_off(enum journal_way way, bool mark)
{
	bool insert = way == JOURNAL_INSERT;
	struct journal j = { .way = way, .shift = insert ? SHIFT : 0, .old_length = OLD,
			     .now_length = insert ? SHIFT + OLD : OLD };

	if (way == JOURNAL_RENAME)
		j.old_length = j.now_length = 0;
	put_journal(&j, mark);
	image = (struct image){ .n = j.shift };
	image_add(&image, old_front, OLD);
	image_add(&image, payload, PAYLOAD);
	memcpy(image.b, new_front, j.now_length / 2);
	write_file(path, image.b, image.n);
}

static int read_state(bool *ret_inserted)
{
	struct journal_content c = { .old = NULL };
	const char *why = NULL;
	struct stat st;
	int state;

	assert_int_equal(stat(path, &st), 0);
	state = xst_journal_read(&place, &st, &c, &why);
	*ret_inserted = c.inserted;
	assert_int_equal(state == JOURNAL_SOUND, c.old != NULL);
	xst_journal_clear(&c);
	return state;
}

/* What a change may leave, and what may be said of it. */
static void settle_and_judge(const char *what, unsigned i)
{
	struct image old = whole(old_front, OLD), after = { .n = 0 };
	struct image now = whole(new_front, (size_t)sound.head.now_length);
	struct xst_recovery r = { .outcome = XST_RECOVERY_NOTHING };
	int fd = open(path, O_RDWR), state = xst_io_settle(&place, fd, &r);

	close(fd);
	after.n = read_file(path, after.b, sizeof(after.b));
	if (image_equal(&after, &old) || image_equal(&after, &now))
		return;
	if (!image_equal(&after, &image))
		fail_msg("%s, value %u: the file has become a third one", what, i);
	if (state == SETTLE_NOTHING || state == SETTLE_CLEAN)
		fail_msg("%s, value %u: a broken file is told to be whole: %s", what, i, r.text);
}

/* --- corruption that the checksum shows ----------------------------------------------------- */

static void every_bit(enum journal_way way, bool mark)
{
	size_t protected_n;
	bool inserted;

	break_off(way, mark);
	protected_n = sound.n - (mark ? MARK : 0);
	assert_int_equal(read_state(&inserted), JOURNAL_SOUND);
	assert_int_equal(inserted, mark);
	for (size_t at = 0; at < sound.n;
	     at += at < sizeof(struct journal) || at >= sound.n - 2 * MARK ? 1 : 61)
		for (unsigned bit = 0; bit < 8; bit++) {
			sound.bytes[at] ^= (uint8_t)(1 << bit);
			write_file(journal_path, sound.bytes, sound.n);
			sound.bytes[at] ^= (uint8_t)(1 << bit);
			assert_int_equal(read_state(&inserted),
					 at < protected_n ? JOURNAL_INCOMPLETE : JOURNAL_SOUND);
			assert_false(inserted);
		}
}

static void a_bit_of_an_overwriting(void **state)
{
	(void)state;
	every_bit(JOURNAL_IN_PLACE, false);
}

static void a_bit_of_an_insertion(void **state)
{
	(void)state;
	every_bit(JOURNAL_INSERT, false);
}

static void a_bit_of_a_marked_insertion(void **state)
{
	(void)state;
	every_bit(JOURNAL_INSERT, true);
}

static void a_bit_of_a_renaming(void **state)
{
	(void)state;
	every_bit(JOURNAL_RENAME, false);
}

/* A power cut leaves the beginning of the mark, or room for it with anything in it. */
static void a_torn_mark(void **state)
{
	static const uint8_t rests[] = { 0, 0xff, 0x55 };
	size_t end;
	bool inserted;

	(void)state;
	break_off(JOURNAL_INSERT, true);
	end = sound.n - MARK;
	for (size_t there = 0; there < MARK; there++) {
		write_file(journal_path, sound.bytes, end + there);
		assert_int_equal(read_state(&inserted), JOURNAL_SOUND);
		assert_false(inserted);
		for (size_t i = 0; i < COUNT(rests); i++) {
			uint8_t *b = malloc(sound.n);

			memcpy(b, sound.bytes, sound.n);
			memset(b + end + there, rests[i], MARK - there);
			write_file(journal_path, b, sound.n);
			assert_int_equal(read_state(&inserted), JOURNAL_SOUND);
			assert_int_equal(inserted, memcmp(b, sound.bytes, sound.n) == 0);
			free(b);
		}
	}
}

/* Without its mark a front that is half written is no old one with a gap: nothing is done. */
static void a_half_written_front_without_its_mark(void **state)
{
	(void)state;
	for (size_t there = 0; there < MARK; there++) {
		break_off(JOURNAL_INSERT, true);
		write_file(journal_path, sound.bytes, sound.n - MARK + there);
		settle_and_judge("torn mark", (unsigned)there);
		clean(NULL);
	}
}

/* Of a front that is half written each byte is the old or the new one, or the file is another by now. */
static void a_byte_of_the_front_that_is_neither(void **state)
{
	(void)state;
	for (size_t at = 0; at < OLD; at++) {
		struct xst_recovery r;
		struct image after = { .n = 0 };
		int fd;

		break_off(JOURNAL_IN_PLACE, false);
		image.b[at] = (uint8_t)(old_front[at] + new_front[at] + 1);
		if (image.b[at] == old_front[at] || image.b[at] == new_front[at])
			image.b[at] += 3;
		write_file(path, image.b, image.n);
		fd = open(path, O_RDWR);
		assert_int_equal(xst_io_settle(&place, fd, &r), SETTLE_IGNORE);
		close(fd);
		after.n = read_file(path, after.b, sizeof(after.b));
		assert_true(image_equal(&after, &image));
		clean(NULL);
	}
}

static void cut_anywhere(void **state)
{
	bool inserted;

	(void)state;
	break_off(JOURNAL_INSERT, false);
	for (size_t n = 0; n < sound.n; n += n < sizeof(struct journal) || n + 70 > sound.n ? 1 : 61) {
		write_file(journal_path, sound.bytes, n);
		assert_int_equal(read_state(&inserted), JOURNAL_INCOMPLETE);
		assert_false(inserted);
	}
}

/* --- fields that are wrong under a checksum that is right ------------------------------------ */

#define FIELD(name) { #name, offsetof(struct journal, name), sizeof(((struct journal *)0)->name) }

static const struct journal_field {
	const char *name;
	size_t at, size;
} fields[] = {
	FIELD(magic), FIELD(version), FIELD(way), FIELD(inode), FIELD(size), FIELD(shift),
	FIELD(extents), FIELD(new_inode), FIELD(old_length), FIELD(now_length),
};

/* A field that is added has to be corrupted, too. */
static void all_fields_are_listed(void **state)
{
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(fields); i++) {
		assert_int_equal(fields[i].at, at);
		at += fields[i].size;
	}
	assert_int_equal(at, offsetof(struct journal, checksum));
	assert_int_equal(at + sizeof(uint64_t), sizeof(struct journal));
}

#define VALUES 9

static uint64_t wrong_value(uint64_t v, unsigned i)
{
	const uint64_t wrong[VALUES] = { 0, 1, 2, 3, v + 1, v - 1, ~v, v ^ UINT64_C(1) << 31, v * 2 };

	return wrong[i];
}

/* Lengths of more than is there: the journal looks as if it had been cut, when nothing was begun. */
static bool is_cut(const struct journal *j, bool mark)
{
	size_t there = sound.n - sizeof(*j) - (mark ? MARK : 0);

	return j->old_length > there || j->now_length > there || j->old_length + j->now_length > there;
}

static uint64_t checksum_of(const struct journal *j)
{
	uint64_t h = fnv(FNV_START, j, offsetof(struct journal, checksum));

	return fnv(h, sound.bytes + sizeof(*j), (size_t)(j->old_length + j->now_length));
}

/* Writes the journal with a wrong field.  Returns whether it looks whole. */
static bool corrupt(const struct journal_field *f, unsigned i, bool mark)
{
	struct journal j = sound.head;
	uint64_t v = 0;
	size_t width = f->size < sizeof(v) ? f->size : sizeof(v);

	memcpy(&v, (char *)&j + f->at, width);
	v = wrong_value(v, i);
	memcpy((char *)&j + f->at, &v, width);
	if (is_cut(&j, mark))
		return false;
	j.checksum = checksum_of(&j);
	memcpy(sound.bytes, &j, sizeof(j));
	v = ~j.checksum;
	if (mark)
		memcpy(sound.bytes + sound.n - MARK, &v, MARK);
	write_file(journal_path, sound.bytes, sound.n);
	return true;
}

static void every_field(enum journal_way way, bool mark)
{
	for (size_t k = 0; k < COUNT(fields); k++)
		for (unsigned i = 0; i < VALUES; i++) {
			if (strcmp(fields[k].name, "magic") == 0) /* without it, it is no journal */
				continue;
			break_off(way, mark);
			if (corrupt(&fields[k], i, mark))
				settle_and_judge(fields[k].name, i);
			clean(NULL);
		}
}

/* Another version may mean something else by the same fields. */
static void of_another_version(void **state)
{
	static const struct journal_field version = FIELD(version);
	bool inserted;

	(void)state;
	break_off(JOURNAL_IN_PLACE, false);
	for (unsigned i = 0; i < VALUES; i++) {
		if (wrong_value(sound.head.version, i) == sound.head.version)
			continue;
		assert_true(corrupt(&version, i, false));
		assert_int_equal(read_state(&inserted), JOURNAL_FOREIGN);
	}
}

static void a_field_of_an_overwriting(void **state)
{
	(void)state;
	every_field(JOURNAL_IN_PLACE, false);
}

static void a_field_of_an_insertion(void **state)
{
	(void)state;
	every_field(JOURNAL_INSERT, false);
}

static void a_field_of_a_marked_insertion(void **state)
{
	(void)state;
	every_field(JOURNAL_INSERT, true);
}

/* One that announces a successor never has a byte of this file changed. */
static void a_field_of_a_renaming(void **state)
{
	(void)state;
	every_field(JOURNAL_RENAME, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_bit_of_an_overwriting, clean),
		cmocka_unit_test_teardown(a_bit_of_an_insertion, clean),
		cmocka_unit_test_teardown(a_bit_of_a_marked_insertion, clean),
		cmocka_unit_test_teardown(a_bit_of_a_renaming, clean),
		cmocka_unit_test_teardown(a_torn_mark, clean),
		cmocka_unit_test_teardown(a_half_written_front_without_its_mark, clean),
		cmocka_unit_test_teardown(a_byte_of_the_front_that_is_neither, clean),
		cmocka_unit_test_teardown(cut_anywhere, clean),
		cmocka_unit_test(all_fields_are_listed),
		cmocka_unit_test_teardown(of_another_version, clean),
		cmocka_unit_test_teardown(a_field_of_an_overwriting, clean),
		cmocka_unit_test_teardown(a_field_of_an_insertion, clean),
		cmocka_unit_test_teardown(a_field_of_a_marked_insertion, clean),
		cmocka_unit_test_teardown(a_field_of_a_renaming, clean),
	};

	return cmocka_run_group_tests_name("journal", tests, set_up, tear_down);
}
