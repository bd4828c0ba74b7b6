/* SPDX-License-Identifier: MIT */
/* Messages on stderr, and exit codes. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>

static char said[sizeof(((struct xst_finding *)NULL)->text)];

void xst_cli_say(const char *format, ...)
{
	char *text;
	va_list ap;

	xst_cli_progress_clear();
	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text)
		xst_cli_tame(text);
	(void)snprintf(said, sizeof(said), "%s", text ? text : "out of memory");
	fprintf(stderr, "xenstream: %s\n", text ? text : "out of memory");
	free(text);
}

const char *xst_cli_last_said(void)
{
	return said;
}

void xst_cli_print_finding(FILE *to, const char *file, const struct xst_finding *f)
{
	char line[1024], *text;

	xst_cli_progress_clear();
	xst_finding_format(f, NULL, line, sizeof(line));
	if (asprintf(&text, "%s: %s: %s [%s]", file, xst_severity_name(f->severity), line, f->rule) < 0)
		text = NULL;
	if (text)
		xst_cli_tame(text);
	fprintf(to, "%s\n", text ? text : "out of memory");
	free(text);
	(void)xst_cli_stdout_error();
}

int xst_cli_exit_for(int code)
{
	switch (code) {
	case 0:
		return EXIT_FINE;
	case XST_E_IO:
		return EXIT_IO;
	case XST_E_REFUSED:
		return EXIT_REFUSED;
	case XST_E_NOMEM:
	case XST_E_ARG:
	case XST_E_STATE:
		return EXIT_TROUBLE;
	default:
		return EXIT_INVALID;
	}
}
