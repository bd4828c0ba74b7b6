/* SPDX-License-Identifier: MIT */
/* A restore: one task after the other, each a function that goes as far as it comes.
 *
 * docs/restore.md has the diagram.  Nothing here calls itself, however the stream is made: a task
 * returns to the loop of xst_restore_process(), which also has the only call of `done` but for that of
 * xst_restore_free(). */
#include "restore/restore.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check/finding.h"
#include "parse/parser.h"

#define STEPS 512                /* of one call */
#define BUFFER_MEMORY (UINT64_C(1) << 20)
#define TAIL_ONCE (64 << 10)
#define FLAGS (XST_RESTORE_NO_CONFIG | XST_RESTORE_COLO | XST_RESTORE_FORCE)

/* --- what is said ----------------------------------------------------------------------------- */

int restore_fail(struct xst_restore *r, int code, enum xst_rule rule, const struct xst_event *at,
		 const char *format, ...)
{
	struct xst_finding place = { .offset = xst_parser_offset(r->main.parser) };
	va_list ap;

	if (at) {
		place.layer = at->layer;
		place.offset = at->offset;
	}
	va_start(ap, format);
	finding_fill(&r->error, &place, code, rule, NULL, format, ap);
	va_end(ap);
	return code;
}

void restore_tell(struct xst_restore *r, const struct xst_finding *f)
{
	if (r->options.finding)
		r->options.finding(r->options.userdata, f);
}

void restore_remark(struct xst_restore *r, enum xst_rule rule, const char *format, ...)
{
	struct xst_finding place = { .offset = xst_parser_offset(r->main.parser) }, f;
	va_list ap;

	va_start(ap, format);
	finding_fill(&f, &place, 0, rule, NULL, format, ap);
	va_end(ap);
	restore_tell(r, &f);
}

int restore_sink_result(struct xst_restore *r, enum sink_id id, int code)
{
	struct sink *s = &r->sinks[id];
	struct xst_wait wait = { .fd = -1, .deadline = UINT64_MAX };

	if (code == XST_AGAIN) {
		s->wait(s->self, &wait);
		return watch_wait(&r->watch, &wait);
	}
	if (code < 0 && !r->error.code) {
		r->error = *s->error(s->self);
		r->error.code = code;
	}
	return code;
}

/* --- sinks ------------------------------------------------------------------------------------ */

static int config_wanted(struct xst_restore *r)
{
	if (r->domain.config || r->options.flags & XST_RESTORE_NO_CONFIG)
		return 0;
	return restore_fail(r, XST_E_REFUSED, RULE_RESTORE_NO_CONFIG, NULL,
			    "no configuration is stored with this image: give one (--config FILE)");
}

int restore_prepare(struct xst_restore *r)
{
	int e = config_wanted(r);

	for (; e == 0 && r->step < SINKS; r->step += e == 0) {
		struct sink *s = &r->sinks[r->step];

		if (!s->prepare)
			continue;
		s->touched = true;
		e = restore_sink_result(r, (enum sink_id)r->step, s->prepare(s->self, &r->domain));
	}
	return e;
}

/* Each sink in turn finishes, then each commits. */
static int task_finish(struct xst_restore *r)
{
	int e = 0;

	for (; e == 0 && r->step < 2 * SINKS; r->step += e == 0) {
		/* a domain's finish is the longest: what a program makes of it decides over all */
		enum sink_id id = r->step < SINKS ? SINKS - 1 - (enum sink_id)r->step
						  : (enum sink_id)(r->step - SINKS);
		struct sink *s = &r->sinks[id];

		if (s->self && s->touched)
			e = restore_sink_result(r, id, r->step < SINKS ? s->finish(s->self)
								       : s->commit(s->self));
	}
	if (e)
		return e;
	r->task = TASK_OVER;
	return 0;
}

