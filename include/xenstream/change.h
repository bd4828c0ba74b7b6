/* SPDX-License-Identifier: MIT */
/* The first bytes of a file are replaced by others, the rest stays: without moving the rest
 * where the file system can, and so that no moment leaves anything but the old file, the new
 * one, or one that the next xst_open() brings to either.
 *
 * What is being done stands in a journal beside the file, .NAME.xenstream-journal, for as long
 * as it lasts.  A journal counts only if it belongs to the file's owner, to root or to the
 * caller, if it was made for that very file, and if each byte that it would change is what it
 * says: one that is stale, foreign or planted changes nothing.
 *
 * Linux only. */
#ifndef XENSTREAM_CHANGE_H
#define XENSTREAM_CHANGE_H

#include <xenstream/finding.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What became of a change that somebody else had begun. */
enum xst_recovery_outcome {
	XST_RECOVERY_NOTHING = 0,  /* there was none */
	XST_RECOVERY_UNDONE = 1,   /* the file is as it was before it */
	XST_RECOVERY_DONE = 2,     /* the file is as it was to become */
	XST_RECOVERY_IGNORED = 3   /* its journal is not trusted, or not this file's; it stays */
};

struct xst_recovery {
	enum xst_recovery_outcome outcome;
	char text[240];            /* one line, no full stop; empty with NOTHING */
	uint64_t reserved[4];
};

/* Opens a file for reading (O_RDONLY | O_CLOEXEC), an unfinished change being brought to an end
 * before.  A regular file is locked against changes for as long as the descriptor is open
 * (flock(2), shared); somebody else's change is waited for, ten seconds at most.  What is no
 * regular file is just opened. ret_recovery may be NULL.  Returns 0 or XST_E_IO, XST_E_NOMEM,
 * XST_E_UNSUPPORTED (an unfinished change can't be brought to an end), described in *reterr
 * (may be NULL). */
XST_API XST_NODISCARD int xst_open(const char *path, int *ret_fd, struct xst_recovery *ret_recovery,
				   struct xst_finding *reterr);

/* How a change was made. */
enum xst_change_way {
	XST_CHANGE_NONE = 0,     /* the front is that already: nothing was written */
	XST_CHANGE_IN_PLACE = 1, /* written over the old front */
	XST_CHANGE_INSERTED = 2, /* blocks were inserted in front (FALLOC_FL_INSERT_RANGE) */
	XST_CHANGE_SHARED = 3,   /* a new file took the old one's place and shares its blocks */
	XST_CHANGE_COPIED = 4    /* a new file took the old one's place, the rest was copied */
};

enum xst_change_flags {
	/* Change a file of several names (hard links): all of them show it, and only this one
	 * leads to the journal; or, where a new file is needed, the others keep the old contents.
	 * Do without an owner or an attribute that a new file can't have. */
	XST_CHANGE_FORCE = 1 << 0
};

/* Told now and then how far the moving of bytes is; total is 0 when it isn't known. */
typedef void (*xst_moved_fn)(void *userdata, uint64_t done, uint64_t total);

struct xst_change;

/* Opens a regular file to change it, an unfinished change being brought to an end before, and
 * locks it (flock(2), exclusive).  Symbolic links are followed.  Returns 0, XST_E_ARG, XST_E_NOMEM,
 * XST_E_IO (that somebody reads it through xst_open(), or changes it, for more than ten
 * seconds, among others), XST_E_UNSUPPORTED (not a regular file; an unfinished change of
 * unknown origin). */
XST_API XST_NODISCARD int xst_change_open(const char *path, uint32_t flags, struct xst_change **ret,
					  struct xst_recovery *ret_recovery,
					  struct xst_finding *reterr);
/* Frees; NULL is fine.  Returns NULL. */
XST_API struct xst_change *xst_change_free(struct xst_change *c);

/* The file, open for reading and writing; to be read only. */
XST_API int xst_change_get_fd(const struct xst_change *c);

struct xst_front {
	size_t size;      /* sizeof(struct xst_front) */
	uint64_t old;     /* bytes at the file's beginning that are replaced; at most 64 MiB */
	uint64_t min;     /* bytes that the new front has at least; at most 64 MiB */
	/* Writes the new front into buf: `length` bytes, `old` of them if min allows it, else
	 * a number that differs from `old` by whole blocks.  Returns 0, or a negative error
	 * that is handed on. */
	int (*write)(void *userdata, uint8_t *buf, uint64_t length);
	xst_moved_fn progress; /* or NULL */
	void *userdata;
};

/* Replaces the front, once.  *ret_way says how; it is final: what is done is on the disk.  On
 * failure the file is as it was, or, where even that could not be achieved, the text says that
 * the next xst_open() does it.  Returns 0, XST_E_ARG, XST_E_NOMEM, XST_E_IO, XST_E_REFUSED (see
 * XST_CHANGE_FORCE), XST_E_UNSUPPORTED (another change is under way), or what `write` has
 * returned. */
XST_API XST_NODISCARD int xst_change_front(struct xst_change *c, const struct xst_front *front,
					   enum xst_change_way *ret_way,
					   struct xst_finding *reterr);

/* "written in place", "inserted", "shared", "copied", "unchanged"; static, never NULL. */
XST_API const char *xst_change_way_name(enum xst_change_way way);

#ifdef __cplusplus
}
#endif
#endif
