/* SPDX-License-Identifier: MIT */
/* Ranges of I/O ports and memory, in hexadecimal. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/keys/kind.h"

static bool range_hex(const char **s, uint64_t *ret)
{
	char *end;

	if (!isxdigit((unsigned char)**s))
		return false;
	*ret = strtoull(*s, &end, 16);
	*s = end;
	return true;
}

static int add_range_number(json_object *o, const char *name, uint64_t v)
{
	return xst_json_add(o, name, json_object_new_uint64(v));
}

/* "2f8-2ff" */
static int ioports_json(const char *s, json_object *o)
{
	uint64_t first, last;

	if (!range_hex(&s, &first))
		return XST_E_MALFORMED;
	last = first;
	if (*s == '-' && !(s++, range_hex(&s, &last)))
		return XST_E_MALFORMED;
	if (*s || last < first || last > UINT16_MAX)
		return XST_E_MALFORMED;
	return add_range_number(o, "first", first) ||
			       add_range_number(o, "number", last - first + 1)
		       ? XST_E_NOMEM
		       : 0;
}

/* "fed00,1" or "a0,20@100": numbers of page frames */
static int iomem_json(const char *s, json_object *o)
{
	uint64_t start, number, gfn = 0;
	bool elsewhere;

	if (!range_hex(&s, &start) || *s++ != ',' || !range_hex(&s, &number))
		return XST_E_MALFORMED;
	elsewhere = *s == '@';
	if (elsewhere && !(s++, range_hex(&s, &gfn)))
		return XST_E_MALFORMED;
	if (*s)
		return XST_E_MALFORMED;
	if (add_range_number(o, "start", start) || add_range_number(o, "number", number))
		return XST_E_NOMEM;
	return elsewhere ? add_range_number(o, "gfn", gfn) : 0;
}

static int write_ranges(json_object *root, const struct config_key *k, const struct config_value *v,
			int (*one)(const char *, json_object *), struct config_error *err)
{
	json_object *a = json_object_new_array();
	int r = a ? 0 : XST_E_NOMEM;

	if (r == 0 && !v->is_list)
		r = XST_E_MALFORMED;
	for (size_t i = 0; r == 0 && i < v->n; i++) {
		json_object *o = json_object_new_object();

		if (v->items[i].is_list)
			r = XST_E_MALFORMED;
		else
			r = o ? one(v->items[i].string, o) : XST_E_NOMEM;
		if (r == 0)
			r = xst_json_append(a, o);
		else
			json_object_put(o);
	}
	if (r == 0)
		return xst_json_put(root, k->path, a, err);
	json_object_put(a);
	return r == XST_E_MALFORMED ? xst_key_wrong(k, "not a list of ranges", err) : r;
}

static int write_ioports(json_object *root, const struct config_key *k,
			 const struct config_value *v, struct config_error *err)
{
	return write_ranges(root, k, v, ioports_json, err);
}

static int write_iomem(json_object *root, const struct config_key *k, const struct config_value *v,
		       struct config_error *err)
{
	return write_ranges(root, k, v, iomem_json, err);
}

static void print_ioports(json_object *o, char *buf, size_t size)
{
	uint64_t first = xst_json_unsigned(o, "first", 0),
		 number = xst_json_unsigned(o, "number", 1);

	if (number == 1)
		snprintf(buf, size, "%" PRIx64, first);
	else
		snprintf(buf, size, "%" PRIx64 "-%" PRIx64, first, first + number - 1);
}

static void print_iomem(json_object *o, char *buf, size_t size)
{
	uint64_t start = xst_json_unsigned(o, "start", 0),
		 gfn = xst_json_unsigned(o, "gfn", UINT64_MAX);
	int n = snprintf(buf, size, "%" PRIx64 ",%" PRIx64, start,
			 xst_json_unsigned(o, "number", 0));

	if (gfn != UINT64_MAX)
		snprintf(buf + n, size - (size_t)n, "@%" PRIx64, gfn);
}

static int read_ranges(json_object *root, const struct config_key *k, struct config_value *ret,
		       void (*one)(json_object *, char *, size_t), struct config_error *err)
{
	struct config_value list = { .is_list = true };
	json_object *a;
	int r = xst_key_list_at(root, k, &a, err);

	for (size_t i = 0; r == 0 && i < json_object_array_length(a); i++) {
		char text[80];

		one(json_object_array_get_idx(a, i), text, sizeof(text));
		r = xst_config_value_add_string(&list, text) ? 0 : XST_E_NOMEM;
	}
	return xst_key_return_list(ret, &list, r);
}

static int read_ioports(json_object *root, const struct config_key *k, struct config_value *ret,
			struct config_error *err)
{
	return read_ranges(root, k, ret, print_ioports, err);
}

static int read_iomem(json_object *root, const struct config_key *k, struct config_value *ret,
		      struct config_error *err)
{
	return read_ranges(root, k, ret, print_iomem, err);
}

const struct key_kind xst_kind_ioports = {
	.name = "ioports", .read = read_ioports, .write = write_ioports, .shape = KEY_LIST
};
const struct key_kind xst_kind_iomem = {
	.name = "iomem", .read = read_iomem, .write = write_iomem, .shape = KEY_LIST
};
