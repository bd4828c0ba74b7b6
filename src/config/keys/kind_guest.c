/* SPDX-License-Identifier: MIT */
/* What a guest is and how much it gets: its type, memory and vCPUs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/json/json.h"
#include "config/keys/kind.h"

/* --- the type of guest ---------------------------------------------------------------------- */

static int read_type_key(json_object *root, const struct config_key *k, struct config_value *ret,
			 struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o);

	(void)err;
	if (r)
		return r;
	return xst_json_string(o) ? xst_key_return_string(ret, xst_json_string(o)) : XST_E_UNKNOWN;
}

/* The type decides which members may exist: a saved guest of one type can't become another. */
static int set_type(json_object *root, const struct config_key *k, enum config_type wanted,
		    struct config_error *err)
{
	enum config_type old = xst_json_guest_type(root);
	char path[32];
	int r;

	if (old == wanted)
		return 0;
	if (old != CONFIG_TYPE_UNKNOWN)
		return xst_config_refuse(
			err, XST_E_UNSUPPORTED,
			"%s: this guest is of type %s, and a saved guest can't change its type",
			k->name, xst_config_type_name(old));
	r = xst_json_put(root, "c_info.type", json_object_new_string(xst_config_type_name(wanted)),
			 err);
	snprintf(path, sizeof(path), "b_info.\"type.%s\"", xst_config_type_name(wanted));
	return r ? r : xst_json_put(root, path, json_object_new_object(), err);
}

static int write_type_key(json_object *root, const struct config_key *k,
			  const struct config_value *v, struct config_error *err)
{
	enum config_type type;
	const char *s;
	int r = xst_key_string(k, v, &s, err);

	if (r)
		return r;
	type = xst_config_type_parse(s);
	if (type != CONFIG_TYPE_UNKNOWN)
		return set_type(root, k, type, err);
	return xst_key_wrong(k, "not a type of guest: use pv, hvm or pvh", err);
}

static void check_type(struct key_check *c, const struct config_key *k,
		       const struct config_value *v)
{
	if (xst_config_type_parse(v->string) == CONFIG_TYPE_UNKNOWN)
		xst_key_complain(c, k->name, "'%.60s' is not one of pv, hvm, pvh", v->string);
}

const struct key_kind xst_kind_type = {
	.name = "type", .read = read_type_key, .write = write_type_key, .check = check_type,
	.is_type = true, .together = true
};

static int read_builder(json_object *root, const struct config_key *k, struct config_value *ret,
			struct config_error *err)
{
	(void)k;
	(void)err;
	switch (xst_json_guest_type(root)) {
	case CONFIG_TYPE_HVM: return xst_key_return_string(ret, "hvm");
	case CONFIG_TYPE_PV:  return xst_key_return_string(ret, "generic");
	default:              return XST_E_UNKNOWN;
	}
}

static int write_builder(json_object *root, const struct config_key *k,
			 const struct config_value *v, struct config_error *err)
{
	const char *s;
	int r = xst_key_string(k, v, &s, err);

	if (r)
		return r;
	if (strcmp(s, "hvm") == 0)
		return set_type(root, k, CONFIG_TYPE_HVM, err);
	return set_type(root, k, CONFIG_TYPE_PV, err);
}

/* xl ignores an empty one. */
static void check_builder_word(struct key_check *c, const struct config_key *k,
			       const struct config_value *v)
{
	if (*v->string)
		xst_key_check_word(c, k, v);
}

const struct key_kind xst_kind_builder = {
	.name = "builder", .read = read_builder, .write = write_builder,
	.check = check_builder_word, .is_type = true, .together = true
};

/* --- memory and vCPUs ----------------------------------------------------------------------- */

static bool number_at(json_object *root, const char *path, int64_t *ret)
{
	json_object *o;

	if (xst_json_path_get(root, path, &o, NULL) != 0 || !json_object_is_type(o, json_type_int))
		return false;
	*ret = json_object_get_int64(o);
	return true;
}

/* Without another maximum, the maximum follows the memory, as in xl. */
static int write_memory(json_object *root, const struct config_key *k, const struct config_value *v,
			struct config_error *err)
{
	static const char max_path[] = "b_info.max_memkb";
	int64_t mib, max, old;
	bool follows;
	int r = xst_key_number(k, v, &mib, err);

