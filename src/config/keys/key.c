/* SPDX-License-Identifier: MIT */
/* Values of xl.cfg in JSON: the kinds that are the same for many keys, and which function has
 * which. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/json/json.h"
#include "config/keys/key.h"

/* --- what all kinds use --------------------------------------------------------------------- */

int xst_key_at(json_object *root, const struct config_key *k, json_object **ret)
{
	int r = xst_json_path_get(root, k->path, ret, NULL);

	if (r == XST_E_UNKNOWN && k->older)
		r = xst_json_path_get(root, k->older, ret, NULL);
	return r;
}

/* Where to write: its older path if something is there and nothing at the other. */
static const char *key_json_place(json_object *root, const struct config_key *k)
{
	json_object *o;

	if (k->older && xst_json_path_get(root, k->path, &o, NULL) != 0 &&
	    xst_json_path_get(root, k->older, &o, NULL) == 0)
		return k->older;
	return k->path;
}

int xst_key_put(json_object *root, const char *path, json_object *v, struct config_error *err)
{
	return v ? xst_json_path_set(root, path, v, err) : XST_E_NOMEM;
}

int xst_key_wrong(const struct config_key *k, const char *what, struct config_error *err)
{
	return xst_config_refuse(err, XST_E_MALFORMED, "%s: %s", k->name, what);
}

int xst_key_string(const struct config_key *k, const struct config_value *v, const char **ret,
		   struct config_error *err)
{
	if (v->is_list)
		return xst_key_wrong(k, "a list, where one value should be", err);
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
		return xst_key_wrong(k, "a number that is too large", err);
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

int xst_key_truth(json_object *o)
{
	const char *s = xst_key_json_text(o);

	if (json_object_is_type(o, json_type_boolean))
		return json_object_get_boolean(o);
	if (json_object_is_type(o, json_type_int))
		return json_object_get_int64(o) != 0;
	if (s && strcmp(s, "True") == 0)
		return 1;
	return s && strcmp(s, "False") == 0 ? 0 : -1;
}

const char *xst_key_json_text(json_object *o)
{
	return json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;
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

int xst_key_append(json_object *a, json_object *o)
{
	if (o && json_object_array_add(a, o) == 0)
		return 0;
	json_object_put(o);
	return XST_E_NOMEM;
}

int xst_key_list_at(json_object *root, const struct config_key *k, json_object **ret,
		    struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o);

	if (r)
		return r;
	if (!json_object_is_type(o, json_type_array))
		return xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: %s is no list", k->name,
					 k->path);
	*ret = o;
	return 0;
}

enum config_type xst_config_json_type(json_object *root)
{
	static const char *const names[] = { [CONFIG_TYPE_PV] = "pv", [CONFIG_TYPE_HVM] = "hvm",
					     [CONFIG_TYPE_PVH] = "pvh" };
	json_object *o;
	const char *s;

	if (xst_json_path_get(root, "c_info.type", &o, NULL) != 0 || !(s = xst_key_json_text(o)))
		return CONFIG_TYPE_UNKNOWN;
	for (unsigned i = CONFIG_TYPE_PV; i <= CONFIG_TYPE_PVH; i++)
		if (strcmp(s, names[i]) == 0)
			return (enum config_type)i;
	return CONFIG_TYPE_UNKNOWN;
}

/* --- one value ------------------------------------------------------------------------------ */

/* A scalar as it stands; numbers bare. */
static int read_scalar(json_object *root, const struct config_key *k, struct config_value *ret,
		       struct config_error *err)
{
	const char *s;
	json_object *o;
	int r = xst_key_at(root, k, &o);

	if (r)
		return r;
	if (json_object_is_type(o, json_type_object) || json_object_is_type(o, json_type_array) ||
	    !o)
		return xst_config_refuse(err, XST_E_UNSUPPORTED,
					 "%s: %s is neither a string nor a number", k->name,
					 k->path);
	s = json_object_get_string(o); /* prints what is none */
	r = s ? xst_key_return_string(ret, s) : XST_E_NOMEM;
	ret->bare = r == 0 && json_object_is_type(o, json_type_int);
	return r;
}

