/* SPDX-License-Identifier: MIT */
/* Restores in a plain poll() loop, one image per argument, all at once:
 *
 *   restore-poll IMAGE...
 *
 * Each has one descriptor and one timeout.  The domains are discarded (xst_sink_null()); use
 * another sink to do something with them. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <xenstream/xenstream.h>

struct job {
	const char *name;
	struct xst_restore *restore; /* NULL: finished */
	int fd;
	int failed;
};

static void done(void *userdata, struct xst_restore *r, const struct xst_restore_result *result)
{
	struct job *job = userdata;
	char words[400];

	job->failed = result->code != 0;
	if (job->failed) {
		xst_finding_format(&result->error, job->name, words, sizeof(words));
		fprintf(stderr, "%s\n", words);
	} else {
		printf("%s: restored, %llu records\n", job->name,
		       (unsigned long long)result->records);
	}
	job->restore = xst_restore_free(r);
	close(job->fd);
}

static void begin(struct job *job, const char *name)
{
	struct xst_restore_options o = {
		.size = sizeof(o),
		.domid = XST_DOMID_NONE,
		.domain = xst_sink_null(),
		.done = done,
		.userdata = job,
	};

	job->name = name;
	o.fd = job->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (job->fd >= 0 && xst_restore_new(&o, &job->restore) == 0 &&
	    xst_restore_start(job->restore) == 0)
		return;
	perror(name);
	job->failed = 1;
	job->restore = xst_restore_free(job->restore);
	if (job->fd >= 0)
		close(job->fd);
}

/* The time left in milliseconds, rounded up, for poll(). */
static int milliseconds_to(uint64_t deadline)
{
	struct timespec t;
	uint64_t now;

	if (deadline == UINT64_MAX)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &t);
	now = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
	if (deadline <= now)
		return 0;
	return deadline - now > 60000000 ? 60000 : (int)((deadline - now + 999) / 1000);
}

/* One round of the loop.  Returns how many jobs are still running. */
static int turn(struct job *jobs, struct pollfd *p, int n)
{
	uint64_t first = UINT64_MAX;
	int left = 0;

	for (int i = 0; i < n; i++) {
		struct xst_restore *r = jobs[i].restore;
		uint64_t t = r ? xst_restore_get_timeout(r) : UINT64_MAX;

		p[i] = (struct pollfd){ .fd = -1 }; /* poll() ignores it */
		if (r) {
			p[i].fd = xst_restore_get_fd(r);
			p[i].events = xst_restore_get_events(r);
		}
		first = t < first ? t : first;
		left += r != NULL;
	}
	if (left && poll(p, (nfds_t)n, milliseconds_to(first)) >= 0)
		for (int i = 0; i < n; i++) /* its time may have come without data */
			if (jobs[i].restore && xst_restore_process(jobs[i].restore) < 0)
				abort();
	return left;
}

int main(int argc, char **argv)
{
	int n = argc - 1, failed = n == 0;
	struct job *jobs = calloc((size_t)argc, sizeof(*jobs));
	struct pollfd *p = calloc((size_t)argc, sizeof(*p));

	if (!jobs || !p)
		return EXIT_FAILURE;
	for (int i = 0; i < n; i++)
		begin(&jobs[i], argv[i + 1]);
	while (turn(jobs, p, n))
		;
	for (int i = 0; i < n; i++)
		failed |= jobs[i].failed;
	free(jobs);
	free(p);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
