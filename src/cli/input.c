/* SPDX-License-Identifier: MIT */
/* The verbs' input, compressed or not. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define READ_ON (64 << 20) /* bytes */

void xst_cli_say_recovery(const char *file, const struct xst_recovery *r)
{
	if (r->outcome == XST_RECOVERY_NOTHING || common.quiet)
		return;
	xst_cli_say("%s: %s%s", file, r->outcome == XST_RECOVERY_IGNORED ? "remark: " : "",
		    r->text);
}

int xst_cli_open_input(const char *file)
{
	struct xst_recovery recovery = { .outcome = XST_RECOVERY_NOTHING };
	struct xst_finding error = { .text = "out of memory" };
	int fd;

	if (strcmp(file, "-") == 0)
		return STDIN_FILENO;
	if (xst_open(file, &fd, &recovery, &error)) {
		xst_cli_say("%s", error.text);
		return -1;
	}
	xst_cli_say_recovery(file, &recovery);
	return fd;
}

void xst_cli_close_input(int fd)
{
	if (fd > STDERR_FILENO)
		close(fd);
}

const char *xst_cli_input_name(const char *file)
{
	return strcmp(file, "-") == 0 ? "(standard input)" : file;
}

static int start_decompressing(struct input *in, enum filter_format format, size_t front)
{
	struct filter *f = &in->filters[in->layers];
	int r = xst_filter_pass_over(in->fd, front);

	if (r == 0)
		r = xst_filter_decompress(f, in->fd, format);

	if (r < 0) {
		xst_cli_say("%s: decompressing: %s", in->name, xst_cli_system_words(-r));
		return EXIT_IO;
	}
	if (in->layers) /* the pipe between two children belongs to them */
		xst_filter_let_go(f - 1);
	in->compression[in->layers++] = format;
	in->fd = f->fd;
	return EXIT_FINE;
}

int xst_cli_input_open(struct input *in, const char *file)
{
	return xst_cli_input_from(in, xst_cli_input_name(file), xst_cli_open_input(file));
}

int xst_cli_input_from(struct input *in, const char *name, int fd)
{
	enum filter_format format;
	int code = EXIT_FINE;
	size_t front;

	*in = (struct input){ .name = name, .file = fd };
	if (in->file < 0)
		return EXIT_IO;
	in->fd = in->file;
	while (!code && in->layers < 2 && (format = xst_filter_recognise(in->fd, &front)))
		code = start_decompressing(in, format, front);
	if (code)
		xst_cli_input_abandon(in);
	return code;
}

static bool is_fault(const struct filter_report *report)
{
	return report->outcome != FILTER_FINE && report->outcome != FILTER_STOPPED;
}

bool xst_cli_input_broke_off(struct input *in)
{
	return in->layers && xst_filter_is_drained(&in->filters[in->layers - 1]) &&
	       xst_cli_input_fault(in);
}

void xst_cli_input_read_on(struct input *in)
{
	char buffer[4096];
	ssize_t n = 1;

	if (!in->layers || in->filters[in->layers - 1].fd < 0)
		return;
	for (size_t sum = 0; sum < READ_ON && n > 0; sum += (size_t)n) {
		n = read(in->fd, buffer, sizeof(buffer));
		if (n < 0 && errno != EINTR)
			break;
		n = n < 0 ? 1 : n;
	}
}

static const char *input_words(enum filter_format format, const struct filter_report *r)
{
	static char text[300];
	const char *name = xst_filter_name(format);

	if (r->outcome == FILTER_DAMAGED)
		snprintf(text, sizeof(text), "damaged %s data: %s", name, r->text);
	else if (r->outcome == FILTER_DEAD)
		snprintf(text, sizeof(text), "the %s decompressor was killed (signal %d)", name,
			 r->error);
	else
		snprintf(text, sizeof(text), "decompressing %s: %s", name,
			 r->outcome == FILTER_MISSING ? r->text : xst_cli_system_words(r->error));
	return text;
}

/* The outermost layer that has failed, since a failure there makes those inside fail, too; -1: none. */
static int faulty_layer(struct input *in)
{
	int layer = -1;

	for (int i = (int)in->layers - 1; i >= 0; i--)
		if (is_fault(xst_filter_end(&in->filters[i])))
			layer = i;
	return layer;
}

const char *xst_cli_input_fault(struct input *in)
{
	int layer = faulty_layer(in);

	return layer < 0 ? NULL : input_words(in->compression[layer], &in->filters[layer].report);
}

void xst_cli_input_abandon(struct input *in)
{
	for (unsigned i = 0; i < in->layers; i++)
		xst_filter_kill(&in->filters[i]);
	in->layers = 0;
	xst_cli_close_input(in->file);
}

/* A layer inside one that ends too early also ends too early. */
bool xst_cli_input_is_cut(struct input *in)
{
	for (unsigned i = 0; i < in->layers; i++)
		if (is_fault(xst_filter_end(&in->filters[i])) && !in->filters[i].report.cut)
			return false;
	return true;
}

static int close_with_words(struct input *in, bool cut_is_fine)
{
	int layer = faulty_layer(in);

	xst_cli_close_input(in->file);
	if (layer < 0)
		return EXIT_FINE;
	xst_cli_say("%s: %s", in->name,
		    input_words(in->compression[layer], &in->filters[layer].report));
	if (cut_is_fine && xst_cli_input_is_cut(in))
		return EXIT_FINE;
	return in->filters[layer].report.outcome == FILTER_DAMAGED ? EXIT_INVALID : EXIT_IO;
}

int xst_cli_input_close(struct input *in)
{
	return close_with_words(in, false);
}

int xst_cli_input_close_cut(struct input *in)
{
	return close_with_words(in, true);
}