static int key_json_write_string(json_object *root, const struct config_key *k,
				 const struct config_value *v, struct config_error *err)
{
	const char *s;
	int r = xst_key_string(k, v, &s, err);

	return r ? r : xst_key_put(root, key_json_place(root, k), json_object_new_string(s), err);
}

static int write_number(json_object *root, const struct config_key *k, const struct config_value *v,
			struct config_error *err)
{
	int64_t n;
	int r = xst_key_number(k, v, &n, err);

	if (r)
		return r;
	if (k->wraps && n < 0 && n >= INT32_MIN)
		n = (uint32_t)n;
	return xst_key_put(root, key_json_place(root, k), json_object_new_int64(n), err);
}

static int read_mib(json_object *root, const struct config_key *k, struct config_value *ret,
		    struct config_error *err)
{
	json_object *o;
	int64_t kib;
	int r = xst_key_at(root, k, &o);

	if (r)
		return r;
	if (!json_object_is_type(o, json_type_int))
		return read_scalar(root, k, ret, err);
	kib = json_object_get_int64(o);
	if (kib % 1024)
		return xst_config_refuse(err, XST_E_UNSUPPORTED,
					 "%s: %" PRId64 " KiB are no whole number of MiB", k->name,
					 kib);
	if (kib >= 0)
		return xst_config_value_set_number(ret, (uint64_t)kib / 1024) ? 0 : XST_E_NOMEM;
	return read_scalar(root, k, ret, err);
}

static int write_mib(json_object *root, const struct config_key *k, const struct config_value *v,
		     struct config_error *err)
{
	int64_t n;
	int r = xst_key_number(k, v, &n, err);

	if (r)
		return r;
	if (n > INT64_MAX / 1024 || n < INT64_MIN / 1024)
		return xst_key_wrong(k, "a number that is too large", err);
	return xst_key_put(root, key_json_place(root, k), json_object_new_int64(n * 1024), err);
}

static int read_bool(json_object *root, const struct config_key *k, struct config_value *ret,
		     struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o), truth;

	if (r)
		return r;
	truth = xst_key_truth(o);
	if (truth >= 0)
		return xst_config_value_set_number(ret, (uint64_t)truth) ? 0 : XST_E_NOMEM;
	if (xst_key_json_text(o) && strcmp(xst_key_json_text(o), "<default>") == 0)
		return XST_E_UNKNOWN;
	return read_scalar(root, k, ret, err);
}

static int write_bool(json_object *root, const struct config_key *k, const struct config_value *v,
		      struct config_error *err)
{
	int64_t n;
	int r = xst_key_number(k, v, &n, err);

	if (r)
		return r;
	return xst_key_put(root, key_json_place(root, k),
			   k->kind == KEY_PLAIN_BOOL ? json_object_new_boolean(n != 0)
						     : json_object_new_string(n ? "True" : "False"),
			   err);
}

static int read_word(json_object *root, const struct config_key *k, struct config_value *ret,
		     struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o);

	if (r)
		return r;
	for (const struct key_word *w = k->words; w && w->cfg && xst_key_json_text(o); w++)
		if (strcmp(w->json, xst_key_json_text(o)) == 0)
			return xst_key_return_string(ret, w->cfg);
	return read_scalar(root, k, ret, err);
}

static int key_json_write_word(json_object *root, const struct config_key *k,
			       const struct config_value *v, struct config_error *err)
{
	const struct key_word *w;
	const char *s;
	int r = xst_key_string(k, v, &s, err);

	if (r)
		return r;
	w = xst_key_word_find(k, s);
	if (w)
		return xst_key_put(root, key_json_place(root, k), json_object_new_string(w->json),
				   err);
	/* a word of a later Xen, or nonsense that was asked for */
	return key_json_write_string(root, k, v, err);
}

/* --- lists ---------------------------------------------------------------------------------- */

static int read_list(json_object *root, const struct config_key *k, struct config_value *ret,
		     struct config_error *err)
{
	struct config_value list = { .is_list = true };
	json_object *a;
	int r = xst_key_at(root, k, &a);

