/* SPDX-License-Identifier: MIT */
#include "load/load.h"

#include <dlfcn.h>
#include <string.h>

bool xst_load_library(const char *library, const char *const *names, void *functions, size_t n)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	char *to = functions;

	for (size_t i = 0; handle && i < n; i++, to += sizeof(void *)) {
		void *found = dlsym(handle, names[i]);

		if (!found)
			return false;
		memcpy(to, &found, sizeof(found));
	}
	return handle != NULL;
}
