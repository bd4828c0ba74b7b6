/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/choice.h"
#include "cli/config_choice.h"
#include "cli/conversion.h"
#include "cli/format_choice.h"
#include "config/stored.h"

#define UNSET INT_MIN

static struct {
	char *to, *guest;
	int image_version, width, force, sync, checkpoint, fix_libvirt;
	char *checkpoints, *compress, *config, *config_format;
} opt = { .image_version = UNSET, .width = UNSET, .checkpoint = UNSET };

static char to_help[160]; /* with the words in the table of formats */

static const struct poptOption table[] = {
	{ "to", 't', POPT_ARG_STRING, &opt.to, 0, to_help, "FORMAT" },
	{ "image-version", '\0', POPT_ARG_INT, &opt.image_version, 0,
	  "version of the libxc image: 3 (Xen 4.14 and newer, the default) or 2 (Xen 4.6 and newer)", "N" },
	{ "width", 'w', POPT_ARG_INT, &opt.width, 0,
	  "word size expected of a legacy stream's toolstack: 32 or 64; refuse any other",
	  "BITS" },
	{ "guest", 'g', POPT_ARG_STRING, &opt.guest, 0,
	  "guest type expected of a legacy stream: " GUEST_WORDS "; refuse any other", "TYPE" },
	{ "checkpoint", '\0', POPT_ARG_INT, &opt.checkpoint, 0,
	  "take state N of a checkpointed (Remus) stream (default: the last complete state of a legacy one)",
	  "N" },
	{ "checkpoints", '\0', POPT_ARG_STRING, &opt.checkpoints, 0,
	  "what to make of a checkpointed stream: " CHECKPOINTS_WORDS, "WHAT" },
	{ "config", 'c', POPT_ARG_STRING, &opt.config, 0,
	  "store this configuration instead of the input's; one of libvirt, xend or XenServer is "
	  "translated for xl",
	  "FILE" },
	{ "config-format", '\0', POPT_ARG_STRING, &opt.config_format, 0,
	  "store xl's configuration as " CONFIG_FORMAT_WORDS " (default: unchanged)",
	  "FORMAT" },
	{ "compress", 'z', POPT_ARG_STRING, &opt.compress, 0,
	  "compress the output: " COMPRESS_HELP, "FORMAT[:LEVEL]" },
	{ "fix-libvirt", '\0', POPT_ARG_NONE, &opt.fix_libvirt, 0,
	  "convert nothing; correct the version in libvirt's header of FILE, in place", NULL },
	{ "force", 'f', POPT_ARG_NONE, &opt.force, 0,
	  "leave out what the output has no place for; believe the stream over the expected word size "
	  "and guest type", NULL },
	{ "sync", '\0', POPT_ARG_NONE, &opt.sync, 0,
	  "wait until a new file is on disk (done in any case if it replaces another)", NULL },
	POPT_TABLEEND
};

static int convert_verb_run(int argc, const char **argv);

const struct verb xst_cli_verb_convert = {
	.name = "convert",
	.arguments = "IN OUT | --fix-libvirt FILE",
	.summary = "Convert a legacy image to today's format, or between today's formats",
	.example = "  xenstream convert old.save new.save && xl restore new.save\n"
		   "  xenstream convert old.save.gz - | ssh host xl restore /dev/stdin",
	.run = convert_verb_run,
};

static void convert_verb_tell(void *file, const struct xst_finding *f)
{
	if (!common.quiet && f->severity != XST_NOTE)
		xst_cli_print_finding(stderr, file, f);
}

static int convert_verb_read_container(enum xst_container *ret)
{
	char words[100];

	if (!opt.to)
		return EXIT_FINE;
	*ret = xst_cli_format_parse(xst_cli_format_any, opt.to);
	if (*ret)
		return EXIT_FINE;
	return xst_cli_usage_error(
		&xst_cli_verb_convert, "--to %s: not %s", opt.to,
		xst_cli_format_words(xst_cli_format_any, "", words, sizeof(words)));
}

static int convert_verb_read_options(struct conversion *w, struct xst_converter_options *to)
{
	static const enum xst_guest guests[] = { XST_GUEST_UNKNOWN, XST_GUEST_PV, XST_GUEST_HVM };
	struct xst_convert_options *o = &w->options;
	unsigned guest, states;

	if (convert_verb_read_container(&to->to))
		return EXIT_USAGE;
	if (opt.image_version != UNSET && opt.image_version != 2 && opt.image_version != 3)
		return xst_cli_usage_error(&xst_cli_verb_convert, "--image-version %d: not 2 or 3",
					   opt.image_version);
	if (opt.width != UNSET && opt.width != 32 && opt.width != 64)
		return xst_cli_usage_error(&xst_cli_verb_convert, "--width %d: not 32 or 64",
					   opt.width);
	if (xst_cli_choose(&xst_cli_verb_convert, "--guest", opt.guest, GUEST_WORDS, &guest))
		return EXIT_USAGE;
	if (opt.checkpoint != UNSET && opt.checkpoint < 1)
		return xst_cli_usage_error(&xst_cli_verb_convert, "--checkpoint %d: the first is 1",
					   opt.checkpoint);
	if (xst_cli_choose(&xst_cli_verb_convert, "--checkpoints", opt.checkpoints,
			   CHECKPOINTS_WORDS, &states) ||
	    xst_cli_choose_compression(&xst_cli_verb_convert, opt.compress, &w->format, &w->level))
		return EXIT_USAGE;
	o->checkpoint = opt.checkpoint == UNSET ? 0 : (uint64_t)opt.checkpoint;
	o->keep_checkpoints = states == 1;
	o->flatten = states == 2;
	w->sync = opt.sync;
	to->image_version = opt.image_version == UNSET ? 0 : (uint32_t)opt.image_version;
	to->flags = opt.force ? XST_CONVERT_FORCE : 0;
	o->width = opt.width == UNSET ? 0 : (unsigned)opt.width;
	o->guest = guests[guest];
	return EXIT_FINE;
}

