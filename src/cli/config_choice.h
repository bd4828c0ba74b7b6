/* SPDX-License-Identifier: MIT */
/* Which configuration a conversion stores: a given one, a translated one, or the input's own. */
#ifndef CLI_CONFIG_CHOICE_H
#define CLI_CONFIG_CHOICE_H

#include "cli/cli.h"
#include "config/config.h"

struct config_choice {
	const char *file;             /* to store instead of the input's, or NULL */
	enum config_language format;  /* to store it in; 0: unchanged */
	bool wanted;                  /* a stream for xl that would have none is refused */
	const char *input;            /* the input's name, for remarks */
	char *given, *made;           /* the file's contents, the text to store */
	size_t ngiven;
};

/* Reads the file, if there is one.  Returns EXIT_FINE, or an exit code after printing why. */
int xst_cli_config_choice_read(struct config_choice *c);
/* An xst_config_fn; userdata is the structure. */
int xst_cli_config_choice_make(void *userdata, const struct xst_config *stored,
			       struct xst_config *ret, char *why, size_t size);
void xst_cli_config_choice_clear(struct config_choice *c);

#endif
