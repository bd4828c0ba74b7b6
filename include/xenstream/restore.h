/* SPDX-License-Identifier: MIT */
/* Restoring: reading a stream from a descriptor without ever blocking, and acting on each event.
 *
 * A restore has no loop of its own.  It has one descriptor for a loop to watch, a time by which it
 * must be called at the latest, and xst_restore_process(), which does a bounded piece of work:
 *
 *   xst_restore_new(), xst_restore_start(), then whenever xst_restore_get_fd() is readable or
 *   xst_restore_get_timeout() has passed: xst_restore_process(), until the callback was called.
 *
 * A restore writes to three sinks: the domain (memory, registers, policies), a xenstore (the device
 * model's keys) and the emulator (the device model's state).  Nothing is visible before the whole
 * stream has been read and found good; after a failure, everything is as it was before.
 *
 * A stream that is not in today's format (legacy streams, other containers) is converted on the
 * way.
 *
 * Checkpointed streams (Remus) are applied checkpoint by checkpoint; see docs/restore.md, which has
 * the state diagram, and Xen's docs/specs/libxl-migration-stream.pandoc, "Checkpointed streams". */
#ifndef XENSTREAM_RESTORE_H
#define XENSTREAM_RESTORE_H

#include <sys/types.h>

#include <xenstream/job.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- sinks ---------------------------------------------------------------------------------- */

/* Returned by a sink's operation that would have to wait.  It has done nothing, or a part that it
 * remembers, and is called again with the same arguments when the condition given by wait()
 * holds. */
#define XST_AGAIN 1

/* The condition that a sink waits for after XST_AGAIN. */
struct xst_wait {
	int fd;            /* a descriptor, or -1 */
	short events;      /* POLLIN, POLLOUT */
	uint64_t deadline; /* CLOCK_MONOTONIC in microseconds; UINT64_MAX: none */
};

#define XST_DOMID_NONE UINT32_MAX

/* The domain as known when its image begins.  Owned by the restore, valid until the sinks are
 * freed.  Grows at the end only. */
struct xst_restore_domain {
	uint32_t domid;            /* or XST_DOMID_NONE */
	const uint8_t *config;     /* the configuration to use: the caller's or the stored one,
				    * followed by a NUL that is not counted; NULL: there is none */
	uint64_t config_size;      /* bytes, without that NUL */
	bool config_replaced;      /* it is the caller's */
	bool xl;                   /* there is an xl header; the next three describe it */
	bool xl_big_endian;
	uint32_t xl_flags;         /* mandatory */
	uint32_t xl_optional_flags;
	const uint8_t *optional;   /* its optional data after the configuration, or NULL */
	uint64_t optional_size;
	bool libxl;                /* there is a libxl stream: */
	uint32_t libxl_options;
	bool converted;            /* the input was not in today's format */
	const char *tmpdir;        /* for temporary files, never NULL */
	bool config_json;          /* the configuration is JSON, else xl.cfg text */
	bool config_nul;           /* it is the stored one, where an uncounted NUL follows it */
};

/* The operations of all sinks are called in this order, each after the one before has returned 0:
 *
 *   prepare, then the state itself (below), finish, commit, free
 *
 * and from anywhere before free: abort, free.  All but free, wait and error may return XST_AGAIN;
 * any may fail with a negative enum xst_errc, described by error(): then only abort and free
 * follow.
 *
 *   prepare  makes sure that the work can be done, before its first byte; keeps `domain`.
 *   finish   no more data will come.  Everything that may fail happens here: flushing, waiting for
 *            a child.
 *   commit   makes the result visible.  Called when all sinks have finished: first the xenstore's,
 *            then the emulator's, then the domain's.
 *   abort    undoes everything, even after commit if another sink's commit failed: restores the
 *            state before prepare.  Can't fail.  Only free follows.
 *   free     releases the sink at any time, without blocking for long; without an earlier commit or
 *            abort it also aborts.
 *   wait     says what the last XST_AGAIN is waiting for.
 *   error    the sticky error; never NULL after a failure. */

