/* SPDX-License-Identifier: MIT */
/* Shared by the jobs: the options, and one pass over a stream. */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include <xenstream/job.h>

struct summary; /* summary.c */
struct track;

/* Copies a caller's options, and the parser's options in them, and completes them.  Returns 0 or
 * XST_E_ARG. */
int xst_job_options(struct xst_job_options *ours, const struct xst_job_options *theirs,
		    struct xst_parser_options *parser);
void xst_job_tell(const struct xst_job_options *o, const struct xst_finding *f);
void xst_job_progress(const struct xst_job_options *o, const struct xst_reader *r);

/* Reads to the end, checks, and fills in info if that is not NULL. */
int xst_job_scan(int fd, const struct xst_verify_options *o, struct xst_verdict *v,
		 struct xst_info *info, struct xst_finding *reterr);

/* summary.c: collects a description of the stream from its events.  Returns 0 or XST_E_NOMEM. */
int xst_job_summary_new(struct xst_info *info, const struct track *track, struct summary **ret);
int xst_job_summary_event(struct summary *s, const struct xst_event *ev);
/* Whether the run that has just begun must be read. */
bool xst_job_summary_wants(const struct summary *s);
/* Completes the summary at the end of the stream. */
void xst_job_summary_end(struct summary *s);
struct summary *xst_job_summary_free(struct summary *s);

#endif
