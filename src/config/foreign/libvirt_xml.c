/* SPDX-License-Identifier: MIT */
/* libvirt's domain XML, as its Xen driver stores it. */
#include "config/foreign/gather.h"

#include <stdio.h>
#include <string.h>

#include "config/foreign/domxml.h"

typedef void (*element_fn)(struct config_foreign *f, const struct domxml *e);

struct element {
	const char *name;
	element_fn fn;
};

static void leave(struct config_foreign *f, const char *where, const struct domxml *e)
{
	char text[300];

	xst_foreign_leave(f, "%s%s", where, xst_domxml_print(e, text, sizeof(text)));
}

/* Handles each child of e by the table; others are left out.  An element without a function is
 * handled elsewhere, the first of its name. */
static void libvirt_config_each(struct config_foreign *f, const struct domxml *e, const char *where,
				const struct element *elements, size_t n)
{
	for (const struct domxml *c = e ? e->first : NULL; c; c = c->next) {
		size_t i = 0;

		while (i < n && strcmp(c->name, elements[i].name) != 0)
			i++;
		if (i == n || (!elements[i].fn && xst_domxml_find(e, c->name) != c))
			leave(f, where, c);
		else if (elements[i].fn)
			elements[i].fn(f, c);
	}
}
#define EACH(f, e, where, elements) \
	libvirt_config_each(f, e, where, elements, sizeof(elements) / sizeof((elements)[0]))

/* --- simple ones ----------------------------------------------------------------------------- */

#define TEXT(function, member)                                                  \
	static void function(struct config_foreign *f, const struct domxml *e)  \
	{                                                                       \
		xst_foreign_text(f, &f->view.member, e->name, e->text);             \
	}

TEXT(libvirt_config_name, name)
TEXT(libvirt_config_uuid, uuid)
TEXT(libvirt_config_bootloader, bootloader)
TEXT(libvirt_config_on_poweroff, on_poweroff)
TEXT(libvirt_config_on_reboot, on_reboot)
TEXT(libvirt_config_on_crash, on_crash)
TEXT(libvirt_config_kernel, kernel)
TEXT(initrd, ramdisk)
TEXT(cmdline, cmdline)

static void amount(struct config_foreign *f, const struct domxml *e, uint64_t *to)
{
	static const struct {
		const char *unit;
		uint64_t bytes;
	} units[] = {
		{ "", 1024 },           { "b", 1 },          { "bytes", 1 },
		{ "KB", 1000 },         { "k", 1024 },       { "KiB", 1024 },
		{ "MB", 1000000 },      { "M", 1 << 20 },    { "MiB", 1 << 20 },
		{ "GB", 1000000000 },   { "G", 1 << 30 },    { "GiB", 1 << 30 },
	};
	const char *unit = xst_domxml_attribute(e, "unit");

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(unit, units[i].unit) == 0) {
			xst_foreign_number(f, to, e->name, e->text, units[i].bytes, 1024);
			return;
		}
	leave(f, "", e);
}

static void libvirt_config_memory(struct config_foreign *f, const struct domxml *e)
{
	amount(f, e, &f->view.maxmem_kib);
	if (!f->view.memory_kib)
		f->view.memory_kib = f->view.maxmem_kib;
}

static void current_memory(struct config_foreign *f, const struct domxml *e)
{
	amount(f, e, &f->view.memory_kib);
}

static void libvirt_config_vcpu(struct config_foreign *f, const struct domxml *e)
{
	const char *current = xst_domxml_attribute(e, "current");

	xst_foreign_number(f, &f->view.maxvcpus, "vcpu", e->text, 1, 1);
	xst_foreign_number(f, &f->view.vcpus, "vcpu current", *current ? current : e->text, 1, 1);
	if (*xst_domxml_attribute(e, "cpuset"))
		leave(f, "", e);
}

/* --- the operating system -------------------------------------------------------------------- */

static void os_type(struct config_foreign *f, const struct domxml *e)
{
	static const struct {
		const char *word;
		enum config_type type;
	} types[] = { { "hvm", CONFIG_TYPE_HVM },
		      { "linux", CONFIG_TYPE_PV },
		      { "xen", CONFIG_TYPE_PV },
		      { "xenpvh", CONFIG_TYPE_PVH } };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(e->text, types[i].word) == 0) {
			f->view.type = types[i].type;
			return;
		}
	leave(f, "os: ", e);
}

