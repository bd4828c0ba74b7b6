/* SPDX-License-Identifier: MIT */
/* A stream with one thing wrong in it, and the finding that tells of it. */
#ifndef TESTS_FAULT_CASE_H
#define TESTS_FAULT_CASE_H

#include "faults.h"

#define BAD XST_E_MALFORMED
#define TOO_MUCH XST_E_LIMIT

/* The byte that the finding is to point at is marked while building. */
struct fault_case {
	const char *name;
	void (*build)(struct build *b);
	int code;             /* 0: a warning */
	const char *rule, *field, *text;
	enum xst_start start;
};

/* Runs each case as a test of its name, in one window and in many. */
int run_fault_cases(const char *group, const struct fault_case *cases, size_t n);

/* The parser tells the same of it in windows of any size. */
void same_in_pieces(const struct build *b, enum xst_start start, uint32_t flags);

/* What more than one layer's cases are made of. */
void hvm_image(struct build *b);
void libxl_stream(struct build *b);
void begin_hvm(struct build *b);
void end_hvm(struct build *b);
/* The first bytes of an xl header with an error in them: no magic of any kind. */
void wrong_magic(struct build *b);

#endif
