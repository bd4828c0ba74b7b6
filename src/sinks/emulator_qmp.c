/* SPDX-License-Identifier: MIT */
/* The sink that gives the device model's state to a QEMU that waits for it.
 *
 *   prepare: greeting -> capabilities -> status            (is it a QEMU with -incoming defer?)
 *   finish:  events -> descriptor -> incoming -> payload -> outcome (-> reason)
 *
 * A state is a function that runs until it must wait; expect() records what it waits for.  The
 * payload goes through a socket pair, one end of which QEMU gets: unlike a pipe, it never raises
 * SIGPIPE. */
#include "sinks/sinks.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/io.h"
#include "wire/options.h"

#define PATIENCE (30 * UINT64_C(1000000))
#define DESCRIPTOR_NAME "xenstream-state"
#define CHUNK (64 << 10)

struct emulator;
typedef int (*state_fn)(struct emulator *e);

struct emulator {
	char *path, *tmpdir;
	uint64_t patience;
	struct qmp qmp;
	state_fn state;       /* NULL: nothing to do */
	uint64_t deadline;
	int epoll;            /* the connection, and `own` while the payload goes out */
	int spool;            /* the state, until it is complete; -1 */
	uint64_t size, sent;  /* of the state */
	bool complete;
	int own, theirs;      /* the pair of sockets, -1 */
	bool begun;           /* QEMU was told to load the state */
	bool completed, failed; /* the outcome, according to QEMU */
	struct xst_finding error;
};

/* --- errors ----------------------------------------------------------------------------------- */

static int qemu_trouble(struct emulator *e, int err, const char *doing, const char *why)
{
	e->state = NULL;
	return xst_sinks_fail(&e->error, XST_E_IO, RULE_OUTPUT_IO, err, "%.100s: %s: %s", e->path,
			      doing, why);
}

/* Handles a negative errno of the connection. */
static int qemu_broken(struct emulator *e, int r, const char *doing)
{
	e->state = NULL;
	if (r == -ENOMEM)
		return xst_sinks_fail(&e->error, XST_E_NOMEM, RULE_OUTPUT_IO, 0, "out of memory");
	if (r == -EPIPE || r == -ECONNRESET)
		return qemu_trouble(
			e, -r, doing,
			e->begun ? "QEMU has exited; does it have the same machine type and "
				   "devices? See its standard error"
				 : "QEMU has closed the connection");
	if (r == -EPROTO)
		return qemu_trouble(e, -r, doing, "the answer is not QMP; is it QEMU's socket?");
	if (r == -ENOENT || r == -ECONNREFUSED)
		return qemu_trouble(e, -r, doing,
				    "no QEMU listens there; is it running with -qmp?");
	if (r == -EAGAIN)
		return qemu_trouble(e, -r, doing, "QEMU is busy with other clients of this socket");
	return qemu_trouble(e, -r, doing, strerror(-r));
}

/* Waits on, unless the patience has run out. */
static int await(struct emulator *e, const char *doing)
{
	if (xst_io_now() < e->deadline)
		return XST_AGAIN;
	return qemu_trouble(e, ETIMEDOUT, doing,
			    e->begun ? "QEMU no longer answers"
				     : "QEMU does not answer; is another client using it?");
}

/* --- messages --------------------------------------------------------------------------------- */

static void expect(struct emulator *e, state_fn state)
{
	e->state = state;
	e->deadline = xst_io_now() + e->patience;
}

/* A member that is a string; "" if there is none. */
static const char *text_in(json_object *o, const char *member)
{
	json_object *m;
	const char *text = NULL;

	if (json_object_object_get_ex(o, member, &m))
		text = json_object_get_string(m);
	return text ? text : "";
}

/* A MIGRATION event reports QEMU's progress. */
static void take_event(struct emulator *e, json_object *event)
{
	json_object *data;
	const char *status;

	if (strcmp(text_in(event, "event"), "MIGRATION") != 0 ||
	    !json_object_object_get_ex(event, "data", &data))
		return;
	status = text_in(data, "status");
	if (strcmp(status, "completed") == 0)
		e->completed = true;
	if (strcmp(status, "failed") == 0 || strcmp(status, "cancelled") == 0)
		e->failed = true;
}

