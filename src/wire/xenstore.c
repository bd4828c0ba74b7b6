/* SPDX-License-Identifier: MIT */
/* The keys that xenstored accepts: docs/misc/xenstore.txt, "Keys", and
 * xen/include/public/io/xs_wire.h. */
#include "wire/wire.h"

#include <string.h>

bool xst_wire_xenstore_key(const char *key, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!memchr(XENSTORE_CHARACTERS, key[i], strlen(XENSTORE_CHARACTERS)) ||
		    (key[i] == '/' && (i + 1 == n || key[i + 1] == '/')))
			return false;
	return n && key[0] != '/';
}

bool xst_wire_xenstore_physmap(const char *key, size_t n)
{
	const size_t prefix = strlen(XENSTORE_PHYSMAP);

	return n > prefix && memcmp(key, XENSTORE_PHYSMAP, prefix) == 0;
}
