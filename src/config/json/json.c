/* SPDX-License-Identifier: MIT */
/* Reading and writing JSON. */
#include "config/json/json.h"

#include <stdlib.h>
#include <string.h>

#include "config/json/json_guard.h"

/* --- reading -------------------------------------------------------------------------------- */

static int tokener_code(enum json_tokener_error e)
{
	return e == json_tokener_error_depth ? XST_E_LIMIT : XST_E_MALFORMED;
}

static const char *tokener_words(enum json_tokener_error e)
{
	switch (e) {
	case json_tokener_continue:
	case json_tokener_error_parse_eof:
		return "the text ends inside a string, list or object";
	case json_tokener_error_depth:
		return "objects and lists nested too deep";
	default:
		return json_tokener_error_desc(e);
	}
}

/* When json-c runs out of memory it stops where it is and reports success. */
static bool stopped_early(const char *text, size_t n, size_t end, const json_object *o)
{
	return end < n || (!o && strncmp(text + strspn(text, " \t\r\n"), "null", 4) != 0);
}

static int json_read_all(const char *text, size_t n, json_object **ret, struct config_error *err)
{
	json_tokener *tok = json_tokener_new_ex(LIMIT_CONFIG_DEPTH);
	enum json_tokener_error e;
	json_object *o;
	size_t end;

	if (!tok)
		return XST_E_NOMEM;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* the NUL after the text ends a number or a word */
	o = json_tokener_parse_ex(tok, text, (int)n + 1);
	e = json_tokener_get_error(tok);
	end = json_tokener_get_parse_end(tok);
	json_tokener_free(tok);
	if (e == json_tokener_success && !stopped_early(text, n, end, o)) {
		*ret = o;
		return 0;
	}
	json_object_put(o);
	if (e == json_tokener_success)
		return XST_E_NOMEM;
	return xst_config_fail_at(err, tokener_code(e), text, end < n ? end : n, "%s",
				  tokener_words(e));
}

static int read_copy(const char *text, size_t n, json_object **ret, struct config_error *err)
{
	json_object *o = NULL;
	int r = json_read_all(text, n, &o, err);

	if (r == 0)
		r = xst_json_guard(text, n, err);
	if (r) {
		json_object_put(o);
		return r;
	}
	*ret = o;
	return 0;
}

int xst_json_read(const char *text, size_t n, json_object **ret, struct config_error *err)
{
	json_object *o = NULL;
	char *copy;
	int r;

	if (n && !text[n - 1])
		n--;
	r = xst_config_check_text(text, n, err);
	if (r)
		return r;
	copy = strndup(text, n);
	if (!copy)
		return XST_E_NOMEM;
	r = read_copy(copy, n, &o, err);
	if (r == 0 && !json_object_is_type(o, json_type_object))
		r = xst_config_fail_at(err, XST_E_MALFORMED, copy, 0,
				       "the outermost value is not an object");
	free(copy);
	if (r)
		json_object_put(o);
	else
		*ret = o;
	return r;
}

int xst_json_read_value(const char *text, json_object **ret, struct config_error *err)
{
	return read_copy(text, strlen(text), ret, err);
}

/* --- writing -------------------------------------------------------------------------------- */

static void indent(struct text *t, unsigned depth)
{
	xst_text_puts(t, "\n");
	for (unsigned i = 0; i < depth; i++)
		xst_text_puts(t, "    ");
}

static void json_write_value(struct text *t, json_object *o, unsigned depth);

/* Writes a value as json-c prints it, unless memory runs out. */
static void write_scalar(struct text *t, json_object *o)
{
	const char *s = json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE);

	xst_text_puts(t, s ? s : "");
	t->failed |= !s;
}

static void json_write_string(struct text *t, const char *s)
{
	json_object *o = json_object_new_string(s);

	if (o)
		write_scalar(t, o);
	t->failed |= !o;
	json_object_put(o);
}

static void write_object(struct text *t, json_object *o, unsigned depth)
{
	bool first = true;

	xst_text_puts(t, "{");
	json_object_object_foreach(o, key, v) {
		xst_text_puts(t, first ? "" : ",");
		first = false;
		indent(t, depth + 1);
		json_write_string(t, key);
		xst_text_puts(t, ": ");
		json_write_value(t, v, depth + 1);
	}
	if (first)
		xst_text_puts(t, "\n");
	indent(t, depth);
	xst_text_puts(t, "}");
}

static void write_array(struct text *t, json_object *o, unsigned depth)
{
	size_t n = json_object_array_length(o);

	xst_text_puts(t, "[");
	for (size_t i = 0; i < n; i++) {
		xst_text_puts(t, i ? "," : "");
		indent(t, depth + 1);
		json_write_value(t, json_object_array_get_idx(o, i), depth + 1);
	}
	if (!n)
		xst_text_puts(t, "\n");
	indent(t, depth);
	xst_text_puts(t, "]");
}

static void json_write_value(struct text *t, json_object *o, unsigned depth)
{
	switch (json_object_get_type(o)) {
	case json_type_object:
		write_object(t, o, depth);
		break;
	case json_type_array:
		write_array(t, o, depth);
		break;
	default:
		write_scalar(t, o);
	}
}

void xst_json_write(struct text *t, json_object *o)
{
	json_write_value(t, o, 0);
	xst_text_puts(t, "\n");
}
