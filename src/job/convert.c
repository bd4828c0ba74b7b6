/* SPDX-License-Identifier: MIT */
/* From a descriptor through the converter into an output, payload moved from one to the other. */
#include "job/job.h"

#include <stdio.h>
#include <string.h>

#include "check/finding.h"
#include "wire/options.h"

struct convert {
	const struct xst_convert_options *options;
	const struct xst_job_options *job;
	struct xst_reader *reader;
	struct xst_converter *converter;
	struct xst_output *output;
	struct xst_finding error;
	uint64_t begin;    /* where the layer in hand begins */
};

static int refuse(struct convert *c, int code, enum xst_rule rule, const char *format,
		  unsigned stream, unsigned given)
{
	c->error = (struct xst_finding){ .code = code, .severity = XST_ERROR,
					 .rule = rules[rule].id, .layer = XST_LAYER_LEGACY,
					 .offset = c->begin };
	(void)snprintf(c->error.text, sizeof(c->error.text), format, stream, given);
	return code;
}

/* The stream's word counts: against the caller's it is a refusal or a remark. */
static int contradicts(struct convert *c, enum xst_rule rule, const char *format, unsigned stream,
		       unsigned given)
{
	int r = refuse(c, XST_E_REFUSED, rule, format, stream, given);

	if (c->options->converter && c->options->converter->flags & XST_CONVERT_FORCE)
		c->error.code = 0;
	else
		return r;
	c->error.severity = rules[rule].severity;
	job_tell(c->job, &c->error);
	return 0;
}

static int check_hints(struct convert *c, const struct xst_event *ev)
{
	unsigned width = ev->u.stream.width * 8;
	enum xst_guest guest = c->options->guest;
	int r = 0;

	c->begin = ev->offset;
	if (ev->layer == XST_LAYER_LIBXL || (ev->layer == XST_LAYER_LIBXC && c->options->legacy_only))
		return c->options->legacy_only
			       ? refuse(c, XST_E_MAGIC, RULE_CONVERT_UNSUPPORTED,
					"not a legacy stream but one of today's formats already", 0, 0)
			       : 0;
	if (ev->layer != XST_LAYER_LEGACY)
		return 0;
	if (c->options->width && c->options->width != width)
		r = contradicts(c, RULE_HINT_WIDTH,
				"a %u-bit toolstack wrote this stream, not a %u-bit one", width,
				c->options->width);
	if (r == 0 && guest != XST_GUEST_UNKNOWN && guest != ev->u.stream.guest)
		r = contradicts(c, RULE_HINT_GUEST,
				guest == XST_GUEST_PV ? "this is an HVM guest's stream, not a PV guest's"
						      : "this is a PV guest's stream, not an HVM guest's",
				0, 0);
	return r;
}

static int write_output(struct convert *c)
{
	const uint8_t *data;
	size_t n = xst_converter_output(c->converter, &data);
	int r = n ? xst_output_write(c->output, data, n) : 0;

	xst_converter_written(c->converter);
	return r;
}

/* All that the converter wants of the run that has just begun, and no more. */
static int move_run(struct convert *c)
{
	uint64_t want, moved;
	int r = 0;

	while (r == 0 && (want = xst_converter_payload(c->converter)) > 0) {
		r = xst_reader_move(c->reader, c->output, want, &moved);
		if (r == 0)
			r = xst_converter_moved(c->converter, moved);
		if (r == 0)
			r = write_output(c);
		job_progress(c->job, c->reader);
	}
	return r ? r : xst_reader_skip(c->reader);
}

static int event(struct convert *c, const struct xst_event *ev)
{
	const struct xst_finding *f;
	int r = ev->type == XST_EVENT_STREAM_BEGIN ? check_hints(c, ev) : 0;

	if (c->job->event)
		c->job->event(c->job->userdata, ev);
	if (ev->type == XST_EVENT_WARNING)
		job_tell(c->job, ev->u.finding);
	if (r == 0)
		r = xst_converter_event(c->converter, ev);
	while ((f = xst_converter_finding(c->converter)))
		job_tell(c->job, f);
	if (r == 0)
		r = write_output(c);
	if (r == 0 && ev->type == XST_EVENT_PAYLOAD_BEGIN)
		r = move_run(c);
	return r;
}

static int loop(struct convert *c)
{
	const struct xst_event *ev;
	int r;

	while ((r = xst_reader_next(c->reader, &ev)) == 0 && ev->type != XST_EVENT_FINISHED) {
		r = event(c, ev);
		if (r)
			return r;
	}
	job_progress(c->job, c->reader);
	if (r == 0)
		r = xst_output_flush(c->output);
	return r ? r : xst_reader_finish(c->reader);
}

/* Whoever has failed has the words. */
static void explain(const struct convert *c, struct xst_finding *reterr)
{
	const struct xst_finding *all[] = {
		&c->error,
		xst_output_error(c->output),
		c->converter ? xst_converter_error(c->converter) : &c->error,
		c->reader ? xst_reader_error(c->reader) : &c->error,
	};

	if (!reterr)
		return;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i]->code) {
			*reterr = *all[i];
			return;
		}
	finding_no_memory(reterr);
}

int xst_convert_fd(int fd, struct xst_output *o, const struct xst_convert_options *options,
		   struct xst_finding *reterr)
{
	struct xst_convert_options opts = { .size = sizeof(opts) };
	struct xst_parser_options parser;
	struct xst_job_options job;
	struct convert c = { .options = &opts, .job = &job, .output = o };
	int r;

	if (!o || (options && xst_options_copy(&opts, sizeof(opts), options, options->size) < 0) ||
	    job_options(&job, opts.job, &parser) < 0)
		return XST_E_ARG;
	parser.flags &= ~(uint32_t)XST_PARSER_KEEP_GOING; /* what has a fault is not converted */
	r = xst_reader_new(fd, &parser, XST_READER_KNOW_LENGTHS, job.tmpdir, &c.reader);
	if (r == 0)
		r = xst_converter_new(opts.converter, &c.converter);
	if (r == 0)
		r = loop(&c);
	if (r)
		explain(&c, reterr);
	xst_converter_free(c.converter);
	xst_reader_free(c.reader);
	return r;
}
