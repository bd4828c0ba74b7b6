/* SPDX-License-Identifier: MIT */
#include "config/foreign/domxml.h"

#include <expat.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "load/load.h"

#define PIECE (64u << 10)

#define FUNCTIONS(X)                       \
	X(XML_ErrorString)                 \
	X(XML_GetCurrentByteIndex)         \
	X(XML_GetErrorCode)                \
	X(XML_Parse)                       \
	X(XML_ParserCreate_MM)             \
	X(XML_ParserFree)                  \
	X(XML_SetCharacterDataHandler)     \
	X(XML_SetElementHandler)           \
	X(XML_SetStartDoctypeDeclHandler)  \
	X(XML_SetUserData)                 \
	X(XML_StopParser)

LOADED_LIBRARY(libexpat, "libexpat.so.1", "libexpat1", FUNCTIONS)

struct piece { /* of memory for the tree */
	struct piece *next;
	size_t used, size;
	char data[];
};

struct domxml_document {
	struct piece *pieces;
	size_t memory;
	struct domxml *root;
};

struct builder {
	XML_Parser parser;
	struct domxml_document *d;
	struct domxml *open;    /* the innermost open element */
	struct domxml *last;    /* the one before, in the same parent */
	unsigned depth;
	char *text;             /* text of the innermost element so far */
	size_t ntext, capacity;
	int error;
	const char *why;
};

static void domxml_stop(struct builder *b, int code, const char *why)
{
	if (!b->error) {
		b->error = code;
		b->why = why;
	}
	libexpat.XML_StopParser(b->parser, XML_FALSE);
}

/* Allocates n bytes that live as long as the tree, or returns NULL. */
static void *domxml_take(struct builder *b, size_t n)
{
	struct piece *p = b->d->pieces;
	void *found;

	n = (n + 15) & ~(size_t)15;
	if (!p || p->size - p->used < n) {
		size_t size = n > PIECE ? n : PIECE;

		if (size > LIMIT_XML_MEMORY - b->d->memory) {
			domxml_stop(b, XST_E_LIMIT, "too many elements");
			return NULL;
		}
		p = malloc(sizeof(*p) + size);
		if (!p) {
			domxml_stop(b, XST_E_NOMEM, "out of memory");
			return NULL;
		}
		*p = (struct piece){ .next = b->d->pieces, .size = size };
		b->d->pieces = p;
		b->d->memory += size;
	}
	found = p->data + p->used;
	p->used += n;
	return found;
}

static const char *domxml_copy(struct builder *b, const char *text, size_t n)
{
	char *p = domxml_take(b, n + 1);

	if (!p)
		return "";
	memcpy(p, text, n);
	p[n] = '\0';
	return p;
}

/* --- callbacks of expat ---------------------------------------------------------------------- */

static const char *const *domxml_copy_attributes(struct builder *b, const char **a)
{
	static const char *const none[] = { NULL };
	const char **to;
	size_t n = 0;

	while (a[n])
		n++;
	to = n ? domxml_take(b, (n + 1) * sizeof(*to)) : NULL;
	if (!to)
		return none;
	for (size_t i = 0; i < n; i++)
		to[i] = domxml_copy(b, a[i], strlen(a[i]));
	to[n] = NULL;
	return to;
}

static void XMLCALL domxml_begin(void *userdata, const char *name, const char **attributes)
{
	struct builder *b = userdata;
	struct domxml *e;

	if (b->depth++ == LIMIT_XML_DEPTH) {
		domxml_stop(b, XST_E_LIMIT, "elements nested too deep");
		return;
	}
	e = domxml_take(b, sizeof(*e));
	if (!e)
		return;
	*e = (struct domxml){ .name = domxml_copy(b, name, strlen(name)),
			      .text = "",
			      .attributes = domxml_copy_attributes(b, attributes),
			      .parent = b->open };
	if (b->last)
		b->last->next = e;
	else if (b->open)
		b->open->first = e;
	else
		b->d->root = e;
	b->open = e;
	b->last = NULL;
	b->ntext = 0;
}

static bool domxml_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void XMLCALL domxml_end(void *userdata, const char *name)
{
	struct builder *b = userdata;
	size_t from = 0, to = b->ntext;

	(void)name;
	if (b->error)
		return;
	while (from < to && domxml_is_space(b->text[from]))
		from++;
	while (to > from && domxml_is_space(b->text[to - 1]))
		to--;
	if (!b->open->first && to > from)
		b->open->text = domxml_copy(b, b->text + from, to - from);
	b->ntext = 0;
	b->last = b->open;
	b->open = (struct domxml *)b->open->parent;
	b->depth--;
}

static void XMLCALL characters(void *userdata, const char *s, int n)
{
	struct builder *b = userdata;
	size_t size = (size_t)n;
	char *text;

	if (b->error || !b->open)
		return;
	text = array_room(b->text, b->ntext + size, &b->capacity, 1);
	if (!text) {
		domxml_stop(b, XST_E_NOMEM, "out of memory");
		return;
	}
	b->text = text;
	memcpy(b->text + b->ntext, s, size);
	b->ntext += size;
}

