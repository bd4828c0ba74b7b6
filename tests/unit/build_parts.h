/* SPDX-License-Identifier: MIT */
/* What the files that build streams share, and nobody else needs. */
#ifndef TESTS_BUILD_PARTS_H
#define TESTS_BUILD_PARTS_H

#include "build.h"

static inline size_t or_else(size_t n, size_t by_default)
{
	return n ? n : by_default;
}

/* Levels of page tables; 0: not a PV guest. */
static inline unsigned levels_of(bool pv, size_t guest_width)
{
	return !pv ? 0 : guest_width == 4 ? 3 : 4;
}

/* Of a batch: pages with contents, then holes; malloc'ed. */
uint64_t *some_entries(size_t pages, size_t holes, uint64_t first, unsigned levels);
/* Makes registers of the last `size` bytes, which say nothing but that start_info is page 0, and the page
 * table page 1. */
void registers(struct build *b, size_t size);
/* The device model's state of n bytes. */
void qemu_state(struct build *b, size_t n);
/* The same after an image, as legacy toolstacks wrote it; signature NULL: none. */
void legacy_emulator(struct build *b, const char *signature, size_t n);
/* A CHECKPOINT_STATE of COLO's. */
void colo_state(struct build *b, uint32_t id);

#endif
