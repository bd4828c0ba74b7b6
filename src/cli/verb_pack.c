/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <limits.h>
#include <string.h>

#include "cli/choice.h"
#include "cli/config_choice.h"
#include "cli/conversion.h"
#include "cli/format_choice.h"
#include "config/stored.h"

#define UNSET INT_MIN

static struct {
	char *to, *compress, *config, *config_format;
	int image_version, force, sync;
} opt = { .image_version = UNSET };

static char to_help[160]; /* with the words in the table of formats */

static const struct poptOption table[] = {
	{ "to", 't', POPT_ARG_STRING, &opt.to, 0, to_help, "FORMAT" },
	{ "image-version", '\0', POPT_ARG_INT, &opt.image_version, 0,
	  "version of the libxc image: 2 or 3 (default: as when it was restored)", "N" },
	{ "config", 'c', POPT_ARG_STRING, &opt.config, 0,
	  "store this configuration instead of DIR/config", "FILE" },
	{ "config-format", '\0', POPT_ARG_STRING, &opt.config_format, 0,
	  "store the configuration as " CONFIG_FORMAT_WORDS, "LANGUAGE" },
	{ "compress", 'z', POPT_ARG_STRING, &opt.compress, 0,
	  "compress the output: " COMPRESS_HELP, "FORMAT[:LEVEL]" },
	{ "force", 'f', POPT_ARG_NONE, &opt.force, 0,
	  "leave out what the output has no place for; write an image that no Xen restores", NULL },
	{ "sync", '\0', POPT_ARG_NONE, &opt.sync, 0,
	  "wait until a new file is on disk (done in any case if it replaces another)", NULL },
	POPT_TABLEEND
};

static int pack(int argc, const char **argv);

const struct verb xst_cli_verb_pack = {
	.name = "pack",
	.arguments = "DIR OUT",
	.summary = "Make an image of a directory that restore has filled",
	.example = "  xenstream pack guest.d guest.save && xl restore guest.save\n"
		   "  xenstream pack --config clone.cfg guest.d - | ssh host xl restore /dev/stdin",
	.run = pack,
};

static void pack_verb_tell(void *directory, const struct xst_finding *f)
{
	if (!common.quiet && f->severity != XST_NOTE)
		xst_cli_print_finding(stderr, directory, f);
}

/* --- options ---------------------------------------------------------------------------------- */

static int pack_verb_read_container(struct xst_converter_options *to)
{
	char words[100];

	if (opt.to)
		to->to = xst_cli_format_parse(xst_cli_format_of_xl, opt.to);
	if (opt.to && !to->to)
		return xst_cli_usage_error(
			&xst_cli_verb_pack, "--to %s: not %s", opt.to,
			xst_cli_format_words(xst_cli_format_of_xl, "", words, sizeof(words)));
	if (opt.image_version != UNSET && opt.image_version != 2 && opt.image_version != 3)
		return xst_cli_usage_error(&xst_cli_verb_pack, "--image-version %d: not 2 or 3",
					   opt.image_version);
	to->image_version = opt.image_version == UNSET ? 0 : (uint32_t)opt.image_version;
	to->flags = opt.force ? XST_CONVERT_FORCE : 0;
	return EXIT_FINE;
}

static int pack_verb_read_config(struct config_choice *c, struct xst_converter_options *to)
{
	if (xst_cli_choose_config_format(&xst_cli_verb_pack, opt.config_format, &c->format))
		return EXIT_USAGE;
	if ((opt.config || opt.config_format) && xst_cli_format_bare(to->to))
		return xst_cli_usage_error(&xst_cli_verb_pack,
					   "--to %s has no place for a configuration", opt.to);
	if (opt.config && !to->to)
		to->to = XST_CONTAINER_XL;
	c->file = opt.config;
	c->wanted = to->to == XST_CONTAINER_XL && !opt.force;
	to->config = xst_cli_config_choice_make;
	to->config_userdata = c;
	return xst_cli_config_choice_read(c);
}

static int pack_verb_read_options(struct conversion *w, struct config_choice *c,
				  struct xst_converter_options *to)
{
	int code = pack_verb_read_container(to);

	if (code == EXIT_FINE)
		code = xst_cli_choose_compression(&xst_cli_verb_pack, opt.compress, &w->format,
						  &w->level);
	w->sync = opt.sync;
	return code ? code : pack_verb_read_config(c, to);
}

/* --- the run ---------------------------------------------------------------------------------- */

/* A finding about a file of the directory names that file in its text. */
static int pack_verb_failed(const char *directory, struct output *out,
			    const struct xst_finding *error)
{
	if (error->rule && strcmp(error->rule, "output.io") == 0)
		return xst_cli_output_tell(out, error);
	if (error->rule && strcmp(error->rule, "directory.fault") == 0)
		xst_cli_say("%s", error->text);
	else
		xst_cli_print_finding(stderr, directory, error);
	return xst_cli_exit_for(error->code);
}

static int pack_verb_save(const char *directory, struct output *out,
			  const struct xst_converter_options *to)
{
	struct xst_finding error = { 0 };
	struct xst_job_options job = { .size = sizeof(job),
				       .finding = pack_verb_tell,
				       .progress = xst_cli_progress_tell,
				       .userdata = (void *)directory,
				       .tmpdir = common.tmpdir };
	struct xst_save_options o = { .size = sizeof(o), .job = &job, .converter = to };
	int r;

	xst_cli_progress_start(directory);
	r = xst_save_directory(directory, out->stream, &o, &error);
	xst_cli_progress_end();
	return r ? pack_verb_failed(directory, out, &error) : xst_cli_output_commit(out);
}

static int pack_verb_run(struct conversion *w, const char *directory, const char *file)
{
	struct output out = { 0 };
	int code = xst_cli_output_open(&out, &xst_cli_verb_pack, file, -1, w->sync, w->format,
				       w->level);

	if (code == EXIT_FINE)
		code = pack_verb_save(directory, &out, w->options.converter);
	if (code == EXIT_FINE)
		xst_cli_conversion_done(directory, &out);
	xst_cli_output_close(&out);
	return code;
}

static int pack(int argc, const char **argv)
{
	struct xst_converter_options to = { .size = sizeof(to) };
	struct conversion w = { .verb = &xst_cli_verb_pack,
				.options = { .size = sizeof(w.options), .converter = &to } };
	struct config_choice choice = { .file = NULL };
	int code = EXIT_FINE;
	const char *directory, *out;
	poptContext ctx;

	(void)xst_cli_format_words(xst_cli_format_of_xl,
				   "; by default the format it was restored from", to_help,
				   sizeof(to_help));
	ctx = xst_cli_options_parse(&xst_cli_verb_pack, argc, argv, table, &code);
	if (!ctx)
		return code;
	directory = xst_cli_options_argument(ctx);
	out = xst_cli_options_argument(ctx);
	choice.input = directory;
	if (!directory || !out || xst_cli_options_argument(ctx))
		code = xst_cli_names_error(&xst_cli_verb_pack, "two names: DIR and OUT");
	else
		code = pack_verb_read_options(&w, &choice, &to);
	if (code == EXIT_FINE)
		code = pack_verb_run(&w, directory, out);
	xst_cli_config_choice_clear(&choice);
	poptFreeContext(ctx);
	return code;
}
