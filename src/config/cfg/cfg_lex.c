/* SPDX-License-Identifier: MIT */
/* Tokens of xl.cfg text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/cfg/cfg.h"

static int lex_fail(const struct cfg_lexer *l, size_t at, const char *text)
{
	return xst_config_fail_at(l->err, XST_E_MALFORMED, l->text, at, "%s", text);
}

static int peek(const struct cfg_lexer *l)
{
	return l->pos < l->size ? (unsigned char)l->text[l->pos] : -1;
}

static bool lex_among(int c, const char *set)
{
	return c > 0 && strchr(set, c);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS	"0123456789"

static void run_of(struct cfg_lexer *l, const char *set, enum cfg_token token)
{
	while (lex_among(peek(l), set))
		l->pos++;
	l->token = token;
}

static int lex_comment(struct cfg_lexer *l)
{
	const char *end = memchr(l->text + l->pos, '\n', l->size - l->pos);

	if (!end)
		return lex_fail(
			l, l->begin,
			"the comment on the last line has no newline after it, and xl refuses "
			"that");
	l->pos = (size_t)(end - l->text) + 1;
	l->token = CFG_NEWLINE;
	return 0;
}

static int lex_string(struct cfg_lexer *l)
{
	int quote = peek(l), c;

	l->token = CFG_STRING;
	for (l->pos++; (c = peek(l)) >= 0 && c != '\n'; l->pos++) {
		if (c == quote) {
			l->pos++;
			return 0;
		}
		if (c == '\\' && l->pos + 1 < l->size && l->text[l->pos + 1] != '\n')
			l->pos++;
	}
	return lex_fail(l, l->begin, "a string that does not end on its line");
}

/* Explains a byte that begins no token, by what was probably meant. */
static int lex_stray(struct cfg_lexer *l)
{
	int c = peek(l);

	switch (c) {
	case '\r':
		return lex_fail(l, l->begin,
				"a carriage return: end lines with a newline alone");
	case '\\':
		return lex_fail(
			l, l->begin,
			"a backslash: a setting continues on the next line only inside brackets");
	case '-': case '+': case '.': case '(': case ')': case ':':
		return lex_fail(
			l, l->begin,
			"not an xl.cfg setting: strings need quotes, and Python is not accepted");
	default:
		break;
	}
	if (c >= 'A' && c <= 'Z')
		return lex_fail(
			l, l->begin,
			"a capital letter: keys are lower case, and strings need quotes");
	if (c <= ' ' || c >= 0x7f)
		return xst_config_fail_at(
			l->err, XST_E_MALFORMED, l->text, l->begin,
			"byte 0x%02x, which xl accepts only in strings and comments", (unsigned)c);
	return xst_config_fail_at(l->err, XST_E_MALFORMED, l->text, l->begin,
				  "'%c' has no meaning here", c);
}

static int token(struct cfg_lexer *l)
{
	int c = peek(l);

	if (c < 0) {
		l->token = CFG_END;
	} else if (c == '#') {
		return lex_comment(l);
	} else if (c == '"' || c == '\'') {
		return lex_string(l);
	} else if (lex_among(c, "\n=,[];")) {
		l->token = (enum cfg_token)c;
		l->pos++;
	} else if (c == '+' && l->pos + 1 < l->size && l->text[l->pos + 1] == '=') {
		l->token = CFG_ADD;
		l->pos += 2;
	} else if (lex_among(c, DIGITS)) {
		run_of(l, DIGITS "abcdefx", CFG_NUMBER);
	} else if (lex_among(c, LETTERS)) {
		run_of(l, LETTERS DIGITS "_.", CFG_NAME);
	} else {
		return lex_stray(l);
	}
	return 0;
}

int xst_cfg_next(struct cfg_lexer *l)
{
	int r;

	while (lex_among(peek(l), " \t"))
		l->pos++;
	l->begin = l->pos;
	r = token(l);
	l->end = l->pos;
	return r;
}

/* --- strings -------------------------------------------------------------------------------- */

/* The byte that an escape stands for, or -1. */
static int escaped(char c)
{
	static const char letters[] = "nrtabfv\\'\"", bytes[] = "\n\r\t\a\b\f\v\\'\"";
	const char *p = c ? strchr(letters, c) : NULL;

	return p ? bytes[p - letters] : -1;
}

static int bad_escape(const struct cfg_lexer *l, size_t at)
{
	char c = l->text[at];

	if (c == 'x' || (c >= '0' && c <= '7'))
		return lex_fail(
			l, at - 1,
			"a numeric escape, which xl doesn't support: write the byte itself");
	return lex_fail(
		l, at - 1,
		"an escape that xl doesn't know; it knows \\\\ \\' \\\" \\n \\r \\t \\a \\b "
		"\\f \\v");
}

static int unquote(const struct cfg_lexer *l, char *to, size_t *ret_n)
{
	size_t n = 0;

	for (size_t i = l->begin + 1; i < l->end - 1; i++) {
		int c = (unsigned char)l->text[i];

		if (c == '\\') {
			c = escaped(l->text[++i]);
			if (c < 0)
				return bad_escape(l, i);
		}
		to[n++] = (char)c;
	}
	*ret_n = n;
	return 0;
}

int xst_cfg_token_value(const struct cfg_lexer *l, struct config_value *ret)
{
	size_t n = l->end - l->begin;
	char *s;
	int r = 0;

	s = malloc(n + 1);
	if (!s)
		return XST_E_NOMEM;
	if (l->token == CFG_STRING)
		r = unquote(l, s, &n);
	else
		memcpy(s, l->text + l->begin, n);
	if (r == 0 && !xst_config_value_set_string(ret, s, n))
		r = XST_E_NOMEM;
	free(s);
	if (r == 0) {
		ret->bare = l->token == CFG_NUMBER;
		ret->begin = l->begin;
		ret->end = l->end;
	}
	return r;
}

const char *xst_cfg_token_words(const struct cfg_lexer *l, char *buf, size_t size)
{
	size_t n = l->end - l->begin;

	switch (l->token) {
	case CFG_END:     return "the end of the text";
	case CFG_NEWLINE: return "the end of the line";
	default:          break;
	}
	snprintf(buf, size, "'%.*s'", n > 40 ? 40 : (int)n, l->text + l->begin);
	return buf;
}
