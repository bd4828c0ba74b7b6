/* SPDX-License-Identifier: MIT */
#include "io/pull.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

int xst_pull_init(struct pull *p, struct xst_parser *parser)
{
	*p = PULL_NONE;
	p->parser = parser;
	return xst_source_init(&p->source);
}

void xst_pull_free(struct pull *p)
{
	xst_parser_free(p->parser);
	xst_source_free(&p->source);
	xst_io_transfer_free(&p->to_null);
	if (p->null_fd >= 0)
		close(p->null_fd);
	*p = PULL_NONE;
}

int xst_pull_input_failed(struct pull *p, int err)
{
	return xst_io_error(&p->error, RULE_INPUT_IO, err, "reading the input");
}

const struct xst_finding *xst_pull_error(const struct pull *p)
{
	return p->error.code ? &p->error : xst_parser_error(p->parser);
}

/* --- places --------------------------------------------------------------------------------- */

uint64_t xst_pull_fed(const struct pull *p)
{
	return xst_parser_offset(p->parser) + xst_parser_held(p->parser);
}

uint64_t xst_pull_place(const struct pull *p, uint64_t fed)
{
	uint64_t here = p->source.position - source_window_left(&p->source);

	return here - (xst_pull_fed(p) - fed);
}

uint64_t xst_pull_left(struct pull *p)
{
	return xst_parser_held(p->parser) + source_window_left(&p->source) +
	       xst_source_within(&p->source, UINT64_MAX);
}

/* --- windows -------------------------------------------------------------------------------- */

static int pull_await(struct pull *p)
{
	const struct source *s = &p->source;

	if (p->patient || s->seekable || xst_io_is_ready(s->fd, POLLIN))
		return 0;
	p->wait = (struct xst_wait){ .fd = s->fd, .events = POLLIN, .deadline = UINT64_MAX };
	return XST_AGAIN;
}

void xst_pull_set_tee(struct pull *p, const struct drain *tee)
{
	p->tee = tee ? *tee : (struct drain){ .self = NULL };
	p->passed = p->source.in.pos;
}

int xst_pull_pass_on(struct pull *p)
{
	const struct xst_in *in = &p->source.in;
	size_t from = p->passed, done;

	p->passed = in->pos;
	if (!p->tee.write || in->pos == from)
		return 0;
	return p->tee.write(p->tee.self, in->src + from, in->pos - from, &done);
}

/* A fresh window, for a parser that has used up the last one.  The receiver of the tee must have
 * the last window before we wait. */
static int pull_fill(struct pull *p, uint64_t max)
{
	int e = xst_pull_pass_on(p);
	ssize_t k;

	if (e == 0)
		e = pull_await(p);
	if (e)
		return e;
	k = xst_source_read(&p->source, max);
	if (k < 0)
		return xst_pull_input_failed(p, (int)-k);
	p->passed = 0;
	p->work += (uint64_t)k;
	if (k == 0) {
		p->eof = true;
		xst_parser_eof(p->parser);
	}
	return 0;
}

/* The most frequently called function: the address of no local variable is passed on. */
int xst_pull_next(struct pull *p, const struct xst_event **ret_ev)
{
	if (p->error.code)
		return p->error.code;
	if (p->pending) {
		*ret_ev = p->pending;
		p->pending = NULL;
		return 0;
	}
	for (;;) {
		int e = xst_parser_next(p->parser, &p->source.in, ret_ev);

		if (e || (*ret_ev)->type != XST_EVENT_NEED)
			return e;
		e = pull_fill(p, (*ret_ev)->u.need.max);
		if (e)
			return e;
	}
}

/* --- runs ----------------------------------------------------------------------------------- */

/* The drain's result, and the condition that it waits for. */
static int drain_says(struct pull *p, const struct drain *d, int code)
{
	if (code == XST_AGAIN)
		d->wait(d->self, &p->wait);
	return code;
}

static int move_to_null(struct pull *p, uint64_t n, uint64_t *ret_n)
{
	bool out;
	ssize_t k;

	if (p->null_fd < 0)
		p->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (p->null_fd < 0)
		return 0; /* then they are read */
	k = xst_io_transfer(&p->to_null, p->source.fd, NULL, p->null_fd, n, &out);
	if (k < 0)
		return xst_pull_input_failed(p, (int)-k);
	*ret_n = (uint64_t)k;
	return 0;
}

/* Moves up to n bytes from the source's position into the drain, or else the tee, or discards
 * them. */
