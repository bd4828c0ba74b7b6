/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_LIMIT LLONG_MIN

static struct {
	int json, strict, like_xen, like_libxl, deep, tee, rules, back_channel;
	long long max_findings;
	const char **ignore;
	const char *for_xen;
	uint32_t xen; /* 0: none was named */
} opt = { .max_findings = NO_LIMIT };

static const struct poptOption table[] = {
	{ "json", 'j', POPT_ARG_NONE, &opt.json, 0,
	  "print each finding and each file's verdict as JSON, one object a line", NULL },
	{ "strict", '\0', POPT_ARG_NONE, &opt.strict, 0, "treat remarks as errors", NULL },
	{ "deep", '\0', POPT_ARG_NONE, &opt.deep, 0, "check the contents of page tables, too", NULL },
	{ "like-xen", '\0', POPT_ARG_NONE, &opt.like_xen, 0,
	  "judge like Xen's own verifier: its rules only, each an error", NULL },
	{ "like-libxl", '\0', POPT_ARG_NONE, &opt.like_libxl, 0,
	  "judge like a receiver: only faults that libxl refuses, each an error", NULL },
	{ "ignore", '\0', POPT_ARG_ARGV, &opt.ignore, 0,
	  "ignore findings of this rule; may be given several times", "ID" },
	{ "max-findings", '\0', POPT_ARG_LONGLONG, &opt.max_findings, 0,
	  "show the first N findings and count the rest (default: show 100 of each rule)", "N" },
	{ "back-channel", '\0', POPT_ARG_NONE, &opt.back_channel, 0, BACK_CHANNEL_HELP, NULL },
	{ "for", '\0', POPT_ARG_STRING, &opt.for_xen, 0,
	  "fail unless this version of Xen restores the image", "VERSION" },
	{ "tee", '\0', POPT_ARG_NONE, &opt.tee, 0,
	  "copy the input to standard output, unchanged; findings and verdict go to stderr", NULL },
	{ "rules", '\0', POPT_ARG_NONE, &opt.rules, 0, "list the rules and read no file", NULL },
	POPT_TABLEEND
};

static int verify_verb_run(int argc, const char **argv);

const struct verb xst_cli_verb_verify = {
	.name = "verify",
	.arguments = "FILE... | --tee [FILE] | --rules",
	.summary = "Check images, and report every fault with its rule and place",
	.example = "  xenstream verify old.save && echo fine\n"
		   "  xl save 7 /dev/stdout | xenstream verify --tee | zstd >7.save.zst",
	.run = verify_verb_run,
};

/* --- findings and verdicts --------------------------------------------------------------------------- */

/* With --tee standard output belongs to the stream. */
static FILE *words_to(void)
{
	return opt.tee ? stderr : stdout;
}

struct reading {
	struct input *in;
	uint64_t untold; /* with --max-findings=0 */
	struct xst_restorability restorability;
};

static void verify_verb_keep(void *reading, const struct xst_restorability *r)
{
	((struct reading *)reading)->restorability = *r;
}

static void verify_verb_tell(void *reading, const struct xst_finding *f)
{
	struct input *in = ((struct reading *)reading)->in;

	if (f->code == XST_E_TRUNCATED && xst_cli_input_broke_off(in))
		return; /* not the stream's fault; reported at the end */
	if (!opt.max_findings)
		((struct reading *)reading)->untold++;
	else if (opt.json)
		xst_cli_print_json_to(words_to(), xst_cli_finding_json(in->name, f));
	else if (!common.quiet)
		xst_cli_print_finding(words_to(), in->name, f);
}

static void print_count(FILE *to, uint64_t n, const char *what, bool has_plural)
{
	if (n)
		fprintf(to, ", %llu %s%s", (unsigned long long)n, what,
			has_plural && n != 1 ? "s" : "");
}

static void verify_verb_words(const char *file, const struct xst_verdict *v,
			      const struct xst_restorability *r)
{
	FILE *to = words_to();

	fprintf(to, "%s: %s", file, v->errors ? "invalid" : "valid");
	print_count(to, v->errors, "error", true);
	print_count(to, v->remarks, "remark", true);
	print_count(to, v->notes, "note", true);
	print_count(to, v->omitted, "not shown", false);
	print_count(to, v->ignored, "ignored", false);
	fprintf(to, " (%llu records)", (unsigned long long)v->records);
	if (opt.xen)
		xst_cli_print_restorable_for(to, r, opt.xen, v->errors);
	else if (v->errors)
		xst_cli_print_restored_anyhow(to, r);
	fputc('\n', to);
}

