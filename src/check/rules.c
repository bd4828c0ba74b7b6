/* SPDX-License-Identifier: MIT */
#include "check/rules.h"

#include <string.h>

const struct rule rules[RULE_MAX] = {
#define X(name, id, severity, like_xen, section, why)                         \
	[RULE_##name] = { id, (enum xst_severity)XST_##severity, like_xen, section, why },
	XST_RULES(X)
#undef X
};

const struct rule *rule_by_id(const char *id)
{
	for (int i = 0; i < RULE_MAX; i++)
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	return NULL;
}
