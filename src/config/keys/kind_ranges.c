/* SPDX-License-Identifier: MIT */
/* Keys whose values are sets and ranges of numbers. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/json/json.h"
#include "config/keys/key.h"

#define MAX_CPUS 4096

/* An item of a list, or the only value. */
static const struct config_value *ranges_key_item(const struct config_value *v, size_t i)
{
	return v->is_list ? &v->items[i] : v;
}

static size_t ranges_key_items(const struct config_value *v)
{
	return v->is_list ? v->n : 1;
}

/* --- which CPUs the vCPUs run on ------------------------------------------------------------ */

struct cpus {
	bool in[MAX_CPUS];
	size_t n;
};

/* What a specification says. */
enum said {
	SAID_NUMBERS,
	SAID_WORDS, /* all, nodes:0-1: what that is depends on the machine */
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
	return !*end && *first <= *last && *last < MAX_CPUS;
}

/* Blanks stand in front of a number only. */
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
	for (int i = 0; i < MAX_CPUS; i++)
		cpus->n += cpus->in[i];
	return 0;
}

static json_object *cpus_json(const struct cpus *c)
{
	json_object *a = json_object_new_array();

	for (int i = 0; a && i < MAX_CPUS; i++)
		if (c->in[i] && xst_key_append(a, json_object_new_int(i)) != 0) {
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
					 "%s: '%.60s' are no CPUs, as in 0-3,^1", k->name,
					 v->is_list ? "[...]" : v->string);
	if (said == SAID_WORDS)
		return xst_config_refuse(err, XST_E_UNSUPPORTED,
					 "%s: JSON has numbers of CPUs only, as in 0-3,^1",
					 k->name);
	if (!cpus->n && !is_soft(k))
		return xst_config_refuse(err, XST_E_MALFORMED,
					 "%s: '%.60s' leaves no CPU to run on", k->name, v->string);
	return 0;
}

/* A string holds for all vCPUs, a list has one for each of them. */
int xst_key_write_affinity(json_object *root, const struct config_key *k,
			   const struct config_value *v, struct config_error *err)
{
	json_object *all = json_object_new_array(), *max;
	size_t n = ranges_key_items(v), numbers = 0;
	struct cpus cpus;
	int r = all ? 0 : XST_E_NOMEM;

	if (!v->is_list && xst_json_path_get(root, "b_info.max_vcpus", &max, NULL) == 0)
		n = (size_t)json_object_get_int(max);
	if (n > MAX_CPUS)
		r = xst_key_wrong(k, "too many vCPUs", err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = read_cpus(k, ranges_key_item(v, i), &cpus, err);
		if (r == 0 && (numbers += cpus.n) > CONFIG_MAX_ITEMS)
			r = xst_config_refuse(err, XST_E_LIMIT, "%s: more than %d numbers", k->name,
					      CONFIG_MAX_ITEMS);
		if (r == 0)
			r = xst_key_append(all, cpus_json(&cpus));
	}
	if (r == 0 && (v->is_list || is_soft(k)))
		r = xst_key_put(root, "b_info.numa_placement", json_object_new_string("False"),
				err);
	if (r == 0)
		return xst_key_put(root, k->path, all, err);
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

/* One string for all, unless xl was told of each: then it leaves NUMA alone. */
static bool is_one_for_all(json_object *root, const struct config_key *k,
			   const struct config_value *list)
{
	json_object *placement;

	for (size_t i = 1; i < list->n; i++)
		if (!xst_config_value_equal(&list->items[0], &list->items[i]))
			return false;
	return list->n &&
	       (is_soft(k) ||
		xst_json_path_get(root, "b_info.numa_placement", &placement, NULL) != 0 ||
		xst_key_truth(placement) != 0);
}

int xst_key_read_affinity(json_object *root, const struct config_key *k, struct config_value *ret,
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
			    : xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: no list of CPUs",
						k->name);
	}
	if (r == 0 && is_one_for_all(root, k, &list))
		r = xst_config_value_copy(ret, &list.items[0]) ? 0 : XST_E_NOMEM;
	else if (r == 0 && !xst_config_value_copy(ret, &list))
		r = XST_E_NOMEM;
	xst_config_value_clear(&list);
	return r;
}

