/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <stdio.h>
#include <sys/stat.h>

static struct {
	int json, back_channel;
} opt;

static const struct poptOption table[] = {
	{ "json", 'j', POPT_ARG_NONE, &opt.json, 0, "print one JSON document", NULL },
	{ "back-channel", '\0', POPT_ARG_NONE, &opt.back_channel, 0, BACK_CHANNEL_HELP, NULL },
	POPT_TABLEEND
};

static int info_verb_run(int argc, const char **argv);

const struct verb xst_cli_verb_info = {
	.name = "info",
	.arguments = "FILE",
	.summary = "Show what a file is, what wrote it and which guest it holds",
	.example = "  xenstream info old.save",
	.run = info_verb_run,
};

static uint64_t info_verb_size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

static bool nothing_to_show(const struct xst_info *i)
{
	return !i->xl && !i->container && !i->libxl && !i->libxc && !i->legacy;
}

/* A stream may look complete although its compressed data are damaged. */
static void take_fault(struct input *in, struct xst_info *i)
{
	const char *fault;

	if (i->verdict.errors)
		xst_cli_input_read_on(in);
	fault = xst_cli_input_fault(in);
	if (!fault)
		return;
	i->verdict.errors = 1;
	i->damage = (struct xst_finding){ .code = XST_E_MALFORMED, .severity = XST_ERROR,
					  .rule = "input.compression", .offset = i->verdict.end };
	snprintf(i->damage.text, sizeof(i->damage.text), "%s", fault);
}

static void info_verb_print(const struct input *in, const struct xst_info *i)
{
	const char *compression = in->layers ? xst_filter_name(in->compression[0]) : NULL;
	uint64_t size = info_verb_size_of(in->file);

	if (opt.json)
		xst_cli_print_json(stdout, xst_cli_info_json(in->name, size, compression, i),
				   JSON_C_TO_STRING_PRETTY);
	else if (!nothing_to_show(i))
		xst_cli_info_print(in->name, size, compression, i);
}

static int info_of(struct input *in)
{
	struct xst_parser_options parser = XST_PARSER_OPTIONS_INIT;
	struct xst_job_options o = { .size = sizeof(o), .progress = xst_cli_progress_tell,
				     .tmpdir = common.tmpdir, .parser = &parser };
	struct xst_finding error = { 0 };
	struct xst_info *i = NULL;
	int r;

	parser.start = opt.back_channel ? XST_START_COLO : XST_START_AUTO;
	xst_cli_progress_start(in->name);
	r = xst_info_fd(in->fd, &o, &i, &error);
	xst_cli_progress_end();
	if (r) {
		xst_cli_print_finding(stderr, in->name, &error);
		return xst_cli_exit_for(r);
	}
	take_fault(in, i);
	if (nothing_to_show(i) && !xst_cli_input_fault(in)) /* which is reported at the end */
		xst_cli_print_finding(stderr, in->name, &i->damage);
	info_verb_print(in, i);
	r = i->verdict.errors ? EXIT_INVALID : EXIT_FINE;
	xst_info_free(i);
	return r;
}

static int info_file(const char *file)
{
	struct input in;
	int code = xst_cli_input_open(&in, file), fault;

	if (code)
		return code;
	code = info_of(&in);
	fflush(stdout); /* the result comes before a message on stderr */
	(void)xst_cli_stdout_error();
	fault = xst_cli_input_close(&in);
	return fault ? fault : code;
}

static int info_verb_run(int argc, const char **argv)
{
	int code = EXIT_FINE;
	poptContext ctx = xst_cli_options_parse(&xst_cli_verb_info, argc, argv, table, &code);
	const char *file;

	if (!ctx)
		return code;
	file = xst_cli_options_argument(ctx);
	if (!file || xst_cli_options_argument(ctx))
		code = xst_cli_names_error(&xst_cli_verb_info, "one name: FILE");
	else
		code = info_file(file);
	poptFreeContext(ctx);
	return code;
}