static void verify_verb_verdict_json(const char *file, const struct xst_verdict *v,
				     const struct xst_restorability *r)
{
	json_object *o = json_object_new_object();
	const char *verdict = v->errors ? "invalid" : v->remarks ? "valid-with-remarks" : "valid";

	json_object_object_add(o, "schema", json_object_new_string("xenstream-verdict/1"));
	json_object_object_add(o, "file", xst_cli_json_text(file, strlen(file)));
	json_object_object_add(o, "verdict", json_object_new_string(verdict));
	json_object_object_add(o, "errors", xst_cli_json_u64(v->errors));
	json_object_object_add(o, "remarks", xst_cli_json_u64(v->remarks));
	json_object_object_add(o, "notes", xst_cli_json_u64(v->notes));
	json_object_object_add(o, "omitted", xst_cli_json_u64(v->omitted));
	json_object_object_add(o, "ignored", xst_cli_json_u64(v->ignored));
	json_object_object_add(o, "records", xst_cli_json_u64(v->records));
	json_object_object_add(o, "end", xst_cli_json_u64(v->end));
	json_object_object_add(o, "trailing", xst_cli_json_u64(v->trailing));
	json_object_object_add(o, "restorable", xst_cli_restorability_json(r, opt.xen));
	xst_cli_print_json_to(words_to(), o);
}

static int verdict(const char *file, const struct xst_verdict *v, const struct xst_restorability *r)
{
	if (opt.json) {
		verify_verb_verdict_json(file, v, r);
	} else if (!common.quiet) {
		xst_cli_print_restorability(words_to(), file, r);
		verify_verb_words(file, v, r);
	}
	if (opt.xen && !xst_cli_restorable_for(r, opt.xen))
		return EXIT_INVALID;
	return v->errors ? EXIT_INVALID : v->remarks ? EXIT_REMARKS : EXIT_FINE;
}

/* --- a file --------------------------------------------------------------------------------- */

/* To the library, 0 means its own limits. */
static uint64_t most_findings(void)
{
	if (opt.max_findings == NO_LIMIT)
		return 0;
	return opt.max_findings ? (uint64_t)opt.max_findings : UINT64_MAX;
}

static int job(struct reading *reading, struct xst_output *tee, struct xst_verdict *v,
	       struct xst_finding *error)
{
	struct input *in = reading->in;
	struct xst_parser_options parser = XST_PARSER_OPTIONS_INIT;
	struct xst_checker_options checker = { .size = sizeof(checker),
					       .flags = opt.deep ? XST_CHECK_DEEP : 0u,
					       .config = xst_cli_config_facts };
	struct xst_job_options o = { .size = sizeof(o),
				     .finding = verify_verb_tell,
				     .progress = xst_cli_progress_tell,
				     .restorability = verify_verb_keep,
				     .userdata = reading,
				     .tmpdir = common.tmpdir,
				     .parser = &parser,
				     .checker = &checker };
	struct xst_verify_options verify = { .size = sizeof(verify), .job = &o, .tee = tee,
					     .max_findings = most_findings(),
					     .ignore = opt.ignore };
	int r;

	parser.start = opt.back_channel ? XST_START_COLO : XST_START_AUTO;
	while (opt.ignore && opt.ignore[verify.n_ignore])
		verify.n_ignore++;
	verify.flags = (opt.strict ? XST_VERIFY_STRICT : 0u) |
		       (opt.like_xen ? XST_VERIFY_LIKE_XEN : 0u) |
		       (opt.like_libxl ? XST_VERIFY_LIKE_LIBXL : 0u);
	xst_cli_progress_start(in->name);
	r = xst_verify_fd(in->fd, &verify, v, error);
	xst_cli_progress_end();
	v->omitted += reading->untold;
	return r;
}

static int verify_file(const char *file)
{
	struct xst_verdict v;
	struct xst_finding error;
	struct input in;
	struct reading reading = { .in = &in };
	int code = xst_cli_input_open(&in, file), r;

	if (code)
		return code;
	r = job(&reading, NULL, &v, &error);
	if (r == 0 && v.errors)
		xst_cli_input_read_on(&in);
	code = xst_cli_input_close(&in);
	if (code)
		return code;
	if (r) {
		xst_cli_print_finding(stderr, in.name, &error);
		return xst_cli_exit_for(r);
	}
	return verdict(in.name, &v, &reading.restorability);
}

