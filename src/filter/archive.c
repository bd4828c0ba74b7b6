/* SPDX-License-Identifier: MIT */
/* From descriptor 0 to descriptor 1 through libarchive's filters.
 *
 * libarchive is loaded here, in the child, and only for compressed data: with the libraries that it
 * needs (an XML parser and all of Unicode) it is ten times the size of the command.
 *
 * gunzip.c and unzstd.c read gzip and zstd. */
#include "filter/pump.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#define FUNCTIONS(X)                             \
	X(archive_entry_new)                     \
	X(archive_entry_set_filetype)            \
	X(archive_entry_set_pathname)            \
	X(archive_errno)                         \
	X(archive_error_string)                  \
	X(archive_filter_count)                  \
	X(archive_read_data_block)               \
	X(archive_read_new)                      \
	X(archive_read_next_header)              \
	X(archive_read_open)                     \
	X(archive_read_support_filter_by_code)   \
	X(archive_read_support_format_empty)     \
	X(archive_read_support_format_raw)       \
	X(archive_write_add_filter)              \
	X(archive_write_close)                   \
	X(archive_write_data)                    \
	X(archive_write_header)                  \
	X(archive_write_new)                     \
	X(archive_write_open)                    \
	X(archive_write_set_bytes_in_last_block) \
	X(archive_write_set_filter_option)       \
	X(archive_write_set_format_raw)

LOADED_LIBRARY(libarchive, "libarchive.so.13", "libarchive13", FUNCTIONS)

static const int codes[FILTER_MAX] = {
	[FILTER_GZIP] = ARCHIVE_FILTER_GZIP,   [FILTER_ZSTD] = ARCHIVE_FILTER_ZSTD,
	[FILTER_XZ] = ARCHIVE_FILTER_XZ,       [FILTER_LZ4] = ARCHIVE_FILTER_LZ4,
	[FILTER_BZIP2] = ARCHIVE_FILTER_BZIP2,
};

struct library_pump {
	struct pump pump;
	struct archive *archive;
};

/* --- libarchive's callbacks ------------------------------------------------------------------ */

static la_ssize_t on_read(struct archive *a, void *pump, const void **ret)
{
	struct library_pump *p = pump;

	(void)a;
	*ret = p->pump.buffer;
	return xst_filter_pump_take(&p->pump, 0);
}

static la_ssize_t on_write(struct archive *a, void *pump, const void *data, size_t n)
{
	struct library_pump *p = pump;

	(void)a;
	return xst_filter_pump_give(&p->pump, data, n) ? (la_ssize_t)n : -1;
}

/* If no system call failed, the data are at fault. */
static void pump_failed(const struct library_pump *p, struct filter_report *report)
{
	const char *text = libarchive.archive_error_string(p->archive);

	if (p->pump.write_error)
		xst_filter_pump_error(report, FILTER_WRITE, p->pump.write_error);
	else if (p->pump.read_error)
		xst_filter_pump_error(report, FILTER_READ, p->pump.read_error);
	else if (libarchive.archive_errno(p->archive) == ENOMEM)
		xst_filter_pump_error(report, FILTER_READ, ENOMEM);
	else
		report->outcome = FILTER_DAMAGED;
	report->cut = report->outcome == FILTER_DAMAGED && p->pump.ended;
	xst_filter_pump_text(report, text ? text : "it can't be decompressed");
}

/* --- decompressing --------------------------------------------------------------------------- */

/* Refuses a filter for which libarchive would run another program. */
static int open_read(struct library_pump *p, enum filter_format format)
{
	struct archive_entry *entry;
	int r = libarchive.archive_read_support_filter_by_code(p->archive, codes[format]);

	if (r == ARCHIVE_OK)
		r = libarchive.archive_read_support_format_raw(p->archive);
	if (r == ARCHIVE_OK)
		r = libarchive.archive_read_support_format_empty(p->archive);
	if (r == ARCHIVE_OK)
		r = libarchive.archive_read_open(p->archive, p, NULL, on_read, NULL);
	return r == ARCHIVE_OK ? libarchive.archive_read_next_header(p->archive, &entry) : r;
}

