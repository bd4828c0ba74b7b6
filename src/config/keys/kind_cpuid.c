/* SPDX-License-Identifier: MIT */
/* CPUID bits: "LEAF[,SUBLEAF]:REGISTER=BITS[,REGISTER=BITS]" in xl.cfg, in JSON one object per
 * leaf. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/json/json.h"
#include "config/keys/kind.h"
#include "limits/limits.h"

static const char *const registers[] = { "eax", "ebx", "ecx", "edx" };
#define REGISTERS (sizeof(registers) / sizeof(registers[0]))
#define BITS	  32
#define MSRS	  "b_info.cpuid.msr" /* libxl of Xen 4.17 requires it, even if empty */

/* --- to JSON -------------------------------------------------------------------------------- */

struct leaf {
	uint32_t leaf, subleaf;
	bool has_subleaf;
};

static bool leaf_number(const char **s, uint32_t *ret)
{
	char *end;
	unsigned long v = strtoul(*s, &end, 0);

	if (end == *s || v > UINT32_MAX)
		return false;
	*ret = (uint32_t)v;
	*s = end;
	return true;
}

static bool leaf_of(const char **s, struct leaf *ret)
{
	*ret = (struct leaf){ 0 };
	if (!leaf_number(s, &ret->leaf))
		return false;
	ret->has_subleaf = **s == ',';
	if (ret->has_subleaf && !(++*s, leaf_number(s, &ret->subleaf)))
		return false;
	return *(*s)++ == ':';
}

static bool has_number(json_object *o, const char *name, bool there, uint32_t v)
{
	json_object *n;

	if (!json_object_object_get_ex(o, name, &n))
		return !there;
	return there && json_object_get_int64(n) == v;
}

/* The object of a leaf: an existing one, or a new one at the end.  NULL: out of memory. */
static json_object *object_of(json_object *a, const struct leaf *l)
{
	json_object *o;
	int r;

	for (size_t i = 0; i < json_object_array_length(a); i++) {
		o = json_object_array_get_idx(a, i);
		if (has_number(o, "leaf", true, l->leaf) &&
		    has_number(o, "subleaf", l->has_subleaf, l->subleaf))
			return o;
	}
	o = json_object_new_object();
	r = o ? xst_json_add(o, "leaf", json_object_new_int64(l->leaf)) : XST_E_NOMEM;
	if (r == 0 && l->has_subleaf)
		r = xst_json_add(o, "subleaf", json_object_new_int64(l->subleaf));
	if (r == 0 && json_object_array_add(a, o) == 0)
		return o;
	json_object_put(o);
	return NULL;
}

/* Reads "ecx=" and a letter for each bit: 1 and 0, x for the default, k for the host's value, s for
 * the value at the start. */
static int take_register(const char **s, json_object *o)
{
	for (size_t i = 0; i < REGISTERS; i++) {
		const char *bits = *s + 4;

		if (strncmp(*s, registers[i], 3) != 0 || (*s)[3] != '=')
			continue;
		if (strspn(bits, "01xks") != BITS)
			return XST_E_MALFORMED;
		*s = bits + BITS;
		return xst_json_add(o, registers[i], json_object_new_string_len(bits, BITS));
	}
	return XST_E_MALFORMED;
}

static int write_leaf(json_object *a, const char *s)
{
	json_object *o;
	struct leaf l;
	int r;

	if (!leaf_of(&s, &l))
		return XST_E_MALFORMED;
	o = object_of(a, &l);
	for (r = o ? 0 : XST_E_NOMEM; r == 0; s++) {
		r = take_register(&s, o);
		if (r || *s != ',')
			break;
	}
	return r == 0 && *s ? XST_E_MALFORMED : r;
}

static int write_leaves(const struct config_key *k, const struct config_value *v, json_object *a,
			struct config_error *err)
{
	int r = 0;

	if (v->n > LIMIT_CONFIG_LEAVES)
		return xst_config_refuse(err, XST_E_LIMIT, "%s: more than %d leaves", k->name,
					 LIMIT_CONFIG_LEAVES);
	for (size_t i = 0; r == 0 && i < v->n; i++)
		r = v->items[i].is_list ? XST_E_MALFORMED : write_leaf(a, v->items[i].string);
	return r == XST_E_MALFORMED
		       ? xst_key_wrong(k, "not LEAF[,SUBLEAF]:REGISTER=BITS, with 32 bits", err)
		       : r;
}

