/* SPDX-License-Identifier: MIT */
/* xend's configuration: (domain (name ...) (image (hvm ...)) (device (vbd ...)) ...). */
#include "config/foreign/gather.h"

#include <string.h>

#include "config/foreign/sexpr.h"

#define MIB_IN_KIB 1024

/* --- tables ---------------------------------------------------------------------------------- */

typedef void (*setting_fn)(struct config_foreign *f, const struct sexpr *s);

struct setting {
	const char *name;
	setting_fn fn;
};

/* Handles each part of a list after its name by the table; others are left out. */
static void xend_config_each(struct config_foreign *f, const struct sexpr *list, const char *where,
			     const struct setting *settings, size_t n)
{
	for (const struct sexpr *s = list->first ? list->first->next : NULL; s; s = s->next) {
		size_t i = 0;

		while (i < n && (s->text || strcmp(xst_sexpr_name(s), settings[i].name) != 0))
			i++;
		if (i < n)
			settings[i].fn(f, s);
		else
			xst_foreign_leave_sexpr(f, where, s);
	}
}
#define EACH(f, list, where, settings) \
	xend_config_each(f, list, where, settings, sizeof(settings) / sizeof((settings)[0]))

/* --- devices --------------------------------------------------------------------------------- */

struct part {
	const char *name;
	size_t offset;
};

/* Stores a device's parts that are strings in a structure; unknown parts are left out. */
static void parts(struct config_foreign *f, const struct sexpr *device, void *to,
		  const struct part *table, size_t n, const char *const *known)
{
	for (const struct sexpr *s = device->first->next; s; s = s->next) {
		const char *const *k = known;
		size_t i = 0;

		while (i < n && strcmp(xst_sexpr_name(s), table[i].name) != 0)
			i++;
		while (*k && strcmp(xst_sexpr_name(s), *k) != 0)
			k++;
		if (i < n)
			xst_foreign_text(f, (char **)((char *)to + table[i].offset), table[i].name,
					 xst_sexpr_value(s));
		else if (!*k)
			xst_foreign_leave_sexpr(f, "device: ", s);
	}
}

static const char *part_of(const struct sexpr *device, const char *name)
{
	return xst_sexpr_value(xst_sexpr_find(device, name));
}

/* Domain 0 is the default backend. */
static void backend(struct config_foreign *f, char **to, const struct sexpr *device)
{
	const char *name = part_of(device, "backend");

	if (strcmp(name, "0") != 0 && strcmp(name, "Domain-0") != 0)
		xst_foreign_text(f, to, "backend", name);
}

static void vbd(struct config_foreign *f, const struct sexpr *device)
{
	static const char *const known[] = { "uname", "dev", "mode", "backend", NULL };
	const char *dev = part_of(device, "dev"), *mode = part_of(device, "mode");
	const char *colon = strchr(dev, ':');
	struct config_disk d;
	char name[64] = "";

	xst_config_disk_init(&d);
	if (!*dev || strlen(dev) >= sizeof(name) ||
	    !xst_foreign_disk_source(f, &d, part_of(device, "uname"))) {
		xst_foreign_leave_sexpr(f, "device: ", device);
		xst_config_disk_clear(&d);
		return;
	}
	strncat(name, dev, strcspn(dev, ":"));
	xst_foreign_text(f, &d.vdev, "dev", name);
	d.cdrom = colon && strcmp(colon, ":cdrom") == 0;
	d.readonly = d.cdrom || *mode == 'r';
	if (strchr(mode, '!'))
		xst_foreign_leave(f, "device %s: (mode %s), writable by others, too", name, mode);
	backend(f, &d.backend, device);
	parts(f, device, &d, NULL, 0, known);
	xst_foreign_disk(f, &d);
}

static void vif(struct config_foreign *f, const struct sexpr *device)
{
	static const struct part table[] = {
		{ "mac", offsetof(struct config_vif, mac) },
		{ "bridge", offsetof(struct config_vif, bridge) },
		{ "model", offsetof(struct config_vif, model) },
		{ "script", offsetof(struct config_vif, script) },
		{ "ip", offsetof(struct config_vif, ip) },
		{ "vifname", offsetof(struct config_vif, vifname) },
		{ "rate", offsetof(struct config_vif, rate) },
	};
	static const char *const known[] = { "backend", "type", NULL };
	const char *type = part_of(device, "type");
	struct config_vif v;

	xst_config_vif_init(&v);
	if (strcmp(type, "ioemu") == 0)
		xst_foreign_text(f, &v.type, "type", type);
	else if (*type && strcmp(type, "netfront") != 0)
		xst_foreign_leave_sexpr(f, "device: ", xst_sexpr_find(device, "type"));
	backend(f, &v.backend, device);
	parts(f, device, &v, table, sizeof(table) / sizeof(table[0]), known);
	xst_foreign_vif(f, &v);
}

static void device(struct config_foreign *f, const struct sexpr *s)
{
	const struct sexpr *inner = s->first->next;
	const char *kind = xst_sexpr_name(inner);

	if (strcmp(kind, "vbd") == 0 || strcmp(kind, "tap") == 0 || strcmp(kind, "tap2") == 0)
		vbd(f, inner);
	else if (strcmp(kind, "vif") == 0)
		vif(f, inner);
	else
		xst_foreign_leave_sexpr(f, "", s);
}

