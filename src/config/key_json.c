/* SPDX-License-Identifier: MIT */
/* Values of xl.cfg in JSON: the kinds that are the same for many keys, and which function has
 * which. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/json.h"
#include "config/keys.h"

/* --- what all kinds use --------------------------------------------------------------------- */

int key_at(json_object *root, const struct config_key *k, json_object **ret)
{
	int r = json_path_get(root, k->path, ret, NULL);

	if (r == XST_E_UNKNOWN && k->older)
		r = json_path_get(root, k->older, ret, NULL);
	return r;
}

/* Where to write: its older path if something is there and nothing at the other. */
static const char *place(json_object *root, const struct config_key *k)
{
	json_object *o;

	if (k->older && json_path_get(root, k->path, &o, NULL) != 0 &&
	    json_path_get(root, k->older, &o, NULL) == 0)
		return k->older;
	return k->path;
}

int key_put(json_object *root, const char *path, json_object *v, struct config_error *err)
{
	return v ? json_path_set(root, path, v, err) : XST_E_NOMEM;
}

int key_wrong(const struct config_key *k, const char *what, struct config_error *err)
{
	return config_refuse(err, XST_E_MALFORMED, "%s: %s", k->name, what);
}

int key_string(const struct config_key *k, const struct config_value *v, const char **ret,
	       struct config_error *err)
{
	if (v->is_list)
		return key_wrong(k, "a list, where one value should be", err);
	*ret = v->string;
	return 0;
}

int key_number(const struct config_key *k, const struct config_value *v, int64_t *ret,
	       struct config_error *err)
{
	const char *s;
	char *end;
	int64_t n;
	int r = key_string(k, v, &s, err);

	if (r)
		return r;
	errno = 0;
	n = strtoll(s, &end, 0);
	if (end == s || *end)
		return key_wrong(k, "not a number", err);
	if (errno)
		return key_wrong(k, "a number that is too large", err);
	*ret = n;
	return 0;
}

const struct key_word *key_word_find(const struct config_key *k, const char *word)
{
	for (const struct key_word *w = k->words; w && w->cfg; w++)
		if ((k->any_case ? strcasecmp(w->cfg, word) : strcmp(w->cfg, word)) == 0)
			return w;
	return NULL;
}

int key_truth(json_object *o)
{
	const char *s = key_json_text(o);

	if (json_object_is_type(o, json_type_boolean))
		return json_object_get_boolean(o);
	if (json_object_is_type(o, json_type_int))
		return json_object_get_int64(o) != 0;
	if (s && strcmp(s, "True") == 0)
		return 1;
	return s && strcmp(s, "False") == 0 ? 0 : -1;
}

const char *key_json_text(json_object *o)
{
	return json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;
}

int key_return_string(struct config_value *ret, const char *s)
{
	return config_value_set_string(ret, s, strlen(s)) ? 0 : XST_E_NOMEM;
}

int key_return_list(struct config_value *ret, struct config_value *list, int r)
{
	config_value_clear(r ? list : ret);
	if (r == 0)
		*ret = *list;
	return r;
}

int key_append(json_object *a, json_object *o)
{
	if (o && json_object_array_add(a, o) == 0)
		return 0;
	json_object_put(o);
	return XST_E_NOMEM;
}

int key_list_at(json_object *root, const struct config_key *k, json_object **ret,
		struct config_error *err)
{
	json_object *o;
	int r = key_at(root, k, &o);

	if (r)
		return r;
	if (!json_object_is_type(o, json_type_array))
		return config_refuse(err, XST_E_UNSUPPORTED, "%s: %s is no list", k->name, k->path);
	*ret = o;
	return 0;
}

enum config_type config_json_type(json_object *root)
{
	static const char *const names[] = { [CONFIG_TYPE_PV] = "pv", [CONFIG_TYPE_HVM] = "hvm",
					     [CONFIG_TYPE_PVH] = "pvh" };
	json_object *o;
	const char *s;

	if (json_path_get(root, "c_info.type", &o, NULL) != 0 || !(s = key_json_text(o)))
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
	int r = key_at(root, k, &o);

	if (r)
		return r;
	if (json_object_is_type(o, json_type_object) || json_object_is_type(o, json_type_array) ||
	    !o)
		return config_refuse(err, XST_E_UNSUPPORTED,
				     "%s: %s is neither a string nor a number", k->name, k->path);
	s = json_object_get_string(o); /* prints what is none */
	r = s ? key_return_string(ret, s) : XST_E_NOMEM;
	ret->bare = r == 0 && json_object_is_type(o, json_type_int);
	return r;
}

static int write_string(json_object *root, const struct config_key *k, const struct config_value *v,
			struct config_error *err)
{
	const char *s;
	int r = key_string(k, v, &s, err);

	return r ? r : key_put(root, place(root, k), json_object_new_string(s), err);
}

static int write_number(json_object *root, const struct config_key *k, const struct config_value *v,
			struct config_error *err)
{
	int64_t n;
	int r = key_number(k, v, &n, err);

