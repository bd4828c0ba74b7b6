/* SPDX-License-Identifier: MIT */
/* Translates xl.cfg text to JSON, as xl does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/devices/devices.h"
#include "config/devices/vif.h"
#include "config/json/json.h"
#include "config/translate/translate.h"
#include "config/utf8.h"

/* Adds the place of its setting to a value's error. */
static int to_json_place(const struct translation *t, const struct cfg *c, const char *key, int r)
{
	const struct cfg_entry *e = xst_cfg_find(c, key);

	if (r && t->err && e)
		xst_config_place(c->text, c->settings[e->last].value.begin, &t->err->line,
				 &t->err->column);
	return r;
}

static bool is_utf8(const struct config_value *v)
{
	size_t bad;

	for (size_t i = 0; i < v->n; i++)
		if (!is_utf8(&v->items[i]))
			return false;
	return v->is_list || xst_utf8_valid(v->string, v->length, &bad);
}

/* Writes what a key sets; values that have no place in JSON are reported. */
static int write(const struct translation *t, const struct cfg *c, const struct config_key *k,
		 const struct config_value *v, json_object *root)
{
	struct config_error err = { 0 };
	int r = is_utf8(v) ? xst_key_write(root, k, v, &err)
			   : xst_config_refuse(&err, XST_E_MALFORMED,
					       "%s: not UTF-8, which JSON must be", k->name);

	if (r == XST_E_UNSUPPORTED) {
		xst_translate_loss(t, k->name, err.text);
		return 0;
	}
	if (r && t->err)
		*t->err = err;
	return to_json_place(t, c, k->name, r);
}

/* Copies a list of interfaces without unknown parameters, which are reported; xl ignores them,
 * too. */
static int known_parameters(const struct translation *t, const struct config_value *from,
			    struct config_value *ret)
{
	ret->is_list = true;
	for (size_t i = 0; i < from->n; i++) {
		const char *spec = from->items[i].is_list ? "" : from->items[i].string;
		struct config_vif v;
		char *known = NULL;
		bool added;
		int r = xst_config_vif_parse(spec, &v, NULL);

		if (r == 0) {
			if (v.rest)
				xst_translate_loss(t, "vif", v.rest);
			free(v.rest);
			v.rest = NULL;
			known = xst_config_vif_print(&v);
			r = known ? 0 : XST_E_NOMEM;
			xst_config_vif_clear(&v);
		}
		added = r != XST_E_NOMEM && xst_config_value_add_string(ret, known ? known : spec);
		free(known);
		if (!added)
			return XST_E_NOMEM;
	}
	return 0;
}

static int write_known_vifs(const struct translation *t, const struct cfg *c,
			    const struct config_key *k, const struct config_value *v,
			    json_object *root)
{
	struct config_value known = { 0 };
	int r = known_parameters(t, v, &known);

	if (r == 0)
		r = write(t, c, k, &known, root);
	xst_config_value_clear(&known);
	return r;
}

static int write_initial(const struct translation *t, const struct cfg *c,
			 const struct config_key *k, json_object *root)
{
	struct config_value v = { 0 };
	int r = xst_key_return_string(&v, k->initial);

	if (r == 0)
		r = write(t, c, k, &v, root);
	xst_config_value_clear(&v);
	return r;
}

static int to_json_write_keys(const struct translation *t, const struct cfg *c, bool also,
			      json_object *root)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < xst_config_keys_count; i++) {
		const struct config_key *k = &xst_config_keys[i];
		const struct cfg_entry *e = xst_cfg_find(c, k->name);
		json_object *there;

		if (k->kind->together || k->also != also ||
		    (also && xst_json_path_get(root, k->path, &there, NULL) == 0))
			continue;
		if (e && k->kind == &xst_kind_vifs && e->value.is_list)
			r = write_known_vifs(t, c, k, &e->value, root);
		else if (e)
			r = write(t, c, k, &e->value, root);
		else if (k->initial)
			r = write_initial(t, c, k, root);
	}
	return r;
}

static int write_command_line(const struct translation *t, const struct cfg *c, json_object *root)
{
	struct config_value v = { 0 };
	int r = xst_cfg_command_line(c, &v);

	if (r == 0)
		r = write(t, c, xst_key_find("cmdline"), &v, root);
	xst_config_value_clear(&v);
	return r == XST_E_UNKNOWN ? 0 : r;
}

