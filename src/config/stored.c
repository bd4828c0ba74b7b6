/* SPDX-License-Identifier: MIT */
#include "config/stored.h"

#include <stdlib.h>

/* A document that was only read may end with its NUL already. */
static int stored_print(const struct config *c, struct config_stored *ret)
{
	struct config_stored s = { .json = xst_config_language(c) == CONFIG_JSON };
	int r = xst_config_print(c, &s.octets, &s.n);

	if (r)
		return r;
	if (s.json && (s.n == 0 || s.octets[s.n - 1] != '\0'))
		s.n++;
	*ret = s;
	return 0;
}

int xst_config_to_stored(const struct config *c, enum config_language language, config_loss_fn loss,
			 void *userdata, struct config_stored *ret, struct config_error *err)
{
	struct config *other;
	int r;

	if (!language || language == xst_config_language(c))
		return stored_print(c, ret);
	r = xst_config_translate(c, language, loss, userdata, &other, err);
	if (r)
		return r;
	r = stored_print(other, ret);
	xst_config_free(other);
	return r;
}

void xst_config_stored_clear(struct config_stored *s)
{
	free(s->octets);
	*s = (struct config_stored){ .octets = NULL };
}
