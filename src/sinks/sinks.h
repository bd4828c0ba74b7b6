/* SPDX-License-Identifier: MIT */
/* Internals of sinks, shared by its files.
 *
 *   xenstore_sink.c   the sink: gathers keys, then gives orders to a child
 *   xenstore_child.c  the child process: orders in, reports out
 *   xenstore_work.c   the child's work: one transaction, and how to undo it
 *   key_set.c         sorted keys and values, each key once
 *   qmp.c             a connection to QEMU: commands out, messages in
 *   emulator_qmp.c    the sink: one function per state */
#ifndef SINKS_SINKS_H
#define SINKS_SINKS_H

#include <sys/types.h>

#include <xenstream/sinks.h>

#include "finding/rules.h"

/* --- failure.c ------------------------------------------------------------------------------ */

/* Describes a failure that has no place in the stream.  err: its errno, or 0.  Returns code. */
int xst_sinks_fail(struct xst_finding *f, int code, enum xst_rule rule, int err, const char *format,
		   ...) __attribute__((format(printf, 5, 6)));

/* --- key_set.c ------------------------------------------------------------------------------ */

struct key {
	char *name; /* relative to the root, NUL-terminated */
	char *value;
	size_t size; /* of the value */
};

struct keys {
	void *tree; /* of struct key, by name */
	size_t bytes; /* of all names and values */
};

/* Adds a key, or replaces its value.  Returns 0 or XST_E_NOMEM. */
int xst_sinks_keys_set(struct keys *k, const char *name, size_t name_len, const char *value,
		       size_t value_len);
/* Calls visit for each key in order, until it returns a value other than 0, which is returned. */
int xst_sinks_keys_each(const struct keys *k, int (*visit)(const struct key *key, void *arg),
			void *arg);
void xst_sinks_keys_free(struct keys *k);

/* --- xenstore_work.c ------------------------------------------------------------------------ */

/* The functions of libxenstore that the child uses.  The library stays loaded as long as the
 * sink. */
struct store_library;
/* Returns 0, or XST_E_NOMEM or XST_E_UNSUPPORTED, described in *reterr. */
int xst_sinks_store_library_load(struct store_library **ret, struct xst_finding *reterr);
void xst_sinks_store_library_free(struct store_library *l);

enum store_step { STORE_OPEN, STORE_BEGIN, STORE_READ, STORE_WRITE, STORE_COMMIT, STORE_UNDO };

/* The result of an order.  Fits into one packet. */
struct store_report {
	int err; /* errno, or 0: done */
	enum store_step step;
	char path[300]; /* of the current key */
};

struct store_work;
/* Connects.  Only for the child, like the rest: these functions block, and allocate freely. */
struct store_work *xst_sinks_store_work_open(const struct store_library *l, const char *path,
					     struct store_report *report);
/* Whether the store answers. */
void xst_sinks_store_work_probe(struct store_work *w, struct store_report *report);
/* Writes all keys in a transaction, which stays open. */
void xst_sinks_store_work_write(struct store_work *w, const struct keys *keys, const char *root,
				struct store_report *report);
/* Commits the transaction; repeats it whenever another client has spoiled it. */
void xst_sinks_store_work_commit(struct store_work *w, struct store_report *report);
/* After a commit: restores what was there before. */
void xst_sinks_store_work_undo(struct store_work *w, struct store_report *report);

/* --- xenstore_child.c ----------------------------------------------------------------------- */

enum store_order { ORDER_NONE, ORDER_PROBE, ORDER_WRITE, ORDER_COMMIT, ORDER_UNDO };

struct store_child {
	pid_t pid; /* 0: none */
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
/* Kills it in any state. */
void xst_sinks_store_child_kill(struct store_child *c);

/* --- qmp.c ---------------------------------------------------------------------------------- */

struct json_object;
struct json_tokener;

struct qmp {
	int fd;
	struct json_tokener *tokener;
	char *out; /* a command not yet sent completely */
	size_t out_size, out_sent;
	int pass;  /* a descriptor to send with it, or -1 */
	char in[4096];
	size_t in_size, in_at;
	size_t message; /* bytes of the incoming one */
	unsigned reads; /* in this turn */
};

/* All return 0, XST_AGAIN or -errno. */
int xst_sinks_qmp_open(struct qmp *q, const char *path);
void xst_sinks_qmp_close(struct qmp *q);
/* Adds a member; takes ownership of v, even on failure.  False: out of memory, also if o or v is
 * NULL. */
bool xst_sinks_qmp_add(struct json_object *o, const char *name, struct json_object *v);
/* Prepares a command for sending.  Takes ownership of arguments (may be NULL).  pass: a descriptor
 * to send along, which stays the caller's until xst_sinks_qmp_flush() has returned 0; or -1. */
int xst_sinks_qmp_command(struct qmp *q, const char *command, struct json_object *arguments,
			  int pass);
int xst_sinks_qmp_flush(struct qmp *q);
/* Tells QEMU to quit, if that is possible without waiting; allocates nothing. */
void xst_sinks_qmp_quit(const struct qmp *q);
/* Starts a new turn.  A turn reads a limited amount, so that an endless peer can't starve others.
 * The rest stays in the socket, never here, so the descriptor remains ready. */
void xst_sinks_qmp_begin_turn(struct qmp *q);
/* The next message; the caller must put it.  -EPIPE: QEMU has closed the connection; -EPROTO: it is
 * not QMP. */
int xst_sinks_qmp_message(struct qmp *q, struct json_object **ret);

#endif
