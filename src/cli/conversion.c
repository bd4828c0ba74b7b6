/* SPDX-License-Identifier: MIT */
/* From a file into another, compressed or not: what convert and salvage do alike. */
#include "cli/conversion.h"

#include <string.h>

/* What could not be written is not the input's fault, and has its own name in the text. */
static int failed(const char *in, struct output *o, const struct xst_finding *error)
{
	if (error->code == XST_E_IO && error->rule && strcmp(error->rule, "output.io") == 0)
		return output_tell(o, error);
	print_finding(stderr, in, error);
	return exit_for(error->code);
}

void conversion_done(const char *in, const struct output *o)
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
static int end_input(const struct conversion *w, struct input *in, int code)
{
	if (code != EXIT_FINE && code != EXIT_INVALID) {
		input_abandon(in);
		return EXIT_FINE;
	}
	if (code == EXIT_INVALID)
		input_read_on(in);
	return w->salvage && code == EXIT_FINE ? input_close_cut(in) : input_close(in);
}

/* Damage to what the input is compressed in explains whatever came of it, and is told alone. */
static int convert_into(struct conversion *w, struct input *in, struct output *out)
{
	struct xst_finding error = { 0 };
	struct xst_job_options job = { .size = sizeof(job), .finding = w->tell,
				       .progress = progress_tell, .userdata = (void *)in->name,
				       .tmpdir = common.tmpdir };
	struct xst_convert_options o = w->options;
	int r, code;

	o.job = &job;
	progress_start(in->name);
	r = xst_convert_fd(in->fd, out->stream, &o, &error);
	w->error = r;
	w->rule = error.rule;
	progress_end();
	code = end_input(w, in, exit_for(r));
	if (code)
		return code;
	code = r ? failed(in->name, out, &error) : output_commit(out);
	if (!code)
		conversion_done(in->name, out);
	return code;
}

int conversion_run(struct conversion *w, const char *from, const char *to)
{
	struct output out = { 0 };
	struct input in;
	int code = input_open(&in, from);

	if (code)
		return code;
	code = output_open(&out, w->verb, to, in.file, w->sync, w->format, w->level);
	if (code)
		input_abandon(&in);
	else
		code = convert_into(w, &in, &out);
	output_close(&out);
	return code;
}
