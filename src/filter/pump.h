/* SPDX-License-Identifier: MIT */
/* Shared by the decompressors in the child: descriptors 0 and 1, and the report. */
#ifndef FILTER_PUMP_H
#define FILTER_PUMP_H

#include <stddef.h>

#include "filter/filter.h"
#include "load/load.h"

#define PIECE (64 << 10)

struct pump {
	int read_error, write_error; /* errno */
	bool ended;                  /* the input ended too early */
	uint64_t written;
	char buffer[PIECE];          /* input */
};

/* Reads into the buffer after its first `from` bytes.  Returns how many, 0 at the end, or -1. */
ssize_t xst_filter_pump_take(struct pump *p, size_t from);
/* Writes all n bytes.  Returns whether that succeeded. */
bool xst_filter_pump_give(struct pump *p, const char *data, size_t n);

/* Puts a library's message into the report, made readable. */
void xst_filter_pump_text(struct filter_report *report, const char *text);
void xst_filter_pump_error(struct filter_report *report, enum filter_outcome outcome, int error);
/* missing: the library, and where to get it. */
void xst_filter_pump_missing(struct filter_report *report, const char *missing);
/* fault: what is wrong with the data, or NULL. */
void xst_filter_pump_end(const struct pump *p, const char *fault, struct filter_report *report);

/* gunzip.c, unzstd.c */
void xst_filter_gunzip(struct filter_report *report);
void xst_filter_unzstd(struct filter_report *report);

#endif
