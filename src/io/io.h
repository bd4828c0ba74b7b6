/* SPDX-License-Identifier: MIT */
/* Inside io: what files of this folder share. */
#ifndef IO_IO_H
#define IO_IO_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include <xenstream/io.h>

#include "finding/rules.h"

/* How bytes get from one descriptor to the other; found out at the first attempt. */
enum transfer_way { WAY_UNKNOWN, WAY_OWN_PIPE, WAY_SENDFILE, WAY_SPLICE, WAY_BUFFER };

struct transfer {
	enum transfer_way way;
	int in, out;        /* the pair that `way` was found for */
	uint8_t *buffer;
	int pipe[2];
	bool have_pipe;
};

/* Moves up to n bytes from `in` (at *offset if that is not NULL, which is advanced) to `out`.
 * Returns what was moved, 0 at the end of the input, or -errno; *ret_out says whether it was the
 * output that failed. */
ssize_t xst_io_transfer(struct transfer *t, int in, off_t *offset, int out, uint64_t n,
			bool *ret_out);
void xst_io_transfer_free(struct transfer *t);

/* Waits until a descriptor that has said EAGAIN is ready.  events: POLLIN or POLLOUT. */
int xst_io_wait_ready(int fd, short events);
/* Whether it is, without waiting. */
bool xst_io_is_ready(int fd, short events);
/* All n bytes.  Returns 0 or -errno. */
int xst_io_write_all(int fd, const void *data, size_t n);
int xst_io_pwrite_all(int fd, const void *data, size_t n, off_t offset);
/* Up to n bytes, at least one but at the end.  Returns their number or -errno. */
ssize_t xst_io_read_some(int fd, void *data, size_t n);
ssize_t xst_io_pread_some(int fd, void *data, size_t n, off_t offset);

/* The folder for temporary files: `wanted`, or where that is NULL $TMPDIR or /var/tmp. */
const char *xst_io_tmpdir(const char *wanted);
/* CLOCK_MONOTONIC in microseconds: the one clock of the project, which tests can replace. */
uint64_t xst_io_now(void);
/* A file without a name, for what must be known before it can be used.  Returns it or -errno. */
int xst_io_unnamed_file(const char *dir);

/* A finding about a system call: "WHAT: strerror; what can be done".  Returns XST_E_IO. */
int xst_io_error(struct xst_finding *f, enum xst_rule rule, int err, const char *what);
/* Another finding without a place in a stream.  f may be NULL.  Returns code. */
int xst_io_plain_error(struct xst_finding *f, int code, enum xst_rule rule, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A thread with all signals blocked: they are the caller's, and a pipe without a reader is no
 * reason to die.  Returns 0 or -errno. */
int xst_io_start_thread(pthread_t *ret, size_t stack, void *(*run)(void *), void *userdata);

/* A second reader at the same place of a seekable input, to look ahead with.  It does not own the
 * descriptor. */
int xst_reader_fork(const struct xst_reader *r, struct xst_reader **ret);
bool xst_reader_is_seekable(const struct xst_reader *r);
/* Puts the rest of a pipe into an unnamed temporary file and reads on from that. */
int xst_reader_make_seekable(struct xst_reader *r, uint64_t limit);
const char *xst_reader_tmpdir(const struct xst_reader *r);

/* Takes back what was written after `offset`; for a file of its own only, else XST_E_REFUSED. */
int xst_output_rewind(struct xst_output *o, uint64_t offset);
/* A descriptor of its own to read what was written so far, from the first byte of it on, if it is
 * a file.  Returns it or -errno. */
int xst_output_reopen(struct xst_output *o);
/* For the reader's transfers: n bytes went past xst_output_write(). */
void xst_output_moved(struct xst_output *o, uint64_t n);
int xst_output_failed(struct xst_output *o, int err);
/* Gives a file one more name, hidden beside `target`, that nobody has; malloc'ed.  Returns 0 or
 * -errno. */
int xst_io_link_beside(const char *file, const char *target, char **ret_name);

#endif
