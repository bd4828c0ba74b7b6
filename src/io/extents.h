/* SPDX-License-Identifier: MIT */
/* The places of a file's blocks on its disk. */
#ifndef IO_EXTENTS_H
#define IO_EXTENTS_H

#include <stdbool.h>
#include <stdint.h>

/* A digest of a file's map of extents; 0: the file system doesn't give it, or the map is too large
 * to be kept in memory. */
uint64_t xst_io_extents_digest(int fd);

/* Inserting blocks shifts extents one after the other, the last one first.  A power cut can
 * interrupt that, and leaves a gap at the place that was reached.  Looks for a hole of `shift`
 * bytes without which the map has that digest.  Returns whether there is one, beginning at *ret_at;
 * the file's end counts as well. */
bool xst_io_extents_find_gap(int fd, uint64_t digest, uint64_t shift, uint64_t *ret_at);

#endif
