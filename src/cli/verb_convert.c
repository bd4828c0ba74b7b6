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

static char to_help[160]; /* the words are those of the table of formats */

static const struct poptOption table[] = {
	{ "to", 't', POPT_ARG_STRING, &opt.to, 0, to_help, "FORMAT" },
	{ "image-version", '\0', POPT_ARG_INT, &opt.image_version, 0,
	  "of the libxc image: 3 (Xen 4.14 and newer, the default) or 2 (Xen 4.6 and newer)", "N" },
	{ "width", 'w', POPT_ARG_INT, &opt.width, 0,
	  "a legacy stream's toolstack is believed to be 32- or 64-bit; refuse if it is not",
	  "BITS" },
	{ "guest", 'g', POPT_ARG_STRING, &opt.guest, 0,
	  "a legacy stream's guest is believed to be " GUEST_WORDS "; refuse if it is not", "TYPE" },
	{ "checkpoint", '\0', POPT_ARG_INT, &opt.checkpoint, 0,
	  "of a checkpointed (Remus) stream: the state to take; by default a legacy one's last complete one",
	  "N" },
	{ "checkpoints", '\0', POPT_ARG_STRING, &opt.checkpoints, 0,
	  "of a checkpointed stream: " CHECKPOINTS_WORDS, "WHAT" },
	{ "config", 'c', POPT_ARG_STRING, &opt.config, 0,
	  "store this configuration in place of the input's: xl's, or one of libvirt, xend or XenServer, which is translated for xl",
	  "FILE" },
	{ "config-format", '\0', POPT_ARG_STRING, &opt.config_format, 0,
	  "store xl's configuration as " CONFIG_FORMAT_WORDS "; by default as it is",
	  "FORMAT" },
	{ "compress", 'z', POPT_ARG_STRING, &opt.compress, 0,
	  "compress the output: " COMPRESS_HELP, "FORMAT[:LEVEL]" },
	{ "fix-libvirt", '\0', POPT_ARG_NONE, &opt.fix_libvirt, 0,
	  "convert nothing, but set libvirt's version field in FILE itself to what its stream is", NULL },
	{ "force", 'f', POPT_ARG_NONE, &opt.force, 0,
	  "leave out what the output has no place for; take the stream's word", NULL },
	{ "sync", '\0', POPT_ARG_NONE, &opt.sync, 0,
	  "wait until a new file is on the disk (one that replaces another always is)", NULL },
	POPT_TABLEEND
};

static int convert_verb_run(int argc, const char **argv);

const struct verb xst_cli_verb_convert = {
	.name = "convert",
	.arguments = "IN OUT | --fix-libvirt FILE",
	.summary = "bring a legacy image to today's format, or one of today's to another",
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

/* Why a file can't be changed where it is, or NULL; who opens it to do so says what else is wrong. */
static const char *fixed_elsewhere(const char *file)
{
	enum filter_format format;
	struct stat st;
	size_t front;
	int fd;

	if (stat(file, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	if (st.st_nlink > 1)
		return "a file of several names";
	fd = open(file, O_RDONLY | O_CLOEXEC);
	format = fd < 0 ? 0 : xst_filter_recognise(fd, &front);
	xst_cli_close_input(fd);
	return format ? "compressed" : NULL;
}

static int fix_libvirt(const char *file)
{
	const char *why = fixed_elsewhere(file);
	struct xst_recovery recovery = { .outcome = XST_RECOVERY_NOTHING };
	struct xst_finding error = { .text = "out of memory" };
	uint32_t was = 0, is = 0;
	int r;

	if (why) {
		xst_cli_say("%s: %s, which can't be changed in place; convert --to libvirt %s OUT "
			    "writes a "
			    "copy with the right version",
			    file, why, file);
		return EXIT_INVALID;
	}
	r = xst_fix_libvirt(file, &was, &is, &recovery, &error);
	xst_cli_say_recovery(file, &recovery);
	if (r)
		xst_cli_print_finding(stderr, file, &error);
	else if (was != is && !common.quiet)
		xst_cli_say("%s: version %u set to %u", file, was, is);
	else if (!common.quiet)
		xst_cli_say("%s: version %u is right", file, is);
	return xst_cli_exit_for(r);
}

/* A configuration that is given is for a container that has a place for it. */
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
					   "standard input can be one of both only");
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
				   "; by default what the input's container asks for", to_help,
				   sizeof(to_help));
	ctx = xst_cli_options_parse(&xst_cli_verb_convert, argc, argv, table, &code);
	if (!ctx)
		return code;
	in = xst_cli_options_argument(ctx);
	out = xst_cli_options_argument(ctx);
	if (opt.fix_libvirt)
		code = !in || out ? xst_cli_usage_error(&xst_cli_verb_convert,
							"--fix-libvirt takes one file")
				  : fix_libvirt(in);
	else if (!in || !out || xst_cli_options_argument(ctx))
		code = xst_cli_usage_error(&xst_cli_verb_convert,
					   "which file into which?  Two names are wanted");
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
