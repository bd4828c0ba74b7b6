/* SPDX-License-Identifier: MIT */
/* Compression, in a child process between a descriptor and a pipe.
 *
 * The command goes on as if there were none: it reads or writes the pipe, and asks for the child's
 * report at the end.  The child never outlives its parent. */
#ifndef FILTER_FILTER_H
#define FILTER_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum filter_format {
	FILTER_NONE,
	FILTER_GZIP,
	FILTER_ZSTD,
	FILTER_XZ,
	FILTER_LZ4,
	FILTER_BZIP2, /* is read only */
	FILTER_MAX
};

enum filter_outcome {
	FILTER_FINE,
	FILTER_STOPPED, /* nobody wants the rest of what was decompressed */
	FILTER_DAMAGED, /* the compressed data */
	FILTER_READ,    /* a system call has failed: `error` */
	FILTER_WRITE,
	FILTER_DEAD,    /* the child was killed: `error` is the signal */
	FILTER_MISSING  /* a library is: `text` */
};

/* Fits into a pipe at once. */
struct filter_report {
	enum filter_outcome outcome;
	int error;
	bool cut;         /* FILTER_DAMAGED: no more than that the data end too soon */
	uint64_t written; /* bytes */
	char text[200];   /* one line, for FILTER_DAMAGED and FILTER_MISSING */
};

struct filter {
	int fd;      /* the caller's end of the pipe; -1 when it is closed */
	pid_t child; /* 0 when it was waited for */
	int reports;
	struct filter_report report;
};

/* Those that can be written, for help and complaints; which levels each has, xst_filter_parse() knows. */
#define FILTER_WORDS "zstd, gzip, xz or lz4"

const char *xst_filter_name(enum filter_format format);

/* Looks at a descriptor's next bytes without taking them.  Waits for as many as it needs to tell;
 * what can't be looked at is not compressed.  *ret_front: bytes that stand in front of the
 * compressed data (a handshake of xenopsd's, when a migration was captured); 0 without any. */
enum filter_format xst_filter_recognise(int fd, size_t *ret_front);
/* Takes so many bytes away.  Returns 0 or -errno. */
int xst_filter_pass_over(int fd, size_t n);

/* Takes NAME[:LEVEL].  Returns whether it is a format that can be written, at a level it has;
 * *level is -1 without one. */
bool xst_filter_parse(const char *text, enum filter_format *format, int *level);

/* Starts decompressing `from`, to be read from f->fd; or compressing into `to` what is written to
 * f->fd.  Both descriptors stay the caller's.  Return 0 or -errno. */
int xst_filter_decompress(struct filter *f, int from, enum filter_format format);
int xst_filter_compress(struct filter *f, int to, enum filter_format format, int level);

/* Whether all was read that f->fd ever gives: then xst_filter_end() tells why without stopping it. */
bool xst_filter_is_drained(const struct filter *f);
/* Closes the caller's end, which another child has by now. */
void xst_filter_let_go(struct filter *f);
/* Closes the caller's end and waits for the child.  The report stays valid; may be called again. */
const struct filter_report *xst_filter_end(struct filter *f);
/* Ends the child in the middle: what it has written is not complete. */
void xst_filter_kill(struct filter *f);

/* --- inside ---------------------------------------------------------------------------------- */

/* What the child does, from descriptor 0 to descriptor 1.  archive.c */
void xst_filter_pump_decompress(enum filter_format format, struct filter_report *report);
void xst_filter_pump_compress(enum filter_format format, int level, struct filter_report *report);

#endif
