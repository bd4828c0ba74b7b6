/* SPDX-License-Identifier: MIT */
#include "cli/config_choice.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/config_verbs.h"
#include "config/foreign/foreign_config.h"
#include "config/stored.h"

int xst_cli_config_choice_read(struct config_choice *c)
{
	int code = c->file ? xst_cli_text_read_file(c->file, &c->given, &c->ngiven) : EXIT_FINE;

	if (code || !c->file || strspn(c->given, " \t\r\n") < c->ngiven)
		return code;
	xst_cli_say("%s: is empty; a configuration is needed", xst_cli_input_name(c->file));
	return EXIT_INVALID;
}

void xst_cli_config_choice_clear(struct config_choice *c)
{
	free(c->given);
	free(c->made);
	c->given = c->made = NULL;
}

/* --- remarks ----------------------------------------------------------------------------------- */

static void choice_remark(const struct config_choice *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void choice_remark(const struct config_choice *c, const char *format, ...)
{
	char text[400];
	va_list ap;

	if (common.quiet)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	xst_cli_progress_clear();
	xst_cli_say("%s: remark: %s [convert.config]", c->input, text);
}

/* --- xl's languages -------------------------------------------------------------------------- */

static void loss(void *choice, const char *key, const char *why)
{
	choice_remark(choice, "%s is left out of the configuration: %s", key, why);
}

static void nonsense(void *choice, const struct config_complaint *what)
{
	const struct config_choice *c = choice;

	if (what->line)
		choice_remark(c, "%s:%u:%u: %s: %s", c->file, what->line, what->column, what->key,
			      what->text);
	else
		choice_remark(c, "%s: %s: %s", c->file, what->key, what->text);
}

/* Converts a document to the language to store it in. */
static int store_document(struct config_choice *c, const struct config *doc, struct xst_config *ret,
			  struct config_error *err)
{
	struct config_stored stored;
	int r = xst_config_to_stored(doc, c->format, loss, c, &stored, err);

	if (r)
		return r;
	c->made = stored.bytes;
	ret->data = (const uint8_t *)stored.bytes;
	ret->size = stored.n;
	ret->json = stored.json;
	return 0;
}

/* Remarks on faults that xl accepts silently: a key set twice, text that is not UTF-8. */
static int tell_doubt(const struct config_choice *c)
{
	struct config_error err = { .text = "" };
	struct config *doc;
	char why[300];
	int r = xst_config_parse(c->given, c->ngiven, 0, &doc, &err);

	if (r == 0)
		xst_config_free(doc);
	if (r == 0 || r == XST_E_NOMEM)
		return r;
	(void)xst_config_error_format(&err, xst_cli_input_name(c->file), why, sizeof(why));
	choice_remark(c, "%s; it is stored unchanged", why);
	return 0;
}

static int tell_nonsense(struct config_choice *c, const struct config *doc)
{
	int r = tell_doubt(c);

	return r == 0 && xst_config_check(doc, nonsense, c) == XST_E_NOMEM ? XST_E_NOMEM : r;
}

/* Stores a document in one of xl's languages.  Only a given one is checked for values that no Xen accepts,
 * since a stored one is not the caller's doing. */
static int choice_store(struct config_choice *c, const char *text, size_t n, struct xst_config *ret,
			struct config_error *err)
{
	struct config *doc;
	int r = xst_config_parse(text, n, CONFIG_AS_XL, &doc, err);

	if (r)
		return r;
	if (text == c->given)
		r = tell_nonsense(c, doc);
	if (r == 0)
		r = store_document(c, doc, ret, err);
	xst_config_free(doc);
	return r;
}

/* --- other toolstacks' ----------------------------------------------------------------------- */

/* The stream's guest type overrules the configuration's; in a stream PVH looks like HVM. */
static void settle_type(const struct config_choice *c, struct config_view *v, enum xst_guest guest)
{
	enum config_type type = guest == XST_GUEST_PV    ? CONFIG_TYPE_PV
				: guest == XST_GUEST_HVM ? CONFIG_TYPE_HVM
							 : CONFIG_TYPE_UNKNOWN;
	bool pv = v->type == CONFIG_TYPE_PV;

	if (type == CONFIG_TYPE_UNKNOWN)
		return;
	if (v->type != CONFIG_TYPE_UNKNOWN && pv == (type == CONFIG_TYPE_PV))
		return;
	if (v->type != CONFIG_TYPE_UNKNOWN)
		choice_remark(c,
			      "the configuration says a guest of type %s, but the stream holds "
			      "one of type %s, which is stored",
			      xst_config_type_name(v->type), xst_config_type_name(type));
	v->type = type;
}

static int choice_translate(struct config_choice *c, enum config_foreign_language language,
			    const char *text, size_t n, struct xst_config *ret,
			    struct config_error *err)
{
	struct config_foreign f;
	size_t lines, made;
	char *cfg;
	int r = xst_foreign_read(language, text, n, &f, err);

	if (r)
		return r;
	settle_type(c, &f.view, ret->guest);
	r = xst_foreign_print(&f, &cfg, &made);
	lines = f.nleft_out;
	xst_foreign_clear(&f);
	if (r)
		return r;
	r = choice_store(c, cfg, made, ret, err);
	free(cfg);
	if (r == 0)
		choice_remark(c, "the configuration is translated from %s; %s",
			      xst_foreign_name(language),
			      !lines ? "nothing is left out"
			      : c->format == CONFIG_JSON
				      ? "settings that xl does not have are left out"
				      : "settings that xl does not have are kept as comments");
	return r;
}

/* Recognises a language by its first characters. */
static enum config_foreign_language choice_recognise(const char *text, size_t n)
{
	while (n && isspace((unsigned char)*text)) {
		text++;
		n--;
	}
	if (n && *text == '<')
		return CONFIG_LIBVIRT;
	if (n >= 2 && text[0] == '(' && text[1] == '(')
		return CONFIG_XENOPS;
	return n && *text == '(' ? CONFIG_XEND : CONFIG_OWN;
}

/* --- the choice ------------------------------------------------------------------------------ */

static int given_for_xl(struct config_choice *c, struct xst_config *ret, struct config_error *err)
{
	enum config_foreign_language language = choice_recognise(c->given, c->ngiven);

	if (language != CONFIG_OWN)
		return choice_translate(c, language, c->given, c->ngiven, ret, err);
	return choice_store(c, c->given, c->ngiven, ret, err);
}

/* A container stores its own language only, since xl has no settings for most of its contents. */
static int given_for_others(struct config_choice *c, struct xst_config *ret,
			    struct config_error *err)
{
	enum config_foreign_language wanted = xst_foreign_of(ret->layer);
	struct config_foreign f;
	int r;

	if (choice_recognise(c->given, c->ngiven) != wanted)
		return xst_config_refuse(err, XST_E_REFUSED,
					 "the output stores %s, and this configuration is not one",
					 xst_foreign_name(wanted));
	r = xst_foreign_read(wanted, c->given, c->ngiven, &f, err);
	if (r)
		return r;
	xst_foreign_clear(&f);
	ret->data = (const uint8_t *)c->given;
	ret->size = c->ngiven;
	if (wanted == CONFIG_LIBVIRT && c->given[c->ngiven - 1])
		ret->size++; /* the NUL after it */
	return 0;
}

/* A faulty configuration does not stop the conversion: the guest can be restored with another one. */
static int stored_for_xl(struct config_choice *c, const struct xst_config *stored,
			 struct xst_config *ret)
{
	enum config_foreign_language language = xst_foreign_of(stored->layer);
	struct config_error err = { .text = "out of memory" };
	const char *text = (const char *)stored->data;
	char why[300];
	int r;

	if (!stored->size || (language == CONFIG_OWN && !c->format))
		return 0;
	r = language != CONFIG_OWN
		    ? choice_translate(c, language, text, stored->size, ret, &err)
		    : choice_store(c, text, stored->size, ret, &err);
	if (r == 0 || r == XST_E_NOMEM)
		return r;
	(void)xst_config_error_format(&err, "the configuration", why, sizeof(why));
	choice_remark(c, "%s: it is %s; give one with --config", why,
		      language != CONFIG_OWN ? "left out" : "stored unchanged");
	return 0;
}

int xst_cli_config_choice_make(void *userdata, const struct xst_config *stored,
			       struct xst_config *ret, char *why, size_t size)
{
	struct config_error err = { .text = "out of memory" };
	struct config_choice *c = userdata;
	int r;

	if (!c->file && c->wanted && ret->layer == XST_LAYER_XL && !stored->size) {
		(void)snprintf(why, size, "xl restores nothing without a configuration, and "
			       "%.100s holds none: give one (--config FILE)", c->input);
		return XST_E_REFUSED;
	}
	if (!c->file)
		return ret->layer == XST_LAYER_XL ? stored_for_xl(c, stored, ret) : 0;
	if (ret->layer == XST_LAYER_XL)
		r = given_for_xl(c, ret, &err);
	else
		r = given_for_others(c, ret, &err);
	if (r)
		(void)xst_config_error_format(&err, c->file, why, size);
	return r;
}
