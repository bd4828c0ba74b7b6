/* SPDX-License-Identifier: MIT */
/* The CPUs that vCPUs run on. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/json/json.h"
#include "config/keys/kind.h"
#include "limits/limits.h"

#define PLACEMENT "b_info.numa_placement"

/* An item of a list, or a single value. */
static const struct config_value *affinity_item(const struct config_value *v, size_t i)
{
	return v->is_list ? &v->items[i] : v;
}

static size_t affinity_items(const struct config_value *v)
{
	return v->is_list ? v->n : 1;
}

struct cpus {
	bool in[LIMIT_CONFIG_CPUS];
	size_t n;
};

/* The result of reading a specification. */
enum said {
	SAID_NUMBERS,
	SAID_WORDS, /* all, nodes:0-1: depends on the machine */
	SAID_NONSENSE
};

/* "3", "0-7" */
static bool parse_range(const char *s, unsigned long *first, unsigned long *last)
{
	char *end;

	s += strspn(s, " ");
	if (!isdigit((unsigned char)*s))
		return false;
	*first = *last = strtoul(s, &end, 10);
	if (*end == '-' && isdigit((unsigned char)end[1]))
		*last = strtoul(end + 1, &end, 10);
	return !*end && *first <= *last && *last < LIMIT_CONFIG_CPUS;
}

/* Blanks are allowed only before a number. */
static enum said parse_part(const char *s, struct cpus *cpus)
{
	unsigned long first, last;
	bool out = *s == '^', nodes;
	const char *colon;

	s += out;
	colon = strncmp(s, "node:", 5) == 0 || strncmp(s, "nodes:", 6) == 0 ? strchr(s, ':') : NULL;
	nodes = colon != NULL;
	s = nodes ? colon + 1 : s;
	if (strcmp(s, "all") == 0)
		return out && !nodes ? SAID_NONSENSE : SAID_WORDS;
	if (!parse_range(s, &first, &last))
		return SAID_NONSENSE;
	if (nodes)
		return SAID_WORDS;
	memset(cpus->in + first, !out, last - first + 1);
	return SAID_NUMBERS;
}

/* "0-3,5,^1"; XST_E_NOMEM. */
static int parse_cpus(const char *s, struct cpus *cpus, enum said *ret)
{
	char *copy = strdup(s), *rest = copy, *part;

	if (!copy)
		return XST_E_NOMEM;
	memset(cpus, 0, sizeof(*cpus));
	*ret = SAID_NUMBERS;
	while ((part = strsep(&rest, ","))) {
		enum said said = *part ? parse_part(part, cpus) : SAID_NUMBERS;

		*ret = said > *ret ? said : *ret;
	}
	free(copy);
	for (int i = 0; i < LIMIT_CONFIG_CPUS; i++)
		cpus->n += cpus->in[i];
	return 0;
}

static json_object *cpus_json(const struct cpus *c)
{
	json_object *a = json_object_new_array();

	for (int i = 0; a && i < LIMIT_CONFIG_CPUS; i++)
		if (c->in[i] && xst_json_append(a, json_object_new_int(i)) != 0) {
			json_object_put(a);
			return NULL;
		}
	return a;
}

static bool is_soft(const struct config_key *k)
{
	return strstr(k->path, "soft") != NULL;
}

static int read_cpus(const struct config_key *k, const struct config_value *v, struct cpus *cpus,
		     struct config_error *err)
{
	enum said said = SAID_NONSENSE;
	int r = v->is_list ? 0 : parse_cpus(v->string, cpus, &said);

	if (r)
		return r;
	if (said == SAID_NONSENSE)
		return xst_config_refuse(err, XST_E_MALFORMED,
					 "%s: '%.60s' is not a list of CPUs, as in 0-3,^1",
					 k->name, v->is_list ? "[...]" : v->string);
	if (said == SAID_WORDS)
		return xst_config_refuse(err, XST_E_UNSUPPORTED,
					 "%s: JSON stores CPU numbers only, as in 0-3,^1",
					 k->name);
	if (!cpus->n && !is_soft(k))
		return xst_config_refuse(err, XST_E_MALFORMED,
					 "%s: '%.60s' leaves no CPU to run on", k->name, v->string);
	return 0;
}

