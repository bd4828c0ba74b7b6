/* SPDX-License-Identifier: MIT */
/* Records as libxl and libxc frame them: u32 type, u32 length, body, zero padding to 8.
 *
 * Tables describe the parts of a body; a new record type is a new row there.
 *
 *   header -> fixed fields -> body (-> pages | pairs) -> padding -> RECORD_END -> `after`
 *   with a fault: -> rest -> padding
 *
 * Read the states from the bottom up. */
#include "parse/parser.h"

#include <string.h>

#include "wire/bytes.h"

static const struct wire_record unknown_optional = {
	.kind = XST_KIND_UNKNOWN,
	.name = "UNKNOWN",
	.tail = WIRE_RUN,
};

static int record_padding(struct xst_parser *p, struct layer *l)
{
	size_t n = -(size_t)l->record.length & (RECORD_ALIGN - 1);
	const uint8_t *b;
	int r = n ? xst_parser_take(p, n, 0, &b) : 0;

	if (r)
		return r;
	if (n && !all_zero(b, n))
		xst_parse_warn(p, RULE_RECORD_PADDING, n, "padding", "not zero");
	l->state = xst_parse_tell_end;
	return 0;
}

/* The rest of a faulty or unknown record. */
static int record_rest(struct xst_parser *p, struct layer *l)
{
	xst_parse_start_run(p, l, xst_parse_body_left(p, l), 1, record_padding);
	return 0;
}

static int tell_pair(struct xst_parser *p)
{
	struct xst_event *ev = xst_parser_event(p, XST_EVENT_PAIR);

	ev->u.pair.key = p->key;
	ev->u.pair.key_len = p->key_len;
	ev->u.pair.value = p->value;
	ev->u.pair.value_len = p->value_len;
	p->key_len = p->value_len = 0;
	p->in_value = false;
	return EVENT;
}

static size_t string_room(const struct xst_parser *p)
{
	return p->in_value ? VALUE_SIZE - p->value_len : KEY_SIZE - p->key_len;
}

/* Appends n bytes to the current string, which has room for them. */
static void record_append_string(struct xst_parser *p, const uint8_t *data, size_t n)
{
	char *string = p->in_value ? p->value : p->key;
	size_t *len = p->in_value ? &p->value_len : &p->key_len;

	memcpy(string + *len, data, n);
	*len += n;
	string[*len] = '\0';
}

static int string_too_long(struct xst_parser *p, struct layer *l)
{
	l->state = record_rest;
	return xst_parse_fault(p, XST_E_LIMIT, RULE_LIMIT, 0, p->in_value ? "value" : "key",
			       "longer than the %d bytes that xenstored accepts",
			       p->in_value ? VALUE_SIZE : KEY_SIZE);
}

static int pairs_end(struct xst_parser *p, struct layer *l)
{
	l->state = record_padding;
	if (!p->in_value && !p->key_len)
		return 0;
	return xst_parse_fault(p, XST_E_MALFORMED, RULE_XENSTORE_PAIRS, 0,
			       p->in_value ? "value" : "key",
			       p->in_value ? "the last key has no NUL-terminated value"
					   : "the last string does not end with a NUL");
}

static int pairs(struct xst_parser *p, struct layer *l)
{
	uint64_t left = xst_parse_body_left(p, l);
	const uint8_t *data, *nul;
	size_t n = xst_parser_ready(p, &data);
	bool too_long;

	if (!left)
		return pairs_end(p, l);
	if (!n)
		return xst_parser_need(p, 1, left);
	if (n > left)
		n = (size_t)left;
	nul = memchr(data, 0, n);
	if (nul)
		n = (size_t)(nul - data);
	too_long = n > string_room(p); /* detected at the same byte however the windows are cut */
	if (too_long)
		n = string_room(p);
	record_append_string(p, data, n);
	xst_parser_consume(p, n + (nul && !too_long ? 1 : 0));
	if (too_long)
		return string_too_long(p, l);
	if (!nul)
		return 0;
	if (p->in_value)
		return tell_pair(p);
	p->in_value = true;
	p->value[0] = '\0';
	return 0;
}

