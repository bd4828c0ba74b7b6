/* SPDX-License-Identifier: MIT */
#include "config/foreign/sexpr.h"

#include <stdlib.h>
#include <string.h>

struct sexpr_document {
	struct sexpr *nodes;
	size_t n, capacity;
	char *text, *end; /* the text of all atoms; where the next one goes */
	const struct sexpr *root;
};

struct reader {
	const char *begin, *at, *end;
	enum sexpr_dialect dialect;
	struct sexpr_document *d;
	struct config_error *err;
	const struct sexpr **place[LIMIT_SEXPR_DEPTH + 1]; /* where each open list continues */
	unsigned depth;
};

static int fail_at(const struct reader *r, const char *at, int code, const char *what)
{
	return xst_config_fail_at(r->err, code, r->begin, (size_t)(at - r->begin), "%s", what);
}

static int sexpr_fail(const struct reader *r, const char *what)
{
	return fail_at(r, r->at, XST_E_MALFORMED, what);
}

static bool sexpr_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_quote(const struct reader *r, char c)
{
	return c == '"' || (c == '\'' && r->dialect == SEXPR_PYTHON);
}

/* Adds a new node at the end of the innermost open list. */
static struct sexpr *sexpr_add(struct reader *r)
{
	struct sexpr *s;

	if (r->d->n == r->d->capacity)
		return NULL;
	s = &r->d->nodes[r->d->n++];
	*r->place[r->depth] = s;
	r->place[r->depth] = &s->next;
	return s;
}

/* --- atoms ----------------------------------------------------------------------------------- */

static int digit(char c, unsigned base)
{
	int v = c >= '0' && c <= '9'   ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10
				       : 99;

	return v < (int)base ? v : -1;
}

/* Reads 1 to `most` digits at r->at. */
static int sexpr_number(struct reader *r, unsigned base, unsigned most)
{
	unsigned v = 0, n = 0;

	while (n < most && r->at < r->end && digit(*r->at, base) >= 0) {
		v = v * base + (unsigned)digit(*r->at++, base);
		n++;
	}
	if (!n || !v || v > 255)
		return sexpr_fail(r, "an escape that is not a character");
	*r->d->end++ = (char)v;
	return 0;
}