/* --- the image ------------------------------------------------------------------------------- */

static void ramdisk(struct config_foreign *f, const struct sexpr *s)
{
	xst_foreign_text(f, &f->view.ramdisk, "ramdisk", xst_sexpr_value(s));
}

static void args(struct config_foreign *f, const struct sexpr *s)
{
	xst_foreign_text(f, &f->view.cmdline, "args", xst_sexpr_value(s));
}

static void xend_config_boot(struct config_foreign *f, const struct sexpr *s)
{
	xst_foreign_text(f, &f->view.boot, "boot", xst_sexpr_value(s));
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n >= k && strcmp(text + n - k, end) == 0;
}

/* xl supplies an HVM guest's firmware itself, and a boot loader's copy of the kernel is gone. */
static void xend_config_kernel(struct config_foreign *f, const struct sexpr *s)
{
	const char *path = xst_sexpr_value(s);

	if (ends_with(path, "hvmloader"))
		return;
	if (f->view.bootloader)
		xst_foreign_leave_sexpr(f, "image: ", s);
	else
		xst_foreign_text(f, &f->view.kernel, "kernel", path);
}

/* For HVM guests xend had no device model but qemu-dm. */
static void device_model(struct config_foreign *f, const struct sexpr *s)
{
	if (f->view.type == CONFIG_TYPE_HVM && ends_with(xst_sexpr_value(s), "qemu-dm"))
		xst_foreign_text(f, &f->view.device_model, "device_model", "qemu-xen-traditional");
	else if (*xst_sexpr_value(s))
		xst_foreign_leave_sexpr(f, "image: ", s);
}

static void xend_config_image(struct config_foreign *f, const struct sexpr *s)
{
	static const struct setting settings[] = {
		{ "kernel", xend_config_kernel },   { "loader", xend_config_kernel },
		{ "ramdisk", ramdisk }, { "args", args },
		{ "boot", xend_config_boot },       { "device_model", device_model },
	};
	const struct sexpr *inner = s->first->next;
	const char *kind = xst_sexpr_name(inner);

	if (strcmp(kind, "hvm") != 0 && strcmp(kind, "linux") != 0) {
		xst_foreign_leave_sexpr(f, "", s);
		return;
	}
	f->view.type = strcmp(kind, "hvm") == 0 ? CONFIG_TYPE_HVM : CONFIG_TYPE_PV;
	EACH(f, inner, "image: ", settings);
}

/* --- the domain ------------------------------------------------------------------------------ */

#define TEXT(function, member) \
	static void function(struct config_foreign *f, const struct sexpr *s) \
	{ \
		xst_foreign_text(f, &f->view.member, xst_sexpr_name(s), xst_sexpr_value(s)); \
	}
#define NUMBER(function, member, up) \
	static void function(struct config_foreign *f, const struct sexpr *s) \
	{ \
		xst_foreign_number(f, &f->view.member, xst_sexpr_name(s), xst_sexpr_value(s), up, 1); \
	}

TEXT(xend_config_name, name)
TEXT(xend_config_uuid, uuid)
TEXT(xend_config_bootloader, bootloader)
TEXT(xend_config_on_poweroff, on_poweroff)
TEXT(xend_config_on_reboot, on_reboot)
TEXT(xend_config_on_crash, on_crash)
NUMBER(xend_config_memory, memory_kib, MIB_IN_KIB)
NUMBER(maxmem, maxmem_kib, MIB_IN_KIB)
NUMBER(xend_config_vcpus, maxvcpus, 1)
NUMBER(online_vcpus, vcpus, 1)

/* Keeps a kernel only if there is no boot loader, wherever that stands. */
static void settle_bootloader(struct config_foreign *f, const struct sexpr *domain)
{
	const struct sexpr *s = xst_sexpr_find(domain, "bootloader");

	if (s)
		xend_config_bootloader(f, s);
}

int xst_foreign_read_xend(const char *text, size_t n, struct config_foreign *f,
			  struct config_error *err)
{
	static const struct setting settings[] = {
		{ "name", xend_config_name },
		{ "uuid", xend_config_uuid },
		{ "memory", xend_config_memory },
		{ "maxmem", maxmem },
		{ "vcpus", xend_config_vcpus },
		{ "online_vcpus", online_vcpus },
		{ "bootloader", xend_config_bootloader },
		{ "on_poweroff", xend_config_on_poweroff },
		{ "on_reboot", xend_config_on_reboot },
		{ "on_crash", xend_config_on_crash },
		{ "image", xend_config_image },
		{ "device", device },
	};
	struct sexpr_document *d;
	const struct sexpr *domain;
	int r = xst_sexpr_parse(text, n, SEXPR_PYTHON, &d, err);

	if (r)
		return r;
	domain = xst_sexpr_root(d);
	if (strcmp(xst_sexpr_name(domain), "domain") != 0) {
		r = xst_config_refuse(err, XST_E_MALFORMED, "it contains no (domain ...)");
	} else {
		settle_bootloader(f, domain);
		EACH(f, domain, "", settings);
		if (!f->view.vcpus)
			f->view.vcpus = f->view.maxvcpus;
	}
	xst_sexpr_free(d);
	return r;
}
