/* SPDX-License-Identifier: MIT */
/* Options that take one of several words.  Each list of words is defined here once; the help, the check and
 * the error message use it. */
#ifndef CLI_CHOICE_H
#define CLI_CHOICE_H

#include "cli/cli.h"
#include "config/config.h"

/* A list is "a, b or c"; parentheses after a word appear in the help only. */
#define GUEST_WORDS	    "pv or hvm"
#define CHECKPOINTS_WORDS   "keep (write a checkpointed libxl stream with all complete states) or " \
			    "last (write a plain image, the default for a legacy stream)"
#define CONFIG_FORMAT_WORDS "json (Xen 4.5 and newer) or cfg (Xen 4.4 and older)"
#define COMPRESS_HELP	    FILTER_WORDS ", optionally with a level: zstd:19"

/* Finds a value in a list: *ret counts from 1, and is 0 if value is NULL.  Returns EXIT_FINE, or EXIT_USAGE
 * after printing the words. */
int xst_cli_choose(const struct verb *verb, const char *option, const char *value, const char *words,
		   unsigned *ret);
/* The same for --config-format; *ret is 0 if value is NULL. */
int xst_cli_choose_config_format(const struct verb *verb, const char *value, enum config_language *ret);
/* The same for --compress; the outputs are untouched if value is NULL. */
int xst_cli_choose_compression(const struct verb *verb, const char *value, enum filter_format *format,
			       int *level);

#endif
