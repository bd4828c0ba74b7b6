/* SPDX-License-Identifier: MIT */
/* One pass over a stream for verify and info: events go to the checker and the summary, payload is
 * skipped. */
#include "job/job.h"

#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "finding/finding.h"
#include "job/judge.h"
#include "wire/options.h"

#define LIKE  (XST_VERIFY_LIKE_XEN | XST_VERIFY_LIKE_LIBXL)
#define FLAGS (XST_VERIFY_STRICT | XST_VERIFY_STOP | LIKE)

int xst_job_options(struct xst_job_options *ours, const struct xst_job_options *theirs,
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

void xst_job_tell(const struct xst_job_options *o, const struct xst_finding *f)
{
	if (o->finding)
		o->finding(o->userdata, f);
}

void xst_job_progress(const struct xst_job_options *o, const struct xst_reader *r)
{
	if (o->progress)
		o->progress(o->userdata, xst_reader_offset(r), xst_reader_size(r));
}

struct scan {
	const struct xst_job_options *options;
	struct xst_verify_options verify;
	struct judge judge;
	struct xst_reader *reader;
	struct xst_checker *checker;
	struct summary *summary;
	struct xst_verdict *verdict;
	struct xst_info *info;
	bool stop;            /* stop reading */
};

static void found(struct scan *s, const struct xst_finding *f)
{
	if (xst_job_judge_finding(&s->judge, f) != XST_ERROR)
		return;
	if (s->info && !s->info->damage.text[0])
		s->info->damage = *f;
	s->stop = s->verify.flags & XST_VERIFY_STOP;
}

/* Xen's own verifier takes one layer's records for the other's after a libxl stream's first CHECKPOINT. */
static void scan_follow(struct scan *s)
{
	const struct track *t = xst_check_track(s->checker);

	if (!s->judge.checkpointed && t->started[XST_KIND_CHECKPOINT] &&
	    track_has(t, XST_LAYER_LIBXL) && xst_job_judge_checkpointed(&s->judge) == XST_ERROR)
		s->stop |= s->verify.flags & XST_VERIFY_STOP;
}

/* Reads the wanted part of a run, and skips the rest. */
static int scan_run(struct scan *s)
{
	uint64_t passed;

	if (s->summary && xst_job_summary_wants(s->summary))
		return 0;
	if (s->options->state && xst_state_wants(s->options->state))
		return 0;
	if (!xst_checker_wants(s->checker))
		return xst_reader_skip(s->reader);
	if (!xst_checker_skips(s->checker))
		return 0;
	return xst_reader_pass(s->reader, xst_checker_skips(s->checker), &passed);
}

static int scan_event(struct scan *s, const struct xst_event *ev)
{
	const struct xst_finding *f;
	int r = xst_checker_event(s->checker, ev);

	if (s->options->event)
		s->options->event(s->options->userdata, ev);
	if (r == 0 && s->options->state)
		r = xst_state_event(s->options->state, ev);
	if (r)
		return r;
	scan_follow(s);
	while ((f = xst_checker_finding(s->checker)))
		found(s, f);
	if (s->summary)
		r = xst_job_summary_event(s->summary, ev);
	if (r)
		return r;
	if (ev->type == XST_EVENT_RECORD_BEGIN) {
		s->verdict->records++;
		xst_job_progress(s->options, s->reader);
	}
	if (ev->type == XST_EVENT_PAYLOAD_BEGIN || ev->type == XST_EVENT_PAYLOAD)
		return scan_run(s);
	return 0;
}

static int scan_loop(struct scan *s)
{
	const struct xst_event *ev;
	int r = 0;

	while (!s->stop && (r = xst_reader_next(s->reader, &ev)) == 0 &&
	       ev->type != XST_EVENT_FINISHED) {
		r = scan_event(s, ev);
		if (r)
			return r;
	}
	return r;
}

/* Reports n bytes after the end; 0: unknown or none. */
static void trailing(struct scan *s, uint64_t n)
{
	struct xst_finding f = { .rule = xst_rule_table[RULE_INPUT_TRAILING].id,
				 .severity = XST_NOTE,
				 .offset = s->verdict->end };

	if (xst_reader_size(s->reader) > s->verdict->end)
		n = xst_reader_size(s->reader) - s->verdict->end;
	if (!n)
		return;
	s->verdict->trailing = n;
	(void)snprintf(f.text, sizeof(f.text), "%llu bytes follow the end of the stream",
		       (unsigned long long)n);
	found(s, &f);
}

/* The usual end of a checkpointed stream: only data that the sender had not completed is lost. */
static void cut(struct scan *s, const struct xst_finding *f)
{
	struct xst_finding remark = *f;

	remark.code = 0;
	remark.rule = xst_rule_table[RULE_CHECKPOINT_CUT].id;
	remark.severity = xst_rule_table[RULE_CHECKPOINT_CUT].severity;
	(void)snprintf(remark.text, sizeof(remark.text),
		       "the input ends inside checkpoint %llu; a receiver uses the one before",
		       (unsigned long long)xst_check_track(s->checker)->checkpoints + 1);
	found(s, &remark);
}

/* Copies the unread rest to the tee too, whatever has happened.  Returns 0 or the reader's
 * error. */
static int tee_rest(struct scan *s, uint64_t *ret_n)
{
	uint64_t end = xst_reader_offset(s->reader), n = 0;
	int r;

	*ret_n = 0;
	if (!s->verify.tee)
		return 0;
	do {
		*ret_n += n;
		if (s->options->progress)
			s->options->progress(s->options->userdata, end + *ret_n,
					     xst_reader_size(s->reader));
		r = xst_reader_tee_rest(s->reader, &n);
	} while (r == 0 && n);
	return r;
}

/* Failures of our own, not faults of the stream. */
static bool is_failure(const struct scan *s, int r)
{
	return r == XST_E_IO || r == XST_E_NOMEM || r == XST_E_ARG ||
	       (r && !xst_reader_error(s->reader)->code);
}

static int scan_fail(struct scan *s, int r, struct xst_finding *reterr)
{
	const struct xst_finding *f = xst_reader_error(s->reader);

	if (reterr && f->code)
		*reterr = *f;
	else if (reterr && r == XST_E_NOMEM)
		xst_finding_no_memory(reterr);
	return r;
}

/* stopped: by an error of the parser other than the usual end of a checkpointed stream. */
static void restorability(struct scan *s, bool stopped)
{
	struct xst_restorability r = *xst_checker_restorability(s->checker);

	r.never |= stopped;
	r.complete = !stopped && !s->stop;
	if (s->info)
		s->info->restorability = r;
	if (s->options->restorability)
		s->options->restorability(s->options->userdata, &r);
}

/* The fault that stops the parser is the last finding; only failures of our own are returned. */
static int scan_conclude(struct scan *s, int r, struct xst_finding *reterr)
{
	const struct xst_finding *f = xst_reader_error(s->reader);
	bool stopped = r && !is_failure(s, r);
	bool is_cut = f->code == XST_E_TRUNCATED && xst_check_track(s->checker)->checkpoints;
	uint64_t rest;
	int e;

	if (s->summary)
		xst_job_summary_end(s->summary);
	xst_job_progress(s->options, s->reader);
	s->verdict->end = xst_reader_offset(s->reader);
	if (stopped && is_cut)
		cut(s, f);
	else if (stopped)
		found(s, f);
	e = tee_rest(s, &rest);
	if (is_failure(s, r) || e)
		return scan_fail(s, r && !e ? r : e, reterr);
	if (r == 0 && !s->stop)
		trailing(s, rest);
	xst_job_judge_end(&s->judge);
	restorability(s, stopped && !is_cut);
	e = xst_reader_finish(s->reader);
	return e ? scan_fail(s, e, reterr) : 0;
}

static int scan_new(struct scan *s, int fd, struct xst_parser_options *parser)
{
	int r;

	parser->flags |= XST_PARSER_KEEP_GOING;
	r = xst_reader_new(fd, parser, 0, s->options->tmpdir, &s->reader);
	if (r == 0 && s->verify.tee)
		r = xst_reader_tee(s->reader, s->verify.tee);
	if (r == 0)
		r = xst_checker_new(s->options->checker, &s->checker);
	if (r == 0 && s->info)
		r = xst_job_summary_new(s->info, xst_check_track(s->checker), &s->summary);
	return r;
}

int xst_job_scan(int fd, const struct xst_verify_options *o, struct xst_verdict *v,
		 struct xst_info *info, struct xst_finding *reterr)
{
	struct scan s = { .verdict = v, .info = info };
	struct xst_parser_options parser;
	struct xst_job_options completed;
	int r = o ? xst_options_copy(&s.verify, sizeof(s.verify), o, o->size) : 0;

	memset(v, 0, sizeof(*v));
	if (r == 0 && (s.verify.flags & ~(uint32_t)FLAGS || (s.verify.flags & LIKE) == LIKE))
		r = XST_E_ARG;
	if (r == 0)
		r = xst_job_options(&completed, s.verify.job, &parser);
	if (r == 0)
		r = xst_job_judge_init(&s.judge, &completed, &s.verify, v);
	if (r)
		return XST_E_ARG;
	s.options = &completed;
	r = scan_new(&s, fd, &parser);
	if (s.reader)
		r = scan_conclude(&s, r ? r : scan_loop(&s), reterr);
	else if (reterr && r == XST_E_NOMEM)
		xst_finding_no_memory(reterr);
	xst_job_summary_free(s.summary);
	xst_checker_free(s.checker);
	xst_reader_free(s.reader);
	return r;
}

int xst_verify_fd(int fd, const struct xst_verify_options *options, struct xst_verdict *ret,
		  struct xst_finding *reterr)
{
	return ret ? xst_job_scan(fd, options, ret, NULL, reterr) : XST_E_ARG;
}
