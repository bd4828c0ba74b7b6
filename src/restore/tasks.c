/* SPDX-License-Identifier: MIT */
/* The tasks of a restore; docs/restore.md has the diagram. */
#include "restore/restore.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "finding/finding.h"
#include "parse/parser.h"

/* --- sinks ------------------------------------------------------------------------------------ */

int xst_restore_configured(struct xst_restore *r, enum xst_guest guest)
{
	const struct xst_restore_options *o = &r->options;

	return o->configured ? o->configured(o->userdata, &r->domain, guest, &r->error) : 0;
}

static int tasks_config_wanted(struct xst_restore *r)
{
	if (r->configured)
		return 0;
	r->configured = true;
	if (r->domain.config || r->options.flags & XST_RESTORE_NO_CONFIG)
		return xst_restore_configured(r, XST_GUEST_UNKNOWN);
	return xst_restore_fail(
		r, XST_E_REFUSED, RULE_RESTORE_NO_CONFIG, NULL,
		"the image contains no configuration: give one with --config FILE");
}

int xst_restore_prepare(struct xst_restore *r)
{
	int e = tasks_config_wanted(r);

	for (; e == 0 && r->step < SINKS; r->step += e == 0) {
		struct sink *s = &r->sinks[r->step];

		if (!s->prepare)
			continue;
		s->touched = true;
		e = xst_restore_sink_result(r, (enum sink_id)r->step,
					    s->prepare(s->self, &r->domain));
	}
	return e;
}

/* Moves a file's offset past the stream. */
static void pass_stream(struct xst_restore *r)
{
	if (r->main.pull.source.seekable && !r->worker && r->result.outcome == XST_OUTCOME_COMPLETE)
		(void)lseek(
			r->options.fd,
			(off_t)xst_pull_place(&r->main.pull, xst_pull_fed(&r->main.pull)),
			SEEK_SET);
}

/* Finishes each sink in turn, then commits each. */
static int task_finish(struct xst_restore *r)
{
	int e = 0;

	for (; e == 0 && r->step < 2 * SINKS; r->step += e == 0) {
		/* a domain's finish takes longest, and a program's verdict decides about the
		 * rest */
		enum sink_id id = r->step < SINKS ? SINKS - 1 - (enum sink_id)r->step
						  : (enum sink_id)(r->step - SINKS);
		struct sink *s = &r->sinks[id];

		if (s->touched)
			e = xst_restore_sink_result(
				r, id, r->step < SINKS ? s->finish(s->self) : s->commit(s->self));
	}
	if (e)
		return e;
	pass_stream(r);
	r->task = TASK_OVER;
	return 0;
}

static int task_abort(struct xst_restore *r)
{
	int e = 0;

	for (; e == 0 && r->step < SINKS; r->step += e == 0) {
		struct sink *s = &r->sinks[r->step];

		if (s->touched)
			e = xst_restore_sink_result(r, (enum sink_id)r->step, s->abort(s->self));
		e = e < 0 ? 0 : e;
	}
	if (e == 0 && r->worker)
		e = xst_restore_worker_join(r->worker, &r->watch);
	if (e == 0)
		r->task = TASK_OVER;
	return e;
}

void xst_restore_begin_abort(struct xst_restore *r, enum xst_outcome outcome)
{
	r->task = TASK_ABORT;
	r->phase = XST_PHASE_ABORTING;
	r->step = 0;
	r->result.outcome = outcome;
	if (r->worker)
		xst_restore_worker_cancel(r->worker);
}

static int begin_finish(struct xst_restore *r, enum xst_outcome outcome)
{
	if (r->options.confirm) {
		int e = r->options.confirm(r->options.userdata, outcome, &r->error);

		if (e)
			return e;
	}
	r->task = TASK_FINISH;
	r->phase = XST_PHASE_FINISHING;
	r->step = 0;
	r->result.outcome = outcome;
	return 0;
}