/* The next message that is not an event; the caller must put it. */
static int message(struct emulator *e, const char *doing, json_object **ret)
{
	int r = xst_sinks_qmp_flush(&e->qmp);

	while (r == 0) {
		json_object *o, *event;

		r = xst_sinks_qmp_message(&e->qmp, &o);
		if (r)
			break;
		if (!json_object_object_get_ex(o, "event", &event)) {
			*ret = o;
			return 0;
		}
		take_event(e, o);
		json_object_put(o);
	}
	return r == XST_AGAIN ? await(e, doing) : qemu_broken(e, r, doing);
}

/* The answer to a command; its `return` is valid until the caller puts *ret_holder. */
static int qemu_answer(struct emulator *e, const char *doing, json_object **ret_holder,
		       json_object **ret_value)
{
	json_object *o, *error;
	int r = message(e, doing, &o);

	if (r)
		return r;
	if (json_object_object_get_ex(o, "return", ret_value)) {
		*ret_holder = o;
		return 0;
	}
	r = qemu_trouble(e, EPROTO, doing,
			 json_object_object_get_ex(o, "error", &error)
				 ? text_in(error, "desc")
				 : "unexpected answer from QEMU");
	json_object_put(o);
	return r;
}

/* As qemu_answer(), when only success matters. */
static int agreed(struct emulator *e, const char *doing)
{
	json_object *holder = NULL, *value = NULL;
	int r = qemu_answer(e, doing, &holder, &value);

	if (r == 0)
		json_object_put(holder);
	return r;
}

static int command(struct emulator *e, const char *name, json_object *arguments, int pass,
		   state_fn next)
{
	int r = xst_sinks_qmp_command(&e->qmp, name, arguments, pass);

	expect(e, next);
	return r ? qemu_broken(e, r, name) : 0;
}

/* Sends a command with one argument, which it takes ownership of. */
static int command_with(struct emulator *e, const char *name, const char *argument,
			json_object *value, int pass, state_fn next)
{
	json_object *arguments = json_object_new_object();

	if (xst_sinks_qmp_add(arguments, argument, value))
		return command(e, name, arguments, pass, next);
	json_object_put(arguments);
	return qemu_broken(e, -ENOMEM, name);
}

/* Runs states until one waits, fails or is the last. */
static int qemu_go_on(struct emulator *e)
{
	int r = 0;

	xst_sinks_qmp_begin_turn(&e->qmp);
	while (r == 0 && e->state)
		r = e->state(e);
	return r;
}

/* --- is a QEMU waiting? ----------------------------------------------------------------------- */

static int status_state(struct emulator *e)
{
	json_object *holder = NULL, *value = NULL;
	int r = qemu_answer(e, "query-status", &holder, &value);

	if (r)
		return r;
	e->state = NULL;
	if (strcmp(text_in(value, "status"), "inmigrate") != 0)
		r = xst_sinks_fail(
			&e->error, XST_E_IO, RULE_OUTPUT_IO, EBUSY,
			"%.100s: QEMU is not waiting for a state, it is \"%.40s\"; start one "
			"with -incoming defer",
			e->path, text_in(value, "status"));
	json_object_put(holder);
	return r;
}

static int capabilities_state(struct emulator *e)
{
	int r = agreed(e, "qmp_capabilities");

	return r ? r : command(e, "query-status", NULL, -1, status_state);
}

static int greeting_state(struct emulator *e)
{
	json_object *o, *greeting;
	int r = message(e, "greeting", &o);

	if (r)
		return r;
	r = json_object_object_get_ex(o, "QMP", &greeting) ? 0
							   : qemu_broken(e, -EPROTO, "greeting");
	json_object_put(o);
	return r ? r : command(e, "qmp_capabilities", NULL, -1, capabilities_state);
}

static int qemu_watch(struct emulator *e, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events };

	return epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static int connect_state(struct emulator *e)
{
	int r = xst_sinks_qmp_open(&e->qmp, e->path);

	if (r == 0)
		r = qemu_watch(e, e->qmp.fd, EPOLLIN);
	if (r)
		return qemu_broken(e, r, "connecting");
	expect(e, greeting_state);
	return 0;
}

/* --- loading the state ------------------------------------------------------------------------ */

