/* SPDX-License-Identifier: MIT */
/* A run without a length: a device model's state after a bare image lasts to the end of the input.
 *
 * Its sink needs the length first.  A file's size gives it; the rest of a pipe goes into the spool
 * and from there to the sink. */
#include "restore/restore.h"

#include "parse/parser.h"

#define TAIL_ONCE (64 << 10)

static int store_tail(void *self, const void *data, size_t n, size_t *ret_done)
{
	struct xst_restore *r = self;
	uint64_t limit = xst_parser_max_run(r->main.pull.parser);

	if (r->spool.size + n > limit)
		return xst_restore_fail(r, XST_E_LIMIT, RULE_LIMIT, NULL,
					"more than %llu bytes of device model state",
					(unsigned long long)limit);
	*ret_done = n;
	return xst_restore_spool_write(&r->spool, data, n, &r->error);
}

bool xst_restore_tail_begin(struct xst_restore *r, const struct xst_event *ev, int *ret)
{
	struct pull *p = &r->main.pull;
	struct drain drain = { .self = r, .write = store_tail };

	*ret = 0;
	if (ev->type != XST_EVENT_PAYLOAD_BEGIN || ev->u.payload.length != XST_LENGTH_UNKNOWN ||
	    r->phase != XST_PHASE_NORMAL)
		return false;
	if (p->source.seekable) {
		*ret = xst_parser_set_run_length(p->parser, xst_pull_left(p));
		return false;
	}
	xst_restore_spool_clear(&r->spool);
	r->tail = *ev;
	r->had_tail = true;
	xst_restore_player_done(&r->main, &drain);
	return true;
}

static int tail_some(struct xst_restore *r)
{
	struct drain *d = &r->tail_drain;
	uint64_t left = r->spool.size - r->tail_done, moved = 0;
	off_t offset = (off_t)r->tail_done;
	size_t n = left < TAIL_ONCE ? (size_t)left : TAIL_ONCE, done = 0;
	uint8_t buffer[TAIL_ONCE];
	ssize_t k;
	int e = 0;

	if (!d->write) {
		r->tail_done = r->spool.size;
		return 0;
	}
	if (d->move && r->spool.fd >= 0)
		e = d->move(d->self, r->spool.fd, &offset, left, &moved);
	if (e == 0 && !moved && r->spool.fd >= 0) {
		k = xst_io_pread_some(r->spool.fd, buffer, n, offset);
		if (k <= 0)
			return xst_io_error(&r->error, RULE_INPUT_IO, (int)-k, r->tmpdir);
		e = d->write(d->self, buffer, (size_t)k, &done);
	} else if (e == 0 && !moved) {
		e = d->write(d->self, r->spool.memory + offset, n, &done);
	}
	r->tail_done += moved + done;
	return xst_restore_sink_result(r, (enum sink_id)d->id, e);
}

int xst_restore_tail_task(struct xst_restore *r)
{
	int e = 0;

	if (!r->tail_begun) {
		r->tail.u.payload.length = r->spool.size;
		e = xst_restore_spool_flush(&r->spool, &r->error);
		if (e)
			return e;
		e = r->spool.size ? xst_restore_route_apply(r, &r->tail, &r->tail_drain) : 0;
		r->tail_begun = e == 0;
		return e;
	}
	if (r->tail_done < r->spool.size)
		return tail_some(r);
	r->had_tail = false;
	r->task = TASK_READ;
	return 0;
}
