/* SPDX-License-Identifier: MIT */
/* Replacing the first bytes of a file while the rest stays: without moving the rest where the file
 * system allows it, and so that at every moment the file is the old one, the new one, or one that
 * the next xst_open() turns into either.
 *
 * While a change is under way, a journal beside the file, .NAME.xenstream-journal, describes it.  A
 * journal counts only if it belongs to the file's owner, to root or to the caller, if it was made
 * for that very file, and if every byte that it would change has the value that the journal
 * records.  A stale, foreign or planted journal changes nothing.
 *
 * Linux only. */
#ifndef XENSTREAM_CHANGE_H
#define XENSTREAM_CHANGE_H

#include <xenstream/finding.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The result of looking for an unfinished change. */
enum xst_recovery_outcome {
	XST_RECOVERY_NOTHING = 0,  /* there was no unfinished change */
	XST_RECOVERY_UNDONE = 1,   /* the file is as it was before the change */
	XST_RECOVERY_DONE = 2,     /* the change is complete */
	XST_RECOVERY_IGNORED = 3   /* the journal is not trusted, or belongs to another file; it
				    * stays */
};

struct xst_recovery {
	enum xst_recovery_outcome outcome;
	char text[240];            /* one line, no full stop; empty with NOTHING */
	uint64_t reserved[4];
};

/* Opens a file for reading (O_RDONLY | O_CLOEXEC) after completing or undoing an unfinished change.
 * A regular file is locked against changes for as long as the descriptor is open (flock(2),
 * shared); if another process is changing it, waits up to ten seconds.  A file that is not regular
 * is simply opened.  *ret_fd is the caller's, to be closed with close(2); ret_recovery may be NULL.
 * Returns 0, or XST_E_IO, XST_E_NOMEM or XST_E_UNSUPPORTED (an unfinished change can be neither
 * completed nor undone), described in *reterr (may be NULL). */
XST_API XST_NODISCARD int xst_open(const char *path, int *ret_fd, struct xst_recovery *ret_recovery,
				   struct xst_finding *reterr);

/* How a change was made. */
enum xst_change_way {
	XST_CHANGE_NONE = 0,     /* the front was already as wanted; nothing was written */
	XST_CHANGE_IN_PLACE = 1, /* written over the old front */
	XST_CHANGE_INSERTED = 2, /* blocks were inserted in front (FALLOC_FL_INSERT_RANGE) */
	XST_CHANGE_SHARED = 3,   /* a new file replaced the old one and shares its blocks */
	XST_CHANGE_COPIED = 4    /* a new file replaced the old one; the rest was copied */
};

enum xst_change_flags {
	/* Change a file with several names (hard links): in place, all names show the change, but
	 * only this one leads to the journal; if a new file is needed, the other names keep the old
	 * contents.  Accept the loss of an owner or an attribute that a new file can't have. */
	XST_CHANGE_FORCE = 1 << 0
};

/* Called now and then with the number of bytes moved so far; total is 0 when it isn't known. */
typedef void (*xst_moved_fn)(void *userdata, uint64_t done, uint64_t total);

struct xst_change;

/* Opens a regular file to change it, after completing or undoing an unfinished change, and locks it
 * (flock(2), exclusive).  Symbolic links are followed.  On success *ret is the caller's, to be
 * freed with xst_change_free().  Returns 0, XST_E_ARG, XST_E_NOMEM, XST_E_IO (including: it is
 * being read through xst_open(), or changed, for more than ten seconds) or XST_E_UNSUPPORTED (not a
 * regular file; an unfinished change of unknown origin), described in *reterr (may be NULL). */
XST_API XST_NODISCARD int xst_change_open(const char *path, uint32_t flags, struct xst_change **ret,
					  struct xst_recovery *ret_recovery,
					  struct xst_finding *reterr);
/* Closes the file and frees the object; NULL is fine.  Returns NULL. */
XST_API struct xst_change *xst_change_free(struct xst_change *c);

/* The descriptor of the file, open for reading and writing.  The caller must only read from it, and
 * must not close it. */
XST_API int xst_change_get_fd(const struct xst_change *c);

struct xst_front {
	size_t size;      /* sizeof(struct xst_front) */
	uint64_t old;     /* bytes at the file's beginning to replace; at most 64 MiB */
	uint64_t min;     /* least size of the new front in bytes; at most 64 MiB */
	/* Writes the new front into buf, `length` bytes: `old` if min allows it, else a number that
	 * differs from `old` by whole blocks.  Returns 0, or a negative error that is handed on. */
	int (*write)(void *userdata, uint8_t *buf, uint64_t length);
	xst_moved_fn progress; /* or NULL */
	void *userdata;
};

/* Replaces the front, once.  The change is on the disk when this returns 0; *ret_way says how it
 * was made.  On failure the file is as it was, or, where even that could not be achieved, the text
 * says that the next xst_open() will restore it.  Returns 0, XST_E_ARG, XST_E_NOMEM, XST_E_IO,
 * XST_E_REFUSED (see XST_CHANGE_FORCE), XST_E_UNSUPPORTED (another change is under way), or the
 * error that `write` returned; described in *reterr (may be NULL). */
XST_API XST_NODISCARD int xst_change_front(struct xst_change *c, const struct xst_front *front,
					   enum xst_change_way *ret_way,
					   struct xst_finding *reterr);

/* The name of a way: "written in place", "inserted", "shared", "copied" or "unchanged"; a static
 * string, never NULL. */
XST_API const char *xst_change_way_name(enum xst_change_way way);

#ifdef __cplusplus
}
#endif
#endif
