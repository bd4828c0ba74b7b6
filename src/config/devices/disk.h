/* SPDX-License-Identifier: MIT */
/* Specifications of disks: xl-disk-configuration(5), with its deprecated forms. */
#ifndef CONFIG_DISK_H
#define CONFIG_DISK_H

#include <stdbool.h>
#include <stddef.h>

#include "config/error.h"

/* All strings are malloc'ed; NULL: not given.  Flags are 1 or 0; -1: not given. */
struct config_disk {
	char *target;        /* a path, or an argument for a script; NULL: an empty drive */
	char *vdev;          /* the guest's name for it: "xvda", "hdc" */
	char *format;        /* "raw", "qcow", "qcow2", "vhd", "qed"; NULL: raw */
	char *script;        /* such as "block-iscsi" */
	char *backend;       /* name of a driver domain */
	char *backendtype;   /* "phy", "qdisk", "standalone", formerly "tap" */
	char *specification; /* "xen", "virtio" */
	char *colo_host, *colo_port, *colo_export, *active_disk, *hidden_disk;
	bool readonly, cdrom, direct_io_safe, colo;
	int discard, trusted;
};

/* Parses one specification, as libxlutil does.  err->column counts in the specification.  Returns
 * 0, XST_E_MALFORMED or XST_E_NOMEM.  On success the caller clears *ret with
 * xst_config_disk_clear(). */
int xst_config_disk_parse(const char *spec, struct config_disk *ret, struct config_error *err);

/* The specification in the current key=value syntax, malloc'ed; NULL: out of memory. */
char *xst_config_disk_print(const struct config_disk *d);

void xst_config_disk_init(struct config_disk *d); /* nothing given */
void xst_config_disk_clear(struct config_disk *d);

/* Whether Xen knows this name of a virtual disk (xen-vbd-interface(7)): xvda, hdc, sdb3, d5p2,
 * 51712 ... */
bool xst_config_vdev_valid(const char *vdev);

/* Parameters with a value, and flags: their words in a specification, their members in JSON. */
struct config_disk_string {
	const char *key, *member;
	size_t at; /* of a char * in struct config_disk */
};
struct config_disk_flag {
	const char *on, *off; /* off: NULL there is no such word */
	const char *member;
	size_t at; /* of an int */
};
extern const struct config_disk_string xst_config_disk_strings[];
extern const size_t xst_config_disk_strings_count;
extern const struct config_disk_flag xst_config_disk_flags[];
extern const size_t xst_config_disk_flags_count;
char **xst_config_disk_string_of(struct config_disk *d, const struct config_disk_string *s);
int *xst_config_disk_flag_of(struct config_disk *d, const struct config_disk_flag *f);

#endif
