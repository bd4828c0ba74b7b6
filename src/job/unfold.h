/* SPDX-License-Identifier: MIT */
/* Turns a checkpointed stream into one that a converter accepts.
 *
 * It works between parser and converter: events of a legacy layer in, events out.  The batches of
 * every checkpoint up to the wanted one are passed on (the last one that names a pfn counts), the
 * rest of a checkpoint only for the wanted one, or for all if checkpoints are kept.
 *
 * A checkpointed libxl stream in today's format is made plain in the same way: the image ends where
 * the wanted state is complete, and only that state's libxl records are passed on.
 *
 * Compressed pages are deltas against the page's previous contents.  Then the contents of all pages
 * are collected in an unnamed temporary file, at pfn x 4096, and reported as batches of our own at
 * the end of the body. */
#ifndef JOB_UNFOLD_H
#define JOB_UNFOLD_H

#include "job/job.h"

struct unfold;

struct unfold_plan {
	uint64_t take;     /* the wanted checkpoint, from 1 */
	bool keep;         /* all checkpoints up to it */
	bool compressed;   /* some chunk up to it holds deltas */
	bool late;         /* the first checkpoint's pages have already gone to the converter */
	enum xst_layer layer; /* the layer of the states: the legacy or the libxl one */
};

/* What to do with an event after xst_job_unfold_event(). */
enum unfold_action {
	UNFOLD_PASS,   /* pass it to the converter */
	UNFOLD_DROP,
	UNFOLD_INJECT, /* pass on the events of xst_job_unfold_inject(), then this one */
	UNFOLD_STORE,  /* a run of pages: call xst_job_unfold_store() */
	UNFOLD_READ,   /* a run of deltas: its PAYLOAD events are wanted */
	UNFOLD_STOP,   /* pass it on; the wanted state is complete, and the rest of it is dropped */
	UNFOLD_END     /* pass on the end of the image instead */
};

int xst_job_unfold_new(const struct unfold_plan *plan, const char *tmpdir, struct unfold **ret,
		       struct xst_finding *reterr);
struct unfold *xst_job_unfold_free(struct unfold *u);

/* Returns 0 with *ret_action, or a negative error described in *reterr. */
int xst_job_unfold_event(struct unfold *u, const struct xst_event *ev,
			 enum unfold_action *ret_action, struct xst_finding *reterr);
/* Collects the pages of the first state from the output written so far: `written` is a reader of
 * that output, which ends early. */
int xst_job_unfold_recall(struct unfold *u, struct xst_reader *written, struct xst_finding *reterr);
/* Moves the run that has just begun to the temporary file. */
int xst_job_unfold_store(struct unfold *u, struct xst_reader *r, struct xst_finding *reterr);
/* The next event of the batches to report, or NULL after the last one. */
const struct xst_event *xst_job_unfold_inject(struct unfold *u);
/* Inside an injected run: moves its next n bytes. */
int xst_job_unfold_move(struct unfold *u, struct xst_output *o, uint64_t n,
			struct xst_finding *reterr);

#endif
