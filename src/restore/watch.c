/* SPDX-License-Identifier: MIT */
/* One descriptor for everything that is waited for. */
#include "restore/restore.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

int xst_restore_watch_init(struct watch *w)
{
	struct epoll_event ev = { .events = EPOLLIN };

	*w = (struct watch){ .epoll = epoll_create1(EPOLL_CLOEXEC), .kick = -1 };
	if (w->epoll < 0)
		return -errno;
	w->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->kick >= 0 && epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->kick, &ev) == 0)
		return 0;
	return -errno;
}

void xst_restore_watch_free(struct watch *w)
{
	if (w->epoll >= 0)
		close(w->epoll);
	if (w->kick >= 0)
		close(w->kick);
	w->epoll = w->kick = -1;
}

void xst_restore_watch_clear(struct watch *w)
{
	uint64_t n;

	/* a descriptor closed meanwhile has left the set by itself */
	for (unsigned i = 0; i < w->nwatched; i++)
		(void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->watched[i], NULL);
	if (w->kicked)
		(void)!read(w->kick, &n, sizeof(n));
	w->n = w->nwatched = 0;
	w->kicked = false;
}

int xst_restore_watch_wait(struct watch *w, const struct xst_wait *wait)
{
	if (w->n < WATCH_MAX)
		w->wait[w->n++] = *wait;
	return XST_AGAIN;
}

int xst_restore_watch_fd(struct watch *w, int fd, short events)
{
	return xst_restore_watch_wait(
		w, &(struct xst_wait){ .fd = fd, .events = events, .deadline = UINT64_MAX });
}

void xst_restore_watch_kick(struct watch *w)
{
	uint64_t one = 1;

	if (!w->kicked)
		(void)!write(w->kick, &one, sizeof(one));
	w->kicked = true;
}

/* A descriptor that can't be watched counts as always ready. */
static bool watch_add(struct watch *w, const struct xst_wait *wait)
{
	struct epoll_event ev = { .events = 0 };

	if (wait->fd < 0)
		return wait->deadline != UINT64_MAX;
	ev.events |= wait->events & POLLIN ? EPOLLIN : 0u;
	ev.events |= wait->events & POLLOUT ? EPOLLOUT : 0u;
	if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, wait->fd, &ev) < 0)
		return errno == EEXIST;
	w->watched[w->nwatched++] = wait->fd;
	return true;
}

void xst_restore_watch_arm(struct watch *w, bool now)
{
	for (unsigned i = 0; i < w->n; i++)
		now |= !watch_add(w, &w->wait[i]);
	if (now)
		xst_restore_watch_kick(w);
}

uint64_t xst_restore_watch_deadline(const struct watch *w)
{
	uint64_t deadline = UINT64_MAX;

	for (unsigned i = 0; i < w->n; i++)
		if (w->wait[i].deadline < deadline)
			deadline = w->wait[i].deadline;
	return deadline;
}