	if (r)
		return r;
	if (k->wraps && n < 0 && n >= INT32_MIN)
		n = (uint32_t)n;
	return key_put(root, place(root, k), json_object_new_int64(n), err);
}

static int read_mib(json_object *root, const struct config_key *k, struct config_value *ret,
		    struct config_error *err)
{
	json_object *o;
	int64_t kib;
	int r = key_at(root, k, &o);

	if (r)
		return r;
	if (!json_object_is_type(o, json_type_int))
		return read_scalar(root, k, ret, err);
	kib = json_object_get_int64(o);
	if (kib % 1024)
		return config_refuse(err, XST_E_UNSUPPORTED,
				   "%s: %" PRId64 " KiB are no whole number of MiB", k->name, kib);
	if (kib >= 0)
		return config_value_set_number(ret, (uint64_t)kib / 1024) ? 0 : XST_E_NOMEM;
	return read_scalar(root, k, ret, err);
}

static int write_mib(json_object *root, const struct config_key *k, const struct config_value *v,
		     struct config_error *err)
{
	int64_t n;
	int r = key_number(k, v, &n, err);

	if (r)
		return r;
	if (n > INT64_MAX / 1024 || n < INT64_MIN / 1024)
		return key_wrong(k, "a number that is too large", err);
	return key_put(root, place(root, k), json_object_new_int64(n * 1024), err);
}

static int read_bool(json_object *root, const struct config_key *k, struct config_value *ret,
		     struct config_error *err)
{
	json_object *o;
	int r = key_at(root, k, &o), truth;

	if (r)
		return r;
	truth = key_truth(o);
	if (truth >= 0)
		return config_value_set_number(ret, (uint64_t)truth) ? 0 : XST_E_NOMEM;
	if (key_json_text(o) && strcmp(key_json_text(o), "<default>") == 0)
		return XST_E_UNKNOWN;
	return read_scalar(root, k, ret, err);
}

static int write_bool(json_object *root, const struct config_key *k, const struct config_value *v,
		      struct config_error *err)
{
	int64_t n;
	int r = key_number(k, v, &n, err);

	if (r)
		return r;
	return key_put(root, place(root, k),
		       k->kind == KEY_PLAIN_BOOL ? json_object_new_boolean(n != 0)
						 : json_object_new_string(n ? "True" : "False"),
		       err);
}

static int read_word(json_object *root, const struct config_key *k, struct config_value *ret,
		     struct config_error *err)
{
	json_object *o;
	int r = key_at(root, k, &o);

	if (r)
		return r;
	for (const struct key_word *w = k->words; w && w->cfg && key_json_text(o); w++)
		if (strcmp(w->json, key_json_text(o)) == 0)
			return key_return_string(ret, w->cfg);
	return read_scalar(root, k, ret, err);
}

static int write_word(json_object *root, const struct config_key *k, const struct config_value *v,
		      struct config_error *err)
{
	const struct key_word *w;
	const char *s;
	int r = key_string(k, v, &s, err);

	if (r)
		return r;
	w = key_word_find(k, s);
	if (w)
		return key_put(root, place(root, k), json_object_new_string(w->json), err);
	/* a word of a later Xen, or nonsense that was asked for */
	return write_string(root, k, v, err);
}

/* --- lists ---------------------------------------------------------------------------------- */

static int read_list(json_object *root, const struct config_key *k, struct config_value *ret,
		     struct config_error *err)
{
	struct config_value list = { .is_list = true };
	json_object *a;
	int r = key_at(root, k, &a);

	if (r)
		return r;
	if (!json_object_is_type(a, json_type_array))
		return read_scalar(root, k, ret, err);
	for (size_t i = 0; r == 0 && i < json_object_array_length(a); i++) {
		json_object *o = json_object_array_get_idx(a, i);
		const char *s = o ? json_object_get_string(o) : NULL;

		if (!o)
			r = key_wrong(k, "null in the list", err);
		else if (!s || !config_value_add_string(&list, s))
			r = XST_E_NOMEM;
		else
			list.items[i].bare = json_object_is_type(o, json_type_int);
	}
	return key_return_list(ret, &list, r);
}

static int add_item(const struct config_key *k, json_object *a, const struct config_value *v,
		    struct config_error *err)
{
	const char *s;
	int64_t n;
	int r = k->kind == KEY_NUMBERS ? key_number(k, v, &n, err) : key_string(k, v, &s, err);

	if (r)
		return r;
	return key_append(a, k->kind == KEY_NUMBERS ? json_object_new_int64(n)
						    : json_object_new_string(s));
}

