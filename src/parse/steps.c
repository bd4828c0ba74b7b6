/* SPDX-License-Identifier: MIT */
/* The steps that all layers share: layers, fields, arrays and runs, and records around them. */
#include "parse/parser.h"

#include <string.h>

#include "wire/bytes.h"

/* --- layers --------------------------------------------------------------------------------- */

struct layer *xst_parser_push(struct xst_parser *p, enum xst_layer id, state_fn state)
{
	struct layer *l = &p->stack[p->depth];

	if (p->depth == LIMIT_LAYERS) {
		xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, 0, NULL, "more than %d layers",
			       LIMIT_LAYERS);
		return NULL;
	}
	p->depth++;
	memset(l, 0, sizeof(*l));
	l->id = id;
	l->state = state;
	l->ulong_size = 4;
	p->active = p->depth;
	return l;
}

int xst_parser_end_layer(struct xst_parser *p, struct layer *l)
{
	(void)l; /* is not the innermost where a faulty stream ends around it */
	p->active = p->depth;
	xst_parser_event(p, XST_EVENT_STREAM_END);
	p->depth--;
	p->active = p->depth;
	if (!p->depth)
		p->finished = true;
	return EVENT;
}

struct layer *xst_parser_outer(struct xst_parser *p, struct layer *l)
{
	return l > p->stack ? l - 1 : NULL;
}

bool xst_parser_inside(struct xst_parser *p, struct layer *l, enum xst_layer id)
{
	struct layer *outer = xst_parser_outer(p, l);

	return outer && outer->id == id;
}

/* --- phases --------------------------------------------------------------------------------- */

static int step_fixed(struct xst_parser *p, struct layer *l)
{
	const struct wire_record *row = l->record.row;
	unsigned n = xst_wire_fixed_size(row, l->ulong_size);
	const uint8_t *b;
	int r = xst_parser_take(p, n, 0, &b);

	if (r)
		return r;
	xst_wire_get_fields(row, b, l->big, l->ulong_size, p->fields);
	for (unsigned i = 0; i < row->nfields; i++)
		if (p->fields[i].id == XST_FIELD_RESERVED && p->fields[i].value)
			xst_parse_warn(p, RULE_RESERVED, n - row->field[i].offset, "reserved",
				       "%#llx instead of 0", (unsigned long long)p->fields[i].value);
	p->phase = NULL;
	return xst_parse_tell_fields(p, p->fields, row->nfields);
}

static int parser_tell_items(struct xst_parser *p)
{
	struct items *it = &p->items;
	struct xst_event *ev = xst_parser_event(p, XST_EVENT_ITEMS);

	ev->u.items.kind = it->array->items;
	ev->u.items.v = it->numbers;
	ev->u.items.n = it->n;
	ev->u.items.width = it->array->width;
	ev->u.items.first = it->first;
	it->first += it->n;
	it->n = 0;
	return EVENT;
}

static int take_item(struct xst_parser *p, struct layer *l, unsigned size)
{
	struct items *it = &p->items;
	uint64_t *numbers = it->numbers + it->n * it->array->width;
	const uint8_t *b;
	int r = xst_parser_take(p, size, (it->left - 1) * size, &b);

	if (r)
		return r;
	if (it->array->size == WIRE_ULONG)
		*numbers = get_number(b, size, l->big);
	else
		xst_wire_get_item(it->array, b, l->big, numbers);
	r = xst_parse_item_check(p, l, numbers);
	if (r < 0)
		return r;
	it->n++;
	it->left--;
	return 0;
}

/* A batch is told when it is full or the array ends, wherever the windows were cut. */
static int step_items(struct xst_parser *p, struct layer *l)
{
	struct items *it = &p->items;
	unsigned size = wire_width(it->array->size, l->ulong_size);
	int r;

	xst_parse_take_plain_pages(p, l);
	while (it->left && it->n < XST_BATCH / it->array->width) {
		r = take_item(p, l, size);
		if (r)
			return r;
	}
	if (!it->left)
		p->phase = NULL;
	return it->n ? parser_tell_items(p) : 0;
}

void xst_parse_start_items(struct xst_parser *p, struct layer *l, const struct wire_array *array,
			   uint64_t count, state_fn next)
{
	p->items.array = array;
	p->items.left = count;
	p->items.first = 0;
	p->items.n = 0;
	p->items.data_pages = 0;
	p->phase = step_items;
	l->state = next;
}

static struct xst_event *run_event(struct xst_parser *p, enum xst_event_type type)
{
	struct xst_event *ev = xst_parser_event(p, type);

	ev->u.payload.length = p->run_length;
	ev->u.payload.run_offset = p->run_length - p->run_left;
	ev->u.payload.unit = p->run_unit;
	ev->u.payload.data = NULL;
	ev->u.payload.size = 0;
	return ev;
}

