/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNSET (-1)

static struct {
	char *to, *guest;
	int image_version, width, force, sync, checkpoint;
	char *checkpoints, *compress;
	enum filter_format format; /* what `compress` says */
	int level;
} opt = { .image_version = UNSET, .width = UNSET, .checkpoint = UNSET };

static const struct poptOption table[] = {
	{ "to", 't', POPT_ARG_STRING, &opt.to, 0,
	  "xl, libxl or libxc; by default what the input's container asks for", "FORMAT" },
	{ "image-version", '\0', POPT_ARG_INT, &opt.image_version, 0,
	  "of the libxc image: 3 (Xen 4.13 and newer, the default) or 2 (Xen 4.6 and newer)", "N" },
	{ "width", 'w', POPT_ARG_INT, &opt.width, 0,
	  "a legacy stream's toolstack is believed to be 32- or 64-bit; refuse if it is not",
	  "BITS" },
	{ "guest", 'g', POPT_ARG_STRING, &opt.guest, 0,
	  "a legacy stream's guest is believed to be pv or hvm; refuse if it is not", "TYPE" },
	{ "checkpoint", '\0', POPT_ARG_INT, &opt.checkpoint, 0,
	  "of a checkpointed (Remus) legacy stream: the state to take; by default the last complete one",
	  "N" },
	{ "checkpoints", '\0', POPT_ARG_STRING, &opt.checkpoints, 0,
	  "keep: write a checkpointed libxl stream with all complete states; last: a plain image",
	  "WHAT" },
	{ "compress", 'z', POPT_ARG_STRING, &opt.compress, 0,
	  "compress the output: zstd, gzip, xz or lz4, maybe with a level: zstd:19", "FORMAT[:LEVEL]" },
	{ "force", 'f', POPT_ARG_NONE, &opt.force, 0,
	  "leave out what the output has no place for; take the stream's word", NULL },
	{ "sync", '\0', POPT_ARG_NONE, &opt.sync, 0,
	  "wait until a new file is on the disk (one that replaces another always is)", NULL },
	POPT_TABLEEND
};

static int convert(int argc, const char **argv);

const struct verb verb_convert = {
	.name = "convert",
	.arguments = "IN OUT",
	.summary = "bring a legacy image to today's format, or one of today's to another",
	.example = "  xenstream convert old.save new.save && xl restore new.save\n"
		   "  xenstream convert old.save.gz - | ssh host xl restore /dev/stdin",
	.run = convert,
};

static void tell(void *file, const struct xst_finding *f)
{
	if (!common.quiet && f->severity != XST_NOTE)
		print_finding(stderr, file, f);
}

static int read_options(struct xst_convert_options *o, struct xst_converter_options *to)
{
	static const char *const formats[] = { NULL, "xl", "libxl", "libxc" };

	for (int i = XST_CONTAINER_XL; i <= XST_CONTAINER_LIBXC; i++)
		if (opt.to && strcmp(opt.to, formats[i]) == 0)
			to->to = (enum xst_container)i;
	if (opt.to && !to->to)
		return usage_error(&verb_convert, "--to %s: not xl, libxl or libxc", opt.to);
	if (opt.image_version != UNSET && opt.image_version != 2 && opt.image_version != 3)
		return usage_error(&verb_convert, "--image-version %d: not 2 or 3", opt.image_version);
	if (opt.width != UNSET && opt.width != 32 && opt.width != 64)
		return usage_error(&verb_convert, "--width %d: not 32 or 64", opt.width);
	if (opt.guest && strcmp(opt.guest, "pv") != 0 && strcmp(opt.guest, "hvm") != 0)
		return usage_error(&verb_convert, "--guest %s: not pv or hvm", opt.guest);
	if (opt.checkpoint != UNSET && opt.checkpoint < 1)
		return usage_error(&verb_convert, "--checkpoint %d: the first is 1", opt.checkpoint);
	if (opt.checkpoints && strcmp(opt.checkpoints, "keep") != 0 &&
	    strcmp(opt.checkpoints, "last") != 0)
		return usage_error(&verb_convert, "--checkpoints %s: not keep or last",
				   opt.checkpoints);
	if (opt.compress && !filter_parse(opt.compress, &opt.format, &opt.level))
		return usage_error(&verb_convert,
				   "--compress %s: not zstd, gzip, xz or lz4, or not a level of it",
				   opt.compress);
	o->checkpoint = opt.checkpoint == UNSET ? 0 : (uint64_t)opt.checkpoint;
	o->keep_checkpoints = opt.checkpoints && strcmp(opt.checkpoints, "keep") == 0;
	to->image_version = opt.image_version == UNSET ? 0 : (uint32_t)opt.image_version;
	to->flags = opt.force ? XST_CONVERT_FORCE : 0;
	o->width = opt.width == UNSET ? 0 : (unsigned)opt.width;
	if (opt.guest)
		o->guest = strcmp(opt.guest, "pv") == 0 ? XST_GUEST_PV : XST_GUEST_HVM;
	return EXIT_FINE;
}

