/* SPDX-License-Identifier: MIT */
/* The hypervisor's state of an HVM guest: a walk over its entries, wherever the windows cut them. */
#include "check/checker.h"

#include <string.h>

#include "wire/bytes.h"

/* Xen writes ten at most. */
#define MSRS_SEEN ((WIRE_HVM_BODY_HEAD - WIRE_HVM_MSR_FIXED) / WIRE_HVM_MSR_SIZE)

static int hvm_run(struct xst_checker *c, const struct xst_event *ev)
{
	memset(&c->hvm, 0, sizeof(c->hvm));
	c->run = ev->u.payload.length;
	c->run_offset = ev->offset;
	c->wants = c->run < SIZE_MAX ? (size_t)c->run : SIZE_MAX;
	return 0;
}

/* --- one entry ------------------------------------------------------------------------------ */

static uint64_t context_place(const struct xst_checker *c)
{
	return c->run_offset + c->hvm.at;
}

static const uint8_t *context_body(const struct xst_checker *c)
{
	return c->hvm.head + WIRE_HVM_DESCRIPTOR;
}

static void context_header(struct xst_checker *c)
{
	if (le32(context_body(c) + WIRE_HVM_MAGIC_AT) != WIRE_HVM_MAGIC)
		xst_check_find(c, RULE_HVM_HEADER, context_place(c), "magic", "%#x, not %#x",
			       le32(context_body(c) + WIRE_HVM_MAGIC_AT), WIRE_HVM_MAGIC);
	else if (le32(context_body(c) + WIRE_HVM_VERSION_AT) != WIRE_HVM_VERSION)
		xst_check_find(c, RULE_HVM_HEADER, context_place(c), "version",
			       "%u; 1 is the only one",
			       le32(context_body(c) + WIRE_HVM_VERSION_AT));
}

/* A receiver takes a longer entry, as old Xens wrote it, if what it does not need is zero. */
static void context_xsave_area(struct xst_checker *c, uint64_t accum, uint64_t rest)
{
	const uint8_t *area = context_body(c) + WIRE_HVM_XSAVE_AREA_AT;
	uint64_t bv = le64(area + WIRE_XSAVE_HEADER), compact = le64(area + WIRE_XSAVE_HEADER + 8);

	if (bv & ~accum)
		xst_check_find(c, RULE_HVM_XSAVE, context_place(c), "xstate_bv",
			       "states %#llx are there, xcr0_accum has %#llx",
			       (unsigned long long)bv, (unsigned long long)accum);
	else if (compact)
		xst_check_find(c, RULE_HVM_XSAVE, context_place(c), "xcomp_bv",
			       "%#llx: a compact area", (unsigned long long)compact);
	else
		c->hvm.rest = rest;
}

static void context_xsave(struct xst_checker *c, uint64_t length)
{
	uint64_t xcr0 = le64(context_body(c) + WIRE_HVM_XCR0_AT);
	uint64_t accum = le64(context_body(c) + WIRE_HVM_XCR0_ACCUM_AT);
	bool exact;
	uint64_t wanted = xst_wire_xsave_size(accum, &exact);

	if (!xst_wire_xcr0_valid(xcr0) || !xst_wire_xcr0_valid(accum) || (xcr0 & ~accum))
		xst_check_find(c, RULE_HVM_XSAVE, context_place(c), "xcr0",
			       "%#llx, with %#llx in xcr0_accum", (unsigned long long)xcr0,
			       (unsigned long long)accum);
	else if (length < WIRE_HVM_XSAVE_AREA_AT + wanted)
		xst_check_find(c, RULE_HVM_XSAVE, context_place(c), "length",
			       "%llu bytes; %#llx takes %llu", (unsigned long long)length,
			       (unsigned long long)accum,
			       (unsigned long long)(WIRE_HVM_XSAVE_AREA_AT + wanted));
	else
		context_xsave_area(c, accum, exact ? length - WIRE_HVM_XSAVE_AREA_AT - wanted : 0);
}

static void msrs_reserved(struct xst_checker *c, uint64_t n)
{
	const uint8_t *msr = context_body(c) + WIRE_HVM_MSR_FIXED;

	for (; n; n--, msr += WIRE_HVM_MSR_SIZE)
		if (le32(msr + WIRE_HVM_MSR_RESERVED_AT))
			xst_check_find(c, RULE_HVM_MSRS, context_place(c), "reserved",
				       "MSR %#x: not 0", le32(msr));
}

