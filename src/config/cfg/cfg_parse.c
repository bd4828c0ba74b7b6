/* SPDX-License-Identifier: MIT */
/* The grammar of xl.cfg text, and the index of settings. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "config/cfg/cfg.h"
#include "config/utf8.h"

struct parser {
	struct cfg_lexer lexer;
	unsigned depth;
	size_t items;
};

static int unexpected(const struct cfg_lexer *l, const char *wanted)
{
	char word[64];

	return xst_config_fail_at(l->err, XST_E_MALFORMED, l->text, l->begin,
				  "found %s, expected %s",
				  xst_cfg_token_words(l, word, sizeof(word)), wanted);
}

/* --- values --------------------------------------------------------------------------------- */

static int newlines(struct cfg_lexer *l)
{
	while (l->token == CFG_NEWLINE) {
		int r = xst_cfg_next(l);

		if (r)
			return r;
	}
	return 0;
}

static int cfg_parse_one_value(struct parser *p, struct config_value *ret);

/* Parses one item and what follows it, up to the next item or the bracket. */
static int cfg_parse_item(struct parser *p, struct config_value *list)
{
	struct config_value v = { 0 };
	int r = cfg_parse_one_value(p, &v);

	if (r == 0)
		r = newlines(&p->lexer);
	if (r == 0 && !xst_config_value_add(list, &v))
		r = XST_E_NOMEM;
	xst_config_value_clear(&v);
	if (r)
		return r;
	if (p->lexer.token == CFG_CLOSE || p->lexer.token == CFG_END)
		return 0;
	if (p->lexer.token != CFG_COMMA)
		return unexpected(&p->lexer, "',' or ']'");
	r = xst_cfg_next(&p->lexer);
	return r ? r : newlines(&p->lexer);
}

static int cfg_parse_list(struct parser *p, struct config_value *ret)
{
	struct cfg_lexer *l = &p->lexer;
	size_t begin = l->begin;
	int r;

	if (++p->depth > LIMIT_CONFIG_DEPTH)
		return xst_config_fail_at(l->err, XST_E_LIMIT, l->text, begin,
					  "lists nested more than %d deep", LIMIT_CONFIG_DEPTH);
	ret->is_list = true;
	r = xst_cfg_next(l);
	if (r == 0)
		r = newlines(l);
	while (r == 0 && l->token != CFG_CLOSE) {
		if (l->token == CFG_END)
			return xst_config_fail_at(l->err, XST_E_MALFORMED, l->text, begin,
						  "a list that is not closed");
		r = cfg_parse_item(p, ret);
	}
	p->depth--;
	ret->begin = begin;
	ret->end = l->end;
	return r ? r : xst_cfg_next(l);
}

static int cfg_parse_one_value(struct parser *p, struct config_value *ret)
{
	struct cfg_lexer *l = &p->lexer;
	int r;

	if (++p->items > LIMIT_CONFIG_ITEMS)
		return xst_config_fail_at(l->err, XST_E_LIMIT, l->text, l->begin,
					  "more than %d values", LIMIT_CONFIG_ITEMS);
	switch (l->token) {
	case CFG_OPEN:
		return cfg_parse_list(p, ret);
	case CFG_STRING:
	case CFG_NUMBER:
		r = xst_cfg_token_value(l, ret);
		return r ? r : xst_cfg_next(l);
	case CFG_NAME:
		return unexpected(l, "a string in quotes, a number or a list");
	default:
		return unexpected(l, "a value");
	}
}

/* --- the index ------------------------------------------------------------------------------ */

static struct cfg_entry *cfg_parse_find(const struct cfg *c, const char *name)
{
	for (size_t i = 0; i < c->nentries; i++)
		if (strcmp(c->entries[i].name, name) == 0)
			return &c->entries[i];
	return NULL;
}

const struct cfg_entry *xst_cfg_find(const struct cfg *c, const char *name)
{
	return cfg_parse_find(c, name);
}

static int fail_at_setting(const struct cfg *c, const struct cfg_setting *s, int code,
			   struct config_error *err, const char *text)
{
	return xst_config_fail_at(err, code, c->text, s->begin, "%s: %s", s->name, text);
}

