/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include "contract.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MUST(x)                                                                              \
	do {                                                                                 \
		if (!(x)) {                                                                  \
			fprintf(stderr, "%s:%d: broken: %s (%s)\n", __FILE__, __LINE__, #x,  \
				strerror(errno));                                            \
			abort();                                                             \
		}                                                                            \
	} while (0)

#define PATIENCE 20000 /* milliseconds until it counts as hanging */

/* --- the sinks -------------------------------------------------------------------------------- */

/* Each call of an operation begins here.  Returns 0, XST_AGAIN or an error. */
static int enter(struct probe *p, const char *name)
{
	if (p->repeats < p->again) {
		p->repeats++;
		return XST_AGAIN;
	}
	p->repeats = 0;
	p->calls++;
	if (p->calls != p->fail_at)
		return 0;
	snprintf(p->failed_in, sizeof(p->failed_in), "%s", name);
	p->error = (struct xst_finding){ .code = XST_E_IO, .rule = "test", .sys_errno = ENOSPC };
	snprintf(p->error.text, sizeof(p->error.text), "injected in %s", name);
	return XST_E_IO;
}

static void note(struct probe *p, const char *words)
{
	log_event(&p->log, &(struct xst_event){ .type = XST_EVENT_PAIR, .u.pair = { words,
								strlen(words), "", 0 } });
}

static int prepare(void *self, const struct xst_restore_domain *domain)
{
	struct sink_self *s = self;
	int r = enter(s->probe, "prepare");

	s->probe->prepared[s->which] = 1; /* it has begun, even if it is to come again */
	s->probe->domain = *domain;
	MUST(!domain->config || domain->config[domain->config_size] == '\0');
	snprintf(s->probe->config, sizeof(s->probe->config), "%s",
		 domain->config ? (const char *)domain->config : "-");
	return r;
}

static int event(void *self, const struct xst_event *ev)
{
	struct probe *p = ((struct sink_self *)self)->probe;
	int r = enter(p, "event");

	if (r == 0) {
		struct xst_event copy = *ev;

		copy.offset = 0; /* of no meaning to a sink */
		log_event(&p->log, &copy);
	}
	return r;
}

static int swallow(void *self, const void *data, size_t n, size_t *ret_done)
{
	struct probe *p = ((struct sink_self *)self)->probe;
	int r = enter(p, "write");

	*ret_done = 0;
	if (r)
		return r;
	MUST(n > 0);
	*ret_done = p->bite && n > p->bite ? p->bite : n;
	log_claimed(&p->log, data, *ret_done);
	return 0;
}

static int move(void *self, int fd, const off_t *offset, uint64_t n, uint64_t *ret_moved)
{
	struct probe *p = ((struct sink_self *)self)->probe;
	uint8_t buffer[8192];
	size_t want = n < sizeof(buffer) ? (size_t)n : sizeof(buffer);
	ssize_t k;
	int r = p->no_move ? 0 : enter(p, "move");

	*ret_moved = 0;
	if (r || p->no_move)
		return r;
	MUST(n > 0);
	if (p->bite && want > p->bite)
		want = p->bite;
	k = offset ? pread(fd, buffer, want, *offset) : read(fd, buffer, want);
	if (k <= 0)
		return 0;
	log_claimed(&p->log, buffer, (size_t)k);
	*ret_moved = (uint64_t)k;
	return 0;
}

static int checkpoint(void *self, uint64_t number)
{
	struct probe *p = ((struct sink_self *)self)->probe;
	int r = enter(p, "checkpoint");

	if (r)
		return r;
	note(p, "checkpoint");
	MUST(number == p->checkpoints + 1);
	if (p->checkpoints < PROBE_MARKS)
		p->marks[p->checkpoints] = p->log.size;
	p->checkpoints++;
	return 0;
}

static int begin_keys(void *self, uint32_t id, uint32_t index)
{
	struct probe *p = ((struct sink_self *)self)->probe;
	int r = enter(p, "xenstore begin");

	(void)index;
	if (r == 0)
		note(p, id == 2 ? "keys of qemu" : "keys");
	return r;
}

