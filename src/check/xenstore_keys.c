/* SPDX-License-Identifier: MIT */
/* Keys and values for xenstore. */
#include "check/checker.h"

static int xenstore_rule_pair(struct xst_checker *c, const struct xst_event *ev)
{
	size_t path = XENSTORE_PREFIX + ev->u.pair.key_len;

	if (!xst_wire_xenstore_key(ev->u.pair.key, ev->u.pair.key_len))
		xst_check_find(c, RULE_XENSTORE_KEY, 0, "key",
			       "\"%.60s\" is no key that xenstored takes here", ev->u.pair.key);
	else if (!xst_wire_xenstore_physmap(ev->u.pair.key, ev->u.pair.key_len))
		xst_check_find(c, RULE_XENSTORE_PATH, 0, "key",
			       "\"%.60s\" lies outside " XENSTORE_PHYSMAP, ev->u.pair.key);
	if (path > XENSTORE_PATH_MAX)
		xst_check_find(c, RULE_XENSTORE_LENGTH, 0, "key",
			       "%zu bytes after libxl's prefix make a path of %zu",
			       ev->u.pair.key_len, path);
	else if (path + ev->u.pair.value_len > XENSTORE_WRITE_MAX)
		xst_check_find(c, RULE_XENSTORE_LENGTH, 0, "value",
			       "%zu bytes, with a path of %zu", ev->u.pair.value_len, path);
	return 0;
}

static int xenstore_rule_fields(struct xst_checker *c, const struct xst_event *ev)
{
	return xst_check_emulator.fields(c, ev);
}

const struct check_subject xst_check_xenstore = { .fields = xenstore_rule_fields,
						  .pair = xenstore_rule_pair };
