/* SPDX-License-Identifier: MIT */
/* Keys whose meaning depends on other keys. */
#include <stdlib.h>
#include <string.h>

#include "config/cfg/cfg.h"

static bool is_one(const struct cfg *c, const char *key)
{
	long v;

	return xst_cfg_get_long(c, key, &v, NULL) == 0 && v != 0;
}

enum config_type xst_cfg_guest_type(const struct cfg *c)
{
	const char *s;

	if (xst_cfg_get_string(c, "type", &s, NULL) == 0)
		return xst_config_type_parse(s);
	if (xst_cfg_get_string(c, "builder", &s, NULL) == 0 && strcmp(s, "hvm") == 0)
		return CONFIG_TYPE_HVM;
	return is_one(c, "pvh") ? CONFIG_TYPE_PVH : CONFIG_TYPE_PV;
}

int xst_cfg_command_line(const struct cfg *c, struct config_value *ret)
{
	const char *root = NULL, *extra = NULL;
	struct text t = { 0 };
	size_t n;
	char *s;
	bool set;

	if (xst_cfg_get_string(c, "cmdline", &extra, NULL) == 0)
		return xst_config_value_set_string(ret, extra, strlen(extra)) ? 0 : XST_E_NOMEM;
	(void)xst_cfg_get_string(c, "root", &root, NULL);
	(void)xst_cfg_get_string(c, "extra", &extra, NULL);
	if (!root && !extra)
		return XST_E_UNKNOWN;
	if (root)
		xst_text_printf(&t, "root=%s%s", root, extra ? " " : "");
	xst_text_puts(&t, extra ? extra : "");
	s = xst_text_take(&t, &n);
	set = s && xst_config_value_set_string(ret, s, n);
	free(s);
	return set ? 0 : XST_E_NOMEM;
}
