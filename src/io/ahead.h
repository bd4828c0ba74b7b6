/* SPDX-License-Identifier: MIT */
/* Reading a file by jumps, where they can be foreseen.
 *
 * Who passes over page contents reads a window, jumps, reads the next one.  The kernel doesn't read
 * ahead of jumps, so that a disk would be asked for one place after the other.  But most records of an
 * image are of one length: after some equal jumps the next places are known, and asked for together. */
#ifndef IO_AHEAD_H
#define IO_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* All 0 at first. */
struct ahead {
	uint64_t last, jump; /* to where the last window was, and how far it was from the one before */
	uint64_t equal;      /* how many jumps were as the last one */
	uint64_t asked;      /* places before this one were asked for */
	bool from_disk;      /* the file isn't in memory, or was not at one place */
};

/* As xst_io_pread_some(). */
ssize_t xst_io_ahead_pread(struct ahead *a, int fd, void *to, size_t n, uint64_t offset);

#endif