static int pull_move(struct pull *p, const struct drain *d, uint64_t n, uint64_t *ret_n)
{
	const struct source *s = &p->source;
	off_t at = (off_t)s->position;

	if (d && d->write && p->tee.write) /* both need the bytes */
		return 0;
	if (!d || !d->write)
		d = &p->tee;
	if (!d->write && !s->seekable)
		return move_to_null(p, n, ret_n);
	if (!d->write)
		*ret_n = n;
	if (!d->move || s->memory)
		return 0;
	return drain_says(p, d, d->move(d->self, s->fd, s->seekable ? &at : NULL, n, ret_n));
}

/* Moves or skips up to n bytes of the run without the parser.  *ret_n 0: only the parser can
 * continue. */
static int pull_direct(struct pull *p, const struct drain *d, uint64_t n, uint64_t *ret_n)
{
	struct source *s = &p->source;
	uint64_t left = xst_parser_payload_left(p->parser);
	int e;

	n = n < left ? n : left;
	if (d && d->sight && d->sight->wants(d->sight->self))
		return 0;
	if (p->no_move || p->eof || source_window_left(s) >= n) /* the last part: short, and already
								 * read */
		return 0;
	if (s->seekable)
		xst_source_rewind(s);
	n = xst_source_within(s, n);
	if (!n || source_window_left(s))
		return 0;
	e = xst_pull_pass_on(p);
	if (e == 0)
		e = pull_await(p);
	if (e == 0)
		e = pull_move(p, d, n, ret_n);
	if (e < 0 || (e && !*ret_n))
		return e;
	p->no_move = !*ret_n;
	if (p->no_move)
		return 0;
	xst_source_moved(s, *ret_n);
	p->work += *ret_n;
	return xst_parser_claim(p->parser, &s->in, *ret_n);
}

/* By the parser: a slice of up to n bytes, or the event after the run. */
static int pull_slice(struct pull *p, uint64_t n)
{
	struct xst_in *in = &p->source.in, part = *in;
	const struct xst_event *ev;
	int e;

	if (source_window_left(&p->source) > n && xst_parser_payload_left(p->parser) > n) {
		part.size = part.pos + (size_t)n;
		e = xst_parser_next(p->parser, &part, &ev);
		in->pos = part.pos;
	} else {
		e = xst_pull_next(p, &ev);
	}
	if (e)
		return e;
	if (ev->type != XST_EVENT_PAYLOAD) {
		p->pending = ev;
		p->no_move = false;
		return 0;
	}
	p->slice = ev->u.payload.data;
	p->slice_left = ev->u.payload.size;
	return 0;
}

static int deliver_slice(struct pull *p, const struct drain *d, uint64_t *ret_n)
{
	size_t done = p->slice_left;
	int e = d && d->write ? d->write(d->self, p->slice, done, &done) : 0;

	if (e)
		return drain_says(p, d, e);
	if (d && d->sight && d->sight->wants(d->sight->self))
		e = d->sight->see(d->sight->self, p->slice, done);
	p->slice += done;
	p->slice_left -= done;
	*ret_n = done;
	return e;
}

static int pull_run_step(struct pull *p, const struct drain *d, uint64_t n, uint64_t *ret_n)
{
	int e;

	*ret_n = 0;
	if (!p->slice_left) {
		e = pull_direct(p, d, n, ret_n);
		if (e || *ret_n)
			return e;
		e = pull_slice(p, n);
		if (e || !p->slice_left)
			return e;
	}
	return deliver_slice(p, d, ret_n);
}

int xst_pull_run(struct pull *p, const struct drain *d, uint64_t n, uint64_t *ret_moved)
{
	*ret_moved = 0;
	while (p->slice_left || (n && !p->pending)) {
		uint64_t k;
		int e = pull_run_step(p, d, n, &k);

		*ret_moved += k;
		n -= k < n ? k : n; /* bytes held by the parser come in one piece */
		if (e)
			return e;
	}
	return 0;
}

bool xst_pull_run_is_over(const struct pull *p)
{
	return p->pending && !p->slice_left;
}

int xst_pull_pass_rest(struct pull *p, uint64_t max, uint64_t *ret_moved)
{
	struct source *s = &p->source;
	uint64_t n = source_window_left(s);
	int e;

	s->in.pos = s->in.size;
	e = xst_pull_pass_on(p);
	if (e)
		return e;
	if (n == 0) {
		max = xst_source_within(s, max);
		e = max ? pull_move(p, NULL, max, &n) : 0;
		xst_source_moved(s, n);
	}
	if (e == 0)
		*ret_moved = n;
	return e;
}
