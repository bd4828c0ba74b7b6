/* SPDX-License-Identifier: MIT */
/* What the files that build streams share, and nobody else needs. */
#ifndef TESTS_BUILD_PARTS_H
#define TESTS_BUILD_PARTS_H

#include "build.h"

static inline size_t or_else(size_t n, size_t by_default)
{
	return n ? n : by_default;
}

/* Of a batch: pages with contents, then holes; malloc'ed. */
uint64_t *some_entries(size_t pages, size_t holes, uint64_t first, bool pv);
/* The device model's state of n bytes. */
void qemu_state(struct build *b, size_t n);
/* The same after an image, as legacy toolstacks wrote it; signature NULL: none. */
void legacy_emulator(struct build *b, const char *signature, size_t n);
/* A CHECKPOINT_STATE of COLO's. */
void colo_state(struct build *b, uint32_t id);

#endif
