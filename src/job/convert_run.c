/* SPDX-License-Identifier: MIT */
/* From a descriptor through the converter into an output; moves the payload between them. */
#include "job/convert_job.h"

#include <stdio.h>

#include "wire/options.h"

static int write_output(struct convert *c)
{
	const uint8_t *data;
	size_t n = xst_converter_output(c->converter, &data);
	int r = n ? xst_output_write(c->output, data, n) : 0;

	xst_converter_written(c->converter);
	return r;
}

static int conversion_job_feed(struct convert *c, const struct xst_event *ev)
{
	const struct xst_finding *f;
	int r = xst_converter_event(c->converter, ev);

	while ((f = xst_converter_finding(c->converter)))
		xst_job_tell(c->job, f);
	return r ? r : write_output(c);
}

/* A stream that no Xen restores is not converted unless forced; then the fault is reported. */
static int conversion_job_check(struct convert *c, const struct xst_event *ev)
{
	const struct xst_finding *f;
	bool differences = ev->type == XST_EVENT_PAYLOAD && ev->kind == XST_KIND_COMPRESSED_DATA;
	int r = differences ? 0 : xst_checker_event(c->checker, ev); /* unfold.c checks these */

	while (r == 0 && (f = xst_checker_finding(c->checker))) {
		if (f->severity != XST_ERROR)
			continue;
		if (xst_job_convert_forced(c)) {
			xst_job_tell(c->job, f);
			continue;
		}
		c->error = *f;
		r = c->error.code = XST_E_MALFORMED;
	}
	return r;
}

/* --- what the checker sees of opaque runs ---------------------------------------------------- */

static uint64_t conversion_sight_wants(void *self)
{
	const struct convert *c = self;

	return xst_checker_wants(c->checker);
}

static int conversion_sight_see(void *self, const void *data, size_t n)
{
	struct convert *c = self;
	int r;

	c->part.u.payload.data = data;
	c->part.u.payload.size = n;
	r = conversion_job_check(c, &c->part);
	c->part.offset += n;
	return r;
}

/* From now on the checker sees what it wants of this run, on its way to the output. */
static void conversion_open_sight(struct convert *c, const struct xst_event *ev)
{
	bool differences = ev->kind == XST_KIND_COMPRESSED_DATA;

	c->part = *ev;
	c->part.type = XST_EVENT_PAYLOAD;
	xst_reader_set_sight(c->reader, differences ? NULL : &c->sight);
}

/* --- runs -------------------------------------------------------------------------------------- */

/* Moves the part that the converter wants of the run that has just begun. */
static int move_run(struct convert *c, bool injected)
{
	uint64_t want, moved;
	int r = 0;

	while (r == 0 && (want = xst_converter_payload(c->converter)) > 0) {
		moved = want;
		r = injected ? xst_job_unfold_move(c->unfold, c->output, want, &c->error)
			     : xst_reader_move(c->reader, c->output, want, &moved);
		if (r == 0)
			r = xst_converter_moved(c->converter, moved);
		if (r == 0)
			r = write_output(c);
		xst_job_progress(c->job, c->reader);
	}
	return r || injected ? r : xst_reader_skip(c->reader);
}

static int conversion_job_pass(struct convert *c, const struct xst_event *ev)
{
	int r = conversion_job_feed(c, ev);

	if (r || ev->type != XST_EVENT_PAYLOAD_BEGIN || xst_converter_wants(c->converter))
		return r;
	conversion_open_sight(c, ev);
	r = move_run(c, false);
	xst_reader_set_sight(c->reader, NULL);
	return r;
}

/* Injects batches of the collected pages before the event that ends the body. */
static int inject(struct convert *c, const struct xst_event *ev)
{
	const struct xst_event *own;
	int r = 0;

	while (r == 0 && (own = xst_job_unfold_inject(c->unfold))) {
		r = conversion_job_feed(c, own);
		if (r == 0 && own->type == XST_EVENT_PAYLOAD_BEGIN)
			r = move_run(c, true);
	}
	return r ? r : conversion_job_feed(c, ev);
}

int xst_job_convert_end_layer(struct convert *c, enum xst_layer layer)
{
	struct xst_event end = { .type = XST_EVENT_STREAM_END, .layer = layer,
				 .offset = xst_reader_offset(c->reader) };

	return conversion_job_feed(c, &end);
}

/* The stream's own layer, and XenServer's container if there is one: END comes after both. */
static int end_stream(struct convert *c, enum xst_layer layer)
{
	int r = xst_job_convert_end_layer(c, layer);

	return r ? r : xst_job_convert_end_layer(c, XST_LAYER_XENSERVER);
}

int xst_job_convert_end_image(struct convert *c)
{
	struct xst_event ev = { .type = XST_EVENT_RECORD_BEGIN, .layer = XST_LAYER_LIBXC,
				.kind = XST_KIND_END, .offset = xst_reader_offset(c->reader),
				.u.record.name = "END" };
	int r = conversion_job_feed(c, &ev);

	ev.type = XST_EVENT_RECORD_END;
	if (r == 0)
		r = conversion_job_feed(c, &ev);
	return r ? r : xst_job_convert_end_layer(c, XST_LAYER_LIBXC);
}

