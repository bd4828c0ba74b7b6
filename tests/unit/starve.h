/* SPDX-License-Identifier: MIT */
/* Each allocation of a job fails in turn.
 *
 * The linker sends the calls of malloc and its kin to starve.c (--wrap), see meson.build; those of
 * json-c, whose own memory nobody sees, to starve_json.c: a call that may run out of memory counts
 * as an allocation. */
#ifndef STARVE_H
#define STARVE_H

#include <stdbool.h>

/* A job goes well if all its allocations do.  Then it is done again for each of them, which fails:
 * it must return XST_E_NOMEM or expected_code, and nothing may be left of its memory. */
void each_fails(int (*job)(void), int expected_code);

/* From here on nothing counts or fails, and from there on again: what a job only has to look with. */
void starve_pause(void);
void starve_on(void);

/* Is the allocation in hand the one that fails? */
bool starve_fails(void);

#endif
