/* SPDX-License-Identifier: MIT */
/* gzip through zlib: libarchive ignores the checksum, the only thing that reveals damage to a
 * guest's pages. */
#include "filter/pump.h"

#include <errno.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16)

#define FUNCTIONS(X)     \
	X(inflate)       \
	X(inflateInit2_) \
	X(inflateReset)

LOADED_LIBRARY(libz, "libz.so.1", "zlib1g", FUNCTIONS)

struct gunzip {
	struct pump pump;
	z_stream z;
	char out[PIECE];
};

/* Reads more input if the buffer is used up.  Returns whether there is any. */
static bool refill(struct gunzip *g)
{
	ssize_t n;

	if (g->z.avail_in)
		return true;
	n = xst_filter_pump_take(&g->pump, 0);
	g->z.next_in = (Bytef *)g->pump.buffer;
	g->z.avail_in = n > 0 ? (uInt)n : 0;
	return n > 0;
}

/* Decompresses one member of a file.  Returns what is wrong with it, or NULL. */
static const char *gunzip_member(struct gunzip *g)
{
	int r = Z_OK;

	while (r != Z_STREAM_END) {
		if (!refill(g))
			return "it is cut off";
		g->z.next_out = (Bytef *)g->out;
		g->z.avail_out = sizeof(g->out);
		r = libz.inflate(&g->z, Z_NO_FLUSH);
		if (!xst_filter_pump_give(&g->pump, g->out, sizeof(g->out) - g->z.avail_out))
			return "";
		if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
			return g->z.msg ? g->z.msg : "it can't be decompressed";
	}
	return NULL;
}

/* Another member may follow; anything else is ignored, as gzip does. */
static const char *all(struct gunzip *g)
{
	const char *fault;

	if (libz.inflateInit2_(&g->z, GZIP_WINDOW, ZLIB_VERSION, (int)sizeof(g->z)) != Z_OK) {
		g->pump.read_error = ENOMEM;
		return "";
	}
	do
		fault = gunzip_member(g);
	while (!fault && refill(g) && *g->z.next_in == 0x1f && libz.inflateReset(&g->z) == Z_OK);
	return fault;
}

void xst_filter_gunzip(struct filter_report *report)
{
	static struct gunzip g;
	const char *fault, *missing = libz_load();

	if (missing) {
		xst_filter_pump_missing(report, missing);
		return;
	}
	fault = all(&g);
	xst_filter_pump_end(&g.pump, fault, report);
}
