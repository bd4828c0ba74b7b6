/* SPDX-License-Identifier: MIT */
#include "config/json/json_values.h"

#include <string.h>

#include "config/json/json.h"

enum config_type xst_json_guest_type(json_object *root)
{
	json_object *o;

	if (xst_json_path_get(root, "c_info.type", &o, NULL) != 0 || !xst_json_string(o))
		return CONFIG_TYPE_UNKNOWN;
	return xst_config_type_parse(xst_json_string(o));
}

int xst_json_truth(json_object *o)
{
	const char *s = xst_json_string(o);

	if (json_object_is_type(o, json_type_boolean))
		return json_object_get_boolean(o);
	if (json_object_is_type(o, json_type_int))
		return json_object_get_int64(o) != 0;
	if (s && strcmp(s, "True") == 0)
		return 1;
	return s && strcmp(s, "False") == 0 ? 0 : -1;
}

const char *xst_json_string(json_object *o)
{
	return json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;
}

uint64_t xst_json_unsigned(json_object *o, const char *name, uint64_t absent)
{
	json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_uint64(v) : absent;
}

int xst_json_put(json_object *root, const char *path, json_object *v, struct config_error *err)
{
	return v ? xst_json_path_set(root, path, v, err) : XST_E_NOMEM;
}

int xst_json_add(json_object *o, const char *name, json_object *v)
{
	if (v && json_object_object_add(o, name, v) == 0)
		return 0;
	json_object_put(v);
	return XST_E_NOMEM;
}

int xst_json_append(json_object *a, json_object *v)
{
	if (v && json_object_array_add(a, v) == 0)
		return 0;
	json_object_put(v);
	return XST_E_NOMEM;
}