enum xst_domain_sink_flags {
	/* The libxl layer's EMULATOR_XENSTORE_DATA and EMULATOR_CONTEXT records come as events, too,
	 * and before the image's STREAM_BEGIN if they stand there.  Such a sink stands alone, without a xenstore's and an emulator's. */
	XST_DOMAIN_SINK_LIBXL = 1 << 0
};

/* The operations of a domain sink.  Set size to sizeof(struct xst_domain_sink_ops).
 *
 *   event       one event of the libxc layer: STREAM_BEGIN, the headers, and every record except
 *               END, CHECKPOINT and those of unknown type, in the order in which they take effect.
 *               Of a run only PAYLOAD_BEGIN comes; write and move pass its bytes.  No event carries
 *               payload data.  After XST_AGAIN the same event comes again.
 *   write       n > 0 bytes of the current run, from memory.  Takes some or all; *ret_done says how
 *               many, 0 only with XST_AGAIN.
 *   move        up to n bytes of the current run, straight from a descriptor: at *offset if that is
 *               not NULL (and is left unchanged), else from a pipe or socket that is readable.
 *               Must not take more than n, nor block on the descriptor.  *ret_moved says how many
 *               it took.  0 without XST_AGAIN: move is not possible here, or the input has ended or
 *               is broken; the bytes then come by write.  NULL: all bytes come by write.
 *   checkpoint  the state is complete and consistent; number counts from 1.  Later data belongs to
 *               the next checkpoint, and comes only when that is complete too.  May be NULL. */
struct xst_domain_sink_ops {
	size_t size;
	uint32_t flags;   /* enum xst_domain_sink_flags */
	const char *name; /* for messages, such as "image" or "exec" */
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

/* The operations of a xenstore sink.
 *
 *   begin  an EMULATOR_XENSTORE_DATA record: the emulator's id (libxl-migration-stream,
 *          "EMULATOR_XENSTORE_DATA") and index.  Records add up; in a checkpointed stream each
 *          state has its own, and the last value of a key counts.
 *   pair   one key and its value, not terminated and without a NUL.  Valid during the call only.
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

/* The operations of an emulator sink.
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

/* A sink: its operations and their object, which may be NULL.  ops NULL: no sink; its part of the
 * stream is checked and dropped. */
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

/* Gives a domain sink that accepts everything and keeps nothing.  Can't fail. */
XST_API struct xst_domain_sink xst_sink_null(void);

struct xst_sink_exec_options {
	size_t size;           /* sizeof(struct xst_sink_exec_options) */
	const char *command;   /* for /bin/sh -c */
	enum xst_container to; /* XL (AUTO means that), LIBXL or LIBXC */
};

/* Makes a domain sink that passes a plain stream in today's format to a program's standard input:
 * an xl save image with the configuration to use, a libxl stream or a libxc image.  The first two
 * include the device model's records, so no other sinks may be used with them.  A checkpointed
 * stream becomes a plain one with its last complete state.  The program must end with status 0.
 * Abort sends SIGTERM to its process group, and SIGKILL to any remaining process after two seconds.
 * The sink waits for the program: meanwhile the process must neither wait for arbitrary children
 * nor ignore SIGCHLD.  On success *ret is the caller's until a restore takes it.  Returns 0,
 * XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_sink_exec(const struct xst_sink_exec_options *options,
					struct xst_domain_sink *ret);

struct xst_sink_emulator_file_options {
	size_t size;      /* sizeof(struct xst_sink_emulator_file_options) */
	const char *path; /* the file; or NULL, with `dir` */
	const char *dir;  /* the folder for a file qemu-resume.DOMID */
};

/* Makes an emulator sink that puts the device model's state into a file, with permissions 0600,
 * where a device model will look for it.  The file is complete or absent.  An existing file stays
 * until commit, and is put back by abort; a stream without such a state leaves it alone.  If the
 * path names something other than a regular file, the sink fails with XST_E_IO.  On success *ret is
 * the caller's until a restore takes it.  Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int
xst_sink_emulator_file(const struct xst_sink_emulator_file_options *options,
		       struct xst_emulator_sink *ret);

/* --- a restore ------------------------------------------------------------------------------ */

