/* SPDX-License-Identifier: MIT */
/* libvirt's domain XML, as its Xen driver stores it. */
#include "config/foreign.h"

#include <stdio.h>
#include <string.h>

#include "config/domxml.h"

typedef void (*element_fn)(struct config_foreign *f, const struct domxml *e);

struct element {
	const char *name;
	element_fn fn;
};

static void leave(struct config_foreign *f, const char *where, const struct domxml *e)
{
	char text[300];

	foreign_leave(f, "%s%s", where, domxml_print(e, text, sizeof(text)));
}

/* Each element in e: by the table, else it is left out.  An element without a function is looked
 * at elsewhere, the first of its name. */
static void each(struct config_foreign *f, const struct domxml *e, const char *where,
		 const struct element *elements, size_t n)
{
	for (const struct domxml *c = e ? e->first : NULL; c; c = c->next) {
		size_t i = 0;

		while (i < n && strcmp(c->name, elements[i].name) != 0)
			i++;
		if (i == n || (!elements[i].fn && domxml_find(e, c->name) != c))
			leave(f, where, c);
		else if (elements[i].fn)
			elements[i].fn(f, c);
	}
}
#define EACH(f, e, where, elements) \
	each(f, e, where, elements, sizeof(elements) / sizeof((elements)[0]))

/* --- simple ones ----------------------------------------------------------------------------- */

#define TEXT(function, member)                                                  \
	static void function(struct config_foreign *f, const struct domxml *e)  \
	{                                                                       \
		foreign_text(f, &f->view.member, e->name, e->text);             \
	}

TEXT(name, name)
TEXT(uuid, uuid)
TEXT(bootloader, bootloader)
TEXT(on_poweroff, on_poweroff)
TEXT(on_reboot, on_reboot)
TEXT(on_crash, on_crash)
TEXT(kernel, kernel)
TEXT(initrd, ramdisk)
TEXT(cmdline, cmdline)

static void amount(struct config_foreign *f, const struct domxml *e, uint64_t *to)
{
	static const struct {
		const char *unit;
		uint64_t octets;
	} units[] = {
		{ "", 1024 },           { "b", 1 },          { "bytes", 1 },
		{ "KB", 1000 },         { "k", 1024 },       { "KiB", 1024 },
		{ "MB", 1000000 },      { "M", 1 << 20 },    { "MiB", 1 << 20 },
		{ "GB", 1000000000 },   { "G", 1 << 30 },    { "GiB", 1 << 30 },
	};
	const char *unit = domxml_attribute(e, "unit");

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(unit, units[i].unit) == 0) {
			foreign_number(f, to, e->name, e->text, units[i].octets, 1024);
			return;
		}
	leave(f, "", e);
}

static void memory(struct config_foreign *f, const struct domxml *e)
{
	amount(f, e, &f->view.maxmem_kib);
	if (!f->view.memory_kib)
		f->view.memory_kib = f->view.maxmem_kib;
}

static void current_memory(struct config_foreign *f, const struct domxml *e)
{
	amount(f, e, &f->view.memory_kib);
}

