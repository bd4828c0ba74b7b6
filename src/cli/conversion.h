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
	bool salvage;                       /* take what compressed data that end too soon hold */
	int sync;                           /* a new file is put on the disk, too */
	int error;                          /* enum xst_errc of the stream, when it has run ... */
	const char *rule;                   /* ... and the rule that it broke, or NULL */
};

/* Says what was done. */
void xst_cli_conversion_done(const char *in, const struct output *o);

/* Opens, converts and commits; says what went wrong, or what was done.  Returns an exit code. */
int xst_cli_conversion_run(struct conversion *w, const char *from, const char *to);

#endif
