/* SPDX-License-Identifier: MIT */
/* Internals of restore, shared by its files.
 *
 *   restore.c    the object, its main call, and the public interface
 *   tasks.c      the tasks; tail.c: one of them
 *   run.c        a minimal event loop
 *   route.c      the meaning of records: which phase, which sink
 *   player.c     a stream's events, with the runs given to sinks; io/pull.c reads them
 *   spool.c      waiting bytes: in memory, then in an unnamed file
 *   worker.c     converts older formats in a thread, from pipe to pipe
 *   watch.c      one descriptor for everything that is waited for
 *   colo_link.c  the messages of COLO's two sides
 *
 * Functions that act return 0, XST_AGAIN (after registering with a watch what they wait for), or a
 * negative enum xst_errc. */
#ifndef RESTORE_RESTORE_H
#define RESTORE_RESTORE_H

#include <xenstream/restore.h>

#include "finding/rules.h"
#include "io/io.h"
#include "io/pull.h"
#include "restore/colo_link.h"

/* --- watch.c -------------------------------------------------------------------------------- */

#define WATCH_MAX 4

struct watch {
	int epoll, kick; /* kick: an eventfd that makes the descriptor readable at once */
	bool kicked;
	struct xst_wait wait[WATCH_MAX]; /* what the current call of process() waits for */
	unsigned n;
	int watched[WATCH_MAX];          /* what the last call put into the epoll set */
	unsigned nwatched;
};

/* Returns 0 or -errno. */
int xst_restore_watch_init(struct watch *w);
void xst_restore_watch_free(struct watch *w);
/* Forgets everything that was waited for. */
void xst_restore_watch_clear(struct watch *w);
/* Returns XST_AGAIN. */
int xst_restore_watch_fd(struct watch *w, int fd, short events);
int xst_restore_watch_wait(struct watch *w, const struct xst_wait *wait);
/* Makes the descriptor readable when anything waited for is ready, or at once if `now`. */
void xst_restore_watch_arm(struct watch *w, bool now);
void xst_restore_watch_kick(struct watch *w);
/* The earliest deadline. */
uint64_t xst_restore_watch_deadline(const struct watch *w);

/* --- spool.c -------------------------------------------------------------------------------- */

struct spool {
	uint64_t limit;   /* largest size in memory */
	const char *dir;  /* for the file */
	uint8_t *memory;
	size_t capacity;
	size_t gathered;  /* bytes in memory not yet written to the file */
	uint64_t size;    /* bytes held */
	int file;         /* -1: none yet; kept when the spool is cleared */
	int fd;           /* the file if it holds the bytes; -1: they are in memory */
	struct transfer transfer;
};

void xst_restore_spool_init(struct spool *s, uint64_t limit, const char *dir);
void xst_restore_spool_free(struct spool *s);
/* Empties it, and frees most of its memory and file space. */
void xst_restore_spool_clear(struct spool *s);
/* Returns 0, or XST_E_IO or XST_E_NOMEM, described in *reterr. */
int xst_restore_spool_write(struct spool *s, const void *data, size_t n,
			    struct xst_finding *reterr);
/* After this, the file can be read up to the last byte written. */
int xst_restore_spool_flush(struct spool *s, struct xst_finding *reterr);
/* Moves up to n bytes from a readable descriptor.  Returns how many were moved, 0 if the caller
 * must use read and xst_restore_spool_write() instead, or a negative error of the spool. */
int64_t xst_restore_spool_move(struct spool *s, int fd, uint64_t n, struct xst_finding *reterr);

/* --- player.c ------------------------------------------------------------------------------- */

struct player {
	struct pull pull;
	const struct xst_event *event; /* the current one */
	bool in_run, widened;
	struct drain drain;            /* its id: enum sink_id, for its error */
};

