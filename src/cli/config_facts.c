/* SPDX-License-Identifier: MIT */
/* Facts in a stored configuration, which the checker compares with the stream. */
#include "cli/cli.h"

#include <string.h>

#include "config/foreign/foreign_config.h"
#include "config/stored.h"
#include "config/taken.h"

static enum xst_guest guest_of(enum config_type type)
{
	switch (type) {
	case CONFIG_TYPE_PV:  return XST_GUEST_PV;
	case CONFIG_TYPE_HVM: return XST_GUEST_HVM;
	case CONFIG_TYPE_PVH: return XST_GUEST_HVM;
	default:              return XST_GUEST_UNKNOWN;
	}
}

/* Only xl takes back what lies in an xl header. */
static int facts_of_taken(enum xst_layer container, const char *config, size_t size, struct xst_config_facts *ret)
{
	struct config_taken t;
	int r = container == XST_LAYER_XL ? xst_config_taken(config, size, &t) : XST_E_ARG;

	if (r)
		return r == XST_E_NOMEM ? r : 0;
	ret->refused = t.refused;
	ret->since = t.since;
	ret->until = t.until;
	memcpy(ret->why, t.refused && t.word[0] ? t.word : t.why, sizeof(ret->why));
	memcpy(ret->remark, t.refused ? "" : t.word, t.refused ? 1 : sizeof(ret->remark));
	return 0;
}

int xst_cli_config_facts(void *unused, enum xst_layer container, const uint8_t *config, size_t size,
			 struct xst_config_facts *ret)
{
	struct config_error err;
	struct config_view v = { .name = NULL };
	struct config_facts f;
	int r = facts_of_taken(container, (const char *)config, size, ret);

	(void)unused;
	if (r == 0)
		r = xst_config_view_of(container, (const char *)config, size, &v, &err);
	if (r)
		return r == XST_E_NOMEM ? r : XST_E_MALFORMED;
	xst_config_view_facts(&v, &f);
	ret->guest = guest_of(f.type);
	ret->device_model = f.type == CONFIG_TYPE_HVM;
	ret->memory_kib = f.max_memory_kib;
	if (v.vcpus || v.maxvcpus || xst_foreign_of(container) == CONFIG_OWN)
		ret->vcpus = f.max_vcpus; /* other toolstacks may store it elsewhere */
	xst_config_view_clear(&v);
	return 0;
}
