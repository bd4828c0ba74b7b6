/* SPDX-License-Identifier: MIT */
/* Recognises the input by its first bytes.
 *
 * Sixteen bytes suffice, and every complete stream has that many, so a pipe is never asked for more
 * than it can give. */
#include "parse/parser.h"

#include <string.h>

#include "wire/bytes.h"
#include "wire/formats.h"

#define HEAD 16

static int detect_stream_begin(struct xst_parser *p, struct layer *l, unsigned width)
{
	struct xst_event *ev = xst_parser_event(p, XST_EVENT_STREAM_BEGIN);

	ev->u.stream.width = width;
	ev->u.stream.guest = l->guest;
	return EVENT;
}

/* The first state of each layer. */
#define FORMAT(LAYER, parser, ...) [XST_LAYER_##LAYER] = xst_parse_##parser,
#define VARIANT(...)
static const state_fn first_states[] = { WIRE_FORMATS(FORMAT, VARIANT) };
#undef FORMAT
#undef VARIANT

state_fn xst_parse_detect_state(enum xst_layer layer)
{
	return first_states[layer];
}

bool xst_parse_detect_knows(enum xst_start start)
{
	return start == XST_START_AUTO || xst_wire_format_started(start);
}

static int detect_begin(struct xst_parser *p, enum xst_layer id)
{
	struct layer *l = xst_parser_push(p, id, xst_parse_detect_state(id));

	return l ? detect_stream_begin(p, l, 0) : p->error.code;
}

struct shape {
	unsigned width;
	enum xst_guest guest;
	bool plausible;
};

/* A legacy stream has no magic: a number of pages, then all ones (PV) or a chunk (HVM). */
static struct shape legacy_shape(const struct xst_parser *p, const uint8_t *head)
{
	struct shape s = { .width = all_zero(head + 4, 4) ? 8 : 4 };
	uint64_t p2m_size = get_number(head, s.width, false);
	int32_t chunk = (int32_t)le32(head + s.width);

	s.guest = all_ones(head + s.width, s.width) ? XST_GUEST_PV : XST_GUEST_HVM;
	s.plausible = p2m_size > 0 && p2m_size <= p->limits.max_p2m_size &&
		      (s.guest == XST_GUEST_PV ||
		       (chunk >= LEGACY_CHUNK_MIN && chunk <= LEGACY_MAX_BATCH));
	return s;
}

static int begin_legacy(struct xst_parser *p, const uint8_t *head)
{
	struct shape s = legacy_shape(p, head);
	struct layer *l = xst_parser_push(p, XST_LAYER_LEGACY, xst_parse_legacy);

	if (!l)
		return p->error.code;
	xst_parse_legacy_init(l, s.width, s.guest);
	return detect_stream_begin(p, l, s.width);
}

/* A handshake in which xenopsd reports a failure: a big-endian length and that many bytes of
 * text. */
static bool is_refusal(const uint8_t *head)
{
	for (size_t i = XENSERVER_HANDSHAKE_SIZE; i < HEAD; i++)
		if (head[i] < ' ' || head[i] > '~')
			return false;
	return get_number(head, XENSERVER_HANDSHAKE_SIZE, true) >= HEAD - XENSERVER_HANDSHAKE_SIZE;
}

static int not_ours(struct xst_parser *p, const uint8_t *head)
{
	const struct wire_foreign *f = xst_wire_foreign_find(head, HEAD);

	if (is_refusal(head) && head[0] < ' ')
		return xst_parse_fail(p, XST_E_MAGIC, RULE_INPUT_UNKNOWN, 0, NULL,
				      "a XenServer migration that was refused: \"%.14s...\"",
				      (const char *)head + XENSERVER_HANDSHAKE_SIZE);
	if (f)
		return xst_parse_fail(p, XST_E_MAGIC, RULE_INPUT_UNKNOWN, 0, NULL, "this is %s",
				      f->what);
	return xst_parse_fail(p, XST_E_MAGIC, RULE_INPUT_UNKNOWN, 0, NULL,
			      "not a saved Xen domain: neither an xl header nor a libxl, libxc or "
			      "legacy stream begins here");
}

static bool begins_with(const struct wire_magic *m, const uint8_t *head)
{
	return m->size && memcmp(head, m->bytes, m->size < HEAD ? m->size : HEAD) == 0;
}

/* The format that the bytes themselves show, or NULL. */
static const struct wire_format *detect_recognise(const struct xst_parser *p, const uint8_t *head)
{
	for (size_t i = 0; i < xst_wire_formats_count; i++)
		for (size_t k = 0; k < WIRE_FORMAT_MAGICS; k++)
			if (begins_with(&xst_wire_formats[i].magics[k], head))
				return &xst_wire_formats[i];
	if (xst_parse_colo_begins(head))
		return xst_wire_format_of(XST_LAYER_COLO);
	return legacy_shape(p, head).plausible ? xst_wire_format_of(XST_LAYER_LEGACY) : NULL;
}

/* Only streams may be nested: containers could nest deeper than any stack, and a channel holds no
 * guest. */
static int nested(struct xst_parser *p, const struct wire_format *f)
{
	if (f->shown.layer == XST_LAYER_XL && p->stack[0].id == XST_LAYER_XL)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_XL_MAGIC, 0, "magic",
				      "an xl header inside another");
	if (f->shown.role == XST_ROLE_CONTAINER)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_CONTAINER_NESTED, 0, "magic",
				      "a container (%s) inside another", f->shown.word);
	return xst_parse_fail(p, XST_E_MALFORMED, RULE_CONTAINER_NESTED, 0, NULL,
			      "a %s inside a container, where a domain's stream belongs",
			      f->shown.title);
}

int xst_parse_detect(struct xst_parser *p, enum xst_start start)
{
	const struct wire_format *f = xst_wire_format_started(start);
	const uint8_t *head;
	int r = xst_parser_peek(p, HEAD, 0, &head);

	if (r)
		return r;
	if (!f)
		f = detect_recognise(p, head);
	if (!f)
		return not_ours(p, head);
	if (p->depth && f->shown.role != XST_ROLE_STREAM)
		return nested(p, f);
	if (f->shown.layer == XST_LAYER_LEGACY) /* its head shows the word size */
		return begin_legacy(p, head);
	return detect_begin(p, f->shown.layer);
}

int xst_parse_detect_inner(struct xst_parser *p, struct layer *l, enum xst_start start,
			   state_fn after)
{
	int r = xst_parse_detect(p, start);

	if (r == EVENT && p->event.type == XST_EVENT_STREAM_BEGIN)
		l->state = after;
	return r;
}