/* Takes ownership of the parser.  Returns 0 or XST_E_NOMEM.  Set the input in its source. */
int xst_restore_player_init(struct player *pl, struct xst_parser *parser);
/* The current event, the same until xst_restore_player_done(); never NEED or PAYLOAD: a run is
 * delivered to its drain before the next event.  XST_AGAIN may also mean: enough for one call. */
int xst_restore_player_next(struct player *pl, struct watch *w, const struct xst_event **ret_ev);
/* Ends the handling of the current event.  After PAYLOAD_BEGIN the run goes into the drain (NULL:
 * is skipped). */
void xst_restore_player_done(struct player *pl, const struct drain *drain);

/* --- worker.c ------------------------------------------------------------------------------- */

struct worker;

struct worker_job {
	int fd;
	bool seekable;            /* the thread reads the file itself */
	const struct spool
		*head; /* bytes read from a pipe so far; kept until xst_restore_worker_free() */
	const char *tmpdir;
	const struct xst_parser_options *parser;
	enum xst_container to;
	bool force;               /* see XST_CONVERT_FORCE */
	xst_config_fn config;     /* or NULL; called by xst_restore_worker_feed() */
	void *config_userdata;
};

/* Starts converting.  *ret_fd: the output, owned by the worker.  Returns 0, XST_E_NOMEM or
 * XST_E_IO, described in *reterr. */
int xst_restore_worker_start(const struct worker_job *job, struct worker **ret, int *ret_fd,
			     struct xst_finding *reterr);
/* Feeds the thread as far as possible without waiting, and answers its question. */
int xst_restore_worker_feed(struct worker *w, struct watch *watch);
/* Asks it to stop; it ends soon. */
void xst_restore_worker_cancel(struct worker *w);
/* Returns 0 if it has ended, else waits for its end. */
int xst_restore_worker_join(struct worker *w, struct watch *watch);
/* After xst_restore_worker_join(): its error, code 0 if there is none; its findings, NULL after the
 * last. */
const struct xst_finding *xst_restore_worker_error(const struct worker *w);
const struct xst_finding *xst_restore_worker_finding(struct worker *w);
uint64_t xst_restore_worker_bytes(const struct worker *w);
/* Cancels it and waits until it has ended. */
struct worker *xst_restore_worker_free(struct worker *w);

/* --- run.c ---------------------------------------------------------------------------------- */

/* Polls and processes until the restore ends; aborts it when `stop` becomes readable. */
void xst_restore_loop(struct xst_restore *r, int stop);

/* --- restore.c, route.c --------------------------------------------------------------------- */

/* The current task; see xst_restore_tasks[] for the functions. */
enum task {
	TASK_READ,       /* reads the stream; in NORMAL its records take effect at once */
	TASK_TAIL,       /* delivers a run that lasted to the end of a pipe */
	TASK_EMULATOR,   /* replays libxl's records of a complete checkpoint */
	TASK_IMAGE,      /* then libxc's records */
	TASK_CHECKPOINT, /* then counts the checkpoint */
	TASK_COLO,       /* the secondary sends messages to the primary */
	TASK_FINISH,     /* the sinks finish and commit */
	TASK_ABORT,      /* the sinks undo everything */
	TASK_OVER
};

enum sink_id { SINK_XENSTORE, SINK_EMULATOR, SINK_DOMAIN, SINKS };

/* What all kinds of sinks share. */
struct sink {
	void *self;
	const char *name;
	int (*prepare)(void *self, const struct xst_restore_domain *domain);
	int (*finish)(void *self);
	int (*commit)(void *self);
	int (*abort)(void *self);
	void (*free)(void *self);
	void (*wait)(void *self, struct xst_wait *ret);
	const struct xst_finding *(*error)(void *self);
	bool touched; /* prepare was called */
};

struct xst_restore {
	struct xst_restore_options options;
	struct xst_parser_options parser_options;
	char *tmpdir;
	enum task task;
	enum xst_restore_phase phase;
	bool started, inside, abort_asked, freed, told;
	struct watch watch;
	struct sink sinks[SINKS];
	unsigned step;              /* the current task's next sink */

