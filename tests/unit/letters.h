/* SPDX-License-Identifier: MIT */
/* Small sound streams of today's formats as words: each letter stands for a record.  A word that is
 * sound breaks no rule of the catalogue, so that a change to one letter can break one alone. */
#ifndef TESTS_LETTERS_H
#define TESTS_LETTERS_H

#include "build.h"

#define MAX_LETTERS 64

struct word {
	struct build b;
	char letters[MAX_LETTERS + 1];
	size_t at[MAX_LETTERS]; /* where each begins */
	const char *config;     /* of the letter a; NULL: "any 0 0 0" */
};

void word_build(struct word *w, const char *letters);
/* Where the first of these letters begins. */
size_t word_find(const struct word *w, char letter);

/* Offsets in records, header included. */
#define BODY 8
#define ENTRIES 16             /* D: 1, 7, 3 (the top table), 4 (an L3 or L2 table), 2 (XTAB) */
#define CONTEXT 16             /* B, X, Y: after the vCPU's number */
#define HVM_HEADER_BODY (BODY + 8)
#define HVM_PIC (BODY + 32 + 8 + 1032)
#define HVM_XSAVE (HVM_PIC + 16)
#define HVM_MSR (HVM_XSAVE + 8 + 600)

#endif