/* Reads an escape after its backslash. */
static int escape(struct reader *r)
{
	static const char names[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
	const char *found;
	char c = *r->at;

	if (c == 'x') {
		r->at++;
		return sexpr_number(r, 16, 2);
	}
	if (digit(c, 10) >= 0)
		return r->dialect == SEXPR_OCAML ? sexpr_number(r, 10, 3) : sexpr_number(r, 8, 3);
	found = c ? strchr(names, c) : NULL;
	*r->d->end++ = found ? values[found - names] : c;
	r->at++;
	return 0;
}

static int sexpr_quoted(struct reader *r)
{
	const char *begin = r->at;
	char quote = *r->at++;
	int e = 0;

	while (e == 0 && r->at < r->end && *r->at != quote) {
		char c = *r->at++;

		if (c != '\\')
			*r->d->end++ = c;
		else if (r->at < r->end)
			e = escape(r);
	}
	if (e == 0 && r->at == r->end)
		return fail_at(r, begin, XST_E_MALFORMED, "a string that is not closed");
	r->at++;
	return e;
}

static int atom(struct reader *r)
{
	struct sexpr *s = sexpr_add(r);
	int e = 0;

	if (!s)
		return fail_at(r, r->at, XST_E_LIMIT, "too many parts");
	s->text = r->d->end;
	if (is_quote(r, *r->at))
		e = sexpr_quoted(r);
	else
		while (r->at < r->end && !sexpr_is_space(*r->at) && *r->at != '(' &&
		       *r->at != ')' && *r->at != '"')
			*r->d->end++ = *r->at++;
	*r->d->end++ = '\0';
	return e;
}

/* --- lists ----------------------------------------------------------------------------------- */

static int open_list(struct reader *r)
{
	struct sexpr *s;

	if (r->depth == LIMIT_SEXPR_DEPTH)
		return fail_at(r, r->at, XST_E_LIMIT, "lists nested too deep");
	s = sexpr_add(r);
	if (!s)
		return fail_at(r, r->at, XST_E_LIMIT, "too many parts");
	r->place[++r->depth] = &s->first;
	r->at++;
	return 0;
}

static int close_list(struct reader *r)
{
	if (!r->depth)
		return sexpr_fail(r, "an unmatched closing parenthesis");
	r->depth--;
	r->at++;
	return 0;
}

static int sexpr_read_all(struct reader *r)
{
	int e = 0;

	while (e == 0) {
		while (r->at < r->end && sexpr_is_space(*r->at))
			r->at++;
		if (r->at == r->end)
			break;
		if (!r->depth && (r->d->n || *r->at != '('))
			return sexpr_fail(r, r->d->n ? "text after the end of the list"
						     : "expected the start of a list");
		e = *r->at == '(' ? open_list(r) : *r->at == ')' ? close_list(r) : atom(r);
	}
	if (e == 0 && (r->depth || !r->d->n))
		e = sexpr_fail(r, "the text ends before all parentheses are closed");
	return e;
}

int xst_sexpr_parse(const char *text, size_t n, enum sexpr_dialect dialect,
		    struct sexpr_document **ret, struct config_error *err)
{
	struct reader r = { .begin = text, .at = text, .end = text + n, .dialect = dialect,
			    .err = err };
	const char *nul = memchr(text, '\0', n);
	int e;

	if (n > LIMIT_SEXPR_SIZE)
		return xst_config_refuse(err, XST_E_LIMIT, "%zu bytes are more than %u", n,
					 LIMIT_SEXPR_SIZE);
	if (nul)
		return fail_at(&r, nul, XST_E_MALFORMED, "a NUL byte");
	r.d = calloc(1, sizeof(*r.d));
	if (!r.d)
		return XST_E_NOMEM;
	/* each node takes at least one byte */
	r.d->capacity = n < LIMIT_SEXPR_NODES ? n : LIMIT_SEXPR_NODES;
	r.d->nodes = calloc(r.d->capacity + 1, sizeof(*r.d->nodes));
	r.d->text = r.d->end = malloc(2 * n + 1); /* every byte, and a NUL after each atom */
	r.place[0] = &r.d->root;
	e = r.d->nodes && r.d->text ? sexpr_read_all(&r) : XST_E_NOMEM;
	if (e) {
		xst_sexpr_free(r.d);
		return e;
	}
	*ret = r.d;
	return 0;
}

struct sexpr_document *xst_sexpr_free(struct sexpr_document *d)
{
	if (d) {
		free(d->nodes);
		free(d->text);
	}
	free(d);
	return NULL;
}

/* --- access to the tree ----------------------------------------------------------------------- */

const struct sexpr *xst_sexpr_root(const struct sexpr_document *d)
{
	return d->root;
}

const char *xst_sexpr_name(const struct sexpr *list)
{
	return list && list->first && list->first->text ? list->first->text : "";
}

const struct sexpr *xst_sexpr_find(const struct sexpr *list, const char *name)
{
	for (const struct sexpr *s = list ? list->first : NULL; s; s = s->next)
		if (!s->text && strcmp(xst_sexpr_name(s), name) == 0)
			return s;
	return NULL;
}

const char *xst_sexpr_value(const struct sexpr *list)
{
	const struct sexpr *second = list && list->first ? list->first->next : NULL;

	return second && second->text ? second->text : "";
}

struct printer {
	char *at, *end; /* in the buffer, leaving room for the NUL */
};

static void sexpr_put(struct printer *p, const char *text)
{
	while (*text && p->at < p->end)
		*p->at++ = *text++;
}

static void put_atom(struct printer *p, const char *text)
{
	bool bare = *text && !text[strcspn(text, " \t\n\r\f\v()'\"")];

	sexpr_put(p, bare ? "" : "'");
	sexpr_put(p, text);
	sexpr_put(p, bare ? "" : "'");
}

/* Not recursive, so any depth is safe: the way back is kept. */
const char *xst_sexpr_print(const struct sexpr *s, char *buf, size_t size)
{
	const struct sexpr *back[LIMIT_SEXPR_DEPTH];
	struct printer p = { buf, buf + size - 1 };
	unsigned depth = 0;

	for (;;) {
		const struct sexpr *inside = s->text ? NULL : s->first;

		if (s->text)
			put_atom(&p, s->text);
		else
			sexpr_put(&p, inside ? "(" : "()");
		if (inside && depth < LIMIT_SEXPR_DEPTH) {
			back[depth++] = s;
			s = inside;
			continue;
		}
		while (depth && !s->next) {
			sexpr_put(&p, ")");
			s = back[--depth];
		}
		if (!depth)
			break;
		sexpr_put(&p, " ");
		s = s->next;
	}
	*p.at = '\0';
	return buf;
}
