/* SPDX-License-Identifier: MIT */
/* From a file into another, compressed or not: what convert and salvage do alike. */
#include "cli/conversion.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Guest memory holds secrets: the output is readable to whom the input is, or the owner only. */
static unsigned output_mode(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? st.st_mode & 0666 : 0600;
}

static int open_file(const struct conversion *w, const char *file, int in,
		     struct xst_output **ret)
{
	struct xst_finding error = { .rule = "output.io", .severity = XST_ERROR };
	int r;

	if (strcmp(file, "-") != 0) {
		r = xst_output_file(file, output_mode(in), w->sync ? XST_OUTPUT_SYNC : 0, ret, &error);
		if (r)
			say("%s", r == XST_E_IO ? error.text : "out of memory");
		return exit_for(r);
	}
	if (isatty(STDOUT_FILENO))
		return usage_error(w->verb, "the output is binary and standard output a terminal");
	return exit_for(xst_output_fd(STDOUT_FILENO, ret));
}

int conversion_open(const struct conversion *w, const char *file, int in, struct output *o)
{
	int r;

	o->name = strcmp(file, "-") == 0 ? "(standard output)" : file;
	r = open_file(w, file, in, &o->file);
	if (r)
		return r;
	o->stream = o->file;
	return w->format != FILTER_NONE ? output_compress(o, w->format, w->level) : EXIT_FINE;
}

/* What could not be written is not the input's fault, and has its own name in the text. */
static int failed(const char *in, struct output *o, const struct xst_finding *error)
{
	if (error->code == XST_E_IO && error->rule && strcmp(error->rule, "output.io") == 0)
		return output_failed(o, error);
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
	progress_end();
	code = end_input(in, exit_for(r));
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
	code = conversion_open(w, to, in.file, &out);
	if (code)
		input_abandon(&in);
	else
		code = convert_into(w, &in, &out);
	output_close(&out);
	return code;
}
