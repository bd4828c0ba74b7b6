/* SPDX-License-Identifier: MIT */
/* Inside of a decoded guest. */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include <stdbool.h>

#include <xenstream/state.h>

#include "wire/hvm_save.h"
#include "wire/pv.h"
#include "wire/state.h"

/* A block and what chains it to the others of its vCPU. */
struct guest_block {
	struct xst_block block;
	uint8_t *data;
	size_t room;       /* bytes that will be kept */
	uint32_t previous, next; /* of the same vCPU, counted from 1; 0: none */
};

/* The blocks of a vCPU, counted from 1; 0: it has none. */
struct guest_chain {
	uint32_t first, last;
};

/* What counts together: one state of a checkpointed stream. */
struct guest_set {
	struct guest_block *blocks;
	size_t n, size;
	uint64_t bytes, dropped;
	struct guest_chain *chains; /* by vCPU */
	size_t chains_n;
	uint64_t registers[XST_STATE_VCPUS / 64]; /* a bit for each vCPU that has some */
	uint64_t params[XST_STATE_PARAMS], params_set;
	struct xst_tsc_info tsc;
	bool has_tsc;
};

/* The entry of an HVM context in hand. */
struct guest_walk {
	uint8_t head[WIRE_HVM_DESCRIPTOR];
	size_t head_n;
	uint64_t left;     /* bytes of its body that are still to come */
	uint64_t seen;     /* of the run */
	bool over;         /* its END was seen */
};

struct xst_state {
	uint32_t flags;

	/* the record in hand */
	enum xst_kind kind;
	enum xst_layer layer;
	uint64_t record_offset, run_offset, run, wants;
	uint64_t vcpu;
	bool big;
	size_t open;       /* the block that takes bytes, counted from 1; 0: none */
	struct guest_walk walk;

	/* the stream */
	enum xst_guest guest;
	unsigned width, pt_levels;
	bool in_libxl, in_checkpoint, whole;
	uint64_t checkpoints;
	struct guest_set now, taken;
	struct xst_cpuid_leaf *leaves;
	size_t leaves_n, leaves_size;
	struct xst_msr_value msrs[XST_STATE_MSRS];
	size_t msrs_n;
};

/* blocks.c */
void xst_guest_set_clear(struct guest_set *set);
/* Drops the blocks only. */
void xst_guest_set_drop(struct guest_set *set);
/* Begins a block of `length` bytes, of which no more than `most` can come: the description is the
 * caller's.  With `anew` it takes the place of the last one of its kind and instance.  Beyond a
 * limit there is none, and 0 is returned as well; s->open is set or 0.  Returns 0 or XST_E_NOMEM. */
int xst_guest_block_begin(struct xst_state *s, const struct xst_block *b, uint64_t most, bool anew);
void xst_guest_block_take(struct xst_state *s, const uint8_t *p, size_t n);
void xst_guest_block_end(struct xst_state *s);
/* The set that counts. */
const struct guest_set *xst_guest_set(const struct xst_state *s);
/* The last block of a vCPU, or NULL; the one before it. */
const struct guest_block *xst_guest_vcpu_last(const struct guest_set *set, uint32_t vcpu);
const struct guest_block *xst_guest_vcpu_previous(const struct guest_set *set,
						  const struct guest_block *b);

/* hvm_walk.c: events of an HVM context's run */
int xst_guest_walk_begin(struct xst_state *s);
int xst_guest_walk_take(struct xst_state *s, const uint8_t *p, size_t n);
int xst_guest_walk_end(struct xst_state *s);

/* policies.c */
int xst_guest_cpuid_items(struct xst_state *s, const struct xst_event *ev);
void xst_guest_msr_items(struct xst_state *s, const struct xst_event *ev);
void xst_guest_param_items(struct xst_state *s, const struct xst_event *ev);
void xst_guest_tsc_fields(struct xst_state *s, const struct xst_event *ev);

/* block_fields.c: the table of a block, or NULL */
const struct xst_wire_state_table *xst_guest_block_table(const struct xst_block *b);

#endif
