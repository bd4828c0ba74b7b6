/* SPDX-License-Identifier: MIT */
/* Values as xl.cfg has them: a string, or a list of values.  What JSON holds for a key of xl.cfg is
 * told in these as well. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include "config/text.h"

struct config_value {
	bool is_list;
	bool bare;         /* a string that stands without quotes: a number */
	char *string;      /* terminated; of a list NULL */
	size_t length;
	struct config_value *items;
	size_t n, room;
	size_t begin, end; /* its bytes in the text; of a value from elsewhere 0 */
};

void xst_config_value_clear(struct config_value *v);

/* These return false when out of memory, and leave *v as it was. */
bool xst_config_value_set_string(struct config_value *v, const char *s, size_t n);
bool xst_config_value_set_number(struct config_value *v, uint64_t number);
bool xst_config_value_add(struct config_value *list,
			  struct config_value *item); /* takes *item over */
bool xst_config_value_add_string(struct config_value *list, const char *s);
bool xst_config_value_copy(struct config_value *to, const struct config_value *from);
/* As += does; both are strings or both are lists. */
bool xst_config_value_append(struct config_value *v, const struct config_value *more);

bool xst_config_value_equal(const struct config_value *a, const struct config_value *b);

/* Is it what xl.cfg takes for a number, without quotes? */
bool xst_config_bare_word(const char *s);

/* Writes a value as xl.cfg text.  quote: '"' or '\''. */
void xst_config_value_write(struct text *t, const struct config_value *v, char quote);
void xst_config_string_write(struct text *t, const char *s, char quote);

#endif
