/* SPDX-License-Identifier: MIT */
/* A thread converts older formats, and its output is read instead.
 *
 *   source ─► (fed by the restore) ─► pipe ─► xst_convert_fd() ─► pipe ─► the restore's player
 *
 * The thread reads a file by itself.  It shares nothing else with the restore but these pipes, so
 * closing their other ends stops it: a read meets the end, a write fails. */
#include "restore/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "finding/finding.h"

#define STACK (512 << 10)
#define FINDINGS 16
#define CHUNK 4096 /* bytes that a writable pipe always accepts */
#define SPLICE_ONCE (1 << 20)
#define FEED_ONCE (4 << 20)

struct worker {
	struct worker_job job;
	struct xst_parser_options parser;
	bool fed, no_splice;
	uint64_t head_done;
	int to, from;          /* our ends of the pipes into and out of the thread */
	int in, out;           /* the thread's */
	int done;              /* an eventfd */
	bool started, running;
	pthread_t thread;
	int code;
	uint64_t bytes;       /* of the source passed in */
	struct xst_finding findings[FINDINGS], error;
	struct xst_finding source_error;
	unsigned nfindings, told, missed;
	/* a question from the thread, which the restore answers */
	pthread_mutex_t lock;
	pthread_cond_t answered;
	int question;          /* an eventfd */
	bool asking, cancelled;
	const struct xst_config *stored;
	struct xst_config *config;
	char *why;
	size_t why_size;
	int answer;
};

/* --- the thread ----------------------------------------------------------------------------- */

static void worker_gather(void *userdata, const struct xst_finding *f)
{
	struct worker *w = userdata;

	if (f->severity == XST_NOTE)
		return;
	if (w->nfindings < FINDINGS)
		w->findings[w->nfindings++] = *f;
	else
		w->missed++;
}

/* Asks which configuration to use: the caller's function must not run in a foreign thread. */
static int worker_ask(void *userdata, const struct xst_config *stored, struct xst_config *ret,
		      char *why, size_t size)
{
	struct worker *w = userdata;
	uint64_t one = 1;
	int r;

	pthread_mutex_lock(&w->lock);
	w->stored = stored;
	w->config = ret;
	w->why = why;
	w->why_size = size;
	w->asking = true;
	(void)!write(w->question, &one, sizeof(one));
	while (w->asking && !w->cancelled)
		pthread_cond_wait(&w->answered, &w->lock);
	r = w->cancelled ? XST_E_REFUSED : w->answer;
	w->asking = false;
	pthread_mutex_unlock(&w->lock);
	return r;
}

static int worker_convert(struct worker *w)
{
	struct xst_job_options job = { .size = sizeof(job),
				       .parser = &w->parser,
				       .finding = worker_gather,
				       .userdata = w,
				       .tmpdir = w->job.tmpdir };
	struct xst_converter_options to = { .size = sizeof(to), .to = w->job.to,
					    .flags = w->job.force ? XST_CONVERT_FORCE : 0,
					    .config = w->job.config ? worker_ask : NULL,
					    .config_userdata = w };
	struct xst_convert_options o = { .size = sizeof(o), .job = &job, .converter = &to,
					 .keep_checkpoints = true };
	struct xst_output *output;
	int r = xst_output_fd(w->out, &output);

	if (r) {
		xst_finding_no_memory(&w->error);
		return r;
	}
	r = xst_convert_fd(w->in, output, &o, &w->error);
	xst_output_free(output);
	return r;
}

static void *worker_run(void *userdata)
{
	struct worker *w = userdata;
	uint64_t one = 1;

	w->code = worker_convert(w);
	close(w->out);
	(void)!write(w->done, &one, sizeof(one));
	return NULL;
}

/* --- starting ------------------------------------------------------------------------------- */

static int open_pipes(struct worker *w)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	w->from = p[0];
	w->out = p[1];
	w->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->question = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->done < 0 || w->question < 0)
		return -errno;
	if (w->job.seekable) {
		w->in = w->job.fd;
		return 0;
	}
	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	w->in = p[0];
	w->to = p[1];
	return 0;
}

int xst_restore_worker_start(const struct worker_job *job, struct worker **ret, int *ret_fd,
			     struct xst_finding *reterr)
{
	struct worker *w = calloc(1, sizeof(*w));
	int r;

	if (!w) {
		xst_finding_no_memory(reterr);
		return XST_E_NOMEM;
	}
	w->job = *job;
	w->parser = *job->parser;
	w->to = w->from = w->in = w->out = w->done = w->question = -1;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->answered, NULL);
	r = open_pipes(w);
	if (r == 0)
		r = xst_io_start_thread(&w->thread, STACK, worker_run, w);
	w->started = w->running = r == 0;
	if (r < 0) {
		xst_restore_worker_free(w);
		return xst_io_error(reterr, RULE_INPUT_IO, -r, "starting a conversion");
	}
	*ret = w;
	*ret_fd = w->from;
	return 0;
}

/* --- feeding -------------------------------------------------------------------------------- */

static void end_feeding(struct worker *w)
{
	if (w->to >= 0)
		close(w->to);
	w->to = -1;
	w->fed = true;
}