/* --- the end of the stream -------------------------------------------------------------------- */

static uint64_t dropped(const struct xst_restore *r)
{
	return r->unused ? xst_pull_fed(&r->main.pull) - r->complete_at : 0;
}

/* The sender has gone between two checkpoints: the last complete one is the guest's state. */
static int fail_over(struct xst_restore *r)
{
	r->result.error = *xst_pull_error(&r->main.pull);
	r->result.dropped = dropped(r);
	return begin_finish(r, XST_OUTCOME_FAILOVER);
}

/* Takes the thread's findings once it has ended.  XST_AGAIN: it still runs. */
static int end_worker(struct xst_restore *r)
{
	const struct xst_finding *f;
	int e = r->worker ? xst_restore_worker_join(r->worker, &r->watch) : 0;

	if (e || !r->worker)
		return e;
	while ((f = xst_restore_worker_finding(r->worker)))
		xst_restore_tell(r, f);
	f = xst_restore_worker_error(r->worker);
	if (f->code)
		r->error = *f;
	return f->code;
}

/* The error of the source or the stream; code 0: the error was a drain's. */
static int streams_fault(const struct xst_restore *r)
{
	return xst_pull_error(&r->main.pull)->code;
}

static bool sender_is_gone(const struct xst_restore *r)
{
	return streams_fault(r) == XST_E_TRUNCATED || streams_fault(r) == XST_E_IO;
}

static int take_error(struct xst_restore *r, const struct player *pl, int code)
{
	if (r->error.code)
		return r->error.code;
	if (xst_pull_error(&pl->pull)->code)
		r->error = *xst_pull_error(&pl->pull);
	else if (pl->drain.write && code != XST_E_NOMEM)
		return xst_restore_sink_result(r, (enum sink_id)pl->drain.id, code);
	else
		xst_finding_no_memory(&r->error);
	return r->error.code;
}

static int tasks_read_failed(struct xst_restore *r, int code)
{
	int e = streams_fault(r) ? end_worker(r) : 0;

	if (e)
		return e;
	if (sender_is_gone(r) && r->phase == XST_PHASE_BUFFERING && r->result.checkpoint)
		return fail_over(r);
	return take_error(r, &r->main, code);
}

/* A legacy stream with checkpoints has no end mark: the sender went away after the last one. */
static enum xst_outcome outcome(const struct xst_restore *r)
{
	return r->worker && r->result.checkpoint ? XST_OUTCOME_FAILOVER : XST_OUTCOME_COMPLETE;
}

static int stream_over(struct xst_restore *r)
{
	int e = end_worker(r);

	if (e)
		return e;
	if (!r->image_begun)
		return xst_restore_fail(r, XST_E_MALFORMED, RULE_LIBXL_CONTEXT, NULL,
					"the stream contains no image of a guest");
	if (r->dropping && r->unused) {
		r->result.dropped = dropped(r);
		xst_restore_remark(
			r, RULE_RESTORE_DROPPED,
			"data after checkpoint %llu, the last complete one, is ignored",
			(unsigned long long)r->result.checkpoint);
	}
	return begin_finish(r, outcome(r));
}

/* --- conversion ------------------------------------------------------------------------------- */

static bool is_of_today(enum xst_layer layer)
{
	return layer == XST_LAYER_XL || layer == XST_LAYER_LIBXL || layer == XST_LAYER_LIBXC;
}

static int start_worker(struct xst_restore *r, enum xst_container to, int *ret_fd)
{
	struct worker_job job = { .fd = r->options.fd, .seekable = r->main.pull.source.seekable,
				  .head = &r->spool, .tmpdir = r->tmpdir,
				  .parser = &r->parser_options, .to = to,
				  .force = r->options.flags & XST_RESTORE_FORCE,
				  .config = r->domain.config_replaced ? NULL
								      : r->options.translate,
				  .config_userdata = r->options.userdata };
	struct xst_in *in = &r->main.pull.source.in;
	int e;

	in->pos = in->size; /* the bytes in the window count as read */
	e = xst_pull_pass_on(&r->main.pull);
	if (e == 0)
		e = xst_restore_spool_flush(&r->spool, &r->error);
	return e ? e : xst_restore_worker_start(&job, &r->worker, ret_fd, &r->error);
}

