/* SPDX-License-Identifier: MIT */
/* What the parser has found in an input: its warnings and its error. */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include <xenstream/parser.h>

#include "build.h"

#define MAX_FAULTS 32

struct faults {
	struct xst_finding warning[MAX_FAULTS];
	size_t n;
	int code;
	struct xst_finding error;
	uint64_t end;
	size_t records;
};

void find_faults(const struct build *b, const struct xst_parser_options *options,
		 struct faults *ret);
/* The first warning of that rule, or NULL. */
const struct xst_finding *warning_of(const struct faults *f, const char *rule);

#endif
