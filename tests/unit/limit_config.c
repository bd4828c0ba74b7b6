/* SPDX-License-Identifier: MIT */
/* Limits of configurations outside of streams. */
#include "limit_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/cfg/cfg.h"
#include "config/config.h"
#include "config/foreign/domxml.h"
#include "config/foreign/foreign_config.h"
#include "config/foreign/sexpr.h"
#include "config/json/json.h"
#include "unit.h"

/* --- texts ------------------------------------------------------------------------------------- */

struct text_of {
	char *s;
	size_t n;
};

static void add(struct text_of *t, const char *s, uint64_t times)
{
	size_t size = strlen(s);

	t->s = realloc(t->s, t->n + size * (size_t)times + 1);
	assert_non_null(t->s);
	for (uint64_t i = 0; i < times; i++, t->n += size)
		memcpy(t->s + t->n, s, size);
	t->s[t->n] = '\0';
}

static bool is_taken(int r)
{
	assert_true(r == 0 || r == XST_E_LIMIT);
	return r == 0;
}

/* Takes the text. */
static bool cfg_taken(struct text_of t)
{
	struct config_error err;
	struct cfg *c;
	int r = xst_cfg_parse(t.s, t.n, 0, &c, &err);

	if (r == 0)
		xst_cfg_free(c);
	free(t.s);
	return is_taken(r);
}

static bool json_taken(struct text_of t)
{
	struct config_error err;
	json_object *o;
	int r = xst_json_read(t.s, t.n, &o, &err);

	if (r == 0)
		json_object_put(o);
	free(t.s);
	return is_taken(r);
}

LIMIT_CASE(CONFIG_SIZE)
{
	struct text_of cfg = { 0 }, json = { 0 };
	bool taken;

	add(&cfg, "\n", n);
	add(&json, " ", n - 2);
	add(&json, "{}", 1);
	taken = cfg_taken(cfg);
	assert_int_equal(json_taken(json), taken);
	return taken;
}

/* In JSON the document itself is a level. */
LIMIT_CASE(CONFIG_DEPTH)
{
	struct text_of cfg = { 0 }, json = { 0 };
	bool taken;

	add(&cfg, "a=", 1);
	add(&cfg, "[", n);
	add(&cfg, "]", n);
	add(&cfg, "\n", 1);
	add(&json, "{\"a\":", 1);
	add(&json, "[", n - 1);
	add(&json, "]", n - 1);
	add(&json, "}", 1);
	taken = cfg_taken(cfg);
	assert_int_equal(json_taken(json), taken);
	return taken;
}

/* A list is a value, too, and so is a document. */
LIMIT_CASE(CONFIG_ITEMS)
{
	struct text_of cfg = { 0 }, json = { 0 };
	bool taken;

	add(&cfg, "a=[", 1);
	add(&cfg, "0,", n - 1);
	add(&cfg, "]\n", 1);
	add(&json, "{\"a\":[0", 1);
	add(&json, ",0", n - 3);
	add(&json, "]}", 1);
	taken = cfg_taken(cfg);
	assert_int_equal(json_taken(json), taken);
	return taken;
}

LIMIT_CASE(CONFIG_SETTINGS)
{
	struct text_of cfg = { 0 };
	char line[20];

	for (uint64_t i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "a%u=1\n", (unsigned)i);
		add(&cfg, line, 1);
	}
	return cfg_taken(cfg);
}

/* --- keys -------------------------------------------------------------------------------------- */

static bool name_taken(uint64_t n)
{
	json_object *o = json_object_new_object(), *found;
	struct text_of name = { 0 };
	int r;

	add(&name, "n", n);
	json_object_object_add(o, name.s, json_object_new_int(1));
	r = xst_json_path_get(o, name.s, &found, NULL);
	json_object_put(o);
	free(name.s);
	return r == 0;
}

LIMIT_CASE(CONFIG_NAME)
{
	return name_taken(n);
}

/* Sets a key of an HVM guest's JSON.  Takes the value. */
static int set_key(const char *key, struct text_of value)
{
	static const char json[] = "{\"c_info\": {\"type\": \"hvm\"}, \"b_info\": {\"type.hvm\": {}}}";
	struct config_error err = { .text = "" };
	struct config *c;
	int r;

	assert_int_equal(xst_config_parse(json, sizeof(json), 0, &c, &err), 0);
	r = xst_config_set(c, key, value.s, &err);
	xst_config_free(c);
	free(value.s);
	return r;
}

