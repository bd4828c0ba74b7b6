/* SPDX-License-Identifier: MIT */
#include "restore/colo.h"

#include <stdlib.h>
#include <string.h>

#include <xenstream/finding.h>

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

void colo_init(struct colo *c, enum colo_role role)
{
	*c = (struct colo){ .role = role, .step = COLO_RECORDS };
}

void colo_free(struct colo *c)
{
	free(c->pfns);
	c->pfns = NULL;
}

bool colo_is_mine(const struct colo *c)
{
	return steps[c->step].sender == c->role;
}

static void go_on(struct colo *c)
{
	c->step = c->step == COLO_DIRTY ? COLO_RECORDS : (enum colo_step)(c->step + 1);
}

int colo_checkpoint(struct colo *c)
{
	if (c->step != COLO_RECORDS)
		return XST_E_MALFORMED;
	go_on(c);
	return 0;
}

static bool is_state(enum colo_step step)
{
	return step != COLO_RECORDS && step != COLO_DIRTY;
}

int colo_received(struct colo *c, uint64_t id)
{
	if (colo_is_mine(c) || !is_state(c->step) || steps[c->step].id != id)
		return XST_E_MALFORMED;
	go_on(c);
	return 0;
}

size_t colo_send(struct colo *c, uint8_t buf[COLO_MESSAGE_SIZE])
{
	enum colo_step step = c->step;
	const struct wire_record *row =
		wire_modern(step == COLO_DIRTY ? XST_KIND_DIRTY_PFN_LIST : XST_KIND_CHECKPOINT_STATE);
	size_t length = step == COLO_DIRTY ? 0 : COLO_STATE_LENGTH;

	if (!colo_is_mine(c) || step == COLO_RECORDS)
		return 0;
	memset(buf, 0, COLO_MESSAGE_SIZE);
	put_number(buf, 4, false, row->type);
	put_number(buf + 4, 4, false, length);
	if (length)
		put_number(buf + RECORD_HEADER_SIZE, 4, false, steps[step].id);
	go_on(c);
	return RECORD_HEADER_SIZE + (length ? RECORD_ALIGN : 0);
}

/* --- the back channel, as the primary reads it ---------------------------------------------- */

static bool is_state_header(const uint8_t *b)
{
	return get_number(b, 4, false) == wire_modern(XST_KIND_CHECKPOINT_STATE)->type &&
	       (get_number(b + 4, 4, false) == COLO_STATE_LENGTH ||
		get_number(b + 4, 4, false) == RECORD_ALIGN);
}

static void end_list(struct colo *c)
{
	c->in_list = false;
	c->doubtful = c->stray == COLO_STRAY_UNKNOWN && (!c->npfns || c->pfns[0] == 0);
	if (!c->doubtful && c->stray == COLO_STRAY_UNKNOWN)
		c->stray = COLO_STRAY_NO;
	go_on(c);
}

static int begin_list(struct colo *c)
{
	uint64_t length = get_number(c->hold + 4, 4, false);
	uint64_t n = length / sizeof(uint64_t);
	uint64_t *pfns;

	c->held = 0;
	if (length % sizeof(uint64_t))
		return XST_E_MALFORMED;
	if (n > COLO_MAX_PFNS)
		return XST_E_LIMIT;
	pfns = realloc(c->pfns, (size_t)(n + 1) * sizeof(*pfns));
	if (!pfns)
		return XST_E_NOMEM;
	c->pfns = pfns;
	c->npfns = 0;
	c->left = n + (c->stray == COLO_STRAY_YES);
	c->in_list = c->left > 0;
	if (!c->in_list)
		end_list(c);
	return 0;
}

/* What stands behind a list tells whether its first 8 octets were none of its own. */
static bool settle_doubt(struct colo *c)
{
	c->doubtful = false;
	c->stray = is_state_header(c->hold) ? COLO_STRAY_NO : COLO_STRAY_YES;
	if (c->stray == COLO_STRAY_NO)
		return false;
	if (c->npfns) { /* all of it is one further: the last pfn is what we hold */
		memmove(c->pfns, c->pfns + 1, (c->npfns - 1) * sizeof(*c->pfns));
		c->pfns[c->npfns - 1] = get_number(c->hold, 8, false);
	}
	c->held = 0;
	return true;
}

static int take_pfn(struct colo *c)
{
	uint64_t pfn = get_number(c->hold, 8, false);

	c->held = 0;
	c->left--;
	if (c->stray == COLO_STRAY_YES && c->npfns == 0 && pfn == 0 && !c->skipped) {
		c->skipped = true;
	} else {
		c->pfns[c->npfns++] = pfn;
	}
	if (!c->left) {
		c->skipped = false;
		end_list(c);
	}
	return 0;
}

static int take_record(struct colo *c)
{
	if (c->step == COLO_DIRTY) {
		if (get_number(c->hold, 4, false) != wire_modern(XST_KIND_DIRTY_PFN_LIST)->type)
			return XST_E_MALFORMED;
		return begin_list(c);
	}
	if (!is_state_header(c->hold))
		return XST_E_MALFORMED;
	if (c->held < RECORD_HEADER_SIZE + RECORD_ALIGN) /* the rest is to come */
		return 0;
	c->held = 0;
	return colo_received(c, get_number(c->hold + RECORD_HEADER_SIZE, 4, false));
}

/* 8 octets, or 16 of a CHECKPOINT_STATE, lie in hold. */
static int take(struct colo *c)
{
	if (c->in_list)
		return take_pfn(c);
	if (c->held == RECORD_HEADER_SIZE && c->doubtful && settle_doubt(c))
		return 0;
	return take_record(c);
}

int colo_feed(struct colo *c, const uint8_t *data, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		c->hold[c->held++] = data[i];
		if (c->held % RECORD_ALIGN == 0)
			r = take(c);
	}
	return r;
}

int colo_eof(const struct colo *c)
{
	return c->held || c->in_list ? XST_E_TRUNCATED : 0;
}
