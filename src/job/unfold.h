/* SPDX-License-Identifier: MIT */
/* A checkpointed stream as one that a converter can take.
 *
 * It stands between parser and converter: events of a legacy layer in, events out.  The batches of
 * every checkpoint up to the wanted one are passed on (the last one that names a pfn counts), the
 * rest of a checkpoint only for the wanted one, or, when checkpoints are kept, for all.
 *
 * A checkpointed libxl stream of today is made plain in the same way: the image ends where the
 * wanted state is complete, and only that state's libxl records are passed on.
 *
 * Where pages are compressed, they are differences to what the page held before.  Then the contents
 * of all pages are gathered in an unnamed temporary file, at pfn x 4096, and told as batches of our
 * own at the end of the body. */
#ifndef JOB_UNFOLD_H
#define JOB_UNFOLD_H

#include "job/job.h"

struct unfold;

struct unfold_plan {
	uint64_t take;     /* the checkpoint whose state is wanted, from 1 */
	bool keep;         /* all checkpoints up to it */
	bool compressed;   /* some chunk up to it holds differences */
	bool late;         /* the first checkpoint's pages have gone to the converter already */
	enum xst_layer layer; /* whose states these are: the legacy or the libxl one */
};

/* What to do with an event that was shown to xst_job_unfold_event(). */
enum unfold_action {
	UNFOLD_PASS,   /* give it to the converter */
	UNFOLD_DROP,
	UNFOLD_INJECT, /* give on what xst_job_unfold_inject() tells, then this one */
	UNFOLD_STORE,  /* a run of pages: call xst_job_unfold_store() */
	UNFOLD_READ,   /* a run of differences: its PAYLOAD events are wanted */
	UNFOLD_STOP,   /* give it on; the wanted state is complete, and all more of it is dropped */
	UNFOLD_END     /* give on the end of the image instead */
};

int xst_job_unfold_new(const struct unfold_plan *plan, const char *tmpdir, struct unfold **ret,
		       struct xst_finding *reterr);
struct unfold *xst_job_unfold_free(struct unfold *u);

/* Returns 0 with *ret_action, or a negative error described in *reterr. */
int xst_job_unfold_event(struct unfold *u, const struct xst_event *ev,
			 enum unfold_action *ret_action, struct xst_finding *reterr);
/* Takes the pages of the first state back from what was made of it already: a reader of that
 * output, which breaks off. */
int xst_job_unfold_recall(struct unfold *u, struct xst_reader *written, struct xst_finding *reterr);
/* Moves the run that has just begun into the temporary file. */
int xst_job_unfold_store(struct unfold *u, struct xst_reader *r, struct xst_finding *reterr);
/* The next event of the batches that are told, or NULL after the last one. */
const struct xst_event *xst_job_unfold_inject(struct unfold *u);
/* Inside a run that was injected: moves the next n bytes of it. */
int xst_job_unfold_move(struct unfold *u, struct xst_output *o, uint64_t n,
			struct xst_finding *reterr);

#endif