static int step_run(struct xst_parser *p, struct layer *l)
{
	bool unknown = p->run_length == XST_LENGTH_UNKNOWN;
	const uint8_t *data;
	size_t n = xst_parser_ready(p, &data);
	struct xst_event *ev;

	(void)l;
	if (!p->run_left || (unknown && p->eof && !n)) {
		p->phase = NULL;
		return 0;
	}
	if (!n)
		return xst_parser_need(p, 1, unknown ? XST_LENGTH_UNKNOWN : p->run_left);
	if (n > p->run_left)
		n = (size_t)p->run_left;
	ev = run_event(p, XST_EVENT_PAYLOAD);
	ev->u.payload.size = n;
	if (p->held) { /* consuming moves what is held, so hand out a copy */
		memcpy(p->taken, data, n);
		data = p->taken;
	}
	ev->u.payload.data = data;
	xst_parser_consume(p, n);
	p->run_left -= n;
	return EVENT;
}

static int step_run_begin(struct xst_parser *p, struct layer *l)
{
	(void)l;
	p->phase = step_run;
	run_event(p, XST_EVENT_PAYLOAD_BEGIN);
	return EVENT;
}

void xst_parse_start_run(struct xst_parser *p, struct layer *l, uint64_t length, unsigned unit,
			 state_fn next)
{
	p->run_length = p->run_left = length;
	p->run_unit = unit;
	p->phase = length ? step_run_begin : NULL;
	l->state = next;
}

int xst_parse_last_run(struct xst_parser *p, struct layer *l, uint64_t length, unsigned unit,
		       state_fn after)
{
	l->after = after;
	xst_parse_start_run(p, l, length, unit, xst_parse_tell_end);
	return 0;
}

/* --- records -------------------------------------------------------------------------------- */

int xst_parse_begin_record(struct xst_parser *p, struct layer *l, const struct wire_record *row,
			   uint32_t type, unsigned framing, uint64_t length, state_fn next)
{
	struct xst_event *ev;

	memset(l->record.warned, 0, sizeof(l->record.warned));
	l->record.row = row;
	l->record.type = type;
	l->record.offset = p->offset - framing;
	l->record.body = p->offset;
	l->record.length = length;
	l->record.index = l->count++;
	p->nfields = 0;
	ev = xst_parser_event(p, XST_EVENT_RECORD_BEGIN);
	ev->offset = l->record.offset;
	ev->u.record.type = type;
	ev->u.record.name = row->name;
	ev->u.record.index = l->record.index;
	ev->u.record.length = length;
	l->state = next;
	if (row->nfields)
		p->phase = step_fixed;
	return EVENT;
}

int xst_parse_tell_end(struct xst_parser *p, struct layer *l)
{
	struct xst_event *ev = xst_parser_event(p, XST_EVENT_RECORD_END);

	ev->u.record.type = l->record.type;
	ev->u.record.name = l->record.row->name;
	ev->u.record.index = l->record.index;
	ev->u.record.length = l->record.length ? l->record.length : p->offset - l->record.body;
	l->record.row = NULL;
	l->state = l->after;
	return EVENT;
}

int xst_parse_end_record(struct layer *l, state_fn after)
{
	l->after = after;
	l->state = xst_parse_tell_end;
	return 0;
}

uint64_t xst_parse_field(const struct xst_parser *p, enum xst_field id)
{
	return wire_value(p->fields, p->nfields, id, 0);
}

int xst_parse_tell_fields(struct xst_parser *p, const struct xst_field_value *v, size_t n)
{
	struct xst_event *ev;

	if (v != p->fields)
		memcpy(p->fields, v, n * sizeof(*v));
	p->nfields = n;
	ev = xst_parser_event(p, XST_EVENT_FIELDS);
	ev->u.fields.v = p->fields;
	ev->u.fields.n = n;
	return EVENT;
}

uint64_t xst_parse_body_left(const struct xst_parser *p, const struct layer *l)
{
	return l->record.length - (p->offset - l->record.body);
}

/* --- public: the run in hand ---------------------------------------------------------------- */

uint64_t xst_parser_payload_left(const struct xst_parser *p)
{
	if (p->phase != step_run || p->held || p->error.code)
		return 0;
	return p->run_length == XST_LENGTH_UNKNOWN ? XST_LENGTH_UNKNOWN : p->run_left;
}

int xst_parser_claim(struct xst_parser *p, const struct xst_in *in, uint64_t n)
{
	if (p->error.code)
		return p->error.code;
	if (p->phase != step_run || p->held || in->pos != in->size || p->have_event)
		return XST_E_STATE;
	if (n > p->run_left)
		return XST_E_ARG;
	p->run_left -= n;
	p->offset += n;
	return 0;
}

int xst_parser_set_run_length(struct xst_parser *p, uint64_t n)
{
	if (p->error.code)
		return p->error.code;
	if (p->phase != step_run || p->run_length != XST_LENGTH_UNKNOWN ||
	    p->run_left != p->run_length || p->event.type != XST_EVENT_PAYLOAD_BEGIN)
		return XST_E_STATE;
	if (n > p->limits.max_emulator)
		return xst_parse_fail(
			p, XST_E_LIMIT, RULE_LIMIT, 0, "length",
			"%llu bytes of device model state are more than the limit of %llu",
			(unsigned long long)n, (unsigned long long)p->limits.max_emulator);
	p->run_length = p->run_left = n;
	p->event.u.payload.length = n;
	return 0;
}

uint64_t xst_parser_max_run(const struct xst_parser *p)
{
	return p->limits.max_emulator;
}
