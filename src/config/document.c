/* SPDX-License-Identifier: MIT */
/* Documents: one interface to both languages. */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "config/document.h"
#include "config/json/json.h"
#include "config/keys/kind.h"
#include "config/utf8.h"

/* --- made and freed ------------------------------------------------------------------------- */

static struct config *document(enum config_language language)
{
	struct config *c = calloc(1, sizeof(*c));

	if (c)
		c->language = language;
	return c;
}

int xst_config_from_json(json_object *root, struct config **ret)
{
	struct config *c = document(CONFIG_JSON);

	if (!c) {
		json_object_put(root);
		return XST_E_NOMEM;
	}
	c->root = root;
	*ret = c;
	return 0;
}

int xst_config_from_cfg(struct cfg *cfg, struct config **ret)
{
	struct config *c = document(CONFIG_CFG);

	if (!c) {
		xst_cfg_free(cfg);
		return XST_E_NOMEM;
	}
	c->cfg = cfg;
	c->flags = cfg->flags;
	*ret = c;
	return 0;
}

static int parse_json(const char *text, size_t n, struct config **ret, struct config_error *err)
{
	struct config *c;
	json_object *root;
	int r = xst_json_read(text, n, &root, err);

	if (r == 0)
		r = xst_config_from_json(root, &c);
	if (r)
		return r;
	c->text = strndup(text, n);
	c->size = c->text ? strlen(c->text) : 0;
	if (!c->text) {
		xst_config_free(c);
		return XST_E_NOMEM;
	}
	*ret = c;
	return 0;
}

int xst_config_parse(const char *text, size_t n, unsigned flags, struct config **ret,
		     struct config_error *err)
{
	struct cfg *cfg;
	size_t first = 0;
	int r;

	while (first < n && memchr(" \t\r\n", text[first], 4))
		first++;
	if (first < n && text[first] == '{')
		return parse_json(text, n, ret, err);
	r = xst_cfg_parse(text, n, flags, &cfg, err);
	return r ? r : xst_config_from_cfg(cfg, ret);
}

struct config *xst_config_free(struct config *c)
{
	if (!c)
		return NULL;
	xst_cfg_free(c->cfg);
	json_object_put(c->root);
	free(c->text);
	free(c);
	return NULL;
}

enum config_language xst_config_language(const struct config *c)
{
	return c->language;
}

int xst_config_print(const struct config *c, char **ret, size_t *ret_n)
{
	struct text t = { 0 };
	char *s;

	if (c->cfg)
		xst_text_add(&t, c->cfg->text, c->cfg->size);
	else if (c->text)
		xst_text_add(&t, c->text, c->size);
	else
		xst_json_write(&t, c->root);
	s = xst_text_take(&t, ret_n);
	if (!s)
		return XST_E_NOMEM;
	*ret = s;
	return 0;
}

/* --- keys ----------------------------------------------------------------------------------- */

/* Paths lead into JSON; an xl.cfg key is never taken for one. */
static bool is_path(const struct config *c, const char *key)
{
	return c->language == CONFIG_JSON && !xst_key_find(key);
}

/* Whether two paths are the same, with or without quotes. */
static bool same_path(const char *a, const char *b)
{
	do {
		a += strspn(a, "\"");
		b += strspn(b, "\"");
		if (*a != *b)
			return false;
	} while (*a++ && *b++);
	return true;
}

/* Suggests the xl.cfg key for a path. */
static int no_key(const char *key, struct config_error *err)
{
	for (size_t i = 0; i < xst_config_keys_count; i++)
		if (!xst_config_keys[i].also && same_path(xst_config_keys[i].path, key))
			return xst_config_refuse(
				err, XST_E_ARG,
				"this configuration is xl.cfg text: for %.60s, use %s", key,
				xst_config_keys[i].name);
	return xst_config_refuse(
		err, XST_E_ARG,
		"'%.60s' is not an xl.cfg key: use a-z, 0-9 and '_', starting with a letter", key);
}

/* xl.cfg's lexer accepts dots in names, but no key has one: a name with a dot is meant as a
 * path. */
static bool is_name(const struct config *c, const char *key)
{
	return xst_cfg_name_valid(key) &&
	       (!c->cfg || !strchr(key, '.') || xst_cfg_find(c->cfg, key));
}

static int not_set(const char *key, struct config_error *err)
{
	return xst_config_refuse(err, XST_E_UNKNOWN, "%.100s isn't set", key);
}

/* --- reading -------------------------------------------------------------------------------- */

