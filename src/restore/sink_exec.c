/* SPDX-License-Identifier: MIT */
/* A domain sink that gives a plain stream in the current format to a program's standard input.
 *
 * Memory and unchanging records pass through at once; the rest is held back to the end, when the
 * last complete state is known.  So a checkpointed stream becomes a plain one. */
#include <xenstream/restore.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

#include "finding/finding.h"
#include "restore/held.h"
#include "wire/options.h"
#include "wire/wire.h"

#define GRACE 2000000 /* microseconds that a program gets to exit after SIGTERM, or once it has
			* stopped reading */
#define PAUSE 20000 /* between two checks for remaining children */
#define PIPE_SIZE (1 << 20)
#define CHUNK (64 << 10)

#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1 << 2)
#endif

enum stage { STAGE_TAIL, STAGE_END, STAGE_EMULATOR, STAGE_LIBXL_END, STAGE_CLOSE, STAGE_WAIT };

struct exec {
	char *command;
	enum xst_container to;
	const struct xst_restore_domain *domain;
	struct xst_emitter *emitter;
	size_t flushed;        /* bytes of its output already passed on */
	struct held held;
	bool holding;          /* the open record is held back */
	bool late;             /* a bare image's device model: framed when its length is known */
	int fd, pidfd;         /* the program's standard input and its process, or -1 */
	pid_t pid;
	bool ended;            /* it has ended, and its status was collected */
	bool committed;
	bool broken;           /* it no longer reads */
	uint64_t end_by;       /* if broken: until when to wait for its status */
	enum stage stage;
	size_t next;           /* the held record to write next */
	uint64_t done;         /* bytes of it already written */
	uint64_t kill_at;      /* 0: it was not asked to end */
	struct xst_wait wait;
	struct xst_finding error;
};

extern char **environ;

/* --- errors ----------------------------------------------------------------------------------- */

