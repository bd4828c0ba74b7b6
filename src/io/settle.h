/* SPDX-License-Identifier: MIT */
/* Completing or undoing interrupted changes. */
#ifndef IO_SETTLE_H
#define IO_SETTLE_H

#include "io/journal.h"

#include <xenstream/change.h>

enum settle_state {
	SETTLE_NOTHING, /* there is no journal */
	SETTLE_CLEAN,   /* the file is whole; only the journal must be removed */
	SETTLE_BROKEN,  /* the file must be repaired before it can be read */
	SETTLE_IGNORE,  /* the journal is untrusted, or not this file's */
};

/* Judges a file by its journal.  fd: the file, open at least for reading.  *r is filled in unless
 * the result is NOTHING.  Returns a settle_state or -errno. */
int xst_io_settle_judge(const struct place *p, int fd, struct xst_recovery *r);

/* Completes or undoes a change.  fd: the file, open for writing, locked exclusively.  Returns as
 * xst_io_settle_judge(): NOTHING if the journal is gone and the file is whole (r says what was
 * done), IGNORE, or BROKEN with the reason in *r. */
int xst_io_settle(const struct place *p, int fd, struct xst_recovery *r);

/* Locks a file: LOCK_SH or LOCK_EX, waiting at most ten seconds.  Returns 0 or -errno; file systems
 * without locks are fine. */
int xst_io_settle_lock(int fd, int how);

#endif
