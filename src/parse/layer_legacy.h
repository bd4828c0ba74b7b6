/* SPDX-License-Identifier: MIT */
/* Shared by the files of the legacy layer. */
#ifndef PARSE_LEGACY_H
#define PARSE_LEGACY_H

#include "parse/parser.h"

/* The bodies of one state of the guest, then its tail. */
int xst_parse_legacy_body(struct xst_parser *p, struct layer *l);
/* The tail, then another state of the guest or the end. */
int xst_parse_legacy_tail(struct xst_parser *p, struct layer *l);

/* RECORD_BEGIN of a part that is not a chunk, then `next`. */
int xst_parse_legacy_part(struct xst_parser *p, struct layer *l, enum legacy_part part,
			  unsigned framing, uint64_t length, state_fn next);

/* n HVM parameters from p->items.numbers. */
int xst_parse_legacy_params(struct xst_parser *p, size_t n);

/* toolstack.c, tmem.c: the rest of these chunks after their fixed fields, then `after`. */
int xst_parse_toolstack(struct xst_parser *p, struct layer *l, state_fn after);
int xst_parse_tmem(struct xst_parser *p, struct layer *l, state_fn after);

static inline bool all_ones_ulong(uint64_t v, unsigned size)
{
	return v == (size == 8 ? UINT64_MAX : UINT32_MAX);
}

#endif
