/* SPDX-License-Identifier: MIT */
/* One view over both languages: what a display, a check or another language needs to know of a
 * domain's configuration. */
#ifndef CONFIG_VIEW_H
#define CONFIG_VIEW_H

#include <stdint.h>

#include "config/config.h"
#include "config/devices/disk.h"
#include "config/devices/vif.h"
#include "config/guest_type.h"

/* Strings are malloc'ed; NULL or 0: not given. */
struct config_view {
	char *name, *uuid;
	enum config_type type;
	uint64_t memory_kib, maxmem_kib;
	uint64_t vcpus, maxvcpus;
	char *kernel, *ramdisk, *cmdline, *bootloader;
	char *firmware;             /* "bios", "seabios", "rombios", "ovmf", "uefi", or a file */
	char *boot;                 /* "cda", "dc" ... */
	char *device_model;         /* "qemu-xen", "qemu-xen-traditional" ... */
	char *on_poweroff, *on_reboot, *on_crash;
	struct config_disk *disks;
	size_t ndisks, disks_room;
	struct config_vif *vifs;
	size_t nvifs, vifs_room;
};

/* Fills *ret from a document.  Disks and vifs that can't be parsed, and other invalid values, are
 * left out; xst_config_check() names them.  Free with xst_config_view_clear().  Returns 0 or
 * XST_E_NOMEM. */
int xst_config_view_read(const struct config *c, struct config_view *ret);
void xst_config_view_clear(struct config_view *v);

/* The i-th member that is a string, in the order of printing, and its xl.cfg key; NULL after the
 * last. */
char **xst_config_view_string(struct config_view *v, size_t i, const char **ret_key);

/* For code that fills in a view itself.  Moves the contents of d or f into the view. */
int xst_config_view_add_disk(struct config_view *v, struct config_disk *d);
int xst_config_view_add_vif(struct config_view *v, struct config_vif *f);

/* Prints the view as text for xl: a comment line for each of the nleft_out lines, then a setting
 * for each value given.  *ret is malloc'ed and NUL-terminated.  Returns 0 or XST_E_NOMEM. */
int xst_config_view_print(const struct config_view *v, const char *const *left_out,
			  size_t nleft_out, char **ret, size_t *ret_n);

/* The type of guest that a document describes. */
enum config_type xst_config_guest_type(const struct config *c);

/* Facts that a stream can be compared with. */
struct config_facts {
	enum config_type type;
	uint64_t max_vcpus;                  /* 0: not given */
	uint64_t memory_kib, max_memory_kib; /* 0: not given */
};
void xst_config_view_facts(const struct config_view *v, struct config_facts *ret);

#endif
