/* SPDX-License-Identifier: MIT */
/* Whether xl and libxl take a stored configuration back, and which of them: words of enumerations.
 *
 * libxl stops reading JSON at a word that it doesn't know.  xl goes on all the same with what was read before; if
 * that word stood in c_info or b_info, the guest's type is missing, and xl ends. */
#include "config/taken.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <xenstream/check.h>

#include "config/document.h"
#include "config/json/json.h"
#include "config/keys/kind.h"
#include "config/utf8.h"
#include "limits/limits.h"

/* Words that not all versions know. */
static const struct {
	const char *path, *json, *key, *cfg;
	uint32_t until;
} words_gone[] = {
	{ "b_info.device_model_version", "qemu_xen_traditional", "device_model_version",
	  "qemu-xen-traditional", XST_XEN(4, 20, 0) },
	{ "b_info.device_model_version", "none", NULL, NULL, XST_XEN(4, 9, 0) },
};
#define GONE (sizeof(words_gone) / sizeof(words_gone[0]))

static void gone(struct config_taken *t, size_t i)
{
	if (t->until && t->until <= words_gone[i].until)
		return;
	t->until = words_gone[i].until;
	(void)snprintf(t->why, sizeof(t->why), "%s %s", strrchr(words_gone[i].path, '.') + 1,
		       words_gone[i].json);
}

static bool is_gone(struct config_taken *t, const char *path, const char *word)
{
	for (size_t i = 0; i < GONE; i++)
		if (strcmp(path, words_gone[i].path) == 0 &&
		    strcasecmp(word, words_gone[i].json) == 0) {
			gone(t, i);
			return true;
		}
	return false;
}

static bool word_is_known(const struct config_key *k, const char *word)
{
	for (const struct key_word *w = k->words; w->cfg; w++)
		if (strcasecmp(word, w->json) == 0)
			return true;
	return strcasecmp(word, "unknown") == 0; /* what libxl writes of no value at all */
}

static void json_word(struct config_taken *t, const struct config_key *k, const char *word)
{
	bool ends = strncmp(k->path, "c_info.", 7) == 0 || strncmp(k->path, "b_info.", 7) == 0;

	if (is_gone(t, k->path, word) || word_is_known(k, word) || t->refused)
		return;
	t->refused = ends;
	(void)snprintf(t->word, sizeof(t->word), "%s is \"%.30s\", a word that libxl does not know",
		       k->name, word);
}

static void json_words(json_object *root, struct config_taken *t)
{
	for (size_t i = 0; i < xst_config_keys_count; i++) {
		const struct config_key *k = &xst_config_keys[i];
		json_object *o;

		if (k->kind == &xst_kind_word && k->words && k->path && xst_key_at(root, k, &o) == 0 &&
		    xst_json_string(o))
			json_word(t, k, xst_json_string(o));
	}
}

/* xl itself refuses a word in text that it doesn't know, wherever it stands. */
static int cfg_words(const struct config *c, struct config_taken *t)
{
	struct config_error err;
	char *word;

	for (size_t i = 0; i < GONE; i++) {
		int r = words_gone[i].key ? xst_config_get(c, words_gone[i].key, &word, &err)
					  : XST_E_UNKNOWN;

		if (r == XST_E_NOMEM)
			return r;
		if (r)
			continue;
		if (strcasecmp(word, words_gone[i].cfg) == 0)
			gone(t, i);
		free(word);
	}
	return 0;
}

static int number_of(const struct config *c, const char *key, unsigned long long *ret)
{
	struct config_error err;
	char *text;
	int r = xst_config_get(c, key, &text, &err);

	if (r)
		return r;
	*ret = strtoull(text, NULL, 0);
	free(text);
	return 0;
}

/* More that are online than there are. */
static int online_vcpus_are_there(const struct config *c, struct config_taken *t)
{
	unsigned long long online = 0, most = 0;
	int r = number_of(c, "vcpus", &online), e = number_of(c, "maxvcpus", &most);

	if (r == XST_E_NOMEM || e == XST_E_NOMEM)
		return XST_E_NOMEM;
	if (r || e || online <= most)
		return 0;
	t->refused = true;
	(void)snprintf(t->word, sizeof(t->word), "vcpus %llu above maxvcpus %llu", online, most);
	return 0;
}

static int words(const struct config *c, struct config_taken *t)
{
	int r;

	if (!c->root) {
		r = cfg_words(c, t);
		return r ? r : online_vcpus_are_there(c, t);
	}
	json_words(c->root, t);
	return 0;
}

/* Whether it is JSON for a parser that looks at nothing but the syntax. */
static bool is_json(const char *text, size_t n)
{
	struct json_tokener *tokener = json_tokener_new();
	json_object *o;
	bool is;

	if (!tokener)
		return true;
	if (n && !text[n - 1])
		n--;
	o = json_tokener_parse_ex(tokener, text, (int)n);
	is = o || json_tokener_get_error(tokener) == json_tokener_success;
	json_object_put(o);
	json_tokener_free(tokener);
	return is;
}

/* Since 4.21 libxl reads JSON by another library, which doesn't mind what is no UTF-8. */
static void unreadable(const char *text, size_t n, struct config_taken *t)
{
	size_t at = 0;

	while (at < n && strchr(" \t\r\n", text[at]) && text[at])
		at++;
	if (at == n || text[at] != '{')
		t->refused = true;
	else if (!xst_utf8_valid(text, n, &at))
		t->since = XST_XEN(4, 21, 0);
	else
		t->refused = n < LIMIT_CONFIG_SIZE && !is_json(text, n);
	(void)snprintf(t->why, sizeof(t->why),
		       t->since ? "JSON that is no UTF-8" : "what can't be read");
}

int xst_config_taken(const char *text, size_t n, struct config_taken *ret)
{
	struct config_error err;
	struct config *c;
	int r = xst_config_parse(text, n, CONFIG_AS_XL, &c, &err);

	memset(ret, 0, sizeof(*ret));
	if (r == XST_E_NOMEM)
		return r;
	if (r) {
		unreadable(text, n, ret);
		return 0;
	}
	r = words(c, ret);
	xst_config_free(c);
	return r;
}
