/* SPDX-License-Identifier: MIT */
/* Changes to xl.cfg text: bytes are replaced and the text is parsed again.  So nothing else is
 * touched, and the result is what xl would read. */
#include <stdlib.h>
#include <string.h>

#include "config/cfg/cfg.h"

/* Replaces the bytes begin..end. */
struct change {
	size_t begin, end;
	const char *s;
	size_t n;
};

static int apply(struct cfg **c, const struct change *changes, size_t n, struct config_error *err)
{
	struct text t = { 0 };
	struct cfg *changed;
	size_t at = 0, size = 0;
	char *s;
	int r;

	for (size_t i = 0; i < n; i++) {
		xst_text_add(&t, (*c)->text + at, changes[i].begin - at);
		xst_text_add(&t, changes[i].s, changes[i].n);
		at = changes[i].end;
	}
	xst_text_add(&t, (*c)->text + at, (*c)->size - at);
	s = xst_text_take(&t, &size);
	if (!s)
		return XST_E_NOMEM;
	r = xst_cfg_parse(s, size, (*c)->flags, &changed, err);
	free(s);
	if (r)
		return r;
	xst_cfg_free(*c);
	*c = changed;
	return 0;
}

static size_t back_over_blanks(const char *text, size_t at)
{
	while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t'))
		at--;
	return at;
}

static size_t over_blanks(const char *text, size_t at)
{
	return at + strspn(text + at, " \t");
}

/* The bytes to remove with a setting: whole lines if nothing else stands on them; otherwise the
 * setting and the semicolon that separates it.  Comments stay. */
static struct change removal(const struct cfg *c, const struct cfg_setting *s)
{
	size_t begin = back_over_blanks(c->text, s->begin), end = over_blanks(c->text, s->end);
	bool first = begin == 0 || c->text[begin - 1] == '\n';

	if (c->text[end] == ';')
		end = over_blanks(c->text, end + 1);
	if (first && c->text[end] == '\n')
		end++;
	else if (c->text[end] != '\n' && c->text[end] != '\0')
		begin = s->begin;
	return (struct change){ .begin = begin, .end = end };
}

static char quote_of(const struct cfg *c, const struct config_value *v)
{
	const struct config_value *first = v->is_list && v->n ? &v->items[0] : v;
	char q = first->end ? c->text[first->begin] : '"';

	return q == '\'' ? '\'' : '"';
}

/* Adds "name = value" and a newline at the end of the text. */
static int add_setting(struct cfg **c, const char *name, const struct config_value *v,
		       struct config_error *err)
{
	struct change change = { .begin = (*c)->size, .end = (*c)->size };
	struct text t = { 0 };
	char *s;
	int r;

	if ((*c)->size && (*c)->text[(*c)->size - 1] != '\n')
		xst_text_puts(&t, "\n");
	xst_text_printf(&t, "%s = ", name);
	xst_config_value_write(&t, v, v->is_list ? '\'' : '"');
	xst_text_puts(&t, "\n");
	s = xst_text_take(&t, &change.n);
	if (!s)
		return XST_E_NOMEM;
	change.s = s;
	r = apply(c, &change, 1, err);
	free(s);
	return r;
}

/* The text of a setting that replaces an old one. */
static char *cfg_edit_new_setting(const struct cfg *c, const struct cfg_setting *old,
				  const struct config_value *v, size_t *ret_n)
{
	size_t name = strlen(old->name), op = old->begin + name, value = old->value.begin;
	struct text t = { 0 };

	xst_text_puts(&t, old->name);
	for (size_t i = op; i < value; i++)
		if (c->text[i] != '+')
			xst_text_add(&t, c->text + i, 1);
	xst_config_value_write(&t, v, quote_of(c, &old->value));
	return xst_text_take(&t, ret_n);
}

/* Removes all settings of the name but the one at `keep`, which becomes s unless s is NULL. */
static int cfg_edit_replace(struct cfg **c, const char *name, size_t keep, const char *s, size_t n,
			    struct config_error *err)
{
	struct change *changes = calloc((*c)->n + 1, sizeof(*changes));
	size_t k = 0;
	int r;

	if (!changes)
		return XST_E_NOMEM;
	for (size_t i = 0; i < (*c)->n; i++) {
		const struct cfg_setting *setting = &(*c)->settings[i];

		if (strcmp(setting->name, name) != 0)
			continue;
		if (i == keep)
			changes[k++] = (struct change){ setting->begin, setting->end, s, n };
		else
			changes[k++] = removal(*c, setting);
		if (k > 1 && changes[k - 1].begin < changes[k - 2].end)
			changes[k - 1].begin = changes[k - 2].end;
	}
	r = apply(c, changes, k, err);
	free(changes);
	return r;
}

