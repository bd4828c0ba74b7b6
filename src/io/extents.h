/* SPDX-License-Identifier: MIT */
/* Where a file's blocks are on its disk. */
#ifndef IO_EXTENTS_H
#define IO_EXTENTS_H

#include <stdbool.h>
#include <stdint.h>

/* A number that tells a file's map of extents from others; 0: the file system doesn't say, or
 * the map is too large to be kept in memory. */
uint64_t xst_io_extents_digest(int fd);

/* Inserting blocks shifts extents one after the other, the last one first, and a power cut can
 * stop that in the middle: then there's a gap at the place that was reached.  Looks for a hole
 * of `shift` bytes without which the map has that digest.  Returns whether there's one,
 * *ret_at is where it begins; the file's end counts, too. */
bool xst_io_extents_find_gap(int fd, uint64_t digest, uint64_t shift, uint64_t *ret_at);

#endif