	if (r)
		return r;
	if (!json_object_is_type(a, json_type_array))
		return read_scalar(root, k, ret, err);
	for (size_t i = 0; r == 0 && i < json_object_array_length(a); i++) {
		json_object *o = json_object_array_get_idx(a, i);
		const char *s = o ? json_object_get_string(o) : NULL;

		if (!o)
			r = xst_key_wrong(k, "null in the list", err);
		else if (!s || !xst_config_value_add_string(&list, s))
			r = XST_E_NOMEM;
		else
			list.items[i].bare = json_object_is_type(o, json_type_int);
	}
	return xst_key_return_list(ret, &list, r);
}

static int add_item(const struct config_key *k, json_object *a, const struct config_value *v,
		    struct config_error *err)
{
	const char *s;
	int64_t n;
	int r = k->kind == KEY_NUMBERS ? xst_key_number(k, v, &n, err)
				       : xst_key_string(k, v, &s, err);

	if (r)
		return r;
	return xst_key_append(a, k->kind == KEY_NUMBERS ? json_object_new_int64(n)
							: json_object_new_string(s));
}

static int add_words(json_object *a, const char *s)
{
	int r = 0;

	for (s += strspn(s, " \t\n"); r == 0 && *s; s += strspn(s, " \t\n")) {
		size_t n = strcspn(s, " \t\n");

		r = xst_key_append(a, json_object_new_string_len(s, (int)n));
		s += n;
	}
	return r;
}

static int write_list_at(json_object *root, const char *path, const struct config_key *k,
			 const struct config_value *v, struct config_error *err)
{
	json_object *a = json_object_new_array();
	int r = a ? 0 : XST_E_NOMEM;

	if (r == 0 && !v->is_list)
		r = k->kind == KEY_ARGUMENTS ? add_words(a, v->string) : add_item(k, a, v, err);
	for (size_t i = 0; r == 0 && i < v->n; i++)
		r = add_item(k, a, &v->items[i], err);
	if (r == 0)
		return xst_key_put(root, path, a, err);
	json_object_put(a);
	return r;
}

static int write_list(json_object *root, const struct config_key *k, const struct config_value *v,
		      struct config_error *err)
{
	return write_list_at(root, key_json_place(root, k), k, v, err);
}

/* One string in one member, several in another; only one of the two may be there. */
static int write_string_or_list(json_object *root, const struct config_key *k,
				const struct config_value *v, struct config_error *err)
{
	(void)xst_json_path_unset(root, v->is_list ? k->path : k->older, NULL);
	return v->is_list ? write_list_at(root, k->older, k, v, err)
			  : xst_key_put(root, k->path, json_object_new_string(v->string), err);
}

/* --- which kind does what ------------------------------------------------------------------- */

static int key_json_unmapped(const struct config_key *k, struct config_error *err)
{
	return xst_config_refuse(err, XST_E_UNSUPPORTED,
				 "%s has another shape in JSON: it is %s there", k->name, k->path);
}

static int read_unmapped(json_object *root, const struct config_key *k, struct config_value *ret,
			 struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o);

	(void)ret;
	if (r)
		return r;
	if ((json_object_is_type(o, json_type_object) && !json_object_object_length(o)) ||
	    (json_object_is_type(o, json_type_array) && !json_object_array_length(o)))
		return XST_E_UNKNOWN;
	return key_json_unmapped(k, err);
}

static int write_unmapped(json_object *root, const struct config_key *k,
			  const struct config_value *v, struct config_error *err)
{
	(void)root;
	(void)v;
	return key_json_unmapped(k, err);
}

static int read_index(json_object *root, const struct config_key *k, struct config_value *ret,
		      struct config_error *err)
{
	(void)root;
	(void)k;
	(void)ret;
	(void)err;
	return XST_E_UNKNOWN;
}