/* The setting that a new value replaces: the last one that doesn't use +=, or else the first. */
static size_t cfg_edit_place_of(const struct cfg *c, const char *name)
{
	size_t place = SIZE_MAX;

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->settings[i].name, name) == 0 &&
		    (place == SIZE_MAX || !c->settings[i].adds))
			place = i;
	return place;
}

static int cfg_edit_check_name(const char *name, struct config_error *err)
{
	if (xst_cfg_name_valid(name))
		return 0;
	return xst_config_refuse(
		err, XST_E_ARG,
		"'%.60s' is not an xl.cfg key: use a-z, 0-9 and '_', starting with a letter", name);
}

int xst_cfg_set(struct cfg **c, const char *name, const struct config_value *v,
		struct config_error *err)
{
	size_t keep = cfg_edit_place_of(*c, name), n = 0;
	char *s;
	int r = cfg_edit_check_name(name, err);

	if (r)
		return r;
	if (keep == SIZE_MAX)
		return add_setting(c, name, v, err);
	s = cfg_edit_new_setting(*c, &(*c)->settings[keep], v, &n);
	if (!s)
		return XST_E_NOMEM;
	r = cfg_edit_replace(c, name, keep, s, n, err);
	free(s);
	return r;
}

int xst_cfg_unset(struct cfg **c, const char *name, struct config_error *err)
{
	int r = cfg_edit_check_name(name, err);

	if (r)
		return r;
	if (!xst_cfg_find(*c, name))
		return xst_config_refuse(err, XST_E_UNKNOWN, "%s isn't set", name);
	return cfg_edit_replace(c, name, SIZE_MAX, NULL, 0, err);
}

/* --- appending ------------------------------------------------------------------------------ */

/* What separates two items here: a comma, and the layout before the last item. */
static void separator(const struct cfg *c, const struct config_value *list, struct text *t)
{
	size_t last = list->items[list->n - 1].begin, line = back_over_blanks(c->text, last);

	xst_text_puts(t, ",");
	if (line > list->begin && c->text[line - 1] == '\n')
		xst_text_add(t, c->text + line - 1, last - line + 1);
	else
		xst_text_puts(t, " ");
}

/* Inserts items after the last one of a list in the text. */
static int append_items(struct cfg **c, const struct cfg_setting *s, const struct config_value *v,
			struct config_error *err)
{
	const struct config_value *list = &s->value;
	struct change change = { 0 };
	struct text t = { 0 };
	char *items;
	int r;

	change.begin = change.end = list->items[list->n - 1].end;
	for (size_t i = 0; i < v->n; i++) {
		separator(*c, list, &t);
		xst_config_value_write(&t, &v->items[i], quote_of(*c, list));
	}
	items = xst_text_take(&t, &change.n);
	if (!items)
		return XST_E_NOMEM;
	change.s = items;
	r = apply(c, &change, 1, err);
	free(items);
	return r;
}

/* Writes the whole value, lengthened, as one setting. */
static int set_longer(struct cfg **c, const struct cfg_entry *e, const struct config_value *v,
		      struct config_error *err)
{
	struct config_value longer = { 0 };
	char *name = strdup(e->name);
	int r = XST_E_NOMEM;

	if (name && xst_config_value_copy(&longer, &e->value) &&
	    xst_config_value_append(&longer, v))
		r = xst_cfg_set(c, name, &longer, err);
	xst_config_value_clear(&longer);
	free(name);
	return r;
}

int xst_cfg_append(struct cfg **c, const char *name, const struct config_value *v,
		   struct config_error *err)
{
	const struct cfg_entry *e = xst_cfg_find(*c, name);
	const struct cfg_setting *last;

	if (!e)
		return xst_cfg_set(c, name, v, err);
	last = &(*c)->settings[e->last];
	if (e->value.is_list != v->is_list)
		return xst_config_refuse(err, XST_E_MALFORMED,
					 "%s is %s: %s can't be added to it", name,
					 e->value.is_list ? "a list" : "a string",
					 v->is_list ? "a list" : "a string");
	if (v->is_list && last->value.n)
		return append_items(c, last, v, err);
	return set_longer(c, e, v, err);
}
