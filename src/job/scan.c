/* SPDX-License-Identifier: MIT */
/* One pass over a stream for verify and info: events into the checker and the summary, payload
 * passed over. */
#include "job/job.h"

#include <stdio.h>
#include <string.h>

#include "check/finding.h"
#include "wire/options.h"

int job_options(struct xst_job_options *ours, const struct xst_job_options *theirs,
		struct xst_parser_options *parser)
{
	struct xst_parser_options defaults = XST_PARSER_OPTIONS_INIT;

	memset(ours, 0, sizeof(*ours));
	*parser = defaults;
	if (theirs && xst_options_copy(ours, sizeof(*ours), theirs, theirs->size) < 0)
		return XST_E_ARG;
	if (ours->parser &&
	    xst_options_copy(parser, sizeof(*parser), ours->parser, ours->parser->size) < 0)
		return XST_E_ARG;
	parser->size = sizeof(*parser);
	return 0;
}

void job_tell(const struct xst_job_options *o, const struct xst_finding *f)
{
	if (o->finding)
		o->finding(o->userdata, f);
}

void job_progress(const struct xst_job_options *o, const struct xst_reader *r)
{
	if (o->progress)
		o->progress(o->userdata, xst_reader_offset(r), xst_reader_size(r));
}

#define MAX_TOLD 100

struct scan {
	const struct xst_job_options *options;
	struct xst_reader *reader;
	struct xst_checker *checker;
	struct summary *summary;
	struct xst_verdict *verdict;
	struct xst_info *info;
	uint64_t told[RULE_MAX];
	uint64_t checkpoints; /* complete ones */
};

/* The first hundred of a rule are told, the rest is counted. */
static void tell(struct scan *s, const struct xst_finding *f)
{
	const struct rule *rule = rule_by_id(f->rule);

	if (!rule || s->told[rule - rules]++ < MAX_TOLD)
		job_tell(s->options, f);
}

static void tell_counts(struct scan *s)
{
	for (int i = 0; i < RULE_MAX; i++) {
		struct xst_finding f = { .rule = rules[i].id, .severity = XST_NOTE,
					 .offset = s->verdict->end };

		if (s->told[i] <= MAX_TOLD)
			continue;
		(void)snprintf(f.text, sizeof(f.text), "and %llu more of this rule",
			       (unsigned long long)(s->told[i] - MAX_TOLD));
		job_tell(s->options, &f);
	}
}

static void found(struct scan *s, const struct xst_finding *f)
{
	if (f->severity == XST_ERROR)
		s->verdict->errors++;
	else if (f->severity == XST_REMARK)
		s->verdict->remarks++;
	else
		s->verdict->notes++;
	if (s->info && f->severity == XST_ERROR && !s->info->damage.text[0])
		s->info->damage = *f;
	tell(s, f);
}

/* Reads as much of a run as somebody wants to see, and passes over the rest. */
static int run(struct scan *s)
{
	if ((s->summary && summary_wants(s->summary)) || xst_checker_wants(s->checker))
		return 0;
	return xst_reader_skip(s->reader);
}

/* A libxl stream's checkpoint is complete with the libxl part of it. */
static bool completes(const struct xst_event *ev)
{
	return ev->kind == XST_KIND_CHECKPOINT_END ||
	       (ev->kind == XST_KIND_CHECKPOINT && ev->layer == XST_LAYER_LEGACY);
}

static int event(struct scan *s, const struct xst_event *ev)
{
	const struct xst_finding *f;
	int r = xst_checker_event(s->checker, ev);

	if (s->options->event)
		s->options->event(s->options->userdata, ev);
	if (r)
		return r;
	while ((f = xst_checker_finding(s->checker)))
		found(s, f);
	if (s->summary)
		r = summary_event(s->summary, ev);
	if (r)
		return r;
	s->checkpoints += ev->type == XST_EVENT_RECORD_END && completes(ev);
	if (ev->type == XST_EVENT_RECORD_BEGIN) {
		s->verdict->records++;
		job_progress(s->options, s->reader);
	}
	if (ev->type == XST_EVENT_PAYLOAD_BEGIN || ev->type == XST_EVENT_PAYLOAD)
		return run(s);
	return 0;
}

static int loop(struct scan *s)
{
	const struct xst_event *ev;
	int r;

	while ((r = xst_reader_next(s->reader, &ev)) == 0 && ev->type != XST_EVENT_FINISHED) {
		r = event(s, ev);
		if (r)
			return r;
	}
	return r;
}

static void trailing(struct scan *s)
{
	uint64_t size = xst_reader_size(s->reader);
	struct xst_finding f = { .rule = rules[RULE_INPUT_TRAILING].id, .severity = XST_NOTE };

	s->verdict->end = f.offset = xst_reader_offset(s->reader);
	if (size <= s->verdict->end)
		return;
	s->verdict->trailing = size - s->verdict->end;
	(void)snprintf(f.text, sizeof(f.text), "%llu octets follow the end of the stream",
		       (unsigned long long)s->verdict->trailing);
	found(s, &f);
}

/* How checkpointed streams end: nothing is lost but what the sender had not completed. */
static void cut(struct scan *s, const struct xst_finding *f)
{
	struct xst_finding remark = *f;

	remark.code = 0;
	remark.rule = rules[RULE_CHECKPOINT_CUT].id;
	remark.severity = rules[RULE_CHECKPOINT_CUT].severity;
	(void)snprintf(remark.text, sizeof(remark.text),
		       "the input ends inside checkpoint %llu; a receiver takes the one before",
		       (unsigned long long)s->checkpoints + 1);
	found(s, &remark);
}

/* What stops the parser is the last finding; only trouble of our own is a failure. */
static int conclude(struct scan *s, int r, struct xst_finding *reterr)
{
	const struct xst_finding *f = xst_reader_error(s->reader);

	job_progress(s->options, s->reader);
	if (r == 0) {
		trailing(s);
		return 0;
	}
	s->verdict->end = xst_reader_offset(s->reader);
	if (r == XST_E_IO || r == XST_E_NOMEM || r == XST_E_ARG || !f->code) {
		if (reterr)
			*reterr = *f;
		return r;
	}
	if (f->code == XST_E_TRUNCATED && s->checkpoints)
		cut(s, f);
	else
		found(s, f);
	return 0;
}

int job_scan(int fd, const struct xst_job_options *o, struct xst_verdict *v, struct xst_info *info,
	     struct xst_finding *reterr)
{
	struct scan s = { .verdict = v, .info = info };
	struct xst_parser_options parser;
	struct xst_job_options completed;
	int r = job_options(&completed, o, &parser);

	if (r)
		return r;
	s.options = &completed;
	parser.flags |= XST_PARSER_KEEP_GOING;
	memset(v, 0, sizeof(*v));
	r = xst_reader_new(fd, &parser, 0, completed.tmpdir, &s.reader);
	if (r == 0)
		r = xst_checker_new(completed.checker, &s.checker);
	if (r == 0 && info)
		r = summary_new(info, &s.summary);
	if (r == 0) {
		r = loop(&s);
		r = conclude(&s, r, reterr);
		tell_counts(&s);
	} else if (reterr) {
		finding_no_memory(reterr);
	}
	summary_free(s.summary);
	xst_checker_free(s.checker);
	xst_reader_free(s.reader);
	return r;
}

int xst_verify_fd(int fd, const struct xst_job_options *options, struct xst_verdict *ret,
		  struct xst_finding *reterr)
{
	return ret ? job_scan(fd, options, ret, NULL, reterr) : XST_E_ARG;
}
