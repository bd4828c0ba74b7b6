/* SPDX-License-Identifier: MIT */
/* Descriptors: a reader that produces events from one, and output that appears whole or not at all.
 *
 * Both block, and repeat a system call that a signal interrupts. */
#ifndef XENSTREAM_IO_H
#define XENSTREAM_IO_H

#include <xenstream/parser.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- output --------------------------------------------------------------------------------- */

struct xst_output;

enum xst_output_flags {
	XST_OUTPUT_SYNC = 1 << 0 /* write a new file to the disk before it gets its name, as is
				  * always done for one that replaces another */
};

/* Makes an output to a descriptor, from its current offset; the descriptor stays the caller's.  A
 * pipe or socket without a reader is XST_E_IO if the process ignores SIGPIPE; otherwise the process
 * gets that signal.  On success *ret is the caller's, to be freed with xst_output_free().  Returns
 * 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_output_fd(int fd, struct xst_output **ret);

/* Makes an output to a file.  It is written without a name, in the same directory, and gets its
 * name with xst_output_commit(); an existing file keeps its contents until then and is replaced
 * whole.  A file that is not regular (a device, a fifo) is written directly.  mode: permissions of
 * a new file; an existing file's are kept.  flags: enum xst_output_flags.  On success *ret is the
 * caller's, to be freed with xst_output_free().  Returns 0 or a negative error, described in
 * *reterr (may be NULL). */
XST_API XST_NODISCARD int xst_output_file(const char *path, unsigned mode, uint32_t flags,
					  struct xst_output **ret, struct xst_finding *reterr);

/* Appends n bytes; small pieces are buffered.  Returns 0 or XST_E_IO, described by
 * xst_output_error(). */
XST_API XST_NODISCARD int xst_output_write(struct xst_output *o, const void *data, size_t n);
/* Writes out the buffered bytes.  Returns as xst_output_write(). */
XST_API XST_NODISCARD int xst_output_flush(struct xst_output *o);
/* Completes the output: writes out the buffered bytes and gives the file its name.  Returns as
 * xst_output_write(). */
XST_API XST_NODISCARD int xst_output_commit(struct xst_output *o);
/* Frees the output; a file that was not committed leaves no trace.  NULL is fine.  Returns NULL. */
XST_API struct xst_output *xst_output_free(struct xst_output *o);
/* The descriptor that the bytes go to: the caller's, or that of the file. */
XST_API int xst_output_get_fd(const struct xst_output *o);
/* How many bytes were appended, buffered ones included. */
XST_API uint64_t xst_output_offset(const struct xst_output *o);
/* The sticky error, owned by the output, or NULL. */
XST_API const struct xst_finding *xst_output_error(const struct xst_output *o);

/* --- reader --------------------------------------------------------------------------------- */

struct xst_reader;

enum xst_reader_flags {
	/* Give a run that lasts to the end of the input its length: from the file's size, or by
	 * copying the rest of a pipe into an unnamed temporary file. */
	XST_READER_KNOW_LENGTHS = 1 << 0
};

/* Makes a reader of a descriptor, from its current offset.  The descriptor stays the caller's;
 * nobody else may use it meanwhile.  Its offset, if it has one, is moved only by
 * xst_reader_finish().  parser: may be NULL; its offset 0 stands for the descriptor's.  flags: enum
 * xst_reader_flags.  tmpdir: for temporary files; NULL: $TMPDIR or /var/tmp.  On success *ret is
 * the caller's, to be freed with xst_reader_free().  Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_reader_new(int fd, const struct xst_parser_options *parser,
					 uint32_t flags, const char *tmpdir,
					 struct xst_reader **ret);
/* Frees it.  NULL is fine.  Returns NULL. */
XST_API struct xst_reader *xst_reader_free(struct xst_reader *r);

/* Gives the next event, never NEED; it is valid until the next call.  From a pipe or socket, only
 * bytes of the stream are read, except where more bytes are needed to see whether it goes on: up to
 * 21 after a bare HVM libxc image (avoided by XST_PARSER_NO_EMULATOR), and 4 after a legacy stream
 * without LAST_CHECKPOINT (avoided by XST_PARSER_ONE_CHECKPOINT).  Returns 0, an error of
 * xst_parser_next() or XST_E_IO, sticky and described by xst_reader_error(). */
XST_API XST_NODISCARD int xst_reader_next(struct xst_reader *r, const struct xst_event **ret_ev);

/* Inside a run (after PAYLOAD_BEGIN): skips the rest of it, by seeking where possible.  Returns as
 * xst_reader_next(). */
XST_API XST_NODISCARD int xst_reader_skip(struct xst_reader *r);

/* Skips the next n bytes of a run.  *ret_passed says how many were skipped: fewer than n only if
 * the run or the input ends.  Returns as xst_reader_next(). */
XST_API XST_NODISCARD int xst_reader_pass(struct xst_reader *r, uint64_t n, uint64_t *ret_passed);

/* From now on, copies every byte that is read or skipped to the output, unchanged and once.  The
 * bytes of a run are copied from the input itself: from a pipe they stay inside the kernel unless
 * PAYLOAD events are asked for.  Call this before the first xst_reader_next(), for a reader without
 * XST_READER_KNOW_LENGTHS, and never together with xst_reader_move().  A failure of the output
 * becomes the reader's.  The output stays the caller's and must outlive the reader.  Returns 0 or
 * XST_E_ARG. */
XST_API XST_NODISCARD int xst_reader_tee(struct xst_reader *r, struct xst_output *o);

/* Copies to the tee the bytes that remain after the end of the stream, or after an error in it.
 * Each call copies some; *ret_moved is 0 at the end of the input.  Returns 0, XST_E_IO, or
 * XST_E_STATE without a tee. */
XST_API XST_NODISCARD int xst_reader_tee_rest(struct xst_reader *r, uint64_t *ret_moved);

/* Inside a run: moves its next n bytes, at most those that are left, into the output, inside the
 * kernel where possible.  *ret_moved says how many: fewer than n only if the input ends.  Returns
 * as xst_reader_next(). */
XST_API XST_NODISCARD int xst_reader_move(struct xst_reader *r, struct xst_output *o, uint64_t n,
					  uint64_t *ret_moved);

/* Sets the offset of a seekable descriptor to the byte after the last one consumed, or copied to
 * the tee.  Returns 0 or XST_E_IO. */
XST_API XST_NODISCARD int xst_reader_finish(struct xst_reader *r);

/* Offset of the next byte, counted as in events. */
XST_API uint64_t xst_reader_offset(const struct xst_reader *r);
/* The input's size in bytes, or 0 if it isn't known. */
XST_API uint64_t xst_reader_size(const struct xst_reader *r);
/* The sticky error, owned by the reader, or NULL. */
XST_API const struct xst_finding *xst_reader_error(const struct xst_reader *r);

#ifdef __cplusplus
}
#endif
#endif
