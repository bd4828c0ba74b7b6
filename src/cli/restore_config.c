/* SPDX-License-Identifier: MIT */
/* What restore and receive think of the configuration that counts, before anything takes effect. */
#include "cli/restore_options.h"

#include <stdio.h>

#include "config/config.h"
#include "config/view.h"

#define STORED "<stored configuration>"

static int restore_config_refuse(const struct config_error *err, const char *name, const char *rule,
				 int code, struct xst_finding *reterr)
{
	*reterr = (struct xst_finding){ .code = code, .severity = XST_ERROR, .rule = rule };
	(void)xst_config_error_format(err, name, reterr->text, sizeof(reterr->text));
	return code;
}

static bool restore_config_is_for(enum config_type type, enum xst_guest guest)
{
	if (type == CONFIG_TYPE_UNKNOWN || guest == XST_GUEST_UNKNOWN)
		return true;
	return (type == CONFIG_TYPE_PV) == (guest == XST_GUEST_PV);
}

/* Its place is that of the key that says so: xl knows two.  Text that has
 * neither leaves it open. */
static int restore_config_other_guest(const struct config *doc, enum config_type type,
				      const char *name, struct xst_finding *reterr)
{
	struct config_error err = { .line = 0 };

	xst_config_place_of(doc, "type", &err.line, &err.column);
	if (!err.line)
		xst_config_place_of(doc, "builder", &err.line, &err.column);
	if (!err.line && xst_config_language(doc) != CONFIG_JSON)
		return 0;
	(void)snprintf(err.text, sizeof(err.text),
		       "it is for a guest of type %s, but the stream holds %s guest",
		       xst_config_type_name(type), type == CONFIG_TYPE_PV ? "an HVM" : "a PV");
	return restore_config_refuse(&err, name, "config.guest", XST_E_MALFORMED, reterr);
}

int xst_cli_restore_config_judge(const char *given, const struct xst_restore_domain *domain,
				 enum xst_guest guest, struct xst_finding *reterr)
{
	const char *name = domain->config_replaced ? given : STORED;
	struct config_error err = { .text = "out of memory" };
	enum config_type type;
	struct config *doc;
	int r = xst_config_parse((const char *)domain->config, (size_t)domain->config_size,
				 CONFIG_AS_XL, &doc, &err);

	if (r)
		return restore_config_refuse(&err, name, "config.syntax", r, reterr);
	type = xst_config_guest_type(doc);
	if (!restore_config_is_for(type, guest))
		r = restore_config_other_guest(doc, type, name, reterr);
	xst_config_free(doc);
	return r;
}
