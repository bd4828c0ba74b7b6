/* SPDX-License-Identifier: MIT */
/* Records that are kept until the stream is over: of each kind those of the last complete state.
 *
 * A plain stream has the guest's registers and its device model after all memory, once.  In a
 * checkpointed one they come with every state. */
#ifndef RESTORE_HELD_H
#define RESTORE_HELD_H

#include "restore/restore.h"

struct held_record {
	enum xst_kind kind;
	uint64_t from; /* its first byte in the spool */
};

struct held {
	struct spool spool;
	struct held_record *records;
	size_t n, capacity;
	size_t settled; /* records of complete states; those after are the present one's */
};

void xst_restore_held_init(struct held *h, const char *dir);
void xst_restore_held_free(struct held *h);
/* A record of that kind begins; its bytes go into h->spool until the next one.  Returns 0,
 * XST_E_NOMEM, or XST_E_LIMIT: more than any guest has. */
int xst_restore_held_begin(struct held *h, enum xst_kind kind);
/* The present state is complete: its kinds replace those of the states before.  Returns 0, or an
 * error described in *reterr. */
int xst_restore_held_settle(struct held *h, struct xst_finding *reterr);
/* Where the bytes of record i are. */
void xst_restore_held_range(const struct held *h, size_t i, uint64_t *ret_from, uint64_t *ret_to);

#endif
