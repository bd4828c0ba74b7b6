/* SPDX-License-Identifier: MIT */
/* Names of the files that hold records: a sequence number and the record's name. */
#include "directory/directory.h"

#include <ctype.h>
#include <string.h>

#define DIGITS 5

/* Headers, which have no row among the records. */
static const struct wire_record *const headers[] = {
	&xst_wire_xl_header,
	&xst_wire_libxl_header,
	&xst_wire_image_header,
	&xst_wire_domain_header,
};
#define NR_HEADERS (sizeof(headers) / sizeof(headers[0]))

const struct wire_record *xst_directory_record_row(enum xst_kind kind)
{
	for (size_t i = 0; i < NR_HEADERS; i++)
		if (headers[i]->kind == kind)
			return headers[i];
	return xst_wire_modern(kind);
}

bool xst_directory_record_is_libxl(enum xst_kind kind)
{
	return xst_wire_is_libxl(xst_directory_record_row(kind));
}

void xst_directory_record_file_name(char name[RECORD_NAME_MAX], unsigned number, enum xst_kind kind)
{
	(void)snprintf(name, RECORD_NAME_MAX, "%0*u.%s", DIGITS, number,
		       xst_directory_record_row(kind)->name);
}

/* Records that only frame others are generated, and have no file. */
static bool has_file(const struct wire_record *row)
{
	switch (row->kind) {
	case XST_KIND_END:
	case XST_KIND_LIBXL_END:
	case XST_KIND_LIBXC_CONTEXT:
	case XST_KIND_CHECKPOINT:
	case XST_KIND_CHECKPOINT_END:
	case XST_KIND_CHECKPOINT_STATE: return false;
	default: return true;
	}
}

static enum xst_kind record_file_among(const struct wire_record *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (has_file(&rows[i]) && strcmp(rows[i].name, name) == 0)
			return rows[i].kind;
	return XST_KIND_UNKNOWN;
}

enum xst_kind xst_directory_record_file_kind(const char *name, unsigned *ret_number)
{
	unsigned number = 0;
	enum xst_kind kind = XST_KIND_UNKNOWN;

	for (unsigned i = 0; i < DIGITS; i++, name++) {
		if (!isdigit((unsigned char)*name))
			return XST_KIND_UNKNOWN;
		number = number * 10 + (unsigned)(*name - '0');
	}
	if (*name++ != '.')
		return XST_KIND_UNKNOWN;
	for (size_t i = 0; i < NR_HEADERS && !kind; i++)
		kind = record_file_among(headers[i], 1, name);
	if (!kind)
		kind = record_file_among(xst_wire_libxc_records, xst_wire_libxc_count, name);
	if (!kind)
		kind = record_file_among(xst_wire_libxl_records, xst_wire_libxl_count, name);
	*ret_number = number;
	return kind;
}
