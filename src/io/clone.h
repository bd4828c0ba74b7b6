/* SPDX-License-Identifier: MIT */
#ifndef IO_CLONE_H
#define IO_CLONE_H

#include <xenstream/change.h>

#include "io/io.h"

/* Appends the contents of a file after its first `skip` bytes (or everything left in a pipe) to an
 * output. */
struct clone {
	int from;
	uint64_t skip;
	struct xst_output *to;
	xst_moved_fn progress;
	void *userdata;
};

/* Whether an empty output can share blocks with a file.  If so, returns the unit: the offsets of
 * the shared bytes in both files must differ by a multiple of it; else 0. */
uint64_t xst_io_clone_probe(int from, const struct xst_output *to);

/* Shares blocks where possible, else copies.  *ret_way: XST_CHANGE_SHARED or XST_CHANGE_COPIED.
 * Errors are described in *error, or by the output. */
int xst_io_clone_rest(const struct clone *c, enum xst_change_way *ret_way,
		      struct xst_finding *error);

#endif
