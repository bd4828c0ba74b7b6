/* SPDX-License-Identifier: MIT */
/* What COLO's two sides tell each other around each checkpoint, as a state machine for either of them.
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
 * back channel has no headers: its records follow each other bare. */
#ifndef RESTORE_COLO_H
#define RESTORE_COLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits/limits.h"

struct xst_parser;

#define COLO_MESSAGE_SIZE 16    /* of all that the secondary sends but pfns */

enum colo_role { COLO_PRIMARY, COLO_SECONDARY };

/* What is due; in that order. */
enum colo_step { COLO_RECORDS, COLO_READY, COLO_RESUMED, COLO_NEW, COLO_SUSPENDED, COLO_DIRTY };

struct colo {
	enum colo_role role;
	enum colo_step step;
	struct xst_parser *parser; /* the primary's, of the back channel */
	uint64_t *pfns;            /* the last list */
	size_t npfns, wanted;
	/* Since Xen 4.16 the secondary writes 8 bytes of zeros between a list's header and its pfns,
	 * which the header doesn't count.  What stands after the list shows it, after it was told;
	 * then `pfns` is put right and this is set. */
	bool stray;
};

void xst_restore_colo_init(struct colo *c, enum colo_role role);
void xst_restore_colo_free(struct colo *c);
/* Whether it's this side's turn to send. */
bool xst_restore_colo_is_mine(const struct colo *c);
/* The records of a checkpoint are complete.  Returns 0 or XST_E_MALFORMED: it isn't time for them. */
int xst_restore_colo_checkpoint(struct colo *c);
/* A CHECKPOINT_STATE came.  Returns 0 or XST_E_MALFORMED: not the one that is due. */
int xst_restore_colo_received(struct colo *c, uint64_t id);
/* The message that is due and ours, COLO_DIRTY with an empty list: writes it into buf and goes on.
 * Returns its bytes, 0 if nothing is ours to send. */
size_t xst_restore_colo_send(struct colo *c, uint8_t buf[COLO_MESSAGE_SIZE]);
/* The primary takes bytes of the back channel, all of them; a list is in c->pfns when c->step is no longer
 * COLO_DIRTY.  Returns 0, XST_E_MALFORMED (also: not what is due), XST_E_LIMIT, XST_E_NOMEM or any other
 * error of the parser. */
int xst_restore_colo_feed(struct colo *c, const uint8_t *data, size_t n);
/* The back channel has ended.  Returns 0 or XST_E_TRUNCATED. */
int xst_restore_colo_eof(struct colo *c);

#endif
