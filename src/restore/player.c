/* SPDX-License-Identifier: MIT */
/* A stream's events off a descriptor that must not block.
 *
 * A pipe or socket is read only when it has something, and exactly as far as the parser says; payload
 * goes to its drain without passing through here where drain and kernel can do it.  A file, a part of one or
 * a piece of memory is always ready. */
#include "restore/restore.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW (64 << 10)
#define MOVE_ONCE (UINT64_C(1) << 20) /* octets: process() is not to take long */

int xst_restore_player_init(struct player *pl, struct xst_parser *parser)
{
	*pl = (struct player){ .parser = parser, .fd = -1, .limit = -1 };
	pl->window = malloc(WINDOW);
	return pl->window ? 0 : XST_E_NOMEM;
}

void xst_restore_player_free(struct player *pl)
{
	xst_parser_free(pl->parser);
	free(pl->window);
	*pl = (struct player){ .fd = -1, .limit = -1 };
}

void xst_restore_player_from_fd(struct player *pl, int fd)
{
	off_t here = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	pl->fd = fd;
	pl->seekable = here >= 0 && fstat(fd, &st) == 0 &&
		       (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
	pl->position = pl->seekable ? here : 0;
	pl->limit = -1;
	pl->memory = NULL;
}

void xst_restore_player_from_part(struct player *pl, int fd, const uint8_t *memory, uint64_t from,
				  uint64_t to)
{
	pl->fd = fd;
	pl->memory = memory;
	pl->seekable = true;
	pl->position = (off_t)from;
	pl->limit = (off_t)to;
}

uint64_t xst_restore_player_fed(const struct player *pl)
{
	return xst_parser_offset(pl->parser) + xst_parser_held(pl->parser);
}

uint64_t xst_restore_player_place(const struct player *pl, uint64_t fed)
{
	uint64_t here = (uint64_t)pl->position - (pl->in.size - pl->in.pos);

	return here - (xst_restore_player_fed(pl) - fed);
}

/* What was read ahead of a file is read again when it is wanted. */
static void rewind_window(struct player *pl)
{
	pl->position -= (off_t)(pl->in.size - pl->in.pos);
	pl->in.size = pl->in.pos;
}

uint64_t xst_restore_player_size(const struct player *pl)
{
	struct stat st;

	return pl->seekable && !pl->memory && fstat(pl->fd, &st) == 0 && S_ISREG(st.st_mode)
		       ? (uint64_t)st.st_size
		       : 0;
}

/* --- windows -------------------------------------------------------------------------------- */

static int ours(struct player *pl, int code)
{
	pl->error_ours = true;
	return code;
}

static ssize_t read_source(struct player *pl, size_t n)
{
	if (pl->limit >= 0 && (off_t)n > pl->limit - pl->position)
		n = (size_t)(pl->limit - pl->position);
	if (pl->memory) {
		memcpy(pl->window, pl->memory + pl->position, n);
		return (ssize_t)n;
	}
	return pl->seekable ? xst_io_pread_some(pl->fd, pl->window, n, pl->position)
			    : xst_io_read_some(pl->fd, pl->window, n);
}

static int player_fill(struct player *pl, struct watch *w, uint64_t max)
{
	size_t n = pl->seekable || max > WINDOW ? WINDOW : (size_t)max;
	ssize_t k;

	if (!pl->seekable && !xst_restore_watch_ready(pl->fd, POLLIN))
		return xst_restore_watch_fd(w, pl->fd, POLLIN);
	k = read_source(pl, n);
	if (k < 0)
		return xst_io_error(&pl->error, RULE_INPUT_IO, (int)-k, "reading the input");
	pl->in = (struct xst_in){ pl->window, (size_t)k, 0 };
	pl->position += k;
	pl->work += (uint64_t)k;
	if (k == 0) {
		pl->eof = true;
		xst_parser_eof(pl->parser);
	}
	return 0;
}

/* One step of the parser, with what it took kept in the spool. */
static int player_parse(struct player *pl, struct xst_in *in, const struct xst_event **ret_ev)
{
	size_t before = in->pos;
	int r = xst_parser_next(pl->parser, in, ret_ev), e = 0;

	if (pl->tee && in->pos > before)
		e = xst_restore_spool_write(pl->tee, in->src + before, in->pos - before,
					    &pl->error);
	if (e)
		return ours(pl, e);
	if (r)
		pl->error = *xst_parser_error(pl->parser);
	return r;
}

/* --- runs ----------------------------------------------------------------------------------- */

static int drain_slice(struct player *pl, struct watch *w)
{
	struct xst_wait wait;
	size_t done = pl->slice_left;
	int r = pl->drain.write ? pl->drain.write(pl->drain.self, pl->slice, pl->slice_left, &done) : 0;

	if (r == XST_AGAIN) {
		pl->drain.wait(pl->drain.self, &wait);
		return xst_restore_watch_wait(w, &wait);
	}
	if (r < 0)
		return r;
	pl->slice += done;
	pl->slice_left -= done;
	return 0;
}

/* How many octets of a file can be moved at once. */
static uint64_t within_source(const struct player *pl, uint64_t n)
{
	struct stat st;
	off_t end = pl->limit;

	if (n > MOVE_ONCE)
		n = MOVE_ONCE;
	if (!pl->seekable)
		return n;
	if (end < 0 && fstat(pl->fd, &st) == 0 && S_ISREG(st.st_mode))
		end = st.st_size;
	if (end >= 0 && (off_t)n > end - pl->position)
		n = end > pl->position ? (uint64_t)(end - pl->position) : 0;
	return n;
}

/* Nobody wants them, but maybe a spool. */
static int64_t pass_over(struct player *pl, uint64_t n)
{
	if (pl->tee)
		return xst_restore_spool_move(pl->tee, pl->fd, n, &pl->error);
	return pl->seekable ? (int64_t)n : 0;
}

/* *ret: what the drain says, 0 or XST_AGAIN. */
static int64_t player_move(struct player *pl, uint64_t n, int *ret)
{
	uint64_t moved = 0;

	*ret = 0;
	if (!pl->drain.write)
		return pass_over(pl, n);
	if (!pl->drain.move || pl->memory || pl->tee)
		return 0;
	*ret = pl->drain.move(pl->drain.self, pl->fd, pl->seekable ? &pl->position : NULL, n,
			      &moved);
	return *ret < 0 ? *ret : (int64_t)moved;
}

/* A larger pipe means fewer switches between the processes.  It may be refused, or be no pipe; small
 * streams, of which there may be many, can do without. */
static void widen(struct player *pl, uint64_t n)
{
	if (!pl->seekable && !pl->widened && n >= MOVE_ONCE)
		(void)fcntl(pl->fd, F_SETPIPE_SZ, MOVE_ONCE);
	pl->widened |= n >= MOVE_ONCE;
}

/* Moves octets past the parser.  *ret_moved 0: it has to see them. */
static int player_direct(struct player *pl, struct watch *w, uint64_t *ret_moved)
{
	uint64_t n = xst_parser_payload_left(pl->parser);
	struct xst_wait wait;
	int64_t moved;
	int r;

	*ret_moved = 0;
	if (pl->no_move || n == XST_LENGTH_UNKNOWN || n <= pl->in.size - pl->in.pos || pl->eof)
		return 0;
	if (pl->seekable)
		rewind_window(pl);
	n = within_source(pl, n);
	if (pl->in.pos != pl->in.size || !n)
		return 0;
	widen(pl, n);
	if (!pl->seekable && !xst_restore_watch_ready(pl->fd, POLLIN))
		return xst_restore_watch_fd(w, pl->fd, POLLIN);
	moved = player_move(pl, n, &r);
	if (moved < 0)
		return pl->drain.write ? (int)moved : ours(pl, (int)moved);
	if (moved == 0 && r == XST_AGAIN) {
		pl->drain.wait(pl->drain.self, &wait);
		return xst_restore_watch_wait(w, &wait);
	}
	pl->no_move = moved == 0;
	pl->position += pl->seekable ? moved : 0;
	pl->work += (uint64_t)moved;
	*ret_moved = (uint64_t)moved;
	return xst_parser_claim(pl->parser, &pl->in, (uint64_t)moved);
}

/* --- events --------------------------------------------------------------------------------- */

/* Something more of the run.  Sets pl->event when it is over. */
static int player_step_run(struct player *pl, struct watch *w)
{
	const struct xst_event *ev;
	uint64_t moved;
	int r;

	if (pl->slice_left)
		return drain_slice(pl, w);
	r = player_direct(pl, w, &moved);
	if (r || moved)
		return r;
	r = player_parse(pl, &pl->in, &ev);
	if (r)
		return r;
	if (ev->type == XST_EVENT_NEED)
		return player_fill(pl, w, ev->u.need.max);
	if (ev->type == XST_EVENT_PAYLOAD) {
		pl->slice = ev->u.payload.data;
		pl->slice_left = ev->u.payload.size;
	} else {
		pl->event = ev;
		pl->in_run = false;
	}
	return 0;
}

static int step_framing(struct player *pl, struct watch *w)
{
	const struct xst_event *ev;
	int r = player_parse(pl, &pl->in, &ev);

	if (r)
		return r;
	if (ev->type == XST_EVENT_NEED)
		return player_fill(pl, w, ev->u.need.max);
	pl->event = ev;
	return 0;
}

int xst_restore_player_next(struct player *pl, struct watch *w, const struct xst_event **ret_ev)
{
	uint64_t before = pl->work;

	while (!pl->event) {
		int r = pl->in_run ? player_step_run(pl, w) : step_framing(pl, w);

		if (r)
			return r;
		if (pl->work - before > 4 * MOVE_ONCE) { /* enough for one call */
			xst_restore_watch_kick(w);
			return XST_AGAIN;
		}
	}
	*ret_ev = pl->event;
	return 0;
}

void xst_restore_player_done(struct player *pl, const struct drain *drain)
{
	if (pl->event->type == XST_EVENT_PAYLOAD_BEGIN) {
		pl->in_run = true;
		pl->no_move = false;
		pl->drain = drain ? *drain : (struct drain){ .self = NULL };
	}
	pl->event = NULL;
}
