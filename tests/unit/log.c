/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse/parser.h"

#define POISON 0xa5

/* Promises that no input may break; in a fuzzer an abort is a finding, too. */
#define PROMISE(x)                                                            \
	do {                                                                  \
		if (!(x)) {                                                   \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #x); \
			abort();                                              \
		}                                                             \
	} while (0)

/* --- text ----------------------------------------------------------------------------------- */

void log_free(struct log *g)
{
	free(g->text);
	*g = (struct log){ 0 };
}

void log_clear(struct log *g)
{
	struct log empty = { .text = g->text, .capacity = g->capacity };

	*g = empty;
}

static char *room(struct log *g, size_t n)
{
	if (g->capacity - g->size < n) {
		g->capacity = (g->size + n) * 2;
		g->text = realloc(g->text, g->capacity);
		PROMISE(g->text);
	}
	return g->text + g->size;
}

static void say(struct log *g, const char *s, size_t n)
{
	char *to = room(g, n + 2);

	*to = ' ';
	memcpy(to + 1, s, n);
	to[n + 1] = '\0';
	g->size += n + 1;
}

static void say_string(struct log *g, const char *s)
{
	say(g, s ? s : "-", s ? strlen(s) : 1);
}

/* snprintf would take most of the time of the split tests. */
static void say_number(struct log *g, uint64_t v)
{
	char digits[16];
	size_t n = sizeof(digits);

	do {
		digits[--n] = "0123456789abcdef"[v & 15];
		v >>= 4;
	} while (v);
	say(g, digits + n, sizeof(digits) - n);
}

static void end_line(struct log *g)
{
	room(g, 2)[0] = '\n';
	g->text[++g->size] = '\0';
}

bool log_equal(const struct log *a, const struct log *b)
{
	return a->code == b->code && a->size == b->size &&
	       (!a->size || memcmp(a->text, b->text, a->size) == 0);
}

void log_print_difference(const struct log *a, const struct log *b)
{
	size_t i = 0, line = 0;

	while (i < a->size && i < b->size && a->text[i] == b->text[i]) {
		if (a->text[i] == '\n')
			line = i + 1;
		i++;
	}
	fprintf(stderr, "codes %d and %d, lines\n<%.300s\n>%.300s\n", a->code, b->code,
		a->size ? a->text + line : "", b->size ? b->text + line : "");
}

/* --- events --------------------------------------------------------------------------------- */

static void gather(struct log *g, const uint8_t *data, size_t n)
{
	uint64_t h = g->run_hash;

	for (size_t i = 0; i < n; i++)
		h = (h ^ data[i]) * UINT64_C(1099511628211);
	g->run_hash = h;
	g->run_size += n;
}

static void end_run(struct log *g)
{
	if (!g->in_run)
		return;
	say_string(g, "run");
	say_number(g, g->run_size);
	say_number(g, g->run_hash);
	end_line(g);
	g->in_run = false;
}

static void say_finding(struct log *g, const struct xst_finding *f)
{
	say_number(g, (uint64_t)-f->code);
	say_number(g, f->severity);
	say_string(g, f->rule);
	say_number(g, f->layer);
	say_number(g, f->offset);
	say_string(g, f->record_name);
	say_number(g, f->record_offset);
	say_number(g, f->record_index);
	say_number(g, f->record_type);
	say_string(g, f->field);
	say_string(g, f->text);
}

static void say_items(struct log *g, const struct xst_event *ev)
{
	PROMISE(ev->u.items.n > 0 && ev->u.items.n * ev->u.items.width <= XST_BATCH);
	say_number(g, ev->u.items.kind);
	say_number(g, ev->u.items.first);
	say_number(g, ev->u.items.width);
	for (size_t i = 0; i < ev->u.items.n * ev->u.items.width; i++)
		say_number(g, ev->u.items.v[i]);
}

