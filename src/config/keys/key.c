/* SPDX-License-Identifier: MIT */
/* Operations on keys, delegated to their kinds. */
#include "config/keys/key.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/json/json.h"
#include "config/keys/kind.h"

int xst_key_read(json_object *root, const struct config_key *k, struct config_value *ret,
		 struct config_error *err)
{
	int r = k->kind->read(root, k, ret, err);

	return r == XST_E_UNKNOWN && k->absent ? xst_key_return_string(ret, k->absent) : r;
}

static int for_this_guest(json_object *root, const struct config_key *k, struct config_error *err)
{
	if (!k->guests || k->guests & (1u << xst_json_guest_type(root)))
		return 0;
	return xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: a guest of type %s has no such key",
				 k->name, xst_config_type_name(xst_json_guest_type(root)));
}

int xst_key_write(json_object *root, const struct config_key *k, const struct config_value *v,
		  struct config_error *err)
{
	int r = for_this_guest(root, k, err);

	return r ? r : k->kind->write(root, k, v, err);
}

int xst_key_remove(json_object *root, const struct config_key *k, struct config_error *err)
{
	int r;

	if (k->kind->is_type)
		return xst_config_refuse(err, XST_E_UNSUPPORTED, "a guest needs a type");
	r = xst_json_path_unset(root, k->path, err);
	if (k->older && xst_json_path_unset(root, k->older, r ? err : NULL) == 0)
		r = 0;
	return r == XST_E_UNKNOWN ? xst_config_refuse(err, r, "%s isn't set", k->name) : r;
}

/* --- judging -------------------------------------------------------------------------------- */

void xst_key_complain(struct key_check *c, const char *key, const char *format, ...)
{
	char text[240];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	c->complaints++;
	c->tell(c->userdata, key, text);
}

const char *xst_key_after_name(const char *key, const char *text)
{
	size_t n = strlen(key);

	return strncmp(text, key, n) == 0 && strncmp(text + n, ": ", 2) == 0 ? text + n + 2 : text;
}

bool xst_key_is_list(const struct config_key *k)
{
	return k->kind->shape == KEY_LIST || k->kind->shape == KEY_NESTED;
}

static void key_check_list(struct key_check *c, const struct config_key *k,
			   const struct config_value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (!v->items[i].is_list && k->kind->check)
			k->kind->check(c, k, &v->items[i]);
		else if (v->items[i].is_list && k->kind->shape != KEY_NESTED)
			xst_key_complain(c, k->name, "a list inside the list");
}

void xst_key_check(struct key_check *c, const struct config_key *k, const struct config_value *v)
{
	if (xst_key_is_list(k) && v->is_list)
		key_check_list(c, k, v);
	else if (xst_key_is_list(k))
		xst_key_complain(c, k->name, "expected a list in brackets, found one value");
	else if (v->is_list && k->kind->shape == KEY_ONE)
		xst_key_complain(c, k->name, "expected one value, found a list");
	else if (!v->is_list && k->kind->check)
		k->kind->check(c, k, v);
}
