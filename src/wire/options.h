/* SPDX-License-Identifier: MIT */
/* Option structures that may be older or newer than the library. */
#ifndef WIRE_OPTIONS_H
#define WIRE_OPTIONS_H

#include <string.h>

#include <xenstream/finding.h>

/* Copies a caller's structure, of the caller's size, into ours, which holds the defaults.  Members
 * unknown to us must be zero.  Returns 0 or XST_E_ARG. */
static inline int xst_options_copy(void *ours, size_t our_size, const void *theirs,
				   size_t their_size)
{
	const unsigned char *tail = (const unsigned char *)theirs + our_size;

	if (their_size < sizeof(size_t))
		return XST_E_ARG;
	for (size_t i = our_size; i < their_size; i++)
		if (*tail++)
			return XST_E_ARG;
	memcpy(ours, theirs, their_size < our_size ? their_size : our_size);
	return 0;
}

#endif