static void say_details(struct log *g, const struct xst_event *ev)
{
	switch (ev->type) {
	case XST_EVENT_STREAM_BEGIN:
		say_number(g, ev->u.stream.width);
		say_number(g, ev->u.stream.guest);
		break;
	case XST_EVENT_RECORD_BEGIN:
	case XST_EVENT_RECORD_END:
		say_number(g, ev->u.record.type);
		say_string(g, ev->u.record.name);
		say_number(g, ev->u.record.index);
		say_number(g, ev->u.record.length);
		break;
	case XST_EVENT_FIELDS:
		for (size_t i = 0; i < ev->u.fields.n; i++) {
			say_string(g, xst_field_name(ev->u.fields.v[i].id));
			say_number(g, ev->u.fields.v[i].value);
		}
		break;
	case XST_EVENT_ITEMS:
		say_items(g, ev);
		break;
	case XST_EVENT_PAIR:
		say(g, ev->u.pair.key, ev->u.pair.key_len);
		say(g, ev->u.pair.value, ev->u.pair.value_len);
		break;
	case XST_EVENT_PHYSMAP:
		say_number(g, ev->u.physmap.phys_offset);
		say_number(g, ev->u.physmap.start_addr);
		say_number(g, ev->u.physmap.size);
		say(g, ev->u.physmap.name, ev->u.physmap.name_len);
		break;
	case XST_EVENT_PAYLOAD_BEGIN:
		say_number(g, ev->u.payload.length);
		say_number(g, ev->u.payload.unit);
		break;
	case XST_EVENT_WARNING:
		say_finding(g, ev->u.finding);
		break;
	default:
		break;
	}
}

void log_event(struct log *g, const struct xst_event *ev)
{
	static const char *const types[] = { "NEED", "STREAM_BEGIN", "RECORD_BEGIN", "FIELDS",
					     "ITEMS", "PAIR", "PHYSMAP", "PAYLOAD_BEGIN", "PAYLOAD",
					     "RECORD_END", "STREAM_END", "WARNING", "FINISHED" };

	if (ev->type == XST_EVENT_NEED)
		return;
	if (ev->type == XST_EVENT_PAYLOAD) {
		PROMISE(g->in_run && ev->u.payload.size > 0);
		PROMISE(ev->u.payload.run_offset == g->run_size);
		gather(g, ev->u.payload.data, ev->u.payload.size);
		return;
	}
	end_run(g);
	say_string(g, types[ev->type]);
	say_number(g, ev->layer);
	say_number(g, ev->kind);
	say_number(g, ev->offset);
	say_number(g, ev->big_endian);
	say_details(g, ev);
	end_line(g);
	if (ev->type == XST_EVENT_PAYLOAD_BEGIN) {
		g->in_run = true;
		g->run_hash = UINT64_C(14695981039346656037);
		g->run_size = 0;
	}
}

void log_claimed(struct log *g, const uint8_t *data, size_t n)
{
	PROMISE(g->in_run);
	gather(g, data, n);
}

static void log_end(struct log *g, const struct xst_parser *p, int code)
{
	end_run(g);
	g->code = code;
	g->end = xst_parser_offset(p);
	g->error = *xst_parser_error(p);
	PROMISE(g->error.code == code);
	say_number(g, g->end);
	if (code)
		say_finding(g, &g->error);
	end_line(g);
}

/* --- feeding -------------------------------------------------------------------------------- */

struct feed {
	const uint8_t *data;
	size_t size, at;     /* at: bytes that were put into windows or claimed */
	const struct cuts *cuts;
	size_t step;
	uint8_t *window;
	struct xst_in in;
	enum claims claims;  /* of the present window */
	bool told_eof;
	bool keeps_going;
	uint64_t need_end;   /* up to here the parser has allowed to read without meeting a run */
	uint64_t head_end;   /* of the bytes that tell what the innermost stream is */
};

/* The bytes that the parser has not taken yet, in a block of exactly their size, so that a reader
 * that goes too far or comes back too late is seen. */
static void new_window(struct feed *f, const uint8_t *from, size_t n)
{
	uint8_t *fresh = NULL;

	if (n) {
		fresh = malloc(n);
		PROMISE(fresh);
		memcpy(fresh, from, n);
	}
	if (f->window) {
		memset(f->window, POISON, f->in.size);
		free(f->window);
	}
	f->window = fresh;
	f->in = (struct xst_in){ fresh, n, 0 };
}

static size_t window_size(struct feed *f)
{
	const struct cuts *c = f->cuts;
	size_t left = f->size - f->at, n = left;

	f->claims = c->claims;
	if (c->script_size) {
		uint8_t s = c->script[f->step++ % c->script_size];

		n = s & 0x3f;
		if (!n) /* now and then a large one, else long inputs take forever */
			n = 1 + f->step * 37 % 9000;
		f->claims = !(s & 0x80) ? CLAIM_NOTHING : s & 0x40 ? CLAIM_SOME : CLAIM_ALL;
	} else if (c->chunk) {
		n = c->chunk;
	} else if (c->first && !f->step++) {
		n = c->first;
	}
	return n < left ? n : left;
}

