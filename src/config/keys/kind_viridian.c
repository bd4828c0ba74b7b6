/* SPDX-License-Identifier: MIT */
/* Enlightenments for Windows. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/json/json.h"
#include "config/keys/kind.h"

/* Indexed by their numbers in JSON. */
static const char *const enlightenments[] = { "base",
					      "freq",
					      "time_ref_count",
					      "reference_tsc",
					      "hcall_remote_tlb_flush",
					      "apic_assist",
					      "crash_ctl",
					      "synic",
					      "stimer",
					      "hcall_ipi",
					      "ex_processor_masks",
					      "no_vp_limit",
					      "cpu_hotplug" };
#define ENLIGHTENMENTS (sizeof(enlightenments) / sizeof(enlightenments[0]))

#define ENABLED	 "b_info.\"type.hvm\".viridian_enable"
#define DISABLED "b_info.\"type.hvm\".viridian_disable"

static int write_enlightenment(json_object *on, json_object *off, const struct config_key *k,
			       const char *word, struct config_error *err)
{
	bool out = *word == '!';

	for (size_t i = 0; i < ENLIGHTENMENTS; i++)
		if (strcasecmp(word + out, enlightenments[i]) == 0)
			return xst_json_append(out ? off : on, json_object_new_int((int)i));
	if (strcmp(word, "defaults") == 0 || strcmp(word, "all") == 0)
		return xst_config_refuse(err, XST_E_UNSUPPORTED,
					 "%s: '%s' has no number in JSON: list each one", k->name,
					 word);
	return xst_config_refuse(err, XST_E_MALFORMED,
				 "%s: '%.60s' is not an enlightenment known to xl", k->name, word);
}

static int write_enlightenments(json_object *root, const struct config_key *k,
				const struct config_value *v, struct config_error *err)
{
	json_object *on = json_object_new_array(), *off = json_object_new_array();
	int r = on && off ? 0 : XST_E_NOMEM;

	for (size_t i = 0; r == 0 && i < v->n; i++)
		r = v->items[i].is_list ? xst_key_wrong(k, "a list inside a list", err)
					: write_enlightenment(on, off, k, v->items[i].string, err);
	if (r) {
		json_object_put(on);
		json_object_put(off);
		return r;
	}
	(void)xst_json_path_unset(root, k->path, NULL);
	r = xst_json_put(root, ENABLED, on, err);
	if (r == 0)
		return xst_json_put(root, DISABLED, off, err);
	json_object_put(off);
	return r;
}

/* Writes 0 or 1, or a list of enlightenments. */
static int write_viridian(json_object *root, const struct config_key *k,
			  const struct config_value *v, struct config_error *err)
{
	int64_t n;
	int r;

	if (v->is_list)
		return write_enlightenments(root, k, v, err);
	r = xst_key_number(k, v, &n, err);
	if (r)
		return r;
	(void)xst_json_path_unset(root, ENABLED, NULL);
	(void)xst_json_path_unset(root, DISABLED, NULL);
	return xst_json_put(root, k->path, json_object_new_string(n ? "True" : "False"), err);
}

static int read_enlightenments(json_object *root, const char *path, const char *prefix,
			       struct config_value *list, struct config_error *err)
{
	json_object *a;

	if (xst_json_path_get(root, path, &a, NULL) != 0 ||
	    !json_object_is_type(a, json_type_array))
		return 0;
	for (size_t i = 0; i < json_object_array_length(a); i++) {
		int64_t n = json_object_get_int64(json_object_array_get_idx(a, i));
		char word[40];

		if (n < 0 || (uint64_t)n >= ENLIGHTENMENTS)
			return xst_config_refuse(err, XST_E_UNSUPPORTED,
						 "viridian: number %" PRId64 " has no name", n);
		snprintf(word, sizeof(word), "%s%s", prefix, enlightenments[n]);
		if (!xst_config_value_add_string(list, word))
			return XST_E_NOMEM;
	}
	return 0;
}

static int read_viridian(json_object *root, const struct config_key *k, struct config_value *ret,
			 struct config_error *err)
{
	struct config_value list = { .is_list = true };
	json_object *o;
	int r, truth = xst_json_path_get(root, k->path, &o, NULL) == 0 ? xst_json_truth(o) : -1;

	if (truth >= 0)
		return xst_config_value_set_number(ret, (uint64_t)truth) ? 0 : XST_E_NOMEM;
	r = read_enlightenments(root, ENABLED, "", &list, err);
	if (r == 0)
		r = read_enlightenments(root, DISABLED, "!", &list, err);
	return xst_key_return_list(ret, &list, r == 0 && !list.n ? XST_E_UNKNOWN : r);
}

static const char *const viridian_companions[] = { ENABLED, DISABLED, NULL };
const struct key_kind xst_kind_viridian = {
	.name = "viridian", .read = read_viridian, .write = write_viridian, .shape = KEY_EITHER,
	.companions = viridian_companions
};