struct xst_restore;

enum xst_restore_flags {
	/* Accept a stream without a configuration.  Otherwise it is XST_E_REFUSED if the caller
	 * gives none. */
	XST_RESTORE_NO_CONFIG = 1 << 0,
	/* The receiving side of COLO: after each checkpoint, report the secondary's progress on
	 * `back_channel` and wait for the next CHECKPOINT_STATE. */
	XST_RESTORE_COLO = 1 << 1,
	/* Leave out parts that a conversion to today's formats would lose, and go on with an image
	 * that no Xen restores, instead of refusing; both are reported. */
	XST_RESTORE_FORCE = 1 << 2
};

enum xst_restore_phase {
	XST_PHASE_NORMAL = 0,  /* records take effect as they are read */
	XST_PHASE_BUFFERING,   /* records wait for the end of their checkpoint */
	XST_PHASE_UNBUFFERING, /* the records of a complete checkpoint take effect */
	XST_PHASE_FINISHING,   /* the stream has ended; the sinks finish and commit */
	XST_PHASE_ABORTING,    /* the sinks undo their work */
	XST_PHASE_OVER
};

enum xst_outcome {
	XST_OUTCOME_COMPLETE = 0, /* the stream came to its end */
	XST_OUTCOME_FAILOVER = 1, /* the stream broke off; the domain has the state of the last
				   * complete checkpoint */
	XST_OUTCOME_FAILED = 2,   /* see `error`; nothing was changed */
	XST_OUTCOME_ABORTED = 3   /* by xst_restore_abort() or xst_restore_free() */
};

/* The result of a restore.  Errors are those of the parser, the checker (XST_E_MALFORMED), the
 * converter and the sinks, and also XST_E_REFUSED (no configuration), and XST_E_IO with sys_errno
 * ETIMEDOUT (timeout, stall), ECANCELED (aborted) or the reason why the stream could not be read or
 * a checkpoint not be kept.  Grows into `reserved` only. */
struct xst_restore_result {
	enum xst_outcome outcome;
	int code;                 /* the code of `error`: 0 or a negative enum xst_errc */
	struct xst_finding error; /* FAILED: the reason.  FAILOVER: how the stream broke off */
	uint64_t checkpoint;      /* number of the last complete one; 0: none */
	uint64_t dropped;         /* bytes after that checkpoint that were not used */
	uint64_t end;             /* offset after the last byte that was read */
	uint64_t records;         /* read so far */
	uint64_t converted;       /* not 0: the input was not in today's format */
	uint64_t reserved[7];
};

/* Called exactly once for each successful xst_restore_start(), when everything has ended: by
 * xst_restore_process(), or by xst_restore_free() of a restore that is not over.  May call
 * xst_restore_free(r). */
typedef void (*xst_restore_done_fn)(void *userdata, struct xst_restore *r,
				    const struct xst_restore_result *result);

