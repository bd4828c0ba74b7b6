/* SPDX-License-Identifier: MIT */
/* Turns files into a stream again: the one that the directory came from, except that its page
 * frames are in Xen's order.  The checker decides later whether a Xen accepts it.  Here only
 * regular files of this directory may be read, and no name or size in it is trusted. */
#include "directory/compose.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "finding/finding.h"

/* --- finding the records ---------------------------------------------------------------------- */

static int add_file(struct composer *c, const char *name)
{
	struct record_file f = { 0 }, *files;

	f.kind = xst_directory_record_file_kind(name, &f.number);
	if (!f.kind)
		return xst_directory_compose_fail(c, XST_E_MALFORMED,
						  "%s/" RECORDS_DIR "/%.100s: not a record's name",
						  c->path, name);
	if (c->nfiles == LIMIT_DIRECTORY_RECORDS)
		return xst_directory_compose_fail(c, XST_E_LIMIT,
						  "%s/" RECORDS_DIR ": more than %d records",
						  c->path, LIMIT_DIRECTORY_RECORDS);
	files = array_room(c->files, c->nfiles + 1, &c->capacity, sizeof(*files));
	if (!files)
		return xst_directory_compose_fail_file(c, ENOMEM, "", "");
	c->files = files;
	c->files[c->nfiles++] = f;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct record_file *x = a, *y = b;

	return x->number != y->number ? (x->number < y->number ? -1 : 1)
				      : (int)x->kind - (int)y->kind;
}