/* hvmloader is xl's default. */
static void loader(struct config_foreign *f, const struct domxml *e)
{
	const char *name = strrchr(e->text, '/');

	if (strcmp(name ? name + 1 : e->text, "hvmloader") == 0)
		return;
	xst_foreign_text(f, &f->view.firmware, "loader", e->text);
}

static void libvirt_config_boot(struct config_foreign *f, const struct domxml *e)
{
	static const struct {
		const char *device;
		char letter;
	} devices[] = { { "hd", 'c' }, { "cdrom", 'd' }, { "network", 'n' }, { "fd", 'a' } };
	const char *device = xst_domxml_attribute(e, "dev"), *before = f->view.boot;
	char order[8];

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (strcmp(device, devices[i].device) == 0 && (!before || strlen(before) < 6)) {
			snprintf(order, sizeof(order), "%s%c", before ? before : "",
				 devices[i].letter);
			xst_foreign_text(f, &f->view.boot, "boot", order);
			return;
		}
	leave(f, "os: ", e);
}

static void os(struct config_foreign *f, const struct domxml *e)
{
	static const struct element elements[] = {
		{ "type", os_type }, { "loader", loader },   { "kernel", libvirt_config_kernel },
		{ "initrd", initrd }, { "cmdline", cmdline }, { "boot", libvirt_config_boot },
	};

	if (strcmp(xst_domxml_attribute(e, "firmware"), "efi") == 0)
		xst_foreign_text(f, &f->view.firmware, "firmware", "ovmf");
	EACH(f, e, "os: ", elements);
}

/* --- devices --------------------------------------------------------------------------------- */

static void disk_driver(struct config_foreign *f, struct config_disk *d, const struct domxml *e)
{
	static const struct {
		const char *name, *backendtype;
	} drivers[] = { { "phy", "phy" }, { "qemu", "qdisk" }, { "tap", NULL }, { "tap2", NULL },
			{ "file", NULL }, { "", NULL } };
	const char *type = xst_domxml_attribute(e, "type"), *name = xst_domxml_attribute(e, "name");
	size_t i = 0;

	while (i < sizeof(drivers) / sizeof(drivers[0]) && strcmp(name, drivers[i].name) != 0)
		i++;
	if (i == sizeof(drivers) / sizeof(drivers[0]))
		leave(f, "disk: ", e);
	else
		xst_foreign_text(f, &d->backendtype, "driver", drivers[i].backendtype);
	xst_foreign_text(f, &d->format, "type", strcmp(type, "aio") == 0 ? "raw" : type);
}

static bool disk_source(struct config_foreign *f, struct config_disk *d, const struct domxml *e)
{
	const struct domxml *source = xst_domxml_find(e, "source");
	const char *type = xst_domxml_attribute(e, "type");
	const char *path = xst_domxml_attribute(source,
						strcmp(type, "block") == 0 ? "dev" : "file");

	if (!source) /* an empty drive */
		return true;
	xst_foreign_text(f, &d->target, "source", path);
	return d->target != NULL;
}

static void disk(struct config_foreign *f, const struct domxml *e)
{
	static const struct element elements[] = {
		{ "driver", NULL }, { "source", NULL },      { "target", NULL },
		{ "readonly", NULL }, { "backenddomain", NULL },
	};
	const char *device = xst_domxml_attribute(e, "device");
	struct config_disk d;

	xst_config_disk_init(&d);
	xst_foreign_text(f, &d.vdev, "target",
			 xst_domxml_attribute(xst_domxml_find(e, "target"), "dev"));
	if (!d.vdev || !disk_source(f, &d, e) ||
	    (*device && strcmp(device, "disk") != 0 && strcmp(device, "cdrom") != 0)) {
		leave(f, "devices: ", e);
		xst_config_disk_clear(&d);
		return;
	}
	if (xst_domxml_find(e, "driver"))
		disk_driver(f, &d, xst_domxml_find(e, "driver"));
	xst_foreign_text(f, &d.backend, "backenddomain",
			 xst_domxml_attribute(xst_domxml_find(e, "backenddomain"), "name"));
	d.cdrom = strcmp(device, "cdrom") == 0;
	d.readonly = d.cdrom || xst_domxml_find(e, "readonly");
	EACH(f, e, "disk: ", elements);
	xst_foreign_disk(f, &d);
}

