/* SPDX-License-Identifier: MIT */
#include "pour.h"

#include <stdlib.h>
#include <string.h>

struct pouring {
	const uint8_t *data;
	size_t size;
	struct xst_parser *parser;
	struct xst_converter *converter;
	struct xst_in in;
	struct poured *ret;
};

static void take_output(struct pouring *s)
{
	const uint8_t *data;
	size_t n = xst_converter_output(s->converter, &data);

	put(&s->ret->out, data, n);
	xst_converter_written(s->converter);
}

static void take_remarks(struct pouring *s)
{
	const struct xst_finding *f;

	while ((f = xst_converter_finding(s->converter)))
		if (s->ret->nremarks < sizeof(s->ret->remarks) / sizeof(s->ret->remarks[0]))
			s->ret->remarks[s->ret->nremarks++] = *f;
}

/* Moves what the converter wants of the run that has just begun, as a caller with descriptors does:
 * past the parser, which gets an empty window for it. */
static int move_run(struct pouring *s)
{
	uint64_t want;
	int r = 0;

	while (r == 0 && (want = xst_converter_payload(s->converter)) > 0) {
		size_t here = s->in.pos, left = s->size - here;

		if (want > left)
			return 0; /* the parser will tell that the input ends */
		put(&s->ret->out, s->data + here, (size_t)want);
		s->in.size = here;
		r = xst_parser_claim(s->parser, &s->in, want);
		s->in.pos += (size_t)want;
		s->in.size = s->size;
		if (r == 0)
			r = xst_converter_moved(s->converter, want);
		if (r == 0)
			take_output(s);
	}
	return r;
}

static int one_event(struct pouring *s, const struct xst_event *ev)
{
	int r = 0;

	if (ev->type == XST_EVENT_NEED)
		xst_parser_eof(s->parser);
	if (ev->type == XST_EVENT_PAYLOAD_BEGIN && ev->u.payload.length == XST_LENGTH_UNKNOWN)
		r = xst_parser_set_run_length(s->parser, s->size - s->in.pos);
	if (r)
		return r;
	r = xst_converter_event(s->converter, ev);
	take_remarks(s);
	take_output(s);
	if (r == 0 && ev->type == XST_EVENT_PAYLOAD_BEGIN && !xst_parser_held(s->parser))
		r = move_run(s);
	/* what the parser holds comes out of it in the ordinary way */
	if (r == 0 && ev->type == XST_EVENT_PAYLOAD) {
		uint64_t want = xst_converter_payload(s->converter);
		size_t n = ev->u.payload.size < want ? ev->u.payload.size : (size_t)want;

		put(&s->ret->out, ev->u.payload.data, n);
		r = xst_converter_moved(s->converter, n);
		take_output(s);
	}
	return r;
}

static int pour_all(struct pouring *s)
{
	const struct xst_event *ev;
	int r;

	do {
		r = xst_parser_next(s->parser, &s->in, &ev);
		if (r == 0)
			r = one_event(s, ev);
	} while (r == 0 && ev->type != XST_EVENT_FINISHED);
	return r;
}

int pour(const void *data, size_t size, const struct xst_parser_options *parser,
	 const struct xst_converter_options *converter, struct poured *ret)
{
	struct pouring s = { .data = data, .size = size, .in = { data, size, 0 }, .ret = ret };
	const struct xst_finding *f;

	memset(ret, 0, sizeof(*ret));
	ret->code = xst_parser_new(parser, &s.parser);
	if (ret->code == 0)
		ret->code = xst_converter_new(converter, &s.converter);
	if (ret->code == 0) {
		ret->code = pour_all(&s);
		f = xst_converter_error(s.converter);
		ret->error = f->code ? *f : *xst_parser_error(s.parser);
		ret->end = (size_t)xst_parser_offset(s.parser) -
			   (parser ? (size_t)parser->offset : 0);
	}
	xst_converter_free(s.converter);
	xst_parser_free(s.parser);
	return ret->code;
}

void poured_free(struct poured *p)
{
	build_free(&p->out);
	p->nremarks = 0;
}
