/* SPDX-License-Identifier: MIT */
/* verify-stream-v2, with the options, defaults, outputs and exit codes of Xen's script of that name, and its
 * rules. */
#include "cli/cli.h"

#include <stdlib.h>

#include "cli/dropin.h"

#define HELP                                                                   \
	"Usage: verify-stream-v2 [options]\n\n"                                 \
	"Verify a stream according to the v2 (or later) spec\n\n"               \
	"Options:\n"                                                            \
	"  -h, --help            show this help message and exit\n"             \
	"  -i FD|FILE, --in=FD|FILE\n"                                          \
	"                        stream to verify (default standard input)\n"   \
	"  -v, --verbose         summarise the stream's contents\n"             \
	"  -q, --quiet           suppress all logging and errors\n"             \
	"  -f libxc|libxl|xl, --format=libxc|libxl|xl\n"                        \
	"                        format of the incoming stream (default libxc)\n" \
	"  --syslog              log to syslog instead of stdout\n"

enum { OPT_SYSLOG = 1000 };

static const struct option table[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "in", required_argument, NULL, 'i' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "format", required_argument, NULL, 'f' },
	{ "syslog", no_argument, NULL, OPT_SYSLOG },
	{ NULL, 0, NULL, 0 },
};

static const char *const formats[] = { "libxc", "libxl", "xl", NULL };
static const enum xst_start starts[] = { XST_START_LIBXC, XST_START_LIBXL, XST_START_XL };

static bool legacy;

static void dropin_verify_finding(void *unused, const struct xst_finding *f)
{
	(void)unused;
	if (!legacy)
		xst_cli_dropin_finding("Stream Error", f);
}

static void dropin_verify_event(void *unused, const struct xst_event *ev)
{
	xst_cli_dropin_event(unused, ev);
	if (ev->type != XST_EVENT_STREAM_BEGIN || ev->layer != XST_LAYER_LEGACY)
		return;
	xst_cli_dropin_error("Stream Error: a legacy stream, not one of today's formats");
	legacy = true;
}

/* Like Xen's script, stops at the first error. */
static int dropin_verify_run(int fd, enum xst_start start)
{
	struct xst_parser_options parser = { .size = sizeof(parser), .start = start,
					     .flags = XST_PARSER_NO_EMULATOR };
	struct xst_job_options job = { .size = sizeof(job),
				       .parser = &parser,
				       .finding = dropin_verify_finding,
				       .event = dropin_verify_event };
	struct xst_verify_options o = { .size = sizeof(o), .job = &job,
					.flags = XST_VERIFY_LIKE_XEN | XST_VERIFY_STOP };
	struct xst_finding error = { .text = "out of memory" };
	struct xst_verdict v;
	int r;

	r = xst_verify_fd(fd, &o, &v, &error);
	if (r)
		xst_cli_dropin_finding(r == XST_E_IO ? "Stream Error" : "Script Error", &error);
	if (r)
		return r == XST_E_IO ? DROPIN_STREAM : DROPIN_TROUBLE;
	return v.errors || legacy ? DROPIN_STREAM : DROPIN_FINE;
}

int xst_cli_dropin_verify(int argc, char **argv)
{
	const char *in = "0";
	enum xst_start start = XST_START_LIBXC;
	int c, fd;

	dropin.name = "verify-stream-v2";
	dropin.help = HELP;
	while ((c = xst_cli_dropin_option(argc, argv, ":hi:vqf:", table)) != -1)
		switch (c) {
		case 'i': in = optarg; break;
		case 'v': dropin.verbose = true; break;
		case 'q': dropin.quiet = true; break;
		case 'f': start = starts[xst_cli_dropin_choice("-f", optarg, formats)]; break;
		default: dropin.syslog = true; break;
		}
	if (dropin.syslog)
		xst_cli_dropin_syslog();
	fd = xst_cli_dropin_open(in);
	return fd < 0 ? DROPIN_STREAM : dropin_verify_run(fd, start);
}
