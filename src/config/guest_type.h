/* SPDX-License-Identifier: MIT */
/* The types of guests, which decide which keys exist. */
#ifndef CONFIG_GUEST_TYPE_H
#define CONFIG_GUEST_TYPE_H

enum config_type {
	CONFIG_TYPE_UNKNOWN = 0,
	CONFIG_TYPE_PV,
	CONFIG_TYPE_HVM,
	CONFIG_TYPE_PVH
};

const char *xst_config_type_name(enum config_type type); /* "pv", "hvm", "pvh", "unknown" */
/* CONFIG_TYPE_UNKNOWN for any other word. */
enum config_type xst_config_type_parse(const char *name);

#endif
