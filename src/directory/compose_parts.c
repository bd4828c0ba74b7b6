/* SPDX-License-Identifier: MIT */
/* Shared by everything that composes a stream: errors, the output, and the files of records. */
#include "directory/compose.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "finding/finding.h"

/* --- errors ----------------------------------------------------------------------------------- */

int xst_directory_compose_fail(struct composer *c, int code, const char *format, ...)
{
	struct xst_finding nowhere = { 0 };
	va_list ap;

	va_start(ap, format);
	xst_finding_fill(&c->error, &nowhere, code, RULE_DIRECTORY, NULL, format, ap);
	va_end(ap);
	return code;
}

/* Reports a file of the directory that can't be read. */
int xst_directory_compose_fail_file(struct composer *c, int err, const char *folder,
				    const char *name)
{
	const char *path = c->path, *slash = *folder ? "/" : "";

	if (err == ENOMEM) {
		xst_finding_no_memory(&c->error);
		return XST_E_NOMEM;
	}
	if (err == EINVAL)
		return xst_directory_compose_fail(c, XST_E_MALFORMED,
						  "%s/%s%s%s: not a regular file",
						  path, folder, slash, name);
	if (err == EFBIG)
		return xst_directory_compose_fail(c, XST_E_LIMIT,
						  "%s/%s%s%s: larger than allowed", path,
						  folder, slash, name);
	(void)xst_directory_compose_fail(c, XST_E_IO, "%s/%s%s%s: %s", path, folder, slash, name,
					 strerror(err));
	c->error.sys_errno = err;
	return XST_E_IO;
}

/* --- the output ------------------------------------------------------------------------------- */

/* The reader of the output reports its own error: this side adds none. */
static int compose_flush(struct composer *c)
{
	const uint8_t *data;
	size_t n = xst_emitter_output(c->emitter, &data);
	int r = xst_io_write_all(c->out, data, n);

	xst_emitter_written(c->emitter);
	return r < 0 ? XST_E_IO : 0;
}

/* The emitter fails only if a record exceeds its limits. */
int xst_directory_compose_emitted(struct composer *c, int r)
{
	if (r == XST_E_NOMEM)
		return xst_directory_compose_fail_file(c, ENOMEM, "", "");
	if (r)
		return xst_directory_compose_fail(c, XST_E_LIMIT, "%s: a record is too long",
						  c->path);
	return compose_flush(c);
}

int xst_directory_compose_move(struct composer *c, int fd, off_t *at, uint64_t n,
			       const char *folder, const char *name)
{
	while (n) {
		bool out_failed;
		ssize_t k = xst_io_transfer(&c->transfer, fd, at, c->out, n, &out_failed);

		if (k < 0 && out_failed)
			return XST_E_IO;
		if (k < 0)
			return xst_directory_compose_fail_file(c, (int)-k, folder, name);
		if (k == 0)
			return xst_directory_compose_fail(
				c, XST_E_MALFORMED, "%s/%s%s%s: ends %" PRIu64 " bytes too early",
				c->path, folder, *folder ? "/" : "", name, n);
		n -= (uint64_t)k;
	}
	return 0;
}

int xst_directory_compose_record(struct composer *c, enum xst_kind kind,
				 const struct xst_field_value *v, size_t n, uint64_t fixed,
				 const void *data, size_t size)
{
	int r = xst_emit_begin(c->emitter, kind, fixed + size);

	if (r == 0 && n)
		r = xst_emit_fields(c->emitter, v, n);
	if (r == 0)
		r = xst_emit_bytes(c->emitter, data, size);
	if (r == 0)
		r = xst_emit_end(c->emitter);
	return xst_directory_compose_emitted(c, r);
}

/* --- records' files --------------------------------------------------------------------------- */

const struct record_file *xst_directory_compose_find(const struct composer *c, enum xst_kind kind)
{
	for (size_t i = 0; i < c->nfiles; i++)
		if (c->files[i].kind == kind)
			return &c->files[i];
	return NULL;
}

int xst_directory_compose_read(struct composer *c, const struct record_file *f, size_t limit,
			       uint8_t **ret, size_t *ret_size)
{
	char name[RECORD_NAME_MAX];
	int r;

	xst_directory_record_file_name(name, f->number, f->kind);
	r = xst_directory_tree_read(c->records, name, limit, ret, ret_size);
	return r < 0 ? xst_directory_compose_fail_file(c, -r, RECORDS_DIR, name) : 0;
}

int xst_directory_compose_header(struct composer *c, const struct record_file *f, bool big,
				 struct xst_field_value ret[WIRE_MAX_FIELDS])
{
	const struct wire_record *row = xst_directory_record_row(f->kind);
	uint8_t *bytes;
	size_t n = 0;
	int r = xst_directory_compose_read(c, f, row->fixed, &bytes, &n);

	if (r)
		return r;
	if (n != row->fixed)
		r = xst_directory_compose_fail(
			c, XST_E_MALFORMED, "%s/" RECORDS_DIR "/%05u.%s: %zu bytes instead of %u",
			c->path, f->number, row->name, n, (unsigned)row->fixed);
	else
		xst_wire_get_fields(row, bytes, big, 4, ret);
	free(bytes);
	return r;
}
