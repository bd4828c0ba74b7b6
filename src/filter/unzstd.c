/* SPDX-License-Identifier: MIT */
/* zstd through its own library: libarchive doesn't report where a frame ends, and xenopsd sends a
 * two-byte handshake after a migration's frame. */
#include "filter/pump.h"

#include <errno.h>
#include <string.h>
#include <zstd.h>

#define HANDSHAKE 2

#define FUNCTIONS(X)             \
	X(ZSTD_createDStream)    \
	X(ZSTD_decompressStream) \
	X(ZSTD_getErrorName)     \
	X(ZSTD_isError)

LOADED_LIBRARY(libzstd, "libzstd.so.1", "libzstd1", FUNCTIONS)

struct unzstd {
	struct pump pump;
	ZSTD_DStream *z;
	ZSTD_inBuffer in;
	char out[PIECE];
};

/* Provides at least n bytes of input, unless it ends before.  Returns how many there are. */
static size_t unzstd_look(struct unzstd *u, size_t n)
{
	size_t left = u->in.size - u->in.pos;
	ssize_t k = 1;

	if (left >= n)
		return left;
	memmove(u->pump.buffer, u->pump.buffer + u->in.pos, left);
	while (left < n && k > 0) {
		k = xst_filter_pump_take(&u->pump, left);
		left += k > 0 ? (size_t)k : 0;
	}
	u->in = (ZSTD_inBuffer){ u->pump.buffer, left, 0 };
	return left;
}

/* Decompresses a frame.  Returns what is wrong with it, or NULL at its end. */
static const char *unzstd_frame(struct unzstd *u)
{
	size_t r = 1;

	while (r) {
		ZSTD_outBuffer out = { u->out, sizeof(u->out), 0 };
		bool more = unzstd_look(u, 1) > 0; /* even without input, output may be left */

		r = libzstd.ZSTD_decompressStream(u->z, &out, &u->in);
		if (libzstd.ZSTD_isError(r))
			return libzstd.ZSTD_getErrorName(r);
		if (!xst_filter_pump_give(&u->pump, u->out, out.pos))
			return "";
		if (r && !more && !out.pos)
			return "it is cut off";
	}
	return NULL;
}

/* Whether nothing follows but, at most, the success that a migration's sender reports at the
 * end. */
static bool at_end(struct unzstd *u)
{
	size_t left = unzstd_look(u, HANDSHAKE + 1);
	const char *p = u->pump.buffer + u->in.pos;

	return !left || (left == HANDSHAKE && !p[0] && !p[1]);
}

void xst_filter_unzstd(struct filter_report *report)
{
	static struct unzstd u;
	const char *fault, *missing = libzstd_load();

	if (missing) {
		xst_filter_pump_missing(report, missing);
		return;
	}
	u.z = libzstd.ZSTD_createDStream();
	if (!u.z) {
		xst_filter_pump_error(report, FILTER_READ, ENOMEM);
		return;
	}
	do
		fault = unzstd_frame(&u);
	while (!fault && !at_end(&u));
	xst_filter_pump_end(&u.pump, fault, report);
}