/* After the reader of the output has exited: ends by SIGPIPE, as any other filter does and as the processes
 * around it expect. */
static void end_like_a_filter(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

static int verify_verb_tee_failed(const char *name, int r, const struct xst_finding *error)
{
	bool output = strcmp(error->rule, "output.io") == 0;

	if (output)
		xst_cli_say("standard output: %s; no verdict on %s",
			    xst_cli_system_words(error->sys_errno), name);
	else
		xst_cli_print_finding(stderr, name, error);
	if (output && error->sys_errno == EPIPE)
		end_like_a_filter();
	return xst_cli_exit_for(r);
}

/* The input is passed on as it is; a compressed one is reported as not being a stream. */
static int tee_file(const char *file)
{
	struct input in = { .name = xst_cli_input_name(file), .file = xst_cli_open_input(file) };
	struct reading reading = { .in = &in };
	struct xst_output *tee = NULL;
	struct xst_verdict v;
	struct xst_finding error;
	int r;

	if (in.file < 0)
		return EXIT_IO;
	in.fd = in.file;
	r = xst_output_fd(STDOUT_FILENO, &tee);
	if (r)
		return xst_cli_exit_for(r);
	r = job(&reading, tee, &v, &error);
	xst_output_free(tee);
	xst_cli_input_close(&in);
	return r ? verify_verb_tee_failed(in.name, r, &error)
		 : verdict(in.name, &v, &reading.restorability);
}

/* --- the verb ------------------------------------------------------------------------------- */

static int verify_verb_check_options(void)
{
	struct xst_rule_info rule;

	for (const char **id = opt.ignore; id && *id; id++)
		if (xst_rule_by_id(*id, &rule))
			return xst_cli_usage_error(&xst_cli_verb_verify,
						   "--ignore=%s: no such rule; --rules lists them",
						   *id);
	if (opt.for_xen && !xst_cli_xen_version(opt.for_xen, &opt.xen))
		return xst_cli_usage_error(&xst_cli_verb_verify,
					   "--for=%s: not a version of Xen such as 4.13 or 4.19.2",
					   opt.for_xen);
	if (opt.max_findings < 0 && opt.max_findings != NO_LIMIT)
		return xst_cli_usage_error(&xst_cli_verb_verify,
					   "--max-findings=%lld: must not be negative", opt.max_findings);
	if (opt.like_xen && opt.like_libxl)
		return xst_cli_usage_error(&xst_cli_verb_verify,
					   "only one of --like-xen and --like-libxl may be given");
	if (opt.tee && isatty(STDOUT_FILENO))
		return xst_cli_usage_error(&xst_cli_verb_verify,
					   "--tee does not write to a terminal");
	return EXIT_FINE;
}

static int tee(poptContext ctx)
{
	const char *file = xst_cli_options_argument(ctx);

	if (file && xst_cli_options_argument(ctx))
		return xst_cli_usage_error(&xst_cli_verb_verify, "--tee takes only one FILE");
	return tee_file(file ? file : "-");
}

static int files(poptContext ctx)
{
	const char *file = xst_cli_options_argument(ctx);
	int code = EXIT_FINE;

	if (!file)
		return xst_cli_names_error(&xst_cli_verb_verify, "at least one name: FILE");
	for (; file; file = xst_cli_options_argument(ctx)) {
		int c = verify_file(file);

		code = c > code ? c : code;
	}
	return code;
}

static int verify_verb_run(int argc, const char **argv)
{
	int code = EXIT_FINE;
	poptContext ctx = xst_cli_options_parse(&xst_cli_verb_verify, argc, argv, table, &code);

	if (!ctx)
		return code;
	code = verify_verb_check_options();
	if (!code)
		code = opt.rules ? xst_cli_explain_all(opt.json) : opt.tee ? tee(ctx) : files(ctx);
	poptFreeContext(ctx);
	for (size_t i = 0; opt.ignore && opt.ignore[i]; i++)
		free((char *)opt.ignore[i]);
	free(opt.ignore);
	return code;
}
