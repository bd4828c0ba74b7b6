/* SPDX-License-Identifier: MIT */
/* The command xenstream, and the two programs named after Xen's scripts, which are links to it. */
#include "cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct verb *const verbs[] = {
	&xst_cli_verb_info,   &xst_cli_verb_records, &xst_cli_verb_cpu,	    &xst_cli_verb_cpuid,
	&xst_cli_verb_verify, &xst_cli_verb_explain, &xst_cli_verb_convert, &xst_cli_verb_salvage,
	&xst_cli_verb_config, &xst_cli_verb_restore, &xst_cli_verb_receive, &xst_cli_verb_pack
};
#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void main_print_help(FILE *to)
{
	fputs("Usage: xenstream VERB [OPTION...] FILE...\n\n"
	      "Read, check, convert, change and restore saved or migrating Xen domains, without\n"
	      "Xen.  FILE may be - for standard input; its format is recognised.\n\n", to);
	for (size_t i = 0; i < NR_VERBS; i++)
		fprintf(to, "  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
	fputs("\nSee xenstream VERB --help for the options of a verb, and man xenstream.\n", to);
}

static int main_run_verb(int argc, char **argv)
{
	for (size_t i = 0; i < NR_VERBS; i++)
		if (strcmp(argv[1], verbs[i]->name) == 0)
			return verbs[i]->run(argc - 1, (const char **)argv + 1);
	xst_cli_say("%s: no such verb (xenstream --help)", argv[1]);
	return EXIT_USAGE;
}

static int xenstream(int argc, char **argv)
{
	if (argc < 2) {
		main_print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		main_print_help(stdout);
		return EXIT_FINE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("xenstream " XST_VERSION);
		return EXIT_FINE;
	}
	return main_run_verb(argc, argv);
}

/* If standard output could not be written, the command has failed, whatever `code` says. */
static int flush_stdout(int code)
{
	int err;

	(void)fflush(stdout);
	err = xst_cli_stdout_error();
	if (!err)
		return code;
	xst_cli_say("standard output: %s", xst_cli_system_words(err));
	return EXIT_IO;
}

/* A file opened later must not get the number of a closed standard descriptor: messages would be written
 * into an image.  The descriptors opened in their place fail as the closed ones would. */
static void occupy_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	int code;

	occupy_descriptors();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* may be inherited as ignored, and then children leave no status */
	if (strcmp(name, "convert-legacy-stream") == 0)
		code = xst_cli_dropin_convert(argc, argv);
	else if (strcmp(name, "verify-stream-v2") == 0)
		code = xst_cli_dropin_verify(argc, argv);
	else
		code = xenstream(argc, argv);
	return flush_stdout(code);
}