static void context_msrs(struct xst_checker *c, uint64_t length)
{
	uint64_t count = le32(context_body(c) + WIRE_HVM_MSR_COUNT_AT);

	if (length != WIRE_HVM_MSR_FIXED + count * WIRE_HVM_MSR_SIZE)
		xst_check_find(c, RULE_HVM_MSRS, context_place(c), "count",
			       "%llu MSRs in %llu bytes", (unsigned long long)count,
			       (unsigned long long)length);
	else
		msrs_reserved(c, count < MSRS_SEEN ? count : MSRS_SEEN);
}

static void instance(struct xst_checker *c, const struct wire_hvm_type *t, unsigned number)
{
	static const unsigned limits[] = { [WIRE_HVM_DOMAIN] = 1, [WIRE_HVM_VCPU] = WIRE_HVM_MAX_VCPUS,
					   [WIRE_HVM_PIC] = 2 };

	if (number >= limits[t->per])
		xst_check_find(c, RULE_HVM_INSTANCE, context_place(c), "instance",
			       "%u of %s, which has %u at most", number, t->name, limits[t->per]);
}

/* --- lengths, which tell the version of Xen ------------------------------------------------- */

static void since(struct xst_checker *c, const struct wire_hvm_type *t,
		  const struct wire_hvm_size *s)
{
	if (s->since && s != t->sizes)
		xst_check_reason(c, s->since, 0, s->points, "HVM context: %s has %u bytes",
				 t->name, s->size);
	else if (s->since)
		xst_check_reason(c, s->since, 0, NULL, "HVM context: there is %s", t->name);
}

/* The first size that has room for the body; NULL: none has. */
static const struct wire_hvm_size *size_for(const struct wire_hvm_type *t, uint64_t length)
{
	for (size_t i = 0; i < WIRE_HVM_SIZES && t->sizes[i].size; i++)
		if (length <= t->sizes[i].size)
			return &t->sizes[i];
	return NULL;
}

static void length_of(struct xst_checker *c, const struct wire_hvm_type *t, uint64_t length)
{
	const struct wire_hvm_size *s = t->varies ? &t->sizes[0] : size_for(t, length);

	if (t->varies ? length < s->size : !s || (!t->extended && length != s->size)) {
		xst_check_find(c, RULE_HVM_LENGTH, context_place(c), "length",
			       "no %s entry has %llu bytes", t->name, (unsigned long long)length);
		return;
	}
	if (!t->varies && length != s->size)
		xst_check_find(c, RULE_HVM_LENGTH_ODD, context_place(c), "length",
			       "%llu bytes of %s; no Xen writes so many",
			       (unsigned long long)length, t->name);
	since(c, t, s);
}

/* --- the walk ------------------------------------------------------------------------------- */

static void unknown(struct xst_checker *c, unsigned code)
{
	xst_check_find(c, RULE_HVM_TYPE, context_place(c), "type",
		       "%u: no Xen that is known has it", code);
	xst_check_reason(c, XST_XEN_NONE, 0, NULL, "HVM context: type %u, which no known Xen takes",
			 code);
}

static void note_instance(struct xst_checker *c, unsigned code, unsigned number)
{
	uint32_t *codes = &c->hvm.codes[number % WIRE_HVM_MAX_VCPUS], bit = UINT32_C(1) << code;

	if (number >= WIRE_HVM_MAX_VCPUS)
		return;
	if (*codes & bit)
		xst_check_find(c, RULE_HVM_TWICE, context_place(c), "instance",
			       "a second entry of type %u for %u", code, number);
	*codes |= bit;
}

/* What is known of an entry when its descriptor and the first bytes of its body are there. */
static void context_entry(struct xst_checker *c)
{
	struct hvm_state *s = &c->hvm;
	unsigned code = (unsigned)get_number(s->head + WIRE_HVM_CODE_AT, 2, false);
	unsigned number = (unsigned)get_number(s->head + WIRE_HVM_INSTANCE_AT, 2, false);
	uint64_t length = le32(s->head + WIRE_HVM_LENGTH_AT);
	const struct wire_hvm_type *t = xst_wire_hvm_type(code);

	if (!s->entries++ && code != WIRE_HVM_HEADER)
		xst_check_find(c, RULE_HVM_HEADER, context_place(c), "type",
			       "%u; HEADER, 1, comes first", code);
	if (code == WIRE_HVM_END) {
		s->over = true;
		return;
	}
	if (code < s->last_code)
		xst_check_find(c, RULE_HVM_SORT, context_place(c), "type", "%u after %u", code,
			       s->last_code);
	s->last_code = (uint16_t)code;
	if (!t) {
		unknown(c, code);
		return;
	}
	instance(c, t, number);
	length_of(c, t, length);
	if (code == WIRE_HVM_HEADER && length >= t->sizes[0].size)
		context_header(c);
	if (code == WIRE_HVM_XSAVE && length >= t->sizes[0].size)
		context_xsave(c, length);
	if (code == WIRE_HVM_MSR && length >= WIRE_HVM_MSR_FIXED)
		context_msrs(c, length);
	s->cpus += code == WIRE_HVM_CPU;
	note_instance(c, code, number);
	if (t->per == WIRE_HVM_VCPU && number < WIRE_HVM_MAX_VCPUS)
		xst_check_vcpu_seen(c, number);
}

