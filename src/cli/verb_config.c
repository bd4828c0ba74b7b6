/* SPDX-License-Identifier: MIT */
/* Reading, changing and replacing the configuration in front of a saved domain. */
#include "cli/config_verbs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/choice.h"
#include "config/keys/key.h"

static const struct poptOption table[] = {
	{ "as-stored", '\0', POPT_ARG_NONE, &config_opt.as_stored, 0,
	  "show: print the bytes exactly as stored", NULL },
	{ "json", 'j', POPT_ARG_NONE, &config_opt.json, 0, "show, edit: in JSON", NULL },
	{ "cfg", '\0', POPT_ARG_NONE, &config_opt.cfg, 0, "show, edit: in xl.cfg text", NULL },
	{ "output", 'o', POPT_ARG_STRING, &config_opt.output, 0,
	  "write a changed copy to OUT (- for standard output) and leave FILE unchanged", "OUT" },
	{ "config-format", '\0', POPT_ARG_STRING, &config_opt.format_name, 0,
	  "store it as " CONFIG_FORMAT_WORDS " (default: unchanged)",
	  "FORMAT" },
	{ "backup", '\0', POPT_ARG_NONE, &config_opt.backup, 0,
	  "keep the old header as FILE.bak", NULL },
	{ "dry-run", 'n', POPT_ARG_NONE, &config_opt.dry_run, 0, "check everything but change nothing",
	  NULL },
	{ "compress", 'z', POPT_ARG_STRING, &config_opt.compress, 0,
	  "compress OUT: " COMPRESS_HELP, "FORMAT[:LEVEL]" },
	{ "sync", '\0', POPT_ARG_NONE, &config_opt.sync, 0,
	  "wait until a new OUT is on disk (done in any case if it replaces a file)", NULL },
	{ "force", 'f', POPT_ARG_NONE, &config_opt.force, 0,
	  "store values that no Xen accepts; leave out settings the other language can't express", NULL },
	POPT_TABLEEND
};

static int config_verb_source(int argc, const char **argv);

const struct verb xst_cli_verb_config = {
	.name = "config",
	.arguments = "show|get|set|unset|replace|edit|drop\n"
		     "                                    FILE [ARGUMENT...]",
	.summary = "Show an image's configuration, or change it in place",
	.example = "  xenstream config set old.save name=clone1\n"
		   "  xl save -c a /dev/stdout | xenstream config set - name=b -o - > b.save",
	.run = config_verb_source,
};

/* --- show ------------------------------------------------------------------------------------ */

/* Prints text from an image line by line, made safe for a terminal. */
static void print_lines(const char *text, size_t n)
{
	const char *end = text + n;

	for (; text < end; text++) {
		size_t k = strcspn(text, "\n\t");
		char *part = strndup(text, k);

		if (part)
			xst_cli_print_text(stdout, part);
		free(part);
		text += k;
		if (text < end && *text)
			putchar(*text);
	}
}

static void print_bytes(const void *data, size_t n)
{
	if (isatty(STDOUT_FILENO))
		print_lines(data, n);
	else
		fwrite(data, 1, n, stdout);
	(void)xst_cli_stdout_error();
}

/* Prints a document without the NUL that ends JSON, and ends its last line. */
static void print_document(const char *text, size_t n)
{
	while (n && text[n - 1] == '\0')
		n--;
	print_bytes(text, n);
	if (n && text[n - 1] != '\n')
		putchar('\n');
	(void)xst_cli_stdout_error();
}

static int show_in(const struct target *t, enum config_language language)
{
	struct config *c = NULL, *other = NULL;
	struct config_error err = { .text = "" };
	char *text;
	size_t n;
	int code = xst_cli_text_to_read(t, &c), r;

	if (!code)
		code = xst_cli_text_translate(t->name, c, language, true, &other);
	xst_config_free(c);
	if (code)
		return code;
	r = xst_config_print(other, &text, &n);
	xst_config_free(other);
	if (r)
		return xst_cli_text_error(t->name, r, &err);
	print_document(text, n);
	free(text);
	return EXIT_FINE;
}

static int show(struct target *t, const char *const *arguments)
{
	const struct xst_head *h = t->head;

	(void)arguments;
	if (config_opt.json || config_opt.cfg)
		return show_in(t, config_opt.json ? CONFIG_JSON : CONFIG_CFG);
	if (!h->config) {
		xst_cli_say("%s: no configuration is stored", t->name);
		return EXIT_INVALID;
	}
	if (config_opt.as_stored)
		print_bytes(h->config, (size_t)h->config_size);
	else
		print_document((const char *)h->config, (size_t)h->config_size);
	return EXIT_FINE;
}