/* Forgets what was learned about the unconverted stream. */
static void tasks_forget(struct xst_restore *r)
{
	xst_pull_free(&r->main.pull);
	r->checker = xst_checker_free(r->checker);
	free(r->optional);
	r->optional = NULL;
	r->config_fill = r->optional_fill = 0;
	r->result.records = 0;
	r->domain.xl = false;
	r->domain.converted = true;
	if (r->domain.config_replaced)
		return;
	free(r->config);
	r->config = NULL;
	r->domain.config = NULL;
}

/* Passes what has been read so far through the converter, and everything that follows. */
static int tasks_convert(struct xst_restore *r, enum xst_layer layer)
{
	bool bare = layer == XST_LAYER_LEGACY && !r->domain.xl;
	struct xst_parser *parser;
	int fd, e;

	e = start_worker(r, bare ? XST_CONTAINER_LIBXL : XST_CONTAINER_XL, &fd);
	if (e == 0)
		e = xst_parser_new(NULL, &parser);
	if (e)
		return e;
	tasks_forget(r);
	e = xst_restore_player_init(&r->main, parser);
	xst_source_from_fd(&r->main.pull.source, fd);
	return e ? e : xst_checker_new(NULL, &r->checker);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Handles what comes before the event itself. */
static int divert(struct xst_restore *r, const struct xst_event *ev, bool *ret_diverted)
{
	int e = 0;

	*ret_diverted = true;
	if (ev->type == XST_EVENT_STREAM_BEGIN && !r->worker) {
		if (!is_of_today(ev->layer))
			return tasks_convert(r, ev->layer);
		if (ev->layer != XST_LAYER_XL) /* the kept bytes aren't needed */
			xst_restore_route_drop_kept(r);
	}
	if (ev->type == XST_EVENT_FINISHED)
		return stream_over(r);
	if (r->had_tail) {
		r->task = TASK_TAIL;
		return 0;
	}
	*ret_diverted = xst_restore_tail_begin(r, ev, &e);
	return e;
}

static int task_read(struct xst_restore *r)
{
	struct drain drain = { .self = NULL };
	const struct xst_event *ev;
	bool diverted;
	int e;

	if (r->worker)
		(void)xst_restore_worker_feed(r->worker, &r->watch);
	e = xst_restore_player_next(&r->main, &r->watch, &ev);
	if (e)
		return e < 0 ? tasks_read_failed(r, e) : e;
	e = divert(r, ev, &diverted);
	if (e || diverted)
		return e;
	e = xst_restore_route_read(r, ev, &drain);
	if (e)
		return e;
	r->checked = false;
	if (ev->type == XST_EVENT_PAYLOAD_BEGIN)
		xst_restore_route_open_sight(r, ev, &drain);
	xst_restore_player_done(&r->main, &drain);
	return 0;
}

/* --- checkpoints ------------------------------------------------------------------------------ */

/* Replays a part of the current checkpoint with a copy of the parser, from the file or the
 * spool. */
static int begin_replay(struct xst_restore *r, struct xst_parser **parser, uint64_t from)
{
	uint64_t to = xst_pull_fed(&r->main.pull);
	const struct source *s = &r->main.pull.source;
	int e = xst_pull_pass_on(&r->main.pull);

	if (e == 0)
		e = xst_restore_spool_flush(&r->spool, &r->error);
	if (e)
		return e;
	e = xst_restore_player_init(&r->replay, *parser);
	*parser = NULL;
	if (e)
		return e;
	if (s->seekable)
		xst_source_from_part(&r->replay.pull.source, s->fd, NULL,
				     xst_pull_place(&r->main.pull, from),
				     xst_pull_place(&r->main.pull, to));
	else
		xst_source_from_part(&r->replay.pull.source, r->spool.fd,
				     r->spool.fd < 0 ? r->spool.memory : NULL,
				     from - r->spool_base, to - r->spool_base);
	return 0;
}

static int replay(struct xst_restore *r, struct xst_parser **parser, uint64_t from, enum task then)
{
	struct drain drain = { .self = NULL };
	const struct xst_event *ev;
	int e = r->replay.pull.parser ? 0 : begin_replay(r, parser, from);

	if (e == 0)
		e = xst_restore_player_next(&r->replay, &r->watch, &ev);
	if (e)
		return e < 0 ? take_error(r, &r->replay, e) : e;
	if (xst_restore_route_is_end(r, ev)) {
		xst_pull_free(&r->replay.pull);
		r->task = then;
		return 0;
	}
	e = ev->type == XST_EVENT_WARNING ? 0 : xst_restore_route_apply(r, ev, &drain);
	if (e == 0)
		xst_restore_player_done(&r->replay, &drain);
	return e;
}

static int task_emulator(struct xst_restore *r)
{
	return replay(r, &r->at_emulator, r->emulator_from,
		      r->at_image ? TASK_IMAGE : TASK_CHECKPOINT);
}

static int task_image(struct xst_restore *r)
{
	return replay(r, &r->at_image, r->image_from, TASK_CHECKPOINT);
}

static int task_checkpoint(struct xst_restore *r)
{
	const struct xst_domain_sink *s = &r->options.domain;
	uint64_t number = r->result.checkpoint + 1;
	int e = 0;

	if (s->ops && s->ops->checkpoint)
		e = xst_restore_sink_result(r, SINK_DOMAIN, s->ops->checkpoint(s->self, number));
	if (e)
		return e;
	r->result.checkpoint = number;
	r->complete_at = xst_pull_fed(&r->main.pull);
	r->phase = XST_PHASE_BUFFERING;
	r->task = TASK_READ;
	if (r->options.flags & XST_RESTORE_COLO) {
		r->task = TASK_COLO;
		if (xst_restore_colo_checkpoint(&r->colo) < 0)
			return xst_restore_fail(
				r, XST_E_MALFORMED, RULE_RESTORE_STATE, NULL,
				"a checkpoint that no CHECKPOINT_STATE announced");
	}
	return xst_restore_route_mark_image(r);
}

/* Sends everything due to the primary before listening again.  A failing write means that the
 * primary is gone, as a failing read does. */
static int task_colo(struct xst_restore *r)
{
	uint8_t buf[COLO_MESSAGE_SIZE];
	int fd = r->options.back_channel, e;
	size_t n;

	if (!xst_restore_colo_is_mine(&r->colo)) {
		r->task = TASK_READ;
		return 0;
	}
	if (!xst_io_is_ready(fd, POLLOUT))
		return xst_restore_watch_fd(&r->watch, fd, POLLOUT);
	n = xst_restore_colo_send(&r->colo, buf);
	e = xst_io_write_all(fd, buf, n);
	if (e == 0)
		return 0;
	(void)xst_io_error(&r->main.pull.error, RULE_OUTPUT_IO, -e, "the back channel");
	return fail_over(r);
}

/* --- all of them ------------------------------------------------------------------------------ */

int (*const xst_restore_tasks[])(struct xst_restore *r) = {
	[TASK_READ] = task_read,
	[TASK_TAIL] = xst_restore_tail_task,
	[TASK_EMULATOR] = task_emulator,
	[TASK_IMAGE] = task_image,
	[TASK_CHECKPOINT] = task_checkpoint,
	[TASK_COLO] = task_colo,
	[TASK_FINISH] = task_finish,
	[TASK_ABORT] = task_abort,
};
