/* SPDX-License-Identifier: MIT */
/* A decoded guest: which event goes where, and which state of a checkpointed stream counts. */
#include "guest/guest.h"

#include <stdlib.h>
#include <string.h>

#include "wire/options.h"
#include "wire/wire.h"

/* --- life ----------------------------------------------------------------------------------- */

int xst_state_new(const struct xst_state_options *options, struct xst_state **ret)
{
	struct xst_state_options o = { .size = sizeof(o) };
	struct xst_state *s;

	if (!ret || (options && xst_options_copy(&o, sizeof(o), options, options->size) < 0))
		return XST_E_ARG;
	if (o.flags & ~(uint32_t)XST_STATE_BY_RECORD)
		return XST_E_ARG;
	s = calloc(1, sizeof(*s));
	if (!s)
		return XST_E_NOMEM;
	s->flags = o.flags;
	*ret = s;
	return 0;
}

struct xst_state *xst_state_free(struct xst_state *s)
{
	if (!s)
		return NULL;
	xst_guest_set_clear(&s->now);
	xst_guest_set_clear(&s->taken);
	free(s->leaves);
	free(s);
	return NULL;
}

/* --- which state counts --------------------------------------------------------------------- */

/* What stands so far is a whole state.  Parameters and time go on from it. */
static void state_completed(struct xst_state *s)
{
	struct guest_set *now = &s->now;

	xst_guest_set_clear(&s->taken);
	s->taken = *now;
	s->whole = true;
	s->open = 0;
	now->blocks = NULL;
	now->chains = NULL;
	now->n = now->size = now->chains_n = 0;
	xst_guest_set_drop(now);
}

/* A libxl stream's checkpoint is complete with the libxl part of it. */
static void state_checkpoint(struct xst_state *s, const struct xst_event *ev)
{
	bool closes = ev->kind == XST_KIND_CHECKPOINT_END && s->in_checkpoint;

	if (ev->kind == XST_KIND_CHECKPOINT && s->in_libxl)
		s->in_checkpoint = true;
	else if (ev->kind == XST_KIND_CHECKPOINT || closes) {
		s->in_checkpoint = false;
		s->checkpoints++;
		state_completed(s);
	}
}

static void state_settles(struct xst_state *s, const struct xst_event *ev)
{
	switch (ev->kind) {
	case XST_KIND_CHECKPOINT:
	case XST_KIND_CHECKPOINT_END:
		if (!(s->flags & XST_STATE_BY_RECORD))
			state_checkpoint(s, ev);
		break;
	case XST_KIND_END: /* what was begun after a checkpoint is not taken */
		if (!s->checkpoints && !(s->flags & XST_STATE_BY_RECORD))
			state_completed(s);
		break;
	default:
		break;
	}
}

static void state_stream_end(struct xst_state *s, const struct xst_event *ev)
{
	if (ev->layer == XST_LAYER_LEGACY && !s->checkpoints && !(s->flags & XST_STATE_BY_RECORD))
		state_completed(s);
}

static void state_stream_begin(struct xst_state *s, const struct xst_event *ev)
{
	if (ev->layer == XST_LAYER_LIBXL)
		s->in_libxl = true;
	if (ev->layer == XST_LAYER_LEGACY)
		s->guest = ev->u.stream.guest;
}

/* --- records -------------------------------------------------------------------------------- */

static void state_record_begin(struct xst_state *s, const struct xst_event *ev)
{
	s->kind = ev->kind;
	s->layer = ev->layer;
	s->record_offset = ev->offset;
	s->big = ev->big_endian;
	s->vcpu = 0;
	s->open = 0;
	if (s->flags & XST_STATE_BY_RECORD)
		xst_guest_set_drop(&s->now);
}

static enum xst_guest guest_by_type(uint64_t type)
{
	return type == LIBXC_GUEST_PV ? XST_GUEST_PV : XST_GUEST_HVM;
}

static void state_fixed(struct xst_state *s, const struct xst_event *ev)
{
	switch (ev->kind) {
	case XST_KIND_DOMAIN_HEADER:
		s->guest = guest_by_type(xst_event_field(ev, XST_FIELD_GUEST_TYPE, 0));
		break;
	case XST_KIND_PV_INFO:
		s->width = (unsigned)xst_event_field(ev, XST_FIELD_GUEST_WIDTH, 0);
		s->pt_levels = (unsigned)xst_event_field(ev, XST_FIELD_PT_LEVELS, 0);
		break;
	case XST_KIND_TSC_INFO:
		xst_guest_tsc_fields(s, ev);
		break;
	default:
		s->vcpu = xst_event_field(ev, XST_FIELD_VCPU_ID, 0);
		break;
	}
}

static int state_items(struct xst_state *s, const struct xst_event *ev)
{
	switch (ev->u.items.kind) {
	case XST_ITEMS_CPUID:
		return xst_guest_cpuid_items(s, ev);
	case XST_ITEMS_MSRS:
		xst_guest_msr_items(s, ev);
		return 0;
	case XST_ITEMS_HVM_PARAMS:
		xst_guest_param_items(s, ev);
		return 0;
	default:
		return 0;
	}
}

