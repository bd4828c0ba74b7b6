/* SPDX-License-Identifier: MIT */
/* Names of the files that hold records: a number that says where it stands, and the record's
 * name. */
#include "directory/directory.h"

#include <ctype.h>
#include <string.h>

#define DIGITS 5

/* Headers that have no row among the records. */
static const struct wire_record *const headers[] = {
	&wire_xl_header,
	&wire_libxl_header,
	&wire_image_header,
	&wire_domain_header,
};
#define NR_HEADERS (sizeof(headers) / sizeof(headers[0]))

const struct wire_record *record_row(enum xst_kind kind)
{
	for (size_t i = 0; i < NR_HEADERS; i++)
		if (headers[i]->kind == kind)
			return headers[i];
	return wire_modern(kind);
}

bool record_is_libxl(enum xst_kind kind)
{
	return wire_is_libxl(record_row(kind));
}

void record_file_name(char name[RECORD_NAME_MAX], unsigned number, enum xst_kind kind)
{
	(void)snprintf(name, RECORD_NAME_MAX, "%0*u.%s", DIGITS, number, record_row(kind)->name);
}

/* What only frames the others is written by itself. */
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

static enum xst_kind among(const struct wire_record *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (has_file(&rows[i]) && strcmp(rows[i].name, name) == 0)
			return rows[i].kind;
	return XST_KIND_UNKNOWN;
}

enum xst_kind record_file_kind(const char *name, unsigned *ret_number)
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
		kind = among(headers[i], 1, name);
	if (!kind)
		kind = among(wire_libxc_records, wire_libxc_count, name);
	if (!kind)
		kind = among(wire_libxl_records, wire_libxl_count, name);
	*ret_number = number;
	return kind;
}
