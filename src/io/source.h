/* SPDX-License-Identifier: MIT */
/* The source of a stream's bytes: a pipe or socket, a file or a part of one, or memory.
 *
 * A file and memory are read through windows that may reach beyond the parser's needs; excess is
 * dropped, and payload is skipped by seeking.  A pipe is read exactly as far as the parser asks, so
 * that payload stays in the kernel and bytes after the stream are left in the pipe. */
#ifndef IO_SOURCE_H
#define IO_SOURCE_H

#include <sys/types.h>

#include <xenstream/parser.h>

#include "io/ahead.h"

struct source {
	int fd;
	const uint8_t *memory;   /* or NULL */
	bool seekable, is_part;  /* a part's end doesn't move */
	uint64_t position;       /* of the next byte to read, in the file or the memory */
	uint64_t size;           /* its end; 0: unknown */
	struct ahead ahead;
	size_t capacity;         /* of the next window */
	uint8_t *buffer;
	struct xst_in in;        /* the current window */
};

/* Makes an empty source; xst_source_from_...() follows.  Returns 0 or XST_E_NOMEM. */
int xst_source_init(struct source *s);
/* Does not close the descriptor, which is the caller's. */
void xst_source_free(struct source *s);
/* From the descriptor's current offset, if it has one. */
void xst_source_from_fd(struct source *s, int fd);
/* [from, to) of a file (memory NULL) or of memory. */
void xst_source_from_part(struct source *s, int fd, const uint8_t *memory, uint64_t from,
			  uint64_t to);
/* From the next byte of `other`; both must be seekable. */
void xst_source_from_other(struct source *s, const struct source *other);

/* Replaces a used window by a fresh one, of at most `max` bytes from a pipe.  Returns its size, 0
 * at the end, or -errno. */
ssize_t xst_source_read(struct source *s, uint64_t max);
/* Gives back the rest of a file's window; it is read again when needed. */
void xst_source_rewind(struct source *s);
/* n bytes after the used-up window were moved by other means. */
void xst_source_moved(struct source *s, uint64_t n);
/* How many of n bytes a file has after the window.  It may have shrunk or grown meanwhile. */
uint64_t xst_source_within(struct source *s, uint64_t n);

static inline size_t source_window_left(const struct source *s)
{
	return s->in.size - s->in.pos;
}

#endif