static int task_abort(struct xst_restore *r)
{
	int e = 0;

	for (; e == 0 && r->step < SINKS; r->step += e == 0) {
		struct sink *s = &r->sinks[r->step];

		if (s->touched)
			e = restore_sink_result(r, (enum sink_id)r->step, s->abort(s->self));
		e = e < 0 ? 0 : e;
	}
	if (e == 0 && r->worker)
		e = worker_join(r->worker, &r->watch);
	if (e == 0)
		r->task = TASK_OVER;
	return e;
}

static void begin_abort(struct xst_restore *r, enum xst_outcome outcome)
{
	r->task = TASK_ABORT;
	r->phase = XST_PHASE_ABORTING;
	r->step = 0;
	r->result.outcome = outcome;
	if (r->worker)
		worker_cancel(r->worker);
}

static int begin_finish(struct xst_restore *r, enum xst_outcome outcome)
{
	if (r->options.confirm) {
		int e = r->options.confirm(r->options.userdata, &r->error);

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
	return r->unused ? player_fed(&r->main) - r->complete_at : 0;
}

/* The sender went away between two checkpoints: the last complete one is the guest's state. */
static int fail_over(struct xst_restore *r)
{
	r->result.error = r->main.error;
	r->result.dropped = dropped(r);
	return begin_finish(r, XST_OUTCOME_FAILOVER);
}

/* Behind the thread's end, which may have something to say.  XST_AGAIN: it has not come yet. */
static int end_worker(struct xst_restore *r)
{
	const struct xst_finding *f;
	int e = r->worker ? worker_join(r->worker, &r->watch) : 0;

	if (e || !r->worker)
		return e;
	while ((f = worker_finding(r->worker)))
		restore_tell(r, f);
	f = worker_error(r->worker);
	if (f->code)
		r->error = *f;
	return f->code;
}

/* Not a drain's, and not for want of memory or disk. */
static bool is_streams_fault(const struct player *pl)
{
	return pl->error.code && !pl->error_ours;
}

static bool sender_is_gone(const struct xst_restore *r)
{
	return is_streams_fault(&r->main) &&
	       (r->main.error.code == XST_E_TRUNCATED || r->main.error.code == XST_E_IO);
}

static int take_error(struct xst_restore *r, const struct player *pl, int code)
{
	if (r->error.code)
		return r->error.code;
	if (pl->error.code)
		r->error = pl->error;
	else if (pl->drain.self && code != XST_E_NOMEM)
		return restore_sink_result(r, (enum sink_id)pl->drain.sink, code);
	else
		finding_no_memory(&r->error);
	return r->error.code;
}

static int read_failed(struct xst_restore *r, int code)
{
	int e = is_streams_fault(&r->main) ? end_worker(r) : 0;

	if (e)
		return e;
	if (sender_is_gone(r) && r->phase == XST_PHASE_BUFFERING && r->result.checkpoint)
		return fail_over(r);
	return take_error(r, &r->main, code);
}

/* A legacy stream with checkpoints has no end of its own: the sender went away behind the last one. */
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
		return restore_fail(r, XST_E_MALFORMED, RULE_LIBXL_CONTEXT, NULL,
				    "the stream holds no guest's image");
	if (r->dropping && r->unused) {
		r->result.dropped = dropped(r);
		restore_remark(r, RULE_RESTORE_DROPPED,
			       "what stands behind checkpoint %llu, the last complete one, is left out",
			       (unsigned long long)r->result.checkpoint);
	}
	if (r->main.seekable && !r->worker)
		(void)lseek(r->options.fd, (off_t)player_place(&r->main, player_fed(&r->main)),
			    SEEK_SET);
	return begin_finish(r, outcome(r));
}

/* --- conversion ------------------------------------------------------------------------------- */

static bool is_of_today(enum xst_layer layer)
{
	return layer == XST_LAYER_XL || layer == XST_LAYER_LIBXL || layer == XST_LAYER_LIBXC;
}

/* Until it is known what it is, a pipe's octets are kept. */
static void keep_head(struct xst_restore *r)
{
	r->main.tee = r->main.seekable ? NULL : &r->spool;
}

