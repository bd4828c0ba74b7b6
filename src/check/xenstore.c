/* SPDX-License-Identifier: MIT */
/* Keys and values for xenstore. */
#include "check/checker.h"

#include <string.h>

#define PHYSMAP "physmap/"

static bool key_is_clean(const struct xst_event *ev)
{
	const char *key = ev->u.pair.key;
	size_t n = ev->u.pair.key_len;

	for (size_t i = 0; i < n; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/_@",
			    key[i]) ||
		    (key[i] == '/' && key[i + 1] == '/'))
			return false;
	return n && key[0] != '/' && key[n - 1] != '/';
}

static int pair(struct xst_checker *c, const struct xst_event *ev)
{
	size_t path = XENSTORE_PREFIX + ev->u.pair.key_len;

	if (!key_is_clean(ev))
		check_find(c, RULE_XENSTORE_KEY, 0, "key",
			   "\"%.60s\" is no key that xenstored takes here", ev->u.pair.key);
	else if (strncmp(ev->u.pair.key, PHYSMAP, strlen(PHYSMAP)) != 0)
		check_find(c, RULE_XENSTORE_PATH, 0, "key", "\"%.60s\" lies outside physmap/",
			   ev->u.pair.key);
	if (path > XENSTORE_MAX_PATH)
		check_find(c, RULE_XENSTORE_LENGTH, 0, "key",
			   "%zu octets behind libxl's prefix make a path of %zu", ev->u.pair.key_len,
			   path);
	else if (path + 1 + ev->u.pair.value_len > XENSTORE_MAX_PAYLOAD)
		check_find(c, RULE_XENSTORE_LENGTH, 0, "value", "%zu octets, with a path of %zu",
			   ev->u.pair.value_len, path);
	return 0;
}

static int fields(struct xst_checker *c, const struct xst_event *ev)
{
	return check_emulator.fields(c, ev);
}

const struct check_subject check_xenstore = { .fields = fields, .pair = pair };