/* --- ranges of I/O, in hexadecimal digits --------------------------------------------------- */

static bool ranges_key_hex(const char **s, uint64_t *ret)
{
	char *end;

	if (!isxdigit((unsigned char)**s))
		return false;
	*ret = strtoull(*s, &end, 16);
	*s = end;
	return true;
}

static int ranges_key_add_number(json_object *o, const char *name, uint64_t v)
{
	json_object *n = json_object_new_uint64(v);

	if (n && json_object_object_add(o, name, n) == 0)
		return 0;
	json_object_put(n);
	return XST_E_NOMEM;
}

/* "2f8-2ff" */
static int ioports_json(const char *s, json_object *o)
{
	uint64_t first, last;

	if (!ranges_key_hex(&s, &first))
		return XST_E_MALFORMED;
	last = first;
	if (*s == '-' && !(s++, ranges_key_hex(&s, &last)))
		return XST_E_MALFORMED;
	if (*s || last < first || last > UINT16_MAX)
		return XST_E_MALFORMED;
	return ranges_key_add_number(o, "first", first) ||
			       ranges_key_add_number(o, "number", last - first + 1)
		       ? XST_E_NOMEM
		       : 0;
}

/* "fed00,1" or "a0,20@100": page frames */
static int iomem_json(const char *s, json_object *o)
{
	uint64_t start, number, gfn = 0;
	bool elsewhere;

	if (!ranges_key_hex(&s, &start) || *s++ != ',' || !ranges_key_hex(&s, &number))
		return XST_E_MALFORMED;
	elsewhere = *s == '@';
	if (elsewhere && !(s++, ranges_key_hex(&s, &gfn)))
		return XST_E_MALFORMED;
	if (*s)
		return XST_E_MALFORMED;
	if (ranges_key_add_number(o, "start", start) || ranges_key_add_number(o, "number", number))
		return XST_E_NOMEM;
	return elsewhere ? ranges_key_add_number(o, "gfn", gfn) : 0;
}

static int write_ranges(json_object *root, const struct config_key *k, const struct config_value *v,
			int (*one)(const char *, json_object *), struct config_error *err)
{
	json_object *a = json_object_new_array();
	int r = a ? 0 : XST_E_NOMEM;

	if (r == 0 && !v->is_list)
		r = XST_E_MALFORMED;
	for (size_t i = 0; r == 0 && i < v->n; i++) {
		json_object *o = json_object_new_object();

		if (v->items[i].is_list)
			r = XST_E_MALFORMED;
		else
			r = o ? one(v->items[i].string, o) : XST_E_NOMEM;
		if (r == 0)
			r = xst_key_append(a, o);
		else
			json_object_put(o);
	}
	if (r == 0)
		return xst_key_put(root, k->path, a, err);
	json_object_put(a);
	return r == XST_E_MALFORMED ? xst_key_wrong(k, "not a list of ranges", err) : r;
}

int xst_key_write_ioports(json_object *root, const struct config_key *k,
			  const struct config_value *v, struct config_error *err)
{
	return write_ranges(root, k, v, ioports_json, err);
}

int xst_key_write_iomem(json_object *root, const struct config_key *k, const struct config_value *v,
			struct config_error *err)
{
	return write_ranges(root, k, v, iomem_json, err);
}

/* A member that is a number; without it `absent`. */
static uint64_t ranges_key_member(json_object *o, const char *name, uint64_t absent)
{
	json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_uint64(v) : absent;
}

static void print_ioports(json_object *o, char *buf, size_t size)
{
	uint64_t first = ranges_key_member(o, "first", 0),
		 number = ranges_key_member(o, "number", 1);

	if (number == 1)
		snprintf(buf, size, "%" PRIx64, first);
	else
		snprintf(buf, size, "%" PRIx64 "-%" PRIx64, first, first + number - 1);
}

static void print_iomem(json_object *o, char *buf, size_t size)
{
	uint64_t start = ranges_key_member(o, "start", 0),
		 gfn = ranges_key_member(o, "gfn", UINT64_MAX);
	int n = snprintf(buf, size, "%" PRIx64 ",%" PRIx64, start,
			 ranges_key_member(o, "number", 0));

	if (gfn != UINT64_MAX)
		snprintf(buf + n, size - (size_t)n, "@%" PRIx64, gfn);
}