static int pair(void *self, const char *key, size_t key_len, const char *value, size_t value_len)
{
	struct probe *p = ((struct sink_self *)self)->probe;
	int r = enter(p, "pair");

	if (r == 0)
		log_event(&p->log, &(struct xst_event){ .type = XST_EVENT_PAIR,
							.u.pair = { key, key_len, value,
								    value_len } });
	return r;
}

static int end_keys(void *self)
{
	struct probe *p = ((struct sink_self *)self)->probe;
	int r = enter(p, "xenstore end");

	if (r == 0)
		note(p, "end of keys");
	return r;
}

static int begin_state(void *self, uint32_t id, uint32_t index, uint64_t length)
{
	struct probe *p = ((struct sink_self *)self)->probe;
	int r = enter(p, "emulator begin");

	(void)id;
	(void)index;
	if (r)
		return r;
	MUST(length != XST_LENGTH_UNKNOWN);
	note(p, "state");
	log_event(&p->log, &(struct xst_event){ .type = XST_EVENT_PAYLOAD_BEGIN,
						.u.payload.length = length });
	return 0;
}

static int end_state(void *self)
{
	struct probe *p = ((struct sink_self *)self)->probe;
	int r = enter(p, "emulator end");

	if (r == 0)
		note(p, "end of state");
	return r;
}

static int finish(void *self)
{
	struct sink_self *s = self;
	int r = enter(s->probe, "finish");

	s->probe->finished[s->which] += r == 0;
	if (!s->probe->at_finish)
		s->probe->at_finish = s->probe->log.size;
	return r;
}

static int commit(void *self)
{
	struct sink_self *s = self;
	int r = enter(s->probe, "commit");

	MUST(s->probe->finished[s->which] == 1);
	s->probe->committed[s->which] += r == 0;
	return r;
}

static int take_back(void *self)
{
	struct sink_self *s = self;

	if (s->probe->repeats < s->probe->again) {
		s->probe->repeats++;
		return XST_AGAIN;
	}
	s->probe->repeats = 0;
	s->probe->aborted[s->which]++;
	return 0;
}

