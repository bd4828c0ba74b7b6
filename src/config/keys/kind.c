/* SPDX-License-Identifier: MIT */
/* What the functions of several kinds share. */
#include "config/keys/kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/json/json.h"

int xst_key_at(json_object *root, const struct config_key *k, json_object **ret)
{
	int r = xst_json_path_get(root, k->path, ret, NULL);

	if (r == XST_E_UNKNOWN && k->older)
		r = xst_json_path_get(root, k->older, ret, NULL);
	return r;
}

int xst_key_list_at(json_object *root, const struct config_key *k, json_object **ret,
		    struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o);

	if (r)
		return r;
	if (!json_object_is_type(o, json_type_array))
		return xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: %s is not a list", k->name,
					 k->path);
	*ret = o;
	return 0;
}

const char *xst_key_place(json_object *root, const struct config_key *k)
{
	json_object *o;

	if (k->older && xst_json_path_get(root, k->path, &o, NULL) != 0 &&
	    xst_json_path_get(root, k->older, &o, NULL) == 0)
		return k->older;
	return k->path;
}

int xst_key_wrong(const struct config_key *k, const char *what, struct config_error *err)
{
	return xst_config_refuse(err, XST_E_MALFORMED, "%s: %s", k->name, what);
}

int xst_key_string(const struct config_key *k, const struct config_value *v, const char **ret,
		   struct config_error *err)
{
	if (v->is_list)
		return xst_key_wrong(k, "expected one value, found a list", err);
	*ret = v->string;
	return 0;
}

int xst_key_number(const struct config_key *k, const struct config_value *v, int64_t *ret,
		   struct config_error *err)
{
	const char *s;
	char *end;
	int64_t n;
	int r = xst_key_string(k, v, &s, err);

	if (r)
		return r;
	errno = 0;
	n = strtoll(s, &end, 0);
	if (end == s || *end)
		return xst_key_wrong(k, "not a number", err);
	if (errno)
		return xst_key_wrong(k, "the number is too large", err);
	*ret = n;
	return 0;
}

const struct key_word *xst_key_word_find(const struct config_key *k, const char *word)
{
	for (const struct key_word *w = k->words; w && w->cfg; w++)
		if ((k->any_case ? strcasecmp(w->cfg, word) : strcmp(w->cfg, word)) == 0)
			return w;
	return NULL;
}

int xst_key_return_string(struct config_value *ret, const char *s)
{
	return xst_config_value_set_string(ret, s, strlen(s)) ? 0 : XST_E_NOMEM;
}

int xst_key_return_list(struct config_value *ret, struct config_value *list, int r)
{
	xst_config_value_clear(r ? list : ret);
	if (r == 0)
		*ret = *list;
	return r;
}
