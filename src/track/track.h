/* SPDX-License-Identifier: MIT */
/* The progress of a stream, as its events show it: its layers, the records of its image, its
 * complete checkpoints.  All code that follows a stream asks here. */
#ifndef TRACK_TRACK_H
#define TRACK_TRACK_H

#include <xenstream/event.h>

struct track {
	uint32_t begun, ended;            /* layers: bits of track_bit() */
	unsigned toolstack_width;         /* bytes, of a legacy stream */
	enum xst_guest guest;             /* as the stream or its image says */
	enum xst_layer container;         /* the last one other than xl's (or a channel), or
					   * XST_LAYER_NONE */
	uint64_t started[XST_KIND_MAX];   /* records of each kind */
	uint64_t completed[XST_KIND_MAX]; /* those of them that are complete */
	bool static_data_over;            /* STATIC_DATA_END has begun */
	bool image_complete;              /* the guest's own state is complete; its device model's
					   * may not be */
	bool in_checkpoint;               /* its record has ended, but in today's formats
					   * CHECKPOINT_END has not */
	uint64_t checkpoints;             /* complete ones, including the libxl part if there is
					   * one */
};

/* Call this with every event of a parser, in order; *t is zero at first. */
void xst_track_event(struct track *t, const struct xst_event *ev);

static inline uint32_t track_bit(enum xst_layer layer)
{
	return UINT32_C(1) << layer;
}

static inline bool track_has(const struct track *t, enum xst_layer layer)
{
	return t->begun & track_bit(layer);
}

static inline bool track_ended(const struct track *t, enum xst_layer layer)
{
	return t->ended & track_bit(layer);
}

#endif
