/* SPDX-License-Identifier: MIT */
/* The child process: its descriptors, its signals, its exit. */
#include "filter/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPORTS 3 /* the child's descriptor for reports */
#define DECOMPRESS_MEMORY (192 << 20) /* enough for zstd --long=27 and xz -9, with a margin */

static void default_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		if (i != SIGPIPE && i != SIGUSR1) /* SIGUSR1 asks a whole group for progress */
			signal(i, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Keeps 0, 1, standard error and REPORTS; closes all others. */
static bool filter_child_settle_descriptors(int in, int out, int reports)
{
	int a = fcntl(in, F_DUPFD, REPORTS + 1), b = fcntl(out, F_DUPFD, REPORTS + 1);
	int c = fcntl(reports, F_DUPFD, REPORTS + 1);

	if (a < 0 || b < 0 || c < 0 || dup2(a, STDIN_FILENO) < 0 || dup2(b, STDOUT_FILENO) < 0 ||
	    dup2(c, REPORTS) < 0)
		return false;
	return close_range(REPORTS + 1, ~0u, 0) == 0;
}

/* Limits the memory that a stream's declared sizes can make the child allocate. */
static void limit_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* shadow memory counts, too */
	struct rlimit r;

	if (getrlimit(RLIMIT_DATA, &r) < 0 || r.rlim_cur <= DECOMPRESS_MEMORY)
		return;
	r.rlim_cur = DECOMPRESS_MEMORY;
	(void)setrlimit(RLIMIT_DATA, &r);
#endif
}

struct task {
	int in, out;
	bool compress;
	enum filter_format format;
	int level;
};

static _Noreturn void filter_child_be_child(const struct task *t, int reports, pid_t parent)
{
	struct filter_report report = { .outcome = FILTER_FINE };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	default_signals();
	if (!filter_child_settle_descriptors(t->in, t->out, reports)) {
		report = (struct filter_report){ .outcome = FILTER_READ, .error = errno };
	} else if (t->compress) {
		reports = REPORTS;
		xst_filter_pump_compress(t->format, t->level, &report);
	} else {
		reports = REPORTS;
		limit_memory();
		xst_filter_pump_decompress(t->format, &report);
	}
	if (write(reports, &report, sizeof(report)) != (ssize_t)sizeof(report))
		_exit(1);
	_exit(0); /* closes the pipe: the report precedes the end of the data */
}

static void close_both(const int pipe_ends[2])
{
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

/* Blocks signals in the child until default_signals() has set their handling. */
static pid_t fork_unsignalled(void)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid != 0)
		sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

/* data: the pipe between the child and the caller, whose end is `own`. */
static int filter_child_start(struct filter *f, const struct task *t, const int data[2], int own)
{
	pid_t parent = getpid();
	int reports[2], err;

	if (pipe2(reports, O_CLOEXEC) < 0)
		return -errno;
	f->child = fork_unsignalled();
	if (f->child == 0)
		filter_child_be_child(t, reports[1], parent);
	err = errno;
	close(reports[1]);
	if (f->child < 0) {
		close(reports[0]);
		f->child = 0;
		return -err;
	}
	close(data[!own]);
	f->fd = data[own];
	f->reports = reports[0];
	return 0;
}

static int start_with_pipe(struct filter *f, struct task *t, int own)
{
	int data[2], r;

	*f = (struct filter){ .fd = -1, .reports = -1 };
	if (pipe2(data, O_CLOEXEC) < 0)
		return -errno;
	if (own == 0)
		t->out = data[1];
	else
		t->in = data[0];
	r = filter_child_start(f, t, data, own);
	if (r < 0)
		close_both(data);
	return r;
}

int xst_filter_decompress(struct filter *f, int from, enum filter_format format)
{
	struct task t = { .in = from, .format = format };

	return start_with_pipe(f, &t, 0);
}

int xst_filter_compress(struct filter *f, int to, enum filter_format format, int level)
{
	struct task t = { .out = to, .compress = true, .format = format, .level = level };

	return start_with_pipe(f, &t, 1);
}

bool xst_filter_is_drained(const struct filter *f)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN };

	return f->fd < 0 || (poll(&p, 1, 0) == 1 && p.revents == POLLHUP);
}

void xst_filter_let_go(struct filter *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static void wait_for_child(struct filter *f)
{
	ssize_t n;
	int status = 0;

	do
		n = read(f->reports, &f->report, sizeof(f->report));
	while (n < 0 && errno == EINTR);
	close(f->reports);
	while (waitpid(f->child, &status, 0) < 0 && errno == EINTR)
		;
	f->child = 0;
	if (n != (ssize_t)sizeof(f->report))
		f->report = (struct filter_report){ .outcome = FILTER_DEAD,
						   .error = WIFSIGNALED(status) ? WTERMSIG(status)
										: 0 };
}

const struct filter_report *xst_filter_end(struct filter *f)
{
	xst_filter_let_go(f);
	if (f->child)
		wait_for_child(f);
	return &f->report;
}

void xst_filter_kill(struct filter *f)
{
	if (f->child)
		kill(f->child, SIGKILL);
	(void)xst_filter_end(f);
}
