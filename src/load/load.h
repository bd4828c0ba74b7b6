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

/* With FUNCTIONS(X) as a list of X(function): makes `name`, a structure that has a pointer for each of them, and
 * name_load(), which fills it unless that was done, and returns NULL, or words for the user: which file is
 * missing and which of Debian's packages has it. */
#define LOADED_LIBRARY(name, file, package, FUNCTIONS)                                              \
	static struct {                                                                             \
		FUNCTIONS(LOAD_MEMBER)                                                              \
	} name;                                                                                     \
                                                                                                    \
	static const char *name##_load(void)                                                        \
	{                                                                                           \
		static const char *const names[] = { FUNCTIONS(LOAD_NAME) };                        \
		static bool loaded;                                                                 \
                                                                                                    \
		loaded = loaded ||                                                                  \
			 xst_load_library(file, names, &name, sizeof(names) / sizeof(names[0]));    \
		return loaded ? NULL                                                                \
			      : file " can't be loaded: install it (Debian's package " package ")"; \
	}
#define LOAD_MEMBER(function) __typeof__(function) *function;
#define LOAD_NAME(function)   #function,

#endif
