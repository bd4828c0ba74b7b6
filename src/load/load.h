/* SPDX-License-Identifier: MIT */
/* Libraries loaded on demand: a command that meets no XML loads no XML parser, and starts
 * faster. */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>

/* Loads a library for good and looks up n functions; `functions` is a structure of pointers in the
 * same order.  Returns whether all were found. */
bool xst_load_library(const char *library, const char *const *names, void *functions, size_t n);

/* FUNCTIONS(X) is a list of X(function).  Defines `name`, a structure with a pointer for each
 * function, and name_load(), which fills it on the first call and returns NULL, or a message for
 * the user: which file is missing and which Debian package contains it. */
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
			      : file " can't be loaded: install it (Debian package " package ")"; \
	}
#define LOAD_MEMBER(function) __typeof__(function) *function;
#define LOAD_NAME(function)   #function,

#endif
