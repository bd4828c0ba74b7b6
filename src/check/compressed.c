/* SPDX-License-Identifier: MIT */
/* Compressed (Remus) legacy streams: whether the data of a state hold as many pages as its batches
 * announce, and runs end where pages do.  What the pages become is not followed.  Who passes over
 * data is told nothing more of that state. */
#include "check/checker.h"

static void compressed_begin_state(struct compressed_state *s)
{
	s->on = s->next;
	s->unseen = !s->on;
	s->waiting = 0;
	xst_delta_init(&s->delta);
}

static void compressed_end_of_body(struct xst_checker *c)
{
	struct compressed_state *s = &c->compressed;

	if (!s->unseen && (s->waiting || !xst_delta_at_page(&s->delta)))
		xst_check_find(c, RULE_LEGACY_COMPRESSED, 0, NULL,
			       "the body ends, but the contents of %llu page%s are missing",
			       (unsigned long long)s->waiting, s->waiting == 1 ? "" : "s");
}

void xst_check_compressed_begin(struct xst_checker *c)
{
	struct compressed_state *s = &c->compressed;

	switch (c->kind) {
	case XST_KIND_P2M_SIZE:
		s->next = false;
		compressed_begin_state(s);
		break;
	case XST_KIND_ENABLE_COMPRESSION:
		s->next = true;
		break;
	case XST_KIND_CHECKPOINT:
		compressed_begin_state(s);
		break;
	case XST_KIND_END_OF_BODY:
		compressed_end_of_body(c);
		break;
	case XST_KIND_COMPRESSED_DATA:
		if (!s->on)
			xst_check_find(c, RULE_LEGACY_COMPRESSED, 0, NULL,
				       "the pages of this state are not compressed");
		s->bytes = c->run = 0;
		break;
	default:
		break;
	}
}

void xst_check_compressed_batch(struct xst_checker *c, uint64_t pages)
{
	if (c->layer == XST_LAYER_LEGACY && c->compressed.on)
		c->compressed.waiting += pages;
}

static int compressed_run(struct xst_checker *c, const struct xst_event *ev)
{
	c->run = ev->u.payload.length;
	c->wants = c->compressed.unseen ? 0 : SIZE_MAX;
	return 0;
}

static void compressed_fault(struct xst_checker *c, uint64_t at, const char *what)
{
	xst_check_find(c, RULE_LEGACY_COMPRESSED, at, NULL, "%s", what);
	c->compressed.unseen = true;
}

static void compressed_page(struct xst_checker *c, const uint8_t **data, size_t *n, uint64_t end)
{
	struct compressed_state *s = &c->compressed;
	uint64_t at = end - *n;

	if (!s->waiting) {
		compressed_fault(c, at, "more pages than were announced");
		return;
	}
	switch (xst_delta_decode(&s->delta, data, n)) {
	case DELTA_BAD:
		compressed_fault(c, end - *n - 1, "the differences go past their page");
		break;
	case DELTA_UNCHANGED:
	case DELTA_PAGE:
		s->waiting--;
		break;
	case DELTA_MORE:
	case DELTA_BASE:
		break;
	}
}

static int compressed_payload(struct xst_checker *c, const struct xst_event *ev)
{
	struct compressed_state *s = &c->compressed;
	const uint8_t *data = ev->u.payload.data;
	size_t n = ev->u.payload.size;

	s->bytes += n;
	while (n && !s->unseen)
		compressed_page(c, &data, &n, ev->offset + ev->u.payload.size);
	c->wants = s->unseen || s->bytes >= c->run ? 0 : SIZE_MAX;
	return 0;
}

static int compressed_end(struct xst_checker *c, const struct xst_event *ev)
{
	(void)ev;
	c->compressed.unseen |= c->compressed.bytes != c->run;
	return 0;
}

const struct check_subject xst_check_compressed = { .run = compressed_run,
						    .payload = compressed_payload,
						    .end = compressed_end };
