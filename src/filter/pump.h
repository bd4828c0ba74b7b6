/* SPDX-License-Identifier: MIT */
/* What the decompressors in the child share: descriptors 0 and 1, and how it went. */
#ifndef FILTER_PUMP_H
#define FILTER_PUMP_H

#include <stddef.h>

#include "filter/filter.h"
#include "load/load.h"

#define PIECE (64 << 10)

struct pump {
	int read_error, write_error; /* errno */
	bool ended;                  /* more was wanted than there is */
	uint64_t written;
	char buffer[PIECE];          /* of input */
};

/* Reads into the buffer after its first `from` bytes.  Returns how many, 0 at the end, or -1. */
ssize_t xst_filter_pump_take(struct pump *p, size_t from);
/* Writes all of it.  Returns whether that went well. */
bool xst_filter_pump_give(struct pump *p, const char *data, size_t n);

/* Words of a library's, for a person to read. */
void xst_filter_pump_text(struct filter_report *report, const char *text);
void xst_filter_pump_error(struct filter_report *report, enum filter_outcome outcome, int error);
/* missing: which library, and where to get it. */
void xst_filter_pump_missing(struct filter_report *report, const char *missing);
/* fault: what is wrong with the data, or NULL. */
void xst_filter_pump_end(const struct pump *p, const char *fault, struct filter_report *report);

/* gunzip.c, unzstd.c */
void xst_filter_gunzip(struct filter_report *report);
void xst_filter_unzstd(struct filter_report *report);

#endif
