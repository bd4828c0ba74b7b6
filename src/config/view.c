/* SPDX-License-Identifier: MIT */
/* The view, and how it is printed as xl.cfg text. */
#include "config/view.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "config/value.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Members that are strings, in the order of printing. */
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

char **xst_config_view_string(struct config_view *v, size_t i, const char **ret_key)
{
	if (i >= COUNT(strings))
		return NULL;
	*ret_key = strings[i].key;
	return (char **)((char *)v + strings[i].at);
}

int xst_config_view_add_disk(struct config_view *v, struct config_disk *d)
{
	struct config_disk *disks = array_room(v->disks, v->ndisks + 1, &v->disks_room,
						sizeof(*disks));

	if (!disks)
		return XST_E_NOMEM;
	v->disks = disks;
	v->disks[v->ndisks++] = *d;
	xst_config_disk_init(d);
	return 0;
}

int xst_config_view_add_vif(struct config_view *v, struct config_vif *f)
{
	struct config_vif *vifs = array_room(v->vifs, v->nvifs + 1, &v->vifs_room,
					      sizeof(*vifs));

	if (!vifs)
		return XST_E_NOMEM;
	v->vifs = vifs;
	v->vifs[v->nvifs++] = *f;
	xst_config_vif_init(f);
	return 0;
}

void xst_config_view_clear(struct config_view *v)
{
	const char *key;
	char **string;

	for (size_t i = 0; (string = xst_config_view_string(v, i, &key)); i++)
		free(*string);
	for (size_t i = 0; i < v->ndisks; i++)
		xst_config_disk_clear(&v->disks[i]);
	for (size_t i = 0; i < v->nvifs; i++)
		xst_config_vif_clear(&v->vifs[i]);
	free(v->disks);
	free(v->vifs);
	*v = (struct config_view){ 0 };
}

/* Without a maximum, the number itself is the maximum; without a number, there is one vCPU. */
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

/* Prints a line of a comment, without characters that would end it. */
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

/* Rounds up: a guest with slightly more than it asked for still runs. */
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
	const char *key;
	char **string, *s;

	for (size_t i = 0; i < nleft_out; i++)
		view_comment(&t, left_out[i]);
	if (v.type != CONFIG_TYPE_UNKNOWN)
		string_line(&t, "type", xst_config_type_name(v.type));
	for (size_t i = 0; (string = xst_config_view_string(&v, i, &key)); i++)
		string_line(&t, key, *string);
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
