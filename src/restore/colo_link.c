/* SPDX-License-Identifier: MIT */
#include "restore/colo_link.h"

#include <stdlib.h>
#include <string.h>

#include <xenstream/parser.h>

#include "wire/bytes.h"
#include "wire/wire.h"

static const struct {
	enum colo_role sender;
	uint32_t id; /* of the CHECKPOINT_STATE */
} steps[] = {
	[COLO_RECORDS] = { COLO_PRIMARY, 0 },
	[COLO_READY] = { COLO_SECONDARY, COLO_STATE_SVM_READY },
	[COLO_RESUMED] = { COLO_SECONDARY, COLO_STATE_SVM_RESUMED },
	[COLO_NEW] = { COLO_PRIMARY, COLO_STATE_NEW },
	[COLO_SUSPENDED] = { COLO_SECONDARY, COLO_STATE_SVM_SUSPENDED },
	[COLO_DIRTY] = { COLO_SECONDARY, 0 },
};

void xst_restore_colo_init(struct colo *c, enum colo_role role)
{
	*c = (struct colo){ .role = role, .step = COLO_RECORDS };
}

void xst_restore_colo_free(struct colo *c)
{
	free(c->pfns);
	c->pfns = NULL;
	c->parser = xst_parser_free(c->parser);
}

bool xst_restore_colo_is_mine(const struct colo *c)
{
	return steps[c->step].sender == c->role;
}

static void colo_link_go_on(struct colo *c)
{
	c->step = c->step == COLO_DIRTY ? COLO_RECORDS : (enum colo_step)(c->step + 1);
}

int xst_restore_colo_checkpoint(struct colo *c)
{
	if (c->step != COLO_RECORDS)
		return XST_E_MALFORMED;
	colo_link_go_on(c);
	return 0;
}

static bool is_state(enum colo_step step)
{
	return step != COLO_RECORDS && step != COLO_DIRTY;
}

int xst_restore_colo_received(struct colo *c, uint64_t id)
{
	if (xst_restore_colo_is_mine(c) || !is_state(c->step) || steps[c->step].id != id)
		return XST_E_MALFORMED;
	colo_link_go_on(c);
	return 0;
}

size_t xst_restore_colo_send(struct colo *c, uint8_t buf[COLO_MESSAGE_SIZE])
{
	enum colo_step step = c->step;
	const struct wire_record *row = xst_wire_modern(
		step == COLO_DIRTY ? XST_KIND_DIRTY_PFN_LIST : XST_KIND_CHECKPOINT_STATE);
	size_t length = step == COLO_DIRTY ? 0 : COLO_STATE_LENGTH;

	if (!xst_restore_colo_is_mine(c) || step == COLO_RECORDS)
		return 0;
	memset(buf, 0, COLO_MESSAGE_SIZE);
	put_number(buf, 4, false, row->type);
	put_number(buf + 4, 4, false, length);
	if (length)
		put_number(buf + RECORD_HEADER_SIZE, 4, false, steps[step].id);
	colo_link_go_on(c);
	return RECORD_HEADER_SIZE + (length ? RECORD_ALIGN : 0);
}

/* --- the back channel, read by the primary -------------------------------------------------- */

static int begin_list(struct colo *c, uint64_t length)
{
	uint64_t n = length / sizeof(uint64_t);
	uint64_t *pfns;

	if (c->step != COLO_DIRTY)
		return XST_E_MALFORMED;
	if (n > LIMIT_COLO_PFNS)
		return XST_E_LIMIT;
	pfns = realloc(c->pfns, (size_t)(n + 1) * sizeof(*pfns));
	if (!pfns)
		return XST_E_NOMEM;
	c->pfns = pfns;
	c->npfns = 0;
	c->wanted = (size_t)n;
	if (!n)
		colo_link_go_on(c);
	return 0;
}

/* There is one value more than the header says: drops the first and shifts the rest. */
static void put_right(struct colo *c, uint64_t last)
{
	c->stray = true;
	if (!c->npfns)
		return;
	memmove(c->pfns, c->pfns + 1, (c->npfns - 1) * sizeof(*c->pfns));
	c->pfns[c->npfns - 1] = last;
}

static void take_pfns(struct colo *c, const uint64_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (c->npfns == c->wanted) {
			put_right(c, v[i]);
			continue;
		}
		c->pfns[c->npfns++] = v[i];
		if (c->npfns == c->wanted)
			colo_link_go_on(c);
	}
}

static int colo_link_take(struct colo *c, const struct xst_event *ev)
{
	if (ev->type == XST_EVENT_RECORD_BEGIN && ev->kind == XST_KIND_DIRTY_PFN_LIST)
		return begin_list(c, ev->u.record.length);
	if (ev->type == XST_EVENT_ITEMS)
		take_pfns(c, ev->u.items.v, ev->u.items.n);
	if (ev->type == XST_EVENT_FIELDS)
		return xst_restore_colo_received(
			c, xst_event_field(ev, XST_FIELD_CHECKPOINT_STATE, UINT64_MAX));
	return 0;
}

static int open_parser(struct colo *c)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;

	if (c->parser)
		return 0;
	o.start = XST_START_COLO;
	return xst_parser_new(&o, &c->parser);
}

int xst_restore_colo_feed(struct colo *c, const uint8_t *data, size_t n)
{
	struct xst_in in = { data, n, 0 };
	const struct xst_event *ev;
	int r = open_parser(c);

	while (r == 0) {
		r = xst_parser_next(c->parser, &in, &ev);
		if (r || ev->type == XST_EVENT_NEED || ev->type == XST_EVENT_FINISHED)
			break;
		r = colo_link_take(c, ev);
	}
	return r;
}

int xst_restore_colo_eof(struct colo *c)
{
	int r = open_parser(c);

	if (r)
		return r;
	xst_parser_eof(c->parser);
	return xst_restore_colo_feed(c, NULL, 0);
}
