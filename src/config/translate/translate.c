/* SPDX-License-Identifier: MIT */
#include "config/translate/translate.h"

#include <stdlib.h>

static int translate_copy(const struct config *c, struct config **ret, struct config_error *err)
{
	char *text;
	size_t n;
	int r = xst_config_print(c, &text, &n);

	if (r)
		return r;
	r = xst_config_parse(text, n, c->flags, ret, err);
	free(text);
	return r;
}

int xst_config_translate(const struct config *c, enum config_language to, config_loss_fn loss,
			 void *userdata, struct config **ret, struct config_error *err)
{
	const struct translation t = { .loss = loss, .userdata = userdata, .err = err };
	json_object *root;
	struct cfg *cfg;
	int r;

	if (c->language == to)
		return translate_copy(c, ret, err);
	if (to == CONFIG_JSON) {
		r = xst_translate_to_json(&t, c->cfg, &root);
		return r ? r : xst_config_from_json(root, ret);
	}
	r = xst_translate_to_cfg(&t, c->root, &cfg);
	return r ? r : xst_config_from_cfg(cfg, ret);
}
