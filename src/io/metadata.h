/* SPDX-License-Identifier: MIT */
#ifndef IO_METADATA_H
#define IO_METADATA_H

#include <stdbool.h>

/* Gives one file the owner, permissions, ACLs and extended attributes of another.  What the
 * system assigns by itself (security.*, trusted.*) is left to it where it doesn't let us.
 * lenient: what can't be kept is not.  Returns 0 or -errno, with *ret_what saying what could
 * not be kept. */
int xst_io_metadata_copy(int from, int to, bool lenient, const char **ret_what);

#endif