static ssize_t chunk_of_head(struct worker *w, uint8_t *buffer)
{
	uint64_t left = w->job.head->size - w->head_done;
	size_t n = left < CHUNK ? (size_t)left : CHUNK;

	if (w->job.head->fd >= 0)
		return xst_io_pread_some(w->job.head->fd, buffer, n, (off_t)w->head_done);
	memcpy(buffer, w->job.head->memory + w->head_done, n);
	return (ssize_t)n;
}

/* Call this when the pipe is writable and the source, if it is read next, readable. */
static ssize_t feed_some(struct worker *w)
{
	uint8_t buffer[CHUNK];
	bool head = w->head_done < w->job.head->size;
	ssize_t k;
	int r;

	if (!head && !w->no_splice) {
		k = splice(w->job.fd, NULL, w->to, NULL, SPLICE_ONCE, SPLICE_F_NONBLOCK);
		if (k >= 0 || errno == EAGAIN)
			return k < 0 ? -EAGAIN : k;
		if (errno == EPIPE)
			return -EPIPE;
		w->no_splice = true;
	}
	k = head ? chunk_of_head(w, buffer) : xst_io_read_some(w->job.fd, buffer, CHUNK);
	if (k <= 0)
		return k;
	r = xst_io_write_all(w->to, buffer, (size_t)k);
	if (r < 0)
		return r;
	w->head_done += head ? (uint64_t)k : 0;
	return k;
}

static void worker_answer(struct worker *w, struct watch *watch)
{
	uint64_t n;

	if (!w->running || !w->job.config)
		return;
	(void)xst_restore_watch_fd(watch, w->question, POLLIN);
	if (!xst_io_is_ready(w->question, POLLIN))
		return;
	(void)!read(w->question, &n, sizeof(n));
	pthread_mutex_lock(&w->lock);
	if (w->asking)
		w->answer = w->job.config(w->job.config_userdata, w->stored, w->config, w->why,
					  w->why_size);
	w->asking = false;
	pthread_cond_signal(&w->answered);
	pthread_mutex_unlock(&w->lock);
}

static int worker_feed_converter(struct worker *w, struct watch *watch)
{
	uint64_t before = w->bytes;

	while (!w->fed && !w->job.seekable) {
		bool head = w->head_done < w->job.head->size;
		ssize_t k;

		if (!xst_io_is_ready(w->to, POLLOUT))
			return xst_restore_watch_fd(watch, w->to, POLLOUT);
		if (!head && !xst_io_is_ready(w->job.fd, POLLIN))
			return xst_restore_watch_fd(watch, w->job.fd, POLLIN);
		k = feed_some(w);
		if (k == -EAGAIN) /* too little room for splice */
			return xst_restore_watch_fd(watch, w->to, POLLOUT);
		if (k < 0 && k != -EPIPE)
			xst_io_error(&w->source_error, RULE_INPUT_IO, (int)-k, "reading the input");
		if (k <= 0)
			end_feeding(w);
		else
			w->bytes += (uint64_t)k;
		if (w->bytes - before > FEED_ONCE) {
			xst_restore_watch_kick(watch);
			return XST_AGAIN;
		}
	}
	return 0;
}

int xst_restore_worker_feed(struct worker *w, struct watch *watch)
{
	worker_answer(w, watch);
	return worker_feed_converter(w, watch);
}

/* --- ending --------------------------------------------------------------------------------- */

void xst_restore_worker_cancel(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->cancelled = true;
	pthread_cond_signal(&w->answered);
	pthread_mutex_unlock(&w->lock);
	end_feeding(w);
	if (w->from >= 0)
		close(w->from);
	w->from = -1;
}

int xst_restore_worker_join(struct worker *w, struct watch *watch)
{
	if (!w->running)
		return 0;
	if (!xst_io_is_ready(w->done, POLLIN))
		return xst_restore_watch_fd(watch, w->done, POLLIN);
	pthread_join(w->thread, NULL);
	w->running = false;
	return 0;
}

const struct xst_finding *xst_restore_worker_error(const struct worker *w)
{
	static const struct xst_finding none;

	if (w->source_error.code)
		return &w->source_error;
	return w->code ? &w->error : &none;
}

const struct xst_finding *xst_restore_worker_finding(struct worker *w)
{
	struct xst_finding *f;

	if (w->told == w->nfindings)
		return NULL;
	f = &w->findings[w->told++];
	if (w->told == w->nfindings && w->missed) {
		size_t n = strlen(f->text);

		(void)snprintf(f->text + n, sizeof(f->text) - n, " (and %u more remarks)", w->missed);
	}
	return f;
}

uint64_t xst_restore_worker_bytes(const struct worker *w)
{
	return w->bytes;
}

static void worker_close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

struct worker *xst_restore_worker_free(struct worker *w)
{
	if (!w)
		return NULL;
	xst_restore_worker_cancel(w);
	if (w->running)
		pthread_join(w->thread, NULL);
	if (!w->started) /* a started thread closes it itself */
		worker_close_if(w->out);
	if (!w->job.seekable)
		worker_close_if(w->in);
	worker_close_if(w->done);
	worker_close_if(w->question);
	pthread_cond_destroy(&w->answered);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return NULL;
}
