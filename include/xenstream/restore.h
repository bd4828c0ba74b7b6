/* SPDX-License-Identifier: MIT */
/* Restoring: a stream is read off a descriptor without ever blocking, and acted on, event by event.
 *
 * A restore has no loop of its own.  It has one descriptor that a loop watches, a time by which it
 * wants to be called at the latest, and xst_restore_process(), which does a bounded piece of work:
 *
 *   xst_restore_new(), xst_restore_start(), then whenever xst_restore_get_fd() is readable or
 *   xst_restore_get_timeout() is over: xst_restore_process(), until the callback has been called.
 *
 * Where things go are three sinks: the domain (memory, registers, policies), a xenstore (the device
 * model's keys) and the emulator (the device model's state).  Nothing of it is visible before all of
 * the stream was read and is well; whatever goes wrong, what was there before is untouched.
 *
 * What is not a stream of today (legacy streams, other containers) is converted on the way.
 *
 * Checkpointed streams (Remus) are taken over checkpoint by checkpoint; see docs/restore.md, which
 * has the state diagram, and Xen's docs/specs/libxl-migration-stream.pandoc, "Checkpointed streams". */
#ifndef XENSTREAM_RESTORE_H
#define XENSTREAM_RESTORE_H

#include <sys/types.h>

#include <xenstream/job.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- sinks ---------------------------------------------------------------------------------- */

/* What an operation of a sink returns that would have to wait: it has done nothing, or a part that
 * it remembers, and is called again with the same arguments when what wait() tells has come. */
#define XST_AGAIN 1

/* What a sink waits for after XST_AGAIN. */
struct xst_wait {
	int fd;            /* a descriptor, or -1 */
	short events;      /* POLLIN, POLLOUT */
	uint64_t deadline; /* CLOCK_MONOTONIC in microseconds; UINT64_MAX: none */
};

#define XST_DOMID_NONE UINT32_MAX

/* What is known of the domain when its image begins.  Owned by the restore, valid until the sinks are
 * freed.  Grows at the end only. */
struct xst_restore_domain {
	uint32_t domid;            /* or XST_DOMID_NONE */
	const uint8_t *config;     /* the configuration that counts: the caller's or the stored one;
				    * a NUL of ours stands after it; NULL: there is none */
	uint64_t config_size;      /* bytes, without that NUL */
	bool config_replaced;      /* it is the caller's */
	bool xl;                   /* there is an xl header: */
	bool xl_big_endian;
	uint32_t xl_flags;         /* mandatory */
	uint32_t xl_optional_flags;
	const uint8_t *optional;   /* what follows the configuration in its optional data, or NULL */
	uint64_t optional_size;
	bool libxl;                /* there is a libxl stream: */
	uint32_t libxl_options;
	bool converted;            /* the input was no stream of today */
	const char *tmpdir;        /* for temporary files, never NULL */
	bool config_json;          /* the configuration is JSON, else in xl.cfg's language */
	bool config_nul;           /* it is the stored one, in which a NUL that is not counted follows it */
};

/* The operations of all sinks come in this order, each after the one before has returned 0:
 *
 *   prepare, then the state itself (below), finish, commit, free
 *
 * and from anywhere before free: abort, free.  All may return XST_AGAIN but for free, wait and
 * error; any may fail with a negative enum xst_errc, described by error(): then only abort and
 * free follow.
 *
 *   prepare  makes sure that the work can be done, before the first byte of it; keeps `domain`.
 *   finish   no more will come.  All that may fail happens here: flushing, waiting for a child.
 *   commit   makes it visible.  Called when all sinks have finished: first the xenstore's, then the
 *            emulator's, then the domain's.
 *   abort    takes everything back, also after commit if another sink's commit failed.  What was
 *            there before prepare is there again.  Can't fail.  After it nothing but free comes.
 *   free     releases the sink, at whatever point; must not block for long; without commit or abort
 *            before it does what abort does.
 *   wait     what the last XST_AGAIN is waiting for.
 *   error    the sticky error; never NULL after a failure. */

enum xst_domain_sink_flags {
	/* The libxl layer's EMULATOR_XENSTORE_DATA and EMULATOR_CONTEXT records come as events, too,
	 * and before the image's STREAM_BEGIN if they stand there.  Such a sink stands alone, without a xenstore's and an emulator's. */
	XST_DOMAIN_SINK_LIBXL = 1 << 0
};