/* Set size to sizeof(struct xst_restore_options) and the rest to zero. */
struct xst_restore_options {
	size_t size;
	uint32_t flags;            /* enum xst_restore_flags */
	int fd;                    /* the stream, from its current offset.  Stays the caller's:
				    * neither closed nor are its flags changed.  Must stay open
				    * until the restore is freed */
	const struct xst_parser_options *parser; /* or NULL; copied */
	uint32_t domid;            /* or XST_DOMID_NONE */
	const void *config;        /* replaces the stored configuration; copied; or NULL */
	size_t config_size;
	struct xst_domain_sink domain; /* the sinks: a successful xst_restore_new() */
	struct xst_xenstore_sink xenstore; /* takes them over */
	struct xst_emulator_sink emulator;
	uint64_t timeout;          /* microseconds for the whole restore; 0: no limit */
	uint64_t stall;            /* microseconds without progress; 0: no limit */
	uint64_t buffer_memory;    /* bytes of a checkpoint to keep in memory; the rest goes into an
				    * unnamed temporary file.  0: 1 MiB */
	const char *tmpdir;        /* see xst_reader_new() */
	int back_channel;          /* with XST_RESTORE_COLO: a descriptor, treated as fd */
	xst_restore_done_fn done;
	xst_finding_fn finding;    /* or NULL; called for deviations that were tolerated.  Must not
				    * touch the restore */
	xst_progress_fn progress;  /* or NULL; must not touch the restore */
	void *userdata;            /* for all of them */
	/* or NULL; called when the stream has ended, before the first sink finishes, with outcome
	 * COMPLETE or FAILOVER.  Returns 0 to go on, or a negative enum xst_errc, described in
	 * *reterr, to undo everything */
	int (*confirm)(void *userdata, enum xst_outcome outcome, struct xst_finding *reterr);
	/* or NULL; called if `config` is NULL and the container is not xl's, to choose the domain's
	 * configuration; see struct xst_converter_options.  Must not touch the restore */
	xst_config_fn translate;
	/* or NULL: asked what it thinks of the configuration that counts (domain->config, NULL: there is
	 * none), before the first sink is prepared, with XST_GUEST_UNKNOWN, and again when the stream has
	 * told what guest it holds, before any of the guest's state.  Not 0: as `confirm` */
	int (*configured)(void *userdata, const struct xst_restore_domain *domain,
			  enum xst_guest guest, struct xst_finding *reterr);
};

/* Makes a restore.  On success *ret is the caller's, to be freed with xst_restore_free().  On
 * failure the sinks stay the caller's.  Returns 0, XST_E_ARG, XST_E_NOMEM or XST_E_IO (no more
 * descriptors; errno has the reason). */
XST_API XST_NODISCARD int xst_restore_new(const struct xst_restore_options *options,
					  struct xst_restore **ret);

/* Frees a restore and its sinks.  One that was started and is not over is aborted first; this may
 * block as long as the sinks' free takes, and their abort if some have already committed.  NULL is
 * fine.  Returns NULL. */
XST_API struct xst_restore *xst_restore_free(struct xst_restore *r);

/* Starts the restore.  Nothing is read before the first xst_restore_process().  Returns 0 or
 * XST_E_STATE. */
XST_API XST_NODISCARD int xst_restore_start(struct xst_restore *r);

/* A descriptor for everything: the stream, the sinks, children.  It stays the restore's and is the
 * same from new to free.  Watch it for xst_restore_get_events(). */
XST_API int xst_restore_get_fd(const struct xst_restore *r);
/* The events to watch for, as for poll(2): always POLLIN. */
XST_API short xst_restore_get_events(const struct xst_restore *r);

/* When to call xst_restore_process() even if the descriptor is not readable: CLOCK_MONOTONIC in
 * microseconds; UINT64_MAX: never.  Ask again after every call. */
XST_API uint64_t xst_restore_get_timeout(const struct xst_restore *r);

/* Does a bounded amount of work without waiting.  Returns 0 if there is more to do; 1 if the
 * restore is over: the callback has been called, and r may be gone; XST_E_STATE if it is not
 * started, or called from inside itself. */
XST_API XST_NODISCARD int xst_restore_process(struct xst_restore *r);

/* Aborts the restore; legal at any time, also from a callback.  A later xst_restore_process(), for
 * which the descriptor becomes readable, calls `done`.  After the end this does nothing. */
XST_API void xst_restore_abort(struct xst_restore *r);

/* The current phase. */
XST_API enum xst_restore_phase xst_restore_get_phase(const struct xst_restore *r);

/* Runs a whole restore and blocks until its end.  stop: a descriptor that becomes readable to
 * request an abort, or -1.  options->done may be NULL.  Returns result->code, or what
 * xst_restore_new() returns, in which case the sinks stay the caller's. */
XST_API XST_NODISCARD int xst_restore_run(const struct xst_restore_options *options, int stop,
					  struct xst_restore_result *ret);

#ifdef __cplusplus
}
#endif
#endif
