/* SPDX-License-Identifier: MIT */
/* Restores in a libuv loop, one image per argument, all at once:
 *
 *   restore-uv IMAGE...
 *
 * A uv_poll_t watches the restore's descriptor, a uv_timer_t its time. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include <xenstream/xenstream.h>

struct job {
	uv_poll_t poll;
	uv_timer_t timer;
	const char *name;
	struct xst_restore *restore;
	int fd;
};

static int failed;

static void on_timer(uv_timer_t *timer);

/* Each call may change the restore's deadline. */
static void set_timer(struct job *job)
{
	uint64_t deadline = xst_restore_get_timeout(job->restore), now = uv_hrtime() / 1000;

	if (deadline == UINT64_MAX)
		uv_timer_stop(&job->timer);
	else
		uv_timer_start(&job->timer, on_timer,
			       deadline > now ? (deadline - now + 999) / 1000 : 0, 0);
}

static void process(struct job *job)
{
	if (xst_restore_process(job->restore) == 0)
		set_timer(job);
}

static void on_timer(uv_timer_t *timer)
{
	process(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	process(poll->data);
}

/* Called when the second of a job's two handles is closed. */
static void on_timer_closed(uv_handle_t *timer)
{
	free(timer->data);
}

static void on_poll_closed(uv_handle_t *poll)
{
	struct job *job = poll->data;

	xst_restore_free(job->restore); /* its descriptor is no longer watched */
	close(job->fd);
	uv_close((uv_handle_t *)&job->timer, on_timer_closed);
}

static void done(void *userdata, struct xst_restore *r, const struct xst_restore_result *result)
{
	struct job *job = userdata;
	char words[400];

	(void)r;
	if (result->code) {
		xst_finding_format(&result->error, job->name, words, sizeof(words));
		fprintf(stderr, "%s\n", words);
		failed = 1;
	} else {
		printf("%s: restored, %llu records\n", job->name,
		       (unsigned long long)result->records);
	}
	uv_close((uv_handle_t *)&job->poll, on_poll_closed);
}

static void begin(uv_loop_t *loop, const char *name)
{
	struct job *job = calloc(1, sizeof(*job));
	struct xst_restore_options o = {
		.size = sizeof(o),
		.domid = XST_DOMID_NONE,
		.domain = xst_sink_null(),
		.done = done,
		.userdata = job,
	};

	if (!job)
		abort();
	job->name = name;
	o.fd = job->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (job->fd < 0 || xst_restore_new(&o, &job->restore) || xst_restore_start(job->restore)) {
		perror(name);
		failed = 1;
		xst_restore_free(job->restore);
		if (job->fd >= 0)
			close(job->fd);
		free(job);
		return;
	}
	job->poll.data = job->timer.data = job;
	uv_timer_init(loop, &job->timer);
	uv_poll_init(loop, &job->poll, xst_restore_get_fd(job->restore));
	uv_poll_start(&job->poll, UV_READABLE, on_poll);
	set_timer(job);
}

int main(int argc, char **argv)
{
	uv_loop_t *loop = uv_default_loop();

	for (int i = 1; i < argc; i++)
		begin(loop, argv[i]);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
	return failed || argc < 2 ? EXIT_FAILURE : EXIT_SUCCESS;
}
