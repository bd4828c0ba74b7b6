/* SPDX-License-Identifier: MIT */
/* A small image directory in a few bytes, for the fuzz target and its seeds.  For each file:
 *
 *   byte 0        its name: an index into files_names, or after these a kind of record, which gets
 *                  the next number; FILES_FREE: a byte n and n bytes of a path follow
 *   byte          its type, enum files_what, modulo the number of types
 *   4 bytes       only for FILES_PART: the position in the file, in pages for `memory`
 *   2 bytes       its length
 *   the contents
 *
 * Numbers are little-endian. */
#ifndef FUZZ_FILES_H
#define FUZZ_FILES_H

#include "directory/directory.h"

enum files_what { FILES_WHOLE, FILES_PART, FILES_LINK, FILES_DIRECTORY, FILES_FIFO, FILES_END };

#define FILES_FREE 255

static const char *const files_names[] = {
	FORMAT_FILE,	 MEMORY_FILE,
	PAGES_FILE,	 CONFIG_FILE,
	OPTIONAL_FILE,	 MANIFEST_FILE,
	EMULATOR_FILE,	 EMULATOR_FILE ".5",
	RECORDS_DIR,	 XENSTORE_DIR,
	XENSTORE_DIR "/a" VALUE_SUFFIX,
	XENSTORE_DIR "/a/b" VALUE_SUFFIX,
};
#define FILES_NAMES (sizeof(files_names) / sizeof(files_names[0]))

static const struct wire_record *const files_headers[] = {
	&xst_wire_xl_header, &xst_wire_libxl_header, &xst_wire_image_header, &xst_wire_domain_header,
};
#define FILES_HEADERS (sizeof(files_headers) / sizeof(files_headers[0]))

static inline size_t files_kinds(void)
{
	return FILES_HEADERS + xst_wire_libxc_count + xst_wire_libxl_count;
}

/* The row of a kind, by its index. */
static inline const struct wire_record *files_kind(size_t i)
{
	if (i < FILES_HEADERS)
		return files_headers[i];
	i -= FILES_HEADERS;
	return i < xst_wire_libxc_count ? &xst_wire_libxc_records[i]
				    : &xst_wire_libxl_records[i - xst_wire_libxc_count];
}

#endif
