/* SPDX-License-Identifier: MIT */
/* Decides about a finding: whether it counts, with which severity, and whether it is reported. */
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
	uint64_t told_of[RULE_MAX]; /* or only counted, for each rule */
	uint64_t told;
	bool checkpointed;   /* what the column CHECKPOINTED counts for; until then these wait: */
	struct xst_finding waiting[JUDGE_WAITING];
	unsigned nwaiting;
};

/* Both options must outlive *j.  Returns 0, or XST_E_ARG for a rule that does not exist. */
int xst_job_judge_init(struct judge *j, const struct xst_job_options *job,
		       const struct xst_verify_options *options, struct xst_verdict *verdict);
/* Counts a finding and reports it, or not.  Returns the severity that it counts with, or XST_NOTE
 * if it does not count. */
enum xst_severity xst_job_judge_finding(struct judge *j, const struct xst_finding *f);
/* The stream is a libxl stream with checkpoints.  Returns the worst severity of the findings that waited for that
 * and count now. */
enum xst_severity xst_job_judge_checkpointed(struct judge *j);
/* At the end: reports how many findings of each rule were not reported. */
void xst_job_judge_end(struct judge *j);

#endif
