/* SPDX-License-Identifier: MIT */
/* Text in the language of xl.cfg(5), as libxlutil reads it:
 *
 *   text      = { [ setting ] end }            the last end may be missing
 *   setting   = name ( "=" | "+=" ) value
 *   value     = string | number | "[" [ newlines ] [ value [ newlines ]
 *               { "," [ newlines ] value [ newlines ] } [ "," [ newlines ] ] ] "]"
 *   end       = newline | ";"
 *   name      = [a-z][._0-9a-z]*
 *   number    = [0-9][0-9a-fx]*
 *   string    = ' or " up to the same quote, on one line, with \\ \' \" \n \r \t \a \b \f \v
 *
 * Blanks and tabs may stand between tokens.  "#" begins a comment, which ends with a newline and
 * counts as one.  So a setting continues on the next line only inside brackets.
 *
 * The text is the master copy: settings are an index into it; a change edits the text and parses
 * it again. */
#ifndef CONFIG_CFG_H
#define CONFIG_CFG_H

#include "config/error.h"
#include "config/guest_type.h"
#include "config/language.h"
#include "config/value.h"

struct cfg_setting {
	char *name;
	bool adds;         /* += */
	size_t begin, end; /* byte offsets in the text: from the name to the end of the value */
	struct config_value value;
};

/* What a key means once all of the text has been read. */
struct cfg_entry {
	const char *name; /* owned by a setting */
	struct config_value value;
	size_t last;      /* index of the last setting that changed it */
};

struct cfg {
	char *text; /* NUL-terminated */
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

/* Typed access.  Returns 0, XST_E_UNKNOWN (no such key; *err is left alone), or XST_E_MALFORMED
 * (another type, or not a number; described in *err). */
int xst_cfg_get_string(const struct cfg *c, const char *name, const char **ret,
		       struct config_error *err);
int xst_cfg_get_long(const struct cfg *c, const char *name, long *ret, struct config_error *err);
int xst_cfg_get_list(const struct cfg *c, const char *name, const struct config_value **ret,
		     struct config_error *err);

/* Whether a setting may have this name. */
bool xst_cfg_name_valid(const char *name);

/* Parses a text that holds one value.  Returns as xst_config_parse() does. */
int xst_cfg_parse_value(const char *text, struct config_value *ret, struct config_error *err);

/* Replaces *c by a changed document; on failure *c stays as it was.  Everything outside the setting
 * is kept.  Returns as xst_config_parse() does.
 * cfg_set: afterwards one setting gives the key this value.  cfg_append: adds an item to the list
 * in place, or lengthens a string. */
int xst_cfg_set(struct cfg **c, const char *name, const struct config_value *v,
		struct config_error *err);
int xst_cfg_append(struct cfg **c, const char *name, const struct config_value *v,
		   struct config_error *err);
int xst_cfg_unset(struct cfg **c, const char *name, struct config_error *err);

/* --- keys whose meaning depends on other keys ------------------------------------------------ */

/* The type of guest: from type, else the older builder and pvh, else the default. */
enum config_type xst_cfg_guest_type(const struct cfg *c);
/* The kernel's command line: cmdline, or root and extra joined.  XST_E_UNKNOWN: there is none. */
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
	enum cfg_token token; /* the current token, and its bytes */
	size_t begin, end;
};

/* Advances to the next token.  Returns 0 or XST_E_MALFORMED. */
int xst_cfg_next(struct cfg_lexer *l);
/* The value of the current string, number or name.  Returns 0, XST_E_MALFORMED or XST_E_NOMEM. */
int xst_cfg_token_value(const struct cfg_lexer *l, struct config_value *ret);
/* Describes the current token in an error: "a newline", "'x'" ... */
const char *xst_cfg_token_words(const struct cfg_lexer *l, char *buf, size_t size);

#endif