static void vcpu(struct config_foreign *f, const struct domxml *e)
{
	const char *current = domxml_attribute(e, "current");

	foreign_number(f, &f->view.maxvcpus, "vcpu", e->text, 1, 1);
	foreign_number(f, &f->view.vcpus, "vcpu current", *current ? current : e->text, 1, 1);
	if (*domxml_attribute(e, "cpuset"))
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

/* hvmloader is what xl takes without being told. */
static void loader(struct config_foreign *f, const struct domxml *e)
{
	const char *name = strrchr(e->text, '/');

	if (strcmp(name ? name + 1 : e->text, "hvmloader") == 0)
		return;
	foreign_text(f, &f->view.firmware, "loader", e->text);
}

static void boot(struct config_foreign *f, const struct domxml *e)
{
	static const struct {
		const char *device;
		char letter;
	} devices[] = { { "hd", 'c' }, { "cdrom", 'd' }, { "network", 'n' }, { "fd", 'a' } };
	const char *device = domxml_attribute(e, "dev"), *before = f->view.boot;
	char order[8];

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (strcmp(device, devices[i].device) == 0 && (!before || strlen(before) < 6)) {
			snprintf(order, sizeof(order), "%s%c", before ? before : "",
				 devices[i].letter);
			foreign_text(f, &f->view.boot, "boot", order);
			return;
		}
	leave(f, "os: ", e);
}

static void os(struct config_foreign *f, const struct domxml *e)
{
	static const struct element elements[] = {
		{ "type", os_type }, { "loader", loader },   { "kernel", kernel },
		{ "initrd", initrd }, { "cmdline", cmdline }, { "boot", boot },
	};

	if (strcmp(domxml_attribute(e, "firmware"), "efi") == 0)
		foreign_text(f, &f->view.firmware, "firmware", "ovmf");
	EACH(f, e, "os: ", elements);
}

/* --- devices --------------------------------------------------------------------------------- */

static void disk_driver(struct config_foreign *f, struct config_disk *d, const struct domxml *e)
{
	static const struct {
		const char *name, *backendtype;
	} drivers[] = { { "phy", "phy" }, { "qemu", "qdisk" }, { "tap", NULL }, { "tap2", NULL },
			{ "file", NULL }, { "", NULL } };
	const char *type = domxml_attribute(e, "type"), *name = domxml_attribute(e, "name");
	size_t i = 0;

	while (i < sizeof(drivers) / sizeof(drivers[0]) && strcmp(name, drivers[i].name) != 0)
		i++;
	if (i == sizeof(drivers) / sizeof(drivers[0]))
		leave(f, "disk: ", e);
	else
		foreign_text(f, &d->backendtype, "driver", drivers[i].backendtype);
	foreign_text(f, &d->format, "type", strcmp(type, "aio") == 0 ? "raw" : type);
}

static bool disk_source(struct config_foreign *f, struct config_disk *d, const struct domxml *e)
{
	const struct domxml *source = domxml_find(e, "source");
	const char *type = domxml_attribute(e, "type");
	const char *path = domxml_attribute(source, strcmp(type, "block") == 0 ? "dev" : "file");

	if (!source) /* an empty drive */
		return true;
	foreign_text(f, &d->target, "source", path);
	return d->target != NULL;
}

static void disk(struct config_foreign *f, const struct domxml *e)
{
	static const struct element elements[] = {
		{ "driver", NULL }, { "source", NULL },      { "target", NULL },
		{ "readonly", NULL }, { "backenddomain", NULL },
	};
	const char *device = domxml_attribute(e, "device");
	struct config_disk d;

	config_disk_init(&d);
	foreign_text(f, &d.vdev, "target", domxml_attribute(domxml_find(e, "target"), "dev"));
	if (!d.vdev || !disk_source(f, &d, e) ||
	    (*device && strcmp(device, "disk") != 0 && strcmp(device, "cdrom") != 0)) {
		leave(f, "devices: ", e);
		config_disk_clear(&d);
		return;
	}
	if (domxml_find(e, "driver"))
		disk_driver(f, &d, domxml_find(e, "driver"));
	foreign_text(f, &d.backend, "backenddomain",
		     domxml_attribute(domxml_find(e, "backenddomain"), "name"));
	d.cdrom = strcmp(device, "cdrom") == 0;
	d.readonly = d.cdrom || domxml_find(e, "readonly");
	EACH(f, e, "disk: ", elements);
	foreign_disk(f, &d);
}

/* Of libvirt's networks xl knows nothing; where one is bound to a bridge, libvirt may have said so. */
static void vif_source(struct config_foreign *f, struct config_vif *v, const struct domxml *e)
{
	const struct domxml *source = domxml_find(e, "source");

	foreign_text(f, &v->bridge, "bridge", domxml_attribute(source, "bridge"));
	if (source && !v->bridge)
		leave(f, "interface: ", source);
}

static void vif_model(struct config_foreign *f, struct config_vif *v, const struct domxml *e)
{
	const char *type = domxml_attribute(domxml_find(e, "model"), "type");

	if (!*type)
		return;
	if (strcmp(type, "netfront") == 0) {
		foreign_text(f, &v->type, "model", "vif");
	} else {
		foreign_text(f, &v->type, "model", "ioemu");
		foreign_text(f, &v->model, "model", type);
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

	config_vif_init(&v);
	foreign_text(f, &v.mac, "mac", domxml_attribute(domxml_find(e, "mac"), "address"));
	foreign_text(f, &v.script, "script", domxml_attribute(domxml_find(e, "script"), "path"));
	foreign_text(f, &v.vifname, "target", domxml_attribute(domxml_find(e, "target"), "dev"));
	foreign_text(f, &v.ip, "ip", domxml_attribute(domxml_find(e, "ip"), "address"));
	foreign_text(f, &v.backend, "backenddomain",
		     domxml_attribute(domxml_find(e, "backenddomain"), "name"));
	vif_source(f, &v, e);
	vif_model(f, &v, e);
	EACH(f, e, "interface: ", elements);
	foreign_vif(f, &v);
}

static void emulator(struct config_foreign *f, const struct domxml *e)
{
	const char *name = strrchr(e->text, '/');

	name = name ? name + 1 : e->text;
	if (strcmp(name, "qemu-dm") == 0)
		foreign_text(f, &f->view.device_model, "emulator", "qemu-xen-traditional");
	else if (strncmp(name, "qemu-system-", 12) == 0)
		foreign_text(f, &f->view.device_model, "emulator", "qemu-xen");
	else
		leave(f, "devices: ", e);
}

static void devices(struct config_foreign *f, const struct domxml *e)
{
	static const struct element elements[] = {
		{ "disk", disk }, { "interface", interface }, { "emulator", emulator },
	};

	EACH(f, e, "devices: ", elements);
}

/* --- the domain ------------------------------------------------------------------------------ */

int libvirt_read(const char *text, size_t n, struct config_foreign *f, struct config_error *err)
{
	static const struct element elements[] = {
		{ "name", name },
		{ "uuid", uuid },
		{ "memory", memory },
		{ "currentMemory", current_memory },
		{ "vcpu", vcpu },
		{ "bootloader", bootloader },
		{ "on_poweroff", on_poweroff },
		{ "on_reboot", on_reboot },
		{ "on_crash", on_crash },
		{ "os", os },
		{ "devices", devices },
	};
	struct domxml_document *d;
	int r = domxml_parse(text, n, &d, err);

	if (r)
		return r;
	if (strcmp(domxml_root(d)->name, "domain") != 0)
		r = config_refuse(err, XST_E_MALFORMED, "<%s>, not <domain>",
				domxml_root(d)->name);
	else
		EACH(f, domxml_root(d), "", elements);
	domxml_free(d);
	return r;
}
