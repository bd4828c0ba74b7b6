/* SPDX-License-Identifier: MIT */
#ifndef IO_METADATA_H
#define IO_METADATA_H

#include <stdbool.h>

/* Copies owner, permissions, ACLs and extended attributes from one file to another.  Attributes
 * that the system assigns (security.*, trusted.*) are left as they are if we may not set them.
 * lenient: skip anything that can't be copied.  Returns 0 or -errno, with *ret_what naming the
 * failed part. */
int xst_io_metadata_copy(int from, int to, bool lenient, const char **ret_what);

#endif
