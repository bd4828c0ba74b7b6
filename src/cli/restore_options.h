/* SPDX-License-Identifier: MIT */
/* What restore and receive have besides the library's own. */
#ifndef CLI_RESTORE_H
#define CLI_RESTORE_H

#include <xenstream/sinks.h>

#include "cli/cli.h"

/* --- endpoint.c: where a stream comes from --------------------------------------------------- */

/* Opens a file, "-", unix:PATH or tcp:HOST:PORT, to whose other end it connects.  Returns a
 * descriptor or -1, having said why. */
int xst_cli_endpoint_open(const char *name);
/* Waits for one connection to unix:PATH or tcp:HOST:PORT.  Returns it or -1, having said why; -2: the name
 * is none of these. */
int xst_cli_endpoint_accept(const char *name);
/* The socket's name in the file system, as long as it is there; for a signal handler. */
extern char *volatile endpoint_socket;

/* --- sinks.c: where it goes ------------------------------------------------------------------ */

struct sink_plan {
	const char *into;     /* directory for all that is not named, or NULL */
	const char *domain, *xenstore, *emulator; /* URLs, or NULL */
	const char *xenstore_root;
	const char *format;   /* of the stream for exec: */
	int domid;
	bool force;           /* keys anywhere below the root */
	int sync;             /* image: is to be on the disk before it gets its name */
	struct xst_directory_sinks *directory; /* image:'s, that other sinks may take their part of */
};

/* Makes the sinks.  Returns EXIT_FINE or what to exit with, having said why; then none is left. */
int xst_cli_sinks_open(const struct verb *verb, const struct sink_plan *plan,
		       struct xst_restore_options *o);
/* Frees sinks that no restore has taken. */
void xst_cli_sinks_free(struct xst_restore_options *o);

/* --- restore_config.c: what the domain is ----------------------------------------------------- */

/* Refuses a configuration that xl can't read, or that is another guest's than `guest` (UNKNOWN: not
 * yet).  given: the name of the file that replaces the stored one.  Returns 0 or a negative error. */
int xst_cli_restore_config_judge(const char *given, const struct xst_restore_domain *domain,
				 enum xst_guest guest, struct xst_finding *reterr);

#endif
