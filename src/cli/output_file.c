/* SPDX-License-Identifier: MIT */
/* The output of convert and others: a file or a descriptor, with or without a compressor. */
#include "cli/cli.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int start_compressing(struct output *o, int level)
{
	int r = xst_filter_compress(&o->filter, xst_output_get_fd(o->file), o->compression, level);

	if (r < 0) {
		xst_cli_say("%s: compressing: %s", o->name, xst_cli_system_words(-r));
		return EXIT_IO;
	}
	return xst_cli_exit_for(xst_output_fd(o->filter.fd, &o->stream));
}

static int output_compress(struct output *o, enum filter_format format, int level)
{
	o->compression = format;
	o->stream = NULL;
	return start_compressing(o, level);
}

/* Guest memory holds secrets, so the output is readable for those who can read the input file, else for its
 * owner only. */
static unsigned output_mode(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? st.st_mode & 0666 : 0600;
}

static int cli_output_open_file(const struct verb *verb, const char *file, int in, bool sync,
				struct xst_output **ret)
{
	struct xst_finding error = { .rule = "output.io", .severity = XST_ERROR };
	int r;

	if (strcmp(file, "-") != 0) {
		r = xst_output_file(file, output_mode(in), sync ? XST_OUTPUT_SYNC : 0, ret, &error);
		if (r)
			xst_cli_say("%s", r == XST_E_IO ? error.text : "out of memory");
		return xst_cli_exit_for(r);
	}
	if (isatty(STDOUT_FILENO))
		return xst_cli_usage_error(verb,
					   "binary output is not written to a terminal");
	return xst_cli_exit_for(xst_output_fd(STDOUT_FILENO, ret));
}

int xst_cli_output_open(struct output *o, const struct verb *verb, const char *file, int in,
			bool sync, enum filter_format format, int level)
{
	int r;

	o->name = strcmp(file, "-") == 0 ? "(standard output)" : file;
	r = cli_output_open_file(verb, file, in, sync, &o->file);
	if (r)
		return r;
	o->stream = o->file;
	return format != FILTER_NONE ? output_compress(o, format, level) : EXIT_FINE;
}

/* Prints why the compressor has failed, if it has. */
static int say_fault(struct output *o)
{
	const struct filter_report *r = xst_filter_end(&o->filter);

	if (r->outcome == FILTER_FINE)
		return EXIT_FINE;
	if (r->outcome == FILTER_WRITE)
		xst_cli_say("%s: %s", o->name, xst_cli_system_words(r->error));
	else if (r->outcome == FILTER_DEAD)
		xst_cli_say("%s: the %s compressor was killed (signal %d)", o->name,
			    xst_filter_name(o->compression), r->error);
	else
		xst_cli_say("%s: compressing: %s", o->name,
			    r->outcome == FILTER_MISSING ? r->text : xst_cli_system_words(r->error));
	return EXIT_IO;
}

int xst_cli_output_tell(struct output *o, const struct xst_finding *error)
{
	if (o->compression && say_fault(o))
		return EXIT_IO;
	xst_cli_say("%s", error->text);
	return xst_cli_exit_for(error->code);
}

int xst_cli_output_commit(struct output *o)
{
	int r = xst_output_flush(o->stream);

	if (r)
		return xst_cli_output_tell(o, xst_output_error(o->stream));
	if (o->compression && say_fault(o))
		return EXIT_IO;
	r = xst_output_commit(o->file);
	if (r)
		xst_cli_say("%s", xst_output_error(o->file)->text);
	return xst_cli_exit_for(r);
}

void xst_cli_output_close(struct output *o)
{
	if (o->compression) {
		xst_filter_kill(&o->filter);
		xst_output_free(o->stream);
	}
	xst_output_free(o->file);
}
