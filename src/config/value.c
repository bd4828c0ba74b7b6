/* SPDX-License-Identifier: MIT */
#include "config/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"


void xst_config_value_clear(struct config_value *v)
{
	for (size_t i = 0; i < v->n; i++)
		xst_config_value_clear(&v->items[i]);
	free(v->items);
	free(v->string);
	*v = (struct config_value){ 0 };
}

bool xst_config_value_set_string(struct config_value *v, const char *s, size_t n)
{
	char *copy = malloc(n + 1);

	if (!copy)
		return false;
	memcpy(copy, s, n);
	copy[n] = '\0';
	xst_config_value_clear(v);
	v->string = copy;
	v->length = n;
	return true;
}

bool xst_config_value_set_number(struct config_value *v, uint64_t number)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, number);

	if (!xst_config_value_set_string(v, digits, (size_t)n))
		return false;
	v->bare = true;
	return true;
}

bool xst_config_value_add(struct config_value *list, struct config_value *item)
{
	struct config_value *items = array_room(list->items, list->n + 1, &list->room,
						sizeof(*items));

	if (!items)
		return false;
	list->items = items;
	list->is_list = true;
	list->items[list->n++] = *item;
	*item = (struct config_value){ 0 };
	return true;
}

bool xst_config_value_add_string(struct config_value *list, const char *s)
{
	struct config_value item = { 0 };

	if (xst_config_value_set_string(&item, s, strlen(s)) && xst_config_value_add(list, &item))
		return true;
	xst_config_value_clear(&item);
	return false;
}

bool xst_config_value_copy(struct config_value *to, const struct config_value *from)
{
	struct config_value copy = { .is_list = from->is_list };

	if (!from->is_list) {
		if (!xst_config_value_set_string(&copy, from->string, from->length))
			return false;
		copy.bare = from->bare;
	} else if (!xst_config_value_append(&copy, from)) {
		xst_config_value_clear(&copy);
		return false;
	}
	copy.begin = from->begin;
	copy.end = from->end;
	xst_config_value_clear(to);
	*to = copy;
	return true;
}

static bool value_append_string(struct config_value *v, const struct config_value *more)
{
	char *s = realloc(v->string, v->length + more->length + 1);

	if (!s)
		return false;
	memcpy(s + v->length, more->string, more->length + 1);
	v->string = s;
	v->length += more->length;
	v->bare = v->bare && more->bare;
	return true;
}

bool xst_config_value_append(struct config_value *v, const struct config_value *more)
{
	size_t before = v->n;

	if (!v->is_list)
		return value_append_string(v, more);
	for (size_t i = 0; i < more->n; i++) {
		struct config_value item = { 0 };

		if (xst_config_value_copy(&item, &more->items[i]) && xst_config_value_add(v, &item))
			continue;
		xst_config_value_clear(&item);
		while (v->n > before)
			xst_config_value_clear(&v->items[--v->n]);
		return false;
	}
	return true;
}

bool xst_config_value_equal(const struct config_value *a, const struct config_value *b)
{
	if (a->is_list != b->is_list)
		return false;
	if (!a->is_list)
		return a->length == b->length && memcmp(a->string, b->string, a->length) == 0;
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!xst_config_value_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

bool xst_config_bare_word(const char *s)
{
	return *s >= '0' && *s <= '9' && s[strspn(s, "0123456789abcdefx")] == '\0';
}

/* --- writing -------------------------------------------------------------------------------- */

void xst_config_string_write(struct text *t, const char *s, char quote)
{
	static const char letters[] = "nrtabfv", bytes[] = "\n\r\t\a\b\f\v";

	xst_text_add(t, &quote, 1);
	for (; *s; s++) {
		const char *special = strchr(bytes, *s);

		if (special)
			xst_text_printf(t, "\\%c", letters[special - bytes]);
		else if (*s == quote || *s == '\\')
			xst_text_printf(t, "\\%c", *s);
		else
			xst_text_add(t, s, 1);
	}
	xst_text_add(t, &quote, 1);
}

void xst_config_value_write(struct text *t, const struct config_value *v, char quote)
{
	if (!v->is_list) {
		if (v->bare && xst_config_bare_word(v->string))
			xst_text_puts(t, v->string);
		else
			xst_config_string_write(t, v->string, quote);
		return;
	}
	xst_text_puts(t, v->n ? "[ " : "[");
	for (size_t i = 0; i < v->n; i++) {
		xst_text_puts(t, i ? ", " : "");
		xst_config_value_write(t, &v->items[i], quote);
	}
	xst_text_puts(t, v->n ? " ]" : "]");
}