static int list_records(struct composer *c)
{
	int copy = fcntl(c->records, F_DUPFD_CLOEXEC, 0), r = 0;
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *e;

	if (!d) {
		r = errno;
		if (copy >= 0)
			close(copy);
		return xst_directory_compose_fail_file(c, r, "", RECORDS_DIR);
	}
	while (r == 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = add_file(c, e->d_name);
	closedir(d);
	if (r == 0 && c->nfiles)
		qsort(c->files, c->nfiles, sizeof(*c->files), by_number);
	for (size_t i = 1; i < c->nfiles && r == 0; i++)
		if (c->files[i].number == c->files[i - 1].number)
			r = xst_directory_compose_fail(c, XST_E_MALFORMED,
						       "%s/" RECORDS_DIR
						       ": two records with number %u",
						       c->path, c->files[i].number);
	return r;
}

/* --- the stream ------------------------------------------------------------------------------- */

/* Writes a record's body, which is the whole file. */
static int write_body(struct composer *c, const struct record_file *f)
{
	char name[RECORD_NAME_MAX];
	uint64_t size = 0;
	off_t at = 0;
	int fd, r;

	xst_directory_record_file_name(name, f->number, f->kind);
	fd = xst_directory_tree_open(c->records, name, &size);
	if (fd < 0)
		return xst_directory_compose_fail_file(c, -fd, RECORDS_DIR, name);
	r = xst_directory_compose_emitted(c, xst_emit_begin(c->emitter, f->kind, size));
	if (r == 0)
		r = xst_directory_compose_emitted(c, xst_emit_payload(c->emitter, size));
	if (r == 0)
		r = xst_directory_compose_move(c, fd, &at, size, RECORDS_DIR, name);
	if (r == 0)
		r = xst_directory_compose_emitted(c, xst_emit_end(c->emitter));
	close(fd);
	return r;
}

/* Writes the image header, which determines the image's byte order. */
static int write_image_header(struct composer *c, const struct record_file *f)
{
	struct xst_field_value v[WIRE_MAX_FIELDS] = { 0 };
	int r = xst_directory_compose_header(c, f, true, v);

	if (r)
		return r;
	xst_emitter_big_endian(c->emitter, XST_LAYER_LIBXC,
			       wire_value(v, WIRE_MAX_FIELDS, XST_FIELD_OPTIONS, 0) & LIBXC_OPTION_BIG_ENDIAN);
	return write_body(c, f);
}

static int write_record(struct composer *c, const struct record_file *f)
{
	switch (f->kind) {
	case XST_KIND_XL_HEADER:
	case XST_KIND_LIBXL_HEADER: return 0;
	case XST_KIND_IMAGE_HEADER: return write_image_header(c, f);
	case XST_KIND_PAGE_DATA: return xst_directory_compose_pages(c);
	case XST_KIND_EMULATOR_XENSTORE_DATA: return xst_directory_compose_keys(c, f);
	case XST_KIND_EMULATOR_CONTEXT: return xst_directory_compose_state(c, f);
	default: return write_body(c, f);
	}
}

/* Writes the image's records, or those after it. */
static int write_records(struct composer *c, bool libxl)
{
	int r = 0;

	for (size_t i = 0; i < c->nfiles && r == 0; i++)
		if (xst_directory_record_is_libxl(c->files[i].kind) == libxl)
			r = write_record(c, &c->files[i]);
	return r;
}

static int write_stream(struct composer *c)
{
	int r = xst_directory_compose_xl(c);

	if (r == 0)
		r = xst_directory_compose_libxl(c);
	if (r == 0)
		r = write_records(c, false);
	if (r == 0)
		r = xst_directory_compose_emitted(c, xst_emit_empty(c->emitter, XST_KIND_END));
	if (r == 0)
		r = write_records(c, true);
	if (r == 0 && c->libxl)
		r = xst_directory_compose_emitted(c,
						  xst_emit_empty(c->emitter, XST_KIND_LIBXL_END));
	return r;
}

/* --- the directory ---------------------------------------------------------------------------- */

static int check_format(struct composer *c)
{
	static const char stem[] = "xenstream image directory ";
	uint8_t *text = NULL;
	size_t n = 0;
	int r = xst_directory_tree_read(c->dir, FORMAT_FILE, 64, &text, &n);

	if (r == -ENOENT)
		return xst_directory_compose_fail(
			c, XST_E_MAGIC,
			"%s: not an image directory: it contains no file \"" FORMAT_FILE "\"",
			c->path);
	if (r < 0)
		return xst_directory_compose_fail_file(c, -r, "", FORMAT_FILE);
	if (strcmp((const char *)text, FORMAT_TEXT) != 0)
		r = strncmp((const char *)text, stem, sizeof(stem) - 1) == 0
			    ? xst_directory_compose_fail(
				      c, XST_E_VERSION,
				      "%s: an image directory of a version other than 1", c->path)
			    : xst_directory_compose_fail(c, XST_E_MAGIC,
							 "%s/" FORMAT_FILE
							 ": not that of an image directory",
							 c->path);
	free(text);
	return r;
}

static int open_directory(struct composer *c)
{
	int r;

	c->dir = open(c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir < 0) {
		r = errno;
		(void)xst_directory_compose_fail(c, XST_E_IO, "%s: %s", c->path,
						 r == ENOTDIR ? "not a directory" : strerror(r));
		c->error.sys_errno = r;
		return XST_E_IO;
	}
	r = check_format(c);
	if (r)
		return r;
	c->records = xst_directory_tree_enter(c->dir, RECORDS_DIR, false);
	if (c->records < 0)
		return xst_directory_compose_fail_file(c, -c->records, "", RECORDS_DIR);
	r = list_records(c);
	c->libxl = xst_directory_compose_find(c, XST_KIND_LIBXL_HEADER) != NULL;
	return r;
}

static void compose_close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Reads the image's version, so that the same version can be written. */
static int read_version(struct composer *c)
{
	const struct record_file *f = xst_directory_compose_find(c, XST_KIND_IMAGE_HEADER);
	struct xst_field_value v[WIRE_MAX_FIELDS] = { 0 };
	int r;

	if (!f)
		return xst_directory_compose_fail(c, XST_E_MALFORMED,
						  "%s/" RECORDS_DIR ": there is no %s", c->path,
						  xst_wire_image_header.name);
	r = xst_directory_compose_header(c, f, true, v);
	c->version = (uint32_t)wire_value(v, WIRE_MAX_FIELDS, XST_FIELD_VERSION, 0);
	if (r == 0 && (c->version < LIBXC_VERSION_MIN || c->version > LIBXC_VERSION_MAX))
		r = xst_directory_compose_fail(
			c, XST_E_VERSION, "%s: an image of version %u; supported are %d and %d",
			c->path, c->version, LIBXC_VERSION_MIN, LIBXC_VERSION_MAX);
	return r;
}

int xst_directory_composer_open(const char *path, struct composer **ret, struct xst_finding *reterr)
{
	struct composer *c = calloc(1, sizeof(*c));
	int r;

	if (!c || xst_emitter_new(&c->emitter) < 0) {
		free(c);
		xst_finding_no_memory(reterr);
		return XST_E_NOMEM;
	}
	c->path = path;
	c->dir = c->records = c->memory = c->pages = -1;
	r = open_directory(c);
	if (r == 0)
		r = read_version(c);
	if (r) {
		*reterr = c->error;
		xst_directory_composer_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

void xst_directory_composer_free(struct composer *c)
{
	xst_io_transfer_free(&c->transfer);
	xst_emitter_free(c->emitter);
	free(c->files);
	compose_close_if(c->pages);
	compose_close_if(c->memory);
	compose_close_if(c->records);
	compose_close_if(c->dir);
	free(c);
}

uint32_t xst_directory_composer_version(const struct composer *c)
{
	return c->version;
}

int xst_directory_composer_write(struct composer *c, int out)
{
	c->out = out;
	return write_stream(c);
}

const struct xst_finding *xst_directory_composer_error(const struct composer *c)
{
	return &c->error;
}
