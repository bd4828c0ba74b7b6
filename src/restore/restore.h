/* SPDX-License-Identifier: MIT */
/* Inside restore: what its files share.
 *
 *   restore.c  the object, one call of it, and the public interface
 *   tasks.c    what it does, task by task; tail.c: one of them
 *   run.c      the smallest loop that does it
 *   route.c    what records mean: which phase, which sink
 *   player.c   a stream's events, with the runs given to sinks; io/pull.c reads them
 *   spool.c    bytes that wait: in memory, then in an unnamed file
 *   worker.c   what is not of today is converted by a thread, from pipe to pipe
 *   watch.c    one descriptor for all that is waited for
 *   colo.c     what COLO's two sides tell each other
 *
 * Functions that act return 0, XST_AGAIN (having told a watch what they wait for), or a negative
 * enum xst_errc. */
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
	struct xst_wait wait[WATCH_MAX]; /* what the present call of process() waits for */
	unsigned n;
	int watched[WATCH_MAX];          /* what lies in the epoll set since the last one */
	unsigned nwatched;
};

/* Returns 0 or -errno. */
int xst_restore_watch_init(struct watch *w);
void xst_restore_watch_free(struct watch *w);
/* Forgets what was waited for. */
void xst_restore_watch_clear(struct watch *w);
/* Returns XST_AGAIN. */
int xst_restore_watch_fd(struct watch *w, int fd, short events);
int xst_restore_watch_wait(struct watch *w, const struct xst_wait *wait);
/* Makes the descriptor readable when something waited for has come, or now if `now`. */
void xst_restore_watch_arm(struct watch *w, bool now);
void xst_restore_watch_kick(struct watch *w);
/* The earliest deadline that is waited for. */
uint64_t xst_restore_watch_deadline(const struct watch *w);
uint64_t xst_restore_watch_now(void);

/* --- spool.c -------------------------------------------------------------------------------- */

struct spool {
	uint64_t limit;   /* bytes in memory */
	const char *dir;  /* for the file */
	uint8_t *memory;
	size_t capacity;
	size_t gathered;  /* bytes of memory that are still to be written to the file */
	uint64_t size;    /* bytes that it holds */
	int file;         /* -1: none yet; it outlives what is in it */
	int fd;           /* the same, if it holds the bytes; -1: all of them are in memory */
	struct transfer transfer;
};

void xst_restore_spool_init(struct spool *s, uint64_t limit, const char *dir);
void xst_restore_spool_free(struct spool *s);
/* Empties it, and gives back most of what it has taken. */
void xst_restore_spool_clear(struct spool *s);
/* Returns 0, or XST_E_IO or XST_E_NOMEM, described in *reterr. */
int xst_restore_spool_write(struct spool *s, const void *data, size_t n,
			    struct xst_finding *reterr);
/* What is in a file can be read from there after this. */
int xst_restore_spool_flush(struct spool *s, struct xst_finding *reterr);
/* From a descriptor that has something to read, up to n bytes.  Returns how many went, 0 if it is
 * to be done by reading and xst_restore_spool_write(), or a negative error that is the spool's. */
int64_t xst_restore_spool_move(struct spool *s, int fd, uint64_t n, struct xst_finding *reterr);

/* --- player.c ------------------------------------------------------------------------------- */

struct player {
	struct pull pull;
	const struct xst_event *event; /* in hand */
	bool in_run, widened;
	struct drain drain;            /* its id: enum sink_id, for its error */
};

/* Takes the parser.  Returns 0 or XST_E_NOMEM.  What it reads from is set in its source. */
int xst_restore_player_init(struct player *pl, struct xst_parser *parser);
/* The next event, the same until xst_restore_player_done(); never NEED nor PAYLOAD: a run is delivered to its
 * drain before the event after it comes.  XST_AGAIN also stands for: enough for one call. */
int xst_restore_player_next(struct player *pl, struct watch *w, const struct xst_event **ret_ev);
/* The event was dealt with.  If it was a PAYLOAD_BEGIN, the run goes into the drain (NULL: is
 * passed over). */
void xst_restore_player_done(struct player *pl, const struct drain *drain);

/* --- worker.c ------------------------------------------------------------------------------- */

struct worker;

struct worker_job {
	int fd;
	bool seekable;            /* the thread reads the file itself */
	const struct spool
		*head; /* what was read of a pipe already; kept until xst_restore_worker_free() */
	const char *tmpdir;
	const struct xst_parser_options *parser;
	enum xst_container to;
	bool force;               /* see XST_CONVERT_FORCE */
	xst_config_fn config;     /* or NULL; called by xst_restore_worker_feed() */
	void *config_userdata;
};

/* Starts converting.  *ret_fd: where the result comes out, the worker's.  Returns 0, XST_E_NOMEM or
 * XST_E_IO, described in *reterr. */