/* Why a file can't be changed in place, or NULL.  Other faults are reported when it is opened for that. */
static const char *why_not_in_place(const char *file)
{
	enum filter_format format;
	struct stat st;
	size_t front;
	int fd;

	if (stat(file, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode))
		return "it is not a regular file";
	if (st.st_nlink > 1)
		return "it has several hard links";
	fd = open(file, O_RDONLY | O_CLOEXEC);
	format = fd < 0 ? 0 : xst_filter_recognise(fd, &front);
	xst_cli_close_input(fd);
	return format ? "it is compressed" : NULL;
}

static int fix_libvirt(const char *file)
{
	const char *why = why_not_in_place(file);
	struct xst_recovery recovery = { .outcome = XST_RECOVERY_NOTHING };
	struct xst_finding error = { .text = "out of memory" };
	uint32_t was = 0, is = 0;
	int r;

	if (why) {
		xst_cli_say("%s: can't be changed in place, because %s; convert --to libvirt %s OUT "
			    "writes a copy with the right version",
			    file, why, file);
		return EXIT_INVALID;
	}
	r = xst_fix_libvirt(file, &was, &is, &recovery, &error);
	xst_cli_say_recovery(file, &recovery);
	if (r)
		xst_cli_print_finding(stderr, file, &error);
	else if (was != is && !common.quiet)
		xst_cli_say("%s: version changed from %u to %u", file, was, is);
	else if (!common.quiet)
		xst_cli_say("%s: version %u is already right", file, is);
	return xst_cli_exit_for(r);
}

/* --config and --config-format need a container with a place for a configuration. */
static int convert_verb_read_config(struct config_choice *c, struct xst_converter_options *to,
				    const char *in)
{
	if (xst_cli_choose_config_format(&xst_cli_verb_convert, opt.config_format, &c->format))
		return EXIT_USAGE;
	if ((opt.config || opt.config_format) && xst_cli_format_bare(to->to))
		return xst_cli_usage_error(&xst_cli_verb_convert,
					   "--to %s has no place for a configuration", opt.to);
	if (opt.config && strcmp(opt.config, "-") == 0 && strcmp(in, "-") == 0)
		return xst_cli_usage_error(&xst_cli_verb_convert,
					   "only one of IN and --config may be standard input");
	if (opt.config && !to->to)
		to->to = XST_CONTAINER_XL;
	c->file = opt.config;
	c->input = xst_cli_input_name(in);
	to->config = xst_cli_config_choice_make;
	to->config_userdata = c;
	return xst_cli_config_choice_read(c);
}

static int convert_verb_run(int argc, const char **argv)
{
	struct xst_converter_options to = { .size = sizeof(to) };
	struct conversion w = { .verb = &xst_cli_verb_convert, .tell = convert_verb_tell,
				.options = { .size = sizeof(w.options), .converter = &to } };
	struct config_choice choice = { .file = NULL };
	int code = EXIT_FINE;
	const char *in, *out;
	poptContext ctx;

	(void)xst_cli_format_words(xst_cli_format_any,
				   "; by default the one that suits the input", to_help,
				   sizeof(to_help));
	ctx = xst_cli_options_parse(&xst_cli_verb_convert, argc, argv, table, &code);
	if (!ctx)
		return code;
	in = xst_cli_options_argument(ctx);
	out = xst_cli_options_argument(ctx);
	if (opt.fix_libvirt)
		code = !in || out ? xst_cli_usage_error(&xst_cli_verb_convert,
							"--fix-libvirt needs one name: FILE")
				  : fix_libvirt(in);
	else if (!in || !out || xst_cli_options_argument(ctx))
		code = xst_cli_names_error(&xst_cli_verb_convert, "two names: IN and OUT");
	else
		code = convert_verb_read_options(&w, &to);
	if (code == EXIT_FINE && !opt.fix_libvirt)
		code = convert_verb_read_config(&choice, &to, in);
	if (code == EXIT_FINE && !opt.fix_libvirt)
		code = xst_cli_conversion_run(&w, in, out);
	xst_cli_config_choice_clear(&choice);
	poptFreeContext(ctx);
	return code;
}
