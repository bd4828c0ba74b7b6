/* SPDX-License-Identifier: MIT */
/* What both languages have in common: their names, and how much a document may hold. */
#ifndef CONFIG_LANGUAGE_H
#define CONFIG_LANGUAGE_H

#define CONFIG_MAX_SIZE     (1u << 20) /* octets of a document */
#define CONFIG_MAX_DEPTH    32         /* of lists in lists, of JSON in JSON */
#define CONFIG_MAX_ITEMS    100000     /* values in all: settings and items, members and elements */
#define CONFIG_MAX_SETTINGS 10000      /* of xl.cfg text */

enum config_language {
	CONFIG_CFG = 1,
	CONFIG_JSON = 2
};

enum config_flags {
	/* Of a key that xl.cfg text gives twice the last counts, as xl does; without this it is an
	 * error.  In JSON it is one in any case. */
	CONFIG_AS_XL = 1 << 0
};

#endif
