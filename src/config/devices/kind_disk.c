/* SPDX-License-Identifier: MIT */
/* Converts disks between specifications and objects. */
#include <stdlib.h>
#include <string.h>

#include "config/devices/devices.h"
#include "config/devices/disk.h"

/* Members that a specification gives.  The manual has a word for "trusted", too, but libxlutil of
 * Xen 4.17 refuses it. */
static const char *const disk_members[] = {
	"pdev_path", "vdev", "format", "script", "backend_domname", "backend", "specification",
	"removable", "readwrite", "is_cdrom", "direct_io_safe", "discard_enable", "colo_enable",
	"colo_host", "colo_port", "colo_export", "active_disk", "hidden_disk",
	/* filled in by libxl itself */
	"backend_domid", "colo_restore_enable", NULL
};

/* The format if none is given: raw, unless the drive is empty. */
static const char *disk_format(const struct config_disk *d)
{
	return !d->target ? "empty" : d->format ? d->format : "raw";
}

static int disk_strings(json_object *o, struct config_disk *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < xst_config_disk_strings_count; i++) {
		const struct config_disk_string *s = &xst_config_disk_strings[i];
		const char *v = *xst_config_disk_string_of(d, s);

		if (strcmp(s->member, "format") == 0)
			v = disk_format(d);
		if (strcmp(s->member, "colo_port") == 0 && v)
			r = xst_json_add(o, s->member,
					 json_object_new_int((int)strtol(v, NULL, 10)));
		else
			r = xst_device_add_string(o, s->member, v);
	}
	return r;
}

static int disk_object(json_object *o, struct config_disk *d)
{
	int r = disk_strings(o, d);

	if (r == 0 && d->cdrom)
		r = xst_json_add(o, "removable", json_object_new_int(1));
	if (r == 0 && !d->readonly)
		r = xst_json_add(o, "readwrite", json_object_new_int(1));
	if (r == 0 && d->cdrom)
		r = xst_json_add(o, "is_cdrom", json_object_new_int(1));
	if (r == 0 && d->direct_io_safe)
		r = xst_json_add(o, "direct_io_safe", json_object_new_boolean(true));
	if (r == 0 && d->colo)
		r = xst_device_add_truth(o, "colo_enable", 1);
	for (size_t i = 0; r == 0 && i < xst_config_disk_flags_count; i++)
		r = xst_device_add_truth(o, xst_config_disk_flags[i].member,
					 *xst_config_disk_flag_of(d, &xst_config_disk_flags[i]));
	return r;
}

static int disk_to_json(const struct config_key *k, const char *spec, size_t index, json_object *o,
			struct config_error *err)
{
	struct config_disk d;
	int r = xst_config_disk_parse(spec, &d, err);

	(void)k;
	(void)index;
	if (r)
		return r;
	r = disk_object(o, &d);
	xst_config_disk_clear(&d);
	return r;
}

static int read_disk(json_object *o, struct config_disk *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < xst_config_disk_strings_count; i++)
		r = xst_device_copy_string(
			o, xst_config_disk_strings[i].member,
			xst_config_disk_string_of(d, &xst_config_disk_strings[i]));
	if (d->format && strcmp(d->format, "empty") == 0) {
		free(d->format);
		d->format = NULL;
	}
	d->readonly = xst_device_number(o, "readwrite", 0) == 0;
	d->cdrom = xst_device_number(o, "is_cdrom", 0) != 0;
	d->direct_io_safe = xst_device_flag(o, "direct_io_safe") == 1;
	d->colo = xst_device_flag(o, "colo_enable") == 1;
	for (size_t i = 0; i < xst_config_disk_flags_count; i++)
		*xst_config_disk_flag_of(d, &xst_config_disk_flags[i]) = xst_device_flag(
			o, xst_config_disk_flags[i].member);
	return r;
}

static int disk_from_json(const struct config_key *k, json_object *o, size_t index, char **ret_spec,
			  struct config_error *err)
{
	struct config_disk d;
	int r;

	(void)index;
	if (!json_object_is_type(o, json_type_object))
		return xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: a disk is not an object",
					 k->name);
	xst_config_disk_init(&d);
	r = read_disk(o, &d);
	d.trusted = -1;
	if (r == 0) {
		*ret_spec = xst_config_disk_print(&d);
		r = *ret_spec ? 0 : XST_E_NOMEM;
	}
	xst_config_disk_clear(&d);
	return r;
}

static int write_disks(json_object *root, const struct config_key *k, const struct config_value *v,
		       struct config_error *err)
{
	return xst_device_write_list(root, k, v, disk_to_json, err);
}

static int read_disks(json_object *root, const struct config_key *k, struct config_value *ret,
		      struct config_error *err)
{
	return xst_device_read_list(root, k, ret, disk_from_json, err);
}

static void check_disk(struct key_check *c, const struct config_key *k,
		       const struct config_value *v)
{
	struct config_error err = { 0 };
	struct config_disk d;
	int r = xst_config_disk_parse(v->string, &d, &err);

	if (r == XST_E_MALFORMED)
		xst_key_complain(c, k->name, "%s", xst_key_after_name(k->name, err.text));
	c->no_memory |= r == XST_E_NOMEM;
	if (r)
		return;
	if (!xst_config_vdev_valid(d.vdev))
		xst_key_complain(
			c, k->name,
			"'%.60s' is not a virtual disk: use a name such as xvda, sda, hda to hdd "
			"or d0p0",
			d.vdev);
	xst_config_disk_clear(&d);
}

const struct key_kind xst_kind_disks = {
	.name = "disks", .read = read_disks, .write = write_disks, .check = check_disk,
	.shape = KEY_LIST, .members = disk_members
};
