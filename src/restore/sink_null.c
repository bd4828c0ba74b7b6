/* SPDX-License-Identifier: MIT */
/* A domain sink that discards everything: to test whether a stream can be read to its end, and how
 * fast. */
#include <xenstream/restore.h>

static int null_prepare(void *self, const struct xst_restore_domain *domain)
{
	(void)self;
	(void)domain;
	return 0;
}

static int null_event(void *self, const struct xst_event *ev)
{
	(void)self;
	(void)ev;
	return 0;
}

static int swallow(void *self, const void *data, size_t n, size_t *ret_done)
{
	(void)self;
	(void)data;
	*ret_done = n;
	return 0;
}

/* A file's bytes need not even be read. */
static int null_move(void *self, int fd, const off_t *offset, uint64_t n, uint64_t *ret_moved)
{
	(void)self;
	(void)fd;
	*ret_moved = offset ? n : 0;
	return 0;
}

static int null_nothing(void *self)
{
	(void)self;
	return 0;
}

static void free_nothing(void *self)
{
	(void)self;
}

static void null_wait(void *self, struct xst_wait *ret)
{
	(void)self;
	*ret = (struct xst_wait){ .fd = -1, .deadline = UINT64_MAX };
}

static const struct xst_finding *null_error(void *self)
{
	static const struct xst_finding none;

	(void)self;
	return &none;
}

struct xst_domain_sink xst_sink_null(void)
{
	static const struct xst_domain_sink_ops ops = {
		.size = sizeof(ops), .name = "null", .prepare = null_prepare, .event = null_event,
		.write = swallow, .move = null_move, .finish = null_nothing, .commit = null_nothing,
		.abort = null_nothing, .free = free_nothing, .wait = null_wait, .error = null_error,
	};

	return (struct xst_domain_sink){ &ops, NULL };
}
