/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define OPT_HELP 1000

struct common_options common;

static const struct poptOption common_table[] = {
	{ "quiet", 'q', POPT_ARG_NONE, &common.quiet, 0, "print only errors", NULL },
	{ "progress", '\0', POPT_ARG_STRING, &common.progress, 0,
	  "show progress: always, never, or the number of a descriptor to write it to (default: if stderr "
	  "is a terminal)",
	  "WHEN" },
	{ "tmpdir", '\0', POPT_ARG_STRING, &common.tmpdir, 0,
	  "where to put temporary files (default: $TMPDIR or /var/tmp)", "DIR" },
	{ "help", 'h', POPT_ARG_NONE, NULL, OPT_HELP, "show this help", NULL },
	POPT_TABLEEND
};

static void options_print_help(poptContext ctx, const struct verb *verb)
{
	printf("%s.\n\n", verb->summary);
	poptPrintHelp(ctx, stdout, 0);
	printf("\nExample:\n%s\n", verb->example);
	printf("\nExit codes: 0 success, 1 valid with remarks (verify), 2 invalid input, 3 read or\n"
	       "write failed, 4 refused without --force, 64 wrong usage.  See man xenstream.\n");
}

static int usage(const struct verb *verb, const char *what, const char *why)
{
	xst_cli_say("%s: %s%s%s (xenstream %s --help)", verb->name, what ? what : "",
		    what ? ": " : "", why, verb->name);
	return EXIT_USAGE;
}

int xst_cli_usage_error(const struct verb *verb, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return usage(verb, NULL, text);
}

int xst_cli_names_error(const struct verb *verb, const char *names)
{
	xst_cli_say("%s needs %s (xenstream %s --help)", verb->name, names, verb->name);
	return EXIT_USAGE;
}

static poptContext context(const struct verb *verb, int argc, const char **argv,
			   const struct poptOption *table)
{
	static char program[64]; /* what popt prints after "Usage:" */
	poptContext ctx;
	char words[256];

	snprintf(program, sizeof(program), "xenstream %s", verb->name);
	argv[0] = program;
	ctx = poptGetContext("xenstream", argc, argv, table, 0);
	snprintf(words, sizeof(words), "[OPTION...] %s", verb->arguments);
	poptSetOtherOptionHelp(ctx, words);
	return ctx;
}

poptContext xst_cli_options_parse(const struct verb *verb, int argc, const char **argv,
				  const struct poptOption *table, int *ret_exit)
{
	static struct poptOption both[3]; /* popt keeps pointing at it */
	poptContext ctx;
	int r;

	both[0] = (struct poptOption){ NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)table, 0, "Options:", NULL };
	both[1] = (struct poptOption){ NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)common_table, 0,
				       "Options of every verb:", NULL };
	both[2] = (struct poptOption)POPT_TABLEEND;
	ctx = context(verb, argc, argv, both);
	r = poptGetNextOpt(ctx);
	if (r == -1 && xst_cli_progress_option(common.progress, common.quiet))
		return ctx;
	if (r == -1) {
		*ret_exit = xst_cli_usage_error(verb, "--progress=%s: not always, never or an open descriptor",
					common.progress);
	} else if (r == OPT_HELP) {
		options_print_help(ctx, verb);
		*ret_exit = EXIT_FINE;
	} else {
		*ret_exit = usage(verb, poptBadOption(ctx, POPT_BADOPTION_NOALIAS), poptStrerror(r));
	}
	poptFreeContext(ctx);
	return NULL;
}

const char *xst_cli_options_argument(poptContext ctx)
{
	return poptGetArg(ctx);
}