/* Guest memory holds secrets: the output is readable to whom the input is, or the owner only. */
static unsigned output_mode(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? st.st_mode & 0666 : 0600;
}

static int open_file(const char *file, int in, struct xst_output **ret)
{
	struct xst_finding error = { .rule = "output.io", .severity = XST_ERROR };
	int r;

	if (strcmp(file, "-") != 0) {
		r = xst_output_file(file, output_mode(in), opt.sync ? XST_OUTPUT_SYNC : 0, ret, &error);
		if (r)
			say("%s", r == XST_E_IO ? error.text : "out of memory");
		return exit_for(r);
	}
	if (isatty(STDOUT_FILENO))
		return usage_error(&verb_convert, "the output is binary and standard output a terminal");
	return exit_for(xst_output_fd(STDOUT_FILENO, ret));
}

static int open_output(const char *file, int in, struct output *o)
{
	int r;

	o->name = strcmp(file, "-") == 0 ? "(standard output)" : file;
	r = open_file(file, in, &o->file);
	if (r)
		return r;
	o->stream = o->file;
	return opt.compress ? output_compress(o, opt.format, opt.level) : EXIT_FINE;
}

/* What could not be written is not the input's fault, and has its own name in the text. */
static int failed(const char *in, struct output *o, const struct xst_finding *error)
{
	if (error->code == XST_E_IO && error->rule && strcmp(error->rule, "output.io") == 0)
		return output_failed(o, error);
	print_finding(stderr, in, error);
	return exit_for(error->code);
}

static void done(const char *in, const struct output *o)
{
	char size[32], packed[32];

	if (common.quiet)
		return;
	human_size(xst_output_offset(o->stream), size, sizeof(size));
	human_size(o->filter.report.written, packed, sizeof(packed));
	if (o->compression)
		say("%s -> %s: %s, %s of %s", in, o->name, size, packed, filter_name(o->compression));
	else
		say("%s -> %s: %s", in, o->name, size);
}

/* Returns what to exit with if the input is at fault. */
static int end_input(struct input *in, int code)
{
	if (code != EXIT_FINE && code != EXIT_INVALID) {
		input_abandon(in);
		return EXIT_FINE;
	}
	if (code == EXIT_INVALID)
		input_read_on(in);
	return input_close(in);
}

/* Damage to what the input is compressed in explains whatever came of it, and is told alone. */
static int convert_into(struct input *in, struct output *out, struct xst_convert_options *o)
{
	struct xst_finding error = { 0 };
	struct xst_job_options job = { .size = sizeof(job), .finding = tell,
				       .progress = progress_tell, .userdata = (void *)in->name,
				       .tmpdir = common.tmpdir };
	int r, code;

	o->job = &job;
	progress_start(in->name);
	r = xst_convert_fd(in->fd, out->stream, o, &error);
	progress_end();
	code = end_input(in, exit_for(r));
	if (code)
		return code;
	code = r ? failed(in->name, out, &error) : output_commit(out);
	if (!code)
		done(in->name, out);
	return code;
}

static int convert_file(const char *from, const char *to, struct xst_convert_options *o)
{
	struct output out = { 0 };
	struct input in;
	int code = input_open(&in, from);

	if (code)
		return code;
	code = open_output(to, in.file, &out);
	if (code)
		input_abandon(&in);
	else
		code = convert_into(&in, &out, o);
	output_close(&out);
	return code;
}

static int convert(int argc, const char **argv)
{
	struct xst_converter_options to = { .size = sizeof(to) };
	struct xst_convert_options o = { .size = sizeof(o), .converter = &to };
	int code = EXIT_FINE;
	poptContext ctx = options_parse(&verb_convert, argc, argv, table, &code);
	const char *in, *out;

	if (!ctx)
		return code;
	in = options_argument(ctx);
	out = options_argument(ctx);
	if (!in || !out || options_argument(ctx))
		code = usage_error(&verb_convert, "which file into which?  Two names are wanted");
	else
		code = read_options(&o, &to);
	if (code == EXIT_FINE)
		code = convert_file(in, out, &o);
	poptFreeContext(ctx);
	return code;
}
