/* SPDX-License-Identifier: MIT */
/* Opens files, so that none is read during a change. */
#include <xenstream/change.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "io/io.h"
#include "io/settle.h"

#define TRIES 3 /* attempts at a repair, in case others keep interrupting changes */

static const char too_long[] = "another process has been changing it for more than ten seconds";

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Opens the file that the path names now, for writing.  Returns its descriptor or -errno. */
static int open_writable(const struct place *p, const struct stat *want)
{
	int fd = openat(p->dir, p->name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY), err;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && same_file(&st, want))
		return fd;
	err = errno;
	close(fd);
	return -(err ? err : ESTALE);
}

/* When a lock is released, even to convert it, another process may begin a change and be killed. */
static int judge_again(const struct place *p, int fd)
{
	struct xst_recovery unsaid;
	int state = xst_io_settle_lock(fd, LOCK_SH);

	if (state == 0)
		state = xst_io_settle_judge(p, fd, &unsaid);
	return state == SETTLE_CLEAN ? SETTLE_NOTHING : state;
}

/* Repairs a file that can't be read as it is, giving up the shared lock of `fd` meanwhile. */
static int open_repair(const struct place *p, int fd, const struct stat *st, struct xst_recovery *r)
{
	int writable = open_writable(p, st), e;

	if (writable < 0)
		return writable;
	(void)flock(fd, LOCK_UN);
	e = xst_io_settle_lock(writable, LOCK_EX);
	if (e == 0)
		e = xst_io_settle(p, writable, r);
	close(writable);
	return e == SETTLE_NOTHING ? judge_again(p, fd) : e;
}

/* The file is whole; removes its journal if that is possible without waiting. */
static int clean(const struct place *p, int fd, struct xst_recovery *r)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)xst_io_settle(p, fd, r);
	else
		memset(r, 0, sizeof(*r)); /* it belongs to a change under way */
	return judge_again(p, fd);
}

static int unfinished(struct xst_finding *reterr, const char *path, const char *why)
{
	return xst_io_plain_error(reterr, XST_E_UNSUPPORTED, RULE_CHANGE_UNFINISHED, "%s: %s", path,
				  why);
}

static int bring_to_an_end(const char *path, const struct place *p, int fd, const struct stat *st,
			   struct xst_recovery *r, struct xst_finding *reterr)
{
	int state = xst_io_settle_judge(p, fd, r);

	if (state == SETTLE_CLEAN)
		state = clean(p, fd, r);
	for (int i = 0; i < TRIES && state == SETTLE_BROKEN; i++)
		state = open_repair(p, fd, st, r);
	if (state == -EWOULDBLOCK)
		return unfinished(reterr, path, too_long);
	if (state == SETTLE_BROKEN)
		return unfinished(reterr, path, r->text);
	if (state == -EACCES || state == -EPERM || state == -EROFS)
		return unfinished(reterr, path,
				  "a change was interrupted; a user who may write the file and its "
				  "folder must run xenstream on it first");
	return state < 0 ? xst_io_error(reterr, RULE_INPUT_IO, -state, path) : 0;
}

static int look_for_journal(const char *path, int fd, const struct stat *st, struct xst_recovery *r,
			    struct xst_finding *reterr)
{
	struct place p;
	struct stat named;
	int e = 0;

	if (xst_journal_place_find(path, &p) < 0)
		return 0; /* a file without a name has no journal */
	if (fstatat(p.dir, p.name, &named, AT_SYMLINK_NOFOLLOW) == 0 && same_file(&named, st) &&
	    faccessat(p.dir, p.journal, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		e = bring_to_an_end(path, &p, fd, st, r, reterr);
	xst_journal_place_clear(&p);
	return e;
}

/* A file that is about to be replaced can be read without a lock: it does not change. */
static bool is_being_replaced(const char *path, const struct stat *st)
{
	struct journal_content c = { .old = NULL };
	struct place p;
	const char *why;
	bool yes;

	if (xst_journal_place_find(path, &p) < 0)
		return false;
	yes = xst_journal_read(&p, st, &c, &why) == JOURNAL_SOUND && c.head.way == JOURNAL_RENAME &&
	      c.head.inode == st->st_ino;
	xst_journal_clear(&c);
	xst_journal_place_clear(&p);
	return yes;
}

static int settled(const char *path, int fd, struct xst_recovery *r, struct xst_finding *reterr)
{
	struct stat st;
	int e;

	if (fstat(fd, &st) < 0)
		return xst_io_error(reterr, RULE_INPUT_IO, errno, path);
	if (S_ISDIR(st.st_mode))
		return xst_io_error(reterr, RULE_INPUT_IO, EISDIR, path);
	if (!S_ISREG(st.st_mode))
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK &&
	    is_being_replaced(path, &st))
		return 0;
	e = xst_io_settle_lock(fd, LOCK_SH);
	if (e == -EWOULDBLOCK && is_being_replaced(path, &st))
		return 0;
	if (e == -EWOULDBLOCK)
		return unfinished(reterr, path, too_long);
	if (e < 0)
		return xst_io_error(reterr, RULE_INPUT_IO, -e, path);
	return look_for_journal(path, fd, &st, r, reterr);
}

int xst_open(const char *path, int *ret_fd, struct xst_recovery *ret_recovery,
	     struct xst_finding *reterr)
{
	struct xst_recovery r = { .outcome = XST_RECOVERY_NOTHING };
	int fd, e;

	if (!path || !ret_fd)
		return XST_E_ARG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return xst_io_error(reterr, RULE_INPUT_IO, errno, path);
	e = settled(path, fd, &r, reterr);
	if (e) {
		close(fd);
		return e;
	}
	*ret_fd = fd;
	if (ret_recovery)
		*ret_recovery = r;
	return 0;
}
