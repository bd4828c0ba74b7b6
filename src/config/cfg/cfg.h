/* SPDX-License-Identifier: MIT */
/* Text in the language of xl.cfg(5), as libxlutil takes it:
 *
 *   text      = { [ setting ] end }            the last end may be the text's
 *   setting   = name ( "=" | "+=" ) value
 *   value     = string | number | "[" [ newlines ] [ value [ newlines ]
 *               { "," [ newlines ] value [ newlines ] } [ "," [ newlines ] ] ] "]"
 *   end       = newline | ";"
 *   name      = [a-z][._0-9a-z]*
 *   number    = [0-9][0-9a-fx]*
 *   string    = ' or " up to the same again, in one line, with \\ \' \" \n \r \t \a \b \f \v
 *
 * Blanks and tabs may stand between all these.  "#" begins a comment, which ends with a newline,
 * and counts as one.  So a setting goes on in the next line only inside of brackets.
 *
 * The text stays the truth: settings are an index into it, changes are made in it, and it is parsed
 * again. */
#ifndef CONFIG_CFG_H
#define CONFIG_CFG_H

#include "config/error.h"
#include "config/guest_type.h"
#include "config/language.h"
#include "config/value.h"

struct cfg_setting {
	char *name;
	bool adds;         /* += */
	size_t begin, end; /* from the name to after the value, bytes of the text */
	struct config_value value;
};

/* What a key stands for when all of the text is read. */
struct cfg_entry {
	const char *name; /* a setting's */
	struct config_value value;
	size_t last;      /* index of the setting that had the last word */
};

struct cfg {
	char *text; /* terminated */
	size_t size;
	unsigned flags;
	struct cfg_setting *settings;
	size_t n, room;
	struct cfg_entry *entries;
	size_t nentries, entries_room;
};

/* See xst_config_parse(). */
int xst_cfg_parse(const char *text, size_t n, unsigned flags, struct cfg **ret,
		  struct config_error *err);
struct cfg *xst_cfg_free(struct cfg *c);

/* The entry of a key, or NULL. */
const struct cfg_entry *xst_cfg_find(const struct cfg *c, const char *name);

/* Typed access.  Returns 0, XST_E_UNKNOWN (no such key; *err is left alone), or XST_E_MALFORMED:
 * another type, or no number, described in *err. */
int xst_cfg_get_string(const struct cfg *c, const char *name, const char **ret,
		       struct config_error *err);
int xst_cfg_get_long(const struct cfg *c, const char *name, long *ret, struct config_error *err);
int xst_cfg_get_list(const struct cfg *c, const char *name, const struct config_value **ret,
		     struct config_error *err);

/* Is it a name that a setting may have? */
bool xst_cfg_name_valid(const char *name);

/* One value out of a text of its own.  Returns as xst_config_parse() does. */
int xst_cfg_parse_value(const char *text, struct config_value *ret, struct config_error *err);

/* Changes *c in place; *c is replaced, and stays as it was on failure.  All that is no part of the
 * setting stays. Returns as xst_config_parse() does.
 * cfg_set: the key has this value then, and one setting.  cfg_append: an item is written into the
 * list where it stands; a string is made longer. */
int xst_cfg_set(struct cfg **c, const char *name, const struct config_value *v,
		struct config_error *err);
int xst_cfg_append(struct cfg **c, const char *name, const struct config_value *v,
		   struct config_error *err);
int xst_cfg_unset(struct cfg **c, const char *name, struct config_error *err);

/* --- what xl makes of keys that mean something together only --------------------------------- */

/* The type of guest: type, the older builder and pvh, or what stands for none. */
enum config_type xst_cfg_guest_type(const struct cfg *c);
/* The kernel's command line: cmdline, or root and extra put together.  XST_E_UNKNOWN: there is
 * none. */
int xst_cfg_command_line(const struct cfg *c, struct config_value *ret);

/* --- inside --------------------------------------------------------------------------------- */

enum cfg_token {
	CFG_END = 0,
	CFG_NEWLINE = '\n',
	CFG_EQUALS = '=',
	CFG_COMMA = ',',
	CFG_OPEN = '[',
	CFG_CLOSE = ']',
	CFG_SEMICOLON = ';',
	CFG_ADD = 256, /* += */
	CFG_NAME,
	CFG_NUMBER,
	CFG_STRING
};

struct cfg_lexer {
	const char *text;
	size_t size, pos;
	struct config_error *err;
	enum cfg_token token; /* the one in hand, and its bytes */
	size_t begin, end;
};

/* Takes the next token in hand.  Returns 0 or XST_E_MALFORMED. */
int xst_cfg_next(struct cfg_lexer *l);
/* What the string, number or name in hand says.  Returns 0, XST_E_MALFORMED or XST_E_NOMEM. */
int xst_cfg_token_value(const struct cfg_lexer *l, struct config_value *ret);
/* The token in hand for an error: "a newline", "'x'" ... */
const char *xst_cfg_token_words(const struct cfg_lexer *l, char *buf, size_t size);

#endif
