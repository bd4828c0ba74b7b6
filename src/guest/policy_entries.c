/* SPDX-License-Identifier: MIT */
/* CPUID and MSR policies, HVM parameters, and the TSC of a decoded guest. */
#include "guest/guest.h"

#include <stdlib.h>
#include <string.h>

#include "wire/wire.h"

/* --- what a stream has ---------------------------------------------------------------------- */

static int room_for_leaf(struct xst_state *s)
{
	size_t n = s->leaves_size ? s->leaves_size * 2 : 128;
	struct xst_cpuid_leaf *leaves;

	if (s->leaves_n < s->leaves_size)
		return 0;
	leaves = realloc(s->leaves, n * sizeof(*leaves));
	if (!leaves)
		return XST_E_NOMEM;
	s->leaves = leaves;
	s->leaves_size = n;
	return 0;
}

int xst_guest_cpuid_items(struct xst_state *s, const struct xst_event *ev)
{
	if (!ev->u.items.first)
		s->leaves_n = 0;
	for (size_t i = 0; i < ev->u.items.n && s->leaves_n < XST_STATE_LEAVES; i++) {
		const uint64_t *v = ev->u.items.v + i * ev->u.items.width;
		int r = room_for_leaf(s);

		if (r)
			return r;
		s->leaves[s->leaves_n++] = (struct xst_cpuid_leaf){
			(uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2],
			(uint32_t)v[3], (uint32_t)v[4], (uint32_t)v[5]
		};
	}
	return 0;
}

void xst_guest_msr_items(struct xst_state *s, const struct xst_event *ev)
{
	if (!ev->u.items.first)
		s->msrs_n = 0;
	for (size_t i = 0; i < ev->u.items.n && s->msrs_n < XST_STATE_MSRS; i++) {
		const uint64_t *v = ev->u.items.v + i * ev->u.items.width;

		s->msrs[s->msrs_n++] = (struct xst_msr_value){ (uint32_t)v[0], v[2] };
	}
}

void xst_guest_param_items(struct xst_state *s, const struct xst_event *ev)
{
	for (size_t i = 0; i < ev->u.items.n; i++) {
		const uint64_t *v = ev->u.items.v + i * ev->u.items.width;

		if (v[0] >= XST_STATE_PARAMS)
			continue;
		s->now.params[v[0]] = v[1];
		s->now.params_set |= UINT64_C(1) << v[0];
	}
}

void xst_guest_tsc_fields(struct xst_state *s, const struct xst_event *ev)
{
	s->now.tsc = (struct xst_tsc_info){
		.mode = (uint32_t)xst_event_field(ev, XST_FIELD_TSC_MODE, 0),
		.khz = (uint32_t)xst_event_field(ev, XST_FIELD_TSC_KHZ, 0),
		.incarnation = (uint32_t)xst_event_field(ev, XST_FIELD_TSC_INCARNATION, 0),
		.nsec = xst_event_field(ev, XST_FIELD_TSC_NSEC, 0),
	};
	s->now.has_tsc = true;
}

/* --- what is asked -------------------------------------------------------------------------- */

int xst_state_cpuid(const struct xst_state *s, size_t index, struct xst_cpuid_leaf *ret)
{
	if (index >= s->leaves_n)
		return XST_E_ARG;
	*ret = s->leaves[index];
	return 0;
}

int xst_state_cpuid_leaf(const struct xst_state *s, uint32_t leaf, uint32_t subleaf,
			 struct xst_cpuid_leaf *ret)
{
	for (size_t i = s->leaves_n; i-- > 0;) {
		const struct xst_cpuid_leaf *l = &s->leaves[i];

		if (l->leaf != leaf)
			continue;
		if (l->subleaf != subleaf && (subleaf || l->subleaf != CPUID_NO_SUBLEAF))
			continue;
		*ret = *l;
		return 0;
	}
	return XST_E_ARG;
}

int xst_state_msr(const struct xst_state *s, size_t index, struct xst_msr_value *ret)
{
	if (index >= s->msrs_n)
		return XST_E_ARG;
	*ret = s->msrs[index];
	return 0;
}

int xst_state_hvm_param(const struct xst_state *s, uint32_t index, uint64_t *ret)
{
	const struct guest_set *set = xst_guest_set(s);

	if (index >= XST_STATE_PARAMS || !(set->params_set >> index & 1))
		return XST_E_ARG;
	*ret = set->params[index];
	return 0;
}

int xst_state_tsc(const struct xst_state *s, struct xst_tsc_info *ret)
{
	const struct guest_set *set = xst_guest_set(s);

	if (!set->has_tsc)
		return XST_E_ARG;
	*ret = set->tsc;
	return 0;
}

static uint32_t cpuid_register(const struct xst_cpuid_leaf *l, unsigned reg)
{
	return reg == 0 ? l->eax : reg == 1 ? l->ebx : reg == 2 ? l->ecx : l->edx;
}

static int msr_bit(const struct xst_state *s, const struct xst_feature *f)
{
	for (size_t i = s->msrs_n; i-- > 0;)
		if (s->msrs[i].index == f->leaf)
			return (int)(s->msrs[i].value >> (f->bit + (f->reg == 3 ? 32 : 0)) & 1);
	return XST_E_ARG;
}

int xst_state_has_feature(const struct xst_state *s, const struct xst_feature *f)
{
	struct xst_cpuid_leaf l;

	if (f->is_msr)
		return msr_bit(s, f);
	if (xst_state_cpuid_leaf(s, f->leaf, f->subleaf, &l))
		return XST_E_ARG;
	return (int)(cpuid_register(&l, f->reg) >> f->bit & 1);
}