static void next_window(struct feed *f, struct xst_parser *p)
{
	size_t n = window_size(f);

	new_window(f, f->data + f->at, n);
	f->at += n;
	if (f->at == f->size && (!n || f->cuts->early_eof)) {
		f->told_eof = true;
		xst_parser_eof(p);
	}
}

static void check_need(const struct feed *f, const struct xst_event *ev)
{
	PROMISE(f->in.pos == f->in.size);
	PROMISE(ev->u.need.min > 0 && ev->u.need.min <= ev->u.need.max);
	PROMISE(!f->told_eof);
}

#define SNIFFED 9 /* after a signature without a length, to see whether it's XenServer's form */

/* What NEED allows to read holds no byte of a run that has not begun; but for the sixteen bytes
 * that tell what a stream is, where a 32-bit toolstack's first page begins at the twelfth already. */
static void check_reach(struct feed *f, const struct xst_parser *p, const struct xst_event *ev,
			uint64_t base)
{
	uint64_t left = xst_parser_payload_left(p), sniffed = 0;

	if (ev->kind == XST_KIND_EMULATOR_CONTEXT && ev->layer != XST_LAYER_LIBXL)
		sniffed = SNIFFED;
	if (ev->type == XST_EVENT_NEED && !left)
		f->need_end = base + f->at + ev->u.need.max;
	if (ev->type == XST_EVENT_STREAM_BEGIN)
		f->head_end = ev->offset + 16;
	if (ev->type == XST_EVENT_PAYLOAD_BEGIN)
		PROMISE(f->keeps_going || xst_parser_held(p) || ev->offset + sniffed >= f->need_end ||
			f->need_end <= f->head_end);
}

static void claim(struct feed *f, struct xst_parser *p, struct log *g)
{
	uint64_t n = xst_parser_payload_left(p), left = f->size - f->at;

	if (f->claims == CLAIM_NOTHING || f->in.pos != f->in.size || !n)
		return;
	if (n > left)
		n = left;
	if (f->claims == CLAIM_SOME)
		n = (n + 1) / 2;
	PROMISE(xst_parser_claim(p, &f->in, n) == 0);
	log_claimed(g, f->data + f->at, (size_t)n);
	f->at += (size_t)n;
}

static void set_length(struct feed *f, struct xst_parser *p, const struct xst_event *ev)
{
	size_t n = f->size - f->at + f->in.size - f->in.pos;

	if (f->cuts->set_length && ev->type == XST_EVENT_PAYLOAD_BEGIN &&
	    ev->u.payload.length == XST_LENGTH_UNKNOWN) {
		n += xst_parser_held(p);
		PROMISE(xst_parser_set_run_length(p, n) == 0);
		PROMISE(ev->u.payload.length == n);
	}
}

static struct xst_parser *replace_by_copy(struct xst_parser *p)
{
	struct xst_parser *copy = xst_parser_clone(p);

	PROMISE(copy);
	xst_parser_free(p);
	return copy;
}

static int feed(struct feed *f, struct xst_parser **parser, uint64_t base, struct log *g)
{
	const struct xst_event *ev;

	for (;;) {
		struct xst_parser *p = *parser;
		int r;

		if (f->cuts->copied)
			*parser = p = replace_by_copy(p);
		r = xst_parser_next(p, &f->in, &ev);
		PROMISE(xst_parser_offset(p) ==
			base + f->at - (f->in.size - f->in.pos) - xst_parser_held(p));
		if (r)
			return r;
		set_length(f, p, ev);
		check_reach(f, p, ev, base);
		log_event(g, ev);
		if (ev->type == XST_EVENT_FINISHED)
			return 0;
		if (ev->type == XST_EVENT_NEED) {
			check_need(f, ev);
			next_window(f, p);
			continue;
		}
		claim(f, p, g);
		if (f->cuts->fresh && f->in.pos < f->in.size)
			new_window(f, f->in.src + f->in.pos, f->in.size - f->in.pos);
	}
}

int parse_logged(const uint8_t *data, size_t size, const struct xst_parser_options *options,
		 const struct cuts *cuts, struct log *g)
{
	static const struct cuts one_window;
	struct feed f = { .data = data, .size = size, .cuts = cuts ? cuts : &one_window };
	struct xst_parser *p;
	int code;

	f.keeps_going = options && options->flags & XST_PARSER_KEEP_GOING;
	PROMISE(xst_parser_new(options, &p) == 0);
	next_window(&f, p);
	code = feed(&f, &p, options ? options->offset : 0, g);
	log_end(g, p, code);
	new_window(&f, NULL, 0);
	xst_parser_free(p);
	return g->code;
}
