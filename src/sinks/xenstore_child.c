/* SPDX-License-Identifier: MIT */
/* The process that waits for a xenstore, so that the caller needn't.
 *
 * An order is one byte, a report one packet.  When reports are no longer wanted, or the parent
 * dies, the child exits; its connection and any uncommitted transaction end with it. */
#include "sinks/sinks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ORDERS 3 /* the child's descriptor for orders */

struct task {
	const struct store_library *library;
	const char *path;
	enum store_order order;
	const struct keys *keys;
	const char *root;
};

/* --- the child -------------------------------------------------------------------------------- */

/* Makes 0, 1 and 2 /dev/null, keeps ORDERS, and closes all others, on whose end other processes may
 * wait. */
static bool store_child_settle_descriptors(int orders)
{
	int nothing;

	orders = fcntl(orders, F_DUPFD, ORDERS + 1);
	nothing = open("/dev/null", O_RDWR);
	if (orders < 0 || nothing < 0 || dup2(orders, ORDERS) < 0)
		return false;
	for (int i = 0; i < ORDERS; i++)
		if (dup2(nothing, i) < 0)
			return false;
	return close_range(ORDERS + 1, ~0u, 0) == 0;
}

/* Sends the report, and exits on failure. */
static void store_child_tell(const struct store_report *report)
{
	if (send(ORDERS, report, sizeof(*report), MSG_NOSIGNAL) != (ssize_t)sizeof(*report) ||
	    report->err)
		_exit(0);
}

static enum store_order next_order(void)
{
	unsigned char order;
	ssize_t n;

	do
		n = recv(ORDERS, &order, 1, 0);
	while (n < 0 && errno == EINTR);
	return n == 1 ? order : ORDER_NONE;
}

static void obey(struct store_work *w, const struct task *t, enum store_order order)
{
	struct store_report report = { 0 };

	switch (order) {
	case ORDER_PROBE:  xst_sinks_store_work_probe(w, &report); break;
	case ORDER_WRITE:  xst_sinks_store_work_write(w, t->keys, t->root, &report); break;
	case ORDER_COMMIT: xst_sinks_store_work_commit(w, &report); break;
	case ORDER_UNDO:   xst_sinks_store_work_undo(w, &report); break;
	case ORDER_NONE:   _exit(0);
	}
	store_child_tell(&report);
}

static _Noreturn void store_child_be_child(const struct task *t, int orders, pid_t parent)
{
	struct store_report report = { 0 };
	struct store_work *w;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ||
	    !store_child_settle_descriptors(orders))
		_exit(1);
	w = xst_sinks_store_work_open(t->library, t->path, &report);
	if (!w)
		store_child_tell(&report);
	for (enum store_order order = t->order;; order = next_order())
		obey(w, t, order);
}

/* --- its parent ------------------------------------------------------------------------------- */

int xst_sinks_store_child_start(struct store_child *c, const struct store_library *l,
				const char *path, enum store_order order, const struct keys *keys,
				const char *root)
{
	struct task t = { l, path, order, keys, root };
	pid_t parent = getpid();
	sigset_t all, before;
	int ends[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	/* none of the parent's handlers runs in the child, which only SIGKILL ends */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	c->pid = fork();
	if (c->pid == 0)
		store_child_be_child(&t, ends[1], parent);
	err = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (c->pid < 0) {
		close(ends[0]);
		*c = (struct store_child){ 0, -1 };
		return -err;
	}
	c->fd = ends[0];
	return 0;
}

int xst_sinks_store_child_order(const struct store_child *c, enum store_order order)
{
	unsigned char byte = (unsigned char)order;

	return send(c->fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 ? 0 : -errno;
}

int xst_sinks_store_child_report(const struct store_child *c, struct store_report *ret)
{
	ssize_t n;

	do
		n = recv(c->fd, ret, sizeof(*ret), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? XST_AGAIN : -errno;
	return n == (ssize_t)sizeof(*ret) ? 0 : -EPIPE;
}

void xst_sinks_store_child_kill(struct store_child *c)
{
	if (!c->pid)
		return;
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(c->fd);
	*c = (struct store_child){ 0, -1 };
}
