/* SPDX-License-Identifier: MIT */
/* What the files of the legacy layer share. */
#ifndef PARSE_LEGACY_H
#define PARSE_LEGACY_H

#include "parse/parser.h"

#define LEGACY_RECORD_DONE 99 /* ends the record, then goes on with legacy_layer.next */
#define STATE_TOOLSTACK 300
#define STATE_TMEM 400

/* The record's contents are through: RECORD_END, then state `next`.  Returns 0. */
int xst_parse_legacy_done(struct layer *l, int next);

int xst_parse_toolstack_begin(struct xst_parser *p, struct layer *l);
int xst_parse_toolstack_step(struct xst_parser *p, struct layer *l, struct xst_in *in, int next);
int xst_parse_tmem_begin(struct xst_parser *p, struct layer *l);
int xst_parse_tmem_step(struct xst_parser *p, struct layer *l, struct xst_in *in, int next);

static inline bool all_ones_ulong(uint64_t v, unsigned size)
{
	return v == (size == 8 ? UINT64_MAX : UINT32_MAX);
}

#endif
