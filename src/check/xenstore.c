/* SPDX-License-Identifier: MIT */
/* Keys and values for xenstore. */
#include "check/checker.h"

static int pair(struct xst_checker *c, const struct xst_event *ev)
{
	size_t path = XENSTORE_PREFIX + ev->u.pair.key_len;

	if (!wire_xenstore_key(ev->u.pair.key, ev->u.pair.key_len))
		check_find(c, RULE_XENSTORE_KEY, 0, "key",
			   "\"%.60s\" is no key that xenstored takes here", ev->u.pair.key);
	else if (!wire_xenstore_physmap(ev->u.pair.key, ev->u.pair.key_len))
		check_find(c, RULE_XENSTORE_PATH, 0, "key", "\"%.60s\" lies outside " XENSTORE_PHYSMAP,
			   ev->u.pair.key);
	if (path > XENSTORE_PATH_MAX)
		check_find(c, RULE_XENSTORE_LENGTH, 0, "key",
			   "%zu octets behind libxl's prefix make a path of %zu", ev->u.pair.key_len,
			   path);
	else if (path + ev->u.pair.value_len > XENSTORE_WRITE_MAX)
		check_find(c, RULE_XENSTORE_LENGTH, 0, "value", "%zu octets, with a path of %zu",
			   ev->u.pair.value_len, path);
	return 0;
}

static int fields(struct xst_checker *c, const struct xst_event *ev)
{
	return check_emulator.fields(c, ev);
}

const struct check_subject check_xenstore = { .fields = fields, .pair = pair };
