/* SPDX-License-Identifier: MIT */
/* Keys that are like no other in JSON. */
#include <stdio.h>
#include <string.h>

#include "config/json/json.h"
#include "config/keys/key.h"

/* --- the type of guest ---------------------------------------------------------------------- */

int xst_key_read_type(json_object *root, const struct config_key *k, struct config_value *ret,
		      struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o);

	(void)err;
	if (r)
		return r;
	return xst_key_json_text(o) ? xst_key_return_string(ret, xst_key_json_text(o))
				    : XST_E_UNKNOWN;
}

/* The type decides which members there may be: what is saved as one can't become another. */
static int set_type(json_object *root, const struct config_key *k, enum config_type wanted,
		    struct config_error *err)
{
	enum config_type old = xst_config_json_type(root);
	char path[32];
	int r;

	if (old == wanted)
		return 0;
	if (old != CONFIG_TYPE_UNKNOWN)
		return xst_config_refuse(
			err, XST_E_UNSUPPORTED,
			"%s: this guest is of type %s, and what is saved of it can't "
			"become another",
			k->name, xst_config_type_name(old));
	r = xst_key_put(root, "c_info.type", json_object_new_string(xst_config_type_name(wanted)),
			err);
	snprintf(path, sizeof(path), "b_info.\"type.%s\"", xst_config_type_name(wanted));
	return r ? r : xst_key_put(root, path, json_object_new_object(), err);
}

int xst_key_write_type(json_object *root, const struct config_key *k, const struct config_value *v,
		       struct config_error *err)
{
	const char *s;
	int r = xst_key_string(k, v, &s, err);

	if (r)
		return r;
	for (unsigned t = CONFIG_TYPE_PV; t <= CONFIG_TYPE_PVH; t++)
		if (strcmp(s, xst_config_type_name((enum config_type)t)) == 0)
			return set_type(root, k, (enum config_type)t, err);
	return xst_key_wrong(k, "no type of guest: there are pv, hvm and pvh", err);
}

int xst_key_read_builder(json_object *root, const struct config_key *k, struct config_value *ret,
			 struct config_error *err)
{
	(void)k;
	(void)err;
	switch (xst_config_json_type(root)) {
	case CONFIG_TYPE_HVM: return xst_key_return_string(ret, "hvm");
	case CONFIG_TYPE_PV:  return xst_key_return_string(ret, "generic");
	default:              return XST_E_UNKNOWN;
	}
}