static int new_entry(struct cfg *c, const struct cfg_setting *s, struct cfg_entry **ret)
{
	struct cfg_entry *entries = array_room(c->entries, c->nentries + 1, &c->entries_room,
					       sizeof(*entries));

	if (!entries)
		return XST_E_NOMEM;
	c->entries = entries;
	*ret = &c->entries[c->nentries++];
	**ret = (struct cfg_entry){ .name = s->name };
	return 0;
}

static int merge(struct cfg *c, struct cfg_entry *e, const struct cfg_setting *s,
		 struct config_error *err)
{
	if (s->adds && e->value.is_list != s->value.is_list)
		return fail_at_setting(c, s, XST_E_MALFORMED, err,
				       "a list can't be added to a string, nor a string to a list");
	if (!s->adds && !(c->flags & CONFIG_AS_XL))
		return fail_at_setting(c, s, XST_E_MALFORMED, err, "already set");
	return (s->adds ? xst_config_value_append(&e->value, &s->value)
			: xst_config_value_copy(&e->value, &s->value))
		       ? 0
		       : XST_E_NOMEM;
}

static int enter(struct cfg *c, struct config_error *err)
{
	const struct cfg_setting *s = &c->settings[c->n - 1];
	struct cfg_entry *e = cfg_parse_find(c, s->name);
	int r = 0;

	if (e)
		r = merge(c, e, s, err);
	else
		r = new_entry(c, s, &e);
	if (r == 0 && !e->value.string && !e->value.is_list &&
	    !xst_config_value_copy(&e->value, &s->value))
		r = XST_E_NOMEM;
	if (r == 0)
		e->last = c->n - 1;
	return r;
}

/* --- settings ------------------------------------------------------------------------------- */

static struct cfg_setting *cfg_parse_new_setting(struct cfg *c)
{
	struct cfg_setting *settings = array_room(c->settings, c->n + 1, &c->room,
						  sizeof(*settings));

	if (!settings)
		return NULL;
	c->settings = settings;
	c->settings[c->n] = (struct cfg_setting){ 0 };
	return &c->settings[c->n++];
}

static int cfg_parse_setting(struct parser *p, struct cfg *c)
{
	struct cfg_lexer *l = &p->lexer;
	struct cfg_setting *s;
	int r;

	if (c->n >= LIMIT_CONFIG_SETTINGS)
		return xst_config_fail_at(l->err, XST_E_LIMIT, l->text, l->begin,
					  "more than %d settings", LIMIT_CONFIG_SETTINGS);
	s = cfg_parse_new_setting(c);
	if (s)
		s->name = strndup(l->text + l->begin, l->end - l->begin);
	if (!s || !s->name)
		return XST_E_NOMEM;
	s->begin = l->begin;
	r = xst_cfg_next(l);
	if (r)
		return r;
	if (l->token != CFG_EQUALS && l->token != CFG_ADD)
		return unexpected(l, "'=' or '+='");
	s->adds = l->token == CFG_ADD;
	r = xst_cfg_next(l);
	if (r == 0)
		r = cfg_parse_one_value(p, &s->value);
	s->end = s->value.end;
	return r ? r : enter(c, l->err);
}

static int statement(struct parser *p, struct cfg *c)
{
	struct cfg_lexer *l = &p->lexer;
	int r = 0;

	if (l->token == CFG_NAME)
		r = cfg_parse_setting(p, c);
	else if (l->token != CFG_NEWLINE && l->token != CFG_SEMICOLON)
		return unexpected(l, "the name of a setting");
	if (r || l->token == CFG_END)
		return r;
	if (l->token != CFG_NEWLINE && l->token != CFG_SEMICOLON)
		return unexpected(l, "the end of the line or ';'");
	return xst_cfg_next(l);
}

static int bytes(const char *text, size_t n, unsigned flags, struct config_error *err)
{
	size_t bad;
	int r = xst_config_check_text(text, n, err);

	if (r)
		return r;
	if (!(flags & CONFIG_AS_XL) && !xst_utf8_valid(text, n, &bad))
		return xst_config_fail_at(err, XST_E_MALFORMED, text, bad, "not UTF-8");
	return 0;
}

