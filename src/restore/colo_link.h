/* SPDX-License-Identifier: MIT */
/* The messages of COLO's two sides around each checkpoint: a state machine for either side.
 *
 *   primary                                    secondary
 *     ── records, CHECKPOINT_END ───────────────►         main stream
 *     ◄── CHECKPOINT_STATE svm ready ────────────         back channel
 *     ◄── CHECKPOINT_STATE svm resumed ──────────
 *     ── CHECKPOINT_STATE new checkpoint ───────►         main stream
 *     ◄── CHECKPOINT_STATE svm suspended ────────         back channel
 *     ◄── CHECKPOINT_DIRTY_PFN_LIST ─────────────
 *     ── records ...
 *
 * libxl-migration-stream, "CHECKPOINT_STATE"; libxc-migration-stream, "CHECKPOINT_DIRTY_PFN_LIST".  The
 * back channel has no headers, only records. */
#ifndef RESTORE_COLO_H
#define RESTORE_COLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits/limits.h"

struct xst_parser;

#define COLO_MESSAGE_SIZE 16    /* of everything the secondary sends, except pfns */

enum colo_role { COLO_PRIMARY, COLO_SECONDARY };

/* The next message, in this order. */
enum colo_step { COLO_RECORDS, COLO_READY, COLO_RESUMED, COLO_NEW, COLO_SUSPENDED, COLO_DIRTY };

struct colo {
	enum colo_role role;
	enum colo_step step;
	struct xst_parser *parser; /* of the back channel, on the primary */
	uint64_t *pfns;            /* the latest list */
	size_t npfns, wanted;
	/* Since Xen 4.16 the secondary writes 8 zero bytes between a list's header and its pfns,
	 * which the header doesn't count.  Only the bytes after the list reveal this, when it has
	 * been delivered already; then `pfns` is corrected and this is set. */
	bool stray;
};

void xst_restore_colo_init(struct colo *c, enum colo_role role);
void xst_restore_colo_free(struct colo *c);
/* Whether it is this side's turn to send. */
bool xst_restore_colo_is_mine(const struct colo *c);
/* The records of a checkpoint are complete.  Returns 0, or XST_E_MALFORMED if records aren't
 * due. */
int xst_restore_colo_checkpoint(struct colo *c);
/* A CHECKPOINT_STATE has arrived.  Returns 0, or XST_E_MALFORMED if another message is due. */
int xst_restore_colo_received(struct colo *c, uint64_t id);
/* Writes this side's next message into buf (COLO_DIRTY with an empty list) and advances.  Returns
 * its length, or 0 if it is not this side's turn. */
size_t xst_restore_colo_send(struct colo *c, uint8_t buf[COLO_MESSAGE_SIZE]);
/* The primary consumes all n bytes of the back channel; c->pfns holds a list when c->step is no
 * longer COLO_DIRTY.  Returns 0, XST_E_MALFORMED (also for a message that isn't due), XST_E_LIMIT,
 * XST_E_NOMEM or another error of the parser. */
int xst_restore_colo_feed(struct colo *c, const uint8_t *data, size_t n);
/* The back channel has ended.  Returns 0 or XST_E_TRUNCATED. */
int xst_restore_colo_eof(struct colo *c);

#endif