/* --- get ------------------------------------------------------------------------------------- */

static int get_one(const struct target *t, const struct config *c, const char *key)
{
	struct config_error err = { .text = "" };
	char *value;
	int r = xst_config_get(c, key, &value, &err);

	if (r == 0) {
		print_document(value, strlen(value));
		if (!*value)
			putchar('\n');
		free(value);
		return EXIT_FINE;
	}
	(void)xst_cli_text_error(t->name, r, &err);
	return r == XST_E_UNKNOWN ? EXIT_REMARKS : r == XST_E_ARG ? EXIT_USAGE : EXIT_TROUBLE;
}

static int get(struct target *t, const char *const *keys)
{
	struct config *c = NULL;
	int code = xst_cli_text_to_read(t, &c);

	for (; !code && *keys; keys++)
		code = get_one(t, c, *keys);
	xst_config_free(c);
	return code;
}

/* --- set, unset ------------------------------------------------------------------------------ */

/* Refuses a misspelt key, which every Xen would silently ignore. */
static int know_key(const struct config *c, const char *key, struct config_error *err)
{
	char *value;

	if (config_opt.force || strpbrk(key, ".[\"") || xst_key_find(key))
		return 0;
	if (xst_config_get(c, key, &value, NULL) == 0) {
		free(value);
		return 0;
	}
	if (xst_config_language(c) == CONFIG_CFG)
		return xst_config_fail(err, XST_E_ARG, 0, 0,
				       "%.64s: not a key of xl.cfg; --force sets it", key);
	return xst_config_fail(err, XST_E_ARG, 0, 0,
			       "%.64s: not a key of xl.cfg; --force sets it, .%.64s means a path in JSON", key,
			       key);
}

/* KEY=VALUE or KEY+=VALUE.  A path in JSON may contain "=" in quotes. */
static int set_one(struct config *c, const char *setting, struct config_error *err)
{
	const char *equals = setting;
	bool quoted = false, append;
	char *key;
	int r;

	for (; *equals && (quoted || *equals != '='); equals++)
		quoted ^= *equals == '"';
	append = *equals && equals > setting && equals[-1] == '+';
	if (!*equals || equals == setting + append)
		return xst_config_fail(err, XST_E_ARG, 0, 0, "%s: not KEY=VALUE", setting);
	key = strndup(setting, (size_t)(equals - setting) - append);
	r = key ? know_key(c, key, err) : XST_E_NOMEM;
	if (r == 0)
		r = append ? xst_config_append(c, key, equals + 1, err)
			   : xst_config_set(c, key, equals + 1, err);
	free(key);
	return r;
}

static int unset_one(struct config *c, const char *key, struct config_error *err)
{
	return xst_config_unset(c, key, err);
}

/* A fault in the arguments is wrong usage, not a fault of the image. */
static int argument_failed(const struct target *t, int r, const struct config_error *err)
{
	int code = xst_cli_text_error(t->name, r, err);

	return r == XST_E_ARG || r == XST_E_MALFORMED ? EXIT_USAGE : code;
}

static int config_verb_store(struct target *t, const struct config *before,
			     const struct config *now)
{
	struct config_stored s;
	int code = xst_cli_text_judge(t->name, before, now);

	if (!code)
		code = xst_cli_text_to_store(t->name, now, config_opt.format, &s);
	if (code)
		return code;
	code = xst_cli_target_store(t, &s);
	xst_config_stored_clear(&s);
	return code;
}

static int config_verb_change(struct target *t, const char *const *arguments,
			      int (*one)(struct config *c, const char *argument,
					 struct config_error *err))
{
	struct config *before = NULL, *now = NULL;
	struct config_error err = { .text = "" };
	int code = xst_cli_text_of_head(t, &before), r = 0;

	if (!code) /* a copy */
		code = xst_cli_text_translate(t->name, before, xst_config_language(before), true,
					      &now);
	for (; !code && !r && *arguments; arguments++)
		r = one(now, *arguments, &err);
	if (r)
		code = argument_failed(t, r, &err);
	if (!code)
		code = config_verb_store(t, before, now);
	xst_config_free(before);
	xst_config_free(now);
	return code;
}

static int config_verb_set(struct target *t, const char *const *settings)
{
	return config_verb_change(t, settings, set_one);
}