/* A domain's operations.  Set size to sizeof(struct xst_domain_sink_ops).
 *
 *   event       one event of the libxc layer: STREAM_BEGIN, the headers, and every record but END,
 *               CHECKPOINT and those of unknown type, in the order in which they take effect.  Of a
 *               run only PAYLOAD_BEGIN comes; the bytes follow by write and move.  NULL payload
 *               operations: never.  On XST_AGAIN the same event comes again.
 *   write       n > 0 bytes of the present run out of memory.  Takes some or all, *ret_done says
 *               how many; 0 only with XST_AGAIN.
 *   move        up to n bytes of the present run straight out of a descriptor: at *offset if that
 *               is not NULL (which is left as it is), else from a pipe or socket that has
 *               something to read.  Must not take more than n, nor block for the descriptor.  *ret_moved says how
 *               many it took.  0 without XST_AGAIN: it can't be done this way, or the input is at its
 *               end or broken; the bytes come by write then.  NULL: always by write.
 *   checkpoint  the state is complete and consistent; number counts from 1.  What comes now belongs to the
 *               next one and comes only when that is complete, too.  May be NULL. */
struct xst_domain_sink_ops {
	size_t size;
	uint32_t flags;   /* enum xst_domain_sink_flags */
	const char *name; /* for messages: "image", "exec" */
	int (*prepare)(void *self, const struct xst_restore_domain *domain);
	int (*event)(void *self, const struct xst_event *ev);
	int (*write)(void *self, const void *data, size_t n, size_t *ret_done);
	int (*move)(void *self, int fd, const off_t *offset, uint64_t n, uint64_t *ret_moved);
	int (*checkpoint)(void *self, uint64_t number);
	int (*finish)(void *self);
	int (*commit)(void *self);
	int (*abort)(void *self);
	void (*free)(void *self);
	void (*wait)(void *self, struct xst_wait *ret);
	const struct xst_finding *(*error)(void *self);
};

/* A xenstore's operations.
 *
 *   begin  an EMULATOR_XENSTORE_DATA record: emulator's id (enum of libxl-migration-stream) and
 *          index.  Records add up; in a checkpointed stream each state has its own, and of one key
 *          the last value counts.
 *   pair   one key and its value, not terminated, without a NUL in them.  Valid during the call.
 *   end    the record is complete: its keys take effect together or not at all, with commit. */
struct xst_xenstore_sink_ops {
	size_t size;
	const char *name;
	int (*prepare)(void *self, const struct xst_restore_domain *domain);
	int (*begin)(void *self, uint32_t id, uint32_t index);
	int (*pair)(void *self, const char *key, size_t key_len, const char *value,
		    size_t value_len);
	int (*end)(void *self);
	int (*finish)(void *self);
	int (*commit)(void *self);
	int (*abort)(void *self);
	void (*free)(void *self);
	void (*wait)(void *self, struct xst_wait *ret);
	const struct xst_finding *(*error)(void *self);
};

/* An emulator's operations.
 *
 *   begin  an EMULATOR_CONTEXT record with a state of `length` bytes.  A later one replaces those
 *          before, also within one state of the guest.
 *   write, move  its bytes, as a domain's.
 *   end    the state is complete. */
struct xst_emulator_sink_ops {
	size_t size;
	const char *name;
	int (*prepare)(void *self, const struct xst_restore_domain *domain);
	int (*begin)(void *self, uint32_t id, uint32_t index, uint64_t length);
	int (*write)(void *self, const void *data, size_t n, size_t *ret_done);
	int (*move)(void *self, int fd, const off_t *offset, uint64_t n, uint64_t *ret_moved);
	int (*end)(void *self);
	int (*finish)(void *self);
	int (*commit)(void *self);
	int (*abort)(void *self);
	void (*free)(void *self);
	void (*wait)(void *self, struct xst_wait *ret);
	const struct xst_finding *(*error)(void *self);
};

/* A sink is its operations and the object that they work on, which may be NULL.  ops NULL: there is
 * none, and what it would get is checked and left out. */
struct xst_domain_sink {
	const struct xst_domain_sink_ops *ops;
	void *self;
};
struct xst_xenstore_sink {
	const struct xst_xenstore_sink_ops *ops;
	void *self;
};
struct xst_emulator_sink {
	const struct xst_emulator_sink_ops *ops;
	void *self;
};

/* A domain sink that takes everything and keeps nothing.  Can't fail. */
XST_API struct xst_domain_sink xst_sink_null(void);

struct xst_sink_exec_options {
	size_t size;           /* sizeof(struct xst_sink_exec_options) */
	const char *command;   /* for /bin/sh -c */
	enum xst_container to; /* XL (AUTO means that), LIBXL or LIBXC */
};

