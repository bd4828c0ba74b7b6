/* SPDX-License-Identifier: MIT */
/* The case of each limit of src/limits/limits.h: whether `n` of what it counts are taken, that is neither
 * refused, nor left out, nor untracked.  limit_list.c asks at value - 1, value and value + 1.  A row without
 * a case doesn't link. */
#ifndef TESTS_LIMIT_CASE_H
#define TESTS_LIMIT_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "directory/directory.h"
#include "limits/limits.h"
#include "wire/hvm_save.h"
#include "wire/pv.h"
#include "wire/wire.h"

#define ALL_LIMITS(X) XST_LIMITS(X) XST_FORMAT_LIMITS(X)

#define X(name, value, unit, of, beyond) bool limit_takes_##name(uint64_t n);
ALL_LIMITS(X)
#undef X

#define LIMIT_CASE(name) bool limit_takes_##name(uint64_t n)

/* A folder for the files of the cases, emptied after each of them. */
const char *limit_folder(void);
/* An unnamed file that holds a stream, read from its beginning. */
struct build;
int limit_file_of(struct build *b);

#endif