	struct player main;
	struct player replay;
	struct xst_checker *checker;
	bool checked;               /* the current event was checked */
	struct sight sight;         /* the checker's, on the run in hand */
	struct xst_event part;      /* what it sees next of that */
	struct worker *worker;
	struct spool spool;         /* the input's head, then a checkpoint's records */
	struct xst_parser *at_image, *at_emulator; /* the parser where these parts of a checkpoint begin */
	uint64_t image_from, emulator_from;        /* xst_pull_fed() there */
	uint64_t spool_base;        /* xst_pull_fed() of its first byte */

	/* what is known about the stream */
	struct xst_restore_domain domain;
	uint8_t *config, *optional;
	uint64_t config_fill, optional_fill;
	bool image_begun, dropping;
	bool configured;            /* the configuration was looked at */
	bool unused;                /* records stand after the last complete checkpoint */
	uint32_t emulator_id, emulator_index;
	bool emulator_begun;
	struct xst_event tail;      /* TASK_TAIL: the PAYLOAD_BEGIN of the run in the spool */
	bool had_tail, tail_begun;
	struct drain tail_drain;
	uint64_t tail_done;
	uint64_t complete_at; /* xst_pull_fed() after the last complete checkpoint */
	struct colo colo;

	uint64_t deadline, last_progress;
	struct xst_finding error;   /* code 0: none so far */
	struct xst_restore_result result;
};

/* restore.c */
/* Sets the sticky error.  Returns code. */
int xst_restore_fail(struct xst_restore *r, int code, enum xst_rule rule,
		     const struct xst_event *at, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Handles the return value of a sink's operation: waits for it, or takes over its error. */
int xst_restore_sink_result(struct xst_restore *r, enum sink_id id, int code);
void xst_restore_tell(struct xst_restore *r, const struct xst_finding *f);
void xst_restore_remark(struct xst_restore *r, enum xst_rule rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* tasks.c */
/* The function of each enum task; it goes as far as it can without waiting. */
extern int (*const xst_restore_tasks[])(struct xst_restore *r);
/* Asks the caller about the configuration. */
int xst_restore_configured(struct xst_restore *r, enum xst_guest guest);
/* Calls prepare of all sinks. */
int xst_restore_prepare(struct xst_restore *r);
/* Starts the abort: the sinks undo everything. */
void xst_restore_begin_abort(struct xst_restore *r, enum xst_outcome outcome);

/* tail.c */
/* Handles the start of a run without a length.  In a file it gets its length.  From a pipe it goes
 * into the spool: returns true, with *ret 0, and the event is handled. */
bool xst_restore_tail_begin(struct xst_restore *r, const struct xst_event *ev, int *ret);
int xst_restore_tail_task(struct xst_restore *r);

/* route.c */
/* Handles an event of the stream as it is read.  *drain: where the run that it begins goes.  After
 * XST_AGAIN, call it again with the same event.  May change the task. */
int xst_restore_route_read(struct xst_restore *r, const struct xst_event *ev, struct drain *drain);
/* The checker sees what it wants of this run, on its way to the drain. */
void xst_restore_route_open_sight(struct xst_restore *r, const struct xst_event *ev,
				  struct drain *drain);
/* Handles an event that takes effect. */
int xst_restore_route_apply(struct xst_restore *r, const struct xst_event *ev, struct drain *drain);
/* Whether it is the last event of the part of a checkpoint that the current task replays. */
bool xst_restore_route_is_end(const struct xst_restore *r, const struct xst_event *ev);
/* Marks the start of the next checkpoint's image records. */
int xst_restore_route_mark_image(struct xst_restore *r);
/* Empties the spool and from now on keeps the parser's input there; a file needs no copy. */
void xst_restore_route_keep(struct xst_restore *r);
/* Stops keeping input, and drops what was kept. */
void xst_restore_route_drop_kept(struct xst_restore *r);

#endif
