/* SPDX-License-Identifier: MIT */
/* What both languages share: their names, and limits (limits.h). */
#ifndef CONFIG_LANGUAGE_H
#define CONFIG_LANGUAGE_H

#include "limits/limits.h"

enum config_language {
	CONFIG_CFG = 1,
	CONFIG_JSON = 2
};

enum config_flags {
	/* If xl.cfg text sets a key twice the last one counts, as in xl; without this flag it is an
	 * error.  In JSON it always is. */
	CONFIG_AS_XL = 1 << 0
};

#endif