/* Refusing document types rules out all entities, which can be declared nowhere else. */
static void XMLCALL doctype(void *userdata, const char *name, const char *system,
			    const char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	domxml_stop(userdata, XST_E_MALFORMED, "a document type, which configurations never have");
}

/* --- public ---------------------------------------------------------------------------------- */

static int domxml_failed(const struct builder *b, const char *text, struct config_error *err)
{
	enum XML_Error e = libexpat.XML_GetErrorCode(b->parser);
	const char *why = b->why ? b->why : libexpat.XML_ErrorString(e);
	XML_Index at = libexpat.XML_GetCurrentByteIndex(b->parser);

	if (e == XML_ERROR_NO_MEMORY)
		return XST_E_NOMEM;
	return xst_config_fail_at(err, b->error ? b->error : XST_E_MALFORMED, text,
				  at > 0 ? (size_t)at : 0, "%s", why);
}

int xst_domxml_parse(const char *text, size_t n, struct domxml_document **ret,
		     struct config_error *err)
{
	/* expat uses the program's allocator, which tests can count */
	static const XML_Memory_Handling_Suite memory = { malloc, realloc, free };
	struct builder b = { .parser = NULL };
	const char *missing = libexpat_load();
	int r = XST_E_NOMEM;

	if (missing)
		return xst_config_refuse(err, XST_E_UNSUPPORTED, "can't read XML: %s", missing);
	if (n > LIMIT_XML_SIZE)
		return xst_config_refuse(err, XST_E_LIMIT, "%zu bytes are more than %u", n,
					 LIMIT_XML_SIZE);
	b.parser = libexpat.XML_ParserCreate_MM(NULL, &memory, NULL);
	b.d = calloc(1, sizeof(*b.d));
	if (b.parser && b.d) {
		libexpat.XML_SetUserData(b.parser, &b);
		libexpat.XML_SetElementHandler(b.parser, domxml_begin, domxml_end);
		libexpat.XML_SetCharacterDataHandler(b.parser, characters);
		libexpat.XML_SetStartDoctypeDeclHandler(b.parser, doctype);
		r = 0;
		if (libexpat.XML_Parse(b.parser, text, (int)n, 1) != XML_STATUS_OK)
			r = domxml_failed(&b, text, err);
	}
	if (b.parser)
		libexpat.XML_ParserFree(b.parser);
	free(b.text);
	if (r)
		xst_domxml_free(b.d);
	else
		*ret = b.d;
	return r;
}

struct domxml_document *xst_domxml_free(struct domxml_document *d)
{
	while (d && d->pieces) {
		struct piece *next = d->pieces->next;

		free(d->pieces);
		d->pieces = next;
	}
	free(d);
	return NULL;
}

const struct domxml *xst_domxml_root(const struct domxml_document *d)
{
	return d->root;
}

const struct domxml *xst_domxml_find(const struct domxml *e, const char *name)
{
	const struct domxml *c = e ? e->first : NULL;

	while (c && strcmp(c->name, name) != 0)
		c = c->next;
	return c;
}

const char *xst_domxml_attribute(const struct domxml *e, const char *name)
{
	for (const char *const *a = e ? e->attributes : NULL; a && *a; a += 2)
		if (strcmp(*a, name) == 0)
			return a[1];
	return "";
}

static size_t domxml_put(char *buf, size_t size, size_t at, const char *format, const char *one,
			 const char *two)
{
	int n = snprintf(buf + at, size - at, format, one, two);

	return n < 0 || at + (size_t)n >= size ? size - 1 : at + (size_t)n;
}

/* Prints an element with children, on one line. */
static size_t put_element(const struct domxml *e, char *buf, size_t size, size_t at)
{
	at = domxml_put(buf, size, at, "<%s%s", e->name, "");
	for (const char *const *a = e->attributes; *a; a += 2)
		at = domxml_put(buf, size, at, " %s='%s'", a[0], a[1]);
	return domxml_put(buf, size, at,
			  e->first   ? ">%s%s"
			  : *e->text ? ">%s%s"
				     : "/>%s%s",
			  e->text, "");
}

const char *xst_domxml_print(const struct domxml *e, char *buf, size_t size)
{
	const struct domxml *top = e;
	size_t at = put_element(e, buf, size, 0);

	while (at < size - 1) {
		if (e->first) {
			e = e->first;
			at = put_element(e, buf, size, at);
			continue;
		}
		if (*e->text)
			at = domxml_put(buf, size, at, "</%s>%s", e->name, "");
		while (e != top && !e->next) {
			e = e->parent;
			at = domxml_put(buf, size, at, "</%s>%s", e->name, "");
		}
		if (e == top)
			break;
		e = e->next;
		at = put_element(e, buf, size, at);
	}
	return buf;
}