static void free_sink(void *self)
{
	struct sink_self *s = self;

	s->probe->freed[s->which]++;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void wait_for(void *self, struct xst_wait *ret)
{
	struct probe *p = ((struct sink_self *)self)->probe;

	*ret = (struct xst_wait){ .fd = -1,
				  .deadline = p->waits_on_time ? now() + 100 : UINT64_MAX };
}

static const struct xst_finding *error(void *self)
{
	return &((struct sink_self *)self)->probe->error;
}

static const struct xst_domain_sink_ops domain_ops = {
	.size = sizeof(domain_ops), .name = "probe", .prepare = prepare, .event = event,
	.write = swallow, .move = move, .checkpoint = checkpoint, .finish = finish,
	.commit = commit, .abort = take_back, .free = free_sink, .wait = wait_for, .error = error,
};

static const struct xst_xenstore_sink_ops xenstore_ops = {
	.size = sizeof(xenstore_ops), .name = "probe", .prepare = prepare, .begin = begin_keys,
	.pair = pair, .end = end_keys, .finish = finish, .commit = commit, .abort = take_back,
	.free = free_sink, .wait = wait_for, .error = error,
};

static const struct xst_emulator_sink_ops emulator_ops = {
	.size = sizeof(emulator_ops), .name = "probe", .prepare = prepare, .begin = begin_state,
	.write = swallow, .move = move, .end = end_state, .finish = finish, .commit = commit,
	.abort = take_back, .free = free_sink, .wait = wait_for, .error = error,
};

/* --- a restore with them ---------------------------------------------------------------------- */

static void done(void *userdata, struct xst_restore *r, const struct xst_restore_result *result)
{
	struct probe *p = userdata;

	(void)r;
	p->told++;
	p->result = *result;
}

static void finding(void *userdata, const struct xst_finding *f)
{
	struct probe *p = userdata;

	MUST(f->rule);
	p->findings++;
}

void probe_init(struct probe *p)
{
	*p = (struct probe){ .calls = 0 };
	for (int i = 0; i < PROBE_SINKS; i++)
		p->self[i] = (struct sink_self){ p, (enum probe_sink)i };
}

void probe_free(struct probe *p)
{
	log_free(&p->log);
}

struct xst_restore_options probe_options(struct probe *p, int fd)
{
	return (struct xst_restore_options){
		.size = sizeof(struct xst_restore_options),
		.flags = XST_RESTORE_NO_CONFIG,
		.fd = fd,
		.domid = 7,
		.domain = { &domain_ops, &p->self[PROBE_DOMAIN] },
		.xenstore = { &xenstore_ops, &p->self[PROBE_XENSTORE] },
		.emulator = { &emulator_ops, &p->self[PROBE_EMULATOR] },
		.done = done,
		.finding = finding,
		.userdata = p,
	};
}

/* --- channels --------------------------------------------------------------------------------- */

int file_of(const void *data, size_t size)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static void open_channel(enum channel channel, const void *data, size_t size, int fds[2])
{
	fds[1] = -1;
	if (channel == CHANNEL_FILE)
		fds[0] = file_of(data, size);
	else if (channel == CHANNEL_PIPE)
		MUST(pipe2(fds, O_CLOEXEC) == 0);
	else
		MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	if (fds[1] >= 0)
		MUST(fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0);
}

/* Another piece, or the end.  Returns whether there was something to do. */
static bool feed_some(const struct feed *feed, int *fd, const uint8_t *data, size_t size,
		      size_t *fed)
{
	size_t n = size - *fed;
	ssize_t k;

	if (*fd < 0)
		return false;
	if (n == 0) {
		if (feed->stays_open)
			return false;
		close(*fd);
		*fd = -1;
		return true;
	}
	if (feed->chunk && n > feed->chunk)
		n = feed->chunk;
	k = write(*fd, data + *fed, n);
	if (k > 0)
		*fed += (size_t)k;
	return k > 0 || errno == EPIPE;
}

static int milliseconds(uint64_t deadline)
{
	uint64_t left = deadline > now() ? (deadline - now()) / 1000 + 1 : 0;

	return left < PATIENCE ? (int)left : PATIENCE;
}

int drive(struct probe *p, const void *data, size_t size, const struct feed *feed,
	  const struct xst_restore_options *changes, unsigned stop_after, bool by_free)
{
	struct xst_restore_options o = *changes;
	struct contract contract;
	struct xst_restore *r;
	size_t fed = 0;
	int fds[2], e = 0;
	uint64_t deadline;

	open_channel(feed->channel, data, size, fds);
	o.fd = fds[0];
	contract_wrap(&contract, &o);
	MUST(xst_restore_new(&o, &r) == 0);
	MUST(xst_restore_process(r) == XST_E_STATE);
	MUST(xst_restore_start(r) == 0 && xst_restore_start(r) == XST_E_STATE);
	for (unsigned calls = 1; e == 0; calls++) {
		struct pollfd q = { xst_restore_get_fd(r), xst_restore_get_events(r), 0 };

		deadline = xst_restore_get_timeout(r);
		if (poll(&q, 1, 0) == 0 && deadline > now() &&
		    !feed_some(feed, &fds[1], data, size, &fed))
			MUST(poll(&q, 1, milliseconds(deadline)) > 0 || deadline != UINT64_MAX);
		if (stop_after == calls && by_free)
			break;
		if (stop_after == calls)
			xst_restore_abort(r);
		e = xst_restore_process(r);
	}
	MUST(e >= 0);
	MUST(p->told == (e == 1));
	xst_restore_free(r);
	MUST(p->told == 1);
	contract_end(&contract);
	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	for (int i = 0; i < PROBE_SINKS; i++)
		MUST(p->freed[i] == 1);
	return p->result.code;
}

/* --- what is left ----------------------------------------------------------------------------- */

unsigned open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	MUST(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

bool has_children(void)
{
	return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}