static int find_in_cfg(const struct cfg *c, const char *key, struct config_value *ret)
{
	const struct cfg_entry *e = xst_cfg_find(c, key);

	if (e)
		return xst_config_value_copy(ret, &e->value) ? 0 : XST_E_NOMEM;
	if (strcmp(key, "type") == 0 && xst_cfg_guest_type(c) != CONFIG_TYPE_UNKNOWN)
		return xst_key_return_string(ret, xst_config_type_name(xst_cfg_guest_type(c)));
	return XST_E_UNKNOWN;
}

int xst_config_value_of(const struct config *c, const char *key, struct config_value *ret,
			struct config_error *err)
{
	return c->cfg ? find_in_cfg(c->cfg, key, ret)
		      : xst_key_read(c->root, xst_key_find(key), ret, err);
}

/* A list with one item per line; nested lists in xl.cfg syntax. */
static char *value_text(const struct config_value *v)
{
	struct text t = { 0 };

	if (!v->is_list)
		xst_text_add(&t, v->string, v->length);
	for (size_t i = 0; i < v->n; i++) {
		xst_text_puts(&t, i ? "\n" : "");
		if (v->items[i].is_list)
			xst_config_value_write(&t, &v->items[i], '\'');
		else
			xst_text_add(&t, v->items[i].string, v->items[i].length);
	}
	return xst_text_take(&t, NULL);
}

static int get_path(const struct config *c, const char *path, char **ret, struct config_error *err)
{
	struct text t = { 0 };
	json_object *o;
	char *s;
	int r = xst_json_path_get(c->root, path, &o, err);

	if (r)
		return r;
	if (json_object_is_type(o, json_type_string))
		xst_text_puts(&t, json_object_get_string(o));
	else
		xst_json_write(&t, o);
	if (t.n && t.s[t.n - 1] == '\n' && !json_object_is_type(o, json_type_string))
		t.s[--t.n] = '\0';
	s = xst_text_take(&t, NULL);
	if (!s)
		return XST_E_NOMEM;
	*ret = s;
	return 0;
}

int xst_config_get(const struct config *c, const char *key, char **ret, struct config_error *err)
{
	struct config_value v = { 0 };
	char *s;
	int r;

	if (is_path(c, key))
		return get_path(c, key, ret, err);
	if (!is_name(c, key))
		return no_key(key, err);
	r = xst_config_value_of(c, key, &v, err);
	if (r)
		return r == XST_E_UNKNOWN ? not_set(key, err) : r;
	s = value_text(&v);
	xst_config_value_clear(&v);
	if (!s)
		return XST_E_NOMEM;
	*ret = s;
	return 0;
}

/* --- values from the caller ----------------------------------------------------------------- */

/* Rewords an error in VALUE, whose position isn't one in the document. */
static int in_value(const char *key, int r, struct config_error *err)
{
	struct config_error e;

	if (!r || r == XST_E_NOMEM || !err || !err->line)
		return r;
	e = *err;
	return xst_config_refuse(err, r, "%.64s: in its value, %u:%u: %.140s", key, e.line,
				 e.column, e.text);
}

static int wrap(struct config_value *v)
{
	struct config_value list = { .is_list = true };

	if (!xst_config_value_add(&list, v))
		return XST_E_NOMEM;
	*v = list;
	return 0;
}

/* Parses the value that a user gives for a key. */
static int value_from_text(const char *key, const char *text, struct config_value *ret,
			   struct config_error *err)
{
	const struct config_key *k = xst_key_find(key);
	const char *s = text + strspn(text, " \t");
	int r;

	if (*s == '[' || *s == '"' || *s == '\'')
		r = xst_cfg_parse_value(s, ret, err);
	else
		r = xst_key_return_string(ret, text);
	if (r)
		return r;
	if (!ret->is_list && *s != '"' && *s != '\'')
		ret->bare = xst_config_bare_word(ret->string) && (!k || k->kind->is_number);
	return k && xst_key_is_list(k) && !ret->is_list ? wrap(ret) : 0;
}

static int json_from_text(json_object *old, const char *text, json_object **ret,
			  struct config_error *err)
{
	bool quoted = *text == '"', structure = *text == '{' || *text == '[';
	int r;

	if (quoted || structure || !json_object_is_type(old, json_type_string)) {
		r = xst_json_read_value(text, ret, quoted || structure ? err : NULL);
		if (r == 0 || quoted || structure || r == XST_E_NOMEM)
			return r;
	}
	*ret = json_object_new_string(text);
	return *ret ? 0 : XST_E_NOMEM;
}

/* --- changes in JSON ------------------------------------------------------------------------ */

/* Changes are made to a copy, which replaces the original on success. */
static int begin_change(const struct config *c, json_object **ret)
{
	*ret = NULL;
	return json_object_deep_copy(c->root, ret, NULL) == 0 ? 0 : XST_E_NOMEM;
}

