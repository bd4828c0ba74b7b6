/* SPDX-License-Identifier: MIT */
/* The device model's record as legacy streams have it: a signature of 21 octets, a length for two
 * of the three, the state.  An input that ends in front of it has none. */
#include "parse/parser.h"

#include <string.h>

#include "wire/bytes.h"

enum state { SIGNATURE = STATE_EMULATOR, LENGTH, STATE_DONE };

static int known_signature(struct xst_parser *p, struct layer *l, struct xst_in *in,
			   const struct wire_signature *s)
{
	parser_consume(p, in, LEGACY_SIGNATURE_SIZE);
	l->state = s->has_length ? LENGTH : STATE_DONE;
	begin_record(p, l, &s->row, 0, LEGACY_SIGNATURE_SIZE, 0);
	if (!s->has_length)
		start_run(p, XST_LENGTH_UNKNOWN, 1);
	return EVENT;
}

/* Behind an image anything may follow; only the beginning of a signature is a truncated one. */
static bool something_else(struct xst_parser *p, const struct layer *l, struct xst_in *in)
{
	const uint8_t *b;
	size_t n;

	if (l->id != XST_LAYER_LIBXC || !p->eof)
		return false;
	n = parser_gather(p, in, LEGACY_SIGNATURE_SIZE, &b);
	if (n >= LEGACY_SIGNATURE_SIZE)
		return false;
	for (size_t i = 0; i < sizeof(wire_signatures) / sizeof(wire_signatures[0]); i++)
		if (n && memcmp(b, wire_signatures[i].text, n) == 0)
			return false;
	return true;
}

static int signature(struct xst_parser *p, struct layer *l, struct xst_in *in, int done)
{
	const uint8_t *b = NULL;
	int r = 0;

	if (!something_else(p, l, in))
		r = parser_peek_or_end(p, in, LEGACY_SIGNATURE_SIZE, &b);
	if (r)
		return r;
	if (!b) {
		l->state = done;
		return 0;
	}
	for (size_t i = 0; i < sizeof(wire_signatures) / sizeof(wire_signatures[0]); i++)
		if (memcmp(b, wire_signatures[i].text, LEGACY_SIGNATURE_SIZE) == 0)
			return known_signature(p, l, in, &wire_signatures[i]);
	if (l->id == XST_LAYER_LIBXC) { /* something else follows the image: not ours */
		l->state = done;
		return 0;
	}
	return fail(p, XST_E_MALFORMED, RULE_LEGACY_SIGNATURE, 0, "signature",
		    "no device model's record begins here: %02x %02x %02x %02x ...", b[0], b[1], b[2],
		    b[3]);
}

static int length(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	struct xst_field_value v = { XST_FIELD_LENGTH, 0 };
	const uint8_t *b;
	int r = parser_take(p, in, 4, 0, &b);

	if (r)
		return r;
	v.value = le32(b);
	if (v.value > p->limits.max_emulator)
		return fail(p, XST_E_LIMIT, RULE_LIMIT, 4, "length",
			    "%llu octets of device model state are more than the limit of %llu",
			    (unsigned long long)v.value,
			    (unsigned long long)p->limits.max_emulator);
	start_run(p, v.value, 1);
	l->state = STATE_DONE;
	return tell_fields(p, &v, 1);
}

int emulator_step(struct xst_parser *p, struct layer *l, struct xst_in *in, int done)
{
	switch ((enum state)l->state) {
	case SIGNATURE: return signature(p, l, in, done);
	case LENGTH:    return length(p, l, in);
	case STATE_DONE:
		l->state = done;
		return end_record(p, l);
	}
	return XST_E_STATE;
}
