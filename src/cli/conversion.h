/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONVERSION_H
#define CLI_CONVERSION_H

#include "cli/cli.h"

struct conversion {
	const struct verb *verb;
	struct xst_convert_options options; /* all but the job's */
	xst_finding_fn tell;
	enum filter_format format;          /* to compress with */
	int level;
	bool salvage;                       /* compressed data may end too early */
	int sync;                           /* wait until a new file is on disk, too */
	int error;                          /* the result: the stream's enum xst_errc ... */
	const char *rule;                   /* ... and the rule it broke, or NULL */
};

/* Prints what was written. */
void xst_cli_conversion_done(const char *in, const struct output *o);

/* Opens, converts and commits; prints an error or what was written.  Returns an exit code. */
int xst_cli_conversion_run(struct conversion *w, const char *from, const char *to);

#endif
