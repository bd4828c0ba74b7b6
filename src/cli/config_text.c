/* SPDX-License-Identifier: MIT */
/* Reading, judging and translating documents for the verb config, with messages for people. */
#include "cli/config_verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/foreign/foreign_config.h"
#include "config/view.h"
#include "limits/limits.h"

struct config_options config_opt;

int xst_cli_text_error(const char *name, int code, const struct config_error *err)
{
	char line[600];

	if (code == XST_E_NOMEM) {
		xst_cli_say("out of memory");
		return EXIT_TROUBLE;
	}
	xst_config_error_format(err, name, line, sizeof(line));
	xst_cli_say("%s", line);
	return xst_cli_exit_for(code);
}

static int text_parse_stored(const char *name, const char *text, size_t n, unsigned flags,
			     struct config **ret)
{
	struct config_error err = { .text = "" };
	int r = xst_config_parse(text, n, flags, ret, &err);

	return r ? xst_cli_text_error(name, r, &err) : EXIT_FINE;
}

/* Parses a configuration that is stored, or was made here. */
static int text_parse(const char *name, const char *text, size_t n, struct config **ret)
{
	return text_parse_stored(name, text, n, CONFIG_AS_XL, ret);
}

int xst_cli_text_parse_new(const char *name, const char *text, size_t n, struct config **ret)
{
	if (strspn(text, " \t\r\n") >= n) { /* an editor or a pipe that has failed */
		xst_cli_say("%s: is empty; config drop removes a configuration", name);
		return EXIT_INVALID;
	}
	return text_parse_stored(name, text, n, config_opt.force ? CONFIG_AS_XL : 0, ret);
}

/* xl goes by the flag, even if the text is in the other language. */
static void compare_flag(const struct target *t, const struct config *c)
{
	bool json = xst_config_language(c) == CONFIG_JSON;

	if (json == !(t->head->mandatory_flags & XST_XL_JSON) && !common.quiet)
		xst_cli_say("%s: remark: the header says the configuration is %s, but it is %s",
			    t->name, json ? "text" : "JSON", json ? "JSON" : "text");
}

int xst_cli_text_of_head(const struct target *t, struct config **ret)
{
	const struct xst_head *h = t->head;
	char name[300];
	int code;

	if (h->layer != XST_LAYER_XL) {
		xst_cli_say("%s: only an xl header can be changed, and this container is %s; "
			    "convert --to xl makes an xl header",
			    t->name, xst_layer_name(h->layer));
		return EXIT_INVALID;
	}
	if (!h->config) {
		xst_cli_say("%s: has no configuration; xenstream config replace stores one", t->name);
		return EXIT_INVALID;
	}
	snprintf(name, sizeof(name), "%s: configuration", t->name);
	code = text_parse(name, (const char *)h->config, (size_t)h->config_size, ret);
	if (!code)
		compare_flag(t, *ret);
	return code;
}

/* Translates another toolstack's configuration to xl.cfg text; the rest becomes comments. */
static int translate_foreign(const struct target *t, const char *name, struct config **ret)
{
	const struct xst_head *h = t->head;
	enum config_foreign_language language = xst_foreign_of(h->layer);
	struct config_error err = { .text = "" };
	struct config_foreign f;
	char *text;
	size_t n;
	int r = xst_foreign_read(language, (const char *)h->config, (size_t)h->config_size, &f,
				 &err);

	if (r)
		return xst_cli_text_error(name, r, &err);
	r = xst_foreign_print(&f, &text, &n);
	xst_foreign_clear(&f);
	if (r)
		return xst_cli_text_error(name, r, &err);
	r = text_parse(name, text, n, ret);
	free(text);
	if (!r && !common.quiet)
		xst_cli_say("%s: remark: translated from %s", t->name, xst_foreign_name(language));
	return r;
}

