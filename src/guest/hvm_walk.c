/* SPDX-License-Identifier: MIT */
/* An HVM context: entry by entry, wherever the pieces are cut. */
#include "guest/guest.h"

#include <string.h>

#include "wire/bytes.h"

int xst_guest_walk_begin(struct xst_state *s)
{
	/* An HVM guest has no other blocks: this record replaces an earlier one. */
	xst_guest_set_drop(&s->now);
	memset(&s->walk, 0, sizeof(s->walk));
	s->wants = s->run;
	return 0;
}

static int trailing_begin(struct xst_state *s, uint64_t length)
{
	struct xst_block b = { .kind = XST_BLOCK_HVM_TRAILING,
			       .name = "trailing",
			       .length = length,
			       .offset = s->run_offset + s->walk.seen,
			       .record_offset = s->record_offset };

	return xst_guest_block_begin(s, &b, length, false);
}

static bool is_per_vcpu(const struct wire_hvm_type *t)
{
	return t && t->per == WIRE_HVM_VCPU;
}

/* A descriptor is there, `seen` lies where its body begins. */
static int context_entry(struct xst_state *s)
{
	struct guest_walk *w = &s->walk;
	unsigned code = (unsigned)get_number(w->head + WIRE_HVM_CODE_AT, 2, false);
	unsigned instance = (unsigned)get_number(w->head + WIRE_HVM_INSTANCE_AT, 2, false);
	const struct wire_hvm_type *t = xst_wire_hvm_type(code);
	struct xst_block b = { .kind = XST_BLOCK_HVM,
			       .type = code,
			       .instance = instance,
			       .name = t ? t->name : "unknown",
			       .record_offset = s->record_offset,
			       .offset = s->run_offset + w->seen,
			       .length = le32(w->head + WIRE_HVM_LENGTH_AT) };

	w->head_n = 0;
	if (code == WIRE_HVM_END) {
		w->over = true;
		return w->seen < s->run ? trailing_begin(s, s->run - w->seen) : 0;
	}
	if (is_per_vcpu(t) && instance < XST_STATE_VCPUS)
		b.flags |= XST_BLOCK_OF_VCPU;
	w->left = b.length;
	return xst_guest_block_begin(s, &b, s->run - w->seen, false);
}

/* Bytes of a descriptor.  Returns 0 or XST_E_NOMEM. */
static int context_head(struct xst_state *s, const uint8_t *p, size_t n, size_t *ret_taken)
{
	struct guest_walk *w = &s->walk;
	size_t k = WIRE_HVM_DESCRIPTOR - w->head_n;
	int r;

	k = n < k ? n : k;
	memcpy(w->head + w->head_n, p, k);
	w->head_n += k;
	w->seen += k;
	*ret_taken = k;
	if (w->head_n < WIRE_HVM_DESCRIPTOR)
		return 0;
	r = context_entry(s);
	if (r == 0 && !w->left && !w->over)
		xst_guest_block_end(s);
	return r;
}

static size_t context_body(struct xst_state *s, const uint8_t *p, size_t n)
{
	struct guest_walk *w = &s->walk;
	size_t k = !w->over && w->left < n ? (size_t)w->left : n;

	xst_guest_block_take(s, p, k);
	w->seen += k;
	if (w->over)
		return k;
	w->left -= k;
	if (!w->left)
		xst_guest_block_end(s);
	return k;
}

int xst_guest_walk_take(struct xst_state *s, const uint8_t *p, size_t n)
{
	struct guest_walk *w = &s->walk;
	int r = 0;

	while (n && r == 0) {
		size_t k;

		if (w->left || w->over)
			k = context_body(s, p, n);
		else
			r = context_head(s, p, n, &k);
		p += k;
		n -= k;
	}
	s->wants = s->run - w->seen;
	return r;
}

int xst_guest_walk_end(struct xst_state *s)
{
	struct guest_walk *w = &s->walk;
	int r = 0;

	if (w->head_n) { /* too few bytes for a descriptor */
		w->seen -= w->head_n;
		r = trailing_begin(s, w->head_n);
		if (r == 0)
			xst_guest_block_take(s, w->head, w->head_n);
		w->head_n = 0;
	}
	xst_guest_block_end(s);
	return r;
}
