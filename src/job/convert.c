/* SPDX-License-Identifier: MIT */
/* From a descriptor through the converter into an output, payload moved from one to the other. */
#include "job/job.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check/finding.h"
#include "emit/converter.h"
#include "io/io.h"
#include "job/unfold.h"
#include "wire/formats.h"
#include "wire/options.h"

struct convert {
	const struct xst_convert_options *options;
	const struct xst_job_options *job;
	struct xst_reader *reader;
	struct xst_converter *converter;
	struct xst_output *output;
	struct xst_checker *checker;
	struct unfold *unfold; /* of a checkpointed stream */
	bool one_checkpoint, planned, last_checkpoint;
	bool finished, stopped; /* all of the wanted state is there; and no more is read */
	bool wrapped;          /* in XenServer's container */
	bool layer_ended;
	enum xst_layer layer;  /* that is unfolded */
	enum xst_guest guest;
	bool had_legacy, had_libxl, had_image, image_ended, had_emulator, had_keys;
	bool no_emulator;      /* is read */
	uint64_t checkpoints;  /* of libxl's that were complete */
	uint64_t boundary;     /* octets of output up to the last whole record */
	uint64_t input_end;    /* of a checkpointed stream, if it does not break off */
	struct xst_finding error;
	uint64_t begin;        /* where the layer in hand begins */
};

static int conversion_job_refuse(struct convert *c, int code, enum xst_rule rule,
				 const char *format, unsigned stream, unsigned given)
{
	c->error = (struct xst_finding){ .code = code, .severity = XST_ERROR,
					 .rule = xst_rule_table[rule].id,
					 .layer = c->layer ? c->layer : XST_LAYER_LEGACY,
					 .offset = c->begin };
	(void)snprintf(c->error.text, sizeof(c->error.text), format, stream, given);
	return code;
}

static bool forced(const struct convert *c)
{
	return c->options->converter && c->options->converter->flags & XST_CONVERT_FORCE;
}

