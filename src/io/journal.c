/* SPDX-License-Identifier: MIT */
/* A complete journal has a valid checksum; a change begins only when its journal is on the disk.
 *
 * Anyone who may write to a folder can put a journal there, and so might trick another user into
 * changing the file.  A journal must therefore belong to someone who may change the file anyway:
 * its owner, root, or the user reading the journal.  It must have no second name, which could
 * smuggle in somebody else's journal. */
#include "io/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/fnv.h"
#include "io/io.h"
#include "limits/limits.h"

#define MAGIC	  "xenstream change" /* 16 bytes */
#define VERSION	  1

/* --- places ---------------------------------------------------------------------------------- */

static char *copy_of_name(const char *path, char *(*part)(char *))
{
	char *copy = strdup(path), *name = copy ? strdup(part(copy)) : NULL;

	free(copy);
	return name;
}

int xst_journal_place_find(const char *path, struct place *ret)
{
	struct place p = { .dir = -1, .path = realpath(path, NULL) };
	char *dir;
	int err;

	if (!p.path)
		return -errno;
	dir = copy_of_name(p.path, dirname);
	p.name = copy_of_name(p.path, basename);
	if (!dir || !p.name || asprintf(&p.journal, ".%s.xenstream-journal", p.name) < 0) {
		p.journal = NULL;
		errno = ENOMEM;
	} else {
		p.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	err = errno;
	free(dir);
	if (p.dir >= 0) {
		*ret = p;
		return 0;
	}
	xst_journal_place_clear(&p);
	return -err;
}

void xst_journal_place_clear(struct place *p)
{
	if (p->dir >= 0)
		close(p->dir);
	free(p->name);
	free(p->journal);
	free(p->path);
	*p = (struct place){ .dir = -1 };
}

/* --- writing --------------------------------------------------------------------------------- */

static uint64_t checksum(const struct journal *j, const uint8_t *old, const uint8_t *now)
{
	uint64_t h = fnv(FNV_START, j, offsetof(struct journal, checksum));

	return fnv(fnv(h, old, (size_t)j->old_length), now, (size_t)j->now_length);
}

/* The mark that blocks were inserted. */
static uint64_t mark_of(const struct journal *j)
{
	return ~j->checksum;
}

static int write_content(int fd, const struct journal *j, const uint8_t *old, const uint8_t *now)
{
	int r = xst_io_write_all(fd, j, sizeof(*j));

	if (r == 0)
		r = xst_io_write_all(fd, old, (size_t)j->old_length);
	if (r == 0)
		r = xst_io_write_all(fd, now, (size_t)j->now_length);
	return r == 0 && fsync(fd) < 0 ? -errno : r;
}

int xst_journal_write(const struct place *p, const struct stat *file, struct journal *j,
		      const uint8_t *old, const uint8_t *now)
{
	int fd, r;

	memcpy(j->magic, MAGIC, sizeof(j->magic));
	j->version = VERSION;
	j->inode = file->st_ino;
	j->size = (uint64_t)file->st_size;
	j->checksum = checksum(j, old, now);
	fd = openat(p->dir, p->journal, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	(void)!fchown(fd, file->st_uid,
		      (gid_t)-1); /* so that the owner can complete or undo root's change */
	r = write_content(fd, j, old, now);
	if (r == 0 && fsync(p->dir) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	(void)xst_journal_remove(p);
	return r;
}

int xst_journal_mark_inserted(int fd, const struct journal *j)
{
	uint64_t mark = mark_of(j);
	int r = xst_io_write_all(fd, &mark, sizeof(mark));

	return r == 0 && fsync(fd) < 0 ? -errno : r;
}

int xst_journal_remove(const struct place *p)
{
	return unlinkat(p->dir, p->journal, 0) < 0 ? -errno : 0;
}

/* --- reading --------------------------------------------------------------------------------- */

/* The reason to distrust a journal, or NULL. */
static const char *distrust(const struct stat *journal, const struct stat *file)
{
	uid_t by = journal->st_uid;

	if (!S_ISREG(journal->st_mode))
		return "it is not a regular file";
	if (by != 0 && by != file->st_uid && by != geteuid())
		return "it belongs neither to the file's owner nor to root nor to you";
	if (journal->st_mode & (S_IWGRP | S_IWOTH))
		return "others may write to it";
	if (journal->st_nlink != 1)
		return "it has more than one name";
	if ((uint64_t)journal->st_size >
	    sizeof(struct journal) + 2 * LIMIT_FRONT + sizeof(uint64_t))
		return "it is too large";
	return NULL;
}

static ssize_t journal_read_whole(int fd, uint8_t *to, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = xst_io_pread_some(fd, to + got, n - got, (off_t)got);

		if (k < 0)
			return k;
		if (k == 0)
			break;
		got += (size_t)k;
	}
	return (ssize_t)got;
}

static bool is_marked(const struct journal *j, const uint8_t *b, size_t n)
{
	uint64_t mark;

	if (n < sizeof(mark))
		return false;
	memcpy(&mark, b, sizeof(mark));
	return mark == mark_of(j);
}

/* Whether these bytes are a whole journal: its lengths, its checksum.  Returns JOURNAL_SOUND, _INCOMPLETE
 * or _FOREIGN. */
static enum journal_state journal_parse(const uint8_t *b, size_t n, struct journal_content *c)
{
	struct journal *j = &c->head;
	size_t left = n - sizeof(*j), fronts;

	if (n < sizeof(*j))
		return JOURNAL_INCOMPLETE;
	memcpy(j, b, sizeof(*j));
	b += sizeof(*j);
	if (memcmp(j->magic, MAGIC, sizeof(j->magic)) != 0 || j->old_length > LIMIT_FRONT ||
	    j->now_length > LIMIT_FRONT || j->old_length + j->now_length > left ||
	    checksum(j, b, b + j->old_length) != j->checksum)
		return JOURNAL_INCOMPLETE;
	if (j->version != VERSION)
		return JOURNAL_FOREIGN;
	fronts = (size_t)(j->old_length + j->now_length);
	c->inserted = is_marked(j, b + fronts, left - fronts);
	return JOURNAL_SOUND;
}

static int journal_take(int fd, size_t n, struct journal_content *ret, const char **ret_why)
{
	struct journal_content c = { .inserted = false };
	uint8_t *b = malloc(n ? n : 1);
	ssize_t k = b ? journal_read_whole(fd, b, n) : -ENOMEM;
	int r;

	r = k < 0 ? (int)k : (int)journal_parse(b, (size_t)k, &c);
	if (r == JOURNAL_FOREIGN)
		*ret_why = "another version of xenstream wrote it";
	if (r == JOURNAL_SOUND) { /* one block for all: its head is not needed any more */
		memmove(b, b + sizeof(c.head), (size_t)k - sizeof(c.head));
		c.old = b;
		c.now = b + c.head.old_length;
		*ret = c;
	} else {
		free(b);
	}
	return r;
}

int xst_journal_read(const struct place *p, const struct stat *file, struct journal_content *ret,
		     const char **ret_why)
{
	struct stat st;
	int fd, r;

	if (fstatat(p->dir, p->journal, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? JOURNAL_NONE : -errno;
	*ret_why = distrust(&st, file); /* an untrusted one need not be readable */
	if (*ret_why)
		return JOURNAL_FOREIGN;
	fd = openat(p->dir, p->journal, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) /* its writer may just have finished */
		return errno == ENOENT ? JOURNAL_NONE : -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if ((*ret_why = distrust(&st, file)))
		r = JOURNAL_FOREIGN;
	else
		r = journal_take(fd, (size_t)st.st_size, ret, ret_why);
	close(fd);
	return r;
}

void xst_journal_clear(struct journal_content *c)
{
	free(c->old);
	*c = (struct journal_content){ .old = NULL };
}
