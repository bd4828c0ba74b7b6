/* SPDX-License-Identifier: MIT */
/* Reads the view of a document through the keys of xl.cfg, in either language. */
#include "config/view.h"

#include <string.h>

#include "config/document.h"
#include "config/keys/kind.h"

enum config_type xst_config_guest_type(const struct config *c)
{
	return c->cfg ? xst_cfg_guest_type(c->cfg) : xst_json_guest_type(c->root);
}

static int read_string(const struct config *c, const char *key, char **ret)
{
	struct config_value v = { 0 };
	int r = xst_config_value_of(c, key, &v, NULL);

	if (r == 0 && !v.is_list && *v.string) {
		*ret = v.string;
		v.string = NULL;
	}
	xst_config_value_clear(&v);
	return r == XST_E_NOMEM ? r : 0;
}

static int read_number(const struct config *c, const char *key, uint64_t *ret)
{
	struct config_value v = { 0 };
	int64_t n;
	int r = xst_config_value_of(c, key, &v, NULL);

	if (r == 0 && xst_key_number(xst_key_find(key), &v, &n, NULL) == 0 && n > 0)
		*ret = (uint64_t)n;
	xst_config_value_clear(&v);
	return r == XST_E_NOMEM ? r : 0;
}

/* JSON counts in KiB, which may not be a whole number of MiB. */
static int read_kib(const struct config *c, const char *key, uint64_t *ret)
{
	json_object *o;
	uint64_t mib = 0;
	int r;

	if (!c->cfg) {
		if (xst_key_at(c->root, xst_key_find(key), &o) == 0 &&
		    json_object_is_type(o, json_type_int) && json_object_get_int64(o) > 0)
			*ret = (uint64_t)json_object_get_int64(o);
		return 0;
	}
	r = read_number(c, key, &mib);
	if (mib <= UINT64_MAX / 1024)
		*ret = mib * 1024;
	return r;
}

static int read_type(const struct config *c, struct config_view *v)
{
	v->type = xst_config_guest_type(c);
	return 0;
}

/* Reads values that several keys give together. */
static int read_combined(const struct config *c, struct config_view *v)
{
	struct config_value line = { 0 };
	int r = 0;

	if (c->cfg && !v->cmdline) {
		r = xst_cfg_command_line(c->cfg, &line);
		if (r == 0) {
			v->cmdline = line.string;
			line.string = NULL;
		}
		xst_config_value_clear(&line);
	}
	if (!v->firmware && r != XST_E_NOMEM)
		r = read_string(c, "bios", &v->firmware);
	return r == XST_E_NOMEM ? r : 0;
}

static int add_disk(struct config_view *v, const char *spec)
{
	struct config_disk d;
	int r = xst_config_disk_parse(spec, &d, NULL);

	if (r)
		return r;
	r = xst_config_view_add_disk(v, &d);
	xst_config_disk_clear(&d);
	return r;
}

static int add_vif(struct config_view *v, const char *spec)
{
	struct config_vif f;
	int r = xst_config_vif_parse(spec, &f, NULL);

	if (r)
		return r;
	r = xst_config_view_add_vif(v, &f);
	xst_config_vif_clear(&f);
	return r;
}

static int read_devices(const struct config *c, const char *key, struct config_view *v,
			int (*add)(struct config_view *, const char *))
{
	struct config_value list = { 0 };
	int r = xst_config_value_of(c, key, &list, NULL);

	for (size_t i = 0; r == 0 && i < list.n; i++)
		if (!list.items[i].is_list && add(v, list.items[i].string) == XST_E_NOMEM)
			r = XST_E_NOMEM;
	xst_config_value_clear(&list);
	return r == XST_E_NOMEM ? r : 0;
}

static int view_read_all(const struct config *c, struct config_view *v)
{
	const char *key;
	char **s;
	int r = read_type(c, v);

	for (size_t i = 0; r == 0 && (s = xst_config_view_string(v, i, &key)); i++)
		r = read_string(c, key, s);
	if (r == 0)
		r = read_combined(c, v);
	if (r == 0)
		r = read_kib(c, "memory", &v->memory_kib);
	if (r == 0)
		r = read_kib(c, "maxmem", &v->maxmem_kib);
	if (r == 0)
		r = read_number(c, "vcpus", &v->vcpus);
	if (r == 0)
		r = read_number(c, "maxvcpus", &v->maxvcpus);
	if (r == 0)
		r = read_devices(c, "disk", v, add_disk);
	return r ? r : read_devices(c, "vif", v, add_vif);
}

int xst_config_view_read(const struct config *c, struct config_view *ret)
{
	struct config_view v = { 0 };
	int r = view_read_all(c, &v);

	if (r)
		xst_config_view_clear(&v);
	else
		*ret = v;
	return r;
}
