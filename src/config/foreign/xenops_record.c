/* SPDX-License-Identifier: MIT */
/* XenServer's record: ((time ...) (vm_str "((id ...) (name ...) (ty (HVM (...))) ...)") ...). */
#include "config/foreign/gather.h"

#include <string.h>

#include "config/foreign/sexpr.h"

#define BYTES_IN_KIB 1024

static bool xenops_named(const struct sexpr *s, const char *name)
{
	return strcmp(xst_sexpr_name(s), name) == 0;
}

/* Leaves out the parts of a list that none of the names matches. */
static void leave_others(struct config_foreign *f, const struct sexpr *list, const char *where,
			 const char *const *names)
{
	for (const struct sexpr *s = list->first; s; s = s->next) {
		const char *const *name = names;

		while (*name && !xenops_named(s, *name))
			name++;
		if (!*name)
			xst_foreign_leave_sexpr(f, where, s);
	}
}

/* An optional value stands in a list: ((key (value))), or ((key ())). */
static const char *optional(const struct sexpr *list, const char *name)
{
	const struct sexpr *s = xst_sexpr_find(list, name);
	const struct sexpr *second = s ? s->first->next : NULL;

	if (second && !second->text && second->first && second->first->text)
		return second->first->text;
	return xst_sexpr_value(s);
}

/* --- PV -------------------------------------------------------------------------------------- */

static void pv_boot(struct config_foreign *f, const struct sexpr *boot)
{
	static const char *const direct[] = { "kernel", "cmdline", "ramdisk", NULL };
	static const char *const indirect[] = { "bootloader", "extra_args", NULL };
	struct config_view *v = &f->view;
	const struct sexpr *parts = boot->first ? boot->first->next : NULL;

	if (!parts || parts->text ||
	    (!xenops_named(boot, "Direct") && !xenops_named(boot, "Indirect"))) {
		xst_foreign_leave_sexpr(f, "boot: ", boot);
		return;
	}
	xst_foreign_text(f, &v->kernel, "kernel", optional(parts, "kernel"));
	xst_foreign_text(f, &v->cmdline, "cmdline", optional(parts, "cmdline"));
	xst_foreign_text(f, &v->ramdisk, "ramdisk", optional(parts, "ramdisk"));
	xst_foreign_text(f, &v->bootloader, "bootloader", optional(parts, "bootloader"));
	xst_foreign_text(f, &v->cmdline, "extra_args", optional(parts, "extra_args"));
	leave_others(f, parts, "boot: ", xenops_named(boot, "Direct") ? direct : indirect);
}

static void pv(struct config_foreign *f, const struct sexpr *parts)
{
	static const char *const known[] = { "boot", NULL };
	const struct sexpr *boot = xst_sexpr_find(parts, "boot");

	if (boot && boot->first->next && !boot->first->next->text)
		pv_boot(f, boot->first->next);
	leave_others(f, parts, "ty: ", known);
}

/* --- HVM ------------------------------------------------------------------------------------- */

static void hvm(struct config_foreign *f, const struct sexpr *parts)
{
	static const char *const known[] = { "boot_order", "firmware", NULL };
	const struct sexpr *firmware = xst_sexpr_find(parts, "firmware");

	xst_foreign_text(f, &f->view.boot, "boot_order", optional(parts, "boot_order"));
	if (firmware && firmware->first->next && xenops_named(firmware->first->next, "Uefi"))
		xst_foreign_text(f, &f->view.firmware, "firmware", "ovmf");
	else if (firmware && strcmp(xst_sexpr_value(firmware), "Bios") != 0)
		xst_foreign_leave_sexpr(f, "ty: ", firmware);
	leave_others(f, parts, "ty: ", known);
}

static void type(struct config_foreign *f, const struct sexpr *vm)
{
	static const struct {
		const char *name;
		enum config_type type;
		void (*read)(struct config_foreign *, const struct sexpr *);
	} types[] = { { "HVM", CONFIG_TYPE_HVM, hvm },
		      { "PV", CONFIG_TYPE_PV, pv },
		      { "PVH", CONFIG_TYPE_PVH, pv },
		      { "PVinPVH", CONFIG_TYPE_PVH, pv } };
	const struct sexpr *ty = xst_sexpr_find(vm, "ty");
	const struct sexpr *variant = ty ? ty->first->next : NULL;
	const struct sexpr *parts = variant && variant->first ? variant->first->next : NULL;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (variant && xenops_named(variant, types[i].name) && parts && !parts->text) {
			f->view.type = types[i].type;
			types[i].read(f, parts);
			return;
		}
	if (ty)
		xst_foreign_leave_sexpr(f, "", ty);
}

