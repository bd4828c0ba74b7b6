/* SPDX-License-Identifier: MIT */
/* A journal holds both fronts.  Before anything is written, every byte of the file must be the old
 * or the new one: then the journal was made for this file, and the change was interrupted.  A file
 * that is entirely old or new needs no repair.
 *
 * Inserted blocks without the mark are removed again: the file is the old one.  If a power cut
 * interrupted the file system itself, the gap is not at the beginning. */
#include "io/settle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "io/extents.h"
#include "io/io.h"

#define PATIENCE_MS 10000
#define PAUSE_MS    20

int xst_io_settle_lock(int fd, int how)
{
	struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };

	for (int waited = 0; flock(fd, how | LOCK_NB) < 0; waited += PAUSE_MS) {
		if (errno == ENOLCK || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (waited >= PATIENCE_MS)
			return -EWOULDBLOCK;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* --- judging --------------------------------------------------------------------------------- */

/* The repair that a file needs. */
enum repair {
	REPAIR_NOTHING,	 /* none: it is the old or the new one */
	REPAIR_REWRITE,	 /* write the new front again */
	REPAIR_TAKE_OUT, /* remove the inserted blocks */
	REPAIR_UNLINK,	 /* remove a new file that never got its name */
	REPAIR_UNKNOWN,	 /* the journal is this file's, but the state of the change can't be
			  * determined */
	REPAIR_FOREIGN
};

struct verdict {
	enum repair repair;
	enum xst_recovery_outcome outcome;
	uint64_t gap; /* REPAIR_TAKE_OUT: place of the inserted blocks */
	const char *why;
};

static const struct verdict undone = { REPAIR_NOTHING, XST_RECOVERY_UNDONE, 0, NULL };
static const struct verdict done = { REPAIR_NOTHING, XST_RECOVERY_DONE, 0, NULL };
static const struct verdict rewrite = { REPAIR_REWRITE, XST_RECOVERY_DONE, 0, NULL };

static struct verdict foreign(const char *why)
{
	return (struct verdict){ REPAIR_FOREIGN, XST_RECOVERY_IGNORED, 0, why };
}

/* n bytes at an offset, malloc'ed; NULL if they are not all there. */
static uint8_t *read_at(int fd, uint64_t offset, uint64_t n)
{
	uint8_t *b = malloc(n ? (size_t)n : 1);

	for (size_t got = 0; b && got < n;) {
		ssize_t k = xst_io_pread_some(fd, b + got, (size_t)n - got, (off_t)(offset + got));

		if (k <= 0) {
			free(b);
			return NULL;
		}
		got += (size_t)k;
	}
	return b;
}

static bool holds(int fd, uint64_t offset, const uint8_t *what, uint64_t n)
{
	uint8_t *b = read_at(fd, offset, n);
	bool same = b && memcmp(b, what, (size_t)n) == 0;

	free(b);
	return same;
}

/* Byte i of the front before the new one was written: inserted blocks are zeros. */
static uint8_t before(const struct journal_content *c, uint64_t i)
{
	return i < c->head.shift ? 0 : c->old[i - c->head.shift];
}

static bool is_mixture(int fd, const struct journal_content *c)
{
	uint64_t n = c->head.now_length;
	uint8_t *b = read_at(fd, 0, n);
	bool fine = b != NULL;

	for (uint64_t i = 0; fine && i < n; i++)
		fine = b[i] == c->now[i] || b[i] == before(c, i);
	free(b);
	return fine;
}

static struct verdict judge_rewriting(int fd, const struct journal_content *c)
{
	if (holds(fd, 0, c->now, c->head.now_length))
		return done;
	if (!c->head.shift && holds(fd, 0, c->old, c->head.old_length))
		return undone;
	return is_mixture(fd, c) ? rewrite : foreign("the file has been changed since");
}

/* Without the mark the front was not written: the file is the old one, with a gap somewhere. */
static struct verdict judge_gap(int fd, const struct journal_content *c)
{
	const struct journal *j = &c->head;
	struct verdict v = { REPAIR_TAKE_OUT, XST_RECOVERY_UNDONE, 0, NULL };
	uint8_t *b;
	bool at_front;

	if (xst_io_extents_find_gap(fd, j->extents, j->shift, &v.gap))
		return v;
	b = read_at(fd, 0, j->shift);
	at_front = b && holds(fd, j->shift, c->old, j->old_length);
	for (uint64_t i = 0; at_front && i < j->shift; i++)
		at_front = b[i] == 0;
	free(b);
	if (at_front)
		return v;
	v.repair = REPAIR_UNKNOWN;
	v.why = "its blocks match neither the old nor the new layout";
	return v;
}

static struct verdict judge_insertion(int fd, const struct stat *st,
				      const struct journal_content *c)
{
	const struct journal *j = &c->head;

	if ((uint64_t)st->st_size == j->size)
		return holds(fd, 0, c->old, j->old_length)
			       ? undone
			       : foreign("the file has been changed since");
	if ((uint64_t)st->st_size != j->size + j->shift)
		return foreign("the file's size has been changed since");
	return c->inserted ? judge_rewriting(fd, c) : judge_gap(fd, c);
}

static struct verdict judge(int fd, const struct stat *st, const struct journal_content *c)
{
	const struct journal *j = &c->head;

	if (j->way == JOURNAL_RENAME && (j->shift || j->old_length || j->now_length))
		return foreign("it makes no sense");
	if (j->way == JOURNAL_RENAME && st->st_ino == j->new_inode)
		return done;
	if (st->st_ino != j->inode)
		return foreign("it was made for another file");
	if (j->way == JOURNAL_RENAME)
		return (struct verdict){ REPAIR_UNLINK, XST_RECOVERY_UNDONE, 0, NULL };
	if (j->way == JOURNAL_INSERT && j->shift && j->now_length == j->old_length + j->shift)
		return judge_insertion(fd, st, c);
	if (j->way != JOURNAL_IN_PLACE || j->shift || j->now_length != j->old_length)
		return foreign("its contents are invalid");
	if ((uint64_t)st->st_size != j->size)
		return foreign("the file's size has been changed since");
	return judge_rewriting(fd, c);
}

/* --- telling --------------------------------------------------------------------------------- */

static void settle_tell(struct xst_recovery *r, enum xst_recovery_outcome outcome,
			const char *format, ...) __attribute__((format(printf, 3, 4)));

static void settle_tell(struct xst_recovery *r, enum xst_recovery_outcome outcome,
			const char *format, ...)
{
	va_list ap;

	memset(r, 0, sizeof(*r));
	r->outcome = outcome;
	va_start(ap, format);
	(void)vsnprintf(r->text, sizeof(r->text), format, ap);
	va_end(ap);
}

static int ignore(const struct place *p, struct xst_recovery *r, const char *why)
{
	settle_tell(r, XST_RECOVERY_IGNORED,
		    "the journal %s is ignored: %s; remove it if you don't recognise it",
		    p->journal, why);
	return SETTLE_IGNORE;
}

static void tell_end(struct xst_recovery *r, enum xst_recovery_outcome outcome)
{
	settle_tell(r, outcome,
		    outcome == XST_RECOVERY_DONE ? "an interrupted change was completed"
						 : "an interrupted change was undone");
}

static int tell_verdict(const struct place *p, const struct verdict *v, struct xst_recovery *r)
{
	if (v->repair == REPAIR_FOREIGN)
		return ignore(p, r, v->why);
	if (v->repair == REPAIR_UNKNOWN) {
		settle_tell(r, XST_RECOVERY_IGNORED,
			    "a change was interrupted, and its state is unclear: %s", v->why);
		return SETTLE_BROKEN;
	}
	tell_end(r, v->outcome);
	return v->repair == REPAIR_NOTHING || v->repair == REPAIR_UNLINK ? SETTLE_CLEAN
									 : SETTLE_BROKEN;
}

/* Reads the journal and judges it.  *c is filled if the state is CLEAN or BROKEN; clear it. */
static int examine(const struct place *p, int fd, struct journal_content *c, struct verdict *v,
		   struct xst_recovery *r)
{
	const char *why;
	struct stat st;
	int state = fstat(fd, &st) < 0 ? -errno : xst_journal_read(p, &st, c, &why);

	if (state < 0)
		return state;
	switch ((enum journal_state)state) {
	case JOURNAL_NONE: return SETTLE_NOTHING;
	case JOURNAL_FOREIGN: return ignore(p, r, why);
	case JOURNAL_INCOMPLETE: *v = undone; break;
	case JOURNAL_SOUND: *v = judge(fd, &st, c); break;
	}
	return tell_verdict(p, v, r);
}

int xst_io_settle_judge(const struct place *p, int fd, struct xst_recovery *r)
{
	struct journal_content c = { .old = NULL };
	struct verdict v;
	int state = examine(p, fd, &c, &v, r);

	xst_journal_clear(&c);
	return state;
}

/* --- repairing ------------------------------------------------------------------------------- */

static int take_out(int fd, const struct verdict *v, const struct journal *j)
{
	if (v->gap == j->size) /* nothing was shifted yet */
		return ftruncate(fd, (off_t)j->size) < 0 ? -errno : 0;
	return fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, (off_t)v->gap, (off_t)j->shift) < 0 ? -errno
											   : 0;
}

/* Whether it is a temporary name of the file's successor. */
static bool is_successor(const struct place *p, const char *name, uint64_t inode)
{
	size_t n = strlen(p->name);
	struct stat st;

	return name[0] == '.' && strncmp(name + 1, p->name, n) == 0 && name[n + 1] == '.' &&
	       fstatat(p->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_ino == inode;
}

static int remove_successor(const struct place *p, uint64_t inode)
{
	int fd = openat(p->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return -errno;
	while ((e = readdir(d)))
		if (is_successor(p, e->d_name, inode))
			(void)unlinkat(p->dir, e->d_name, 0);
	closedir(d);
	return 0;
}

static int settle_repair(const struct place *p, int fd, const struct journal_content *c,
			 const struct verdict *v)
{
	int r = 0;

	switch (v->repair) {
	case REPAIR_REWRITE:
		r = xst_io_pwrite_all(fd, c->now, (size_t)c->head.now_length, 0);
		break;
	case REPAIR_TAKE_OUT: r = take_out(fd, v, &c->head); break;
	case REPAIR_UNLINK: return remove_successor(p, c->head.new_inode);
	case REPAIR_NOTHING:
	case REPAIR_UNKNOWN:
	case REPAIR_FOREIGN: break;
	}
	return r == 0 && fsync(fd) < 0 ? -errno : r;
}

int xst_io_settle(const struct place *p, int fd, struct xst_recovery *r)
{
	struct journal_content c = { .old = NULL };
	struct verdict v;
	int state = examine(p, fd, &c, &v, r), e = 0;

	if ((state == SETTLE_CLEAN || state == SETTLE_BROKEN) && v.repair != REPAIR_UNKNOWN) {
		e = settle_repair(p, fd, &c, &v);
		if (e == 0)
			e = xst_journal_remove(p);
		state = e ? e : SETTLE_NOTHING;
	}
	xst_journal_clear(&c);
	return state;
}