static int conversion_job_stop(struct convert *c, const struct xst_event *ev)
{
	int r = conversion_job_feed(c, ev);

	if (r == 0 && c->options->keep_checkpoints && c->layer == XST_LAYER_LIBXL)
		r = xst_job_convert_end_image(c); /* which would otherwise go on */
	c->finished = true;
	if (r || track_has(c->track, XST_LAYER_XENSERVER)) /* the container goes on */
		return r;
	c->stopped = true;
	return end_stream(c, ev->layer);
}

static int unfolded(struct convert *c, const struct xst_event *ev)
{
	enum unfold_action action;
	int r = xst_job_unfold_event(c->unfold, ev, &action, &c->error);

	if (r)
		return r;
	switch (action) {
	case UNFOLD_PASS:   return conversion_job_pass(c, ev);
	case UNFOLD_INJECT: return inject(c, ev);
	case UNFOLD_STORE:  return xst_job_unfold_store(c->unfold, c->reader, &c->error);
	case UNFOLD_STOP:   return conversion_job_stop(c, ev);
	case UNFOLD_END:    return xst_job_convert_end_image(c);
	case UNFOLD_READ:   return 0;
	case UNFOLD_DROP:   break;
	}
	return ev->type == XST_EVENT_PAYLOAD_BEGIN ? xst_reader_skip(c->reader) : 0;
}

/* Records how far the output is complete. */
static void note_boundary(struct convert *c)
{
	if (xst_converter_at_record(c->converter))
		c->boundary = xst_output_offset(c->output);
}

static int conversion_job_event(struct convert *c, const struct xst_event *ev)
{
	int r = ev->type == XST_EVENT_STREAM_BEGIN ? xst_job_convert_check_hints(c, ev) : 0;

	if (c->job->event)
		c->job->event(c->job->userdata, ev);
	if (ev->type == XST_EVENT_WARNING)
		xst_job_tell(c->job, ev->u.finding);
	if (r == 0)
		r = conversion_job_check(c, ev);
	if (r == 0)
		r = xst_job_convert_plan(c, ev);
	if (r)
		return r;
	r = c->unfold ? unfolded(c, ev) : conversion_job_pass(c, ev);
	note_boundary(c);
	return r;
}

static void tell_trailing(struct convert *c)
{
	uint64_t size = xst_reader_size(c->reader);
	uint64_t end = c->stopped ? c->input_end : xst_reader_offset(c->reader);
	struct xst_finding f = { .rule = xst_rule_table[RULE_INPUT_TRAILING].id,
				 .severity = XST_NOTE,
				 .offset = end };

	if (size <= end)
		return;
	(void)snprintf(f.text, sizeof(f.text),
		       "%llu bytes after the end of the stream are left out",
		       (unsigned long long)(size - end));
	xst_job_tell(c->job, &f);
}

static int conversion_job_loop(struct convert *c)
{
	const struct xst_event *ev;
	int r;

	while ((r = xst_reader_next(c->reader, &ev)) == 0 && ev->type != XST_EVENT_FINISHED) {
		r = conversion_job_event(c, ev);
		if (r || c->stopped)
			break;
	}
	if (r && c->finished && xst_reader_error(c->reader)->code == XST_E_TRUNCATED) {
		c->stopped = true;
		r = track_ended(c->track, c->layer) ? 0 : xst_job_convert_end_layer(c, c->layer);
		r = r ? r : xst_job_convert_end_layer(c, XST_LAYER_XENSERVER);
	}
	if (r)
		r = xst_job_convert_cut(c, r);
	else if ((r = xst_job_convert_check_emulator(c)) == 0)
		tell_trailing(c);
	xst_job_progress(c->job, c->reader);
	if (r == 0)
		r = xst_output_flush(c->output);
	return r ? r : xst_reader_finish(c->reader);
}

/* Takes the description from the failed part. */
static void conversion_job_explain(const struct convert *c, int code, struct xst_finding *reterr)
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
			xst_job_convert_name_checkpoints(c, reterr);
			return;
		}
	if (code == XST_E_NOMEM)
		xst_finding_no_memory(reterr);
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
	    xst_job_options(&job, opts.job, &parser) < 0)
		return XST_E_ARG;
	parser.flags &= ~(uint32_t)XST_PARSER_KEEP_GOING; /* faulty streams are not converted */
	c.parser_flags = parser.flags;
	r = xst_reader_new(fd, &parser, XST_READER_KNOW_LENGTHS, job.tmpdir, &c.reader);
	if (r == 0)
		r = xst_converter_new(opts.converter, &c.converter);
	if (r == 0)
		r = xst_checker_new(NULL, &c.checker);
	if (r == 0) {
		c.track = xst_check_track(c.checker);
		c.sight = (struct sight){ &c, conversion_sight_wants, conversion_sight_see };
		r = conversion_job_loop(&c);
	}
	if (r)
		conversion_job_explain(&c, r, reterr);
	xst_checker_free(c.checker);
	xst_job_unfold_free(c.unfold);
	xst_converter_free(c.converter);
	xst_reader_free(c.reader);
	return r;
}
