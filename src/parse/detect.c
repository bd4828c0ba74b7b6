/* SPDX-License-Identifier: MIT */
/* What the input is, by its first octets.
 *
 * Sixteen octets suffice, and every complete stream has as many, so a pipe is never asked for more
 * than it can give. */
#include "parse/parser.h"

#include <string.h>

#include "wire/bytes.h"

#define HEAD 16
#define UNSEEN 0

static int detect_stream_begin(struct xst_parser *p, struct layer *l, unsigned width)
{
	struct xst_event *ev = xst_parser_event(p, XST_EVENT_STREAM_BEGIN);

	ev->u.stream.width = width;
	ev->u.stream.guest = l->guest;
	return EVENT;
}

/* The magics, as far as they can be seen in the head. */
static const struct beginning {
	const char *magic;
	uint8_t size;
	enum xst_start start;
	enum xst_layer layer;
} beginnings[] = {
	{ XL_MAGIC, HEAD, XST_START_XL, XST_LAYER_XL },
	{ LIBVIRT_MAGIC, LIBVIRT_MAGIC_SIZE, XST_START_LIBVIRT, XST_LAYER_LIBVIRT },
	{ XEND_MAGIC, XEND_MAGIC_SIZE, XST_START_XEND, XST_LAYER_XEND },
	{ XEND_REQUEST XEND_MAGIC, HEAD, XST_START_XEND, XST_LAYER_XEND },
	{ XEND_REQUEST_SSL XEND_MAGIC, HEAD, XST_START_XEND, XST_LAYER_XEND },
	{ XENSERVER_MAGIC, XENSERVER_MAGIC_SIZE, XST_START_XENSERVER, XST_LAYER_XENSERVER },
	{ XENSERVER_HANDSHAKE XENSERVER_MAGIC, HEAD, XST_START_XENSERVER, XST_LAYER_XENSERVER },
	{ XENSERVER_HANDSHAKE XENSERVER_HANDSHAKE XENSERVER_MAGIC, HEAD, XST_START_XENSERVER,
	  XST_LAYER_XENSERVER },
	{ XENSERVER6_MAGIC, XENSERVER_MAGIC_SIZE, XST_START_XENSERVER6, XST_LAYER_XENSERVER6 },
	{ "LibxlFmt", 8, XST_START_LIBXL, XST_LAYER_LIBXL },
	{ "\xff\xff\xff\xff\xff\xff\xff\xff", 8, XST_START_LIBXC, XST_LAYER_LIBXC },
	{ "", UNSEEN, XST_START_COLO, XST_LAYER_COLO }, /* has no magic, see xst_parse_colo_begins() */
};
#define BEGINNINGS (sizeof(beginnings) / sizeof(beginnings[0]))

static enum xst_layer layer_of(enum xst_start start)
{
	for (size_t i = 0; i < BEGINNINGS; i++)
		if (beginnings[i].start == start)
			return beginnings[i].layer;
	return XST_LAYER_NONE;
}

bool xst_parse_detect_knows(enum xst_start start)
{
	return start == XST_START_AUTO || start == XST_START_LEGACY || layer_of(start) != XST_LAYER_NONE;
}

static int detect_begin(struct xst_parser *p, enum xst_layer id)
{
	struct layer *l = xst_parser_push(p, id);

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
	struct layer *l = xst_parser_push(p, XST_LAYER_LEGACY);

	if (!l)
		return p->error.code;
	xst_parse_legacy_init(l, s.width, s.guest);
	return detect_stream_begin(p, l, s.width);
}

/* A handshake of xenopsd's that is no success: a big-endian length, so many octets of text. */
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
				      "a migration of XenServer's that was refused: \"%.14s...\"",
				      (const char *)head + XENSERVER_HANDSHAKE_SIZE);
	if (f)
		return xst_parse_fail(p, XST_E_MAGIC, RULE_INPUT_UNKNOWN, 0, NULL, "this is %s",
				      f->what);
	return xst_parse_fail(p, XST_E_MAGIC, RULE_INPUT_UNKNOWN, 0, NULL,
			      "not a saved Xen domain: neither an xl header nor a libxl, libxc or "
			      "legacy stream begins here");
}

/* What the octets themselves say; XST_START_AUTO when they say nothing. */
static enum xst_start detect_recognise(const struct xst_parser *p, const uint8_t *head)
{
	for (size_t i = 0; i < BEGINNINGS; i++)
		if (beginnings[i].size && memcmp(head, beginnings[i].magic, beginnings[i].size) == 0)
			return beginnings[i].start;
	if (xst_parse_colo_begins(head))
		return XST_START_COLO;
	if (legacy_shape(p, head).plausible)
		return XST_START_LEGACY;
	return XST_START_AUTO;
}

static bool detect_is_container(enum xst_start start)
{
	return start == XST_START_XL || start > XST_START_LEGACY;
}

/* Containers could nest deeper than any stack. */
static int nested(struct xst_parser *p, enum xst_start start)
{
	if (start == XST_START_XL && p->stack[0].id == XST_LAYER_XL)
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_XL_MAGIC, 0, "magic",
				      "an xl header inside of another");
	return xst_parse_fail(p, XST_E_MALFORMED, RULE_CONTAINER_NESTED, 0, "magic",
			      "a container (%s) inside of another",
			      xst_layer_name(layer_of(start)));
}

int xst_parse_detect(struct xst_parser *p, enum xst_start start)
{
	const uint8_t *head;
	int r = xst_parser_peek(p, HEAD, 0, &head);

	if (r)
		return r;
	if (start == XST_START_AUTO)
		start = detect_recognise(p, head);
	if (p->depth && detect_is_container(start))
		return nested(p, start);
	switch (start) {
	case XST_START_AUTO:   return not_ours(p, head);
	case XST_START_LEGACY: return begin_legacy(p, head);
	default:               return detect_begin(p, layer_of(start));
	}
}

int xst_parse_detect_inner(struct xst_parser *p, struct layer *l, enum xst_start start,
			   state_fn after)
{
	int r = xst_parse_detect(p, start);

	if (r == EVENT && p->event.type == XST_EVENT_STREAM_BEGIN)
		l->state = after;
	return r;
}