static int write_cpuid(json_object *root, const struct config_key *k, const struct config_value *v,
		       struct config_error *err)
{
	json_object *a;
	int r;

	if (!v->is_list)
		return xst_config_refuse(
			err, XST_E_UNSUPPORTED,
			"%s: JSON holds bits of leaves, not names of features: give a list of "
			"leaves",
			k->name);
	a = json_object_new_array();
	r = a ? write_leaves(k, v, a, err) : XST_E_NOMEM;
	if (r) {
		json_object_put(a);
		return r;
	}
	(void)xst_json_path_unset(root, k->path, NULL);
	r = xst_json_put(root, k->older, a, err);
	return r ? r : xst_json_put(root, MSRS, json_object_new_array(), err);
}

/* --- from JSON ------------------------------------------------------------------------------ */

static int print_leaf(json_object *o, struct config_value *list)
{
	char separator = ':';
	struct text t = { 0 };
	json_object *v;
	char *s;
	bool added;

	if (json_object_object_get_ex(o, "leaf", &v))
		xst_text_printf(&t, "0x%" PRIx64, (uint64_t)json_object_get_int64(v));
	else
		xst_text_puts(&t, "0x0"); /* libxl omits zeros */
	if (json_object_object_get_ex(o, "subleaf", &v))
		xst_text_printf(&t, ",0x%" PRIx64, (uint64_t)json_object_get_int64(v));
	for (size_t i = 0; i < REGISTERS; i++) {
		if (!json_object_object_get_ex(o, registers[i], &v) || !xst_json_string(v))
			continue;
		xst_text_printf(&t, "%c%s=%s", separator, registers[i], xst_json_string(v));
		separator = ',';
	}
	s = xst_text_take(&t, NULL);
	added = s && xst_config_value_add_string(list, s);
	free(s);
	return added ? 0 : XST_E_NOMEM;
}

/* Xen 4.17 has the leaves in an object beside the MSRs, earlier Xens have the leaves alone. */
static json_object *leaves_of(json_object *root, const struct config_key *k)
{
	json_object *a = NULL;

	if (xst_json_path_get(root, k->older, &a, NULL) == 0)
		return a;
	return xst_json_path_get(root, k->path, &a, NULL) == 0 ? a : NULL;
}

static int read_cpuid(json_object *root, const struct config_key *k, struct config_value *ret,
		      struct config_error *err)
{
	struct config_value list = { .is_list = true };
	json_object *a = leaves_of(root, k), *msrs;
	int r = 0;

	if (!a)
		return XST_E_UNKNOWN;
	if (!json_object_is_type(a, json_type_array))
		return xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: %s is not a list", k->name,
					 k->path);
	if (xst_json_path_get(root, MSRS, &msrs, NULL) == 0 &&
	    json_object_is_type(msrs, json_type_array) && json_object_array_length(msrs))
		return xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: xl.cfg can't express MSRs",
					 k->name);
	for (size_t i = 0; r == 0 && i < json_object_array_length(a); i++)
		r = print_leaf(json_object_array_get_idx(a, i), &list);
	return xst_key_return_list(ret, &list, r == 0 && !list.n ? XST_E_UNKNOWN : r);
}

/* --- checks --------------------------------------------------------------------------------- */

/* Checks names of features: xl warns of errors in them, and continues without. */
static void check_features(struct key_check *c, const struct config_key *k,
			   const struct config_value *v)
{
	const char *s = v->string;
	bool wrong = strncmp(s, "host", 4) != 0 || (s[4] && s[4] != ',');

	for (s = strchr(s, ','); !wrong && s; s = strchr(s, ',')) {
		size_t name = strcspn(++s, ",="), end = strcspn(s, ",");

		wrong = end && (!name || name + 1 >= end);
	}
	if (wrong)
		xst_key_complain(c, k->name,
				 "expected \"host\", then NAME=VALUE after commas, or a list");
}

const struct key_kind xst_kind_cpuid = {
	.name = "cpuid", .read = read_cpuid, .write = write_cpuid, .check = check_features,
	.shape = KEY_EITHER
};
