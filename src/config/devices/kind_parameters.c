/* SPDX-License-Identifier: MIT */
/* Devices whose parameters are a table of device_tables.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/devices/devices.h"
#include "config/json/json.h"
#include "config/text.h"

/* --- kinds of parameters -------------------------------------------------------------------- */

static int read_index(json_object *root, const struct config_key *k, struct config_value *ret,
		      struct config_error *err)
{
	(void)root;
	(void)k;
	(void)ret;
	(void)err;
	return XST_E_UNKNOWN;
}

const struct key_kind xst_kind_index = {
	.name = "index", .read = read_index, .write = xst_key_write_number
};

/* "connection" with the word "pty" is the member "connection.pty", an object. */
static void variant_path(const struct config_key *k, const char *word, char *path, size_t size)
{
	snprintf(path, size, "\"%s.%s\"", k->path, word);
}

static int read_variant(json_object *root, const struct config_key *k, struct config_value *ret,
			struct config_error *err)
{
	(void)err;
	for (const struct key_word *w = k->words; w->cfg; w++) {
		json_object *o;
		char path[64];

		variant_path(k, w->json, path, sizeof(path));
		if (xst_json_path_get(root, path, &o, NULL) == 0)
			return xst_key_return_string(ret, w->cfg);
	}
	return XST_E_UNKNOWN;
}

static int write_variant(json_object *root, const struct config_key *k,
			 const struct config_value *v, struct config_error *err)
{
	for (const struct key_word *w = k->words; w->cfg; w++) {
		json_object *o;
		char path[64];

		variant_path(k, w->json, path, sizeof(path));
		if (v->is_list || strcmp(w->cfg, v->string) != 0)
			continue;
		if (xst_json_path_get(root, path, &o, NULL) == 0)
			return 0;
		return xst_json_put(root, path, json_object_new_object(), err);
	}
	return xst_key_wrong(k, "not one of its possible values", err);
}

const struct key_kind xst_kind_variant = {
	.name = "variant", .read = read_variant, .write = write_variant
};

/* --- devices -------------------------------------------------------------------------------- */

/* Parses "name=value", or a value alone where the device has one nameless word. */
static int write_parameter(const struct config_key *k, const char *s, size_t n, json_object *o,
			   struct config_error *err)
{
	const char *equals = memchr(s, '=', n), *value = equals ? equals + 1 : s;
	size_t name = equals ? (size_t)(equals - s) : 0;
	struct config_value v = { 0 };
	int r;

	for (const struct config_key *part = k->parts; part->name; part++) {
		if (part->kind == &xst_kind_index || strlen(part->name) != name ||
		    strncmp(part->name, s, name) != 0)
			continue;
		if (!xst_config_value_set_string(&v, value, (size_t)(s + n - value)))
			return XST_E_NOMEM;
		r = part->words && part->kind == &xst_kind_word &&
				    !xst_key_word_find(part, v.string)
			    ? xst_key_wrong(part, "not one of its possible values", err)
			    : xst_key_write(o, part, &v, err);
		xst_config_value_clear(&v);
		return r;
	}
	return xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: unknown parameter '%.*s'", k->name,
				 n > 60 ? 60 : (int)n, s);
}

static int write_implied(const struct config_key *k, size_t index, json_object *o,
			 struct config_error *err)
{
	int r = 0;

	for (const struct config_key *part = k->parts; r == 0 && part->name; part++) {
		if (part->kind == &xst_kind_index)
			r = xst_json_add(o, part->path, json_object_new_int64((int64_t)index));
		else if (part->initial) {
			struct config_value v = { 0 };

			r = xst_key_return_string(&v, part->initial);
			if (r == 0)
				r = xst_key_write(o, part, &v, err);
			xst_config_value_clear(&v);
		}
	}
	return r;
}

static int device_json(const struct config_key *k, const char *spec, size_t index, json_object *o,
		       struct config_error *err)
{
	int r = write_implied(k, index, o, err);

	while (r == 0 && *spec) {
		size_t n;

		spec += strspn(spec, " \t,");
		n = strcspn(spec, ",");
		if (n)
			r = write_parameter(k, spec, n, o, err);
		spec += n;
	}
	return r;
}