static int exec_fail(struct exec *x, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int exec_fail(struct exec *x, int err, const char *format, ...)
{
	struct xst_finding place = { .sys_errno = err };
	va_list ap;

	va_start(ap, format);
	xst_finding_fill(&x->error, &place, XST_E_IO, RULE_OUTPUT_IO, NULL, format, ap);
	va_end(ap);
	return XST_E_IO;
}

static int exec_again(struct exec *x, int fd, short events, uint64_t deadline)
{
	x->wait = (struct xst_wait){ .fd = fd, .events = events, .deadline = deadline };
	return XST_AGAIN;
}

/* Collects the program's exit status: 0 if it succeeded.  XST_AGAIN: it still runs. */
static int collect(struct exec *x)
{
	int status;
	pid_t ended;

	if (x->ended || x->pidfd < 0)
		return 0;
	ended = waitpid(x->pid, &status, WNOHANG);
	if (ended == 0)
		return exec_again(x, x->pidfd, POLLIN, UINT64_MAX);
	x->ended = true;
	if (ended < 0) /* another waitpid() was faster, or SIGCHLD is ignored */
		return exec_fail(x, errno, "%.160s: can't get its exit status: %s", x->command,
				 strerror(errno));
	if (WIFSIGNALED(status))
		return exec_fail(x, 0, "%.160s: killed by signal %d", x->command,
				 WTERMSIG(status));
	if (WEXITSTATUS(status))
		return exec_fail(x, 0, "%.160s: exited with status %d", x->command,
				 WEXITSTATUS(status));
	return 0;
}

/* Waits for the exit status, which says more than the broken pipe. */
static int exec_broken(struct exec *x)
{
	int r = collect(x);

	if (r == XST_AGAIN && xst_io_now() >= x->end_by)
		return exec_fail(x, EPIPE, "%.160s: stopped reading before the end",
				 x->command);
	if (r == XST_AGAIN)
		return exec_again(x, x->pidfd, POLLIN, x->end_by);
	return r ? r : exec_fail(x, EPIPE, "%.160s: exited before reading everything", x->command);
}

/* Evaluates a write or splice to the program: the bytes written, or 0 with *ret set (XST_AGAIN or
 * an error). */
static size_t sent(struct exec *x, ssize_t k, int *ret)
{
	*ret = 0;
	if (k >= 0)
		return (size_t)k;
	if (errno == EAGAIN || errno == EINTR) {
		*ret = exec_again(x, x->fd, POLLOUT, UINT64_MAX);
	} else if (errno == EPIPE) {
		x->broken = true;
		x->end_by = xst_io_now() + GRACE;
		*ret = exec_broken(x);
	} else {
		*ret = exec_fail(x, errno, "%.160s: %s", x->command, strerror(errno));
	}
	return 0;
}

/* --- output ----------------------------------------------------------------------------------- */

static int exec_flush(struct exec *x)
{
	const uint8_t *data;
	size_t n = xst_emitter_output(x->emitter, &data);
	int r = 0;

	if (x->broken)
		return exec_broken(x);
	while (r == 0 && x->flushed < n)
		x->flushed += sent(x, write(x->fd, data + x->flushed, n - x->flushed), &r);
	if (r)
		return r;
	x->flushed = 0;
	xst_emitter_written(x->emitter);
	return 0;
}

/* Passes on the bytes just emitted, to the pipe or to the held records.  The pipe may accept them
 * later. */
static int take_output(struct exec *x)
{
	const uint8_t *data;
	size_t n = xst_emitter_output(x->emitter, &data);
	int r;

	if (!x->holding) {
		r = exec_flush(x);
		return r == XST_AGAIN ? 0 : r;
	}
	r = xst_restore_spool_write(&x->held.spool, data, n, &x->error);
	xst_emitter_written(x->emitter);
	return r;
}

static int exec_emitted(struct exec *x, int code)
{
	if (code == 0)
		return take_output(x);
	if (code == XST_E_NOMEM)
		xst_finding_no_memory(&x->error);
	else if (code == XST_E_LIMIT)
		exec_fail(x, 0, "too many records for one state of the guest");
	else
		exec_fail(x, 0, "can't write a record");
	if (code == XST_E_LIMIT)
		x->error.rule = xst_rule_table[RULE_LIMIT].id;
	return code;
}

/* --- the frame -------------------------------------------------------------------------------- */

static int exec_header(struct exec *x, enum xst_kind kind, const struct xst_field_value *v,
		       size_t n, const void *body, size_t size, uint64_t length)
{
	int r = xst_emit_begin(x->emitter, kind, length);

	if (r == 0 && v)
		r = xst_emit_fields(x->emitter, v, n);
	if (r == 0)
		r = xst_emit_bytes(x->emitter, body, size);
	return r ? r : xst_emit_end(x->emitter);
}

static int xl_header(struct exec *x)
{
	const struct xst_restore_domain *d = x->domain;
	bool nul = d->config_json || d->config_nul;
	uint64_t config = d->config ? d->config_size + nul : 0;
	struct xst_field_value v[] = {
		{ XST_FIELD_BYTE_ORDER, XL_BYTE_ORDER },
		{ XST_FIELD_MANDATORY_FLAGS,
		  XL_FLAG_STREAM_V2 | (d->config_json ? XL_FLAG_JSON : 0) },
		{ XST_FIELD_OPTIONAL_FLAGS, d->xl_optional_flags },
		{ XST_FIELD_OPTIONAL_LENGTH, xst_wire_xl_config.fixed + config + d->optional_size },
	};
	struct xst_field_value length = { XST_FIELD_CONFIG_LENGTH, config };
	int r;

	xst_emitter_big_endian(x->emitter, XST_LAYER_XL, d->xl_big_endian);
	r = exec_header(x, XST_KIND_XL_HEADER, v, 4, NULL, 0, xst_wire_xl_header.fixed);
	if (r == 0)
		r = exec_header(x, XST_KIND_CONFIG, &length, 1, d->config, (size_t)config,
				xst_wire_xl_config.fixed + config);
	if (r == 0 && d->optional_size)
		r = exec_header(x, XST_KIND_OPTIONAL_DATA, NULL, 0, d->optional,
				(size_t)d->optional_size, d->optional_size);
	return r;
}

static uint32_t exec_libxl_options(const struct exec *x)
{
	return x->domain->libxl ? x->domain->libxl_options & LIBXL_OPTIONS_KNOWN : 0;
}

static int exec_frame(struct exec *x)
{
	uint32_t options = exec_libxl_options(x);
	struct xst_field_value v[] = {
		{ XST_FIELD_IDENT, LIBXL_IDENT },
		{ XST_FIELD_VERSION, LIBXL_VERSION },
		{ XST_FIELD_OPTIONS, options },
	};
	int r = x->to == XST_CONTAINER_XL ? xl_header(x) : 0;

	x->holding = false; /* a device model's record may have come before the image */
	if (r || x->to == XST_CONTAINER_LIBXC)
		return r;
	r = exec_header(x, XST_KIND_LIBXL_HEADER, v, 3, NULL, 0, xst_wire_libxl_header.fixed);
	return r ? r : xst_emit_empty(x->emitter, XST_KIND_LIBXC_CONTEXT);
}

/* --- records ---------------------------------------------------------------------------------- */

static bool goes_at_once(enum xst_kind kind)
{
	const struct wire_record *row = xst_wire_modern(kind);

	return kind == XST_KIND_PAGE_DATA || kind == XST_KIND_P2M_FRAMES ||
	       kind == XST_KIND_VERIFY || kind == XST_KIND_IMAGE_HEADER ||
	       kind == XST_KIND_DOMAIN_HEADER || (row && row->flags & WIRE_STATIC);
}

static int exec_record_begin(struct exec *x, const struct xst_event *ev)
{
	int r = 0;

	x->holding = !goes_at_once(ev->kind);
	x->late = ev->layer == XST_LAYER_LIBXC && ev->kind == XST_KIND_EMULATOR_CONTEXT;
	if (x->holding)
		r = xst_restore_held_begin(&x->held, ev->kind);
	if (r || x->late)
		return r;
	return xst_emit_begin(x->emitter, ev->kind, ev->u.record.length);
}

/* Begins the libxl record of a device model state that came without one. */
static int late_begin(struct exec *x, uint64_t length)
{
	int r = xst_emit_begin(x->emitter, XST_KIND_EMULATOR_CONTEXT,
			       xst_wire_modern(XST_KIND_EMULATOR_CONTEXT)->fixed + length);

	x->late = false;
	return r ? r : xst_emit_fields(x->emitter, NULL, 0);
}

static int payload_begin(struct exec *x, const struct xst_event *ev)
{
	int r = x->late ? late_begin(x, ev->u.payload.length) : 0;

	return r ? r : xst_emit_payload(x->emitter, ev->u.payload.length);
}

static int exec_record_end(struct exec *x)
{
	int r = x->late ? late_begin(x, 0) : 0;

	return r ? r : xst_emit_end(x->emitter);
}

static int exec_fields(struct exec *x, const struct xst_event *ev)
{
	uint64_t options = xst_event_field(ev, XST_FIELD_OPTIONS, 0);

	if (x->late) /* a length, which the record header gives */
		return 0;
	if (ev->kind == XST_KIND_IMAGE_HEADER)
		xst_emitter_big_endian(x->emitter, XST_LAYER_LIBXC,
				       options & LIBXC_OPTION_BIG_ENDIAN);
	return xst_emit_fields(x->emitter, ev->u.fields.v, ev->u.fields.n);
}

static int exec_pair(struct exec *x, const struct xst_event *ev)
{
	int r = xst_emit_bytes(x->emitter, ev->u.pair.key, ev->u.pair.key_len + 1);

	return r ? r : xst_emit_bytes(x->emitter, ev->u.pair.value, ev->u.pair.value_len + 1);
}

static int emit(struct exec *x, const struct xst_event *ev)
{
	switch (ev->type) {
	case XST_EVENT_STREAM_BEGIN:  return exec_frame(x);
	case XST_EVENT_RECORD_BEGIN:  return exec_record_begin(x, ev);
	case XST_EVENT_FIELDS:        return exec_fields(x, ev);
	case XST_EVENT_ITEMS:         return xst_emit_items(x->emitter, ev->u.items.v, ev->u.items.n);
	case XST_EVENT_PAIR:          return exec_pair(x, ev);
	case XST_EVENT_PAYLOAD_BEGIN: return payload_begin(x, ev);
	case XST_EVENT_RECORD_END:    return exec_record_end(x);
	default:                      return 0;
	}
}

/* --- operations ------------------------------------------------------------------------------- */

static int spawn(struct exec *x, int in)
{
	char *argv[] = { (char *)"sh", (char *)"-c", x->command, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, pipe;
	int r;

	sigemptyset(&none);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	r = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	if (r == 0) /* including descriptors without CLOEXEC */
		r = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &pipe);
	if (r == 0)
		r = posix_spawn(&x->pid, "/bin/sh", &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	if (r)
		return exec_fail(x, r, "/bin/sh: %s", strerror(r));
	x->pidfd = pidfd_open(x->pid, 0);
	if (x->pidfd >= 0)
		return 0;
	r = errno;
	kill(-x->pid, SIGKILL);
	(void)waitpid(x->pid, NULL, 0);
	return exec_fail(x, r, "can't watch a program: %s", strerror(r));
}

static int exec_prepare(void *self, const struct xst_restore_domain *domain)
{
	struct exec *x = self;
	int p[2], r;

	x->domain = domain;
	xst_restore_held_init(&x->held, domain->tmpdir);
	xst_emitter_big_endian(x->emitter, XST_LAYER_LIBXL,
			       exec_libxl_options(x) & LIBXL_OPTION_BIG_ENDIAN);
	if (pipe2(p, O_CLOEXEC) < 0)
		return exec_fail(x, errno, "can't create a pipe: %s", strerror(errno));
	x->fd = p[1];
	(void)fcntl(x->fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(x->fd, F_SETPIPE_SZ, PIPE_SIZE); /* fewer switches; may fail */
	r = spawn(x, p[0]);
	close(p[0]);
	return r;
}

static int exec_event(void *self, const struct xst_event *ev)
{
	struct exec *x = self;
	int r = exec_flush(x);

	return r ? r : exec_emitted(x, emit(x, ev));
}

static int exec_put(void *self, const void *data, size_t n, size_t *ret_done)
{
	struct exec *x = self;
	int r;

	*ret_done = 0;
	if (x->holding) {
		r = xst_restore_spool_write(&x->held.spool, data, n, &x->error);
		*ret_done = r ? 0 : n;
		return r;
	}
	r = exec_flush(x);
	if (r == 0)
		*ret_done = sent(x, write(x->fd, data, n), &r);
	return r;
}

static int exec_move(void *self, int fd, const off_t *offset, uint64_t n, uint64_t *ret_moved)
{
	struct exec *x = self;
	off_t at = offset ? *offset : 0;
	int64_t k;
	int r;

	*ret_moved = 0;
	if (x->holding) {
		k = offset ? 0 : xst_restore_spool_move(&x->held.spool, fd, n, &x->error);
		*ret_moved = k > 0 ? (uint64_t)k : 0;
		return k < 0 ? (int)k : 0;
	}
	r = exec_flush(x);
	if (r)
		return r;
	k = splice(fd, offset ? &at : NULL, x->fd, NULL, (size_t)n, SPLICE_F_NONBLOCK);
	if (k < 0 && errno != EPIPE && (errno != EAGAIN || xst_io_is_ready(x->fd, POLLOUT)))
		return 0; /* not possible here, or nothing to move */
	*ret_moved = sent(x, (ssize_t)k, &r);
	return r;
}

static int exec_checkpoint(void *self, uint64_t number)
{
	struct exec *x = self;

	(void)number;
	return xst_restore_held_settle(&x->held, &x->error);
}

/* --- the end ---------------------------------------------------------------------------------- */

static int send_range(struct exec *x, uint64_t from, uint64_t to)
{
	const struct spool *s = &x->held.spool;
	int r = 0;

	while (r == 0 && from + x->done < to) {
		size_t n = (size_t)(to - from - x->done);
		off_t at = (off_t)(from + x->done);

		x->done += s->fd < 0 ? sent(x, write(x->fd, s->memory + at, n), &r)
				     : sent(x, sendfile(x->fd, s->fd, &at, n), &r);
	}
	return r;
}

static bool belongs(enum xst_kind kind, bool libxl)
{
	bool is_libxl = kind == XST_KIND_EMULATOR_CONTEXT ||
			kind == XST_KIND_EMULATOR_XENSTORE_DATA;

	return is_libxl == libxl;
}

static int send_held(struct exec *x, bool libxl)
{
	int r = exec_flush(x);

	if (r == 0)
		r = xst_restore_spool_flush(&x->held.spool, &x->error);
	while (r == 0 && x->next < x->held.n) {
		uint64_t from, to;

		xst_restore_held_range(&x->held, x->next, &from, &to);
		if (belongs(x->held.records[x->next].kind, libxl))
			r = send_range(x, from, to);
		if (r)
			return r;
		x->done = 0;
		x->next++;
	}
	if (r == 0)
		x->next = 0;
	return r;
}

static int send_end(struct exec *x, enum xst_kind kind)
{
	x->holding = false;
	return exec_emitted(x, xst_emit_empty(x->emitter, kind));
}

static void exec_close_input(struct exec *x)
{
	if (x->fd >= 0)
		close(x->fd);
	x->fd = -1;
}

static int finish_stage(struct exec *x)
{
	bool libxl = x->to != XST_CONTAINER_LIBXC;
	int r = 0;

	switch (x->stage) {
	case STAGE_TAIL:
		return send_held(x, false);
	case STAGE_END:
		return send_end(x, XST_KIND_END);
	case STAGE_EMULATOR:
		return libxl ? send_held(x, true) : 0;
	case STAGE_LIBXL_END:
		return libxl ? send_end(x, XST_KIND_LIBXL_END) : 0;
	case STAGE_CLOSE:
		r = exec_flush(x);
		if (r == 0)
			exec_close_input(x);
		return r;
	case STAGE_WAIT:
		return collect(x);
	}
	return r;
}

static int exec_finish(void *self)
{
	struct exec *x = self;
	int r = xst_restore_held_settle(&x->held, &x->error);

	while (r == 0) {
		r = finish_stage(x);
		if (r == 0 && x->stage++ == STAGE_WAIT)
			return 0;
	}
	return r;
}

static int commit(void *self)
{
	((struct exec *)self)->committed = true;
	return 0;
}

/* Signals the program and its remaining children.  Uses the pidfd, which can't refer to another
 * group; before Linux 6.9 the number must do, which stays the group's while it has members.
 * Returns whether it has any. */
static bool signal_group(const struct exec *x, int number)
{
	if (pidfd_send_signal(x->pidfd, number, NULL, PIDFD_SIGNAL_PROCESS_GROUP) == 0)
		return true;
	return errno != ESRCH && kill(-x->pid, number) == 0;
}

static void exec_forget(struct exec *x)
{
	close(x->pidfd);
	x->pidfd = -1;
}

/* Asks all processes to end, then kills them. */
static int exec_stop(void *self)
{
	struct exec *x = self;
	uint64_t now = xst_io_now();
	bool last = x->kill_at && now >= x->kill_at;

	if (x->pidfd < 0)
		return 0;
	if (!x->kill_at) {
		x->kill_at = now + GRACE;
		signal_group(x, SIGTERM);
	} else if (last) {
		signal_group(x, SIGKILL);
	}
	exec_close_input(x);
	if (collect(x) == XST_AGAIN)
		return exec_again(x, x->pidfd, POLLIN, last ? UINT64_MAX : x->kill_at);
	if (!last && signal_group(x, 0))
		return exec_again(x, -1, 0, now + PAUSE);
	exec_forget(x);
	return 0;
}

static void free_exec(void *self)
{
	struct exec *x = self;

	exec_close_input(x);
	if (x->pidfd >= 0 && !x->committed)
		signal_group(x, SIGKILL);
	if (x->pidfd >= 0 && !x->ended)
		(void)waitpid(x->pid, NULL, 0);
	if (x->pidfd >= 0)
		exec_forget(x);
	xst_restore_held_free(&x->held);
	xst_emitter_free(x->emitter);
	free(x->command);
	free(x);
}

static void wait_for(void *self, struct xst_wait *ret)
{
	struct exec *x = self;

	*ret = x->wait;
}

static const struct xst_finding *exec_error(void *self)
{
	struct exec *x = self;

	return &x->error;
}

#define EXEC_OPS(which_flags)                                                           \
	{                                                                               \
		.size = sizeof(struct xst_domain_sink_ops), .flags = (which_flags),     \
		.name = "exec", .prepare = exec_prepare, .event = exec_event,           \
		.write = exec_put, .move = exec_move, .checkpoint = exec_checkpoint,    \
		.finish = exec_finish, .commit = commit, .abort = exec_stop,            \
		.free = free_exec, .wait = wait_for, .error = exec_error                \
	}

static const struct xst_domain_sink_ops libxc_ops = EXEC_OPS(0);
static const struct xst_domain_sink_ops libxl_ops = EXEC_OPS(XST_DOMAIN_SINK_LIBXL);

static bool exec_takes(enum xst_container to)
{
	return to == XST_CONTAINER_AUTO || to == XST_CONTAINER_XL || to == XST_CONTAINER_LIBXL ||
	       to == XST_CONTAINER_LIBXC;
}

int xst_sink_exec(const struct xst_sink_exec_options *options, struct xst_domain_sink *ret)
{
	struct xst_sink_exec_options o = { .size = sizeof(o) };
	struct exec *x;
	int r;

	if (!options || !ret || xst_options_copy(&o, sizeof(o), options, options->size) < 0 ||
	    !o.command || !exec_takes(o.to))
		return XST_E_ARG;
	x = calloc(1, sizeof(*x));
	if (!x)
		return XST_E_NOMEM;
	x->fd = x->pidfd = -1;
	xst_restore_held_init(&x->held, NULL);
	x->to = o.to ? o.to : XST_CONTAINER_XL;
	x->command = strdup(o.command);
	r = x->command ? xst_emitter_new(&x->emitter) : XST_E_NOMEM;
	if (r) {
		free_exec(x);
		return r;
	}
	*ret = (struct xst_domain_sink){ o.to == XST_CONTAINER_LIBXC ? &libxc_ops : &libxl_ops, x };
	return 0;
}
