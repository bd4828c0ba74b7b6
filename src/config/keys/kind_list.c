/* SPDX-License-Identifier: MIT */
/* Kinds that are lists of strings or numbers. */
#include <string.h>

#include "config/json/json.h"
#include "config/keys/kind.h"

static int read_list(json_object *root, const struct config_key *k, struct config_value *ret,
		     struct config_error *err)
{
	struct config_value list = { .is_list = true };
	json_object *a;
	int r = xst_key_at(root, k, &a);

	if (r)
		return r;
	if (!json_object_is_type(a, json_type_array))
		return xst_key_read_scalar(root, k, ret, err);
	for (size_t i = 0; r == 0 && i < json_object_array_length(a); i++) {
		json_object *o = json_object_array_get_idx(a, i);
		const char *s = o ? json_object_get_string(o) : NULL;

		if (!o)
			r = xst_key_wrong(k, "a null in the list", err);
		else if (!s || !xst_config_value_add_string(&list, s))
			r = XST_E_NOMEM;
		else
			list.items[i].bare = json_object_is_type(o, json_type_int);
	}
	return xst_key_return_list(ret, &list, r);
}

/* Adds an item of a list, or of a value used as one, to a JSON list. */
typedef int add_item_fn(const struct config_key *k, json_object *a, const struct config_value *v,
			struct config_error *err);

static int add_string_item(const struct config_key *k, json_object *a, const struct config_value *v,
			   struct config_error *err)
{
	const char *s;
	int r = xst_key_string(k, v, &s, err);

	return r ? r : xst_json_append(a, json_object_new_string(s));
}

static int add_number_item(const struct config_key *k, json_object *a, const struct config_value *v,
			   struct config_error *err)
{
	int64_t n;
	int r = xst_key_number(k, v, &n, err);

	return r ? r : xst_json_append(a, json_object_new_int64(n));
}

/* The words of a string. */
static int add_words(const struct config_key *k, json_object *a, const struct config_value *v,
		     struct config_error *err)
{
	const char *s = v->string;
	int r = 0;

	(void)k;
	(void)err;
	for (s += strspn(s, " \t\n"); r == 0 && *s; s += strspn(s, " \t\n")) {
		size_t n = strcspn(s, " \t\n");

		r = xst_json_append(a, json_object_new_string_len(s, (int)n));
		s += n;
	}
	return r;
}

/* one: called for each item; alone: called for a value that is not a list. */
static int write_list_at(json_object *root, const char *path, const struct config_key *k,
			 const struct config_value *v, add_item_fn *one, add_item_fn *alone,
			 struct config_error *err)
{
	json_object *a = json_object_new_array();
	int r = a ? 0 : XST_E_NOMEM;

	if (r == 0 && !v->is_list)
		r = alone(k, a, v, err);
	for (size_t i = 0; r == 0 && i < v->n; i++)
		r = one(k, a, &v->items[i], err);
	if (r == 0)
		return xst_json_put(root, path, a, err);
	json_object_put(a);
	return r;
}

static int write_strings(json_object *root, const struct config_key *k,
			 const struct config_value *v, struct config_error *err)
{
	return write_list_at(root, xst_key_place(root, k), k, v, add_string_item, add_string_item,
			     err);
}

static int write_arguments(json_object *root, const struct config_key *k,
			   const struct config_value *v, struct config_error *err)
{
	return write_list_at(root, xst_key_place(root, k), k, v, add_string_item, add_words, err);
}

static int write_numbers(json_object *root, const struct config_key *k,
			 const struct config_value *v, struct config_error *err)
{
	return write_list_at(root, xst_key_place(root, k), k, v, add_number_item, add_number_item,
			     err);
}

/* Writes one string to one member, several to another; only one of the two may exist. */
static int write_string_or_list(json_object *root, const struct config_key *k,
				const struct config_value *v, struct config_error *err)
{
	(void)xst_json_path_unset(root, v->is_list ? k->path : k->older, NULL);
	return v->is_list
		       ? write_list_at(root, k->older, k, v, add_string_item, add_string_item, err)
		       : xst_json_put(root, k->path, json_object_new_string(v->string), err);
}

const struct key_kind xst_kind_strings = {
	.name = "strings", .read = read_list, .write = write_strings, .shape = KEY_LIST
};
const struct key_kind xst_kind_arguments = {
	.name = "arguments", .read = read_list, .write = write_arguments, .shape = KEY_EITHER
};
const struct key_kind xst_kind_numbers = {
	.name = "numbers", .read = read_list, .write = write_numbers,
	.check = xst_key_check_number, .shape = KEY_LIST
};
const struct key_kind xst_kind_string_or_list = {
	.name = "string or list", .read = read_list, .write = write_string_or_list,
	.shape = KEY_EITHER
};
