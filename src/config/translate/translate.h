/* SPDX-License-Identifier: MIT */
/* The two directions of xst_config_translate(). */
#ifndef CONFIG_TRANSLATE_H
#define CONFIG_TRANSLATE_H

#include "config/document.h"

struct translation {
	config_loss_fn loss; /* or NULL */
	void *userdata;
	struct config_error *err;
};

void xst_translate_loss(const struct translation *t, const char *key, const char *why);

int xst_translate_to_json(const struct translation *t, const struct cfg *from, json_object **ret);
int xst_translate_to_cfg(const struct translation *t, json_object *from, struct cfg **ret);

/* Members that describe the guest's host and have no xl.cfg key: what xl writes there unless
 * xl.conf says otherwise. */
struct host_member {
	const char *path, *value;
};
extern const struct host_member xst_translate_host_members[];
extern const size_t xst_translate_host_members_count;

#endif