/* A string applies to all vCPUs, a list has one for each. */
static int write_affinity(json_object *root, const struct config_key *k,
			  const struct config_value *v, struct config_error *err)
{
	json_object *all = json_object_new_array(), *max;
	size_t n = affinity_items(v), numbers = 0;
	struct cpus cpus;
	int r = all ? 0 : XST_E_NOMEM;

	if (!v->is_list && xst_json_path_get(root, "b_info.max_vcpus", &max, NULL) == 0)
		n = (size_t)json_object_get_int(max);
	if (n > LIMIT_CONFIG_CPUS)
		r = xst_key_wrong(k, "too many vCPUs", err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = read_cpus(k, affinity_item(v, i), &cpus, err);
		if (r == 0 && (numbers += cpus.n) > LIMIT_CONFIG_ITEMS)
			r = xst_config_refuse(err, XST_E_LIMIT, "%s: more than %d numbers", k->name,
					      LIMIT_CONFIG_ITEMS);
		if (r == 0)
			r = xst_json_append(all, cpus_json(&cpus));
	}
	if (r == 0 && (v->is_list || is_soft(k)))
		r = xst_json_put(root, PLACEMENT, json_object_new_string("False"), err);
	if (r == 0)
		return xst_json_put(root, k->path, all, err);
	json_object_put(all);
	return r;
}

static int print_cpus(json_object *a, struct config_value *list)
{
	struct text t = { 0 };
	size_t n = json_object_array_length(a);
	char *s;
	bool added;

	for (size_t i = 0; i < n;) {
		int64_t first = json_object_get_int64(json_object_array_get_idx(a, i)),
			last = first;

		while (++i < n &&
		       json_object_get_int64(json_object_array_get_idx(a, i)) == last + 1)
			last++;
		xst_text_printf(&t, "%s%" PRId64, t.n ? "," : "", first);
		if (last > first)
			xst_text_printf(&t, "-%" PRId64, last);
	}
	s = xst_text_take(&t, NULL);
	added = s && xst_config_value_add_string(list, s);
	free(s);
	return added ? 0 : XST_E_NOMEM;
}

/* One string for all, unless xl.cfg has one for each: then xl leaves NUMA alone. */
static bool is_one_for_all(json_object *root, const struct config_key *k,
			   const struct config_value *list)
{
	json_object *placement;

	for (size_t i = 1; i < list->n; i++)
		if (!xst_config_value_equal(&list->items[0], &list->items[i]))
			return false;
	return list->n &&
	       (is_soft(k) || xst_json_path_get(root, PLACEMENT, &placement, NULL) != 0 ||
		xst_json_truth(placement) != 0);
}

static int read_affinity(json_object *root, const struct config_key *k, struct config_value *ret,
			 struct config_error *err)
{
	struct config_value list = { .is_list = true };
	json_object *all;
	int r = xst_key_list_at(root, k, &all, err);

	if (r)
		return r;
	for (size_t i = 0; r == 0 && i < json_object_array_length(all); i++) {
		json_object *one = json_object_array_get_idx(all, i);

		r = json_object_is_type(one, json_type_array)
			    ? print_cpus(one, &list)
			    : xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: not a list of CPUs",
						k->name);
	}
	if (r == 0 && is_one_for_all(root, k, &list))
		r = xst_config_value_copy(ret, &list.items[0]) ? 0 : XST_E_NOMEM;
	else if (r == 0 && !xst_config_value_copy(ret, &list))
		r = XST_E_NOMEM;
	xst_config_value_clear(&list);
	return r;
}

static const char *const affinity_companions[] = { PLACEMENT, NULL };
const struct key_kind xst_kind_affinity = {
	.name = "affinity", .read = read_affinity, .write = write_affinity, .shape = KEY_EITHER,
	.companions = affinity_companions
};