/* --- the rest -------------------------------------------------------------------------------- */

static bool does(const struct sexpr *actions, const char *what)
{
	for (const struct sexpr *s = actions ? actions->first : NULL; s; s = s->next)
		if (s->text ? strcmp(s->text, what) == 0 : xenops_named(s, what))
			return true;
	return false;
}

/* A list of successive actions; xl has a word for each combination that makes sense. */
static void action(struct config_foreign *f, const struct sexpr *vm, const char *name, char **to)
{
	const struct sexpr *s = xst_sexpr_find(vm, name), *actions = s ? s->first->next : NULL;
	bool dump = does(actions, "Coredump");

	if (does(actions, "Start"))
		xst_foreign_text(f, to, name, dump ? "coredump-restart" : "restart");
	else if (does(actions, "Shutdown"))
		xst_foreign_text(f, to, name, dump ? "coredump-destroy" : "destroy");
	else if (does(actions, "Pause"))
		xst_foreign_text(f, to, name, "preserve");
	else if (s)
		xst_foreign_leave_sexpr(f, "", s);
}

/* The platform data tell which device model it was. */
static void platform(struct config_foreign *f, const struct sexpr *vm)
{
	static const char *const known[] = { "device-model", NULL };
	const struct sexpr *data = xst_sexpr_find(vm, "platformdata");
	const struct sexpr *pairs = data ? data->first->next : NULL;
	const char *model = xst_sexpr_value(xst_sexpr_find(pairs, "device-model"));

	if (!pairs || pairs->text)
		return;
	if (strncmp(model, "qemu-upstream", 13) == 0)
		xst_foreign_text(f, &f->view.device_model, "device-model", "qemu-xen");
	else if (strcmp(model, "qemu-trad") == 0)
		xst_foreign_text(f, &f->view.device_model, "device-model", "qemu-xen-traditional");
	else if (*model)
		xst_foreign_leave(f, "platformdata: device-model %s", model);
	leave_others(f, pairs, "platformdata: ", known);
}

static void read_vm(struct config_foreign *f, const struct sexpr *vm)
{
	static const char *const known[] = {
		"id", "name", "ty", "platformdata", "memory_static_max", "memory_dynamic_max",
		"vcpu_max", "vcpus", "on_crash", "on_shutdown", "on_reboot", NULL,
	};
	struct config_view *v = &f->view;

	xst_foreign_text(f, &v->name, "name", optional(vm, "name"));
	xst_foreign_text(f, &v->uuid, "id", optional(vm, "id"));
	xst_foreign_number(f, &v->memory_kib, "memory_dynamic_max",
			   optional(vm, "memory_dynamic_max"), 1, BYTES_IN_KIB);
	xst_foreign_number(f, &v->maxmem_kib, "memory_static_max",
			   optional(vm, "memory_static_max"), 1, BYTES_IN_KIB);
	xst_foreign_number(f, &v->vcpus, "vcpus", optional(vm, "vcpus"), 1, 1);
	xst_foreign_number(f, &v->maxvcpus, "vcpu_max", optional(vm, "vcpu_max"), 1, 1);
	action(f, vm, "on_shutdown", &v->on_poweroff);
	action(f, vm, "on_reboot", &v->on_reboot);
	action(f, vm, "on_crash", &v->on_crash);
	type(f, vm);
	platform(f, vm);
	leave_others(f, vm, "", known);
}

int xst_foreign_read_xenops(const char *text, size_t n, struct config_foreign *f,
			    struct config_error *err)
{
	static const char *const known[] = { "vm_str", NULL };
	struct sexpr_document *outer, *inner;
	const char *vm;
	int r = xst_sexpr_parse(text, n, SEXPR_OCAML, &outer, err);

	if (r)
		return r;
	vm = optional(xst_sexpr_root(outer), "vm_str");
	r = *vm ? xst_sexpr_parse(vm, strlen(vm), SEXPR_OCAML, &inner, err) : 0;
	if (r == 0 && *vm) {
		read_vm(f, xst_sexpr_root(inner));
		xst_sexpr_free(inner);
	}
	if (r == 0)
		leave_others(f, xst_sexpr_root(outer), "", known);
	xst_sexpr_free(outer);
	return r;
}