static int start_worker(struct xst_restore *r, enum xst_container to, int *ret_fd)
{
	struct worker_job job = { .fd = r->options.fd, .seekable = r->main.seekable,
				  .head = &r->spool, .tmpdir = r->tmpdir,
				  .parser = &r->parser_options, .to = to,
				  .force = r->options.flags & XST_RESTORE_FORCE };
	const struct xst_in *in = &r->main.in;
	int e = 0;

	if (r->main.tee) /* what lies in the window was read, too */
		e = spool_write(r->main.tee, in->src + in->pos, in->size - in->pos, &r->error);
	return e ? e : worker_start(&job, &r->worker, ret_fd, &r->error);
}

/* What was learned of the stream as it is counts no more. */
static void forget(struct xst_restore *r)
{
	player_free(&r->main);
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

/* What has been read so far goes through the converter again, with all that follows. */
static int convert(struct xst_restore *r, enum xst_layer layer)
{
	bool bare = layer == XST_LAYER_LEGACY && !r->domain.xl;
	struct xst_parser *parser;
	int fd, e;

	e = start_worker(r, bare ? XST_CONTAINER_LIBXL : XST_CONTAINER_XL, &fd);
	if (e == 0)
		e = xst_parser_new(NULL, &parser);
	if (e)
		return e;
	forget(r);
	e = player_init(&r->main, parser);
	player_from_fd(&r->main, fd);
	return e ? e : xst_checker_new(NULL, &r->checker);
}

/* --- a run without a length, at the end of a pipe ---------------------------------------------- */

static int store_tail(void *self, const void *data, size_t n, size_t *ret_done)
{
	struct xst_restore *r = self;
	uint64_t limit = xst_parser_max_run(r->main.parser);

	if (r->spool.size + n > limit)
		return restore_fail(r, XST_E_LIMIT, RULE_LIMIT, NULL,
				    "more than %llu octets of device model state",
				    (unsigned long long)limit);
	*ret_done = n;
	return spool_write(&r->spool, data, n, &r->error);
}

/* A file tells the length; the rest of a pipe is spooled first.  Returns whether that is so. */
static bool begin_tail(struct xst_restore *r, const struct xst_event *ev, int *ret)
{
	uint64_t size = player_size(&r->main), here = xst_parser_offset(r->main.parser);
	struct drain drain = { .self = r, .write = store_tail };

	*ret = 0;
	if (ev->type != XST_EVENT_PAYLOAD_BEGIN || ev->u.payload.length != XST_LENGTH_UNKNOWN ||
	    r->phase != XST_PHASE_NORMAL)
		return false;
	if (size) {
		here = player_place(&r->main, here);
		*ret = xst_parser_set_run_length(r->main.parser, size > here ? size - here : 0);
		return false;
	}
	spool_clear(&r->spool);
	r->tail = *ev;
	r->had_tail = true;
	player_done(&r->main, &drain);
	return true;
}

static int tail_some(struct xst_restore *r)
{
	struct drain *d = &r->tail_drain;
	uint64_t left = r->spool.size - r->tail_done, moved = 0;
	off_t offset = (off_t)r->tail_done;
	size_t n = left < TAIL_ONCE ? (size_t)left : TAIL_ONCE, done = 0;
	uint8_t buffer[TAIL_ONCE];
	ssize_t k;
	int e = 0;

	if (!d->self) {
		r->tail_done = r->spool.size;
		return 0;
	}
	if (d->move && r->spool.fd >= 0)
		e = d->move(d->self, r->spool.fd, &offset, left, &moved);
	if (e == 0 && !moved && r->spool.fd >= 0) {
		k = pread_some(r->spool.fd, buffer, n, offset);
		if (k <= 0)
			return io_error(&r->error, RULE_INPUT_IO, (int)-k, r->tmpdir);
		e = d->write(d->self, buffer, (size_t)k, &done);
	} else if (e == 0 && !moved) {
		e = d->write(d->self, r->spool.memory + offset, n, &done);
	}
	r->tail_done += moved + done;
	return restore_sink_result(r, (enum sink_id)d->sink, e);
}

static int task_tail(struct xst_restore *r)
{
	int e = 0;

	if (!r->tail_begun) {
		r->tail.u.payload.length = r->spool.size;
		e = r->spool.size ? route_apply(r, &r->tail, &r->tail_drain) : 0;
		r->tail_begun = e == 0;
		return e;
	}
	if (r->tail_done < r->spool.size)
		return tail_some(r);
	r->had_tail = false;
	r->task = TASK_READ;
	return 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Something before the event can go its way. */
static int divert(struct xst_restore *r, const struct xst_event *ev, bool *ret_diverted)
{
	int e = 0;

	*ret_diverted = true;
	if (ev->type == XST_EVENT_STREAM_BEGIN && !r->worker) {
		if (!is_of_today(ev->layer))
			return convert(r, ev->layer);
		if (ev->layer != XST_LAYER_XL && r->main.tee) { /* no need of what was kept */
			r->main.tee = NULL;
			spool_clear(&r->spool);
		}
	}
	if (ev->type == XST_EVENT_FINISHED)
		return stream_over(r);
	if (r->had_tail) {
		r->task = TASK_TAIL;
		return 0;
	}
	*ret_diverted = begin_tail(r, ev, &e);
	return e;
}

static int task_read(struct xst_restore *r)
{
	struct drain drain = { .self = NULL };
	const struct xst_event *ev;
	bool diverted;
	int e;

	if (r->worker)
		(void)worker_feed(r->worker, &r->watch);
	e = player_next(&r->main, &r->watch, &ev);
	if (e)
		return e < 0 ? read_failed(r, e) : e;
	e = divert(r, ev, &diverted);
	if (e || diverted)
		return e;
	e = route_read(r, ev, &drain);
	if (e)
		return e;
	r->checked = false;
	player_done(&r->main, &drain);
	return 0;
}

/* --- checkpoints ------------------------------------------------------------------------------ */

/* A part of the checkpoint in hand is read again, by a copy of the parser, from the file or the spool. */
static int begin_replay(struct xst_restore *r, struct xst_parser **parser, uint64_t from)
{
	uint64_t to = player_fed(&r->main);
	int e = player_init(&r->replay, *parser);

	*parser = NULL;
	if (e)
		return e;
	if (r->main.seekable)
		player_from_part(&r->replay, r->main.fd, NULL, player_place(&r->main, from),
				 player_place(&r->main, to));
	else
		player_from_part(&r->replay, r->spool.fd,
				 r->spool.fd < 0 ? r->spool.memory : NULL, from - r->spool_base,
				 to - r->spool_base);
	return 0;
}

static int replay(struct xst_restore *r, struct xst_parser **parser, uint64_t from, enum task then)
{
	struct drain drain = { .self = NULL };
	const struct xst_event *ev;
	int e = r->replay.parser ? 0 : begin_replay(r, parser, from);

	if (e == 0)
		e = player_next(&r->replay, &r->watch, &ev);
	if (e)
		return e < 0 ? take_error(r, &r->replay, e) : e;
	if (route_is_end(r, ev)) {
		player_free(&r->replay);
		r->task = then;
		return 0;
	}
	e = ev->type == XST_EVENT_WARNING ? 0 : route_apply(r, ev, &drain);
	if (e == 0)
		player_done(&r->replay, &drain);
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
		e = restore_sink_result(r, SINK_DOMAIN, s->ops->checkpoint(s->self, number));
	if (e)
		return e;
	r->result.checkpoint = number;
	r->complete_at = player_fed(&r->main);
	r->contexts = 0;
	r->phase = XST_PHASE_BUFFERING;
	r->task = TASK_READ;
	if (r->options.flags & XST_RESTORE_COLO) {
		r->task = TASK_COLO;
		if (colo_checkpoint(&r->colo) < 0)
			return restore_fail(r, XST_E_MALFORMED, RULE_RESTORE_STATE, NULL,
					    "a checkpoint without a CHECKPOINT_STATE before it");
	}
	return route_mark_image(r);
}

/* All that is ours to tell the primary before we listen again. */
static int task_colo(struct xst_restore *r)
{
	uint8_t buf[COLO_MESSAGE_SIZE];
	int fd = r->options.back_channel, e;
	size_t n;

	if (!colo_is_mine(&r->colo)) {
		r->task = TASK_READ;
		return 0;
	}
	if (!watch_ready(fd, POLLOUT))
		return watch_fd(&r->watch, fd, POLLOUT);
	n = colo_send(&r->colo, buf);
	e = write_all(fd, buf, n);
	return e < 0 ? io_error(&r->error, RULE_OUTPUT_IO, -e, "the back channel") : 0;
}

/* --- one call --------------------------------------------------------------------------------- */

static int (*const tasks[])(struct xst_restore *r) = {
	[TASK_READ] = task_read,
	[TASK_TAIL] = task_tail,
	[TASK_EMULATOR] = task_emulator,
	[TASK_IMAGE] = task_image,
	[TASK_CHECKPOINT] = task_checkpoint,
	[TASK_COLO] = task_colo,
	[TASK_FINISH] = task_finish,
	[TASK_ABORT] = task_abort,
};

static uint64_t soonest_timeout(const struct xst_restore *r)
{
	uint64_t stall = r->options.stall ? r->last_progress + r->options.stall : UINT64_MAX;

	if (r->task >= TASK_ABORT)
		return UINT64_MAX;
	return stall < r->deadline ? stall : r->deadline;
}

static void check_time(struct xst_restore *r)
{
	uint64_t now = watch_now();

	if (soonest_timeout(r) > now)
		return;
	io_error(&r->error, RULE_RESTORE_TIMEOUT, ETIMEDOUT,
		 r->deadline <= now ? "the stream takes longer than it may (--timeout)"
				    : "the stream has stalled (--stall)");
	begin_abort(r, XST_OUTCOME_FAILED);
}

static void check_abort(struct xst_restore *r)
{
	if (!r->abort_asked || r->task >= TASK_ABORT)
		return;
	restore_fail(r, XST_E_IO, RULE_RESTORE_ABORTED, NULL, "aborted");
	r->error.sys_errno = ECANCELED;
	begin_abort(r, XST_OUTCOME_ABORTED);
}

static void step(struct xst_restore *r, int *ret)
{
	*ret = tasks[r->task](r);
	if (*ret == 0)
		return;
	if (*ret < 0) {
		if (!r->error.code)
			finding_no_memory(&r->error);
		begin_abort(r, XST_OUTCOME_FAILED);
		*ret = 0;
	}
}

static uint64_t progress_mark(const struct xst_restore *r)
{
	return r->main.work + r->replay.work + (r->worker ? worker_octets(r->worker) : 0) +
	       (uint64_t)r->task + r->step;
}

static void tell_progress(struct xst_restore *r)
{
	uint64_t size = r->worker ? 0 : player_size(&r->main);

	if (r->options.progress)
		r->options.progress(r->options.userdata,
				    r->worker ? worker_octets(r->worker)
					      : xst_parser_offset(r->main.parser),
				    size);
}

/* Goes on until there is nothing to do without waiting. */
static void work(struct xst_restore *r)
{
	uint64_t mark = progress_mark(r);
	int e = 0;

	watch_clear(&r->watch);
	check_abort(r);
	check_time(r);
	for (int i = 0; i < STEPS && r->task != TASK_OVER && e == 0; i++)
		step(r, &e);
	if (progress_mark(r) != mark)
		r->last_progress = watch_now();
	tell_progress(r);
	watch_arm(&r->watch, e == 0);
}

/* Whoever reads what a sink writes may go away.  That is an error like any other, no reason to die. */
static void hold_sigpipe(sigset_t *before, bool *ret_pending)
{
	sigset_t pipe, pending;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	*ret_pending = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, before);
}

static void release_sigpipe(const sigset_t *before, bool was_pending)
{
	static const struct timespec at_once;
	sigset_t pipe, pending;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	if (!was_pending && sigismember(&pending, SIGPIPE))
		(void)sigtimedwait(&pipe, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

static void tell_result(struct xst_restore *r)
{
	struct xst_restore_result result = r->result;

	if (r->error.code)
		result.error = r->error;
	result.code = r->error.code;
	result.end = xst_parser_offset(r->main.parser);
	r->phase = XST_PHASE_OVER;
	r->told = true;
	if (r->options.done)
		r->options.done(r->options.userdata, r, &result);
}

int xst_restore_process(struct xst_restore *r)
{
	sigset_t before;
	bool pending;

	if (!r || !r->started || r->inside || r->told)
		return XST_E_STATE;
	r->inside = true;
	hold_sigpipe(&before, &pending);
	work(r);
	release_sigpipe(&before, pending);
	r->inside = false;
	if (r->task != TASK_OVER)
		return 0;
	tell_result(r); /* r may be gone */
	return 1;
}

/* --- public ----------------------------------------------------------------------------------- */

static int copy_config(struct xst_restore *r)
{
	const struct xst_restore_options *o = &r->options;
	const char *text;

	if (!o->config)
		return 0;
	r->config = malloc(o->config_size + 1);
	if (!r->config)
		return XST_E_NOMEM;
	memcpy(r->config, o->config, o->config_size);
	r->config[o->config_size] = '\0';
	text = (const char *)r->config;
	r->domain.config = r->config;
	r->domain.config_size = o->config_size;
	r->domain.config_replaced = true;
	r->domain.config_json = text[strspn(text, " \t\r\n")] == '{';
	return 0;
}

static int copy_options(struct xst_restore *r)
{
	const char *dir = r->options.tmpdir ? r->options.tmpdir : getenv("TMPDIR");
	struct xst_restore_options *o = &r->options;

	r->tmpdir = strdup(dir && *dir ? dir : "/var/tmp");
	if (!r->tmpdir)
		return XST_E_NOMEM;
	spool_init(&r->spool, o->buffer_memory ? o->buffer_memory : BUFFER_MEMORY, r->tmpdir);
	r->domain.domid = o->domid;
	r->domain.tmpdir = r->tmpdir;
	if (o->flags & XST_RESTORE_COLO)
		r->parser_options.flags |= XST_PARSER_COLO;
	r->parser_options.flags &= ~(uint32_t)XST_PARSER_KEEP_GOING;
	colo_init(&r->colo, COLO_SECONDARY);
	return copy_config(r);
}

static int open_all(struct xst_restore *r)
{
	struct xst_parser *parser = NULL;
	int e = copy_options(r);

	if (e == 0)
		e = xst_checker_new(NULL, &r->checker);
	if (e == 0)
		e = xst_parser_new(&r->parser_options, &parser);
	if (e)
		return e;
	e = player_init(&r->main, parser);
	if (e)
		return e;
	player_from_fd(&r->main, r->options.fd);
	keep_head(r);
	e = watch_init(&r->watch);
	errno = -e;
	return e ? XST_E_IO : 0;
}

static bool valid(const struct xst_restore_options *o)
{
	bool libxl = o->domain.ops && o->domain.ops->flags & XST_DOMAIN_SINK_LIBXL;

	if (o->fd < 0 || o->flags & ~(uint32_t)FLAGS ||
	    (o->flags & XST_RESTORE_COLO && o->back_channel < 0))
		return false;
	if ((o->domain.ops && o->domain.ops->size < sizeof(*o->domain.ops)) ||
	    (o->xenstore.ops && o->xenstore.ops->size < sizeof(*o->xenstore.ops)) ||
	    (o->emulator.ops && o->emulator.ops->size < sizeof(*o->emulator.ops)))
		return false;
	return !libxl || (!o->xenstore.ops && !o->emulator.ops);
}

#define TAKE_SINK(to, from)                                                                       \
	do {                                                                                      \
		if ((from).ops)                                                                   \
			(to) = (struct sink){ (from).self,        (from).ops->name,               \
					      (from).ops->prepare, (from).ops->finish,            \
					      (from).ops->commit,  (from).ops->abort,             \
					      (from).ops->free,    (from).ops->wait,              \
					      (from).ops->error,   false };                       \
	} while (0)

static void take_sinks(struct xst_restore *r)
{
	TAKE_SINK(r->sinks[SINK_DOMAIN], r->options.domain);
	TAKE_SINK(r->sinks[SINK_XENSTORE], r->options.xenstore);
	TAKE_SINK(r->sinks[SINK_EMULATOR], r->options.emulator);
}

int xst_restore_new(const struct xst_restore_options *options, struct xst_restore **ret)
{
	struct xst_restore_options o = { .size = sizeof(o) };
	struct xst_parser_options parser = XST_PARSER_OPTIONS_INIT;
	struct xst_restore *r;
	int e;

	if (!options || !ret || xst_options_copy(&o, sizeof(o), options, options->size) < 0 ||
	    (o.parser && xst_options_copy(&parser, sizeof(parser), o.parser, o.parser->size) < 0) ||
	    !valid(&o))
		return XST_E_ARG;
	r = calloc(1, sizeof(*r));
	if (!r)
		return XST_E_NOMEM;
	r->options = o;
	r->parser_options = parser;
	r->watch.epoll = r->watch.kick = -1;
	r->main.fd = r->replay.fd = r->spool.fd = -1;
	e = open_all(r);
	if (e) {
		int err = errno;

		xst_restore_free(r);
		errno = err;
		return e;
	}
	take_sinks(r);
	*ret = r;
	return 0;
}

static void free_sinks(struct xst_restore *r)
{
	for (unsigned i = 0; i < SINKS; i++)
		if (r->sinks[i].free)
			r->sinks[i].free(r->sinks[i].self);
}

struct xst_restore *xst_restore_free(struct xst_restore *r)
{
	if (!r || r->freed)
		return NULL;
	r->freed = true;
	worker_free(r->worker);
	free_sinks(r);
	if (r->started && !r->told) {
		restore_fail(r, XST_E_IO, RULE_RESTORE_ABORTED, NULL, "aborted");
		r->result.outcome = XST_OUTCOME_ABORTED;
		tell_result(r);
	}
	player_free(&r->main);
	player_free(&r->replay);
	xst_checker_free(r->checker);
	xst_parser_free(r->at_image);
	xst_parser_free(r->at_emulator);
	spool_free(&r->spool);
	colo_free(&r->colo);
	watch_free(&r->watch);
	free(r->config);
	free(r->optional);
	free(r->tmpdir);
	free(r);
	return NULL;
}

int xst_restore_start(struct xst_restore *r)
{
	if (!r || r->started)
		return XST_E_STATE;
	r->started = true;
	r->last_progress = watch_now();
	r->deadline = r->options.timeout ? r->last_progress + r->options.timeout : UINT64_MAX;
	watch_kick(&r->watch);
	return 0;
}

int xst_restore_get_fd(const struct xst_restore *r)
{
	return r->watch.epoll;
}

short xst_restore_get_events(const struct xst_restore *r)
{
	(void)r;
	return POLLIN;
}

uint64_t xst_restore_get_timeout(const struct xst_restore *r)
{
	uint64_t wait = watch_deadline(&r->watch), own = soonest_timeout(r);

	if (!r->started || r->told)
		return UINT64_MAX;
	return wait < own ? wait : own;
}

void xst_restore_abort(struct xst_restore *r)
{
	if (!r || r->told)
		return;
	r->abort_asked = true;
	watch_kick(&r->watch);
}

enum xst_restore_phase xst_restore_get_phase(const struct xst_restore *r)
{
	return r->phase;
}
