/* SPDX-License-Identifier: MIT */
/* Delivers a stream's events, and each run to a sink before the next event; each call is short. */
#include "restore/restore.h"

#include <fcntl.h>

#define MOVE_ONCE (UINT64_C(1) << 20) /* bytes: keeps process() short */

int xst_restore_player_init(struct player *pl, struct xst_parser *parser)
{
	*pl = (struct player){ .in_run = false };
	return xst_pull_init(&pl->pull, parser);
}

static int player_step(struct player *pl)
{
	const struct xst_event *ev;
	uint64_t moved;
	int e;

	if (pl->in_run) {
		e = xst_pull_run(&pl->pull, &pl->drain, MOVE_ONCE, &moved);
		pl->in_run = !xst_pull_run_is_over(&pl->pull);
		return e;
	}
	e = xst_pull_next(&pl->pull, &ev);
	if (e == 0)
		pl->event = ev;
	return e;
}

int xst_restore_player_next(struct player *pl, struct watch *w, const struct xst_event **ret_ev)
{
	uint64_t before = pl->pull.work;

	while (!pl->event) {
		int r = player_step(pl);

		if (r == XST_AGAIN)
			return xst_restore_watch_wait(w, &pl->pull.wait);
		if (r)
			return r;
		if (pl->pull.work - before > 4 * MOVE_ONCE) { /* enough for one call */
			xst_restore_watch_kick(w);
			return XST_AGAIN;
		}
	}
	*ret_ev = pl->event;
	return 0;
}

/* A larger pipe means fewer switches between processes.  The request may fail, or the descriptor be
 * no pipe; small streams, of which there may be many, don't need it. */
static void widen(struct player *pl, uint64_t n)
{
	if (pl->widened || n < MOVE_ONCE || n == XST_LENGTH_UNKNOWN)
		return;
	if (!pl->pull.source.seekable)
		(void)fcntl(pl->pull.source.fd, F_SETPIPE_SZ, MOVE_ONCE);
	pl->widened = true;
}

void xst_restore_player_done(struct player *pl, const struct drain *drain)
{
	if (pl->event->type == XST_EVENT_PAYLOAD_BEGIN) {
		pl->in_run = true;
		pl->drain = drain ? *drain : (struct drain){ .self = NULL };
		widen(pl, pl->event->u.payload.length);
	}
	pl->event = NULL;
}
