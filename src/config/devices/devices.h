/* SPDX-License-Identifier: MIT */
/* Lists of devices: in xl.cfg each is a specification, in JSON an object. */
#ifndef CONFIG_DEVICES_H
#define CONFIG_DEVICES_H

#include "config/keys/kind.h"

/* kind_disk.c, kind_vif.c, kind_pci.c */
extern const struct key_kind xst_kind_disks, xst_kind_vifs, xst_kind_pci;
/* Flags for all passed-through devices that don't set their own: xl.cfg keys and members, up to
 * NULL. */
extern const struct key_word xst_device_pci_flags[];

/* kind_parameters.c: lists of "name=value,..." by the rows of `parts`.  xl refuses an unknown name,
 * except for a framebuffer, where it ignores it. */
extern const struct key_kind xst_kind_devices, xst_kind_framebuffers;
/* in `parts`: the number of the device, which xl.cfg doesn't give; a word that is part of the
 * member's name */
extern const struct key_kind xst_kind_index, xst_kind_variant;

/* device_tables.c: parameters of devices; the last row has no name */
extern const struct config_key xst_device_vfb[], xst_device_vkb[], xst_device_vtpm[],
	xst_device_p9[], xst_device_usbctrl[], xst_device_usbdev[], xst_device_channel[],
	xst_device_dtdev[];

/* --- for the kinds ---------------------------------------------------------------------------- */

/* Converts one device: a specification into an empty object, or an object to a malloc'ed
 * specification. */
typedef int device_to_json(const struct config_key *k, const char *spec, size_t index,
			   json_object *o, struct config_error *err);
typedef int device_from_json(const struct config_key *k, json_object *o, size_t index,
			     char **ret_spec, struct config_error *err);
int xst_device_write_list(json_object *root, const struct config_key *k,
			  const struct config_value *v, device_to_json *one,
			  struct config_error *err);
int xst_device_read_list(json_object *root, const struct config_key *k, struct config_value *ret,
			 device_from_json *one, struct config_error *err);

/* Members of an object; NULL and -1: not given. */
int xst_device_add_string(json_object *o, const char *name, const char *s);
int xst_device_add_truth(json_object *o, const char *name, int flag);
int xst_device_copy_string(json_object *o, const char *name, char **to);
int xst_device_flag(json_object *o, const char *name);
int64_t xst_device_number(json_object *o, const char *name, int64_t absent);

#endif
