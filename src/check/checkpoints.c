/* SPDX-License-Identifier: MIT */
/* Checkpointed streams.  A receiver works on the first state as it comes; from the first CHECKPOINT
 * on it keeps all records of the image until the next one.  CHECKPOINT_END closes a state. */
#include "check/checker.h"

static void checkpoints_image_record(struct xst_checker *c)
{
	if (c->kind == XST_KIND_CHECKPOINT) {
		if (!track_has(&c->track, XST_LAYER_LIBXL))
			xst_check_find(c, RULE_CHECKPOINT_PLAIN, 0, NULL,
				       "CHECKPOINT in an image without a libxl stream around it");
		c->checkpoints++;
		c->since_checkpoint = 0;
		return;
	}
	if (!c->checkpoints)
		return;
	if (c->kind == XST_KIND_UNKNOWN)
		xst_check_find(c, RULE_CHECKPOINT_OPTIONAL, 0, "type",
			       "%#x: an optional record after the first checkpoint", c->type);
	if (c->kind != XST_KIND_END) {
		c->since_checkpoint++;
		return;
	}
	if (c->since_checkpoint)
		xst_check_find(c, RULE_CHECKPOINT_DROPPED, 0, NULL,
			       "the %llu records after the last checkpoint are dropped at END",
			       (unsigned long long)c->since_checkpoint);
}

static void checkpoints_libxl_record(struct xst_checker *c)
{
	if (c->kind != XST_KIND_CHECKPOINT_END)
		return;
	if (!c->seen[XST_KIND_CHECKPOINT_END])
		c->emulator_each = c->emulators;
	else if (c->emulator_each && !c->emulators)
		xst_check_find(c, RULE_CHECKPOINT_EMULATOR, 0, NULL,
			       "no EMULATOR_CONTEXT in this checkpoint");
	c->emulators = 0;
}

void xst_check_checkpoint_begin(struct xst_checker *c)
{
	if (c->layer == XST_LAYER_LIBXC)
		checkpoints_image_record(c);
	else
		checkpoints_libxl_record(c);
}

/* NEW is the primary's, and said on the main stream; all others are the secondary's. */
static void side(struct xst_checker *c, uint64_t state)
{
	if (c->layer == XST_LAYER_LIBXL && state != COLO_STATE_NEW)
		xst_check_find(c, RULE_CHECKPOINT_STATE_SIDE, 0, "checkpoint_state",
			       "%llu is said by the secondary, on the channel back",
			       (unsigned long long)state);
	else if (c->layer == XST_LAYER_LIBXL && !c->seen[XST_KIND_CHECKPOINT_END])
		xst_check_find(c, RULE_CHECKPOINT_STATE_SIDE, 0, NULL,
			       "no checkpoint has ended before it: libxl does not wait for it");
	if (c->layer == XST_LAYER_COLO && state == COLO_STATE_NEW)
		xst_check_find(c, RULE_CHECKPOINT_STATE_SIDE, 0, "checkpoint_state",
			       "NEW is said by the primary, on the main stream");
}

static int state_fields(struct xst_checker *c, const struct xst_event *ev)
{
	uint64_t state = xst_event_field(ev, XST_FIELD_CHECKPOINT_STATE, 0);

	if (state > COLO_STATE_SVM_RESUMED)
		xst_check_find(c, RULE_CHECKPOINT_STATE, 0, "checkpoint_state",
			       "%llu; 0 to 3 exist", (unsigned long long)state);
	else
		side(c, state);
	c->suspended = state == COLO_STATE_SVM_SUSPENDED;
	return 0;
}

const struct check_subject xst_check_checkpoint_state = { .fields = state_fields };

static int dirty_items(struct xst_checker *c, const struct xst_event *ev)
{
	if (c->layer != XST_LAYER_COLO) /* refused */
		return 0;
	if (!ev->u.items.first && !c->suspended)
		xst_check_find(c, RULE_COLO_TURN, 0, NULL,
			       "a list that does not follow SVM_SUSPENDED");
	for (size_t i = 0; i < ev->u.items.n; i++) {
		uint64_t pfn = ev->u.items.v[i];

		if (ev->u.items.first + i == 1 && !pfn && !c->last_dirty)
			c->two_zeros = true;
		else if (ev->u.items.first + i && pfn <= c->last_dirty)
			xst_check_find(c, RULE_COLO_PFNS, 0, "pfn", "%#llx after %#llx",
				       (unsigned long long)pfn, (unsigned long long)c->last_dirty);
		c->last_dirty = pfn;
	}
	c->dirty_told = ev->u.items.first + ev->u.items.n;
	c->suspended = false;
	return 0;
}

/* Pfn 0 after the eight stray bytes is in its place: then there is one item more than the length
 * of the record says. */
static int dirty_end(struct xst_checker *c, const struct xst_event *ev)
{
	(void)ev;
	if (c->two_zeros && c->dirty_told * sizeof(uint64_t) <= c->length)
		xst_check_find(c, RULE_COLO_PFNS, 0, "pfn", "0 after 0");
	c->two_zeros = false;
	return 0;
}

const struct check_subject xst_check_dirty_pfns = { .items = dirty_items, .end = dirty_end };
