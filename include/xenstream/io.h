/* SPDX-License-Identifier: MIT */
/* Descriptors: a reader that pulls events out of one, and output that appears whole or not at all.
 *
 * Both block.  Signals: an interrupted call is repeated. */
#ifndef XENSTREAM_IO_H
#define XENSTREAM_IO_H

#include <xenstream/parser.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- output --------------------------------------------------------------------------------- */

struct xst_output;

enum xst_output_flags {
	XST_OUTPUT_SYNC = 1 << 0 /* put a new file on the disk before it gets its name, too; one that
				    replaces another always is */
};

/* Output to a descriptor, from its present offset on; the descriptor stays the caller's.  A pipe or socket
 * that nobody reads any more is XST_E_IO for a process that ignores SIGPIPE; any other gets that.
 * Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_output_fd(int fd, struct xst_output **ret);

/* Output to a file.  It is written without a name, in the same directory, and gets its name with
 * xst_output_commit(): a file of that name keeps its contents until then and is replaced whole.
 * What is not a regular file (a device, a fifo) is written directly.  mode: permissions of a new
 * file; an existing one's are kept.  Returns 0, XST_E_ARG, or another negative error, described in
 * *reterr (may be NULL). */
XST_API XST_NODISCARD int xst_output_file(const char *path, unsigned mode, uint32_t flags,
					  struct xst_output **ret, struct xst_finding *reterr);

/* Appends; small pieces are gathered.  XST_E_IO: see xst_output_error(). */
XST_API XST_NODISCARD int xst_output_write(struct xst_output *o, const void *data, size_t n);
/* Passes on all that was gathered. */
XST_API XST_NODISCARD int xst_output_flush(struct xst_output *o);
/* All is well: flush, and the file gets its name. */
XST_API XST_NODISCARD int xst_output_commit(struct xst_output *o);
/* Frees; without a commit before, a file leaves no trace.  NULL is fine.  Returns NULL. */
XST_API struct xst_output *xst_output_free(struct xst_output *o);
/* Where the bytes go: the caller's descriptor, or the file's. */
XST_API int xst_output_get_fd(const struct xst_output *o);
/* How many bytes it has taken, gathered ones included. */
XST_API uint64_t xst_output_offset(const struct xst_output *o);
/* The error that it has failed with, or NULL. */
XST_API const struct xst_finding *xst_output_error(const struct xst_output *o);

/* --- reader --------------------------------------------------------------------------------- */

struct xst_reader;

enum xst_reader_flags {
	/* A run that lasts to the end of the input gets its length: from the file's size, or by
	 * putting the rest of a pipe into an unnamed temporary file. */
	XST_READER_KNOW_LENGTHS = 1 << 0
};

/* Reads from a descriptor's present offset on.  The descriptor stays the caller's and must not be
 * used by others meanwhile; its offset is moved by xst_reader_finish() only, if it has one.
 * parser: may be NULL; parser->offset is set to the descriptor's offset if it is 0.
 * tmpdir: for temporary files; NULL means $TMPDIR or /var/tmp.
 * Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_reader_new(int fd, const struct xst_parser_options *parser,
					 uint32_t flags, const char *tmpdir,
					 struct xst_reader **ret);
/* Frees it.  NULL is fine.  Returns NULL. */
XST_API struct xst_reader *xst_reader_free(struct xst_reader *r);

/* The next event; never NEED.  From a pipe or socket nothing is taken that is not part of the
 * stream, but where only that shows whether it goes on: up to 21 bytes after a bare HVM libxc image
 * (XST_PARSER_NO_EMULATOR spares them), and 4 after a legacy stream without LAST_CHECKPOINT
 * (XST_PARSER_ONE_CHECKPOINT).  Returns 0 or a negative error, sticky. */
XST_API XST_NODISCARD int xst_reader_next(struct xst_reader *r, const struct xst_event **ret_ev);

/* Inside a run (after PAYLOAD_BEGIN): passes over the rest of it, by seeking where possible. */
XST_API XST_NODISCARD int xst_reader_skip(struct xst_reader *r);

/* The same for the next n bytes of it.  *ret_passed tells how many; fewer than n only when the
 * run or the input ends. */
XST_API XST_NODISCARD int xst_reader_pass(struct xst_reader *r, uint64_t n, uint64_t *ret_passed);

/* From now on every byte that is read or passed over goes on to the output, unchanged and once;
 * what a run's bytes are is decided by the input: those of a pipe stay inside the kernel, unless
 * PAYLOAD events are asked for.  To be called before the first xst_reader_next(), for a reader
 * without XST_READER_KNOW_LENGTHS; not together with xst_reader_move().  A failure of the output
 * becomes the reader's.  Returns 0 or XST_E_ARG. */
XST_API XST_NODISCARD int xst_reader_tee(struct xst_reader *r, struct xst_output *o);

/* Passes on what nobody will read: after the end of the stream, or after an error in it.  Some of
 * it a call; *ret_moved is 0 when the input has ended.  Returns 0, XST_E_IO, or XST_E_STATE without a
 * tee. */
XST_API XST_NODISCARD int xst_reader_tee_rest(struct xst_reader *r, uint64_t *ret_moved);

/* Inside a run: moves the next n bytes of it, n at most what is left, into the output; inside
 * the kernel where possible.  *ret_moved tells how many; fewer than n only when the input ends. */
XST_API XST_NODISCARD int xst_reader_move(struct xst_reader *r, struct xst_output *o, uint64_t n,
					  uint64_t *ret_moved);

/* Sets the offset of a seekable descriptor after the last byte that was consumed, or that the tee
 * has. */
XST_API XST_NODISCARD int xst_reader_finish(struct xst_reader *r);

/* Offset of the next byte. */
XST_API uint64_t xst_reader_offset(const struct xst_reader *r);
/* The input's size, or 0 when it isn't known. */
XST_API uint64_t xst_reader_size(const struct xst_reader *r);
/* The error that has ended the reading, or NULL. */
XST_API const struct xst_finding *xst_reader_error(const struct xst_reader *r);

#ifdef __cplusplus
}
#endif
#endif
