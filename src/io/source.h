/* SPDX-License-Identifier: MIT */
/* Where a stream's bytes come from: a pipe or socket, a file or a part of one, or a piece of memory.
 *
 * A file and memory are read through windows that may reach beyond what the parser needs; what was read
 * too far is dropped, and payload is sought over.  A pipe is read exactly as far as the parser says,
 * so that payload stays in the kernel and foreign bytes after the stream are left to others. */
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
	uint64_t size;           /* where it ends; 0: not known */
	struct ahead ahead;
	size_t capacity;         /* of the next window */
	uint8_t *buffer;
	struct xst_in in;        /* the window in hand */
};

/* Returns 0 or XST_E_NOMEM.  Without a source: xst_source_from_... follows. */
int xst_source_init(struct source *s);
/* Does not close the descriptor, which is the caller's. */
void xst_source_free(struct source *s);
/* From the descriptor's present offset on, if it has one. */
void xst_source_from_fd(struct source *s, int fd);
/* [from, to) of a file (memory NULL) or of memory. */
void xst_source_from_part(struct source *s, int fd, const uint8_t *memory, uint64_t from, uint64_t to);
/* From the byte on that `other` would give next; both must be seekable. */
void xst_source_from_other(struct source *s, const struct source *other);

/* A fresh window in place of a used one, of a pipe up to `max` bytes.  Returns its size, 0 at the end, or
 * -errno. */
ssize_t xst_source_read(struct source *s, uint64_t max);
/* The rest of a file's window is read again when it is wanted. */
void xst_source_rewind(struct source *s);
/* n bytes after the window, which is used up, went another way. */
void xst_source_moved(struct source *s, uint64_t n);
/* How many of n bytes a file has after the window.  It may have shrunk or grown meanwhile. */
uint64_t xst_source_within(struct source *s, uint64_t n);

static inline size_t source_window_left(const struct source *s)
{
	return s->in.size - s->in.pos;
}

#endif
