/* SPDX-License-Identifier: MIT */
/* Inside sinks: what its files share.
 *
 *   xenstore.c        the sink: keys are gathered, then a child is told what to do with them
 *   xenstore_child.c  the child process: orders in, reports out
 *   xenstore_work.c   what it does: one transaction, and how it is taken back
 *   keys.c            keys and values in order, each key once
 *   qmp.c             a connection to QEMU: commands out, messages in
 *   emulator_qmp.c    the sink: one function a state */
#ifndef SINKS_SINKS_H
#define SINKS_SINKS_H

#include <sys/types.h>

#include <xenstream/sinks.h>

#include "finding/rules.h"

/* --- failure.c -------------------------------------------------------------------------------- */

/* Describes a failure that has no place in the stream.  err: errno that belongs to it, or 0.
 * Returns code. */
int xst_sinks_fail(struct xst_finding *f, int code, enum xst_rule rule, int err, const char *format,
		   ...) __attribute__((format(printf, 5, 6)));

/* --- key_set.c ------------------------------------------------------------------------------ */

struct key {
	char *name; /* relative to the root, terminated */
	char *value;
	size_t size; /* of the value */
};

struct keys {
	void *tree; /* of struct key, by name */
	size_t bytes; /* of all names and values */
};

/* Adds a key, or gives it another value.  Returns 0 or XST_E_NOMEM. */
int xst_sinks_keys_set(struct keys *k, const char *name, size_t name_len, const char *value,
		       size_t value_len);
/* Calls visit for each key in order, until it returns something else than 0, which is returned. */
int xst_sinks_keys_each(const struct keys *k, int (*visit)(const struct key *key, void *arg),
			void *arg);
void xst_sinks_keys_free(struct keys *k);

/* --- xenstore_work.c ------------------------------------------------------------------------ */

/* What the child does of libxenstore's.  The library stays loaded as long as the sink. */
struct store_library;
/* Returns 0, or XST_E_NOMEM or XST_E_UNSUPPORTED, described in *reterr. */
int xst_sinks_store_library_load(struct store_library **ret, struct xst_finding *reterr);
void xst_sinks_store_library_free(struct store_library *l);

enum store_step { STORE_OPEN, STORE_BEGIN, STORE_READ, STORE_WRITE, STORE_COMMIT, STORE_UNDO };

/* How an order went.  Fits into one packet. */
struct store_report {
	int err; /* errno, or 0: done */
	enum store_step step;
	char path[300]; /* of the key in hand */
};

struct store_work;
/* Connects.  For the child only, as all of the rest: these block, and allocate as they like. */
struct store_work *xst_sinks_store_work_open(const struct store_library *l, const char *path,
					     struct store_report *report);
/* Whether the store answers. */
void xst_sinks_store_work_probe(struct store_work *w, struct store_report *report);
/* Writes all keys in a transaction, which stays open. */
void xst_sinks_store_work_write(struct store_work *w, const struct keys *keys, const char *root,
				struct store_report *report);
/* Ends the transaction well; as often as another client spoils it, all over again. */
void xst_sinks_store_work_commit(struct store_work *w, struct store_report *report);
/* After a commit: what was there before is there again. */
void xst_sinks_store_work_undo(struct store_work *w, struct store_report *report);

/* --- xenstore_child.c ----------------------------------------------------------------------- */

enum store_order { ORDER_NONE, ORDER_PROBE, ORDER_WRITE, ORDER_COMMIT, ORDER_UNDO };

struct store_child {
	pid_t pid; /* 0: there is none */
	int fd;    /* for orders and reports */
};

/* Starts a child with its first order, PROBE or WRITE.  Returns 0 or -errno. */
int xst_sinks_store_child_start(struct store_child *c, const struct store_library *l,
				const char *path, enum store_order order, const struct keys *keys,
				const char *root);
/* COMMIT after WRITE, UNDO after COMMIT.  Returns 0 or -errno. */
int xst_sinks_store_child_order(const struct store_child *c, enum store_order order);
/* Returns 0, XST_AGAIN, or -errno; -EPIPE: the child is dead. */
int xst_sinks_store_child_report(const struct store_child *c, struct store_report *ret);
/* Ends it wherever it is. */
void xst_sinks_store_child_kill(struct store_child *c);

/* --- qmp.c ---------------------------------------------------------------------------------- */

struct json_object;
struct json_tokener;

struct qmp {
	int fd;
	struct json_tokener *tokener;
	char *out; /* a command that is not sent wholly */
	size_t out_size, out_sent;
	int pass;  /* a descriptor that goes with it, or -1 */
	char in[4096];
	size_t in_size, in_at;
	size_t message; /* bytes of the one that is coming */
	unsigned reads; /* of this turn */
};

/* All return 0, XST_AGAIN or -errno. */
int xst_sinks_qmp_open(struct qmp *q, const char *path);
void xst_sinks_qmp_close(struct qmp *q);
/* A new member; takes v in any case.  False: out of memory, which o or v being NULL says, too. */
bool xst_sinks_qmp_add(struct json_object *o, const char *name, struct json_object *v);
/* Makes a command to be sent.  Takes arguments (may be NULL).  pass: a descriptor to go with it,
 * the caller's until xst_sinks_qmp_flush() has returned 0; or -1. */
int xst_sinks_qmp_command(struct qmp *q, const char *command, struct json_object *arguments,
			  int pass);
int xst_sinks_qmp_flush(struct qmp *q);
/* Tells QEMU to quit, in so far as that can be done at once; takes no memory. */
void xst_sinks_qmp_quit(const struct qmp *q);
/* A new turn.  In each only so much is read: a peer without end lets others have theirs.  What is left is in
 * the socket, never here, so that the descriptor is ready. */
void xst_sinks_qmp_begin_turn(struct qmp *q);
/* The next message, the caller's to put.  -EPIPE: QEMU has closed the connection; -EPROTO: it is no
 * QMP. */
int xst_sinks_qmp_message(struct qmp *q, struct json_object **ret);

#endif
