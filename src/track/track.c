/* SPDX-License-Identifier: MIT */
#include "track/track.h"

#include "wire/formats.h"

static void track_stream_begin(struct track *t, const struct xst_event *ev)
{
	const struct wire_format *f = xst_wire_format_of(ev->layer);

	t->begun |= track_bit(ev->layer);
	if (f->shown.role != XST_ROLE_STREAM && ev->layer != XST_LAYER_XL)
		t->container = ev->layer;
	if (ev->layer == XST_LAYER_LEGACY) {
		t->toolstack_width = ev->u.stream.width;
		t->guest = ev->u.stream.guest;
	}
}

static void track_guest(struct track *t, uint64_t type)
{
	t->guest = type == LIBXC_GUEST_PV    ? XST_GUEST_PV
		   : type == LIBXC_GUEST_HVM ? XST_GUEST_HVM
					     : XST_GUEST_UNKNOWN;
}

/* A checkpoint of a libxl stream is complete with its libxl part, a legacy one at once. */
static void track_checkpoint(struct track *t, const struct xst_event *ev)
{
	bool opens = ev->kind == XST_KIND_CHECKPOINT, closes = ev->kind == XST_KIND_CHECKPOINT_END;

	if (ev->layer == XST_LAYER_LEGACY)
		t->checkpoints += opens;
	else if (closes && t->in_checkpoint)
		t->checkpoints++;
	if (opens || closes)
		t->in_checkpoint = opens;
}

/* A legacy image has no record for its end. */
static bool ends_image(const struct xst_event *ev)
{
	return ev->kind == XST_KIND_END ||
	       (ev->layer == XST_LAYER_LEGACY &&
		(ev->kind == XST_KIND_HVM_CONTEXT || ev->kind == XST_KIND_SHARED_INFO));
}

static void track_record_end(struct track *t, const struct xst_event *ev)
{
	t->completed[ev->kind]++;
	t->image_complete |= ends_image(ev);
	track_checkpoint(t, ev);
}

void xst_track_event(struct track *t, const struct xst_event *ev)
{
	switch (ev->type) {
	case XST_EVENT_STREAM_BEGIN:
		track_stream_begin(t, ev);
		break;
	case XST_EVENT_STREAM_END:
		t->ended |= track_bit(ev->layer);
		break;
	case XST_EVENT_RECORD_BEGIN:
		t->started[ev->kind]++;
		t->static_data_over |= ev->kind == XST_KIND_STATIC_DATA_END;
		break;
	case XST_EVENT_FIELDS:
		if (ev->kind == XST_KIND_DOMAIN_HEADER)
			track_guest(t, xst_event_field(ev, XST_FIELD_GUEST_TYPE, 0));
		break;
	case XST_EVENT_RECORD_END:
		track_record_end(t, ev);
		break;
	default:
		break;
	}
}
