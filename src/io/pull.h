/* SPDX-License-Identifier: MIT */
/* The reader of streams: takes events from a source, passes a run's bytes to a drain, and copies
 * everything it takes to a tee.  xst_reader adds calls that wait, a restore's player adds sinks.
 *
 * Functions return 0, XST_AGAIN (repeat the same call when the condition in `wait` holds), or a
 * negative enum xst_errc: then either xst_pull_error() has a code, or the drain or the tee that
 * failed has the details. */
#ifndef IO_PULL_H
#define IO_PULL_H

#include <xenstream/restore.h>

#include "io/io.h"
#include "io/source.h"

/* Somebody who looks at bytes on their way to a drain. */
struct sight {
	void *self;
	uint64_t (*wants)(void *self); /* how many of the next bytes it must see; 0: none */
	int (*see)(void *self, const void *data, size_t n); /* may be more than it wanted */
};

/* A destination for bytes.  The operations are those of a sink, see struct xst_domain_sink_ops. */
struct drain {
	void *self;
	int (*write)(void *self, const void *data, size_t n, size_t *ret_done); /* NULL: nowhere */
	int (*move)(void *self, int fd, const off_t *offset, uint64_t n, uint64_t *ret_moved);
	void (*wait)(void *self, struct xst_wait *ret);
	int id; /* for the caller, to tell drains apart */
	const struct sight *sight; /* NULL: nobody */
};

struct pull {
	struct xst_parser *parser;
	struct source source;
	bool patient;            /* calls may wait; nobody checks first whether the source is
				  * ready */
	bool eof, no_move;
	struct drain tee;        /* always takes everything */
	size_t passed;           /* bytes of the window that the tee has received */
	const struct xst_event *pending; /* found at the end of a run */
	const uint8_t *slice;    /* part of the run in the window, not delivered yet */
	size_t slice_left;
	struct transfer to_null;
	int null_fd;
	uint64_t work;           /* bytes read or moved so far: only ever grows */
	struct xst_wait wait;
	struct xst_finding error; /* the source's, or set by the owner of the tee; sticky */
};

#define PULL_NONE ((struct pull){ .source = { .fd = -1 }, .null_fd = -1 })

/* Takes over the parser, which may be NULL if it is set later.  Returns 0 or XST_E_NOMEM. */
int xst_pull_init(struct pull *p, struct xst_parser *parser);
/* PULL_NONE is fine. */
void xst_pull_free(struct pull *p);

/* The next event; never NEED, unless the result is not 0. */
int xst_pull_next(struct pull *p, const struct xst_event **ret_ev);
/* Inside a run: passes up to n bytes of it to the drain (NULL, or without `write`: discards them).
 * *ret_moved: how many, also if the result is not 0; fewer than n with result 0 only at the end of
 * the run or of the input. */
int xst_pull_run(struct pull *p, const struct drain *d, uint64_t n, uint64_t *ret_moved);
/* Whether xst_pull_run() has reached the end of the run. */
bool xst_pull_run_is_over(const struct pull *p);

/* From now on `tee` (NULL: none) gets all bytes that the parser takes, at the latest before the
 * source is used again. */
void xst_pull_set_tee(struct pull *p, const struct drain *tee);
/* Passes to the tee everything that the parser has taken. */
int xst_pull_pass_on(struct pull *p);
/* Passes to the tee some of the input that the parser will not see; *ret_moved is 0 at the end of
 * the input. */
int xst_pull_pass_rest(struct pull *p, uint64_t max, uint64_t *ret_moved);

/* Bytes given to the parser so far, in its counting: a copy of it goes on there. */
uint64_t xst_pull_fed(const struct pull *p);
/* The place in the source's file of the byte that xst_pull_fed() gave as `fed`. */
uint64_t xst_pull_place(const struct pull *p, uint64_t fed);
/* How many bytes are left of a file, from the parser's next one on. */
uint64_t xst_pull_left(struct pull *p);

/* Records a failure of the source.  Returns XST_E_IO. */
int xst_pull_input_failed(struct pull *p, int err);
/* The error that has ended the reading, the source's or the parser's; code 0: none. */
const struct xst_finding *xst_pull_error(const struct pull *p);

#endif
