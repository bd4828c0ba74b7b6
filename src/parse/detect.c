/* SPDX-License-Identifier: MIT */
/* What the input is, by its first octets.
 *
 * Sixteen octets suffice, and every complete stream has as many, so a pipe is never asked for more
 * than it can give. */
#include "parse/parser.h"

#include <string.h>

#include "wire/bytes.h"

#define HEAD 16

static int stream_begin(struct xst_parser *p, struct layer *l, unsigned width)
{
	struct xst_event *ev = parser_event(p, XST_EVENT_STREAM_BEGIN);

	ev->u.stream.width = width;
	ev->u.stream.guest = l->guest;
	return EVENT;
}

static int begin(struct xst_parser *p, enum xst_layer id)
{
	struct layer *l = parser_push(p, id);

	return l ? stream_begin(p, l, 0) : p->error.code;
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
	struct layer *l = parser_push(p, XST_LAYER_LEGACY);

	if (!l)
		return p->error.code;
	legacy_init(l, s.width, s.guest);
	return stream_begin(p, l, s.width);
}

static int not_ours(struct xst_parser *p, const uint8_t *head)
{
	const struct wire_foreign *f = wire_foreign_find(head, HEAD);

	if (f)
		return fail(p, XST_E_MAGIC, RULE_INPUT_UNKNOWN, 0, NULL, "this is %s", f->what);
	return fail(p, XST_E_MAGIC, RULE_INPUT_UNKNOWN, 0, NULL,
		    "not a saved Xen domain: neither an xl header nor a libxl, libxc or legacy stream begins here");
}

/* What the octets themselves say; XST_START_AUTO when they say nothing. */
static enum xst_start recognise(const struct xst_parser *p, const uint8_t *head)
{
	if (memcmp(head, XL_MAGIC, HEAD) == 0)
		return XST_START_XL;
	if (get_number(head, 8, true) == LIBXL_IDENT)
		return XST_START_LIBXL;
	if (all_ones(head, 8))
		return XST_START_LIBXC;
	if (legacy_shape(p, head).plausible)
		return XST_START_LEGACY;
	return XST_START_AUTO;
}

int detect(struct xst_parser *p, struct xst_in *in, enum xst_start start)
{
	const uint8_t *head;
	int r = parser_peek(p, in, HEAD, 0, &head);

	if (r)
		return r;
	if (start == XST_START_AUTO)
		start = recognise(p, head);
	if (start == XST_START_XL && p->depth) /* headers could nest deeper than any stack */
		return fail(p, XST_E_MALFORMED, RULE_XL_MAGIC, 0, "magic",
			    "an xl header inside of another");
	switch (start) {
	case XST_START_XL:     return begin(p, XST_LAYER_XL);
	case XST_START_LIBXL:  return begin(p, XST_LAYER_LIBXL);
	case XST_START_LIBXC:  return begin(p, XST_LAYER_LIBXC);
	case XST_START_LEGACY: return begin_legacy(p, head);
	case XST_START_AUTO:   break;
	}
	return not_ours(p, head);
}
