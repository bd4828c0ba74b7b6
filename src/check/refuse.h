/* SPDX-License-Identifier: MIT */
/* What Xens refuse at restore: tables by subject, in refuse_*.c.  A row names a field, the values that it is
 * about, and the versions that take these; all others refuse the whole image for it. */
#ifndef CHECK_REFUSE_H
#define CHECK_REFUSE_H

#include "check/checker.h"
#include "wire/state.h"

/* Versions of Xen, as numbers of XST_XEN().  `points` belongs to `since`: the point releases from which on older
 * series take it, too; without `since`, to `until`: those from which on these series refuse it. */
struct refuse_span {
	uint32_t since; /* the first; 0: all; XST_XEN_NONE: none does */
	uint32_t until; /* the last series that does; 0: none is the last */
	uint32_t points[XST_REASON_POINTS];
};

#define REFUSE_EVERY \
	{            \
		0    \
	}
#define REFUSE_SINCE(minor)                   \
	{                                     \
		.since = XST_XEN(4, minor, 0) \
	}
#define REFUSE_UNTIL(minor)                   \
	{                                     \
		.until = XST_XEN(4, minor, 0) \
	}
#define REFUSE_ALWAYS                 \
	{                             \
		.since = XST_XEN_NONE \
	}

/* Which values a row is about, of those in `mask` (0: all bits). */
enum refuse_op {
	REFUSE_ANY,   /* every value */
	REFUSE_ABOVE, /* more than the operand */
	REFUSE_BELOW, /* less than the operand */
	REFUSE_EQUAL, /* the operand */
	REFUSE_BITS   /* a bit that the operand has not */
};

struct refuse_test {
	enum refuse_op op;
	uint64_t operand, mask;
	struct refuse_span taken; /* by these versions nevertheless */
};

/* Whether the row is about this value. */
bool xst_check_test_meets(const struct refuse_test *t, uint64_t value);
/* Whether some version refuses what this span is of. */
bool xst_check_span_matters(const struct refuse_span *taken);
/* A reason with these words, which are one line without a full stop; if no Xen is left that takes the image, a
 * finding as well. */
void xst_check_refuse(struct xst_checker *c, enum xst_rule rule, const struct refuse_span *taken,
		      uint64_t at, const char *field, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* Where the record in hand stands; findings are said to be of another one. */
struct record_place xst_check_place(const struct xst_checker *c);
void xst_check_place_set(struct xst_checker *c, const struct record_place *p);

/* refuse_policies.c */
void xst_check_policy_begin(struct xst_checker *c);
void xst_check_cpuid_keep(struct xst_checker *c, const struct xst_event *ev);
void xst_check_msrs_keep(struct xst_checker *c, const struct xst_event *ev);
/* Judges the last policies, when no others can follow. */
void xst_check_policies_complete(struct xst_checker *c);
/* A register of a leaf as the guest's policy has it, 0 to 3: eax to edx.  False: the image doesn't say. */
bool xst_check_policy_leaf(const struct xst_checker *c, uint32_t leaf, uint32_t subleaf, unsigned reg,
		     uint32_t *ret);
/* The same of an MSR of its policy. */
bool xst_check_policy_msr(const struct xst_checker *c, uint32_t index, uint64_t *ret);

/* refuse_params.c */
void xst_check_param(struct xst_checker *c, uint64_t index, uint64_t value);

/* A feature of the guest's CPUID policy. */
struct refuse_feature {
	uint32_t leaf, subleaf;
	unsigned reg, bit; /* 0 to 3: eax to edx */
};
#define REFUSE_FEATURE(leaf, reg, bit) \
	{                              \
		leaf, 0, reg, bit      \
	}
/* Whether the image's policy says that the guest has it not.  What it doesn't say is the host's. */
bool xst_check_feature_lacks(const struct xst_checker *c, const struct refuse_feature *f);

/* A block of the decoded guest, and what reads it. */
struct refuse_block {
	const struct xst_block *block;
	const struct xst_wire_state_table *table;
	char what[40]; /* "HVM context: CPU of vCPU 0" */
};
/* A field without elements by the table's name.  False: the block doesn't reach so far. */
bool xst_check_block_get(const struct refuse_block *b, const char *field, uint64_t *ret);
/* Tells that a field has a value that these versions alone take. */
void xst_check_block_refuse(struct xst_checker *c, const struct refuse_block *b,
			    const struct refuse_span *taken, const char *field, uint64_t value);
/* The same of one that the guest's CPUID policy does not let it have, whatever the version. */
void xst_check_block_policy(struct xst_checker *c, const struct refuse_block *b, const char *field,
			    uint64_t value);

/* A field of a block, by its register or by the table's name. */
struct refuse_field {
	int reg; /* enum xst_register, or 0 */
	const char *name;
	struct refuse_test value;
};
/* What is judged of a block: rows, and what rows can't say. */
struct refuse_type {
	const struct refuse_field *row;
	size_t n;
	void (*judge)(struct xst_checker *c, const struct refuse_block *b);
	bool not_pvh; /* a PVH guest has no such device */
};
/* refuse_devices.c, refuse_cpu.c, refuse_xsave.c, refuse_msrs.c: by HVM save type */
const struct refuse_type *xst_check_refuse_type(uint32_t type);
extern const struct refuse_type xst_check_cpu_type;
void xst_check_xsave(struct xst_checker *c, const struct refuse_block *b);
void xst_check_refused_msrs(struct xst_checker *c, const struct refuse_block *b);

/* refuse_state.c: the decoded guest, when nothing of it can follow */
void xst_check_state_complete(struct xst_checker *c);

#endif
