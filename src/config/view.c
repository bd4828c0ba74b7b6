/* SPDX-License-Identifier: MIT */
/* The view: read through the keys of xl.cfg, whatever the language; printed as xl.cfg text. */
#include "config/view.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/document.h"
#include "config/json/json.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *xst_config_type_name(enum config_type type)
{
	switch (type) {
	case CONFIG_TYPE_PV:  return "pv";
	case CONFIG_TYPE_HVM: return "hvm";
	case CONFIG_TYPE_PVH: return "pvh";
	case CONFIG_TYPE_UNKNOWN: break;
	}
	return "unknown";
}

enum config_type xst_config_guest_type(const struct config *c)
{
	return c->cfg ? xst_cfg_guest_type(c->cfg) : xst_config_json_type(c->root);
}

/* Members that are strings, in the order in which they are printed. */
static const struct {
	const char *key;
	size_t at;
} strings[] = {
	{ "name", offsetof(struct config_view, name) },
	{ "uuid", offsetof(struct config_view, uuid) },
	{ "kernel", offsetof(struct config_view, kernel) },
	{ "ramdisk", offsetof(struct config_view, ramdisk) },
	{ "cmdline", offsetof(struct config_view, cmdline) },
	{ "bootloader", offsetof(struct config_view, bootloader) },
	{ "firmware", offsetof(struct config_view, firmware) },
	{ "boot", offsetof(struct config_view, boot) },
	{ "device_model_version", offsetof(struct config_view, device_model) },
	{ "on_poweroff", offsetof(struct config_view, on_poweroff) },
	{ "on_reboot", offsetof(struct config_view, on_reboot) },
	{ "on_crash", offsetof(struct config_view, on_crash) },
};

static char **string_of(struct config_view *v, size_t i)
{
	return (char **)((char *)v + strings[i].at);
}

/* --- reading -------------------------------------------------------------------------------- */

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

	if (r == 0 && xst_key_number(xst_config_key_find(key), &v, &n, NULL) == 0 && n > 0)
		*ret = (uint64_t)n;
	xst_config_value_clear(&v);
	return r == XST_E_NOMEM ? r : 0;
}

/* JSON knows KiB, which may be no whole number of MiB. */
static int read_kib(const struct config *c, const char *key, uint64_t *ret)
{
	json_object *o;
	uint64_t mib = 0;
	int r;

	if (!c->cfg) {
		if (xst_key_at(c->root, xst_config_key_find(key), &o) == 0 &&
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

/* Words together that say one thing. */
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

int xst_config_view_add_disk(struct config_view *v, struct config_disk *d)
{
	struct config_disk *disks = realloc(v->disks, (v->ndisks + 1) * sizeof(*disks));

	if (!disks)
		return XST_E_NOMEM;
	v->disks = disks;
	v->disks[v->ndisks++] = *d;
	xst_config_disk_init(d);
	return 0;
}

int xst_config_view_add_vif(struct config_view *v, struct config_vif *f)
{
	struct config_vif *vifs = realloc(v->vifs, (v->nvifs + 1) * sizeof(*vifs));

	if (!vifs)
		return XST_E_NOMEM;
	v->vifs = vifs;
	v->vifs[v->nvifs++] = *f;
	xst_config_vif_init(f);
	return 0;
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
	int r = read_type(c, v);

	for (size_t i = 0; r == 0 && i < COUNT(strings); i++)
		r = read_string(c, strings[i].key, string_of(v, i));
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

void xst_config_view_clear(struct config_view *v)
{
	for (size_t i = 0; i < COUNT(strings); i++)
		free(*string_of(v, i));
	for (size_t i = 0; i < v->ndisks; i++)
		xst_config_disk_clear(&v->disks[i]);
	for (size_t i = 0; i < v->nvifs; i++)
		xst_config_vif_clear(&v->vifs[i]);
	free(v->disks);
	free(v->vifs);
	*v = (struct config_view){ 0 };
}

/* Where no maximum is said, the number itself is it, and one vCPU is what there is without a
 * word. */
void xst_config_view_facts(const struct config_view *v, struct config_facts *ret)
{
	*ret = (struct config_facts){
		.type = v->type,
		.max_vcpus = v->maxvcpus ? v->maxvcpus : v->vcpus ? v->vcpus : 1,
		.memory_kib = v->memory_kib,
		.max_memory_kib = v->maxmem_kib ? v->maxmem_kib : v->memory_kib,
	};
}

/* --- printing ------------------------------------------------------------------------------- */

/* A line of a comment; what would end it is left out. */
static void view_comment(struct text *t, const char *s)
{
	xst_text_puts(t, "# ");
	for (; *s; s++)
		if (!iscntrl((unsigned char)*s))
			xst_text_add(t, s, 1);
	xst_text_puts(t, "\n");
}

static void string_line(struct text *t, const char *key, const char *s)
{
	if (!s)
		return;
	xst_text_printf(t, "%s = ", key);
	xst_config_string_write(t, s, '"');
	xst_text_puts(t, "\n");
}

static void number_line(struct text *t, const char *key, uint64_t v)
{
	if (v)
		xst_text_printf(t, "%s = %" PRIu64 "\n", key, v);
}

/* Rounded up: a guest with a little more than it asked for runs. */
static uint64_t view_mib(uint64_t kib)
{
	return kib / 1024 + (kib % 1024 != 0);
}

static void device_line(struct text *t, char *spec)
{
	t->failed |= !spec;
	xst_text_puts(t, "\t");
	xst_config_string_write(t, spec ? spec : "", '\'');
	xst_text_puts(t, ",\n");
	free(spec);
}

static void device_lines(struct text *t, const struct config_view *v)
{
	xst_text_puts(t, v->ndisks ? "disk = [\n" : "");
	for (size_t i = 0; i < v->ndisks; i++)
		device_line(t, xst_config_disk_print(&v->disks[i]));
	xst_text_puts(t, v->ndisks ? "]\n" : "");
	xst_text_puts(t, v->nvifs ? "vif = [\n" : "");
	for (size_t i = 0; i < v->nvifs; i++)
		device_line(t, xst_config_vif_print(&v->vifs[i]));
	xst_text_puts(t, v->nvifs ? "]\n" : "");
}

int xst_config_view_print(const struct config_view *view, const char *const *left_out,
			  size_t nleft_out, char **ret, size_t *ret_n)
{
	struct config_view v = *view;
	struct text t = { 0 };
	char *s;

	for (size_t i = 0; i < nleft_out; i++)
		view_comment(&t, left_out[i]);
	if (v.type != CONFIG_TYPE_UNKNOWN)
		string_line(&t, "type", xst_config_type_name(v.type));
	for (size_t i = 0; i < COUNT(strings); i++)
		string_line(&t, strings[i].key, *string_of(&v, i));
	number_line(&t, "memory", view_mib(v.memory_kib));
	number_line(&t, "maxmem", view_mib(v.maxmem_kib));
	number_line(&t, "vcpus", v.vcpus);
	number_line(&t, "maxvcpus", v.maxvcpus);
	device_lines(&t, &v);
	s = xst_text_take(&t, ret_n);
	if (!s)
		return XST_E_NOMEM;
	*ret = s;
	return 0;
}
