/* SPDX-License-Identifier: MIT */
/* Composes what surrounds the image: the xl header with the configuration, the libxl stream's
 * header. */
#include "directory/compose.h"
#include "limits/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The values that the parser accepts. */

struct xl {
	bool big;
	uint32_t flags, optional_flags;
	uint8_t *config, *optional;
	size_t config_size, optional_size;
};

/* In the right byte order, the mark reads correctly. */
static int read_xl_header(struct composer *c, struct xl *x)
{
	const struct record_file *f = xst_directory_compose_find(c, XST_KIND_XL_HEADER);
	const struct wire_record *row = &xst_wire_xl_header;
	struct xst_field_value v[WIRE_MAX_FIELDS] = { 0 };
	int r = f ? xst_directory_compose_header(c, f, false, v) : 0;

	if (!f || r)
		return r;
	x->big = wire_value(v, WIRE_MAX_FIELDS, XST_FIELD_BYTE_ORDER, 0) != XL_BYTE_ORDER;
	if (x->big)
		r = xst_directory_compose_header(c, f, true, v);
	if (r == 0 && wire_value(v, WIRE_MAX_FIELDS, XST_FIELD_BYTE_ORDER, 0) != XL_BYTE_ORDER)
		r = xst_directory_compose_fail(c, XST_E_MALFORMED,
					       "%s/" RECORDS_DIR "/%05u.%s: no byte order", c->path,
					       f->number, row->name);
	x->flags = (uint32_t)wire_value(v, WIRE_MAX_FIELDS, XST_FIELD_MANDATORY_FLAGS, 0);
	x->optional_flags = (uint32_t)wire_value(v, WIRE_MAX_FIELDS, XST_FIELD_OPTIONAL_FLAGS, 0);
	return r;
}

/* Reads the file, if it exists. */
static int read_optional_file(struct composer *c, const char *name, size_t limit, uint8_t **ret,
			      size_t *ret_size)
{
	int r = xst_directory_tree_read(c->dir, name, limit, ret, ret_size);

	return r < 0 && r != -ENOENT ? xst_directory_compose_fail_file(c, -r, "", name) : 0;
}

/* The file may have been edited: its text shows which language it is in.  Xen counts the NUL after
 * JSON; the file may contain it or not. */
static void note_language(struct xl *x)
{
	bool json = xst_wire_config_is_json(x->config, x->config_size);

	x->flags = (x->flags & ~XL_FLAG_JSON) | (json ? XL_FLAG_JSON : 0);
	if (json && x->config[x->config_size - 1])
		x->config_size++;
}

static int read_xl(struct composer *c, struct xl *x)
{
	int r = read_xl_header(c, x);

	if (r == 0)
		r = read_optional_file(c, CONFIG_FILE, LIMIT_CONFIG, &x->config, &x->config_size);
	if (r == 0)
		r = read_optional_file(c, OPTIONAL_FILE, LIMIT_OPTIONAL_DATA, &x->optional,
				       &x->optional_size);
	if (r == 0 && x->config_size)
		note_language(x);
	return r;
}

static int write_xl(struct composer *c, const struct xl *x)
{
	struct xst_field_value v[] = {
		{ XST_FIELD_BYTE_ORDER, XL_BYTE_ORDER },
		{ XST_FIELD_MANDATORY_FLAGS,
		  (x->flags & ~XL_FLAG_STREAM_V2) | (c->libxl ? XL_FLAG_STREAM_V2 : 0) },
		{ XST_FIELD_OPTIONAL_FLAGS, x->optional_flags },
		{ XST_FIELD_OPTIONAL_LENGTH,
		  xst_wire_xl_config.fixed + x->config_size + x->optional_size },
	};
	struct xst_field_value length = { XST_FIELD_CONFIG_LENGTH, x->config_size };
	int r;

	xst_emitter_big_endian(c->emitter, XST_LAYER_XL, x->big);
	r = xst_directory_compose_record(c, XST_KIND_XL_HEADER, v, 4, xst_wire_xl_header.fixed,
					 NULL, 0);
	if (r == 0)
		r = xst_directory_compose_record(c, XST_KIND_CONFIG, &length, 1,
						 xst_wire_xl_config.fixed, x->config,
						 x->config_size);
	if (r == 0 && x->optional_size)
		r = xst_directory_compose_record(c, XST_KIND_OPTIONAL_DATA, NULL, 0, 0, x->optional,
						 x->optional_size);
	return r;
}

/* A configuration needs an xl header around it. */
int xst_directory_compose_xl(struct composer *c)
{
	struct xl x = { 0 };
	int r = read_xl(c, &x);

	if (r == 0 && (x.config || xst_directory_compose_find(c, XST_KIND_XL_HEADER)))
		r = write_xl(c, &x);
	free(x.config);
	free(x.optional);
	return r;
}

int xst_directory_compose_libxl(struct composer *c)
{
	const struct record_file *f = xst_directory_compose_find(c, XST_KIND_LIBXL_HEADER);
	const struct wire_record *row = &xst_wire_libxl_header;
	struct xst_field_value v[WIRE_MAX_FIELDS] = { 0 };
	int r = f ? xst_directory_compose_header(c, f, true, v) : 0;
	uint64_t options;

	if (!f || r)
		return r;
	options = wire_value(v, WIRE_MAX_FIELDS, XST_FIELD_OPTIONS, 0);
	xst_emitter_big_endian(c->emitter, XST_LAYER_LIBXL, options & LIBXL_OPTION_BIG_ENDIAN);
	r = xst_directory_compose_record(c, f->kind, v, row->nfields, row->fixed, NULL, 0);
	return r ? r
		 : xst_directory_compose_emitted(
			   c, xst_emit_empty(c->emitter, XST_KIND_LIBXC_CONTEXT));
}
