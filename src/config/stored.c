/* SPDX-License-Identifier: MIT */
#include "config/stored.h"

#include <stdlib.h>

#include "config/foreign/foreign_config.h"

/* An unchanged document may end with its NUL already. */
static int stored_print(const struct config *c, struct config_stored *ret)
{
	struct config_stored s = { .json = xst_config_language(c) == CONFIG_JSON };
	int r = xst_config_print(c, &s.bytes, &s.n);

	if (r)
		return r;
	if (s.json && (s.n == 0 || s.bytes[s.n - 1] != '\0'))
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
	free(s->bytes);
	*s = (struct config_stored){ .bytes = NULL };
}

static int foreign_view(enum config_foreign_language language, const char *text, size_t n,
			struct config_view *ret, struct config_error *err)
{
	struct config_foreign f;
	int r = xst_foreign_read(language, text, n, &f, err);

	if (r)
		return r;
	*ret = f.view;
	f.view = (struct config_view){ .name = NULL };
	xst_foreign_clear(&f);
	return 0;
}

int xst_config_view_of(enum xst_layer container, const char *text, size_t n,
		       struct config_view *ret, struct config_error *err)
{
	enum config_foreign_language foreign = xst_foreign_of(container);
	struct config *c;
	int r;

	if (foreign != CONFIG_OWN)
		return foreign_view(foreign, text, n, ret, err);
	r = xst_config_parse(text, n, CONFIG_AS_XL, &c, err);
	if (r)
		return r;
	r = xst_config_view_read(c, ret);
	xst_config_free(c);
	return r;
}