/* xl knows nothing of libvirt's networks; libvirt may have recorded the bridge of one. */
static void vif_source(struct config_foreign *f, struct config_vif *v, const struct domxml *e)
{
	const struct domxml *source = xst_domxml_find(e, "source");

	xst_foreign_text(f, &v->bridge, "bridge", xst_domxml_attribute(source, "bridge"));
	if (source && !v->bridge)
		leave(f, "interface: ", source);
}

static void vif_model(struct config_foreign *f, struct config_vif *v, const struct domxml *e)
{
	const char *type = xst_domxml_attribute(xst_domxml_find(e, "model"), "type");

	if (!*type)
		return;
	if (strcmp(type, "netfront") == 0) {
		xst_foreign_text(f, &v->type, "model", "vif");
	} else {
		xst_foreign_text(f, &v->type, "model", "ioemu");
		xst_foreign_text(f, &v->model, "model", type);
	}
}

static void interface(struct config_foreign *f, const struct domxml *e)
{
	static const struct element elements[] = {
		{ "mac", NULL },    { "source", NULL }, { "script", NULL },
		{ "target", NULL }, { "model", NULL },  { "ip", NULL },
		{ "backenddomain", NULL },
	};
	struct config_vif v;

	xst_config_vif_init(&v);
	xst_foreign_text(f, &v.mac, "mac",
			 xst_domxml_attribute(xst_domxml_find(e, "mac"), "address"));
	xst_foreign_text(f, &v.script, "script",
			 xst_domxml_attribute(xst_domxml_find(e, "script"), "path"));
	xst_foreign_text(f, &v.vifname, "target",
			 xst_domxml_attribute(xst_domxml_find(e, "target"), "dev"));
	xst_foreign_text(f, &v.ip, "ip", xst_domxml_attribute(xst_domxml_find(e, "ip"), "address"));
	xst_foreign_text(f, &v.backend, "backenddomain",
			 xst_domxml_attribute(xst_domxml_find(e, "backenddomain"), "name"));
	vif_source(f, &v, e);
	vif_model(f, &v, e);
	EACH(f, e, "interface: ", elements);
	xst_foreign_vif(f, &v);
}

static void libvirt_config_emulator(struct config_foreign *f, const struct domxml *e)
{
	const char *name = strrchr(e->text, '/');

	name = name ? name + 1 : e->text;
	if (strcmp(name, "qemu-dm") == 0)
		xst_foreign_text(f, &f->view.device_model, "emulator", "qemu-xen-traditional");
	else if (strncmp(name, "qemu-system-", 12) == 0)
		xst_foreign_text(f, &f->view.device_model, "emulator", "qemu-xen");
	else
		leave(f, "devices: ", e);
}

static void devices(struct config_foreign *f, const struct domxml *e)
{
	static const struct element elements[] = {
		{ "disk", disk }, { "interface", interface }, { "emulator", libvirt_config_emulator },
	};

	EACH(f, e, "devices: ", elements);
}

/* --- the domain ------------------------------------------------------------------------------ */

int xst_foreign_read_libvirt(const char *text, size_t n, struct config_foreign *f,
			     struct config_error *err)
{
	static const struct element elements[] = {
		{ "name", libvirt_config_name },
		{ "uuid", libvirt_config_uuid },
		{ "memory", libvirt_config_memory },
		{ "currentMemory", current_memory },
		{ "vcpu", libvirt_config_vcpu },
		{ "bootloader", libvirt_config_bootloader },
		{ "on_poweroff", libvirt_config_on_poweroff },
		{ "on_reboot", libvirt_config_on_reboot },
		{ "on_crash", libvirt_config_on_crash },
		{ "os", os },
		{ "devices", devices },
	};
	struct domxml_document *d;
	int r = xst_domxml_parse(text, n, &d, err);

	if (r)
		return r;
	if (strcmp(xst_domxml_root(d)->name, "domain") != 0)
		r = xst_config_refuse(err, XST_E_MALFORMED, "<%s>, not <domain>",
				      xst_domxml_root(d)->name);
	else
		EACH(f, xst_domxml_root(d), "", elements);
	xst_domxml_free(d);
	return r;
}
