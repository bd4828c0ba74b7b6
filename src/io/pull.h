/* SPDX-License-Identifier: MIT */
/* The one reader of streams: events off a source, a run's bytes into a drain, all that was taken into a
 * tee.  xst_reader is this with calls that wait, a restore's player is it with sinks.
 *
 * Functions return 0, XST_AGAIN (`wait` says what for: the same call again when that has come), or a
 * negative enum xst_errc: then either xst_pull_error() has a code, or the drain or the tee that failed
 * knows why. */
#ifndef IO_PULL_H
#define IO_PULL_H

#include <xenstream/restore.h>

#include "io/io.h"
#include "io/source.h"

/* Where bytes go.  The operations are those of a sink, see struct xst_domain_ops. */
struct drain {
	void *self;
	int (*write)(void *self, const void *data, size_t n, size_t *ret_done); /* NULL: nowhere */
	int (*move)(void *self, int fd, const off_t *offset, uint64_t n, uint64_t *ret_moved);
	void (*wait)(void *self, struct xst_wait *ret);
	int id; /* for the caller, to tell whose it is */
};

struct pull {
	struct xst_parser *parser;
	struct source source;
	bool patient;            /* calls may wait: nobody asks first whether the source is ready */
	bool eof, no_move;
	struct drain tee;        /* takes all it is given */
	size_t passed;           /* bytes of the window that the tee has */
	const struct xst_event *pending; /* met at the end of a run */
	const uint8_t *slice;    /* of the run, out of the window, not delivered yet */
	size_t slice_left;
	struct transfer to_null;
	int null_fd;
	uint64_t work;           /* bytes read or moved so far: only ever grows */
	struct xst_wait wait;
	struct xst_finding error; /* the source's, or what the owner of the tee puts here; sticky */
};

#define PULL_NONE ((struct pull){ .source = { .fd = -1 }, .null_fd = -1 })

/* Takes the parser, which may be NULL if one is put there later.  Returns 0 or XST_E_NOMEM. */
int xst_pull_init(struct pull *p, struct xst_parser *parser);
/* PULL_NONE is fine. */
void xst_pull_free(struct pull *p);

/* The next event; never NEED, unless the result is not 0. */
int xst_pull_next(struct pull *p, const struct xst_event **ret_ev);
/* Inside a run: up to n bytes of it go into the drain (NULL, or without `write`: nowhere).  *ret_moved:
 * how many went, also when it returns something other than 0; fewer than n with 0 only when the run or
 * the input has ended. */
int xst_pull_run(struct pull *p, const struct drain *d, uint64_t n, uint64_t *ret_moved);
/* Whether xst_pull_run() has met the end of the run. */
bool xst_pull_run_is_over(const struct pull *p);

/* From now on `tee` (NULL: nobody) gets all bytes that the parser takes: at the latest before the source
 * is used again. */
void xst_pull_set_tee(struct pull *p, const struct drain *tee);
/* The tee has all that the parser has taken. */
int xst_pull_pass_on(struct pull *p);
/* The tee gets some of what the parser will not see; *ret_moved is 0 at the end of the input. */
int xst_pull_pass_rest(struct pull *p, uint64_t max, uint64_t *ret_moved);

/* Bytes that the parser was given so far, in its counting: where a copy of it goes on. */
uint64_t xst_pull_fed(const struct pull *p);
/* Where in the source's file the byte is that xst_pull_fed() has counted so. */
uint64_t xst_pull_place(const struct pull *p, uint64_t fed);
/* How many bytes are left of a file, from the one on that the parser will count next. */
uint64_t xst_pull_left(struct pull *p);

/* The source's failure.  Returns XST_E_IO. */
int xst_pull_input_failed(struct pull *p, int err);
/* The error that has ended the reading, the source's or the parser's; code 0: none. */
const struct xst_finding *xst_pull_error(const struct pull *p);

#endif
