/* SPDX-License-Identifier: MIT */
/* What becomes of a finding: whether it counts, as what, and whether it is told. */
#ifndef JOB_JUDGE_H
#define JOB_JUDGE_H

#include "job/job.h"

#include "finding/rules.h"

#define JUDGE_WAITING 16 /* one is enough for the verdict */

struct judge {
	const struct xst_job_options *job;
	const struct xst_verify_options *options;
	struct xst_verdict *verdict;
	bool ignored[RULE_MAX];
	uint64_t told_of[RULE_MAX]; /* or only counted, of each rule */
	uint64_t told;
	bool checkpointed;   /* what the column CHECKPOINTED counts for; until then these wait: */
	struct xst_finding waiting[JUDGE_WAITING];
	unsigned nwaiting;
};

/* Both options must outlive it.  Returns 0, or XST_E_ARG for a rule that does not exist. */
int xst_job_judge_init(struct judge *j, const struct xst_job_options *job,
		       const struct xst_verify_options *options, struct xst_verdict *verdict);
/* Counts a finding and tells it, or not.  Returns the severity that it counts with, or XST_NOTE if
 * it does not count at all. */
enum xst_severity xst_job_judge_finding(struct judge *j, const struct xst_finding *f);
/* From now on it is a libxl stream with checkpoints.  Returns the worst severity with which one counts that
 * has waited for that. */
enum xst_severity xst_job_judge_checkpointed(struct judge *j);
/* At the end: how many of each rule were not told. */
void xst_job_judge_end(struct judge *j);

#endif
