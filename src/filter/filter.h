/* SPDX-License-Identifier: MIT */
/* Compression, in a child process between a descriptor and a pipe.
 *
 * The command reads or writes the pipe as if it were the file, and asks for the child's report at
 * the end.  The child never outlives its parent. */
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
	FILTER_BZIP2, /* only for reading */
	FILTER_MAX
};

enum filter_outcome {
	FILTER_FINE,
	FILTER_STOPPED, /* the rest of the decompressed data isn't wanted */
	FILTER_DAMAGED, /* the compressed data are damaged */
	FILTER_READ,    /* a read failed: `error` */
	FILTER_WRITE,
	FILTER_DEAD,    /* the child was killed: `error` is the signal */
	FILTER_MISSING  /* a library is missing: `text` */
};

/* Fits into a pipe in one write. */
struct filter_report {
	enum filter_outcome outcome;
	int error;
	bool cut;         /* FILTER_DAMAGED: the data only end too early */
	uint64_t written; /* bytes */
	char text[200];   /* one line, for FILTER_DAMAGED and FILTER_MISSING */
};

struct filter {
	int fd;      /* the caller's end of the pipe; -1: closed */
	pid_t child; /* 0: already waited for */
	int reports;
	struct filter_report report;
};

/* Formats that can be written, for help and messages; xst_filter_parse() knows their levels. */
#define FILTER_WORDS "zstd, gzip, xz or lz4"

const char *xst_filter_name(enum filter_format format);

/* Looks at a descriptor's next bytes without consuming them.  Waits for as many as it needs to
 * decide; a descriptor that can't be peeked at counts as not compressed.  *ret_front: the number of
 * bytes before the compressed data (xenopsd's handshake in a captured migration), or 0. */
enum filter_format xst_filter_recognise(int fd, size_t *ret_front);
/* Skips n bytes.  Returns 0 or -errno. */
int xst_filter_pass_over(int fd, size_t n);

/* Parses NAME[:LEVEL].  Returns whether the format can be written, at that level; *level is -1 if
 * none is given. */
bool xst_filter_parse(const char *text, enum filter_format *format, int *level);

/* Starts decompressing `from`, for reading from f->fd; or compressing into `to` what is written to
 * f->fd.  The caller keeps both descriptors.  Return 0 or -errno. */
int xst_filter_decompress(struct filter *f, int from, enum filter_format format);
int xst_filter_compress(struct filter *f, int to, enum filter_format format, int level);

/* Whether f->fd has been read to its end: then xst_filter_end() gets the report without stopping
 * the child. */
bool xst_filter_is_drained(const struct filter *f);
/* Closes the caller's end, which another child has inherited. */
void xst_filter_let_go(struct filter *f);
/* Closes the caller's end and waits for the child.  The report stays valid; may be called again. */
const struct filter_report *xst_filter_end(struct filter *f);
/* Kills the child: its output is incomplete. */
void xst_filter_kill(struct filter *f);

/* --- inside ---------------------------------------------------------------------------------- */

/* The child's work, from descriptor 0 to descriptor 1.  archive.c */
void xst_filter_pump_decompress(enum filter_format format, struct filter_report *report);
void xst_filter_pump_compress(enum filter_format format, int level, struct filter_report *report);

#endif