static int end_change(struct config *c, json_object *root, int r)
{
	if (r) {
		json_object_put(root);
		return r;
	}
	json_object_put(c->root);
	c->root = root;
	free(c->text);
	c->text = NULL;
	return 0;
}

static int set_path(json_object *root, const char *path, const char *text, struct config_error *err)
{
	json_object *old = NULL, *v;
	int r;

	(void)xst_json_path_get(root, path, &old, NULL);
	r = json_from_text(old, text, &v, err);
	return r ? r : xst_json_path_set(root, path, v, err);
}

static int append_at(json_object *root, const char *path, const char *text,
		     struct config_error *err)
{
	json_object *old = NULL, *v;
	struct text t = { 0 };
	char *s;
	int r;

	if (xst_json_path_get(root, path, &old, NULL) != 0)
		return set_path(root, path, text, err);
	if (json_object_is_type(old, json_type_array)) {
		r = json_from_text(NULL, text, &v, err);
		if (r == 0 && json_object_array_add(old, v) != 0) {
			json_object_put(v);
			r = XST_E_NOMEM;
		}
		return r;
	}
	if (!json_object_is_type(old, json_type_string))
		return xst_config_refuse(err, XST_E_MALFORMED,
					 "%.100s is neither a list nor a string", path);
	xst_text_printf(&t, "%s%s", json_object_get_string(old), text);
	s = xst_text_take(&t, NULL);
	r = xst_json_put(root, path, s ? json_object_new_string(s) : NULL, err);
	free(s);
	return r;
}

static int append_value(json_object *root, const struct config_key *k, struct config_value *more,
			struct config_error *err)
{
	struct config_value v = { 0 };
	int r = xst_key_read(root, k, &v, err);

	if (r == XST_E_UNKNOWN)
		return xst_key_write(root, k, more, err);
	if (r == 0 && v.is_list && !more->is_list)
		r = wrap(more);
	if (r == 0 && v.is_list != more->is_list)
		r = xst_key_wrong(k, "a list can't be added to one value", err);
	if (r == 0 && !xst_config_value_append(&v, more))
		r = XST_E_NOMEM;
	if (r == 0)
		r = xst_key_write(root, k, &v, err);
	xst_config_value_clear(&v);
	return r;
}

static int change_json(struct config *c, const char *key, const char *text, bool append,
		       struct config_error *err)
{
	const struct config_key *k = xst_key_find(key);
	struct config_value v = { 0 };
	json_object *root;
	size_t bad;
	int r;

	if (!xst_utf8_valid(key, strlen(key), &bad) || !xst_utf8_valid(text, strlen(text), &bad))
		return xst_config_refuse(err, XST_E_MALFORMED,
					 "%.60s: not UTF-8, which JSON must be", key);
	r = begin_change(c, &root);
	if (r)
		return r;
	if (!k) {
		r = append ? append_at(root, key, text, err) : set_path(root, key, text, err);
		return end_change(c, root, in_value(key, r, err));
	}
	r = value_from_text(key, text, &v, err);
	if (r == 0)
		r = append ? append_value(root, k, &v, err) : xst_key_write(root, k, &v, err);
	xst_config_value_clear(&v);
	return end_change(c, root, in_value(key, r, err));
}

/* --- changes -------------------------------------------------------------------------------- */

static int change_cfg(struct config *c, const char *key, const char *text, bool append,
		      struct config_error *err)
{
	const struct cfg_entry *e = xst_cfg_find(c->cfg, key);
	struct config_value v = { 0 };
	int r;

	if (!is_name(c, key))
		return no_key(key, err);
	r = in_value(key, value_from_text(key, text, &v, err), err);
	if (r == 0 && append && e && e->value.is_list && !v.is_list)
		r = wrap(&v);
	if (r == 0)
		r = append ? xst_cfg_append(&c->cfg, key, &v, err)
			   : xst_cfg_set(&c->cfg, key, &v, err);
	xst_config_value_clear(&v);
	return r;
}

int xst_config_set(struct config *c, const char *key, const char *value, struct config_error *err)
{
	return c->cfg ? change_cfg(c, key, value, false, err)
		      : change_json(c, key, value, false, err);
}

int xst_config_append(struct config *c, const char *key, const char *value,
		      struct config_error *err)
{
	return c->cfg ? change_cfg(c, key, value, true, err)
		      : change_json(c, key, value, true, err);
}

int xst_config_unset(struct config *c, const char *key, struct config_error *err)
{
	json_object *root;
	int r;

	if (c->cfg)
		return is_name(c, key) ? xst_cfg_unset(&c->cfg, key, err) : no_key(key, err);
	r = begin_change(c, &root);
	if (r)
		return r;
	r = is_path(c, key) ? xst_json_path_unset(root, key, err)
			    : xst_key_remove(root, xst_key_find(key), err);
	return end_change(c, root, r);
}
