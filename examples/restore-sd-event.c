/* SPDX-License-Identifier: MIT */
/* Restores in an sd-event loop, one image per argument, all at once:
 *
 *   restore-sd-event IMAGE...
 *
 * The restore's time is CLOCK_MONOTONIC in microseconds, like sd-event's. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include <xenstream/xenstream.h>

struct job {
	sd_event *loop;
	sd_event_source *io, *time;
	const char *name;
	struct xst_restore *restore;
	int fd;
};

static int jobs, failed;

static void done(void *userdata, struct xst_restore *r, const struct xst_restore_result *result)
{
	struct job *job = userdata;
	sd_event *loop = job->loop;
	char words[400];

	if (result->code) {
		xst_finding_format(&result->error, job->name, words, sizeof(words));
		fprintf(stderr, "%s\n", words);
		failed = 1;
	} else {
		printf("%s: restored, %llu records\n", job->name,
		       (unsigned long long)result->records);
	}
	sd_event_source_disable_unref(job->io);
	sd_event_source_disable_unref(job->time);
	xst_restore_free(r);
	close(job->fd);
	free(job);
	if (--jobs == 0)
		sd_event_exit(loop, 0);
}

/* Each call may change the restore's deadline. */
static int set_timer(struct job *job)
{
	uint64_t deadline = xst_restore_get_timeout(job->restore);

	if (deadline == UINT64_MAX)
		return sd_event_source_set_enabled(job->time, SD_EVENT_OFF);
	sd_event_source_set_time(job->time, deadline);
	return sd_event_source_set_enabled(job->time, SD_EVENT_ONESHOT);
}

static int process(struct job *job)
{
	int r = xst_restore_process(job->restore); /* 1: the job was freed */

	return r == 0 ? set_timer(job) : 0;
}

static int on_io(sd_event_source *s, int fd, uint32_t events, void *job)
{
	(void)s;
	(void)fd;
	(void)events;
	return process(job);
}

static int on_time(sd_event_source *s, uint64_t usec, void *job)
{
	(void)s;
	(void)usec;
	return process(job);
}

static void begin(sd_event *loop, const char *name)
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
	job->loop = loop;
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
	sd_event_add_io(loop, &job->io, xst_restore_get_fd(job->restore), EPOLLIN, on_io, job);
	sd_event_add_time(loop, &job->time, CLOCK_MONOTONIC, 0, 0, on_time, job);
	set_timer(job);
	jobs++;
}

int main(int argc, char **argv)
{
	sd_event *loop;

	if (argc < 2 || sd_event_default(&loop) < 0)
		return EXIT_FAILURE;
	for (int i = 1; i < argc; i++)
		begin(loop, argv[i]);
	if (jobs && sd_event_loop(loop) < 0)
		failed = 1;
	sd_event_unref(loop);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