static int pump_read_all(struct library_pump *p)
{
	const void *data;
	la_int64_t offset;
	size_t n;
	int r;

	while ((r = libarchive.archive_read_data_block(p->archive, &data, &n, &offset)) == ARCHIVE_OK)
		if (!xst_filter_pump_give(&p->pump, data, n))
			return ARCHIVE_FATAL;
	return r;
}

static void pump_through_library(enum filter_format format, struct filter_report *report)
{
	static struct library_pump p;
	const char *missing = libarchive_load();
	int r;

	if (missing) {
		xst_filter_pump_missing(report, missing);
		return;
	}
	p.archive = libarchive.archive_read_new();
	if (!p.archive) {
		xst_filter_pump_error(report, FILTER_READ, ENOMEM);
		return;
	}
	r = open_read(&p, format);
	if (r == ARCHIVE_OK && libarchive.archive_filter_count(p.archive) < 2) { /* no filter */
		report->outcome = FILTER_DAMAGED;
		xst_filter_pump_text(report, "its header is damaged or cut off");
		return;
	}
	if (r == ARCHIVE_OK)
		r = pump_read_all(&p);
	if (p.pump.write_error == EPIPE)
		report->outcome = FILTER_STOPPED;
	else if (r != ARCHIVE_EOF)
		pump_failed(&p, report);
	report->written = p.pump.written;
}

void xst_filter_pump_decompress(enum filter_format format, struct filter_report *report)
{
	if (format == FILTER_GZIP)
		xst_filter_gunzip(report);
	else if (format == FILTER_ZSTD)
		xst_filter_unzstd(report);
	else
		pump_through_library(format, report);
}

/* --- compressing ----------------------------------------------------------------------------- */

static int open_write(struct library_pump *p, enum filter_format format, int level)
{
	struct archive_entry *entry = libarchive.archive_entry_new();
	char number[16];
	int r = entry ? libarchive.archive_write_add_filter(p->archive, codes[format]) : ARCHIVE_FATAL;

	snprintf(number, sizeof(number), "%d", level);
	if (r == ARCHIVE_OK && level >= 0)
		r = libarchive.archive_write_set_filter_option(p->archive, NULL, "compression-level",
							number);
	if (r == ARCHIVE_OK && format == FILTER_GZIP) /* makes output reproducible */
		r = libarchive.archive_write_set_filter_option(p->archive, NULL, "timestamp", NULL);
	if (r == ARCHIVE_OK)
		r = libarchive.archive_write_set_format_raw(p->archive);
	if (r == ARCHIVE_OK) /* without padding to tape blocks */
		r = libarchive.archive_write_set_bytes_in_last_block(p->archive, 1);
	if (r == ARCHIVE_OK)
		r = libarchive.archive_write_open(p->archive, p, NULL, on_write, NULL);
	if (r != ARCHIVE_OK)
		return r;
	libarchive.archive_entry_set_pathname(entry, "data");
	libarchive.archive_entry_set_filetype(entry, AE_IFREG);
	return libarchive.archive_write_header(p->archive, entry);
}

static int pump_write_all(struct library_pump *p)
{
	ssize_t n;

	while ((n = xst_filter_pump_take(&p->pump, 0)) > 0)
		if (libarchive.archive_write_data(p->archive, p->pump.buffer, (size_t)n) != n)
			return ARCHIVE_FATAL;
	return n < 0 ? ARCHIVE_FATAL : libarchive.archive_write_close(p->archive);
}

void xst_filter_pump_compress(enum filter_format format, int level, struct filter_report *report)
{
	static struct library_pump p;
	const char *missing = libarchive_load();
	int r;

	if (missing) {
		xst_filter_pump_missing(report, missing);
		return;
	}
	p.archive = libarchive.archive_write_new();
	r = p.archive ? open_write(&p, format, level) : ARCHIVE_FATAL;
	if (r == ARCHIVE_OK)
		r = pump_write_all(&p);
	if (r != ARCHIVE_OK && !p.pump.write_error && !p.pump.read_error)
		p.pump.write_error = ENOMEM;
	if (r != ARCHIVE_OK)
		pump_failed(&p, report);
	report->written = p.pump.written;
}
