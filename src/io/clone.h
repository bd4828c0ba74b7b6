/* SPDX-License-Identifier: MIT */
#ifndef IO_CLONE_H
#define IO_CLONE_H

#include <xenstream/change.h>

#include "io/io.h"

/* All that follows the first `skip` bytes of a file (or, of a pipe, all that comes) is put
 * after what was written to an output. */
struct clone {
	int from;
	uint64_t skip;
	struct xst_output *to;
	xst_moved_fn progress;
	void *userdata;
};

/* Whether an output that is empty can share blocks with a file: then the distances of the
 * shared bytes from the beginnings of both must differ by a multiple of what is returned; 0:
 * it can't. */
uint64_t xst_io_clone_probe(int from, const struct xst_output *to);

/* Shares blocks where that can be, or else copies.  *ret_way: XST_CHANGE_SHARED or
 * XST_CHANGE_COPIED.  What went wrong is described in *error, or by the output. */
int xst_io_clone_rest(const struct clone *c, enum xst_change_way *ret_way,
		      struct xst_finding *error);

#endif