	if (r)
		return r;
	if (mib > INT64_MAX / 1024 || mib < INT64_MIN / 1024)
		return xst_key_wrong(k, "the number is too large", err);
	follows = !number_at(root, max_path, &max) ||
		  (number_at(root, k->path, &old) && old == max);
	r = xst_json_put(root, k->path, json_object_new_int64(mib * 1024), err);
	if (r == 0 && follows)
		r = xst_json_put(root, max_path, json_object_new_int64(mib * 1024), err);
	return r;
}

const struct key_kind xst_kind_memory = {
	.name = "memory", .read = xst_key_read_mib, .write = write_memory,
	.check = xst_key_check_number, .is_number = true
};

static bool is_as_memory(json_object *root, const struct config_key *k,
			 const struct config_value *v)
{
	json_object *a, *b;

	(void)v;
	return xst_json_path_get(root, "b_info.target_memkb", &a, NULL) == 0 &&
	       xst_json_path_get(root, k->path, &b, NULL) == 0 && json_object_equal(a, b);
}

const struct key_kind xst_kind_maxmem = {
	.name = "maxmem", .read = xst_key_read_mib, .write = xst_key_write_mib,
	.check = xst_key_check_number, .implied = is_as_memory, .is_number = true
};

/* JSON lists the numbers of the vCPUs that are online at the start. */
static int read_vcpus(json_object *root, const struct config_key *k, struct config_value *ret,
		      struct config_error *err)
{
	json_object *a;
	size_t n;
	int r = xst_key_list_at(root, k, &a, err);

	if (r)
		return r;
	n = json_object_array_length(a);
	for (size_t i = 0; i < n; i++)
		if (json_object_get_int64(json_object_array_get_idx(a, i)) != (int64_t)i)
			return xst_config_refuse(err, XST_E_UNSUPPORTED,
						 "%s: the online vCPUs are not the first ones",
						 k->name);
	return xst_config_value_set_number(ret, n) ? 0 : XST_E_NOMEM;
}

static json_object *first_vcpus(int64_t n)
{
	json_object *a = json_object_new_array();

	for (int64_t i = 0; a && i < n; i++) {
		json_object *o = json_object_new_int64(i);

		if (o && json_object_array_add(a, o) == 0)
			continue;
		json_object_put(o);
		json_object_put(a);
		return NULL;
	}
	return a;
}

static int write_vcpus(json_object *root, const struct config_key *k, const struct config_value *v,
		       struct config_error *err)
{
	static const char max_path[] = "b_info.max_vcpus";
	json_object *old;
	bool follows;
	int64_t n, max;
	int r = xst_key_number(k, v, &n, err);

	if (r)
		return r;
	if (n < 0 || (uint64_t)n > k->max)
		return xst_key_wrong(k, "a number of vCPUs that JSON can't hold", err);
	follows = !number_at(root, max_path, &max) ||
		  (xst_key_at(root, k, &old) == 0 && json_object_is_type(old, json_type_array) &&
		   (int64_t)json_object_array_length(old) == max);
	r = xst_json_put(root, k->path, first_vcpus(n), err);
	if (r == 0 && follows)
		r = xst_json_put(root, max_path, json_object_new_int64(n), err);
	return r;
}

const struct key_kind xst_kind_vcpus = {
	.name = "vcpus", .read = read_vcpus, .write = write_vcpus, .check = xst_key_check_number,
	.is_number = true
};

/* Whether the value equals the number of online vCPUs, for which it also stands. */
static bool is_as_vcpus(json_object *root, const struct config_key *k, const struct config_value *v)
{
	json_object *a;

	(void)k;
	return xst_json_path_get(root, "b_info.avail_vcpus", &a, NULL) == 0 &&
	       json_object_is_type(a, json_type_array) && !v->is_list &&
	       json_object_array_length(a) == strtoull(v->string, NULL, 10);
}

const struct key_kind xst_kind_maxvcpus = {
	.name = "maxvcpus", .read = xst_key_read_scalar, .write = xst_key_write_number,
	.check = xst_key_check_number, .implied = is_as_vcpus, .is_number = true
};