/* Bytes of the head that this entry has: the descriptor, then what there is of a body. */
static size_t head_size(const struct hvm_state *s)
{
	uint64_t length;

	if (s->head_n < WIRE_HVM_DESCRIPTOR)
		return WIRE_HVM_DESCRIPTOR;
	length = le32(s->head + WIRE_HVM_LENGTH_AT);
	return WIRE_HVM_DESCRIPTOR + (length < WIRE_HVM_BODY_HEAD ? (size_t)length : WIRE_HVM_BODY_HEAD);
}

/* Takes bytes into the head of an entry.  Returns how many. */
static size_t take_head(struct xst_checker *c, const uint8_t *p, size_t n)
{
	struct hvm_state *s = &c->hvm;
	size_t k = head_size(s) - s->head_n;

	if (!s->head_n)
		s->at = s->seen;
	k = n < k ? n : k;
	memcpy(s->head + s->head_n, p, k);
	s->head_n += k;
	if (s->head_n < head_size(s))
		return k;
	s->left = WIRE_HVM_DESCRIPTOR + (uint64_t)le32(s->head + WIRE_HVM_LENGTH_AT) - s->head_n;
	s->rest = 0;
	s->head_n = 0;
	context_entry(c);
	return k;
}

/* k bytes of a body, after its head. */
static void take_body(struct xst_checker *c, const uint8_t *p, size_t k)
{
	struct hvm_state *s = &c->hvm;
	size_t i = s->left - s->rest < k ? (size_t)(s->left - s->rest) : k;

	for (; i < k && !p[i]; i++)
		;
	if (i < k)
		xst_check_find(c, RULE_HVM_XSAVE, context_place(c), "length",
			       "what is after the states of xcr0_accum is not zero");
	s->left -= k;
	s->rest = s->left < s->rest ? s->left : s->rest;
}

static int hvm_payload(struct xst_checker *c, const struct xst_event *ev)
{
	struct hvm_state *s = &c->hvm;
	const uint8_t *p = ev->u.payload.data;
	size_t n = ev->u.payload.size;

	while (n) {
		size_t k = n;

		if (s->left) {
			k = n < s->left ? n : (size_t)s->left;
			take_body(c, p, k);
		} else if (s->over) {
			s->trailing += n;
		} else {
			k = take_head(c, p, n);
		}
		s->seen += k;
		p += k;
		n -= k;
	}
	c->wants = (size_t)(c->run - s->seen);
	return 0;
}

/* --- at the end ----------------------------------------------------------------------------- */

static void context_vcpus(struct xst_checker *c)
{
	uint32_t cpu = UINT32_C(1) << WIRE_HVM_CPU;

	if (!c->hvm.cpus)
		xst_check_find(c, RULE_HVM_VCPU, 0, NULL, "no CPU entry of any vCPU");
	for (unsigned i = 0; i < WIRE_HVM_MAX_VCPUS && c->hvm.cpus; i++)
		for (unsigned code = 1; code < 32; code++) {
			const struct wire_hvm_type *t = xst_wire_hvm_type(code);

			if (c->hvm.codes[i] >> code & 1 && !(c->hvm.codes[i] & cpu) &&
			    t->per == WIRE_HVM_VCPU)
				xst_check_find(
					c, RULE_HVM_OFFLINE, 0, "instance",
					"%s of vCPU %u, which has no CPU entry: it is offline",
					t->name, i);
		}
}

static int hvm_end(struct xst_checker *c, const struct xst_event *ev)
{
	struct hvm_state *s = &c->hvm;

	(void)ev;
	if (!s->seen || s->seen != c->run) /* nobody gave us the whole of it */
		return 0;
	if (s->left || s->head_n)
		xst_check_find(c, RULE_HVM_ENTRY, context_place(c), "length",
			       "entry %llu is cut by the end of the record",
			       (unsigned long long)s->entries);
	else if (!s->over)
		xst_check_find(c, RULE_HVM_END, 0, NULL, "no END after %llu entries",
			       (unsigned long long)s->entries);
	if (s->trailing)
		xst_check_find(c, RULE_HVM_TRAILING, 0, NULL, "%llu bytes follow END",
			       (unsigned long long)s->trailing);
	context_vcpus(c);
	return 0;
}

const struct check_subject xst_check_hvm_context = { .run = hvm_run, .payload = hvm_payload,
						 .end = hvm_end };
