/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_UTF8_H
#define CONFIG_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a well-formed UTF-8 sequence at s, of which there are n > 0; 0 if there is none. */
size_t xst_utf8_length(const unsigned char *s, size_t n);

/* Are n bytes UTF-8?  If not, where do they cease to be? */
bool xst_utf8_valid(const char *s, size_t n, size_t *ret_bad);

#endif