static int new_cfg(const char *text, size_t n, unsigned flags, struct cfg **ret)
{
	struct cfg *c = calloc(1, sizeof(*c));

	if (c)
		c->text = malloc(n + 1);
	if (!c || !c->text) {
		free(c);
		return XST_E_NOMEM;
	}
	memcpy(c->text, text, n);
	c->text[n] = '\0';
	c->size = n;
	c->flags = flags;
	*ret = c;
	return 0;
}

int xst_cfg_parse(const char *text, size_t n, unsigned flags, struct cfg **ret,
		  struct config_error *err)
{
	struct parser p = { 0 };
	struct cfg *c = NULL;
	int r = bytes(text, n, flags, err);

	if (r == 0)
		r = new_cfg(text, n, flags, &c);
	if (r)
		return r;
	p.lexer = (struct cfg_lexer){ .text = c->text, .size = n, .err = err };
	r = xst_cfg_next(&p.lexer);
	while (r == 0 && p.lexer.token != CFG_END)
		r = statement(&p, c);
	if (r) {
		xst_cfg_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

struct cfg *xst_cfg_free(struct cfg *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < c->nentries; i++)
		xst_config_value_clear(&c->entries[i].value);
	for (size_t i = 0; i < c->n; i++) {
		xst_config_value_clear(&c->settings[i].value);
		free(c->settings[i].name);
	}
	free(c->entries);
	free(c->settings);
	free(c->text);
	free(c);
	return NULL;
}

int xst_cfg_parse_value(const char *text, struct config_value *ret, struct config_error *err)
{
	struct parser p = { .lexer = { .text = text, .size = strlen(text), .err = err } };
	struct config_value v = { 0 };
	int r = xst_cfg_next(&p.lexer);

	if (r == 0)
		r = cfg_parse_one_value(&p, &v);
	if (r == 0 && p.lexer.token != CFG_END)
		r = unexpected(&p.lexer, "the end of the value");
	if (r) {
		xst_config_value_clear(&v);
		return r;
	}
	xst_config_value_clear(ret);
	*ret = v;
	return 0;
}

bool xst_cfg_name_valid(const char *name)
{
	return *name >= 'a' && *name <= 'z' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.")] == '\0';
}

/* --- typed access --------------------------------------------------------------------------- */

static int wrong(const struct cfg *c, const struct cfg_entry *e, struct config_error *err,
		 const char *what)
{
	return fail_at_setting(c, &c->settings[e->last], XST_E_MALFORMED, err, what);
}

int xst_cfg_get_string(const struct cfg *c, const char *name, const char **ret,
		       struct config_error *err)
{
	const struct cfg_entry *e = xst_cfg_find(c, name);

	if (!e)
		return XST_E_UNKNOWN;
	if (e->value.is_list)
		return wrong(c, e, err, "expected one value, found a list");
	*ret = e->value.string;
	return 0;
}

int xst_cfg_get_long(const struct cfg *c, const char *name, long *ret, struct config_error *err)
{
	const struct cfg_entry *e = xst_cfg_find(c, name);
	const char *s;
	char *end;
	long v;
	int r = xst_cfg_get_string(c, name, &s, err);

	if (r)
		return r;
	if (c->settings[e->last].adds)
		return wrong(c, e, err, "a number set with +=, which xl doesn't support");
	errno = 0;
	v = strtol(s, &end, 0);
	if (end == s || *end)
		return wrong(c, e, err, "not a number");
	if (errno)
		return wrong(c, e, err, "the number is too large");
	*ret = v;
	return 0;
}

int xst_cfg_get_list(const struct cfg *c, const char *name, const struct config_value **ret,
		     struct config_error *err)
{
	const struct cfg_entry *e = xst_cfg_find(c, name);

	if (!e)
		return XST_E_UNKNOWN;
	if (!e->value.is_list)
		return wrong(c, e, err, "expected a list in brackets, found one value");
	*ret = &e->value;
	return 0;
}
