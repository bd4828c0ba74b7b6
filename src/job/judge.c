/* SPDX-License-Identifier: MIT */
#include "job/judge.h"

#include <stdio.h>
#include <string.h>

#include "limits/limits.h"

int xst_job_judge_init(struct judge *j, const struct xst_job_options *job,
		       const struct xst_verify_options *options, struct xst_verdict *verdict)
{
	memset(j, 0, sizeof(*j));
	j->job = job;
	j->options = options;
	j->verdict = verdict;
	for (size_t i = 0; i < options->n_ignore; i++) {
		const struct rule *rule = xst_rule_find(options->ignore[i]);

		if (!rule)
			return XST_E_ARG;
		j->ignored[rule - xst_rule_table] = true;
	}
	return 0;
}

/* Findings point to the id in the catalogue itself. */
static int rule_of(const struct xst_finding *f)
{
	int i = 0;

	while (i < RULE_MAX && xst_rule_table[i].id != f->rule)
		i++;
	return i;
}

static bool counts_for_xen(struct judge *j, int rule, const struct xst_finding *f)
{
	int like_xen = xst_rule_table[rule].like_xen;

	if (like_xen == CHECKPOINTED && !j->checkpointed && j->nwaiting < JUDGE_WAITING)
		j->waiting[j->nwaiting++] = *f;
	return like_xen == CHECKPOINTED ? j->checkpointed : like_xen;
}

/* A fault that ends the reading always counts: the rest of the stream is unknown. */
static bool counts(struct judge *j, int rule, const struct xst_finding *f)
{
	if (f->code || rule == RULE_MAX)
		return true;
	if (j->options->flags & XST_VERIFY_LIKE_XEN && !counts_for_xen(j, rule, f))
		return false;
	if (j->options->flags & XST_VERIFY_LIKE_LIBXL &&
	    !xst_rule_receiver_refuses((enum xst_rule)rule, f))
		return false;
	j->verdict->ignored += j->ignored[rule];
	return !j->ignored[rule];
}

static enum xst_severity severity_of(const struct judge *j, const struct xst_finding *f)
{
	if (j->options->flags & (XST_VERIFY_LIKE_XEN | XST_VERIFY_LIKE_LIBXL))
		return XST_ERROR;
	if ((j->options->flags & XST_VERIFY_STRICT) && f->severity == XST_REMARK)
		return XST_ERROR;
	return f->severity;
}

static void judge_count(struct xst_verdict *v, enum xst_severity severity)
{
	if (severity == XST_ERROR)
		v->errors++;
	else if (severity == XST_REMARK)
		v->remarks++;
	else
		v->notes++;
}

static bool is_told(struct judge *j, int rule)
{
	uint64_t of_rule = rule < RULE_MAX ? j->told_of[rule]++ : 0;

	return j->options->max_findings ? j->told < j->options->max_findings : of_rule < LIMIT_TOLD;
}

enum xst_severity xst_job_judge_finding(struct judge *j, const struct xst_finding *f)
{
	struct xst_finding ours = *f;
	int rule = rule_of(f);

	if (!counts(j, rule, f))
		return XST_NOTE;
	ours.severity = severity_of(j, f);
	judge_count(j->verdict, ours.severity);
	if (is_told(j, rule)) {
		j->told++;
		xst_job_tell(j->job, &ours);
	} else {
		j->verdict->omitted++;
	}
	return ours.severity;
}

enum xst_severity xst_job_judge_checkpointed(struct judge *j)
{
	enum xst_severity worst = XST_NOTE;

	j->checkpointed = true;
	for (unsigned i = 0; i < j->nwaiting; i++)
		if (xst_job_judge_finding(j, &j->waiting[i]) == XST_ERROR)
			worst = XST_ERROR;
	j->nwaiting = 0;
	return worst;
}

void xst_job_judge_end(struct judge *j)
{
	for (int i = 0; i < RULE_MAX && !j->options->max_findings; i++) {
		struct xst_finding f = { .rule = xst_rule_table[i].id, .severity = XST_NOTE,
					 .offset = j->verdict->end };

		if (j->told_of[i] <= LIMIT_TOLD)
			continue;
		(void)snprintf(f.text, sizeof(f.text), "and %llu more for this rule",
			       (unsigned long long)(j->told_of[i] - LIMIT_TOLD));
		xst_job_tell(j->job, &f);
	}
}
