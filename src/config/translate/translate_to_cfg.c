/* SPDX-License-Identifier: MIT */
/* Translates JSON to xl.cfg text.  Everything that a key expresses is removed from a copy; the rest
 * of the copy has no key, and is reported. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/json/json.h"
#include "config/keys/kind.h"
#include "config/translate/translate.h"

struct state {
	const struct translation *t;
	json_object *from, *rest;
	struct text text;
};

static void to_cfg_take(struct state *s, const char *path)
{
	(void)xst_json_path_unset(s->rest, path, NULL);
}

/* Whether xl would set this value by itself. */
static bool goes_without_saying(const struct state *s, const struct config_key *k,
				const struct config_value *v)
{
	const char *unsaid = k->initial ? k->initial : k->absent;

	if (k->kind->implied)
		return k->kind->implied(s->from, k, v);
	return unsaid && !v->is_list && strcmp(v->string, unsaid) == 0;
}

/* Whether this type of guest lacks the key: libxl fills in a 0 for others, too. */
static bool is_for_others(const struct state *s, const struct config_key *k)
{
	return k->guests && !(k->guests & 1u << xst_json_guest_type(s->from));
}

static bool is_zero(const struct config_value *v)
{
	return !v->is_list && strcmp(v->string, "0") == 0;
}

static void to_cfg_setting(struct state *s, const struct config_key *k,
			   const struct config_value *v)
{
	if (is_for_others(s, k) || goes_without_saying(s, k, v))
		return;
	xst_text_printf(&s->text, "%s = ", k->name);
	xst_config_value_write(&s->text, v, v->is_list ? '\'' : '"');
	xst_text_puts(&s->text, "\n");
}

/* Removes members of a key other than the one at its path. */
static void take_companions(struct state *s, const struct config_key *k)
{
	if (k->older)
		to_cfg_take(s, k->older);
	for (const char *const *path = k->kind->companions; path && *path; path++)
		to_cfg_take(s, *path);
}

/* Removes from each device what its specification expresses; the rest is reported later. */
static void take_members(struct state *s, const char *path, const char *const *members)
{
	json_object *a;

	if (xst_json_path_get(s->rest, path, &a, NULL) != 0)
		return;
	for (size_t i = 0; i < json_object_array_length(a); i++)
		for (size_t k = 0; members[k]; k++)
			json_object_object_del(json_object_array_get_idx(a, i), members[k]);
}

static void take_all(struct state *s, const struct config_key *k)
{
	if (k->kind->members) {
		take_members(s, k->path, k->kind->members);
	} else {
		to_cfg_take(s, k->path);
		take_companions(s, k);
	}
}

static int to_cfg_write_key(struct state *s, const struct config_key *k)
{
	struct config_error err = { 0 };
	struct config_value v = { 0 };
	int r = xst_key_read(s->rest, k, &v, &err);

	if (r == 0)
		to_cfg_setting(s, k, &v);
	else if (r == XST_E_UNSUPPORTED)
		xst_translate_loss(s->t, k->name, err.text);
	if (r == 0 && is_for_others(s, k) && !is_zero(&v))
		r = XST_E_UNKNOWN; /* stays, and is reported */
	xst_config_value_clear(&v);
	if (r == XST_E_NOMEM)
		return r;
	if (r == 0)
		take_all(s, k);
	else if (r == XST_E_UNSUPPORTED)
		to_cfg_take(s, k->path);
	return 0;
}

/* Removes the keyboards that libxl gives to framebuffers, one each. */
static void take_keyboards(struct state *s)
{
	json_object *vfbs, *vkbs;

	if (xst_json_path_get(s->from, "vfbs", &vfbs, NULL) == 0 &&
	    xst_json_path_get(s->from, "vkbs", &vkbs, NULL) == 0 &&
	    json_object_is_type(vfbs, json_type_array) &&
	    json_object_is_type(vkbs, json_type_array) &&
	    json_object_array_length(vfbs) == json_object_array_length(vkbs))
		to_cfg_take(s, "vkbs");
}

/* --- what is left --------------------------------------------------------------------------- */

static void name_left(const struct state *s, json_object *o, const char *path, unsigned depth);

static void name_member(const struct state *s, json_object *o, const char *path, const char *name,
			unsigned depth)
{
	const char *quote = strchr(name, '.') ? "\"" : "";
	char longer[256];

	snprintf(longer, sizeof(longer), "%s%s%s%s%s", path, *path ? "." : "", quote, name, quote);
	name_left(s, o, longer, depth);
}

static bool says_nothing(json_object *o)
{
	return (json_object_is_type(o, json_type_array) && !json_object_array_length(o)) ||
	       (json_object_is_type(o, json_type_string) &&
		strcmp(json_object_get_string(o), "<default>") == 0);
}

static void name_elements(const struct state *s, json_object *a, const char *path, unsigned depth)
{
	for (size_t i = 0; i < json_object_array_length(a); i++) {
		char longer[256];

		snprintf(longer, sizeof(longer), "%s[%zu]", path, i);
		name_left(s, json_object_array_get_idx(a, i), longer, depth);
	}
}

/* Lists of numbers and strings count as one thing, lists of objects don't. */
static bool holds_objects(json_object *o)
{
	return json_object_is_type(o, json_type_array) && json_object_array_length(o) &&
	       json_object_is_type(json_object_array_get_idx(o, 0), json_type_object);
}

static void name_left(const struct state *s, json_object *o, const char *path, unsigned depth)
{
	if (json_object_is_type(o, json_type_object) && depth < LIMIT_CONFIG_DEPTH) {
		json_object_object_foreach(o, name, member)
			name_member(s, member, path, name, depth + 1);
	} else if (holds_objects(o) && depth < LIMIT_CONFIG_DEPTH) {
		name_elements(s, o, path, depth + 1);
	} else if (!says_nothing(o)) {
		xst_translate_loss(s->t, path, xst_config_no_key);
	}
}

/* --- all ------------------------------------------------------------------------------------ */

static int to_cfg_write_all(struct state *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < xst_config_keys_count; i++) {
		const struct config_key *k = &xst_config_keys[i];

		r = k->also ? 0 : to_cfg_write_key(s, k);
	}
	for (size_t i = 0; i < xst_translate_host_members_count; i++)
		to_cfg_take(s, xst_translate_host_members[i].path);
	return r;
}

int xst_translate_to_cfg(const struct translation *t, json_object *from, struct cfg **ret)
{
	struct state s = { .t = t, .from = from };
	char *text;
	size_t n;
	int r;

	if (json_object_deep_copy(from, &s.rest, NULL) != 0)
		return XST_E_NOMEM;
	take_keyboards(&s);
	r = to_cfg_write_all(&s);
	if (r == 0)
		name_left(&s, s.rest, "", 0);
	json_object_put(s.rest);
	text = xst_text_take(&s.text, &n);
	if (r == 0)
		r = text ? xst_cfg_parse(text, n, 0, ret, t->err) : XST_E_NOMEM;
	free(text);
	return r;
}
