/* SPDX-License-Identifier: MIT */
/* Prefetching for reads that jump through a file, where the jumps can be predicted.
 *
 * Skipping page contents means reading a window, jumping, reading the next one.  The kernel does
 * not read ahead of jumps, so a disk would be asked for one place after the other.  But most
 * records of an image have the same length: after some equal jumps the next places are known and
 * requested together. */
#ifndef IO_AHEAD_H
#define IO_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* All 0 at first. */
struct ahead {
	uint64_t last, jump; /* place of the last window, and its distance from the one before */
	uint64_t equal;      /* how many jumps were equal to the last one */
	uint64_t asked;      /* places before this one have been requested */
	bool from_disk;      /* some part of the file was not in memory */
};

/* Like xst_io_pread_some(). */
ssize_t xst_io_ahead_pread(struct ahead *a, int fd, void *to, size_t n, uint64_t offset);

#endif
