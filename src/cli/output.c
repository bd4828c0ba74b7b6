/* SPDX-License-Identifier: MIT */
/* What convert writes into: a file or a descriptor, with a compressor in front of it or not. */
#include "cli/cli.h"

#include <string.h>

static int start_compressing(struct output *o, int level)
{
	int r = filter_compress(&o->filter, xst_output_get_fd(o->file), o->compression, level);

	if (r < 0) {
		say("%s: compressing: %s", o->name, system_words(-r));
		return EXIT_IO;
	}
	return exit_for(xst_output_fd(o->filter.fd, &o->stream));
}

int output_compress(struct output *o, enum filter_format format, int level)
{
	o->compression = format;
	o->stream = NULL;
	return start_compressing(o, level);
}

/* Why the compressor has ended, unless all is well. */
static int say_fault(struct output *o)
{
	const struct filter_report *r = filter_end(&o->filter);

	if (r->outcome == FILTER_FINE)
		return EXIT_FINE;
	if (r->outcome == FILTER_WRITE)
		say("%s: %s", o->name, system_words(r->error));
	else if (r->outcome == FILTER_DEAD)
		say("%s: the %s compressor was killed (signal %d)", o->name,
		    filter_name(o->compression), r->error);
	else
		say("%s: compressing: %s", o->name, system_words(r->error));
	return EXIT_IO;
}

int output_failed(struct output *o, const struct xst_finding *error)
{
	if (o->compression && say_fault(o))
		return EXIT_IO;
	say("%s", error->text);
	return exit_for(error->code);
}

int output_commit(struct output *o)
{
	int r = xst_output_flush(o->stream);

	if (r)
		return output_failed(o, xst_output_error(o->stream));
	if (o->compression && say_fault(o))
		return EXIT_IO;
	r = xst_output_commit(o->file);
	if (r)
		say("%s", xst_output_error(o->file)->text);
	return exit_for(r);
}

void output_close(struct output *o)
{
	if (o->compression) {
		filter_kill(&o->filter);
		xst_output_free(o->stream);
	}
	xst_output_free(o->file);
}