static int add_words(json_object *a, const char *s)
{
	int r = 0;

	for (s += strspn(s, " \t\n"); r == 0 && *s; s += strspn(s, " \t\n")) {
		size_t n = strcspn(s, " \t\n");

		r = key_append(a, json_object_new_string_len(s, (int)n));
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
		return key_put(root, path, a, err);
	json_object_put(a);
	return r;
}

static int write_list(json_object *root, const struct config_key *k, const struct config_value *v,
		      struct config_error *err)
{
	return write_list_at(root, place(root, k), k, v, err);
}

/* One string in one member, several in another; only one of the two may be there. */
static int write_string_or_list(json_object *root, const struct config_key *k,
				const struct config_value *v, struct config_error *err)
{
	(void)json_path_unset(root, v->is_list ? k->path : k->older, NULL);
	return v->is_list ? write_list_at(root, k->older, k, v, err)
			  : key_put(root, k->path, json_object_new_string(v->string), err);
}

/* --- which kind does what ------------------------------------------------------------------- */

static int unmapped(const struct config_key *k, struct config_error *err)
{
	return config_refuse(err, XST_E_UNSUPPORTED,
			   "%s has another shape in JSON: it is %s there", k->name, k->path);
}

static int read_unmapped(json_object *root, const struct config_key *k, struct config_value *ret,
			 struct config_error *err)
{
	json_object *o;
	int r = key_at(root, k, &o);

	(void)ret;
	if (r)
		return r;
	if ((json_object_is_type(o, json_type_object) && !json_object_object_length(o)) ||
	    (json_object_is_type(o, json_type_array) && !json_object_array_length(o)))
		return XST_E_UNKNOWN;
	return unmapped(k, err);
}

static int write_unmapped(json_object *root, const struct config_key *k,
			  const struct config_value *v, struct config_error *err)
{
	(void)root;
	(void)v;
	return unmapped(k, err);
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
	[KEY_STRING] = { read_scalar, write_string },
	[KEY_NUMBER] = { read_scalar, write_number },
	[KEY_MIB] = { read_mib, write_mib },
	[KEY_BOOL] = { read_bool, write_bool },
	[KEY_PLAIN_BOOL] = { read_bool, write_bool },
	[KEY_WORD] = { read_word, write_word },
	[KEY_STRINGS] = { read_list, write_list },
	[KEY_ARGUMENTS] = { read_list, write_list },
	[KEY_NUMBERS] = { read_list, write_list },
	[KEY_STRING_OR_LIST] = { read_list, write_string_or_list },
	[KEY_UUID] = { read_scalar, write_string },
	[KEY_TYPE] = { key_read_type, key_write_type },
	[KEY_BUILDER] = { key_read_builder, key_write_builder },
	[KEY_MEMORY] = { read_mib, key_write_memory },
	[KEY_VCPUS] = { key_read_vcpus, key_write_vcpus },
	[KEY_MAXVCPUS] = { read_scalar, write_number },
	[KEY_FIRMWARE] = { key_read_firmware, key_write_firmware },
	[KEY_GFX_PASSTHRU] = { key_read_gfx, key_write_gfx },
	[KEY_STDVGA] = { key_read_stdvga, key_write_stdvga },
	[KEY_VIRIDIAN] = { key_read_viridian, key_write_viridian },
	[KEY_AFFINITY] = { key_read_affinity, key_write_affinity },
	[KEY_CPUID] = { key_read_cpuid, key_write_cpuid },
	[KEY_IOPORTS] = { key_read_ioports, key_write_ioports },
	[KEY_IOMEM] = { key_read_iomem, key_write_iomem },
	[KEY_PCI] = { key_read_pci, key_write_pci },
	[KEY_PCI_FLAG] = { read_unmapped, write_unmapped },
	[KEY_DISKS] = { key_read_disks, key_write_disks },
	[KEY_VIFS] = { key_read_vifs, key_write_vifs },
	[KEY_DEVICES] = { key_read_devices, key_write_devices },
	[KEY_INDEX] = { read_index, write_number },
	[KEY_VARIANT] = { key_read_variant, key_write_variant },
	[KEY_CMDLINE] = { read_scalar, write_string },
	[KEY_UNMAPPED] = { read_unmapped, write_unmapped },
	[KEY_OTHER_LIST] = { read_unmapped, write_unmapped },
};

int key_read(json_object *root, const struct config_key *k, struct config_value *ret,
	     struct config_error *err)
{
	int r = kinds[k->kind].read(root, k, ret, err);

	return r == XST_E_UNKNOWN && k->absent ? key_return_string(ret, k->absent) : r;
}

static int for_this_guest(json_object *root, const struct config_key *k, struct config_error *err)
{
	if (!k->guests || k->guests & (1u << config_json_type(root)))
		return 0;
	return config_refuse(err, XST_E_UNSUPPORTED, "%s is not for a guest of type %s", k->name,
			   config_type_name(config_json_type(root)));
}

int key_write(json_object *root, const struct config_key *k, const struct config_value *v,
	      struct config_error *err)
{
	int r = for_this_guest(root, k, err);

	return r ? r : kinds[k->kind].write(root, k, v, err);
}

int key_remove(json_object *root, const struct config_key *k, struct config_error *err)
{
	int r;

	if (k->kind == KEY_TYPE || k->kind == KEY_BUILDER)
		return config_refuse(err, XST_E_UNSUPPORTED, "a guest without a type can't be");
	r = json_path_unset(root, k->path, err);
	if (k->older && json_path_unset(root, k->older, r ? err : NULL) == 0)
		r = 0;
	return r == XST_E_UNKNOWN ? config_refuse(err, r, "%s isn't set", k->name) : r;
}