/* The number of the last one, and how many vCPUs have a list of their own. */
LIMIT_CASE(CONFIG_CPUS)
{
	struct text_of range = { 0 }, list = { 0 };
	char last[30];
	int r;

	snprintf(last, sizeof(last), "0-%u", (unsigned)n - 1);
	add(&range, last, 1);
	add(&list, "['0'", 1);
	add(&list, ",'0'", n - 1);
	add(&list, "]", 1);
	r = set_key("cpus", range);
	assert_true(r == 0 || r == XST_E_MALFORMED);
	assert_int_equal(set_key("cpus", list), r);
	return r == 0;
}

LIMIT_CASE(CONFIG_LEAVES)
{
	struct text_of list = { 0 };
	char leaf[60];

	add(&list, "[", 1);
	for (uint64_t i = 0; i < n; i++) {
		snprintf(leaf, sizeof(leaf), "'%u:eax=00000000000000000000000000000000',", (unsigned)i);
		add(&list, leaf, 1);
	}
	add(&list, "]", 1);
	return is_taken(set_key("cpuid", list));
}

static void count_twice(void *userdata, const struct config_complaint *c)
{
	*(unsigned *)userdata += strstr(c->text, "two disks") != NULL;
}

/* All are one disk. */
LIMIT_CASE(COMPARED_DISKS)
{
	struct config_error err;
	struct text_of t = { 0 };
	struct config *c;
	unsigned twice = 0;

	add(&t, "name='a'\nmemory=1\ndisk=[", 1);
	add(&t, "'/a,raw,xvda,rw',", n);
	add(&t, "]\n", 1);
	assert_int_equal(xst_config_parse(t.s, t.n, 0, &c, &err), 0);
	assert_true(xst_config_check(c, count_twice, &twice) >= 0);
	xst_config_free(c);
	free(t.s);
	return twice == n - 1;
}

/* --- other toolstacks' -------------------------------------------------------------------------- */

/* Takes the text. */
static bool sexpr_taken(struct text_of t)
{
	struct config_error err;
	struct sexpr_document *d;
	int r = xst_sexpr_parse(t.s, t.n, SEXPR_PYTHON, &d, &err);

	if (r == 0)
		xst_sexpr_free(d);
	free(t.s);
	return is_taken(r);
}

static bool xml_taken(struct text_of t)
{
	struct config_error err;
	struct domxml_document *d;
	int r = xst_domxml_parse(t.s, t.n, &d, &err);

	if (r == 0)
		xst_domxml_free(d);
	free(t.s);
	return is_taken(r);
}

LIMIT_CASE(SEXPR_SIZE)
{
	struct text_of t = { 0 };

	add(&t, "(a)", 1);
	add(&t, " ", n - 3);
	return sexpr_taken(t);
}

LIMIT_CASE(SEXPR_DEPTH)
{
	struct text_of t = { 0 };

	add(&t, "(", n);
	add(&t, ")", n);
	return sexpr_taken(t);
}

/* With the list around them. */
LIMIT_CASE(SEXPR_NODES)
{
	struct text_of t = { 0 };

	add(&t, "(", 1);
	add(&t, "a ", n - 1);
	add(&t, ")", 1);
	return sexpr_taken(t);
}

LIMIT_CASE(XML_SIZE)
{
	struct text_of t = { 0 };

	add(&t, "<domain/>", 1);
	add(&t, " ", n - 9);
	return xml_taken(t);
}

LIMIT_CASE(XML_DEPTH)
{
	struct text_of t = { 0 };

	add(&t, "<domain>", n);
	add(&t, "</domain>", n);
	return xml_taken(t);
}

/* Small things share a block of memory; one large attribute, with its NUL, has the rest. */
LIMIT_CASE(XML_MEMORY)
{
	struct text_of t = { 0 };

	add(&t, "<domain a='", 1);
	add(&t, "x", n - (64 << 10) - 1);
	add(&t, "'/>", 1);
	return xml_taken(t);
}

LIMIT_CASE(LEFT_OUT)
{
	struct config_foreign f;
	struct config_error err;
	struct text_of t = { 0 };
	bool all;

	add(&t, "(domain (name a)", 1);
	add(&t, " (b)", n);
	add(&t, ")", 1);
	assert_int_equal(xst_foreign_read(CONFIG_XEND, t.s, t.n, &f, &err), 0);
	all = f.nleft_out == n && !strstr(f.left_out[n - 1], " more");
	xst_foreign_clear(&f);
	free(t.s);
	return all;
}