static int write_spec(const struct config_key *k, json_object *o, struct text *t,
		      struct config_error *err)
{
	for (const struct config_key *part = k->parts; part->name; part++) {
		struct config_value v = { 0 };
		int r = xst_key_read(o, part, &v, err);

		if (r == 0)
			xst_text_printf(t, "%s%s%s%s", t->n ? "," : "", part->name,
					*part->name ? "=" : "", v.string);
		xst_config_value_clear(&v);
		if (r && r != XST_E_UNKNOWN)
			return r;
	}
	return 0;
}

static size_t members_that_say_something(json_object *o)
{
	size_t n = 0;

	json_object_object_foreach(o, name, v)
	{
		(void)name;
		n += !json_object_is_type(v, json_type_object) || json_object_object_length(v);
	}
	return n;
}

/* Whether b holds all of a, with the same values.  Empty objects count as absent. */
static bool is_in(json_object *a, json_object *b)
{
	json_object_object_foreach(a, name, v)
	{
		json_object *w = NULL;
		bool object = json_object_is_type(v, json_type_object);

		(void)json_object_object_get_ex(b, name, &w);
		if (object && !members_that_say_something(v))
			continue;
		if (object ? !json_object_is_type(w, json_type_object) || !is_in(v, w)
			   : !json_object_equal(v, w))
			return false;
	}
	return true;
}

/* Whether the specification covers everything in the object. */
static int says_all(const struct config_key *k, const char *spec, size_t index, json_object *o,
		    struct config_error *err)
{
	json_object *again = json_object_new_object();
	int r = again ? device_json(k, spec, index, again, err) : XST_E_NOMEM;

	if (r == 0 && !is_in(o, again))
		r = xst_config_refuse(err, XST_E_UNSUPPORTED,
				      "%s: xl.cfg can express no more of it than '%.100s'", k->name,
				      spec);
	json_object_put(again);
	return r;
}

static int device_spec(const struct config_key *k, json_object *o, size_t index, char **ret_spec,
		       struct config_error *err)
{
	struct text t = { 0 };
	char *spec;
	int r = write_spec(k, o, &t, err);

	spec = xst_text_take(&t, NULL);
	if (r == 0)
		r = spec ? says_all(k, spec, index, o, err) : XST_E_NOMEM;
	if (r)
		free(spec);
	else
		*ret_spec = spec;
	return r;
}

static int write_parameters(json_object *root, const struct config_key *k,
			    const struct config_value *v, struct config_error *err)
{
	return xst_device_write_list(root, k, v, device_json, err);
}

static int read_parameters(json_object *root, const struct config_key *k, struct config_value *ret,
			   struct config_error *err)
{
	return xst_device_read_list(root, k, ret, device_spec, err);
}

static void check_parameter(struct key_check *c, const struct config_key *k, size_t i,
			    json_object *device, const struct config_key *part)
{
	struct config_key said = *part;
	struct config_value v = { 0 };
	int r;

	said.absent = NULL; /* xl requires values that libxl would fill in */
	r = part->needed ? xst_key_read(device, &said, &v, NULL) : 0;

	if (r && r != XST_E_NOMEM)
		xst_key_complain(c, k->name, "device %zu: no %s", i, part->name);
	c->no_memory |= r == XST_E_NOMEM;
	xst_config_value_clear(&v);
}

/* The specification of each device must give the values that xl requires. */
static void check_parameters(struct key_check *c, const struct config_key *k, json_object *root)
{
	json_object *list;
	int r = xst_json_path_get(root, k->path, &list, NULL);

	c->no_memory |= r == XST_E_NOMEM;
	if (r)
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		for (const struct config_key *part = k->parts; part->name; part++)
			check_parameter(c, k, i, json_object_array_get_idx(list, i), part);
}

const struct key_kind xst_kind_devices = {
	.name = "devices", .read = read_parameters, .write = write_parameters,
	.check_json = check_parameters, .shape = KEY_LIST, .strict = true
};
const struct key_kind xst_kind_framebuffers = {
	.name = "framebuffers", .read = read_parameters, .write = write_parameters,
	.check_json = check_parameters, .shape = KEY_LIST
};