static int write_type(const struct translation *t, const struct cfg *c, json_object *root)
{
	enum config_type type = xst_cfg_guest_type(c);
	struct config_value v = { 0 };
	int r;

	if (type == CONFIG_TYPE_UNKNOWN)
		return to_json_place(
			t, c, "type",
			xst_config_refuse(t->err, XST_E_MALFORMED,
					  "type: not one of pv, hvm, pvh"));
	r = xst_key_return_string(&v, xst_config_type_name(type));
	if (r == 0)
		r = write(t, c, xst_key_find("type"), &v, root);
	xst_config_value_clear(&v);
	return r;
}

/* xl gives each framebuffer of a vfb list a keyboard. */
static int write_keyboards(const struct cfg *c, json_object *root)
{
	const struct config_value *list;
	char path[48];
	int r = 0;

	if (xst_cfg_get_list(c, "vfb", &list, NULL) != 0 || xst_cfg_find(c, "vkb"))
		return 0;
	for (size_t i = 0; r == 0 && i < list->n; i++) {
		snprintf(path, sizeof(path), "vkbs[%zu].devid", i);
		r = xst_json_put(root, path, json_object_new_int64((int64_t)i), NULL);
	}
	return r;
}

/* Writes passed-through devices: flags for all of them, and what xl implies for PV guests. */
static int write_pci_flags(const struct cfg *c, json_object *root)
{
	json_object *devices, *there;
	long on;
	int r = 0;

	if (xst_json_path_get(root, "pcidevs", &devices, NULL) != 0)
		return 0;
	for (const struct key_word *f = xst_device_pci_flags; f->cfg; f++)
		for (size_t i = 0; r == 0 && i < json_object_array_length(devices); i++) {
			json_object *o = json_object_array_get_idx(devices, i);

			if (xst_cfg_get_long(c, f->cfg, &on, NULL) == 0 && on &&
			    !json_object_object_get_ex(o, f->json, &there))
				r = xst_json_put(o, f->json, json_object_new_boolean(true), NULL);
		}
	if (r || xst_json_guest_type(root) != CONFIG_TYPE_PV || !json_object_array_length(devices))
		return r;
	return xst_json_put(root, xst_key_find("e820_host")->path,
			    json_object_new_string("True"), NULL);
}

static int write_host(json_object *root)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < xst_translate_host_members_count; i++) {
		const struct host_member *m = &xst_translate_host_members[i];

		if (m->value)
			r = xst_json_put(root, m->path, json_object_new_string(m->value), NULL);
	}
	return r;
}

/* Reports keys that are in no table; xl ignores them silently. */
static void name_unknown(const struct translation *t, const struct cfg *c)
{
	for (size_t i = 0; i < c->nentries; i++)
		if (!xst_key_find(c->entries[i].name) &&
		    strcmp(c->entries[i].name, "pvh") != 0)
			xst_translate_loss(t, c->entries[i].name,
					   "xl of Xen 4.17 has no such key");
	if (!xst_cfg_find(c, "uuid"))
		xst_translate_loss(t, "uuid",
				   "none is set: xl would generate one, but JSON must contain it");
}

/* Moves the members of one type of guest after those of all types. */
static int move_type_back(json_object *root)
{
	json_object *b_info, *members;
	char name[16];

	snprintf(name, sizeof(name), "type.%s", xst_config_type_name(xst_json_guest_type(root)));
	if (!json_object_object_get_ex(root, "b_info", &b_info) ||
	    !json_object_object_get_ex(b_info, name, &members))
		return 0;
	json_object_get(members);
	json_object_object_del(b_info, name);
	if (json_object_object_add(b_info, name, members) == 0)
		return 0;
	json_object_put(members);
	return XST_E_NOMEM;
}

static int to_json_write_all(const struct translation *t, const struct cfg *c, json_object *root)
{
	int r = write_type(t, c, root);

	if (r == 0)
		r = to_json_write_keys(t, c, false, root);
	if (r == 0)
		r = to_json_write_keys(t, c, true, root);
	if (r == 0)
		r = write_command_line(t, c, root);
	if (r == 0)
		r = write_keyboards(c, root);
	if (r == 0)
		r = write_pci_flags(c, root);
	if (r == 0)
		r = write_host(root);
	return r ? r : move_type_back(root);
}

int xst_translate_to_json(const struct translation *t, const struct cfg *from, json_object **ret)
{
	json_object *root = json_object_new_object();
	int r = root ? to_json_write_all(t, from, root) : XST_E_NOMEM;

	if (r) {
		json_object_put(root);
		return r;
	}
	name_unknown(t, from);
	*ret = root;
	return 0;
}