/* Newer QEMUs keep running, and can give the reason. */
static int reason_state(struct emulator *e)
{
	json_object *holder = NULL, *value = NULL;
	int r = qemu_answer(e, "loading the state", &holder, &value);
	const char *why;

	if (r)
		return r;
	why = text_in(value, "error-desc");
	r = qemu_trouble(e, EINVAL, "loading the state",
			 why[0] ? why : "QEMU refuses it; see its standard error");
	json_object_put(holder);
	return r;
}

static int outcome_state(struct emulator *e)
{
	static const char doing[] = "loading the state";
	json_object *o;

	/* messages after the outcome don't matter */
	while (!e->completed && !e->failed) {
		int r = xst_sinks_qmp_message(&e->qmp, &o);

		if (r)
			return r == XST_AGAIN ? await(e, doing) : qemu_broken(e, r, doing);
		take_event(e, o);
		json_object_put(o);
	}
	if (!e->completed)
		return command(e, "query-migrate", NULL, -1, reason_state);
	e->state = NULL;
	return 0;
}

/* Reads events that have arrived. */
static int look_for_events(struct emulator *e)
{
	json_object *o;
	int r;

	while ((r = xst_sinks_qmp_message(&e->qmp, &o)) == 0) {
		take_event(e, o);
		json_object_put(o);
	}
	return r == XST_AGAIN ? 0 : r;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int send_chunk(struct emulator *e)
{
	uint8_t buf[CHUNK];
	ssize_t n = xst_io_pread_some(e->spool, buf, sizeof(buf), (off_t)e->sent);

	if (n <= 0)
		return n < 0 ? (int)n : -EIO;
	do
		n = send(e->own, buf, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? XST_AGAIN : -errno;
	e->sent += (uint64_t)n;
	e->deadline = xst_io_now() + e->patience;
	return 0;
}

static int payload_state(struct emulator *e)
{
	int r = look_for_events(e);

	if (r)
		return qemu_broken(e, r, "loading the state");
	while (r == 0 && !e->failed && e->sent < e->size)
		r = send_chunk(e);
	if (r == XST_AGAIN)
		return await(e, "loading the state");
	if (r == -EPIPE || r == -ECONNRESET) /* QEMU reads no more: its message says why */
		r = 0;
	if (r)
		return qemu_broken(e, r, "loading the state");
	close_fd(&e->own);
	expect(e, outcome_state);
	return 0;
}

static int incoming_state(struct emulator *e)
{
	int r = agreed(e, "migrate-incoming");

	if (r == 0)
		r = qemu_watch(e, e->own, EPOLLOUT);
	if (r < 0 && e->state)
		return qemu_broken(e, r, "migrate-incoming");
	if (r == 0)
		expect(e, payload_state);
	return r;
}

static int descriptor_state(struct emulator *e)
{
	int r = agreed(e, "getfd");

	if (r)
		return r;
	close_fd(&e->theirs);
	e->begun = true;
	return command_with(e, "migrate-incoming", "uri",
			    json_object_new_string("fd:" DESCRIPTOR_NAME), -1, incoming_state);
}

static int events_state(struct emulator *e)
{
	int r = agreed(e, "migrate-set-capabilities"), ends[2];

	if (r)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return qemu_broken(e, -errno, "getfd");
	e->own = ends[0];
	e->theirs = ends[1];
	return command_with(e, "getfd", "fdname", json_object_new_string(DESCRIPTOR_NAME), e->theirs,
			    descriptor_state);
}

static int ask_for_events(struct emulator *e)
{
	json_object *capability = json_object_new_object(), *list = json_object_new_array();
	bool complete = xst_sinks_qmp_add(capability, "capability",
					  json_object_new_string("events")) &&
			xst_sinks_qmp_add(capability, "state", json_object_new_boolean(1)) &&
			list && json_object_array_add(list, capability) == 0;

	if (complete)
		return command_with(e, "migrate-set-capabilities", "capabilities", list, -1,
				    events_state);
	json_object_put(capability);
	json_object_put(list);
	return qemu_broken(e, -ENOMEM, "migrate-set-capabilities");
}

/* --- the sink --------------------------------------------------------------------------------- */

static int emulator_prepare(void *self, const struct xst_restore_domain *domain)
{
	struct emulator *e = self;

	if (e->epoll < 0) {
		e->epoll = epoll_create1(EPOLL_CLOEXEC);
		if (e->epoll < 0)
			return qemu_broken(e, -errno, "connecting");
		if (!e->tmpdir && !(e->tmpdir = strdup(domain->tmpdir)))
			return qemu_broken(e, -ENOMEM, "connecting");
		expect(e, connect_state);
	}
	return qemu_go_on(e);
}

static int qemu_emulator_begin(void *self, uint32_t id, uint32_t index, uint64_t length)
{
	struct emulator *e = self;

	(void)id;
	(void)index;
	(void)length;
	close_fd(&e->spool);
	e->complete = false;
	e->size = 0;
	e->spool = xst_io_unnamed_file(e->tmpdir);
	if (e->spool >= 0)
		return 0;
	return xst_io_error(&e->error, RULE_OUTPUT_IO, -e->spool, e->tmpdir);
}

static int emulator_write(void *self, const void *data, size_t n, size_t *ret_done)
{
	struct emulator *e = self;
	int r = xst_io_write_all(e->spool, data, n);

	if (r < 0)
		return xst_io_error(&e->error, RULE_OUTPUT_IO, -r, e->tmpdir);
	e->size += n;
	*ret_done = n;
	return 0;
}

static int qemu_emulator_end(void *self)
{
	((struct emulator *)self)->complete = true;
	return 0;
}

static int emulator_finish(void *self)
{
	struct emulator *e = self;
	int r;

	if (!e->complete)
		return xst_sinks_fail(&e->error, XST_E_UNSUPPORTED, RULE_OUTPUT_IO, 0,
				      "%.100s: the stream contains no state for this QEMU",
				      e->path);
	if (e->begun || e->own >= 0 || e->state)
		return qemu_go_on(e);
	r = ask_for_events(e);
	return r ? r : qemu_go_on(e);
}

static int emulator_commit(void *self)
{
	(void)self;
	return 0;
}

/* A QEMU that has begun to load a state can't be used again. */
static int emulator_abort(void *self)
{
	struct emulator *e = self;

	e->state = NULL;
	close_fd(&e->own);
	close_fd(&e->theirs);
	if (e->begun && e->qmp.fd >= 0)
		xst_sinks_qmp_quit(&e->qmp);
	xst_sinks_qmp_close(&e->qmp);
	return 0;
}

static void emulator_free(void *self)
{
	struct emulator *e = self;

	close_fd(&e->own);
	close_fd(&e->theirs);
	close_fd(&e->spool);
	close_fd(&e->epoll);
	xst_sinks_qmp_close(&e->qmp);
	free(e->path);
	free(e->tmpdir);
	free(e);
}

static void emulator_wait(void *self, struct xst_wait *ret)
{
	const struct emulator *e = self;

	*ret = (struct xst_wait){ .fd = e->epoll, .events = POLLIN, .deadline = e->deadline };
}

static const struct xst_finding *emulator_error(void *self)
{
	return &((struct emulator *)self)->error;
}

static const struct xst_emulator_sink_ops emulator_ops = {
	.size = sizeof(emulator_ops),
	.name = "qmp",
	.prepare = emulator_prepare,
	.begin = qemu_emulator_begin,
	.write = emulator_write,
	.end = qemu_emulator_end,
	.finish = emulator_finish,
	.commit = emulator_commit,
	.abort = emulator_abort,
	.free = emulator_free,
	.wait = emulator_wait,
	.error = emulator_error,
};

int xst_sink_qmp(const struct xst_sink_qmp_options *options, struct xst_emulator_sink *ret)
{
	struct xst_sink_qmp_options o = { .size = sizeof(o) };
	struct emulator *e;

	if (!options || !ret || xst_options_copy(&o, sizeof(o), options, options->size) < 0 ||
	    !o.path)
		return XST_E_ARG;
	e = calloc(1, sizeof(*e));
	if (!e)
		return XST_E_NOMEM;
	e->qmp.fd = e->epoll = e->spool = e->own = e->theirs = -1;
	e->patience = o.patience ? o.patience : PATIENCE;
	e->path = strdup(o.path);
	e->tmpdir = o.tmpdir ? strdup(o.tmpdir) : NULL;
	if (!e->path || (o.tmpdir && !e->tmpdir)) {
		emulator_free(e);
		return XST_E_NOMEM;
	}
	*ret = (struct xst_emulator_sink){ &emulator_ops, e };
	return 0;
}
