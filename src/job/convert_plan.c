/* SPDX-License-Identifier: MIT */
/* Plans a conversion: whether the stream meets the caller's expectations, and which of its states
 * to use. */
#include "job/convert_job.h"

#include <stdio.h>
#include <unistd.h>

int xst_job_convert_refuse(struct convert *c, int code, enum xst_rule rule, const char *format,
			   unsigned stream, unsigned given)
{
	c->error = (struct xst_finding){ .code = code, .severity = XST_ERROR,
					 .rule = xst_rule_table[rule].id,
					 .layer = c->layer ? c->layer : XST_LAYER_LEGACY,
					 .offset = c->begin };
	(void)snprintf(c->error.text, sizeof(c->error.text), format, stream, given);
	return code;
}

bool xst_job_convert_forced(const struct convert *c)
{
	return c->options->converter && c->options->converter->flags & XST_CONVERT_FORCE;
}

bool xst_job_convert_one_state(const struct convert *c)
{
	return c->parser_flags & (XST_PARSER_ONE_CHECKPOINT | XST_PARSER_NO_EMULATOR);
}

/* The stream itself counts: a hint that contradicts it is a refusal or a remark. */
static int contradicts(struct convert *c, enum xst_rule rule, const char *format, unsigned stream,
		       unsigned given)
{
	int r = xst_job_convert_refuse(c, XST_E_REFUSED, rule, format, stream, given);

	if (!xst_job_convert_forced(c))
		return r;
	c->error.code = 0;
	c->error.severity = xst_rule_table[rule].severity;
	xst_job_tell(c->job, &c->error);
	return 0;
}

int xst_job_convert_check_hints(struct convert *c, const struct xst_event *ev)
{
	unsigned width = ev->u.stream.width * 8;
	enum xst_guest guest = c->options->guest;
	int r = 0;

	c->begin = ev->offset;
	if (ev->layer == XST_LAYER_LIBXL ||
	    (ev->layer == XST_LAYER_LIBXC && c->options->legacy_only))
		return c->options->legacy_only
			       ? xst_job_convert_refuse(
					 c, XST_E_MAGIC, RULE_CONVERT_UNSUPPORTED,
					 "not a legacy stream: it is in one of today's formats",
					 0, 0)
			       : 0;
	if (ev->layer != XST_LAYER_LEGACY)
		return 0;
	if (c->options->width && c->options->width != width)
		r = contradicts(c, RULE_HINT_WIDTH,
				"a %u-bit toolstack wrote this stream, not a %u-bit one", width,
				c->options->width);
	if (r == 0 && guest != XST_GUEST_UNKNOWN && guest != ev->u.stream.guest)
		r = contradicts(c, RULE_HINT_GUEST,
				guest == XST_GUEST_PV
					? "this is an HVM guest's stream, not a PV guest's"
					: "this is a PV guest's stream, not an HVM guest's",
				0, 0);
	return r;
}

/* --- looking ahead --------------------------------------------------------------------------- */

struct outlook {
	struct track track;        /* of the events seen */
	uint64_t end;              /* of the last wanted one */
	uint64_t first_compressed; /* first checkpoint whose batches have no pages; 0: none */
	bool cut;                  /* the stream is truncated after them */
	uint64_t seen;             /* offset of the truncation, or of the stream's end */
	uint64_t size;             /* of the input */
};

static void look(struct outlook *l, const struct xst_event *ev)
{
	uint64_t complete = l->track.checkpoints;

	xst_track_event(&l->track, ev);
	if (l->track.checkpoints > complete)
		l->end = ev->offset;
	if (ev->type == XST_EVENT_RECORD_BEGIN && ev->kind == XST_KIND_ENABLE_COMPRESSION &&
	    !l->first_compressed)
		l->first_compressed = complete + 2; /* the one after this */
}

static int look_ahead(struct convert *c, struct outlook *l)
{
	struct xst_reader *r;
	const struct xst_event *ev;
	int e = xst_reader_fork(c->reader, &r);

	if (e)
		return e;
	while ((e = xst_reader_next(r, &ev)) == 0 && ev->type != XST_EVENT_FINISHED) {
		look(l, ev);
		if (ev->type == XST_EVENT_PAYLOAD_BEGIN)
			e = xst_reader_skip(r);
		if (e)
			break;
	}
	l->cut = e != 0;
	l->seen = xst_reader_offset(r);
	l->size = xst_reader_size(r);
	if (e == XST_E_IO || e == XST_E_NOMEM)
		c->error = *xst_reader_error(r);
	xst_reader_free(r);
	return e == XST_E_IO || e == XST_E_NOMEM ? e : 0;
}