int xst_cli_text_to_read(const struct target *t, struct config **ret)
{
	char name[300];

	if (t->head->layer == XST_LAYER_XL || !t->head->config)
		return xst_cli_text_of_head(t, ret);
	snprintf(name, sizeof(name), "%s: configuration", t->name);
	return translate_foreign(t, name, ret);
}

/* --- files ----------------------------------------------------------------------------------- */

static int text_read_all(int fd, char *to, size_t *ret_n)
{
	size_t n = 0;
	ssize_t k = 1;

	while (n <= LIMIT_CONFIG && k) {
		k = read(fd, to + n, LIMIT_CONFIG + 1 - n);
		if (k < 0 && errno != EINTR)
			return -errno;
		n += k > 0 ? (size_t)k : 0;
		k = k < 0 ? 1 : k;
	}
	*ret_n = n;
	return n > LIMIT_CONFIG ? -EFBIG : 0;
}

int xst_cli_text_read_file(const char *file, char **ret, size_t *ret_n)
{
	int fd = xst_cli_open_input(file), r;
	char *text;

	if (fd < 0)
		return EXIT_IO;
	text = malloc(LIMIT_CONFIG + 2);
	r = text ? text_read_all(fd, text, ret_n) : -ENOMEM;
	xst_cli_close_input(fd);
	if (r == 0) {
		text[*ret_n] = '\0';
		*ret = text;
		return EXIT_FINE;
	}
	free(text);
	if (r == -EFBIG)
		xst_cli_say("%s: has more than the 4 MiB allowed for a configuration",
			    xst_cli_input_name(file));
	else
		xst_cli_say("%s: %s", xst_cli_input_name(file), xst_cli_system_words(-r));
	return r == -EFBIG ? EXIT_INVALID : r == -ENOMEM ? EXIT_TROUBLE : EXIT_IO;
}

/* --- translating ----------------------------------------------------------------------------- */

struct losses {
	const char *name;
	const char *language;
	unsigned n;
};

static void text_lose(void *userdata, const char *key, const char *why)
{
	struct losses *l = userdata;

	l->n++;
	if (!common.quiet)
		xst_cli_say("%s: %s: %s", l->name, key, why);
}

static const char *language_words(enum config_language language)
{
	return language == CONFIG_JSON ? "JSON" : "xl.cfg text";
}

static int judge_losses(const struct losses *l)
{
	if (!l->n || config_opt.force)
		return EXIT_FINE;
	xst_cli_say("%s: these settings can't be expressed as %s; --force leaves them out", l->name,
		    l->language);
	return EXIT_REFUSED;
}

int xst_cli_text_translate(const char *name, const struct config *c, enum config_language language,
			   bool lenient, struct config **ret)
{
	struct losses l = { .name = name, .language = language_words(language) };
	struct config_error err = { .text = "" };
	int r = xst_config_translate(c, language, text_lose, &l, ret, &err), code;

	if (r)
		return xst_cli_text_error(name, r, &err);
	code = lenient ? EXIT_FINE : judge_losses(&l);
	if (code)
		xst_config_free(*ret);
	return code;
}

int xst_cli_text_to_store(const char *name, const struct config *c, enum config_language language,
			  struct config_stored *ret)
{
	struct losses l = { .name = name, .language = language_words(language) };
	struct config_error err = { .text = "" };
	int r = xst_config_to_stored(c, language, text_lose, &l, ret, &err), code;

	if (r)
		return xst_cli_text_error(name, r, &err);
	code = judge_losses(&l);
	if (code)
		xst_config_stored_clear(ret);
	return code;
}

/* --- judging --------------------------------------------------------------------------------- */

struct complaints {
	struct config_complaint v[LIMIT_COMPLAINTS];
	size_t n;
	const struct complaints *before;
	const char *name;
	unsigned fresh;
};

static void text_remember(void *userdata, const struct config_complaint *c)
{
	struct complaints *all = userdata;

	if (all->n < LIMIT_COMPLAINTS)
		all->v[all->n++] = *c;
}

