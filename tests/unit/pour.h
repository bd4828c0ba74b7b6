/* SPDX-License-Identifier: MIT */
/* A stream poured through parser and converter in memory. */
#ifndef TESTS_POUR_H
#define TESTS_POUR_H

#include <xenstream/emit.h>
#include <xenstream/parser.h>

#include "build.h"

struct poured {
	struct build out;
	int code;
	struct xst_finding error;   /* of whom it was */
	size_t end;                 /* bytes of the input that belong to the stream */
	struct xst_finding remarks[32];
	size_t nremarks;
};

/* Parses and converts size bytes; options may be NULL.  Returns ret->code. */
int pour(const void *data, size_t size, const struct xst_parser_options *parser,
	 const struct xst_converter_options *converter, struct poured *ret);
void poured_free(struct poured *p);

#endif
