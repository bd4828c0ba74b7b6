/* SPDX-License-Identifier: MIT */
/* The sources and sinks of restore and receive. */
#ifndef CLI_RESTORE_H
#define CLI_RESTORE_H

#include <xenstream/sinks.h>

#include "cli/cli.h"

/* --- endpoint.c: sources --------------------------------------------------- */

/* Opens a file or "-", or connects to unix:PATH or tcp:HOST:PORT.  Returns a descriptor, or -1 after
 * printing why. */
int xst_cli_endpoint_open(const char *name);
/* Waits for one connection to unix:PATH or tcp:HOST:PORT.  Returns its descriptor; -1 after printing why; or
 * -2 if the name is neither. */
int xst_cli_endpoint_accept(const char *name);
/* The path of the listening unix socket while it exists, for a signal handler. */
extern char *volatile endpoint_socket;

/* --- sink_urls.c: sinks ------------------------------------------------------------------ */

struct sink_plan {
	const char *into;     /* directory for the sinks that have no URL, or NULL */
	const char *domain, *xenstore, *emulator; /* URLs, or NULL */
	const char *xenstore_root;
	const char *format;   /* of the stream for exec: */
	int domid;
	bool force;           /* keys anywhere below the root */
	int sync;             /* wait until image: is on disk before it gets its name */
	struct xst_directory_sinks *directory; /* of image:, from which dir: and file: take their sinks */
};

/* Makes the sinks.  Returns EXIT_FINE, or an exit code after printing why; then none is left. */
int xst_cli_sinks_open(const struct verb *verb, const struct sink_plan *plan,
		       struct xst_restore_options *o);
/* Frees sinks that no restore has taken over. */
void xst_cli_sinks_free(struct xst_restore_options *o);

/* --- restore_config.c: what the domain is ----------------------------------------------------- */

/* Refuses a configuration that xl can't read, or that is another guest's than `guest` (UNKNOWN: not
 * yet).  given: the name of the file that replaces the stored one.  Returns 0 or a negative error. */
int xst_cli_restore_config_judge(const char *given, const struct xst_restore_domain *domain,
				 enum xst_guest guest, struct xst_finding *reterr);

#endif