/* --- runs ----------------------------------------------------------------------------------- */

/* The width of a guest whose context has that length, or 0. */
static unsigned width_of(uint64_t length)
{
	for (unsigned width = 4; width <= 8; width += 4)
		if (length == xst_wire_pv_context(width)->size)
			return width;
	return 0;
}

static void note_guest_width(struct xst_state *s, uint64_t length)
{
	unsigned width = width_of(length);

	if (s->width || !width)
		return;
	s->width = width;
	s->pt_levels = width == 8 ? 4 : 3;
}

static int pv_run(struct xst_state *s, enum xst_block_kind kind, const char *name)
{
	struct xst_block b = { .kind = kind, .name = name, .record_offset = s->record_offset,
			       .offset = s->run_offset, .length = s->run };
	bool is_shared = kind == XST_BLOCK_SHARED_INFO;

	if (!s->run)
		return 0; /* a receiver passes over it */
	if (kind == XST_BLOCK_PV_CONTEXT)
		note_guest_width(s, s->run);
	b.instance = (uint32_t)s->vcpu;
	b.width = kind == XST_BLOCK_PV_CONTEXT && width_of(s->run) ? width_of(s->run) : s->width;
	b.flags = s->big ? XST_BLOCK_BIG_ENDIAN : 0;
	if (!is_shared && s->vcpu < XST_STATE_VCPUS)
		b.flags |= XST_BLOCK_OF_VCPU;
	s->wants = s->run < XST_STATE_BLOCK ? s->run : XST_STATE_BLOCK;
	return xst_guest_block_begin(s, &b, s->run, is_shared || s->vcpu < XST_STATE_VCPUS);
}

static int state_run(struct xst_state *s, const struct xst_event *ev)
{
	s->run = ev->u.payload.length;
	s->run_offset = ev->offset;
	switch (ev->kind) {
	case XST_KIND_HVM_CONTEXT:   return xst_guest_walk_begin(s);
	case XST_KIND_VCPU_BASIC:    return pv_run(s, XST_BLOCK_PV_CONTEXT, "context");
	case XST_KIND_VCPU_EXTENDED: return pv_run(s, XST_BLOCK_PV_EXTENDED, "extended");
	case XST_KIND_VCPU_XSAVE:    return pv_run(s, XST_BLOCK_PV_XSAVE, "xsave");
	case XST_KIND_VCPU_MSRS:     return pv_run(s, XST_BLOCK_PV_MSRS, "msrs");
	case XST_KIND_SHARED_INFO:   return pv_run(s, XST_BLOCK_SHARED_INFO, "shared_info");
	case XST_KIND_EXT_VCPU:
		note_guest_width(s, s->run);
		return 0;
	default:
		return 0;
	}
}

static int state_payload(struct xst_state *s, const struct xst_event *ev)
{
	const uint8_t *p = ev->u.payload.data;
	size_t n = ev->u.payload.size;

	if (s->kind == XST_KIND_HVM_CONTEXT)
		return xst_guest_walk_take(s, p, n);
	if (!s->open)
		return 0;
	xst_guest_block_take(s, p, n);
	s->wants = s->now.blocks[s->open - 1].room - s->now.blocks[s->open - 1].block.n;
	return 0;
}

static int state_record_end(struct xst_state *s, const struct xst_event *ev)
{
	int r = 0;

	if (ev->kind == XST_KIND_HVM_CONTEXT)
		r = xst_guest_walk_end(s);
	else
		xst_guest_block_end(s);
	state_settles(s, ev);
	s->kind = XST_KIND_UNKNOWN;
	return r;
}

uint64_t xst_state_wants(const struct xst_state *s)
{
	return s->wants;
}

int xst_state_event(struct xst_state *s, const struct xst_event *ev)
{
	s->wants = 0;
	switch (ev->type) {
	case XST_EVENT_STREAM_BEGIN:  state_stream_begin(s, ev); return 0;
	case XST_EVENT_STREAM_END:    state_stream_end(s, ev); return 0;
	case XST_EVENT_RECORD_BEGIN:  state_record_begin(s, ev); return 0;
	case XST_EVENT_FIELDS:        state_fixed(s, ev); return 0;
	case XST_EVENT_ITEMS:         return state_items(s, ev);
	case XST_EVENT_PAYLOAD_BEGIN: return state_run(s, ev);
	case XST_EVENT_PAYLOAD:       return state_payload(s, ev);
	case XST_EVENT_RECORD_END:    return state_record_end(s, ev);
	default:                      return 0;
	}
}

/* --- the guest ------------------------------------------------------------------------------ */

enum xst_guest xst_state_guest(const struct xst_state *s)
{
	return s->guest;
}

unsigned xst_state_guest_width(const struct xst_state *s)
{
	return s->width;
}

unsigned xst_state_pt_levels(const struct xst_state *s)
{
	return s->pt_levels;
}

int xst_state_is_complete(const struct xst_state *s)
{
	return s->whole;
}

uint64_t xst_state_checkpoints(const struct xst_state *s)
{
	return s->checkpoints;
}

uint64_t xst_state_dropped(const struct xst_state *s)
{
	return xst_guest_set(s)->dropped;
}
