/* SPDX-License-Identifier: MIT */
/* Options that take one of some words: the words stand here, once, and help, check and complaint read them. */
#ifndef CLI_CHOICE_H
#define CLI_CHOICE_H

#include "cli/cli.h"
#include "config/config.h"

/* A list is "a, b or c"; what stands after a word in parentheses is for the help alone. */
#define GUEST_WORDS	    "pv or hvm"
#define CHECKPOINTS_WORDS   "keep (write a checkpointed libxl stream with all complete states) or " \
			    "last (a plain image, which a legacy one becomes by default)"
#define CONFIG_FORMAT_WORDS "json (Xen 4.5 and newer) or cfg (Xen 4.4 and older)"
#define COMPRESS_HELP	    FILTER_WORDS ", maybe with a level: zstd:19"

/* Which word of the list a value is: *ret counts from 1, and is 0 without a value.  Returns EXIT_FINE, or
 * EXIT_USAGE, having said which words there are. */
int xst_cli_choose(const struct verb *verb, const char *option, const char *value, const char *words,
		   unsigned *ret);
/* The same of --config-format, 0 without a value. */
int xst_cli_choose_config_format(const struct verb *verb, const char *value, enum config_language *ret);
/* The same of --compress; neither is touched without a value. */
int xst_cli_choose_compression(const struct verb *verb, const char *value, enum filter_format *format,
			       int *level);

#endif
