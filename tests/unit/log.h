/* SPDX-License-Identifier: MIT */
/* A run of the parser over bytes in memory, and what it said as text.
 *
 * The log is canonical: however the input was cut into windows, and whether payload was handed over
 * or claimed, the same input gives the same log.  NEED is not in it, but its promises are checked. */
#ifndef TESTS_LOG_H
#define TESTS_LOG_H

#include <xenstream/parser.h>

struct log {
	char *text;
	size_t size, capacity;
	int code;                  /* 0: FINISHED */
	struct xst_finding error;
	uint64_t end;              /* offset after the last byte consumed */
	/* the run in hand */
	bool in_run;
	uint64_t run_hash, run_size;
};

void log_free(struct log *g);
void log_clear(struct log *g);
/* Whether two logs say the same. */
bool log_equal(const struct log *a, const struct log *b);
/* The first line in which they differ, for people. */
void log_print_difference(const struct log *a, const struct log *b);
/* Adds what an event says; the parser's runs are gathered into one line. */
void log_event(struct log *g, const struct xst_event *ev);
/* Adds bytes of a run that were claimed. */
void log_claimed(struct log *g, const uint8_t *data, size_t n);

enum claims { CLAIM_NOTHING = 0, CLAIM_ALL, CLAIM_SOME };

/* How an input is fed.  All zero: in one window. */
struct cuts {
	size_t first;          /* bytes of the first window, if not 0; then the rest */
	size_t chunk;          /* bytes of every window, if not 0 */
	const uint8_t *script; /* else, one byte for each window: its size (0-63), and 0x80 to */
	size_t script_size;    /* claim what can be claimed after it, 0x40 only a part of that */
	enum claims claims;
	bool fresh;            /* each call gets a window of its own */
	bool early_eof;        /* the end is announced with the last window, not after it */
	bool set_length;       /* runs of unknown length get theirs */
	bool copied;           /* each call is made to a new copy of the parser; the original is freed */
};

/* Parses size bytes.  Returns log->code; NOMEM aborts. */
int parse_logged(const uint8_t *data, size_t size, const struct xst_parser_options *options,
		 const struct cuts *cuts, struct log *g);

#endif
