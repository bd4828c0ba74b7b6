/* SPDX-License-Identifier: MIT */
/* What both languages have in common: their names, and limits (limits.h). */
#ifndef CONFIG_LANGUAGE_H
#define CONFIG_LANGUAGE_H

#include "limits/limits.h"

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
