/* SPDX-License-Identifier: MIT */
/* How far a job is: six times a second at most, on stderr, never on stdout. */
#include "cli/cli.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PERIOD 0.16

static const char *what;
static FILE *to;
static bool machine; /* done/total lines for a program, else a line that is overwritten */
static bool shown;
static double begin, last;
static volatile sig_atomic_t asked;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void on_sigusr1(int signal_number)
{
	(void)signal_number;
	asked = 1;
}

void progress_start(const char *name)
{
	struct sigaction sa = { .sa_handler = on_sigusr1, .sa_flags = SA_RESTART };
	const char *when = common.progress;
	char *end;
	long fd;

	what = name;
	begin = now();
	last = begin;
	to = NULL;
	machine = false;
	sigaction(SIGUSR1, &sa, NULL);
	if (when && strcmp(when, "always") == 0)
		to = stderr;
	else if (!when)
		to = isatty(STDERR_FILENO) && !common.quiet ? stderr : NULL;
	else if (strcmp(when, "never") != 0) {
		fd = strtol(when, &end, 10);
		to = *end || fd < 0 ? NULL : fdopen((int)fd, "w");
		machine = true;
		if (!to)
			say("--progress=%s: not always, never or an open descriptor", when);
	}
}

static void line(FILE *f, uint64_t done, uint64_t total, double seconds, char end)
{
	char size[32], rate[32];

	fprintf(f, "%s%s: %s", end == '\r' ? "\r\033[K" : "", what,
		human_size(done, size, sizeof(size)));
	if (total)
		fprintf(f, ", %u %%", (unsigned)(100.0 * (double)done / (double)total));
	if (seconds > 0)
		fprintf(f, ", %s/s",
			human_size((uint64_t)((double)done / seconds), rate, sizeof(rate)));
	if (end == '\n')
		fputc('\n', f);
	fflush(f);
}

void progress_tell(void *unused, uint64_t done, uint64_t total)
{
	double t;

	(void)unused;
	if (!to && !asked)
		return;
	t = now();
	if (asked) {
		asked = 0;
		progress_end();
		line(stderr, done, total, t - begin, '\n');
	}
	if (!to || t - last < PERIOD)
		return;
	last = t;
	if (machine) {
		fprintf(to, "%llu/%llu\n", (unsigned long long)done, (unsigned long long)total);
		fflush(to);
		return;
	}
	line(to, done, total, t - begin, '\r');
	shown = true;
}

void progress_end(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}
