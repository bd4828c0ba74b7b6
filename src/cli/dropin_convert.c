/* SPDX-License-Identifier: MIT */
/* convert-legacy-stream, with the options, defaults, outputs and exit codes of Xen's script of that name, so
 * that libxl and xenopsd can run it instead. */
#include "cli/cli.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/dropin.h"

#define HELP                                                                   \
	"Usage: convert-legacy-stream [options] -i INPUT -o OUTPUT -w WIDTH -g GUEST\n\n" \
	"Convert a legacy stream to a v2 (or later) stream\n\n"                 \
	"Options:\n"                                                            \
	"  --version             show the version and exit\n"                   \
	"  -h, --help            show this help message and exit\n"             \
	"  -i FD|FILE, --in=FD|FILE\n"                                          \
	"                        legacy input to convert\n"                     \
	"  -o FD|FILE, --out=FD|FILE\n"                                         \
	"                        v2 (or later) format output\n"                 \
	"  -w 32|64, --width=32|64\n"                                           \
	"                        legacy toolstack bitness; the stream overrules it\n" \
	"  -g pv|hvm, --guest-type=pv|hvm\n"                                    \
	"                        type of guest in the stream; the stream overrules it\n" \
	"  -f libxc|libxl, --format=libxc|libxl\n"                              \
	"                        format of the outgoing stream (default libxc)\n" \
	"  -v, --verbose         summarise the stream's contents\n"             \
	"  -x, --xl              an xl header precedes the stream\n"            \
	"  --skip-qemu           stop in front of the qemu tail\n"              \
	"  --syslog              log to syslog instead of stdout\n"

enum { OPT_VERSION = 1000, OPT_SKIP_QEMU, OPT_SYSLOG };

static const struct option table[] = {
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ "in", required_argument, NULL, 'i' },
	{ "out", required_argument, NULL, 'o' },
	{ "width", required_argument, NULL, 'w' },
	{ "guest-type", required_argument, NULL, 'g' },
	{ "format", required_argument, NULL, 'f' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "xl", no_argument, NULL, 'x' },
	{ "skip-qemu", no_argument, NULL, OPT_SKIP_QEMU },
	{ "syslog", no_argument, NULL, OPT_SYSLOG },
	{ NULL, 0, NULL, 0 },
};

static const char *const widths[] = { "32", "64", NULL };
static const char *const guests[] = { "pv", "hvm", NULL };
static const char *const formats[] = { "libxc", "libxl", NULL };

struct request {
	const char *in, *out;
	int width, guest; /* indexes of their choices, -1: not given */
	bool libxl, xl, skip_qemu;
};

static void one_option(struct request *q, int c)
{
	switch (c) {
	case 'i': q->in = optarg; break;
	case 'o': q->out = optarg; break;
	case 'w': q->width = xst_cli_dropin_choice("-w", optarg, widths); break;
	case 'g': q->guest = xst_cli_dropin_choice("-g", optarg, guests); break;
	case 'f': q->libxl = xst_cli_dropin_choice("-f", optarg, formats) == 1; break;
	case 'v': dropin.verbose = true; break;
	case 'x': q->xl = true; break;
	case OPT_SKIP_QEMU: q->skip_qemu = true; break;
	case OPT_SYSLOG: dropin.syslog = true; break;
	case OPT_VERSION:
		puts("1");
		exit(DROPIN_FINE);
	default: break;
	}
}

static void dropin_convert_remark(void *unused, const struct xst_finding *f)
{
	(void)unused;
	if (f->severity != XST_NOTE)
		xst_cli_dropin_remark(f);
}

/* As in Xen's script --skip-qemu has no effect for libxl, which needs the record.  From a pipe no byte after
 * the stream may be read, so the first state of a checkpointed stream is taken. */
static uint32_t parser_flags(const struct request *q, int fd)
{
	uint32_t flags = q->skip_qemu && !q->libxl ? XST_PARSER_NO_EMULATOR : 0;

	return lseek(fd, 0, SEEK_CUR) < 0 ? flags | XST_PARSER_ONE_CHECKPOINT : flags;
}

static enum xst_container dropin_convert_container(const struct request *q)
{
	if (!q->xl)
		return q->libxl ? XST_CONTAINER_LIBXL : XST_CONTAINER_LIBXC;
	return q->libxl ? XST_CONTAINER_XL : XST_CONTAINER_XL_LIBXC;
}

static int convert_fd(const struct request *q, int fd, struct xst_output *output,
		      struct xst_finding *reterr)
{
	struct xst_parser_options parser = { .size = sizeof(parser),
					     .start = q->xl ? XST_START_XL : XST_START_AUTO,
					     .flags = parser_flags(q, fd) };
	struct xst_job_options job = { .size = sizeof(job),
				       .parser = &parser,
				       .finding = dropin_convert_remark,
				       .event = xst_cli_dropin_event };
	struct xst_converter_options to = { .size = sizeof(to), .flags = XST_CONVERT_FORCE,
					    .to = dropin_convert_container(q) };
	struct xst_convert_options o = { .size = sizeof(o), .job = &job, .converter = &to,
					 .width = q->width == 0 ? 32 : 64,
					 .guest = q->guest == 0 ? XST_GUEST_PV : XST_GUEST_HVM,
					 .legacy_only = true };

	return xst_convert_fd(fd, output, &o, reterr);
}

static int dropin_convert_open_output(const char *name, struct xst_output **ret)
{
	struct xst_finding error = { .text = "out of memory" };
	int fd, r;

	if (xst_cli_dropin_is_fd(name, &fd))
		r = xst_output_fd(fd, ret);
	else
		r = xst_output_file(name, 0666 & ~0077u, 0, ret, &error);
	if (r)
		xst_cli_dropin_error("%s", error.text);
	return r;
}

static int exit_code(int r)
{
	if (r == 0)
		return DROPIN_FINE;
	return r == XST_E_NOMEM || r == XST_E_ARG || r == XST_E_UNSUPPORTED ? DROPIN_TROUBLE
									    : DROPIN_STREAM;
}

static int dropin_convert_run(const struct request *q)
{
	struct xst_finding error = { .text = "out of memory" };
	struct xst_output *output = NULL;
	int fd = xst_cli_dropin_open(q->in), r;

	if (fd < 0 || dropin_convert_open_output(q->out, &output))
		return DROPIN_STREAM;
	r = convert_fd(q, fd, output, &error);
	if (r == 0) {
		r = xst_output_commit(output);
		error = *xst_output_error(output);
	}
	if (r)
		xst_cli_dropin_finding(
			exit_code(r) == DROPIN_TROUBLE ? "Script Error" : "Stream Error", &error);
	xst_output_free(output);
	return exit_code(r);
}

int xst_cli_dropin_convert(int argc, char **argv)
{
	struct request q = { .width = -1, .guest = -1 };
	int c;

	dropin.name = "convert-legacy-stream";
	dropin.help = HELP;
	while ((c = xst_cli_dropin_option(argc, argv, ":hi:o:w:g:f:vx", table)) != -1)
		one_option(&q, c);
	if (!q.in || !q.out || q.width < 0 || q.guest < 0) {
		fputs(HELP, stderr);
		return DROPIN_STREAM;
	}
	if (dropin.syslog)
		xst_cli_dropin_syslog();
	return dropin_convert_run(&q);
}
