/* SPDX-License-Identifier: MIT */
/* What the two programs of Xen's names share: its scripts' manners. */
#ifndef CLI_DROPIN_H
#define CLI_DROPIN_H

#include <stdbool.h>

#include <getopt.h>
#include <xenstream/xenstream.h>

/* Exit codes of Xen's scripts. */
#define DROPIN_FINE 0
#define DROPIN_STREAM 1  /* the stream's fault, or required options are missing */
#define DROPIN_TROUBLE 2 /* our own, or a wrong option */

struct dropin {
	const char *name, *help;
	bool verbose, quiet, syslog;
};
extern struct dropin dropin;

/* The next option like getopt_long(); unknown, ambiguous and incomplete ones end the program as
 * Xen's scripts do, --help and --version too. */
int xst_cli_dropin_option(int argc, char **argv, const char *letters, const struct option *table);
/* `value` must be one of `choices`, NULL at the end: the place of it among them. */
int xst_cli_dropin_choice(const char *option, const char *value, const char *const *choices);
/* A decimal argument is a descriptor, else the name of a file.  Returns a descriptor or -1. */
int xst_cli_dropin_open(const char *value);
bool xst_cli_dropin_is_fd(const char *value, int *ret);
void xst_cli_dropin_syslog(void);

/* An error: on stderr and in the log. */
void xst_cli_dropin_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void xst_cli_dropin_finding(const char *what, const struct xst_finding *f);
/* Something worth knowing about a stream that is converted all the same: in the log it is a warning. */
void xst_cli_dropin_remark(const struct xst_finding *f);
/* An xst_event_fn that summarises a stream, for --verbose. */
void xst_cli_dropin_event(void *unused, const struct xst_event *ev);

#endif
