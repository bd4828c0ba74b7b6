/* SPDX-License-Identifier: MIT */
/* The progress of a job: at most six times a second, on stderr, never on stdout. */
#include "cli/cli.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/io.h"

#define PERIOD 0.16

static const char *what;
static FILE *to;
static bool machine; /* print done/total lines for a program, else one line that is overwritten */
static bool shown;
static double begin, last;
static uint64_t last_done, last_total;
static volatile sig_atomic_t asked;

static double now(void)
{
	return 1e-6 * (double)xst_io_now();
}

static void on_sigusr1(int signal_number)
{
	(void)signal_number;
	asked = 1;
}

bool xst_cli_progress_option(const char *when, bool quiet)
{
	char *end;
	long fd;

	if (!when)
		to = isatty(STDERR_FILENO) && !quiet ? stderr : NULL;
	else if (strcmp(when, "always") == 0)
		to = stderr;
	else if (strcmp(when, "never") != 0) {
		fd = strtol(when, &end, 10);
		to = end == when || *end || fd < 0 || fd > INT_MAX ? NULL : fdopen((int)fd, "w");
		machine = true;
		return to;
	}
	return true;
}

void xst_cli_progress_start(const char *name)
{
	struct sigaction sa = { .sa_handler = on_sigusr1, .sa_flags = SA_RESTART };

	what = name;
	begin = now();
	last = begin;
	last_done = last_total = 0;
	sigaction(SIGUSR1, &sa, NULL);
}

/* ", 7 s left", ", 3:20 min left" */
static void print_left(FILE *f, double seconds)
{
	unsigned long long left = (unsigned long long)(seconds + 0.5);

	if (left < 60)
		fprintf(f, ", %llu s left", left);
	else
		fprintf(f, ", %llu:%02llu min left", left / 60, left % 60);
}

static void line(FILE *f, uint64_t done, uint64_t total, double seconds, char end)
{
	char size[32], rate[32];

	fprintf(f, "%s%s: %s", end == '\r' ? "\r\033[K" : "", what,
		xst_cli_human_size(done, size, sizeof(size)));
	if (total)
		fprintf(f, ", %u %%", (unsigned)(100.0 * (double)done / (double)total));
	if (seconds > 0)
		fprintf(f, ", %s/s",
			xst_cli_human_size((uint64_t)((double)done / seconds), rate, sizeof(rate)));
	if (total > done && done && seconds > 0)
		print_left(f, seconds * (double)(total - done) / (double)done);
	if (end == '\n')
		fputc('\n', f);
	fflush(f);
}

static void machine_line(void)
{
	fprintf(to, "%llu/%llu\n", (unsigned long long)last_done, (unsigned long long)last_total);
	fflush(to);
}

void xst_cli_progress_tell(void *unused, uint64_t done, uint64_t total)
{
	double t;

	(void)unused;
	if (!to && !asked)
		return;
	last_done = done;
	last_total = total;
	t = now();
	if (asked) {
		asked = 0;
		xst_cli_progress_clear();
		line(stderr, done, total, t - begin, '\n');
	}
	if (!to || t - last < PERIOD)
		return;
	last = t;
	if (machine) {
		machine_line();
		return;
	}
	line(to, done, total, t - begin, '\r');
	shown = true;
}

void xst_cli_progress_clear(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}

void xst_cli_progress_end(void)
{
	xst_cli_progress_clear();
	if (machine)
		machine_line();
}
