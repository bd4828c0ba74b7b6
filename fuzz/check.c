/* SPDX-License-Identifier: MIT */
/* Differential: the checker finds the same whether it sees an input at once, or in small windows,
 * with unwanted payloads skipped and array items delivered one by one.
 *
 * byte 0   flags: deep, no emulator, one by one
 * byte 1   window size in bytes, minus one
 * the rest  the stream */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenstream/check.h>
#include <xenstream/parser.h>

#define HEAD 2
#define MAX_FINDINGS 256

struct found {
	struct xst_finding f[MAX_FINDINGS];
	size_t n;
};

struct pass {
	const uint8_t *data;
	size_t size, window, at; /* window: in bytes; 0: everything */
	bool one_by_one;         /* items */
	struct xst_in in;
	struct xst_parser *parser;
	struct xst_checker *checker;
	struct found *found;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void more(struct pass *p)
{
	size_t n = p->size - p->at;

	if (p->window && n > p->window)
		n = p->window;
	p->in = (struct xst_in){ p->data + p->at, n, 0 };
	p->at += n;
	if (!n)
		xst_parser_eof(p->parser);
}

/* Skips unwanted payloads, as the reader of a file does. */
static void skip(struct pass *p)
{
	uint64_t n = xst_checker_wants(p->checker) ? xst_checker_skips(p->checker) : UINT64_MAX;
	uint64_t left = xst_parser_payload_left(p->parser);

	if (!p->window || p->in.pos != p->in.size || left == XST_LENGTH_UNKNOWN)
		return;
	n = n < left ? n : left;
	if (n > p->size - p->at)
		n = p->size - p->at;
	if (n && xst_parser_claim(p->parser, &p->in, n) == 0)
		p->at += (size_t)n;
}

static void keep(struct found *found, const struct xst_finding *f)
{
	if (found->n < MAX_FINDINGS)
		found->f[found->n++] = *f;
}

static int tell(struct pass *p, const struct xst_event *ev)
{
	const struct xst_finding *f;
	int r = xst_checker_event(p->checker, ev);

	while (r == 0 && (f = xst_checker_finding(p->checker)))
		keep(p->found, f);
	return r;
}

static int tell_one_by_one(struct pass *p, const struct xst_event *ev)
{
	struct xst_event one = *ev;
	int r = 0;

	one.u.items.n = 1;
	for (size_t i = 0; i < ev->u.items.n && r == 0; i++) {
		one.u.items.v = ev->u.items.v + i * ev->u.items.width;
		one.u.items.first = ev->u.items.first + i;
		r = tell(p, &one);
	}
	return r;
}

static int look(struct pass *p, const struct xst_event *ev)
{
	return p->one_by_one && ev->type == XST_EVENT_ITEMS ? tell_one_by_one(p, ev) : tell(p, ev);
}

static void go_through(struct pass *p)
{
	const struct xst_event *ev;
	int r;

	while ((r = xst_parser_next(p->parser, &p->in, &ev)) == 0 && ev->type != XST_EVENT_FINISHED) {
		if (ev->type == XST_EVENT_NEED) {
			more(p);
			continue;
		}
		if (look(p, ev))
			abort();
		if (ev->type == XST_EVENT_PAYLOAD_BEGIN || ev->type == XST_EVENT_PAYLOAD)
			skip(p);
	}
	if (r == 0)
		r = look(p, ev);
	if (r)
		keep(p->found, xst_parser_error(p->parser));
}

static void check(const uint8_t *data, size_t size, uint8_t flags, size_t window, struct found *found)
{
	struct xst_parser_options parser = XST_PARSER_OPTIONS_INIT;
	struct xst_checker_options checker = { .size = sizeof(checker),
					       .flags = flags & 1 ? XST_CHECK_DEEP : 0u };
	struct pass p = { .data = data, .size = size, .window = window, .found = found,
			  .one_by_one = window && flags & 4 };

	parser.flags = XST_PARSER_KEEP_GOING | (flags & 2 ? XST_PARSER_NO_EMULATOR : 0u);
	found->n = 0;
	if (xst_parser_new(&parser, &p.parser) || xst_checker_new(&checker, &p.checker))
		abort();
	go_through(&p);
	xst_checker_free(p.checker);
	xst_parser_free(p.parser);
}

static void print(const char *which, const struct found *found)
{
	char line[512];

	for (size_t i = 0; i < found->n; i++) {
		xst_finding_format(&found->f[i], which, line, sizeof(line));
		fprintf(stderr, "%s [%s]\n", line, found->f[i].rule);
	}
}

static bool same(const struct xst_finding *a, const struct xst_finding *b)
{
	return a->code == b->code && a->severity == b->severity && a->offset == b->offset &&
	       strcmp(a->rule, b->rule) == 0 && strcmp(a->text, b->text) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct found whole, pieces;
	bool equal;

	if (size < HEAD)
		return 0;
	check(data + HEAD, size - HEAD, data[0], 0, &whole);
	check(data + HEAD, size - HEAD, data[0], (size_t)data[1] + 1, &pieces);
	equal = whole.n == pieces.n;
	for (size_t i = 0; equal && i < whole.n; i++)
		equal = same(&whole.f[i], &pieces.f[i]);
	if (equal)
		return 0;
	print("at once", &whole);
	print("in pieces", &pieces);
	abort();
}
