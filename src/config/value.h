/* SPDX-License-Identifier: MIT */
/* Values as xl.cfg has them: a string, or a list of values.  JSON's values of xl.cfg keys are
 * represented the same way. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include "config/text.h"

struct config_value {
	bool is_list;
	bool bare;         /* a string written without quotes: a number */
	char *string;      /* NUL-terminated; NULL for a list */
	size_t length;
	struct config_value *items;
	size_t n, room;
	size_t begin, end; /* its bytes in the text; 0 if it isn't from a text */
};

void xst_config_value_clear(struct config_value *v);

/* These return false when out of memory, and leave *v as it was. */
bool xst_config_value_set_string(struct config_value *v, const char *s, size_t n);
bool xst_config_value_set_number(struct config_value *v, uint64_t number);
bool xst_config_value_add(struct config_value *list,
			  struct config_value *item); /* takes ownership of *item */
bool xst_config_value_add_string(struct config_value *list, const char *s);
bool xst_config_value_copy(struct config_value *to, const struct config_value *from);
/* Appends as += does; both must be strings, or both lists. */
bool xst_config_value_append(struct config_value *v, const struct config_value *more);

bool xst_config_value_equal(const struct config_value *a, const struct config_value *b);

/* Whether xl.cfg takes this for a number, without quotes. */
bool xst_config_bare_word(const char *s);

/* Writes a value as xl.cfg text.  quote: '"' or '\''. */
void xst_config_value_write(struct text *t, const struct config_value *v, char quote);
void xst_config_string_write(struct text *t, const char *s, char quote);

#endif
