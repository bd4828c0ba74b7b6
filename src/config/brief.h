/* SPDX-License-Identifier: MIT */
/* What a screen wants to know of a domain's configuration, in any of its languages. */
#ifndef CONFIG_BRIEF_H
#define CONFIG_BRIEF_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#define BRIEF_STRINGS 16

struct config_brief {
	bool is_json, understood;
	char *name, *uuid, *type, *kernel, *device_model, *boot;
	double memory_mib, maxmem_mib; /* 0: not said */
	long vcpus;                    /* 0: not said */
	char *disks[BRIEF_STRINGS], *vifs[BRIEF_STRINGS];
	size_t ndisks, nvifs;          /* there may be more than are kept */
};

/* text is terminated by a NUL behind its n octets.  What can't be understood leaves `understood`
 * false.  Free with config_brief_free(). */
void config_brief_read(struct config_brief *b, const char *text, size_t n);
void config_brief_free(struct config_brief *b);

#endif