/* A domain sink that hands a plain stream of today to a program's standard input: an xl save image with
 * the configuration that counts, a libxl stream or a libxc image.  The first two have the device model's
 * records in them, so no other sinks go with them.  A checkpointed stream becomes a plain one with
 * its last complete state.  The program has to end with status 0; abort sends SIGTERM to its process
 * group, and SIGKILL to what is left of that after two seconds.  The sink waits for it: meanwhile nobody
 * else should wait for just any child, nor ignore SIGCHLD.  On success *ret is the caller's until a restore takes it.
 * Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_sink_exec(const struct xst_sink_exec_options *options,
					struct xst_domain_sink *ret);

struct xst_sink_emulator_file_options {
	size_t size;      /* sizeof(struct xst_sink_emulator_file_options) */
	const char *path; /* the file; or NULL: */
	const char *dir;  /* a folder, in which it is qemu-resume.DOMID */
};

/* An emulator sink that puts the device model's state into a file, with permissions 0600, where a device
 * model will look for it.  The file is complete or absent; one that was there before keeps its place until
 * commit, and has it again after abort.  A stream without such a state leaves it alone.  What is there and no
 * regular file is XST_E_IO.  On success *ret is the caller's until a restore takes it.
 * Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int
xst_sink_emulator_file(const struct xst_sink_emulator_file_options *options,
		       struct xst_emulator_sink *ret);

/* --- a restore ------------------------------------------------------------------------------ */

struct xst_restore;

enum xst_restore_flags {
	/* A stream without a configuration is fine.  Else it is XST_E_REFUSED if the caller gives
	 * none. */
	XST_RESTORE_NO_CONFIG = 1 << 0,
	/* The receiving side of COLO: after each checkpoint `back_channel` is told how far the secondary
	 * is, and the next CHECKPOINT_STATE awaited. */
	XST_RESTORE_COLO = 1 << 1,
	/* Leave out what a conversion to today's formats would lose, instead of refusing. */
	XST_RESTORE_FORCE = 1 << 2
};

enum xst_restore_phase {
	XST_PHASE_NORMAL = 0,  /* records take effect as they are read */
	XST_PHASE_BUFFERING,   /* they wait for the end of their checkpoint */
	XST_PHASE_UNBUFFERING, /* those of a complete checkpoint take effect */
	XST_PHASE_FINISHING,   /* the stream is over, the sinks finish and commit */
	XST_PHASE_ABORTING,    /* the sinks take back what they did */
	XST_PHASE_OVER
};

enum xst_outcome {
	XST_OUTCOME_COMPLETE = 0, /* the stream came to its end */
	XST_OUTCOME_FAILOVER = 1, /* the sender went away; the domain is that of the last complete
				   * checkpoint */
	XST_OUTCOME_FAILED = 2,   /* see `error`; nothing was changed */
	XST_OUTCOME_ABORTED = 3   /* by xst_restore_abort() or xst_restore_free() */
};

/* How it went.  Errors are those of the parser, the checker (XST_E_MALFORMED), the converter and the sinks;
 * besides them XST_E_REFUSED (no configuration), and XST_E_IO with sys_errno ETIMEDOUT (timeout, stall),
 * ECANCELED (aborted) or that of reading the stream or keeping a checkpoint.
 * Grows into `reserved` only. */
struct xst_restore_result {
	enum xst_outcome outcome;
	int code;                 /* of error: 0 or a negative enum xst_errc */
	struct xst_finding error; /* FAILED: why.  FAILOVER: how the stream broke off */
	uint64_t checkpoint;      /* number of the last complete one, 0: there was none */
	uint64_t dropped;         /* bytes after it that were not used */
	uint64_t end;             /* offset after the last byte that was read */
	uint64_t records;         /* that were read */
	uint64_t converted;       /* not 0: the input was no stream of today */
	uint64_t reserved[7];
};

/* Called exactly once for each xst_restore_start() that returned 0, when everything has ended: from
 * xst_restore_process(), or from xst_restore_free() of a restore that is not over.  It may
 * call xst_restore_free(r). */
typedef void (*xst_restore_done_fn)(void *userdata, struct xst_restore *r,
				    const struct xst_restore_result *result);

