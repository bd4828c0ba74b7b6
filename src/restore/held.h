/* SPDX-License-Identifier: MIT */
/* Records held back until the end of the stream: for each kind, those of the last complete state.
 *
 * A plain stream has the guest's registers and device model once, after all memory.  A checkpointed
 * stream has them with every state. */
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
	size_t settled; /* records of complete states; the current state's follow */
};

void xst_restore_held_init(struct held *h, const char *dir);
void xst_restore_held_free(struct held *h);
/* Starts a record of that kind; its bytes go into h->spool until the next one starts.  Returns 0,
 * XST_E_NOMEM, or XST_E_LIMIT: more records than any guest has. */
int xst_restore_held_begin(struct held *h, enum xst_kind kind);
/* Completes the current state: its kinds replace those of earlier states.  Returns 0, or an error
 * described in *reterr. */
int xst_restore_held_settle(struct held *h, struct xst_finding *reterr);
/* The range of record i's bytes. */
void xst_restore_held_range(const struct held *h, size_t i, uint64_t *ret_from, uint64_t *ret_to);

#endif
