/* SPDX-License-Identifier: MIT */
/* Shared by the files of this folder. */
#ifndef IO_IO_H
#define IO_IO_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include <xenstream/io.h>

#include "finding/rules.h"

/* How bytes are moved between two descriptors; determined at the first attempt. */
enum transfer_way { WAY_UNKNOWN, WAY_OWN_PIPE, WAY_SENDFILE, WAY_SPLICE, WAY_BUFFER };

struct transfer {
	enum transfer_way way;
	int in, out;        /* the pair that `way` applies to */
	uint8_t *buffer;
	int pipe[2];
	bool have_pipe;
};

/* Moves up to n bytes from `in` (at *offset if that is not NULL, which is advanced) to `out`.
 * Returns their number, 0 at the end of the input, or -errno; *ret_out says whether the output
 * failed. */
ssize_t xst_io_transfer(struct transfer *t, int in, off_t *offset, int out, uint64_t n,
			bool *ret_out);
void xst_io_transfer_free(struct transfer *t);

/* Waits until a descriptor that returned EAGAIN is ready.  events: POLLIN or POLLOUT. */
int xst_io_wait_ready(int fd, short events);
/* Whether it is ready, without waiting. */
bool xst_io_is_ready(int fd, short events);
/* Writes all n bytes.  Returns 0 or -errno. */
int xst_io_write_all(int fd, const void *data, size_t n);
int xst_io_pwrite_all(int fd, const void *data, size_t n, off_t offset);
/* Reads up to n bytes, at least one unless at the end.  Returns their number or -errno. */
ssize_t xst_io_read_some(int fd, void *data, size_t n);
ssize_t xst_io_pread_some(int fd, void *data, size_t n, off_t offset);

/* The folder for temporary files: `wanted`, or if that is NULL, $TMPDIR or /var/tmp. */
const char *xst_io_tmpdir(const char *wanted);
/* CLOCK_MONOTONIC in microseconds: the one clock of the project, which tests can replace. */
uint64_t xst_io_now(void);
/* A file without a name, for what must be known before it can be used.  Returns it or -errno. */
int xst_io_unnamed_file(const char *dir);

/* Describes a failed system call: "WHAT: strerror; advice".  Returns XST_E_IO. */
int xst_io_error(struct xst_finding *f, enum xst_rule rule, int err, const char *what);
/* Describes another failure without a place in a stream.  f may be NULL.  Returns code. */
int xst_io_plain_error(struct xst_finding *f, int code, enum xst_rule rule, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Starts a thread with all signals blocked: signals are the caller's, and a pipe without a reader
 * must not kill the process.  Returns 0 or -errno. */
int xst_io_start_thread(pthread_t *ret, size_t stack, void *(*run)(void *), void *userdata);

/* A second reader at the same place of a seekable input, for looking ahead.  It does not own the
 * descriptor. */
int xst_reader_fork(const struct xst_reader *r, struct xst_reader **ret);
bool xst_reader_is_seekable(const struct xst_reader *r);
/* Copies the rest of a pipe into an unnamed temporary file and reads on from there. */
int xst_reader_make_seekable(struct xst_reader *r, uint64_t limit);
const char *xst_reader_tmpdir(const struct xst_reader *r);
struct sight;
/* Who looks at runs that are moved or passed over from now on, see pull.h; NULL: nobody. */
void xst_reader_set_sight(struct xst_reader *r, const struct sight *sight);

/* Discards the output after `offset`; only for a file of the output's own, else XST_E_REFUSED. */
int xst_output_rewind(struct xst_output *o, uint64_t offset);
/* A new descriptor for reading the output from its first byte, if it is a file.  Returns it or
 * -errno. */
int xst_output_reopen(struct xst_output *o);
/* For the reader's transfers: n bytes bypassed xst_output_write(). */
void xst_output_moved(struct xst_output *o, uint64_t n);
int xst_output_failed(struct xst_output *o, int err);
/* Gives a file one more name, hidden beside `target` and unique; malloc'ed.  Returns 0 or
 * -errno. */
int xst_io_link_beside(const char *file, const char *target, char **ret_name);

#endif
