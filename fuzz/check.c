/* SPDX-License-Identifier: MIT */
/* Differential: the checker finds the same in an input whether it sees it at once or in pieces, and
 * whether it is shown what it doesn't want or that is passed over.
 *
 * octet 0     flags: page tables, too; pass over what isn't wanted
 * octet 1     where to start, see enum xst_start
 * octet 2     octets of a window, less one
 * the rest    the stream */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenstream/check.h>
#include <xenstream/parser.h>

#define HEAD 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
	const uint8_t *data;
	size_t size, at; /* behind the window in hand */
	size_t window;
	bool pass_over;
	struct xst_in in;
	struct xst_parser *parser;
	struct xst_checker *checker;
	FILE *found;
};

static void note(struct reading *r, const struct xst_finding *f)
{
	char line[400];

	xst_finding_format(f, f->rule, line, sizeof(line));
	fprintf(r->found, "%s\n", line);
}

static void give(struct reading *r)
{
	size_t n = r->size - r->at < r->window ? r->size - r->at : r->window;

	if (!n) {
		xst_parser_eof(r->parser);
		return;
	}
	r->in = (struct xst_in){ r->data + r->at, n, 0 };
	r->at += n;
}

/* Moves on past octets of a run that the checker has no use for. */
static void pass_over(struct reading *r)
{
	uint64_t left = xst_parser_payload_left(r->parser), n = left;

	if (!r->pass_over || r->in.pos < r->in.size || left == XST_LENGTH_UNKNOWN)
		return;
	if (xst_checker_wants(r->checker))
		n = xst_checker_skips(r->checker) < left ? xst_checker_skips(r->checker) : left;
	if (n > r->size - r->at)
		n = r->size - r->at;
	if (n && xst_parser_claim(r->parser, &r->in, n))
		abort();
	r->at += (size_t)n;
}

static int event(struct reading *r, const struct xst_event *ev)
{
	const struct xst_finding *f;
	int e = xst_checker_event(r->checker, ev);

	while (e == 0 && (f = xst_checker_finding(r->checker)))
		note(r, f);
	if (ev->type == XST_EVENT_NEED)
		give(r);
	if (ev->type == XST_EVENT_PAYLOAD_BEGIN || ev->type == XST_EVENT_PAYLOAD)
		pass_over(r);
	return e;
}

static void read_all(struct reading *r, const uint8_t *head)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct xst_checker_options c = { .size = sizeof(c),
					 .flags = head[0] & 1 ? XST_CHECK_DEEP : 0u };
	const struct xst_event *ev;
	int e;

	o.flags = XST_PARSER_KEEP_GOING;
	o.start = (enum xst_start)(head[1] % 16 > XST_START_COLO ? 0 : head[1] % 16);
	if (xst_parser_new(&o, &r->parser) || xst_checker_new(&c, &r->checker))
		abort();
	do {
		e = xst_parser_next(r->parser, &r->in, &ev);
		if (e == 0)
			e = event(r, ev);
	} while (e == 0 && ev->type != XST_EVENT_FINISHED);
	if (e)
		note(r, xst_parser_error(r->parser));
	fprintf(r->found, "%08x %08x\n", xst_checker_restorability(r->checker)->since,
		xst_checker_restorability(r->checker)->until);
	xst_checker_free(r->checker);
	xst_parser_free(r->parser);
}

static char *findings(const uint8_t *data, size_t size, size_t window, bool pass)
{
	struct reading r = { .data = data + HEAD, .size = size - HEAD, .window = window,
			     .pass_over = pass };
	char *text = NULL;
	size_t n;

	r.found = open_memstream(&text, &n);
	if (!r.found)
		abort();
	read_all(&r, data);
	fclose(r.found);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *whole, *pieces;

	if (size < HEAD)
		return 0;
	whole = findings(data, size, size, false);
	pieces = findings(data, size, data[2] + 1u, data[0] & 2);
	if (strcmp(whole, pieces) != 0) {
		fprintf(stderr, "at once:\n%sin pieces:\n%s", whole, pieces);
		abort();
	}
	free(whole);
	free(pieces);
	return 0;
}
