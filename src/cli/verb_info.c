/* SPDX-License-Identifier: MIT */
#include "cli/guest_view.h"

#include <stdio.h>
#include <sys/stat.h>

static struct {
	int json, back_channel, cpu;
} opt;

static const struct poptOption table[] = {
	{ "json", 'j', POPT_ARG_NONE, &opt.json, 0, "print one JSON document", NULL },
	{ "cpu", '\0', POPT_ARG_NONE, &opt.cpu, 0, "also print one line for each vCPU", NULL },
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

static void print_vcpus(const struct xst_state *s)
{
	uint32_t vcpu;

	for (size_t i = 0; xst_state_vcpu(s, i, &vcpu) == 0; i++) {
		char name[24];

		snprintf(name, sizeof(name), "vCPU %u", vcpu);
		printf("%-12s", name);
		xst_cli_vcpu_line(stdout, s, vcpu);
		putchar('\n');
	}
}

static json_object *json_of(const struct input *in, const struct xst_info *i, uint64_t size,
			    const char *compression, const struct xst_state *s)
{
	json_object *o = xst_cli_info_json(in->name, size, compression, i);

	if (s)
		json_object_object_add(o, "cpu", xst_cli_vcpus_json(s, UINT32_MAX));
	return o;
}

static void info_verb_print(const struct input *in, const struct xst_info *i,
			    const struct xst_state *s)
{
	const char *compression = in->layers ? xst_filter_name(in->compression[0]) : NULL;
	uint64_t size = info_verb_size_of(in->file);

	if (opt.json)
		xst_cli_print_json(stdout, json_of(in, i, size, compression, s),
				   JSON_C_TO_STRING_PRETTY);
	else if (!nothing_to_show(i))
		xst_cli_info_print(in->name, size, compression, i);
	if (!opt.json && s)
		print_vcpus(s);
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
	if (opt.cpu && xst_state_new(NULL, &o.state))
		return EXIT_TROUBLE;
	xst_cli_progress_start(in->name);
	r = xst_info_fd(in->fd, &o, &i, &error);
	xst_cli_progress_end();
	if (r) {
		xst_cli_print_finding(stderr, in->name, &error);
		xst_state_free(o.state);
		return xst_cli_exit_for(r);
	}
	take_fault(in, i);
	if (nothing_to_show(i) && !xst_cli_input_fault(in)) /* which is reported at the end */
		xst_cli_print_finding(stderr, in->name, &i->damage);
	info_verb_print(in, i, o.state);
	r = i->verdict.errors ? EXIT_INVALID : EXIT_FINE;
	xst_info_free(i);
	xst_state_free(o.state);
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
