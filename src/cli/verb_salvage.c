/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <string.h>

#include "cli/config_choice.h"
#include "cli/conversion.h"

static struct {
	int force;
} opt;

static const struct poptOption table[] = {
	{ "force", 'f', POPT_ARG_NONE, &opt.force, 0,
	  "write an image to look at even if no guest can be started from it", NULL },
	POPT_TABLEEND
};

static int salvage(int argc, const char **argv);

const struct verb xst_cli_verb_salvage = {
	.name = "salvage",
	.arguments = "IN OUT",
	.summary = "Make the best restorable image of a damaged one, and say what is lost",
	.example = "  xenstream salvage cut.save whole.save",
	.run = salvage,
};

/* Notes are printed, too: they tell what was left out. */
static void salvage_verb_tell(void *file, const struct xst_finding *f)
{
	if (!common.quiet)
		xst_cli_print_finding(stderr, file, f);
}

/* Advice on an image that is cut off. */
static const char *salvage_verb_advice(const struct conversion *w)
{
	if (opt.force)
		return "it has no complete record of the guest, so there is nothing to make an image of";
	if (w->rule && strcmp(w->rule, "convert.cut") == 0)
		return "--force makes an image of the guest's own state";
	return "it has no complete state of the guest; --force makes an image, to look at, of the "
	       "records that are complete";
}

static int salvage(int argc, const char **argv)
{
	struct xst_converter_options to = { .size = sizeof(to) };
	struct conversion w = {
		.verb = &xst_cli_verb_salvage,
		.tell = salvage_verb_tell,
		.salvage = true,
		.options = { .size = sizeof(w.options), .converter = &to, .flatten = true }
	};
	struct config_choice choice = { .file = NULL };
	int code = EXIT_FINE;
	poptContext ctx = xst_cli_options_parse(&xst_cli_verb_salvage, argc, argv, table, &code);
	const char *in, *out;

	if (!ctx)
		return code;
	in = xst_cli_options_argument(ctx);
	out = xst_cli_options_argument(ctx);
	w.options.cut = opt.force ? XST_CUT_ANYWHERE : XST_CUT_HARMLESS;
	to.config = xst_cli_config_choice_make;
	to.config_userdata = &choice;
	to.flags = opt.force ? XST_CONVERT_FORCE : 0;
	if (!in || !out || xst_cli_options_argument(ctx))
		code = xst_cli_names_error(&xst_cli_verb_salvage, "two names: IN and OUT");
	else {
		choice.input = xst_cli_input_name(in);
		code = xst_cli_conversion_run(&w, in, out);
	}
	if (w.error == XST_E_TRUNCATED)
		xst_cli_say("%s", salvage_verb_advice(&w));
	xst_cli_config_choice_clear(&choice);
	poptFreeContext(ctx);
	return code;
}
