/* SPDX-License-Identifier: MIT */
/* Changes that were broken off are brought to an end. */
#ifndef IO_SETTLE_H
#define IO_SETTLE_H

#include "io/journal.h"

#include <xenstream/change.h>

enum settle_state {
	SETTLE_NOTHING, /* there's no journal */
	SETTLE_CLEAN,   /* the file is whole; only the journal is to be removed */
	SETTLE_BROKEN,  /* the file must be repaired before it can be read */
	SETTLE_IGNORE,  /* the journal is not to be trusted, or not this file's */
};

/* What a file's journal means for it.  fd: the file, open for reading at least.  *r is filled
 * in but for NOTHING.  Returns a settle_state or -errno. */
int xst_io_settle_judge(const struct place *p, int fd, struct xst_recovery *r);

/* Brings a change to an end.  fd: the file, open for writing, locked exclusively.  Returns as
 * xst_io_settle_judge(): NOTHING when all is well and the journal is gone (then r says what was done),
 * IGNORE, or BROKEN with *r saying why nothing can be done. */
int xst_io_settle(const struct place *p, int fd, struct xst_recovery *r);

/* Takes locks on a file: LOCK_SH or LOCK_EX, waiting ten seconds at most.  Returns 0 or -errno;
 * file systems without locks are fine. */
int xst_io_settle_lock(int fd, int how);

#endif
