/* SPDX-License-Identifier: MIT */
/* The verbs' input, compressed or not. */
#include "cli/cli.h"

#include <stdio.h>

static int start_decompressing(struct input *in)
{
	int r = filter_decompress(&in->filter, in->file);

	if (r < 0) {
		say("%s: decompressing: %s", in->name, system_words(-r));
		return EXIT_IO;
	}
	in->fd = in->filter.fd;
	return EXIT_FINE;
}

int input_open(struct input *in, const char *file)
{
	int code = EXIT_FINE;

	*in = (struct input){ .name = input_name(file), .file = open_input(file) };
	if (in->file < 0)
		return EXIT_IO;
	in->fd = in->file;
	in->compression = filter_recognise(in->file);
	if (in->compression)
		code = start_decompressing(in);
	if (code)
		close_input(in->file);
	return code;
}

static bool is_fault(const struct filter_report *report)
{
	return report->outcome != FILTER_FINE && report->outcome != FILTER_STOPPED;
}

bool input_broke_off(struct input *in)
{
	return in->compression && filter_is_drained(&in->filter) && is_fault(filter_end(&in->filter));
}

const char *input_fault(struct input *in)
{
	static char text[300];
	const char *format = filter_name(in->compression);
	const struct filter_report *r;

	if (!in->compression)
		return NULL;
	r = filter_end(&in->filter);
	if (!is_fault(r))
		return NULL;
	if (r->outcome == FILTER_DAMAGED)
		snprintf(text, sizeof(text), "damaged %s data: %s", format, r->text);
	else if (r->outcome == FILTER_DEAD)
		snprintf(text, sizeof(text), "the %s decompressor was killed (signal %d)", format, r->error);
	else
		snprintf(text, sizeof(text), "decompressing %s: %s", format, system_words(r->error));
	return text;
}

int input_close(struct input *in)
{
	const char *fault = input_fault(in);

	close_input(in->file);
	if (!fault)
		return EXIT_FINE;
	say("%s: %s", in->name, fault);
	return in->filter.report.outcome == FILTER_DAMAGED ? EXIT_INVALID : EXIT_IO;
}