static int record_pages(struct xst_parser *p, struct layer *l)
{
	uint64_t size = p->items.data_pages * XST_PAGE_SIZE, left = xst_parse_body_left(p, l);

	if (size == left) {
		xst_parse_start_run(p, l, size, XST_PAGE_SIZE, record_padding);
		return 0;
	}
	l->state = record_rest;
	return xst_parse_fault(
		p, XST_E_MALFORMED, RULE_PAGE_COUNT, 0, "count",
		"%llu of %llu pfns have contents, but the record holds %llu bytes of pages",
		(unsigned long long)p->items.data_pages, (unsigned long long)p->items.first,
		(unsigned long long)left);
}

static int remark_empty(struct xst_parser *p, struct layer *l)
{
	xst_parse_warn(p, RULE_RECORD_EMPTY, 0, NULL,
		       "an empty %s record, as Xen 4.6 to 4.8 wrote it", l->record.row->name);
	return 0;
}

/* Whether `count` items of a body fill it exactly; a PAGE_DATA record has pages after them. */
static int check_count(struct xst_parser *p, struct layer *l, uint64_t count)
{
	const struct wire_record *row = l->record.row;
	uint64_t room = xst_parse_body_left(p, l) / row->array->size;
	bool exact = row->tail == WIRE_ARRAY_BY_COUNT;
	int r;

	if (row->tail == WIRE_PAGES && count == 0)
		r = xst_parse_fault(p, XST_E_MALFORMED, RULE_PAGE_COUNT, row->fixed, "count",
				    "a PAGE_DATA record without pfns");
	else if (count > room || (exact && count * row->array->size != xst_parse_body_left(p, l)))
		r = xst_parse_fault(
			p, XST_E_MALFORMED, exact ? RULE_RECORD_LENGTH : RULE_PAGE_COUNT,
			row->fixed, "count", "%llu entries do not fit a record of %llu bytes",
			(unsigned long long)count, (unsigned long long)l->record.length);
	else
		return EVENT;
	l->state = record_rest;
	return r;
}

static int body_counted(struct xst_parser *p, struct layer *l)
{
	uint64_t count = xst_parse_field(p, XST_FIELD_COUNT);
	int r = check_count(p, l, count);

	if (r != EVENT)
		return r;
	if (!count)
		remark_empty(p, l);
	xst_parse_start_items(p, l, l->record.row->array, count,
			      l->record.row->tail == WIRE_PAGES ? record_pages : record_padding);
	return 0;
}

static int record_body(struct xst_parser *p, struct layer *l)
{
	const struct wire_record *row = l->record.row;
	uint64_t left = xst_parse_body_left(p, l);

	l->state = record_padding;
	switch (row->tail) {
	case WIRE_NOTHING:
		return 0;
	case WIRE_ARRAY_BY_COUNT:
	case WIRE_PAGES:
		return body_counted(p, l);
	case WIRE_ARRAY_BY_LENGTH:
		xst_parse_start_items(p, l, row->array, left / row->array->size, record_padding);
		return 0;
	case WIRE_RUN:
		if (!left && (row->flags & WIRE_MAY_BE_EMPTY))
			return remark_empty(p, l);
		xst_parse_start_run(p, l, left, 1, record_padding);
		return 0;
	case WIRE_PAIRS:
		p->key_len = p->value_len = 0;
		p->in_value = false;
		l->state = pairs;
		return 0;
	}
	return XST_E_STATE;
}

static int record_unknown_type(struct xst_parser *p, struct layer *l, uint32_t type)
{
	int r = 0;

	if (type & RECORD_OPTIONAL)
		xst_parse_warn(p, RULE_RECORD_OPTIONAL, RECORD_HEADER_SIZE, "type",
			       "%#x: unknown optional record type", type);
	else
		r = xst_parse_fault(
			p, XST_E_UNKNOWN, RULE_RECORD_TYPE, RECORD_HEADER_SIZE, "type",
			"%#x: unknown mandatory record type; from a later Xen, or damaged",
			type);
	l->state = record_rest;
	return r;
}