static int unset(struct target *t, const char *const *keys)
{
	return config_verb_change(t, keys, unset_one);
}

/* --- replace, drop, edit --------------------------------------------------------------------- */

/* Compares the guest's type with the stored one, if that can be read. */
static int compare_type(const struct target *t, const char *name, const struct config *now)
{
	const struct xst_head *h = t->head;
	struct config *before;
	int code;

	if (h->layer != XST_LAYER_XL || !h->config ||
	    xst_config_parse((const char *)h->config, (size_t)h->config_size, CONFIG_AS_XL, &before,
			     NULL) != 0)
		return EXIT_FINE;
	code = xst_cli_text_judge_type(name, before, now);
	xst_config_free(before);
	return code;
}

static int config_verb_replace(struct target *t, const char *const *arguments)
{
	const char *file = arguments[0];
	struct config *c = NULL;
	char *text = NULL;
	size_t n;
	int code;

	code = xst_cli_text_read_file(file, &text, &n);
	if (!code)
		code = xst_cli_text_parse_new(xst_cli_input_name(file), text, n, &c);
	if (!code)
		code = xst_cli_text_judge(xst_cli_input_name(file), NULL, c);
	if (!code)
		code = compare_type(t, xst_cli_input_name(file), c);
	if (!code)
		code = config_verb_store(t, c, c);
	xst_config_free(c);
	free(text);
	return code;
}

static int config_verb_drop(struct target *t, const char *const *arguments)
{
	(void)arguments;
	return xst_cli_target_store(t, NULL);
}

/* The document for the editor, and the language to store it in afterwards. */
static int prepare_edit(const struct target *t, struct config **ret, enum config_language *stored)
{
	enum config_language wanted = config_opt.json  ? CONFIG_JSON
				      : config_opt.cfg ? CONFIG_CFG
						       : 0;
	struct config *c, *other;
	int code = xst_cli_text_of_head(t, &c);

	if (code)
		return code;
	*stored = config_opt.format ? config_opt.format : wanted ? xst_config_language(c) : 0;
	*ret = c;
	if (!wanted || wanted == xst_config_language(c))
		return EXIT_FINE;
	code = xst_cli_text_translate(t->name, c, wanted, false, &other);
	xst_config_free(c);
	*ret = code ? NULL : other;
	return code;
}

/* The image was closed while the editor ran, so it is opened again. */
static int store_edited(const struct target *read, const struct config *now,
			enum config_language language)
{
	struct config_stored s;
	struct target t;
	int code = xst_cli_text_to_store(read->name, now, language, &s);

	if (code)
		return code;
	code = xst_cli_target_open_to_change(&t, read->file);
	if (!code && !xst_cli_target_has_config(&t, read->head->config, read->head->config_size)) {
		xst_cli_say("%s: the configuration has changed in the meantime", t.name);
		code = EXIT_IO;
	}
	if (!code)
		code = xst_cli_target_store(&t, &s);
	xst_cli_target_close(&t);
	xst_config_stored_clear(&s);
	return code;
}

static int edit(struct target *t, const char *const *arguments)
{
	enum config_language language = 0;
	struct config *c = NULL, *now = NULL;
	char *draft = NULL;
	int code;

	(void)arguments;
	if (strcmp(t->file, "-") == 0)
		return xst_cli_usage_error(&xst_cli_verb_config,
					   "edit needs a file, since the editor uses standard input");
	code = xst_cli_target_may_change(t);
	if (!code)
		code = prepare_edit(t, &c, &language);
	if (t->reads) /* no other process should wait for the editor */
		xst_cli_input_abandon(&t->in);
	t->reads = false;
	if (!code)
		code = xst_cli_edit_document(c, &now, &draft);
	if (!code && now)
		code = store_edited(t, now, language);
	else if (!code && !common.quiet)
		xst_cli_say("%s: nothing to change", t->name);
	if (code && now)
		xst_cli_edit_keep(draft);
	else
		xst_cli_edit_forget(draft);
	xst_config_free(c);
	xst_config_free(now);
	return code;
}

/* --- the verb -------------------------------------------------------------------------------- */

enum { AT_LEAST_ONE = -1 };

