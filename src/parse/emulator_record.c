/* SPDX-License-Identifier: MIT */
/* The device model's record of legacy streams: a signature of 21 bytes, a length for two of the
 * three signatures, the state.  XenServer puts a newline and a big-endian length after the third.
 * An input may also end before the record: then there is none. */
#include "parse/parser.h"

#include <string.h>

#include "wire/bytes.h"

#define SNIFF (LEGACY_XENSERVER_LENGTH + 4)

static int known_length(struct xst_parser *p, struct layer *l, uint64_t n)
{
	struct xst_field_value v = { XST_FIELD_LENGTH, n };

	if (n > p->limits.max_emulator)
		return xst_parse_fail(
			p, XST_E_LIMIT, RULE_LIMIT, 4, "length",
			"%llu bytes of device model state are more than the limit of %llu",
			(unsigned long long)n, (unsigned long long)p->limits.max_emulator);
	xst_parse_last_run(p, l, n, 1, l->after);
	return xst_parse_tell_fields(p, &v, 1);
}

static int emulator_length(struct xst_parser *p, struct layer *l)
{
	const uint8_t *b;
	int r = xst_parser_take(p, 4, 0, &b);

	return r ? r : known_length(p, l, le32(b));
}

static int xenserver_length(struct xst_parser *p, struct layer *l)
{
	const uint8_t *b;
	int r = xst_parser_take(p, LEGACY_XENSERVER_LENGTH, 0, &b);

	if (r)
		return r;
	if (b[0] != '\n')
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_SIGNATURE,
				      LEGACY_XENSERVER_LENGTH, "signature",
				      "XenServer ends it with a newline, which is missing");
	return known_length(p, l, get_number(b + 1, 4, true));
}

/* A state begins with QEVM.  With a newline and four bytes before that, the record is
 * XenServer's. */
static int emulator_form(struct xst_parser *p, struct layer *l)
{
	const uint8_t *b;
	size_t n = xst_parser_gather(p, SNIFF, &b);

	if (n < SNIFF && !p->eof)
		return xst_parser_need(p, SNIFF - n, SNIFF - n);
	if (n == SNIFF && b[0] == '\n' &&
	    memcmp(b + LEGACY_XENSERVER_LENGTH, QEMU_MAGIC, QEMU_MAGIC_SIZE) == 0) {
		l->state = xenserver_length;
		return 0;
	}
	return xst_parse_last_run(p, l, XST_LENGTH_UNKNOWN, 1, l->after);
}

static int known_signature(struct xst_parser *p, struct layer *l,
			   const struct wire_signature *s)
{
	xst_parser_consume(p, LEGACY_SIGNATURE_SIZE);
	return xst_parse_begin_record(
		p, l, &s->row, 0, LEGACY_SIGNATURE_SIZE, 0,
		s->has_length				       ? emulator_length
		: xst_parser_inside(p, l, XST_LAYER_XENSERVER6) ? xenserver_length
								: emulator_form);
}

/* In a checkpointed stream every state has the record, or none does.  So where the input ends
 * without it, a state other than the first is cut. */
static bool needed(const struct layer *l)
{
	return l->id == XST_LAYER_LEGACY && l->u.legacy.checkpoints;
}

/* Whether the stream may be followed by something other than the record. */
static bool may_be_absent(struct xst_parser *p, struct layer *l)
{
	return l->id == XST_LAYER_LIBXC || xst_parser_inside(p, l, XST_LAYER_XENSERVER);
}

/* Anything may follow an image; only the beginning of a signature is a truncated one. */
static bool something_else(struct xst_parser *p, struct layer *l)
{
	const uint8_t *b;
	size_t n;

	if (!may_be_absent(p, l) || !p->eof)
		return false;
	n = xst_parser_gather(p, LEGACY_SIGNATURE_SIZE, &b);
	if (n >= LEGACY_SIGNATURE_SIZE)
		return false;
	for (size_t i = 0; i < sizeof(xst_wire_signatures) / sizeof(xst_wire_signatures[0]); i++)
		if (n && memcmp(b, xst_wire_signatures[i].text, n) == 0)
			return false;
	return true;
}

int xst_parse_emulator(struct xst_parser *p, struct layer *l, state_fn after)
{
	const uint8_t *b = NULL;
	int r = 0;

	l->after = after;
	if (needed(l))
		r = xst_parser_peek(p, LEGACY_SIGNATURE_SIZE, 0, &b);
	else if (!something_else(p, l))
		r = xst_parser_peek_or_end(p, LEGACY_SIGNATURE_SIZE, &b);
	if (r)
		return r;
	if (!b) {
		l->state = after;
		return 0;
	}
	for (size_t i = 0; i < sizeof(xst_wire_signatures) / sizeof(xst_wire_signatures[0]); i++)
		if (memcmp(b, xst_wire_signatures[i].text, LEGACY_SIGNATURE_SIZE) == 0)
			return known_signature(p, l, &xst_wire_signatures[i]);
	if (may_be_absent(p, l)) { /* not part of the image */
		l->state = after;
		return 0;
	}
	return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_SIGNATURE, 0, "signature",
			      "a device model's record does not begin with %02x %02x %02x %02x ...",
			      b[0], b[1], b[2], b[3]);
}
