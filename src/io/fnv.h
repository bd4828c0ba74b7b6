/* SPDX-License-Identifier: MIT */
/* A checksum (FNV-1a) that protects against the effects of a power cut, not against an attacker. */
#ifndef IO_FNV_H
#define IO_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t fnv(uint64_t h, const void *data, size_t n)
{
	const uint8_t *b = data;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * UINT64_C(0x100000001b3);
	return h;
}

#endif
