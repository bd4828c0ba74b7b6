/* SPDX-License-Identifier: MIT */
/* Specifications of disks: xl-disk-configuration(5), with its deprecated forms. */
#ifndef CONFIG_DISK_H
#define CONFIG_DISK_H

#include <stdbool.h>

#include "config/error.h"

/* All strings are malloc'ed or NULL: not said. */
struct config_disk {
	char *target;       /* path, or what a script makes something of; NULL: an empty drive */
	char *vdev;         /* as the guest sees it: "xvda", "hdc:..." without what follows the colon */
	char *format;       /* "raw", "qcow", "qcow2", "vhd", "qed", "empty"; NULL: raw */
	char *script;       /* "block-iscsi", say */
	char *backend;      /* name of a driver domain */
	char *backendtype;  /* "phy", "tap", "qdisk", "standalone" */
	char *specification; /* "xen", "virtio" */
	bool readonly, cdrom, direct_io_safe;
	bool removable;
	int discard;        /* 1, 0; -1: not said */
	int trusted;        /* 1, 0; -1: not said */
	bool colo;
	char *colo_host, *colo_port, *colo_export, *active_disk, *hidden_disk;
};

/* Parses one specification, as libxlutil does.  err->column counts in the specification.
 * Returns 0, XST_E_MALFORMED or XST_E_NOMEM.  *ret is cleared first, and the caller's to be cleared
 * with config_disk_clear() after success. */
int config_disk_parse(const char *spec, struct config_disk *ret, struct config_error *err);

/* The specification in today's key=value syntax, malloc'ed; NULL: out of memory. */
char *config_disk_print(const struct config_disk *d);
void config_disk_clear(struct config_disk *d);

/* Is it a name that Xen has for a virtual disk (xen-vbd-interface(7)): xvda, hdc, sdb3, d5p2, 51712 ...? */
bool config_vdev_valid(const char *vdev);

#endif
