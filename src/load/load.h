/* SPDX-License-Identifier: MIT */
/* Libraries that are loaded when what they are for has come: a command that meets no XML has no XML parser in
 * it, and starts in less time. */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>

/* Loads a library, to stay, and looks up n functions; `functions` is a structure of pointers, in that
 * order.  Returns whether all are there. */
bool xst_load_library(const char *library, const char *const *names, void *functions, size_t n);

/* With FUNCTIONS(X) as a list of X(function): makes `lib`, a structure that has a pointer for each of them, and
 * lib_load(), which fills it unless that was done, and returns whether it is filled. */
#define LOADED_LIBRARY(library, FUNCTIONS)                                                          \
	static struct {                                                                             \
		FUNCTIONS(LOAD_MEMBER)                                                              \
	} lib;                                                                                      \
                                                                                                    \
	static bool lib_load(void)                                                                  \
	{                                                                                           \
		static const char *const names[] = { FUNCTIONS(LOAD_NAME) };                        \
		static bool loaded;                                                                 \
                                                                                                    \
		loaded = loaded ||                                                                  \
			 xst_load_library(library, names, &lib, sizeof(names) / sizeof(names[0]));      \
		return loaded;                                                                      \
	}
#define LOAD_MEMBER(name) __typeof__(name) *name;
#define LOAD_NAME(name)	  #name,

#endif