/* One wrong length may be just a wrong field; if no known record follows, the framing is lost. */
static int framing_lost(struct xst_parser *p, uint32_t type)
{
	return xst_parse_fail(
		p, XST_E_MALFORMED, RULE_RECORD_TYPE, RECORD_HEADER_SIZE, "type",
		"%#x: no record begins here, because the previous record's length is wrong", type);
}

/* Whether a body of this type can have that many bytes after its fixed fields. */
static bool length_fits(const struct wire_record *row, uint64_t length)
{
	uint64_t tail = length - row->fixed;

	if (length < row->fixed)
		return false;
	switch (row->tail) {
	case WIRE_NOTHING:
		return tail == 0;
	case WIRE_ARRAY_BY_COUNT:
	case WIRE_PAGES:
	case WIRE_PAIRS:
		return true;
	case WIRE_ARRAY_BY_LENGTH:
		return tail > 0 && tail % row->array->size == 0;
	case WIRE_RUN:
		return (tail >= row->min_run && (!row->max_run || tail <= row->max_run)) ||
		       (tail == 0 && (row->flags & WIRE_MAY_BE_EMPTY));
	}
	return false;
}

static int check_header(struct xst_parser *p, struct layer *l, const struct wire_record *row)
{
	if (row->flags & (WIRE_REFUSED | WIRE_BACK_CHANNEL))
		return xst_parse_fault(
			p, XST_E_MALFORMED, RULE_RECORD_REFUSED, RECORD_HEADER_SIZE, "type",
			"%s records do not belong in a saved stream", row->name);
	if ((row->flags & WIRE_SINCE_V3) && l->u.rec.version == 2)
		return xst_parse_fault(p, XST_E_MALFORMED, RULE_RECORD_V3_IN_V2, RECORD_HEADER_SIZE,
				       "type", "%s does not exist in an image of version 2",
				       row->name);
	return 0;
}

int xst_parse_record(struct xst_parser *p, struct layer *l, const struct wire_record *rows,
		     size_t count, state_fn after)
{
	const struct wire_record *row;
	const uint8_t *b;
	uint32_t type, length;
	uint64_t limit = l->id == XST_LAYER_LIBXC ? p->limits.max_record : p->limits.max_emulator;
	int r = xst_parser_take(p, RECORD_HEADER_SIZE, 0, &b);

	if (r)
		return r;
	type = (uint32_t)get_number(b, 4, l->big);
	length = (uint32_t)get_number(b + 4, 4, l->big);
	row = xst_wire_find(rows, count, type);
	if (row && row->kind == XST_KIND_CHECKPOINT_STATE && length == COLO_STATE_LENGTH)
		length = RECORD_ALIGN; /* its second field is the padding */
	xst_parse_begin_record(p, l, row ? row : &unknown_optional, type, RECORD_HEADER_SIZE,
			       length, record_body);
	l->after = after;
	l->u.rec.kind = row ? row->kind : XST_KIND_UNKNOWN;
	if (!row && l->u.rec.doubtful)
		return framing_lost(p, type);
	l->u.rec.doubtful = false;
	if (length > limit)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, 4, "length",
				      "%u bytes are more than the limit of %llu", length,
				      (unsigned long long)limit);
	r = row ? check_header(p, l, row) : record_unknown_type(p, l, type);
	if (r)
		return r;
	if (row && !length_fits(row, length)) {
		r = xst_parse_fault(p, XST_E_MALFORMED, RULE_RECORD_LENGTH, 4, "length",
				    "%s records can't have %u bytes", row->name, length);
		l->state = record_rest;
		l->u.rec.doubtful = true;
		p->phase = NULL;
		if (r)
			return r;
	}
	return EVENT;
}