/* Set size to sizeof(struct xst_restore_options) and the rest to zero. */
struct xst_restore_options {
	size_t size;
	uint32_t flags;            /* enum xst_restore_flags */
	int fd;                    /* the stream, from its present offset on; stays the caller's, is not
				    * closed and none of its flags are changed; must stay open
				    * until the restore is freed */
	const struct xst_parser_options *parser; /* or NULL; copied */
	uint32_t domid;            /* or XST_DOMID_NONE */
	const void *config;        /* replaces the stored configuration; copied.  Or NULL */
	size_t config_size;
	struct xst_domain_sink domain; /* the sinks are the restore's from xst_restore_new() on, if */
	struct xst_xenstore_sink xenstore; /* that succeeds */
	struct xst_emulator_sink emulator;
	uint64_t timeout;          /* microseconds from start to end; 0: as long as it takes */
	uint64_t stall;            /* microseconds without any progress; 0: no matter */
	uint64_t buffer_memory;    /* bytes of a checkpoint that are kept in memory, above that in an
				    * unnamed temporary file (1 MiB) */
	const char *tmpdir;        /* see xst_reader_new() */
	int back_channel;          /* with XST_RESTORE_COLO; as fd */
	xst_restore_done_fn done;
	xst_finding_fn finding;    /* or NULL: what was tolerated.  Must not touch the restore */
	xst_progress_fn progress;  /* or NULL; the same */
	void *userdata;            /* for all of them */
	/* or NULL: asked when the stream is over, before the first sink finishes; outcome: COMPLETE or
	 * FAILOVER.  Not 0: a negative enum xst_errc, described in *reterr, and everything is taken back */
	int (*confirm)(void *userdata, enum xst_outcome outcome, struct xst_finding *reterr);
	/* or NULL: which configuration the domain gets whose stream comes in another container than xl's,
	 * if `config` gives none; see struct xst_converter_options.  Must not touch the restore */
	xst_config_fn translate;
	/* or NULL: asked what it thinks of the configuration that counts (domain->config, NULL: there is
	 * none), before the first sink is prepared, with XST_GUEST_UNKNOWN, and again when the stream has
	 * told what guest it holds, before any of the guest's state.  Not 0: as `confirm` */
	int (*configured)(void *userdata, const struct xst_restore_domain *domain,
			  enum xst_guest guest, struct xst_finding *reterr);
};

/* Makes a restore.  Returns 0, XST_E_ARG, XST_E_NOMEM, or XST_E_IO (no more descriptors; errno says
 * which).  On failure the sinks stay the caller's. */
XST_API XST_NODISCARD int xst_restore_new(const struct xst_restore_options *options,
					  struct xst_restore **ret);

/* Frees it and its sinks.  One that was started and is not over is aborted first, which may block as
 * long as the sinks' free takes, and their abort if some have committed already.  NULL is fine.
 * Returns NULL. */
XST_API struct xst_restore *xst_restore_free(struct xst_restore *r);

/* Begins.  Nothing is read before the first xst_restore_process().  Returns 0 or XST_E_STATE. */
XST_API XST_NODISCARD int xst_restore_start(struct xst_restore *r);

/* One descriptor for everything: the stream, the sinks, children.  Stays the same from new to free.
 * To be watched for xst_restore_get_events(). */
XST_API int xst_restore_get_fd(const struct xst_restore *r);
/* As poll(2) takes them: POLLIN, always. */
XST_API short xst_restore_get_events(const struct xst_restore *r);

/* When to call xst_restore_process() even if the descriptor stays quiet: CLOCK_MONOTONIC in
 * microseconds; UINT64_MAX: never.  To be asked again after every call. */
XST_API uint64_t xst_restore_get_timeout(const struct xst_restore *r);

/* Goes on as far as it comes without waiting, but not for long.  Returns 0: there is more to come; 1:
 * it is over, the callback has been called, and r may be gone; XST_E_STATE: not started, or
 * called from inside itself. */
XST_API XST_NODISCARD int xst_restore_process(struct xst_restore *r);

/* Stops it, at any time, also from a callback.  The callback `done` comes from a later
 * xst_restore_process(), for which the descriptor becomes readable.  After the end: nothing. */
XST_API void xst_restore_abort(struct xst_restore *r);

/* How far it is. */
XST_API enum xst_restore_phase xst_restore_get_phase(const struct xst_restore *r);

/* All of it in one call that blocks: start, poll, process.  stop: a descriptor that becomes readable
 * when it is to be aborted, or -1.  options->done may be NULL.  Returns result->code or what
 * xst_restore_new() returns, which leaves the sinks with the caller as well. */
XST_API XST_NODISCARD int xst_restore_run(const struct xst_restore_options *options, int stop,
					  struct xst_restore_result *ret);

#ifdef __cplusplus
}
#endif
#endif
