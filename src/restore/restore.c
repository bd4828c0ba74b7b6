/* SPDX-License-Identifier: MIT */
/* The restore object, and its main call, which runs task after task until it must wait.
 *
 * Nothing is recursive, whatever the stream: a task returns to the loop of xst_restore_process(),
 * which alone calls `done`, apart from xst_restore_free(). */
#include "restore/restore.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "finding/finding.h"
#include "wire/options.h"
#include "wire/wire.h"

#define STEPS 512                /* in one call */
#define BUFFER_MEMORY (UINT64_C(1) << 20)
#define FLAGS (XST_RESTORE_NO_CONFIG | XST_RESTORE_COLO | XST_RESTORE_FORCE)

/* --- messages --------------------------------------------------------------------------------- */

int xst_restore_fail(struct xst_restore *r, int code, enum xst_rule rule,
		     const struct xst_event *at, const char *format, ...)
{
	struct xst_finding place = { .offset = xst_parser_offset(r->main.pull.parser) };
	va_list ap;

	if (at) {
		place.layer = at->layer;
		place.offset = at->offset;
	}
	va_start(ap, format);
	xst_finding_fill(&r->error, &place, code, rule, NULL, format, ap);
	va_end(ap);
	return code;
}

void xst_restore_tell(struct xst_restore *r, const struct xst_finding *f)
{
	if (r->options.finding)
		r->options.finding(r->options.userdata, f);
}

void xst_restore_remark(struct xst_restore *r, enum xst_rule rule, const char *format, ...)
{
	struct xst_finding place = { .offset = xst_parser_offset(r->main.pull.parser) }, f;
	va_list ap;

	va_start(ap, format);
	xst_finding_fill(&f, &place, 0, rule, NULL, format, ap);
	va_end(ap);
	xst_restore_tell(r, &f);
}

int xst_restore_sink_result(struct xst_restore *r, enum sink_id id, int code)
{
	struct sink *s = &r->sinks[id];
	struct xst_wait wait = { .fd = -1, .deadline = UINT64_MAX };

	if (code == XST_AGAIN) {
		s->wait(s->self, &wait);
		return xst_restore_watch_wait(&r->watch, &wait);
	}
	if (code < 0 && !r->error.code) {
		r->error = *s->error(s->self);
		r->error.code = code;
	}
	return code;
}

/* --- one call --------------------------------------------------------------------------------- */

static uint64_t soonest_timeout(const struct xst_restore *r)
{
	uint64_t stall = r->options.stall ? r->last_progress + r->options.stall : UINT64_MAX;

	if (r->task >= TASK_ABORT)
		return UINT64_MAX;
	return stall < r->deadline ? stall : r->deadline;
}

static void check_time(struct xst_restore *r)
{
	uint64_t now = xst_io_now();

	if (soonest_timeout(r) > now)
		return;
	xst_io_error(&r->error, RULE_RESTORE_TIMEOUT, ETIMEDOUT,
		     r->deadline <= now ? "the stream took longer than --timeout allows"
					: "no data arrived for the time of --stall");
	xst_restore_begin_abort(r, XST_OUTCOME_FAILED);
}

static bool abort_is_due(const struct xst_restore *r)
{
	return r->abort_asked && r->task < TASK_ABORT;
}

static void check_abort(struct xst_restore *r)
{
	if (!abort_is_due(r))
		return;
	xst_restore_fail(r, XST_E_IO, RULE_RESTORE_ABORTED, NULL, "aborted");
	r->error.sys_errno = ECANCELED;
	xst_restore_begin_abort(r, XST_OUTCOME_ABORTED);
}

static void restore_step(struct xst_restore *r, int *ret)
{
	r->watch.n = 0; /* only the last step's conditions count */
	*ret = xst_restore_tasks[r->task](r);
	if (*ret == 0)
		return;
	if (*ret < 0) {
		if (!r->error.code)
			xst_finding_no_memory(&r->error);
		xst_restore_begin_abort(r, XST_OUTCOME_FAILED);
		*ret = 0;
	}
}

static uint64_t progress_mark(const struct xst_restore *r)
{
	return r->main.pull.work + r->replay.pull.work +
	       (r->worker ? xst_restore_worker_bytes(r->worker) : 0) + (uint64_t)r->task + r->step;
}

static void restore_tell_progress(struct xst_restore *r)
{
	uint64_t size = r->worker ? 0 : r->main.pull.source.size;

	if (r->options.progress)
		r->options.progress(r->options.userdata,
				    r->worker ? xst_restore_worker_bytes(r->worker)
					      : xst_parser_offset(r->main.pull.parser),
				    size);
}

