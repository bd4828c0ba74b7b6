/* SPDX-License-Identifier: MIT */
#include "config/json/json_guard.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

struct guard {
	const char *text;
	size_t size, pos, values;
	struct config_error *err;
};

static int guard_value(struct guard *g);

static void space(struct guard *g)
{
	while (g->pos < g->size && isspace((unsigned char)g->text[g->pos]))
		g->pos++;
}

static int guard_fail(const struct guard *g, int code, size_t at, const char *text)
{
	return xst_config_fail_at(g->err, code, g->text, at, "%s", text);
}

/* Skips a string; begin and end include its quotes. */
static int guard_string(struct guard *g, size_t *ret_begin)
{
	*ret_begin = g->pos;
	for (g->pos++; g->pos < g->size && g->text[g->pos] != '"'; g->pos++) {
		if (g->text[g->pos] != '\\')
			continue;
		if (strncmp(g->text + g->pos, "\\u0000", 6) == 0)
			return guard_fail(g, XST_E_MALFORMED, g->pos, "a NUL in a string");
		g->pos++;
	}
	g->pos++;
	return 0;
}

static int guard_number(struct guard *g)
{
	const char *s = g->text + g->pos;
	size_t n = strspn(s, "+-0123456789.eE"), at = g->pos;

	g->pos += n;
	if (memchr(s, '.', n) || memchr(s, 'e', n) || memchr(s, 'E', n))
		return 0;
	errno = 0;
	if (*s == '-')
		(void)strtoll(s, NULL, 10);
	else
		(void)strtoull(s, NULL, 10);
	return errno ? guard_fail(g, XST_E_LIMIT, at, "a number of more than 64 bits") : 0;
}

static int guard_word(struct guard *g)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(g->text + g->pos, words[i], strlen(words[i])) == 0) {
			g->pos += strlen(words[i]);
			return 0;
		}
	return guard_fail(g, XST_E_MALFORMED, g->pos,
			  "neither a string nor a number, true, false or null");
}

/* Remembers a member's decoded name; XST_E_MALFORMED if it was seen before. */
static int note(struct guard *g, json_object *seen, size_t begin)
{
	char *literal = strndup(g->text + begin, g->pos - begin);
	json_object *name = literal ? json_tokener_parse(literal) : NULL;
	const char *s = name ? json_object_get_string(name) : NULL;
	int r = XST_E_NOMEM;

	free(literal);
	if (s && json_object_object_get_ex(seen, s, NULL))
		r = xst_config_fail_at(g->err, XST_E_MALFORMED, g->text, begin,
				       "member \"%.60s\" appears twice", s);
	else if (s)
		r = json_object_object_add(seen, s, NULL) ? XST_E_NOMEM : 0;
	json_object_put(name);
	return r;
}

static int guard_member(struct guard *g, json_object *seen)
{
	size_t begin;
	int r = guard_string(g, &begin);

	if (r == 0)
		r = note(g, seen, begin);
	if (r)
		return r;
	space(g);
	g->pos++; /* : */
	return guard_value(g);
}

/* Skips "{ a, b }" or "[ a, b ]", calling one() for each item. */
static int guard_each(struct guard *g, char close, json_object *seen)
{
	int r = 0;

	g->pos++;
	for (space(g); r == 0 && g->pos < g->size && g->text[g->pos] != close; space(g)) {
		if (g->text[g->pos] == ',') {
			g->pos++;
			continue;
		}
		r = seen ? guard_member(g, seen) : guard_value(g);
	}
	g->pos++;
	return r;
}

static int object(struct guard *g)
{
	json_object *seen = json_object_new_object();
	int r = seen ? guard_each(g, '}', seen) : XST_E_NOMEM;

	json_object_put(seen);
	return r;
}

/* json-c has limited the depth of this recursion. */
static int guard_value(struct guard *g)
{
	size_t begin;

	space(g);
	if (++g->values > LIMIT_CONFIG_ITEMS)
		return guard_fail(g, XST_E_LIMIT, g->pos, "too many values");
	switch (g->pos < g->size ? g->text[g->pos] : '\0') {
	case '{':
		return object(g);
	case '[':
		return guard_each(g, ']', NULL);
	case '"':
		return guard_string(g, &begin);
	case '\0':
		return 0;
	default:
		return isalpha((unsigned char)g->text[g->pos]) ? guard_word(g) : guard_number(g);
	}
}

int xst_json_guard(const char *text, size_t n, struct config_error *err)
{
	struct guard g = { .text = text, .size = n, .err = err };

	return guard_value(&g);
}
