/* SPDX-License-Identifier: MIT */
/* The ways to replace a file's front, the cheapest first.
 *
 * Each is: journal to disk, change, change to disk, remove the journal.  If a new file takes the
 * old one's place, the journal only names it, so that it can be removed if it never gets its final
 * name. */
#include <xenstream/change.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "io/clone.h"
#include "io/extents.h"
#include "io/metadata.h"
#include "io/settle.h"
#include "limits/limits.h"
#include "wire/options.h"

#define NOT_THIS_WAY 1 /* try the next one */

struct xst_change {
	struct place place;
	char *given;
	int fd;
	struct stat st;
	uint32_t flags;
	struct xst_front front;
	bool used;	 /* xst_change_front() was called */
	uint64_t length; /* of the new front */
	uint8_t *old, *now;
	int journal; /* -1: none was written */
	struct xst_finding error;
};

static int change_give_up(struct xst_change *c, int err)
{
	return xst_io_error(&c->error, RULE_OUTPUT_IO, err < 0 ? -err : err, c->given);
}

/* --- opening --------------------------------------------------------------------------------- */

/* Another file may have taken the path while the lock was awaited. */
static bool still_there(const struct xst_change *c)
{
	struct stat named;

	return fstatat(c->place.dir, c->place.name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_dev == c->st.st_dev && named.st_ino == c->st.st_ino;
}

static int open_once(struct xst_change *c)
{
	int r = xst_journal_place_find(c->given, &c->place);

	if (r == 0 && fstatat(c->place.dir, c->place.name, &c->st, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	if (r < 0)
		return change_give_up(c, r);
	if (!S_ISREG(c->st.st_mode))
		return xst_io_plain_error(
			&c->error, XST_E_UNSUPPORTED, RULE_CHANGE_REFUSED,
			"%s: only a regular file can be changed in place; "
			"name another output",
			c->given);
	c->fd = openat(c->place.dir, c->place.name,
		       O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (c->fd < 0)
		return change_give_up(c, errno);
	r = xst_io_settle_lock(c->fd, LOCK_EX);
	if (r == -EWOULDBLOCK)
		return xst_io_plain_error(
			&c->error, XST_E_IO, RULE_OUTPUT_IO,
			"%s: another process is reading or changing it; try again later",
			c->given);
	return r < 0 || fstat(c->fd, &c->st) < 0 ? change_give_up(c, r < 0 ? r : errno) : 0;
}

static void change_close_file(struct xst_change *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	xst_journal_place_clear(&c->place);
}

static int open_and_lock(struct xst_change *c)
{
	int r = open_once(c);

	while (r == 0 && !still_there(c)) {
		change_close_file(c);
		r = open_once(c);
	}
	return r;
}

/* An untrusted journal is in the way of our own. */
static int settle_first(struct xst_change *c, struct xst_recovery *recovery)
{
	int state = xst_io_settle(&c->place, c->fd, recovery);

	if (state < 0)
		return change_give_up(c, state);
	if (state == SETTLE_NOTHING)
		return fstat(c->fd, &c->st) < 0 ? change_give_up(c, errno) : 0;
	return xst_io_plain_error(&c->error, XST_E_UNSUPPORTED, RULE_CHANGE_UNFINISHED, "%s: %s",
				  c->given, recovery->text);
}

int xst_change_open(const char *path, uint32_t flags, struct xst_change **ret,
		    struct xst_recovery *ret_recovery, struct xst_finding *reterr)
{
	struct xst_recovery recovery = { .outcome = XST_RECOVERY_NOTHING };
	struct xst_change *c;
	int r;

	if (!path || !ret || flags & ~(uint32_t)XST_CHANGE_FORCE)
		return XST_E_ARG;
	c = calloc(1, sizeof(*c));
	if (!c)
		return XST_E_NOMEM;
	c->fd = c->place.dir = c->journal = -1;
	c->flags = flags;
	c->given = strdup(path);
	r = c->given ? open_and_lock(c) : XST_E_NOMEM;
	if (r == 0)
		r = settle_first(c, &recovery);
	if (r) {
		if (reterr)
			*reterr = c->error;
		xst_change_free(c);
		return r;
	}
	if (ret_recovery)
		*ret_recovery = recovery;
	*ret = c;
	return 0;
}

struct xst_change *xst_change_free(struct xst_change *c)
{
	if (!c)
		return NULL;
	change_close_file(c);
	if (c->journal >= 0)
		close(c->journal);
	free(c->given);
	free(c->old);
	free(c->now);
	free(c);
	return NULL;
}

int xst_change_get_fd(const struct xst_change *c)
{
	return c->fd;
}

/* --- in place -------------------------------------------------------------------------------- */

static int change_begin(struct xst_change *c, struct journal *j, uint64_t old_length,
			uint64_t now_length)
{
	int r;

	j->old_length = old_length;
	j->now_length = now_length;
	r = xst_journal_write(&c->place, &c->st, j, c->old, c->now);
	c->journal = r < 0 ? -1 : r;
	if (r == -EEXIST)
		return xst_io_plain_error(
			&c->error, XST_E_UNSUPPORTED, RULE_CHANGE_UNFINISHED,
			"%s: another change is under way, or has left its journal: %s",
			c->given, c->place.journal);
	if (r >= 0)
		return 0;
	return xst_io_plain_error(&c->error, XST_E_IO, RULE_OUTPUT_IO,
				  "%s: can't create a journal beside it: %s", c->given,
				  strerror(-r));
}

/* Everything is on the disk, or nothing was begun. */
static void change_end(struct xst_change *c)
{
	if (c->journal < 0)
		return;
	close(c->journal);
	c->journal = -1;
	(void)xst_journal_remove(&c->place);
}

/* The change has failed: writes the old front again.  If even that fails, the next xst_open() will
 * do it. */
static int change_take_back(struct xst_change *c, int err, bool inserted)
{
	uint64_t shift = c->length - c->front.old;
	int r = xst_io_pwrite_all(c->fd, c->old, (size_t)c->front.old,
				  (off_t)(inserted ? shift : 0));

	if (r == 0 && inserted && fallocate(c->fd, FALLOC_FL_COLLAPSE_RANGE, 0, (off_t)shift) < 0)
		r = -errno;
	if (r == 0 && fsync(c->fd) == 0 && xst_journal_remove(&c->place) == 0)
		return change_give_up(c, err);
	return xst_io_plain_error(
		&c->error, XST_E_IO, RULE_OUTPUT_IO,
		"%s: %s during the change; the next xenstream call on it completes or undoes it",
		c->given, strerror(err < 0 ? -err : err));
}

static int overwrite(struct xst_change *c)
{
	struct journal j = { .way = JOURNAL_IN_PLACE };
	int r;

	/* a full disk must not surprise us half way through a hole */
	if (fallocate(c->fd, 0, 0, (off_t)c->length) < 0 && errno == ENOSPC)
		return change_give_up(c, errno);
	r = change_begin(c, &j, c->length, c->length);
	if (r)
		return r;
	r = xst_io_pwrite_all(c->fd, c->now, (size_t)c->length, 0);
	if (r == 0 && fsync(c->fd) < 0)
		r = -errno;
	if (r < 0)
		return change_take_back(c, r, false);
	change_end(c);
	return 0;
}

/* --- inserting ------------------------------------------------------------------------------- */

/* Blocks could not be inserted, or it is uncertain whether they were.  The journal on the disk
 * decides, as after an interruption. */
static int settle_insertion(struct xst_change *c, int err)
{
	struct xst_recovery r;

	if (xst_io_settle(&c->place, c->fd, &r) != SETTLE_NOTHING)
		return change_give_up(c, err);
	close(c->journal);
	c->journal = -1;
	return r.outcome == XST_RECOVERY_DONE ? 0 : NOT_THIS_WAY;
}

/* Called after the journal is on the disk.  No byte of the front is written before the blocks are
 * certain to be there. */
static int insert_and_write(struct xst_change *c, const struct journal *j, uint64_t shift)
{
	int r;

	if (fallocate(c->fd, FALLOC_FL_INSERT_RANGE, 0, (off_t)shift) < 0)
		r = -errno;
	else
		r = fsync(c->fd) < 0 ? -errno : xst_journal_mark_inserted(c->journal, j);
	if (r < 0)
		return settle_insertion(c, r);
	r = xst_io_pwrite_all(c->fd, c->now, (size_t)c->length, 0);
	if (r == 0 && fsync(c->fd) < 0)
		r = -errno;
	if (r < 0)
		return change_take_back(c, r, true);
	change_end(c);
	return 0;
}

static int change_insert(struct xst_change *c)
{
	uint64_t shift = c->length - c->front.old;
	struct journal j = { .way = JOURNAL_INSERT, .shift = shift };
	int r;

	if (c->st.st_size == 0)
		return NOT_THIS_WAY;
	if (fsync(c->fd) < 0)
		return change_give_up(c, errno);
	j.extents = xst_io_extents_digest(c->fd);
	r = change_begin(c, &j, c->front.old, c->length);
	return r ? r : insert_and_write(c, &j, shift);
}

/* --- a new file ------------------------------------------------------------------------------ */

static int keep_metadata(struct xst_change *c, int fd)
{
	const char *what;
	int r = xst_io_metadata_copy(c->fd, fd, c->flags & XST_CHANGE_FORCE, &what);

	if (r == 0)
		return 0;
	return xst_io_plain_error(
		&c->error, r == -ENOMEM ? XST_E_NOMEM : XST_E_REFUSED, RULE_CHANGE_REFUSED,
		"%s: a new file is needed, but it can't keep %s: %s; name another output", c->given,
		what, strerror(-r));
}

/* Once the file has its name, others may open it, and must wait until the journal is removed. */
static int lock_new(struct xst_change *c, int fd)
{
	int r = xst_io_settle_lock(fd, LOCK_EX);

	return r < 0 ? change_give_up(c, r) : 0;
}

/* Records which file the temporary name belongs to, in case it never gets another. */
static int announce(struct xst_change *c, int fd)
{
	struct journal j = { .way = JOURNAL_RENAME };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return change_give_up(c, errno);
	j.new_inode = st.st_ino;
	return change_begin(c, &j, 0, 0);
}

static int change_fill(struct xst_change *c, struct xst_output *o, enum xst_change_way *ret_way)
{
	struct clone job = { .from = c->fd,
			     .skip = c->front.old,
			     .to = o,
			     .progress = c->front.progress,
			     .userdata = c->front.userdata };
	int r = xst_output_write(o, c->now, (size_t)c->length);

	return r ? r : xst_io_clone_rest(&job, ret_way, &c->error);
}

/* The rename would replace any file that has the name now. */
static int change_check_name(struct xst_change *c)
{
	if (still_there(c))
		return 0;
	return xst_io_plain_error(&c->error, XST_E_IO, RULE_OUTPUT_IO,
				  "%s: it was moved or replaced meanwhile; nothing was changed",
				  c->given);
}

static int change_replace(struct xst_change *c, struct xst_output *o, enum xst_change_way *ret_way)
{
	int fd = xst_output_get_fd(o), r = keep_metadata(c, fd);

	if (r == 0)
		r = lock_new(c, fd);
	if (r == 0)
		r = announce(c, fd);
	if (r)
		return r;
	r = change_fill(c, o, ret_way);
	if (r == 0)
		r = change_check_name(c);
	if (r == 0)
		r = xst_output_commit(o);
	if (r == 0)
		(void)fsync(c->place.dir);
	if (r && !c->error.code)
		c->error = *xst_output_error(o);
	return r;
}

static int new_file(struct xst_change *c, enum xst_change_way *ret_way)
{
	struct xst_output *o;
	int r = xst_output_file(c->place.path, 0600, 0, &o, &c->error);

	if (r)
		return r;
	r = change_replace(c, o, ret_way);
	change_end(c);
	xst_output_free(o); /* with the lock */
	return r;
}

/* --- all ways -------------------------------------------------------------------------------- */

static int read_old(struct xst_change *c)
{
	size_t got = 0, n = (size_t)c->front.old;

	c->old = malloc(n ? n : 1);
	if (!c->old)
		return XST_E_NOMEM;
	while (got < n) {
		ssize_t k = xst_io_pread_some(c->fd, c->old + got, n - got, (off_t)got);

		if (k <= 0)
			return k < 0 ? change_give_up(c, (int)k) : XST_E_ARG;
		got += (size_t)k;
	}
	return 0;
}

/* Only whole blocks can be inserted and shared. */
static uint64_t new_length(const struct xst_change *c)
{
	uint64_t block = c->st.st_blksize > 0 ? (uint64_t)c->st.st_blksize : 4096;
	uint64_t more = c->front.min > c->front.old ? c->front.min - c->front.old : 0;

	return c->front.old + (more + block - 1) / block * block;
}

static int change_prepare(struct xst_change *c)
{
	int r = read_old(c);

	if (r)
		return r;
	c->length = new_length(c);
	c->now = malloc(c->length ? (size_t)c->length : 1);
	return c->now ? c->front.write(c->front.userdata, c->now, c->length) : XST_E_NOMEM;
}

/* The journal stands beside one name: under the others an interrupted change could not be
 * recognised, and a new file would leave them behind. */
static int one_name(struct xst_change *c)
{
	if (c->st.st_nlink <= 1 || c->flags & XST_CHANGE_FORCE)
		return 0;
	return xst_io_plain_error(
		&c->error, XST_E_REFUSED, RULE_CHANGE_REFUSED,
		"%s has %lu names (hard links): the others would change too or keep the old "
		"contents, and can't recover an interrupted change; force it, or name "
		"another output",
		c->given, (unsigned long)c->st.st_nlink);
}

static int change_front(struct xst_change *c, enum xst_change_way *ret_way)
{
	bool same_length;
	int r = change_prepare(c);

	if (r)
		return r;
	*ret_way = XST_CHANGE_NONE;
	same_length = c->length == c->front.old;
	if (same_length && memcmp(c->old, c->now, (size_t)c->length) == 0)
		return 0;
	r = one_name(c);
	if (r)
		return r;
	if (same_length) {
		*ret_way = XST_CHANGE_IN_PLACE;
		return overwrite(c);
	}
	*ret_way = XST_CHANGE_INSERTED;
	r = change_insert(c);
	return r == NOT_THIS_WAY ? new_file(c, ret_way) : r;
}

int xst_change_front(struct xst_change *c, const struct xst_front *front,
		     enum xst_change_way *ret_way, struct xst_finding *reterr)
{
	struct xst_front ours = { .size = sizeof(ours) };
	enum xst_change_way way = XST_CHANGE_NONE;
	int r;

	if (!c || !front || c->used ||
	    xst_options_copy(&ours, sizeof(ours), front, front->size) < 0 || !ours.write ||
	    ours.old > LIMIT_FRONT || ours.min > LIMIT_FRONT)
		return XST_E_ARG;
	c->front = ours;
	c->used = true;
	r = change_front(c, &way);
	if (r && reterr)
		*reterr = c->error;
	if (r == 0 && ret_way)
		*ret_way = way;
	return r;
}

const char *xst_change_way_name(enum xst_change_way way)
{
	static const char *const names[] = { "unchanged", "written in place", "inserted", "shared",
					     "copied" };

	return (unsigned)way < sizeof(names) / sizeof(names[0]) ? names[way] : "unknown";
}
