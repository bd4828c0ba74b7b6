/* SPDX-License-Identifier: MIT */
#include "config/devices/devices.h"

#include <stdlib.h>
#include <string.h>

int xst_device_write_list(json_object *root, const struct config_key *k,
			  const struct config_value *v, device_to_json *one,
			  struct config_error *err)
{
	json_object *a = json_object_new_array();
	int r = a ? 0 : XST_E_NOMEM;

	if (r == 0 && !v->is_list)
		r = xst_key_wrong(k, "expected a list in brackets, found one value", err);
	for (size_t i = 0; r == 0 && i < v->n; i++) {
		json_object *o = json_object_new_object();

		if (v->items[i].is_list)
			r = xst_key_wrong(k, "a list inside the list", err);
		else
			r = o ? one(k, v->items[i].string, i, o, err) : XST_E_NOMEM;
		if (r == 0 && json_object_array_add(a, o) == 0)
			continue;
		json_object_put(o);
		r = r ? r : XST_E_NOMEM;
	}
	if (r == 0)
		return xst_json_put(root, k->path, a, err);
	json_object_put(a);
	return r;
}

int xst_device_read_list(json_object *root, const struct config_key *k, struct config_value *ret,
			 device_from_json *one, struct config_error *err)
{
	struct config_value list = { .is_list = true };
	json_object *a;
	int r = xst_key_list_at(root, k, &a, err);

	if (r)
		return r;
	for (size_t i = 0; r == 0 && i < json_object_array_length(a); i++) {
		char *spec = NULL;

		r = one(k, json_object_array_get_idx(a, i), i, &spec, err);
		if (r == 0 && !xst_config_value_add_string(&list, spec))
			r = XST_E_NOMEM;
		free(spec);
	}
	return xst_key_return_list(ret, &list, r);
}

int xst_device_add_string(json_object *o, const char *name, const char *s)
{
	return s ? xst_json_add(o, name, json_object_new_string(s)) : 0;
}

int xst_device_add_truth(json_object *o, const char *name, int flag)
{
	return flag < 0 ? 0
			: xst_json_add(o, name, json_object_new_string(flag ? "True" : "False"));
}

int xst_device_copy_string(json_object *o, const char *name, char **to)
{
	json_object *v;
	const char *s;

	if (!json_object_object_get_ex(o, name, &v) || !v)
		return 0;
	s = json_object_get_string(v);
	*to = s ? strdup(s) : NULL;
	return *to ? 0 : XST_E_NOMEM;
}

int xst_device_flag(json_object *o, const char *name)
{
	json_object *v;

	return json_object_object_get_ex(o, name, &v) ? xst_json_truth(v) : -1;
}

int64_t xst_device_number(json_object *o, const char *name, int64_t absent)
{
	json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_int64(v) : absent;
}