static void tell_choice(struct convert *c, const struct outlook *l, uint64_t take)
{
	struct xst_finding f = { .rule = xst_rule_table[RULE_CONVERT_CHECKPOINT].id,
				 .severity = xst_rule_table[RULE_CONVERT_CHECKPOINT].severity,
				 .layer = c->layer, .offset = l->end };
	uint64_t complete = l->track.checkpoints;
	int n = snprintf(f.text, sizeof(f.text),
			 "a checkpointed (Remus) stream: %s %llu of %llu complete checkpoints%s",
			 c->options->keep_checkpoints ? "keeping" : "using number",
			 (unsigned long long)take, (unsigned long long)complete,
			 l->first_compressed && l->first_compressed <= complete ? ", compressed"
										 : "");

	if (l->cut && take == complete && n > 0 && (size_t)n < sizeof(f.text))
		(void)snprintf(f.text + n, sizeof(f.text) - (size_t)n,
			       "; the incomplete one after it is dropped (%llu bytes)",
			       (unsigned long long)((l->size > l->seen ? l->size : l->seen) -
						    l->end));
	xst_job_tell(c->job, &f);
}

/* Later deltas may be based on pages that have already gone to the output. */
static int recall(struct convert *c)
{
	struct xst_reader *written;
	int fd = xst_output_reopen(c->output), r;

	if (fd < 0)
		return 0; /* not a file; a delta that needs such a page will report it */
	r = xst_reader_new(fd, NULL, 0, xst_reader_tmpdir(c->reader), &written);
	if (r == 0) {
		r = xst_job_unfold_recall(c->unfold, written, &c->error);
		xst_reader_free(written);
	}
	close(fd);
	return r;
}

/* Whether the caller expects checkpoints. */
static bool expected(const struct convert *c)
{
	return c->options->flatten || c->options->checkpoint || c->options->keep_checkpoints;
}

static int choose_states(struct convert *c, const struct outlook *l, bool late)
{
	uint64_t complete = l->track.checkpoints;
	struct unfold_plan plan = {
		.take = c->options->checkpoint ? c->options->checkpoint : complete,
		.keep = c->options->keep_checkpoints, .late = late, .layer = c->layer
	};
	int r;

	if (plan.take > complete)
		return xst_job_convert_refuse(c, XST_E_REFUSED, RULE_CONVERT_CHECKPOINT,
					      "the stream has %u complete checkpoints, not %u",
					      (unsigned)complete, (unsigned)plan.take);
	if (!complete)
		return 0;
	plan.compressed = l->first_compressed && l->first_compressed <= plan.take;
	if (complete > 1 || l->cut || expected(c)) /* else a stream from before LAST_CHECKPOINT */
		tell_choice(c, l, plan.take);
	c->input_end = l->cut ? UINT64_MAX : l->seen;
	if (late && !plan.keep && plan.take > 1)
		xst_converter_drop_body(c->converter);
	if (plan.keep && c->layer != XST_LAYER_LEGACY && plan.take == complete && !l->cut)
		return 0; /* unchanged */
	r = plan.keep && c->layer == XST_LAYER_LEGACY
		    ? xst_converter_keep_checkpoints(c->converter)
		    : 0;
	if (r == 0)
		r = xst_job_unfold_new(&plan, xst_reader_tmpdir(c->reader), &c->unfold, &c->error);
	return r == 0 && plan.compressed && late ? recall(c) : r;
}

/* The first sign of a checkpointed legacy stream, after the pages of its first body. */
static bool checkpointed(const struct convert *c, const struct xst_event *ev)
{
	return ev->type == XST_EVENT_RECORD_BEGIN &&
	       (ev->kind == XST_KIND_ENABLE_COMPRESSION ||
		(ev->kind == XST_KIND_END_OF_BODY && !c->track->started[XST_KIND_LAST_CHECKPOINT]));
}

/* Whether it is time to look for checkpoints. */
static bool time_to_plan(const struct convert *c, const struct xst_event *ev)
{
	if (c->planned || xst_job_convert_one_state(c))
		return false;
	if (ev->layer == XST_LAYER_LEGACY)
		return xst_reader_is_seekable(c->reader) || expected(c) || checkpointed(c, ev);
	return ev->layer == XST_LAYER_LIBXL && expected(c);
}

int xst_job_convert_plan(struct convert *c, const struct xst_event *ev)
{
	struct outlook l = { .end = 0 };
	bool seekable = xst_reader_is_seekable(c->reader);
	bool late = ev->layer == XST_LAYER_LEGACY && !seekable && !expected(c);
	int r;

	if (!time_to_plan(c, ev))
		return 0;
	c->planned = true;
	c->layer = ev->layer;
	look(&l, ev); /* the second reader does not get this event */
	r = seekable ? 0 : xst_reader_make_seekable(c->reader, XST_LENGTH_UNKNOWN - 1);
	if (r == 0)
		r = look_ahead(c, &l);
	return r ? r : choose_states(c, &l, late);
}
