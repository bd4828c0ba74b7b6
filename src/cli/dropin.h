/* SPDX-License-Identifier: MIT */
/* Shared by the two replacements for Xen's scripts: options, messages and exit codes like theirs. */
#ifndef CLI_DROPIN_H
#define CLI_DROPIN_H

#include <stdbool.h>

#include <getopt.h>
#include <xenstream/xenstream.h>

/* Exit codes of Xen's scripts. */
#define DROPIN_FINE 0
#define DROPIN_STREAM 1  /* the stream is at fault, or a required option is missing */
#define DROPIN_TROUBLE 2 /* an internal failure, or a wrong option */

struct dropin {
	const char *name, *help;
	bool verbose, quiet, syslog;
};
extern struct dropin dropin;

/* The next option, as from getopt_long().  An unknown, ambiguous or incomplete option, and --help, end the
 * program as Xen's scripts do. */
int xst_cli_dropin_option(int argc, char **argv, const char *letters, const struct option *table);
/* The index of `value` in `choices`, which end with NULL; any other value ends the program. */
int xst_cli_dropin_choice(const char *option, const char *value, const char *const *choices);
/* Opens a file; a decimal argument is the number of a descriptor.  Returns a descriptor or -1. */
int xst_cli_dropin_open(const char *value);
bool xst_cli_dropin_is_fd(const char *value, int *ret);
void xst_cli_dropin_syslog(void);

/* Reports an error on stderr and, with --syslog, in the system's log. */
void xst_cli_dropin_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void xst_cli_dropin_finding(const char *what, const struct xst_finding *f);
/* Something worth knowing about a stream that is converted all the same: in the log it is a warning. */
void xst_cli_dropin_remark(const struct xst_finding *f);
/* An xst_event_fn that summarises a stream, for --verbose. */
void xst_cli_dropin_event(void *unused, const struct xst_event *ev);

#endif
