/* SPDX-License-Identifier: MIT */
/* json-c's: a call that may run out of memory counts as one allocation. */
#include <json-c/json.h>
#include <stdlib.h>

#include "starve.h"

#define NEW(name, ...) NEW_(name, __VA_ARGS__)
#define NEW_(name, parameters, arguments)                               \
	json_object *__real_##name parameters;                          \
	json_object *__wrap_##name parameters;                          \
	json_object *__wrap_##name parameters                           \
	{                                                               \
		return starve_fails() ? NULL : __real_##name arguments; \
	}

NEW(json_object_new_object, (void), ())
NEW(json_object_new_array, (void), ())
NEW(json_object_new_string, (const char *s), (s))
NEW(json_object_new_string_len, (const char *s, int n), (s, n))
NEW(json_object_new_int, (int32_t v), (v))
NEW(json_object_new_int64, (int64_t v), (v))
NEW(json_object_new_uint64, (uint64_t v), (v))
NEW(json_object_new_boolean, (json_bool v), (v))

int __real_json_object_object_add(json_object *o, const char *name, json_object *v);
int __wrap_json_object_object_add(json_object *o, const char *name, json_object *v);
int __real_json_object_array_add(json_object *a, json_object *v);
int __wrap_json_object_array_add(json_object *a, json_object *v);
int __real_json_object_array_put_idx(json_object *a, size_t i, json_object *v);
int __wrap_json_object_array_put_idx(json_object *a, size_t i, json_object *v);
int __real_json_object_deep_copy(json_object *from, json_object **to, json_c_shallow_copy_fn *copy);
int __wrap_json_object_deep_copy(json_object *from, json_object **to, json_c_shallow_copy_fn *copy);
json_tokener *__real_json_tokener_new_ex(int depth);
json_tokener *__wrap_json_tokener_new_ex(int depth);
const char *__real_json_object_to_json_string_ext(json_object *o, int flags);
const char *__wrap_json_object_to_json_string_ext(json_object *o, int flags);
const char *__real_json_object_get_string(json_object *o);
const char *__wrap_json_object_get_string(json_object *o);

/* What is there already is only replaced. */
int __wrap_json_object_object_add(json_object *o, const char *name, json_object *v)
{
	return !json_object_object_get_ex(o, name, NULL) && starve_fails()
		       ? -1
		       : __real_json_object_object_add(o, name, v);
}

int __wrap_json_object_array_add(json_object *a, json_object *v)
{
	return starve_fails() ? -1 : __real_json_object_array_add(a, v);
}

int __wrap_json_object_array_put_idx(json_object *a, size_t i, json_object *v)
{
	return i >= json_object_array_length(a) && starve_fails()
		       ? -1
		       : __real_json_object_array_put_idx(a, i, v);
}

int __wrap_json_object_deep_copy(json_object *from, json_object **to, json_c_shallow_copy_fn *copy)
{
	return starve_fails() ? -1 : __real_json_object_deep_copy(from, to, copy);
}

json_tokener *__wrap_json_tokener_new_ex(int depth)
{
	return starve_fails() ? NULL : __real_json_tokener_new_ex(depth);
}

const char *__wrap_json_object_to_json_string_ext(json_object *o, int flags)
{
	return starve_fails() ? NULL : __real_json_object_to_json_string_ext(o, flags);
}

/* What is no string is printed into memory of its own. */
const char *__wrap_json_object_get_string(json_object *o)
{
	return !json_object_is_type(o, json_type_string) && starve_fails()
		       ? NULL
		       : __real_json_object_get_string(o);
}
