/* SPDX-License-Identifier: MIT */
#include "config/guest_type.h"

#include <string.h>

const char *xst_config_type_name(enum config_type type)
{
	switch (type) {
	case CONFIG_TYPE_PV:  return "pv";
	case CONFIG_TYPE_HVM: return "hvm";
	case CONFIG_TYPE_PVH: return "pvh";
	case CONFIG_TYPE_UNKNOWN: break;
	}
	return "unknown";
}

enum config_type xst_config_type_parse(const char *name)
{
	for (unsigned t = CONFIG_TYPE_PV; t <= CONFIG_TYPE_PVH; t++)
		if (strcmp(name, xst_config_type_name((enum config_type)t)) == 0)
			return (enum config_type)t;
	return CONFIG_TYPE_UNKNOWN;
}
