/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_UTF8_H
#define CONFIG_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the well-formed UTF-8 sequence at s, where n > 0 bytes are left; 0 if there is
 * none. */
size_t xst_utf8_length(const unsigned char *s, size_t n);

/* Whether n bytes are UTF-8; if not, where the first invalid byte is. */
bool xst_utf8_valid(const char *s, size_t n, size_t *ret_bad);

#endif