static const struct subcommand {
	const char *name;
	int arguments; /* after FILE: a number, or AT_LEAST_ONE */
	const char *wants;
	bool changes, shows; /* the options it takes */
	bool opens_itself;
	int (*run)(struct target *t, const char *const *arguments);
} subcommands[] = {
	{ "show", 0, "FILE", false, true, false, show },
	{ "get", AT_LEAST_ONE, "FILE KEY...", false, false, false, get },
	{ "set", AT_LEAST_ONE, "FILE KEY=VALUE...", true, false, false, config_verb_set },
	{ "unset", AT_LEAST_ONE, "FILE KEY...", true, false, false, unset },
	{ "replace", 1, "FILE NEWCONFIG", true, false, false, config_verb_replace },
	{ "edit", 0, "FILE", true, true, true, edit },
	{ "drop", 0, "FILE", true, false, false, config_verb_drop },
};

static const struct subcommand *config_verb_find(const char *name)
{
	for (size_t i = 0; name && i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
		if (strcmp(name, subcommands[i].name) == 0)
			return &subcommands[i];
	return NULL;
}

static int read_formats(void)
{
	struct config_options *o = &config_opt;
	int code = xst_cli_choose_config_format(&xst_cli_verb_config, o->format_name, &o->format);

	return code ? code
		    : xst_cli_choose_compression(&xst_cli_verb_config, o->compress,
						 &o->compression, &o->level);
}

/* Only replace reads a second file; "-" is never a setting. */
static bool reads_twice(const char *file, const char *const *arguments)
{
	return strcmp(file, "-") == 0 && arguments && *arguments && strcmp(*arguments, "-") == 0;
}

/* An option that has no effect on the subcommand is a mistake. */
static int config_verb_check_options(const struct subcommand *s, const char *file,
				     const char *const *arguments)
{
	const struct config_options *o = &config_opt;

	if (!s->shows && (o->json || o->cfg || o->as_stored))
		return xst_cli_usage_error(&xst_cli_verb_config,
					   "--as-stored, --json and --cfg are for show and edit only");
	if (o->json + o->cfg + o->as_stored > 1 || (s->changes && o->as_stored))
		return xst_cli_usage_error(&xst_cli_verb_config, "%s takes only one of --json%s",
					   s->name,
					   s->changes ? " and --cfg" : ", --cfg and --as-stored");
	if (!s->changes && (o->output || o->format_name || o->backup || o->dry_run || o->compress ||
			    o->sync || o->force))
		return xst_cli_usage_error(&xst_cli_verb_config,
					   "%s changes nothing, so options for a change have no effect",
					   s->name);
	if (o->output && o->backup)
		return xst_cli_usage_error(&xst_cli_verb_config,
					   "--backup is for changes in place, not for --output");
	if (!o->output && (o->compress || o->sync))
		return xst_cli_usage_error(&xst_cli_verb_config,
					   "--compress and --sync need --output");
	if (s->changes && strcmp(file, "-") == 0 && !o->output)
		return xst_cli_usage_error(
			&xst_cli_verb_config,
			"standard input can't be changed in place; use --output (- for standard output)");
	if (reads_twice(file, arguments))
		return xst_cli_usage_error(&xst_cli_verb_config,
					   "only one of FILE and NEWCONFIG may be standard input");
	return read_formats();
}

static int config_verb_run(const struct subcommand *s, const char *file,
			   const char *const *arguments)
{
	struct target t;
	int code = s->changes && !s->opens_itself ? xst_cli_target_open_to_change(&t, file)
						  : xst_cli_target_open_to_read(&t, file);

	if (!code)
		code = s->run(&t, arguments);
	xst_cli_target_close(&t);
	return code;
}

static int config_verb_source(int argc, const char **argv)
{
	int code = EXIT_FINE, n = 0;
	poptContext ctx = xst_cli_options_parse(&xst_cli_verb_config, argc, argv, table, &code);
	const struct subcommand *s;
	const char **arguments, *name, *file;

	if (!ctx)
		return code;
	config_opt.verb = &xst_cli_verb_config;
	name = xst_cli_options_argument(ctx);
	s = config_verb_find(name);
	file = xst_cli_options_argument(ctx);
	arguments = poptGetArgs(ctx);
	while (arguments && arguments[n])
		n++;
	if (!s)
		code = xst_cli_usage_error(&xst_cli_verb_config,
					   "%s%s one of show, get, set, unset, replace, edit and drop",
					   name ? name : "", name ? " is not" : "needs");
	else if (!file || (s->arguments == AT_LEAST_ONE ? n == 0 : n != s->arguments))
		code = xst_cli_usage_error(&xst_cli_verb_config, "%s needs %s", s->name, s->wants);
	else
		code = config_verb_check_options(s, file, arguments);
	if (!code)
		code = config_verb_run(s, file, arguments);
	poptFreeContext(ctx);
	return code;
}