static bool is_old(const struct complaints *before, const struct config_complaint *c)
{
	for (size_t i = 0; i < before->n; i++)
		if (strcmp(before->v[i].key, c->key) == 0 &&
		    strcmp(before->v[i].text, c->text) == 0)
			return true;
	return false;
}

static void text_complain(void *userdata, const struct config_complaint *c)
{
	struct complaints *now = userdata;

	if (is_old(now->before, c))
		return;
	now->fresh++;
	if (c->line)
		xst_cli_say("%s:%u:%u: %s: %s", now->name, c->line, c->column, c->key, c->text);
	else
		xst_cli_say("%s: %s: %s", now->name, c->key, c->text);
}

static int out_of_memory(void)
{
	xst_cli_say("out of memory");
	return EXIT_TROUBLE;
}

static int text_refuse(const char *name)
{
	xst_cli_say("%s: no Xen accepts this; nothing is changed without --force", name);
	return EXIT_REFUSED;
}

int xst_cli_text_judge_type(const char *name, const struct config *before, const struct config *now)
{
	enum config_type was = xst_config_guest_type(before), is = xst_config_guest_type(now);

	if (was == is || was == CONFIG_TYPE_UNKNOWN || config_opt.force)
		return EXIT_FINE;
	xst_cli_say("%s: type: this guest is of type %s, and a saved guest can't become %s", name,
		    xst_config_type_name(was),
		    is == CONFIG_TYPE_UNKNOWN ? "another type" : xst_config_type_name(is));
	return text_refuse(name);
}

/* The paths of JSON members that have no key in xl.cfg. */
struct members {
	char paths[LIMIT_COMPLAINTS][256];
	size_t n;
	const struct members *before;
	const char *name;
};

static void remember_member(void *userdata, const char *path, const char *why)
{
	struct members *all = userdata;

	if (strcmp(why, xst_config_no_key) == 0 && all->n < LIMIT_COMPLAINTS)
		snprintf(all->paths[all->n++], sizeof(all->paths[0]), "%s", path);
}

static void remark_member(void *userdata, const char *path, const char *why)
{
	const struct members *now = userdata;

	for (size_t i = 0; i < now->before->n; i++)
		if (strcmp(now->before->paths[i], path) == 0)
			return;
	if (strcmp(why, xst_config_no_key) == 0)
		xst_cli_say("%s: remark: %s: %s; libxl ignores a member that it does not know, so "
			    "check the spelling",
			    now->name, path, why);
}

static void find_members(const struct config *c, config_loss_fn fn, struct members *m)
{
	struct config *text;

	if (xst_config_translate(c, CONFIG_CFG, fn, m, &text, NULL) == 0)
		xst_config_free(text);
}

/* A member with a misspelt name is well-formed JSON, and libxl would silently ignore it. */
static void remark_members(const char *name, const struct config *before, const struct config *now)
{
	struct members old = { .n = 0 }, fresh = { .before = &old, .name = name };

	if (common.quiet || xst_config_language(before) != CONFIG_JSON ||
	    xst_config_language(now) != CONFIG_JSON)
		return;
	find_members(before, remember_member, &old);
	find_members(now, remark_member, &fresh);
}

int xst_cli_text_judge(const char *name, const struct config *before, const struct config *now)
{
	struct complaints *old = calloc(1, sizeof(*old));
	struct complaints fresh = { .before = old, .name = name, .n = 0 };
	int r = old ? 0 : XST_E_NOMEM;

	if (r == 0 && before)
		r = xst_config_check(before, text_remember, old);
	if (r >= 0)
		r = xst_config_check(now, text_complain, &fresh);
	free(old);
	if (r < 0)
		return out_of_memory();
	if (fresh.fresh && !config_opt.force)
		return text_refuse(name);
	if (before)
		remark_members(name, before, now);
	return before ? xst_cli_text_judge_type(name, before, now) : EXIT_FINE;
}
