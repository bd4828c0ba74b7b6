/* SPDX-License-Identifier: MIT */
/* Converting one file into another, compressed or not, for convert and salvage. */
#include "cli/conversion.h"

#include <string.h>

/* A failure to write is not the input's, and its text names the output. */
static int conversion_failed(const char *in, struct output *o, const struct xst_finding *error)
{
	if (error->code == XST_E_IO && error->rule && strcmp(error->rule, "output.io") == 0)
		return xst_cli_output_tell(o, error);
	xst_cli_print_finding(stderr, in, error);
	return xst_cli_exit_for(error->code);
}

void xst_cli_conversion_done(const char *in, const struct output *o)
{
	char size[32], packed[32];

	if (common.quiet)
		return;
	xst_cli_human_size(xst_output_offset(o->stream), size, sizeof(size));
	xst_cli_human_size(o->filter.report.written, packed, sizeof(packed));
	if (o->compression)
		xst_cli_say("%s -> %s: %s, %s of %s", in, o->name, size, packed,
			    xst_filter_name(o->compression));
	else
		xst_cli_say("%s -> %s: %s", in, o->name, size);
}

/* Returns an exit code if the compressed input has failed, else EXIT_FINE. */
static int conversion_end_input(const struct conversion *w, struct input *in, int code)
{
	if (code != EXIT_FINE && code != EXIT_INVALID) {
		xst_cli_input_abandon(in);
		return EXIT_FINE;
	}
	if (code == EXIT_INVALID)
		xst_cli_input_read_on(in);
	return w->salvage && code == EXIT_FINE ? xst_cli_input_close_cut(in)
					       : xst_cli_input_close(in);
}

/* Damage to the compressed data explains any other fault, so it is reported alone. */
static int convert_into(struct conversion *w, struct input *in, struct output *out)
{
	struct xst_finding error = { 0 };
	struct xst_job_options job = { .size = sizeof(job),
				       .finding = w->tell,
				       .progress = xst_cli_progress_tell,
				       .userdata = (void *)in->name,
				       .tmpdir = common.tmpdir };
	struct xst_convert_options o = w->options;
	int r, code;

	o.job = &job;
	xst_cli_progress_start(in->name);
	r = xst_convert_fd(in->fd, out->stream, &o, &error);
	w->error = r;
	w->rule = error.rule;
	xst_cli_progress_end();
	code = conversion_end_input(w, in, xst_cli_exit_for(r));
	if (code)
		return code;
	code = r ? conversion_failed(in->name, out, &error) : xst_cli_output_commit(out);
	if (!code)
		xst_cli_conversion_done(in->name, out);
	return code;
}

int xst_cli_conversion_run(struct conversion *w, const char *from, const char *to)
{
	struct output out = { 0 };
	struct input in;
	int code = xst_cli_input_open(&in, from);

	if (code)
		return code;
	code = xst_cli_output_open(&out, w->verb, to, in.file, w->sync, w->format, w->level);
	if (code)
		xst_cli_input_abandon(&in);
	else
		code = convert_into(w, &in, &out);
	xst_cli_output_close(&out);
	return code;
}