/* The stream's word counts: against the caller's it is a refusal or a remark. */
static int contradicts(struct convert *c, enum xst_rule rule, const char *format, unsigned stream,
		       unsigned given)
{
	int r = conversion_job_refuse(c, XST_E_REFUSED, rule, format, stream, given);

	if (!forced(c))
		return r;
	c->error.code = 0;
	c->error.severity = xst_rule_table[rule].severity;
	xst_job_tell(c->job, &c->error);
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
			       ? conversion_job_refuse(
					 c, XST_E_MAGIC, RULE_CONVERT_UNSUPPORTED,
					 "not a legacy stream but one of today's formats already",
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

/* --- looking ahead --------------------------------------------------------------------------- */

struct outlook {
	uint64_t complete;         /* checkpoints */
	uint64_t end;              /* of the last one that is wanted */
	uint64_t first_compressed; /* checkpoint whose batches have no pages, 0: none */
	bool cut;                  /* the stream breaks off behind them */
	uint64_t seen;             /* offset of the break, or of the stream's end */
	uint64_t size;             /* of the input */
};

static void conversion_job_look(struct outlook *l, const struct xst_event *ev)
{
	bool legacy = ev->layer == XST_LAYER_LEGACY;

	if (ev->type == XST_EVENT_RECORD_END &&
	    ev->kind == (legacy ? XST_KIND_CHECKPOINT : XST_KIND_CHECKPOINT_END)) {
		l->complete++;
		l->end = ev->offset;
	}
	if (ev->type == XST_EVENT_RECORD_BEGIN && ev->kind == XST_KIND_ENABLE_COMPRESSION &&
	    !l->first_compressed)
		l->first_compressed = l->complete + 2; /* the one behind this */
}

static int look_ahead(struct convert *c, struct outlook *l)
{
	struct xst_reader *r;
	const struct xst_event *ev;
	int e = xst_reader_fork(c->reader, &r);

	if (e)
		return e;
	while ((e = xst_reader_next(r, &ev)) == 0 && ev->type != XST_EVENT_FINISHED) {
		conversion_job_look(l, ev);
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
	int n = snprintf(f.text, sizeof(f.text),
			 "a checkpointed (Remus) stream: %s %llu of %llu complete checkpoints%s",
			 c->options->keep_checkpoints ? "kept are" : "taken is number",
			 (unsigned long long)take, (unsigned long long)l->complete,
			 l->first_compressed && l->first_compressed <= l->complete ? ", compressed"
										   : "");

	if (l->cut && take == l->complete && n > 0 && (size_t)n < sizeof(f.text))
		(void)snprintf(f.text + n, sizeof(f.text) - (size_t)n,
			       "; an incomplete one behind it is dropped (%llu octets)",
			       (unsigned long long)((l->size > l->seen ? l->size : l->seen) - l->end));
	xst_job_tell(c->job, &f);
}

/* Pages that have gone to the output already may be what later ones differ from. */
static int recall(struct convert *c)
{
	struct xst_reader *written;
	int fd = xst_output_reopen(c->output), r;

	if (fd < 0)
		return 0; /* it is no file; a difference that needs such a page will say so */
	r = xst_reader_new(fd, NULL, 0, xst_reader_tmpdir(c->reader), &written);
	if (r == 0) {
		r = xst_job_unfold_recall(c->unfold, written, &c->error);
		xst_reader_free(written);
	}
	close(fd);
	return r;
}

/* Whether somebody has said beforehand that there are checkpoints. */
static bool expected(const struct convert *c)
{
	return c->options->flatten || c->options->checkpoint || c->options->keep_checkpoints;
}

static int conversion_job_choose(struct convert *c, const struct outlook *l, bool late)
{
	struct unfold_plan plan = { .take = c->options->checkpoint ? c->options->checkpoint
								   : l->complete,
				    .keep = c->options->keep_checkpoints, .late = late,
				    .layer = c->layer };
	int r;

	if (plan.take > l->complete)
		return conversion_job_refuse(c, XST_E_REFUSED, RULE_CONVERT_CHECKPOINT,
					     "the stream has %u complete checkpoints, not %u",
					     (unsigned)l->complete, (unsigned)plan.take);
	if (!l->complete)
		return 0;
	plan.compressed = l->first_compressed && l->first_compressed <= plan.take;
	if (l->complete > 1 || l->cut || expected(c)) /* else a stream from before LAST_CHECKPOINT */
		tell_choice(c, l, plan.take);
	c->input_end = l->cut ? UINT64_MAX : l->seen;
	if (late && !plan.keep && plan.take > 1)
		xst_converter_drop_body(c->converter);
	if (plan.keep && c->layer != XST_LAYER_LEGACY && plan.take == l->complete && !l->cut)
		return 0; /* as it is */
	r = plan.keep && c->layer == XST_LAYER_LEGACY
		    ? xst_converter_keep_checkpoints(c->converter)
		    : 0;
	if (r == 0)
		r = xst_job_unfold_new(&plan, xst_reader_tmpdir(c->reader), &c->unfold, &c->error);
	return r == 0 && plan.compressed && late ? recall(c) : r;
}

/* The first sign that a legacy stream is a checkpointed one, behind the pages of its first body. */
static bool checkpointed(const struct convert *c, const struct xst_event *ev)
{
	return ev->type == XST_EVENT_RECORD_BEGIN &&
	       (ev->kind == XST_KIND_ENABLE_COMPRESSION ||
		(ev->kind == XST_KIND_END_OF_BODY && !c->last_checkpoint));
}

/* Whether it is time to find out about checkpoints. */
static bool time_to_plan(const struct convert *c, const struct xst_event *ev)
{
	if (c->planned || c->one_checkpoint)
		return false;
	if (ev->layer == XST_LAYER_LEGACY)
		return xst_reader_is_seekable(c->reader) || expected(c) || checkpointed(c, ev);
	return ev->layer == XST_LAYER_LIBXL && expected(c);
}

/* A file can be looked through beforehand; of a pipe, the rest becomes a file at the first sign, or
 * at the beginning where checkpoints are expected. */
static int plan(struct convert *c, const struct xst_event *ev)
{
	struct outlook l = { 0 };
	bool seekable = xst_reader_is_seekable(c->reader);
	bool late = ev->layer == XST_LAYER_LEGACY && !seekable && !expected(c);
	int r;

	c->last_checkpoint |= ev->kind == XST_KIND_LAST_CHECKPOINT;
	if (!time_to_plan(c, ev))
		return 0;
	c->planned = true;
	c->layer = ev->layer;
	conversion_job_look(&l, ev); /* what the second reader does not meet any more */
	r = seekable ? 0 : xst_reader_make_seekable(c->reader, XST_LENGTH_UNKNOWN - 1);
	if (r == 0)
		r = look_ahead(c, &l);
	return r ? r : conversion_job_choose(c, &l, late);
}

/* --- events ---------------------------------------------------------------------------------- */

static int conversion_job_feed(struct convert *c, const struct xst_event *ev)
{
	const struct xst_finding *f;
	int r = xst_converter_event(c->converter, ev);

	while ((f = xst_converter_finding(c->converter)))
		xst_job_tell(c->job, f);
	return r ? r : write_output(c);
}

/* All that the converter wants of the run that has just begun, and no more. */
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
	return move_run(c, false);
}

/* The batches that the gathered pages make, in front of the event that ends the body. */
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

static int end_layer(struct convert *c, enum xst_layer layer)
{
	struct xst_event end = { .type = XST_EVENT_STREAM_END, .layer = layer,
				 .offset = xst_reader_offset(c->reader) };

	return conversion_job_feed(c, &end);
}

/* The stream's own layer, and XenServer's container if one is around it: END stands behind both. */
static int end_stream(struct convert *c, enum xst_layer layer)
{
	int r = end_layer(c, layer);

	return r ? r : end_layer(c, XST_LAYER_XENSERVER);
}

/* The image's END, in place of what the input has there. */
static int end_image(struct convert *c)
{
	struct xst_event ev = { .type = XST_EVENT_RECORD_BEGIN, .layer = XST_LAYER_LIBXC,
				.kind = XST_KIND_END, .offset = xst_reader_offset(c->reader),
				.u.record.name = "END" };
	int r = conversion_job_feed(c, &ev);

	ev.type = XST_EVENT_RECORD_END;
	if (r == 0)
		r = conversion_job_feed(c, &ev);
	return r ? r : end_layer(c, XST_LAYER_LIBXC);
}

static int conversion_job_stop(struct convert *c, const struct xst_event *ev)
{
	int r = conversion_job_feed(c, ev);

	if (r == 0 && c->options->keep_checkpoints && c->layer == XST_LAYER_LIBXL)
		r = end_image(c); /* which would have gone on */
	c->finished = true;
	if (r || c->wrapped) /* the container goes on */
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
	case UNFOLD_END:    return end_image(c);
	case UNFOLD_READ:   return 0;
	case UNFOLD_DROP:   break;
	}
	return ev->type == XST_EVENT_PAYLOAD_BEGIN ? xst_reader_skip(c->reader) : 0;
}

/* What no Xen restores is not converted, unless by force: then it is told. */
static int conversion_job_check(struct convert *c, const struct xst_event *ev)
{
	const struct xst_finding *f;
	bool differences = ev->type == XST_EVENT_PAYLOAD && ev->kind == XST_KIND_COMPRESSED_DATA;
	int r = differences ? 0 : xst_checker_event(c->checker, ev); /* unfold.c judges these */

	while (r == 0 && (f = xst_checker_finding(c->checker))) {
		if (f->severity != XST_ERROR)
			continue;
		if (forced(c)) {
			xst_job_tell(c->job, f);
			continue;
		}
		c->error = *f;
		r = c->error.code = XST_E_MALFORMED;
	}
	return r;
}

/* How far the output is whole, and what it holds. */
static void note_progress(struct convert *c, const struct xst_event *ev)
{
	bool legacy = ev->layer == XST_LAYER_LEGACY;

	c->layer_ended |= ev->type == XST_EVENT_STREAM_END && ev->layer == c->layer;
	if (ev->type == XST_EVENT_STREAM_BEGIN) {
		c->had_legacy |= legacy;
		c->had_libxl |= ev->layer == XST_LAYER_LIBXL;
		c->wrapped |= xst_wire_format_of(ev->layer)->goes_on;
		c->guest = legacy ? ev->u.stream.guest : c->guest;
	}
	if (ev->type == XST_EVENT_FIELDS && ev->kind == XST_KIND_DOMAIN_HEADER)
		c->guest = xst_event_field(ev, XST_FIELD_GUEST_TYPE, 0) == LIBXC_GUEST_PV
				   ? XST_GUEST_PV
				   : XST_GUEST_HVM;
	if (ev->type == XST_EVENT_RECORD_END) {
		c->checkpoints += ev->kind == XST_KIND_CHECKPOINT_END;
		c->had_image |= ev->kind == XST_KIND_PAGE_DATA;
		c->had_emulator |= ev->kind == XST_KIND_EMULATOR_CONTEXT;
		c->had_keys |= ev->kind == XST_KIND_EMULATOR_XENSTORE_DATA;
		c->image_ended |= ev->kind == XST_KIND_END ||
				  (legacy && (ev->kind == XST_KIND_HVM_CONTEXT ||
					      ev->kind == XST_KIND_SHARED_INFO));
	}
	if (xst_converter_at_record(c->converter))
		c->boundary = xst_output_offset(c->output);
}

static int conversion_job_event(struct convert *c, const struct xst_event *ev)
{
	int r = ev->type == XST_EVENT_STREAM_BEGIN ? check_hints(c, ev) : 0;

	if (c->job->event)
		c->job->event(c->job->userdata, ev);
	if (ev->type == XST_EVENT_WARNING)
		xst_job_tell(c->job, ev->u.finding);
	if (r == 0)
		r = conversion_job_check(c, ev);
	if (r == 0)
		r = plan(c, ev);
	if (r)
		return r;
	r = c->unfold ? unfolded(c, ev) : conversion_job_pass(c, ev);
	note_progress(c, ev);
	return r;
}

/* --- inputs that break off -------------------------------------------------------------------- */

/* The guest's own state is complete, and its device model's, which a PV guest has not. */
static bool harmless(const struct convert *c)
{
	return c->image_ended && (c->guest == XST_GUEST_PV || c->had_emulator);
}

/* Nothing in a stream of today tells a PVH guest, which has no device model, from one whose device
 * model's state is cut off; its owner knows. */
static bool may_be_pvh(const struct convert *c)
{
	return c->had_libxl && c->image_ended && !c->had_emulator && !c->had_keys &&
	       !xst_reader_error(c->reader)->record_name;
}

static void tell_cut(struct convert *c)
{
	struct xst_finding f = *xst_reader_error(c->reader);

	f.code = 0;
	f.rule = xst_rule_table[RULE_CONVERT_CUT].id;
	f.severity = xst_rule_table[RULE_CONVERT_CUT].severity;
	(void)snprintf(f.text, sizeof(f.text),
		       "the input breaks off here; %s",
		       harmless(c) ? "nothing of the guest is lost"
		       : may_be_pvh(c)
			       ? "the guest's own state is whole, but only a PVH guest can be started with that alone"
		       : c->image_ended
			       ? "the device model's state is lost, and no guest can be started"
			       : "the rest of the guest's state is lost, and no guest can be started");
	xst_job_tell(c->job, &f);
}

/* Ends the output behind the last record that is whole. */
static int end_cut(struct convert *c)
{
	int r;

	tell_cut(c);
	xst_converter_abandon_record(c->converter);
	r = xst_output_rewind(c->output, c->boundary);
	if (r == XST_E_REFUSED)
		return conversion_job_refuse(
			c, r, RULE_CONVERT_CUT,
			"what is written can't be taken back: name a file for the output", 0, 0);
	if (r == 0 && !c->image_ended)
		r = end_image(c);
	if (r == 0 && (c->had_libxl || c->image_ended))
		r = end_layer(c, c->had_libxl ? XST_LAYER_LIBXL : XST_LAYER_LEGACY);
	return r ? r : end_layer(c, XST_LAYER_XENSERVER);
}

static bool cut_accepted(const struct convert *c)
{
	if (xst_reader_error(c->reader)->code != XST_E_TRUNCATED || !c->boundary || !c->had_image)
		return false;
	return c->options->cut == XST_CUT_ANYWHERE ||
	       (c->options->cut == XST_CUT_HARMLESS && harmless(c));
}

static void explain_cut(struct convert *c)
{
	const struct xst_finding *cut = xst_reader_error(c->reader);

	if (c->options->cut != XST_CUT_HARMLESS || cut->code != XST_E_TRUNCATED || !may_be_pvh(c))
		return;
	c->error = *cut;
	c->error.rule = xst_rule_table[RULE_CONVERT_CUT].id;
	(void)snprintf(c->error.text, sizeof(c->error.text),
		       "the input breaks off behind the guest's own state, which is whole: a PVH guest has no "
		       "more, but any other HVM guest can't be started without its device model's");
}

static bool wants_emulator(const struct convert *c)
{
	const struct wire_format *to =
		c->options->converter ? xst_wire_format_written(c->options->converter->to) : NULL;

	return c->had_legacy && c->guest == XST_GUEST_HVM && !c->no_emulator &&
	       !c->options->legacy_only && (!to || to->holds & WIRE_HOLDS(EMULATOR));
}

/* An HVM guest's legacy stream can end in front of the device model's state: as libxc alone writes
 * it, or because it breaks off just there. */
static int conversion_job_check_emulator(struct convert *c)
{
	struct xst_finding f = { .rule = xst_rule_table[RULE_CONVERT_CUT].id,
				 .severity = xst_rule_table[RULE_CONVERT_CUT].severity,
				 .layer = XST_LAYER_LEGACY,
				 .offset = xst_reader_offset(c->reader) };

	if (c->had_emulator || !wants_emulator(c))
		return 0;
	(void)snprintf(f.text, sizeof(f.text),
		       "the input ends in front of the device model's state, without which no HVM guest can be started");
	if (c->options->cut == XST_CUT_HARMLESS) {
		f.severity = XST_ERROR;
		f.code = XST_E_TRUNCATED;
		c->error = f;
		return f.code;
	}
	xst_job_tell(c->job, &f);
	return 0;
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
	(void)snprintf(f.text, sizeof(f.text), "%llu octets behind the end of the stream are left out",
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
		r = c->layer_ended ? 0 : end_layer(c, c->layer);
		r = r ? r : end_layer(c, XST_LAYER_XENSERVER);
	}
	if (r && cut_accepted(c))
		r = end_cut(c);
	else if (r)
		explain_cut(c);
	else if ((r = conversion_job_check_emulator(c)) == 0)
		tell_trailing(c);
	xst_job_progress(c->job, c->reader);
	if (r == 0)
		r = xst_output_flush(c->output);
	return r ? r : xst_reader_finish(c->reader);
}

/* A sender that is gone leaves a checkpointed stream like that: there is a state to be had. */
static void name_checkpoints(const struct convert *c, struct xst_finding *f)
{
	size_t n = strlen(f->text);

	if (f->code == XST_E_TRUNCATED && c->checkpoints && !c->planned && !c->one_checkpoint)
		(void)snprintf(f->text + n, sizeof(f->text) - n,
			       "; %llu checkpoint%s before it %s complete: --checkpoints last takes the last",
			       (unsigned long long)c->checkpoints, c->checkpoints > 1 ? "s" : "",
			       c->checkpoints > 1 ? "are" : "is");
}

/* Whoever has failed has the words. */
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
			name_checkpoints(c, reterr);
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
	parser.flags &= ~(uint32_t)XST_PARSER_KEEP_GOING; /* what has a fault is not converted */
	c.one_checkpoint = parser.flags & (XST_PARSER_ONE_CHECKPOINT | XST_PARSER_NO_EMULATOR);
	c.no_emulator = parser.flags & XST_PARSER_NO_EMULATOR;
	r = xst_reader_new(fd, &parser, XST_READER_KNOW_LENGTHS, job.tmpdir, &c.reader);
	if (r == 0)
		r = xst_converter_new(opts.converter, &c.converter);
	if (r == 0)
		r = xst_checker_new(NULL, &c.checker);
	if (r == 0)
		r = conversion_job_loop(&c);
	if (r)
		conversion_job_explain(&c, r, reterr);
	xst_checker_free(c.checker);
	xst_job_unfold_free(c.unfold);
	xst_converter_free(c.converter);
	xst_reader_free(c.reader);
	return r;
}