int xst_restore_worker_start(const struct worker_job *job, struct worker **ret, int *ret_fd,
			     struct xst_finding *reterr);
/* Brings bytes to the thread, as far as it comes without waiting, and answers its question. */
int xst_restore_worker_feed(struct worker *w, struct watch *watch);
/* Stops it: it ends soon. */
void xst_restore_worker_cancel(struct worker *w);
/* Whether it has ended; else waits for that. */
int xst_restore_worker_join(struct worker *w, struct watch *watch);
/* After xst_restore_worker_join(): its error, code 0 if all went well; its findings; NULL after the last. */
const struct xst_finding *xst_restore_worker_error(const struct worker *w);
const struct xst_finding *xst_restore_worker_finding(struct worker *w);
uint64_t xst_restore_worker_bytes(const struct worker *w);
/* Cancels it and waits for its end. */
struct worker *xst_restore_worker_free(struct worker *w);

/* --- run.c ---------------------------------------------------------------------------------- */

/* Polls and processes until it is over; aborts it when `stop` becomes readable. */
void xst_restore_loop(struct xst_restore *r, int stop);

/* --- restore.c, route.c --------------------------------------------------------------------- */

/* What is being done.  A function each, see restore_tasks[]. */
enum task {
	TASK_READ,       /* the stream; in NORMAL its records take effect at once */
	TASK_TAIL,       /* a run that lasted to the end of a pipe, of which the length is known now */
	TASK_EMULATOR,   /* a complete checkpoint: libxl's records of it */
	TASK_IMAGE,      /* then libxc's */
	TASK_CHECKPOINT, /* then it counts */
	TASK_COLO,       /* the secondary tells the primary */
	TASK_FINISH,     /* the sinks finish and commit */
	TASK_ABORT,      /* the sinks take everything back */
	TASK_OVER
};

enum sink_id { SINK_XENSTORE, SINK_EMULATOR, SINK_DOMAIN, SINKS };

/* What all sinks have, whatever their kind. */
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
	unsigned step;              /* of the task in hand: which sink is next */

	struct player main;
	struct player replay;
	struct xst_checker *checker;
	bool checked;               /* the event in hand */
	struct worker *worker;
	struct spool spool;         /* head of the input, then a checkpoint's records */
	struct xst_parser *at_image, *at_emulator; /* the parser where these parts of a checkpoint begin */
	uint64_t image_from, emulator_from;        /* xst_pull_fed() there */
	uint64_t spool_base;        /* xst_pull_fed() of its first byte */

	/* what is known of the stream */
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
/* The sticky error.  Returns code. */
int xst_restore_fail(struct xst_restore *r, int code, enum xst_rule rule,
		     const struct xst_event *at, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* What a sink's operation has returned: waits for it, or takes over its error. */
int xst_restore_sink_result(struct xst_restore *r, enum sink_id id, int code);
void xst_restore_tell(struct xst_restore *r, const struct xst_finding *f);
void xst_restore_remark(struct xst_restore *r, enum xst_rule rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* tasks.c */
/* What to do for each enum task, as far as it comes. */
extern int (*const xst_restore_tasks[])(struct xst_restore *r);
/* The caller's word on the configuration. */
int xst_restore_configured(struct xst_restore *r, enum xst_guest guest);
/* prepare of all sinks. */
int xst_restore_prepare(struct xst_restore *r);
/* From now on the sinks take everything back. */
void xst_restore_begin_abort(struct xst_restore *r, enum xst_outcome outcome);

/* tail.c */
/* Looks at an event for a run without a length.  A file's gets its length; from a pipe, the run goes
 * into the spool, and *ret is 0 and the result true: the event is dealt with. */
bool xst_restore_tail_begin(struct xst_restore *r, const struct xst_event *ev, int *ret);
int xst_restore_tail_task(struct xst_restore *r);

/* route.c */
/* An event of the stream, as it is read.  *drain: where the run goes that it begins.  May be
 * XST_AGAIN: the same again.  May change the task. */
int xst_restore_route_read(struct xst_restore *r, const struct xst_event *ev, struct drain *drain);
/* An event that takes effect. */
int xst_restore_route_apply(struct xst_restore *r, const struct xst_event *ev, struct drain *drain);
/* Whether it is the last of the part of a checkpoint that the task in hand replays. */
bool xst_restore_route_is_end(const struct xst_restore *r, const struct xst_event *ev);
/* The image's records of the next checkpoint begin here. */
int xst_restore_route_mark_image(struct xst_restore *r);
/* From now on the bytes that the parser takes are kept in the spool, which is emptied; a file needs no
 * copy. */
void xst_restore_route_keep(struct xst_restore *r);
/* No longer; what was kept is dropped. */
void xst_restore_route_drop_kept(struct xst_restore *r);

#endif
