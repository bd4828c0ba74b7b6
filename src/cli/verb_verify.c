/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

static struct {
	int json;
} opt;

static const struct poptOption table[] = {
	{ "json", 'j', POPT_ARG_NONE, &opt.json, 0,
	  "an object for each finding and one for each file's verdict, a line each", NULL },
	POPT_TABLEEND
};

static int verify(int argc, const char **argv);

const struct verb verb_verify = {
	.name = "verify",
	.arguments = "FILE...",
	.summary = "is it a valid image?  Every finding, with its rule and place",
	.example = "  xenstream verify old.save && echo fine",
	.run = verify,
};

static void tell(void *input, const struct xst_finding *f)
{
	struct input *in = input;

	if (f->code == XST_E_TRUNCATED && input_broke_off(in))
		return; /* not the stream's fault; said at the end */
	if (opt.json)
		print_json_line(finding_json(in->name, f));
	else if (!common.quiet)
		print_finding(stdout, in->name, f);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void words(const char *file, const struct xst_verdict *v)
{
	if (common.quiet)
		return;
	printf("%s: %s", file, v->errors ? "invalid" : "valid");
	if (v->errors)
		printf(", %llu error%s", (unsigned long long)v->errors, plural(v->errors));
	if (v->remarks)
		printf(", %llu remark%s", (unsigned long long)v->remarks, plural(v->remarks));
	if (v->notes)
		printf(", %llu note%s", (unsigned long long)v->notes, plural(v->notes));
	printf(" (%llu records)\n", (unsigned long long)v->records);
}

static void verdict_json(const char *file, const struct xst_verdict *v)
{
	json_object *o = json_object_new_object();
	const char *verdict = v->errors ? "invalid" : v->remarks ? "valid-with-remarks" : "valid";

	json_object_object_add(o, "schema", json_object_new_string("xenstream-verdict/1"));
	json_object_object_add(o, "file", json_text(file, strlen(file)));
	json_object_object_add(o, "verdict", json_object_new_string(verdict));
	json_object_object_add(o, "errors", json_u64(v->errors));
	json_object_object_add(o, "remarks", json_u64(v->remarks));
	json_object_object_add(o, "notes", json_u64(v->notes));
	json_object_object_add(o, "records", json_u64(v->records));
	json_object_object_add(o, "end", json_u64(v->end));
	json_object_object_add(o, "trailing", json_u64(v->trailing));
	print_json_line(o);
}

static int verify_file(const char *file)
{
	struct input in;
	struct xst_job_options o = { .size = sizeof(o), .finding = tell, .progress = progress_tell,
				     .userdata = &in, .tmpdir = common.tmpdir };
	struct xst_verdict v;
	struct xst_finding error;
	int code = input_open(&in, file), r;

	if (code)
		return code;
	progress_start(in.name);
	r = xst_verify_fd(in.fd, &o, &v, &error);
	progress_end();
	if (r == 0 && v.errors)
		input_read_on(&in);
	code = input_close(&in);
	if (code)
		return code;
	if (r) {
		print_finding(stderr, in.name, &error);
		return exit_for(r);
	}
	if (opt.json)
		verdict_json(in.name, &v);
	else
		words(in.name, &v);
	return v.errors ? EXIT_INVALID : v.remarks ? EXIT_REMARKS : EXIT_FINE;
}

static int verify(int argc, const char **argv)
{
	int code = EXIT_FINE, n = 0, c;
	poptContext ctx = options_parse(&verb_verify, argc, argv, table, &code);
	const char *file;

	if (!ctx)
		return code;
	while ((file = options_argument(ctx))) {
		c = verify_file(file);
		code = c > code ? c : code;
		n++;
	}
	if (!n)
		code = usage_error(&verb_verify, "which file?");
	poptFreeContext(ctx);
	return code;
}
