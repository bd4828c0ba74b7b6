/* SPDX-License-Identifier: MIT */
/* The machine: firmware and graphics. */
#include <string.h>

#include "config/json/json.h"
#include "config/keys/kind.h"

/* A word for a kind of firmware is the member "bios", anything else is a path. */
static int read_firmware(json_object *root, const struct config_key *k, struct config_value *ret,
			 struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o);

	(void)err;
	if (r)
		return r;
	for (const struct key_word *w = k->words; w->cfg && xst_json_string(o); w++)
		if (strcmp(w->json, xst_json_string(o)) == 0)
			return xst_key_return_string(ret, w->cfg);
	return xst_json_string(o) ? xst_key_return_string(ret, xst_json_string(o)) : XST_E_UNKNOWN;
}

static int write_firmware(json_object *root, const struct config_key *k,
			  const struct config_value *v, struct config_error *err)
{
	const struct key_word *w;
	const char *s;
	int r = xst_key_string(k, v, &s, err);

	if (r)
		return r;
	w = xst_key_word_find(k, s);
	if (!w)
		return xst_json_put(root, k->path, json_object_new_string(s), err);
	(void)xst_json_path_unset(root, k->path, NULL);
	(void)xst_json_path_unset(root, k->older, NULL);
	return *w->json ? xst_json_put(root, k->older, json_object_new_string(w->json), err) : 0;
}

const struct key_kind xst_kind_firmware = {
	.name = "firmware", .read = read_firmware, .write = write_firmware
};

/* 0 and 1, or the kind of graphics that is passed through. */
static int read_gfx(json_object *root, const struct config_key *k, struct config_value *ret,
		    struct config_error *err)
{
	json_object *on, *kind;
	int truth;

	(void)err;
	if (xst_json_path_get(root, k->path, &on, NULL) != 0 || (truth = xst_json_truth(on)) < 0)
		return XST_E_UNKNOWN;
	if (truth && xst_json_path_get(root, k->older, &kind, NULL) == 0 && xst_json_string(kind))
		return xst_key_return_string(ret, xst_json_string(kind));
	return xst_config_value_set_number(ret, (uint64_t)truth) ? 0 : XST_E_NOMEM;
}

static int write_gfx(json_object *root, const struct config_key *k, const struct config_value *v,
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
	r = xst_json_put(root, k->path, json_object_new_string(on ? "True" : "False"), err);
	return r || number
		       ? r
		       : xst_json_put(root, k->older, json_object_new_string(w ? w->json : s), err);
}

static void check_gfx(struct key_check *c, const struct config_key *k, const struct config_value *v)
{
	int64_t n;

	if (xst_key_number(k, v, &n, NULL))
		xst_key_check_word(c, k, v);
}

const struct key_kind xst_kind_gfx_passthru = {
	.name = "gfx passthru", .read = read_gfx, .write = write_gfx, .check = check_gfx
};

static int read_stdvga(json_object *root, const struct config_key *k, struct config_value *ret,
		       struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o);

	(void)err;
	if (r)
		return r;
	return xst_config_value_set_number(ret, xst_json_string(o) &&
							strcmp(xst_json_string(o), "std") == 0)
		       ? 0
		       : XST_E_NOMEM;
}

static int write_stdvga(json_object *root, const struct config_key *k, const struct config_value *v,
			struct config_error *err)
{
	int64_t n;
	int r = xst_key_number(k, v, &n, err);

	return r ? r
		 : xst_json_put(root, k->path, json_object_new_string(n ? "std" : "cirrus"), err);
}

const struct key_kind xst_kind_stdvga = {
	.name = "stdvga", .read = read_stdvga, .write = write_stdvga,
	.check = xst_key_check_number, .is_number = true
};