static const struct {
	key_read_fn *read;
	key_write_fn *write;
} kinds[] = {
	[KEY_STRING] = { read_scalar, key_json_write_string },
	[KEY_NUMBER] = { read_scalar, write_number },
	[KEY_MIB] = { read_mib, write_mib },
	[KEY_BOOL] = { read_bool, write_bool },
	[KEY_PLAIN_BOOL] = { read_bool, write_bool },
	[KEY_WORD] = { read_word, key_json_write_word },
	[KEY_STRINGS] = { read_list, write_list },
	[KEY_ARGUMENTS] = { read_list, write_list },
	[KEY_NUMBERS] = { read_list, write_list },
	[KEY_STRING_OR_LIST] = { read_list, write_string_or_list },
	[KEY_UUID] = { read_scalar, key_json_write_string },
	[KEY_TYPE] = { xst_key_read_type, xst_key_write_type },
	[KEY_BUILDER] = { xst_key_read_builder, xst_key_write_builder },
	[KEY_MEMORY] = { read_mib, xst_key_write_memory },
	[KEY_VCPUS] = { xst_key_read_vcpus, xst_key_write_vcpus },
	[KEY_MAXVCPUS] = { read_scalar, write_number },
	[KEY_FIRMWARE] = { xst_key_read_firmware, xst_key_write_firmware },
	[KEY_GFX_PASSTHRU] = { xst_key_read_gfx, xst_key_write_gfx },
	[KEY_STDVGA] = { xst_key_read_stdvga, xst_key_write_stdvga },
	[KEY_VIRIDIAN] = { xst_key_read_viridian, xst_key_write_viridian },
	[KEY_AFFINITY] = { xst_key_read_affinity, xst_key_write_affinity },
	[KEY_CPUID] = { xst_key_read_cpuid, xst_key_write_cpuid },
	[KEY_IOPORTS] = { xst_key_read_ioports, xst_key_write_ioports },
	[KEY_IOMEM] = { xst_key_read_iomem, xst_key_write_iomem },
	[KEY_PCI] = { xst_key_read_pci, xst_key_write_pci },
	[KEY_PCI_FLAG] = { read_unmapped, write_unmapped },
	[KEY_DISKS] = { xst_key_read_disks, xst_key_write_disks },
	[KEY_VIFS] = { xst_key_read_vifs, xst_key_write_vifs },
	[KEY_DEVICES] = { xst_key_read_devices, xst_key_write_devices },
	[KEY_INDEX] = { read_index, write_number },
	[KEY_VARIANT] = { xst_key_read_variant, xst_key_write_variant },
	[KEY_CMDLINE] = { read_scalar, key_json_write_string },
	[KEY_UNMAPPED] = { read_unmapped, write_unmapped },
	[KEY_OTHER_LIST] = { read_unmapped, write_unmapped },
};

int xst_key_read(json_object *root, const struct config_key *k, struct config_value *ret,
		 struct config_error *err)
{
	int r = kinds[k->kind].read(root, k, ret, err);

	return r == XST_E_UNKNOWN && k->absent ? xst_key_return_string(ret, k->absent) : r;
}

static int for_this_guest(json_object *root, const struct config_key *k, struct config_error *err)
{
	if (!k->guests || k->guests & (1u << xst_config_json_type(root)))
		return 0;
	return xst_config_refuse(err, XST_E_UNSUPPORTED, "%s is not for a guest of type %s",
				 k->name, xst_config_type_name(xst_config_json_type(root)));
}

int xst_key_write(json_object *root, const struct config_key *k, const struct config_value *v,
		  struct config_error *err)
{
	int r = for_this_guest(root, k, err);

	return r ? r : kinds[k->kind].write(root, k, v, err);
}

int xst_key_remove(json_object *root, const struct config_key *k, struct config_error *err)
{
	int r;

	if (k->kind == KEY_TYPE || k->kind == KEY_BUILDER)
		return xst_config_refuse(err, XST_E_UNSUPPORTED, "a guest without a type can't be");
	r = xst_json_path_unset(root, k->path, err);
	if (k->older && xst_json_path_unset(root, k->older, r ? err : NULL) == 0)
		r = 0;
	return r == XST_E_UNKNOWN ? xst_config_refuse(err, r, "%s isn't set", k->name) : r;
}
