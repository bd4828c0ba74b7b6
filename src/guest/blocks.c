/* SPDX-License-Identifier: MIT */
/* The blocks of a decoded guest: kept up to limits, chained by vCPU. */
#include "guest/guest.h"

#include <stdlib.h>
#include <string.h>

void xst_guest_set_drop(struct guest_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		free(set->blocks[i].data);
	free(set->blocks);
	free(set->chains);
	set->blocks = NULL;
	set->chains = NULL;
	set->n = set->size = set->chains_n = 0;
	set->bytes = set->dropped = 0;
	memset(set->registers, 0, sizeof(set->registers));
}

void xst_guest_set_clear(struct guest_set *set)
{
	xst_guest_set_drop(set);
	memset(set, 0, sizeof(*set));
}

const struct guest_set *xst_guest_set(const struct xst_state *s)
{
	return s->whole ? &s->taken : &s->now;
}

const struct guest_block *xst_guest_vcpu_last(const struct guest_set *set, uint32_t vcpu)
{
	if (vcpu >= set->chains_n || !set->chains[vcpu].last)
		return NULL;
	return &set->blocks[set->chains[vcpu].last - 1];
}

const struct guest_block *xst_guest_vcpu_previous(const struct guest_set *set,
						  const struct guest_block *b)
{
	return b->previous ? &set->blocks[b->previous - 1] : NULL;
}

/* --- one more ------------------------------------------------------------------------------- */

static int room_for_vcpu(struct guest_set *set, uint32_t vcpu)
{
	size_t n = set->chains_n ? set->chains_n : 16;
	struct guest_chain *chains;

	if (vcpu < set->chains_n)
		return 0;
	while (n <= vcpu)
		n *= 2;
	chains = realloc(set->chains, n * sizeof(*chains));
	if (!chains)
		return XST_E_NOMEM;
	memset(chains + set->chains_n, 0, (n - set->chains_n) * sizeof(*chains));
	set->chains = chains;
	set->chains_n = n;
	return 0;
}

static int room_for_block(struct guest_set *set)
{
	size_t n = set->size ? set->size * 2 : 16;
	struct guest_block *blocks;

	if (set->n < set->size)
		return 0;
	blocks = realloc(set->blocks, n * sizeof(*blocks));
	if (!blocks)
		return XST_E_NOMEM;
	set->blocks = blocks;
	set->size = n;
	return 0;
}

static bool is_of(const struct xst_block *a, const struct xst_block *b)
{
	return a->kind == b->kind && a->instance == b->instance;
}

/* The block that this one replaces, or NULL. */
static struct guest_block *older(struct guest_set *set, const struct xst_block *b)
{
	const struct guest_block *g;

	if (!(b->flags & XST_BLOCK_OF_VCPU)) {
		for (size_t i = 0; i < set->n; i++)
			if (is_of(&set->blocks[i].block, b))
				return &set->blocks[i];
		return NULL;
	}
	for (g = xst_guest_vcpu_last(set, b->instance); g; g = xst_guest_vcpu_previous(set, g))
		if (is_of(&g->block, b))
			return &set->blocks[g - set->blocks];
	return NULL;
}

static void note_vcpu(struct guest_set *set, struct guest_block *g)
{
	const struct xst_block *b = &g->block;
	struct guest_chain *chain;
	uint32_t number = (uint32_t)(g - set->blocks) + 1;

	if (!(b->flags & XST_BLOCK_OF_VCPU))
		return;
	chain = &set->chains[b->instance];
	g->previous = chain->last;
	if (g->previous)
		set->blocks[g->previous - 1].next = number;
	else
		chain->first = number;
	chain->last = number;
	if (b->kind == XST_BLOCK_PV_CONTEXT ||
	    (b->kind == XST_BLOCK_HVM && b->type == WIRE_HVM_CPU))
		set->registers[b->instance / 64] |= UINT64_C(1) << b->instance % 64;
}

static struct guest_block *block_append(struct guest_set *set, const struct xst_block *b)
{
	struct guest_block *g = &set->blocks[set->n];

	memset(g, 0, sizeof(*g));
	g->block = *b;
	set->n++;
	note_vcpu(set, g);
	return g;
}

static void block_reset(struct guest_set *set, struct guest_block *g, const struct xst_block *b)
{
	set->bytes -= g->room;
	free(g->data);
	g->data = NULL;
	g->block = *b;
}

/* How many bytes of it are to be kept. */
static size_t room_of(const struct guest_set *set, uint64_t length, uint64_t most)
{
	uint64_t n = length < most ? length : most;

	n = n < XST_STATE_BLOCK ? n : XST_STATE_BLOCK;
	return n <= XST_STATE_BYTES - set->bytes ? (size_t)n : 0;
}

static int room_for_data(struct guest_set *set, struct guest_block *g, uint64_t most)
{
	uint64_t length = g->block.length;

	g->room = room_of(set, length, most);
	g->block.size = sizeof(g->block);
	g->block.n = 0;
	if (g->room < (length < most ? length : most))
		g->block.flags |= XST_BLOCK_TRUNCATED;
	g->data = g->room ? malloc(g->room) : NULL;
	if (g->room && !g->data) {
		g->room = 0;
		return XST_E_NOMEM;
	}
	set->bytes += g->room;
	return 0;
}

int xst_guest_block_begin(struct xst_state *s, const struct xst_block *b, uint64_t most, bool anew)
{
	struct guest_set *set = &s->now;
	struct guest_block *g = anew ? older(set, b) : NULL;
	int r = 0;

	s->open = 0;
	if (g) {
		block_reset(set, g, b);
	} else if (set->n >= XST_STATE_BLOCKS) {
		set->dropped++;
		return 0;
	} else {
		if (b->flags & XST_BLOCK_OF_VCPU)
			r = room_for_vcpu(set, b->instance);
		if (r == 0)
			r = room_for_block(set);
		if (r)
			return r;
		g = block_append(set, b);
	}
	s->open = (size_t)(g - set->blocks) + 1;
	return room_for_data(set, g, most);
}

void xst_guest_block_take(struct xst_state *s, const uint8_t *p, size_t n)
{
	struct guest_block *g;
	size_t k;

	if (!s->open)
		return;
	g = &s->now.blocks[s->open - 1];
	k = g->room - g->block.n;
	k = n < k ? n : k;
	if (k)
		memcpy(g->data + g->block.n, p, k);
	g->block.n += k;
}

void xst_guest_block_end(struct xst_state *s)
{
	struct guest_block *g;

	if (!s->open)
		return;
	g = &s->now.blocks[s->open - 1];
	if (g->block.n < g->block.length && !(g->block.flags & XST_BLOCK_TRUNCATED))
		g->block.flags |= XST_BLOCK_CUT;
	s->open = 0;
}
