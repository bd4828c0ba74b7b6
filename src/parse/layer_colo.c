/* SPDX-License-Identifier: MIT */
/* COLO's back channel: CHECKPOINT_STATE and CHECKPOINT_DIRTY_PFN_LIST records until the input ends.
 *
 * Since Xen 4.16 a secondary writes eight zero bytes between a list's header and the list.  The
 * first pfn then seems to be 0, and the last one stands where the next header is due. */
#include "parse/parser.h"

#include "wire/bytes.h"

static bool is_header(const uint8_t *b)
{
	uint32_t type = le32(b), length = le32(b + 4);
	const struct wire_record *row = xst_wire_find(xst_wire_colo_records, xst_wire_colo_count,
						      type);

	if (!row)
		return false;
	if (row->kind == XST_KIND_CHECKPOINT_STATE)
		return length == COLO_STATE_LENGTH || length == RECORD_ALIGN;
	return length && length % row->array->size == 0;
}

bool xst_parse_colo_begins(const uint8_t *head)
{
	return is_header(head) && le32(head) == xst_wire_colo_records[0].type &&
	       le32(head + 8) <= COLO_STATE_SVM_RESUMED && le32(head + 12) == 0;
}

static int list_end(struct xst_parser *p, struct layer *l)
{
	const uint8_t *b = NULL;
	int r = l->u.colo.first ? 0 : xst_parser_peek_or_end(p, RECORD_HEADER_SIZE, &b);

	if (r)
		return r;
	l->state = xst_parse_tell_end;
	if (!b || is_header(b))
		return 0;
	xst_parse_warn(p, RULE_COLO_STRAY, l->record.length, NULL,
		       "eight extra bytes before the list, written by Xen 4.16 and later; the "
		       "first pfn is not real");
	xst_parse_start_items(p, l, l->record.row->array, 1, xst_parse_tell_end);
	p->items.first = l->record.length / l->record.row->array->size;
	return 0;
}

static int colo_padding(struct xst_parser *p, struct layer *l)
{
	const uint8_t *b;
	int r = xst_parser_take(p, RECORD_ALIGN - COLO_STATE_LENGTH, 0, &b);

	if (r)
		return r;
	if (!all_zero(b, RECORD_ALIGN - COLO_STATE_LENGTH))
		xst_parse_warn(p, RULE_RECORD_PADDING, RECORD_ALIGN - COLO_STATE_LENGTH, "padding",
			       "not zero");
	l->state = xst_parse_tell_end;
	return 0;
}

static int colo_body(struct xst_parser *p, struct layer *l)
{
	const struct wire_record *row = l->record.row;

	l->state = colo_padding;
	if (row->kind == XST_KIND_CHECKPOINT_STATE)
		return 0;
	l->u.colo.first = 0;
	xst_parse_start_items(p, l, row->array, l->record.length / row->array->size, list_end);
	return 0;
}

int xst_parse_colo(struct xst_parser *p, struct layer *l)
{
	const struct wire_record *row;
	const uint8_t *b;
	uint32_t type, length;
	int r = xst_parser_peek_or_end(p, RECORD_HEADER_SIZE, &b);

	if (r)
		return r;
	if (!b)
		return xst_parser_end_layer(p, l);
	type = le32(b);
	length = le32(b + 4);
	row = xst_wire_find(xst_wire_colo_records, xst_wire_colo_count, type);
	if (!row)
		return xst_parse_fail(p, XST_E_UNKNOWN, RULE_RECORD_TYPE, 0, "type",
				      "%#x: not a record of COLO's back channel", type);
	if (!is_header(b) && (length || row->kind == XST_KIND_CHECKPOINT_STATE))
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_RECORD_LENGTH, 0, "length",
				      "%s records can't have %u bytes", row->name, length);
	xst_parser_consume(p, RECORD_HEADER_SIZE);
	l->after = xst_parse_colo;
	return xst_parse_begin_record(p, l, row, type, RECORD_HEADER_SIZE, length, colo_body);
}