int xst_key_write_builder(json_object *root, const struct config_key *k,
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

/* --- memory and vCPUs ----------------------------------------------------------------------- */

static bool number_at(json_object *root, const char *path, int64_t *ret)
{
	json_object *o;

	if (xst_json_path_get(root, path, &o, NULL) != 0 || !json_object_is_type(o, json_type_int))
		return false;
	*ret = json_object_get_int64(o);
	return true;
}

/* Where no other maximum was said, it goes with the memory, as xl has it. */
int xst_key_write_memory(json_object *root, const struct config_key *k,
			 const struct config_value *v, struct config_error *err)
{
	static const char max_path[] = "b_info.max_memkb";
	int64_t mib, max, old;
	bool follows;
	int r = xst_key_number(k, v, &mib, err);

	if (r)
		return r;
	if (mib > INT64_MAX / 1024 || mib < INT64_MIN / 1024)
		return xst_key_wrong(k, "a number that is too large", err);
	follows = !number_at(root, max_path, &max) ||
		  (number_at(root, k->path, &old) && old == max);
	r = xst_key_put(root, k->path, json_object_new_int64(mib * 1024), err);
	if (r == 0 && follows)
		r = xst_key_put(root, max_path, json_object_new_int64(mib * 1024), err);
	return r;
}

/* vCPUs that are on at the start are told as a list of their numbers. */
int xst_key_read_vcpus(json_object *root, const struct config_key *k, struct config_value *ret,
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
						 "%s: those that are on are not the first ones",
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

int xst_key_write_vcpus(json_object *root, const struct config_key *k, const struct config_value *v,
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
		return xst_key_wrong(k, "no number of vCPUs that JSON can tell", err);
	follows = !number_at(root, max_path, &max) ||
		  (xst_key_at(root, k, &old) == 0 && json_object_is_type(old, json_type_array) &&
		   (int64_t)json_object_array_length(old) == max);
	r = xst_key_put(root, k->path, first_vcpus(n), err);
	if (r == 0 && follows)
		r = xst_key_put(root, max_path, json_object_new_int64(n), err);
	return r;
}

/* --- firmware, graphics --------------------------------------------------------------------- */

/* A word that stands for a kind of firmware is the member "bios", anything else a path. */
int xst_key_read_firmware(json_object *root, const struct config_key *k, struct config_value *ret,
			  struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o);

	(void)err;
	if (r)
		return r;
	for (const struct key_word *w = k->words; w->cfg && xst_key_json_text(o); w++)
		if (strcmp(w->json, xst_key_json_text(o)) == 0)
			return xst_key_return_string(ret, w->cfg);
	return xst_key_json_text(o) ? xst_key_return_string(ret, xst_key_json_text(o))
				    : XST_E_UNKNOWN;
}

int xst_key_write_firmware(json_object *root, const struct config_key *k,
			   const struct config_value *v, struct config_error *err)
{
	const struct key_word *w;
	const char *s;
	int r = xst_key_string(k, v, &s, err);

	if (r)
		return r;
	w = xst_key_word_find(k, s);
	if (!w)
		return xst_key_put(root, k->path, json_object_new_string(s), err);
	(void)xst_json_path_unset(root, k->path, NULL);
	(void)xst_json_path_unset(root, k->older, NULL);
	return *w->json ? xst_key_put(root, k->older, json_object_new_string(w->json), err) : 0;
}

/* 0 and 1, or the kind of graphics that is passed through. */
int xst_key_read_gfx(json_object *root, const struct config_key *k, struct config_value *ret,
		     struct config_error *err)
{
	json_object *on, *kind;
	int truth;

	(void)err;
	if (xst_json_path_get(root, k->path, &on, NULL) != 0 || (truth = xst_key_truth(on)) < 0)
		return XST_E_UNKNOWN;
	if (truth && xst_json_path_get(root, k->older, &kind, NULL) == 0 && xst_key_json_text(kind))
		return xst_key_return_string(ret, xst_key_json_text(kind));
	return xst_config_value_set_number(ret, (uint64_t)truth) ? 0 : XST_E_NOMEM;
}

int xst_key_write_gfx(json_object *root, const struct config_key *k, const struct config_value *v,
		      struct config_error *err)
{
	const struct key_word *w;
	bool number, on;
	const char *s;
	int64_t n = 0;
	int r = xst_key_string(k, v, &s, err);

	if (r)
		return r;
	w = xst_key_word_find(k, s);
	number = xst_key_number(k, v, &n, NULL) == 0;
	on = !number || n != 0;
	(void)xst_json_path_unset(root, k->older, NULL);
	r = xst_key_put(root, k->path, json_object_new_string(on ? "True" : "False"), err);
	return r || number
		       ? r
		       : xst_key_put(root, k->older, json_object_new_string(w ? w->json : s), err);
}

int xst_key_read_stdvga(json_object *root, const struct config_key *k, struct config_value *ret,
			struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o);

	(void)err;
	if (r)
		return r;
	return xst_config_value_set_number(ret, xst_key_json_text(o) &&
							strcmp(xst_key_json_text(o), "std") == 0)
		       ? 0
		       : XST_E_NOMEM;
}

int xst_key_write_stdvga(json_object *root, const struct config_key *k,
			 const struct config_value *v, struct config_error *err)
{
	int64_t n;
	int r = xst_key_number(k, v, &n, err);

	return r ? r
		 : xst_key_put(root, k->path, json_object_new_string(n ? "std" : "cirrus"), err);
}

/* --- a word in a member's name -------------------------------------------------------------- */

/* "connection" with the word "pty" is the member "connection.pty", an object of its own. */
static void variant_path(const struct config_key *k, const char *word, char *path, size_t size)
{
	snprintf(path, size, "\"%s.%s\"", k->path, word);
}

int xst_key_read_variant(json_object *root, const struct config_key *k, struct config_value *ret,
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

int xst_key_write_variant(json_object *root, const struct config_key *k,
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
		return xst_key_put(root, path, json_object_new_object(), err);
	}
	return xst_key_wrong(k, "not one of those that there are", err);
}