/* Runs until it must wait, or a callback has asked to abort. */
static void work(struct xst_restore *r)
{
	uint64_t mark = progress_mark(r);
	int e = 0;

	xst_restore_watch_clear(&r->watch);
	check_abort(r);
	check_time(r);
	for (int i = 0; i < STEPS && r->task != TASK_OVER && e == 0 && !abort_is_due(r); i++)
		restore_step(r, &e);
	if (progress_mark(r) != mark)
		r->last_progress = xst_io_now();
	restore_tell_progress(r);
	xst_restore_watch_arm(&r->watch, e == 0);
}

/* The program reading a sink's output may exit.  SIGPIPE must not kill us: EPIPE is an ordinary
 * error. */
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
	result.converted = r->domain.converted;
	result.end = xst_parser_offset(r->main.pull.parser);
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
	tell_result(r); /* r may be freed */
	return 1;
}

/* --- public ----------------------------------------------------------------------------------- */

static int copy_config(struct xst_restore *r)
{
	const struct xst_restore_options *o = &r->options;

	if (!o->config)
		return 0;
	r->config = malloc(o->config_size + 1);
	if (!r->config)
		return XST_E_NOMEM;
	memcpy(r->config, o->config, o->config_size);
	r->config[o->config_size] = '\0';
	r->domain.config = r->config;
	r->domain.config_size = o->config_size;
	r->domain.config_replaced = true;
	r->domain.config_json = xst_wire_config_is_json(r->config, o->config_size);
	return 0;
}

static int copy_options(struct xst_restore *r)
{
	struct xst_restore_options *o = &r->options;

	r->tmpdir = strdup(xst_io_tmpdir(o->tmpdir));
	if (!r->tmpdir)
		return XST_E_NOMEM;
	xst_restore_spool_init(&r->spool, o->buffer_memory ? o->buffer_memory : BUFFER_MEMORY,
			       r->tmpdir);
	r->domain.domid = o->domid;
	r->domain.tmpdir = r->tmpdir;
	if (o->flags & XST_RESTORE_COLO)
		r->parser_options.flags |= XST_PARSER_COLO;
	r->parser_options.flags &= ~(uint32_t)XST_PARSER_KEEP_GOING;
	xst_restore_colo_init(&r->colo, COLO_SECONDARY);
	return copy_config(r);
}

static int restore_open_all(struct xst_restore *r)
{
	struct xst_parser *parser = NULL;
	int e = copy_options(r);

	if (e == 0)
		e = xst_checker_new(NULL, &r->checker);
	if (e == 0)
		e = xst_parser_new(&r->parser_options, &parser);
	if (e)
		return e;
	e = xst_restore_player_init(&r->main, parser);
	if (e)
		return e;
	xst_source_from_fd(&r->main.pull.source, r->options.fd);
	xst_restore_route_keep(r); /* until its format is known */
	e = xst_restore_watch_init(&r->watch);
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
	r->main.pull = r->replay.pull = PULL_NONE;
	xst_restore_spool_init(&r->spool, 0, NULL);
	e = restore_open_all(r);
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

/* If one sink has committed and another has not, free() must not leave it at that. */
static bool is_committing(const struct xst_restore *r)
{
	return r->started && r->task == TASK_FINISH && r->step >= SINKS;
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
	if (is_committing(r)) {
		xst_restore_abort(r);
		xst_restore_loop(r, -1);
	}
	xst_restore_worker_free(r->worker);
	free_sinks(r);
	if (r->started && !r->told) {
		xst_restore_fail(r, XST_E_IO, RULE_RESTORE_ABORTED, NULL, "aborted");
		r->result.outcome = XST_OUTCOME_ABORTED;
		tell_result(r);
	}
	xst_pull_free(&r->main.pull);
	xst_pull_free(&r->replay.pull);
	xst_checker_free(r->checker);
	xst_parser_free(r->at_image);
	xst_parser_free(r->at_emulator);
	xst_restore_spool_free(&r->spool);
	xst_restore_colo_free(&r->colo);
	xst_restore_watch_free(&r->watch);
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
	r->last_progress = xst_io_now();
	r->deadline = r->options.timeout ? r->last_progress + r->options.timeout : UINT64_MAX;
	xst_restore_watch_kick(&r->watch);
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
	uint64_t wait = xst_restore_watch_deadline(&r->watch), own = soonest_timeout(r);

	if (!r->started || r->told)
		return UINT64_MAX;
	return wait < own ? wait : own;
}

void xst_restore_abort(struct xst_restore *r)
{
	if (!r || r->told)
		return;
	r->abort_asked = true;
	xst_restore_watch_kick(&r->watch);
}

enum xst_restore_phase xst_restore_get_phase(const struct xst_restore *r)
{
	return r->phase;
}
