/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_TAKEN_H
#define CONFIG_TAKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which xl takes a configuration of its own language back. */
struct config_taken {
	bool refused;          /* none does */
	uint32_t since, until; /* the first version and the last series that do, as XST_XEN(); 0: any */
	char why[80];          /* what these know, or do not: one line, no full stop */
	char word[80];         /* what is passed over, or refused; empty: nothing */
};

/* Judges n bytes as they are stored.  Returns 0 or XST_E_NOMEM. */
int xst_config_taken(const char *text, size_t n, struct config_taken *ret);

#endif