static int read_ranges(json_object *root, const struct config_key *k, struct config_value *ret,
		       void (*one)(json_object *, char *, size_t), struct config_error *err)
{
	struct config_value list = { .is_list = true };
	json_object *a;
	int r = xst_key_list_at(root, k, &a, err);

	for (size_t i = 0; r == 0 && i < json_object_array_length(a); i++) {
		char text[80];

		one(json_object_array_get_idx(a, i), text, sizeof(text));
		r = xst_config_value_add_string(&list, text) ? 0 : XST_E_NOMEM;
	}
	return xst_key_return_list(ret, &list, r);
}

int xst_key_read_ioports(json_object *root, const struct config_key *k, struct config_value *ret,
			 struct config_error *err)
{
	return read_ranges(root, k, ret, print_ioports, err);
}

int xst_key_read_iomem(json_object *root, const struct config_key *k, struct config_value *ret,
		       struct config_error *err)
{
	return read_ranges(root, k, ret, print_iomem, err);
}

/* --- enlightenments for Windows ------------------------------------------------------------- */

/* By their numbers in JSON. */
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

static int ranges_key_write_word(json_object *on, json_object *off, const struct config_key *k,
				 const char *word, struct config_error *err)
{
	bool out = *word == '!';

	for (size_t i = 0; i < ENLIGHTENMENTS; i++)
		if (strcasecmp(word + out, enlightenments[i]) == 0)
			return xst_key_append(out ? off : on, json_object_new_int((int)i));
	if (strcmp(word, "defaults") == 0 || strcmp(word, "all") == 0)
		return xst_config_refuse(err, XST_E_UNSUPPORTED,
					 "%s: '%s' has no number in JSON; say which ones", k->name,
					 word);
	return xst_config_refuse(err, XST_E_MALFORMED,
				 "%s: '%.60s' is no enlightenment that xl knows", k->name, word);
}

static int ranges_key_write_words(json_object *root, const struct config_key *k,
				  const struct config_value *v, struct config_error *err)
{
	json_object *on = json_object_new_array(), *off = json_object_new_array();
	int r = on && off ? 0 : XST_E_NOMEM;

	for (size_t i = 0; r == 0 && i < v->n; i++)
		r = v->items[i].is_list
			    ? xst_key_wrong(k, "a list in a list", err)
			    : ranges_key_write_word(on, off, k, v->items[i].string, err);
	if (r) {
		json_object_put(on);
		json_object_put(off);
		return r;
	}
	(void)xst_json_path_unset(root, k->path, NULL);
	r = xst_key_put(root, ENABLED, on, err);
	if (r == 0)
		return xst_key_put(root, DISABLED, off, err);
	json_object_put(off);
	return r;
}

/* 0 or 1, or a list of which ones. */
int xst_key_write_viridian(json_object *root, const struct config_key *k,
			   const struct config_value *v, struct config_error *err)
{
	int64_t n;
	int r;

	if (v->is_list)
		return ranges_key_write_words(root, k, v, err);
	r = xst_key_number(k, v, &n, err);
	if (r)
		return r;
	(void)xst_json_path_unset(root, ENABLED, NULL);
	(void)xst_json_path_unset(root, DISABLED, NULL);
	return xst_key_put(root, k->path, json_object_new_string(n ? "True" : "False"), err);
}

static int read_words(json_object *root, const char *path, const char *prefix,
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

int xst_key_read_viridian(json_object *root, const struct config_key *k, struct config_value *ret,
			  struct config_error *err)
{
	struct config_value list = { .is_list = true };
	json_object *o;
	int r, truth = xst_json_path_get(root, k->path, &o, NULL) == 0 ? xst_key_truth(o) : -1;

	if (truth >= 0)
		return xst_config_value_set_number(ret, (uint64_t)truth) ? 0 : XST_E_NOMEM;
	r = read_words(root, ENABLED, "", &list, err);
	if (r == 0)
		r = read_words(root, DISABLED, "!", &list, err);
	return xst_key_return_list(ret, &list, r == 0 && !list.n ? XST_E_UNKNOWN : r);
}
