/* SPDX-License-Identifier: MIT */
/* Inside the checker: what it remembers, and who handles which event.
 *
 * A subject is a file with the handlers of some kinds of records; checker.c has the table of them.
 * order.c sees every record's beginning, before its subject. */
#ifndef CHECK_CHECKER_H
#define CHECK_CHECKER_H

#include <xenstream/state.h>

#include "check/check.h"
#include "finding/finding.h"
#include "image/delta.h"
#include "image/pfnmap.h"
#include "limits/limits.h"
#include "wire/hvm_save.h"
#include "wire/pv.h"
#include "wire/wire.h"

#define CHECK_FINDINGS 16
#define CHECK_HEAD 5168        /* bytes of a run's beginning that are gathered: a context */
#define CHECK_LEAVES 120       /* of which the contents are kept: no Xen takes more */
#define CHECK_LEAF_WORDS 6     /* leaf, subleaf, four registers */
#define CHECK_POLICY_MSRS 2
#define CHECK_MSR_WORDS 3      /* index, flags, value */

/* Handlers of events for one kind of record; NULL: nothing to do.  They return 0 or XST_E_NOMEM. */
struct check_subject {
	int (*fields)(struct xst_checker *c, const struct xst_event *ev);
	int (*items)(struct xst_checker *c, const struct xst_event *ev);
	int (*pair)(struct xst_checker *c, const struct xst_event *ev);
	int (*run)(struct xst_checker *c, const struct xst_event *ev);     /* PAYLOAD_BEGIN */
	int (*payload)(struct xst_checker *c, const struct xst_event *ev);
	int (*end)(struct xst_checker *c, const struct xst_event *ev);
};

extern const struct check_subject xst_check_pages, xst_check_p2m_frames, xst_check_unmapped,
	xst_check_pv_info;
extern const struct check_subject xst_check_p2m_size;
extern const struct check_subject xst_check_vcpu, xst_check_tsc, xst_check_hvm_context,
	xst_check_hvm_params;
extern const struct check_subject xst_check_cpuid, xst_check_msrs, xst_check_xenstore,
	xst_check_emulator;
extern const struct check_subject xst_check_config, xst_check_checkpoint_state,
	xst_check_dirty_pfns;
extern const struct check_subject xst_check_compressed, xst_check_xl_header, xst_check_image_header,
	xst_check_domain_header;

/* What vCPU records have said of each vCPU, since the last checkpoint. */
enum vcpu_records { VCPU_BASIC = 1, VCPU_EXTENDED = 2, VCPU_XSAVE = 4, VCPU_MSRS = 8 };

struct pages_state {
	bool single;         /* the record has one entry, which can't be a double */
	struct pfnmap in_record;  /* pfns of the record in hand */
	struct pfnmap present;    /* pfns that have contents */
	struct pfnmap tables;     /* PV: types of those that are page tables */
	struct pfnmap frames;     /* PV: of the p2m */
	struct pfnmap referred;   /* PV, deep: pfns that page tables name */
	bool any;                 /* a batch has named a pfn */
	bool inexact;             /* too many, or too far apart, to follow */
	bool doubles_unseen;      /* the same within a record */
	bool untracked_told;
	bool changed;             /* since `missing` was counted */
	uint64_t missing, first_missing; /* of those that page tables name */
	uint64_t fine_below;      /* of the p2m's frames, all of these are there */
	bool has_p2m;
	uint64_t last_pfn;        /* PV: as the p2m says */
	struct page_table *list;  /* deep: the page tables of the record in hand */
	size_t n, size, next;
	uint64_t data_pages;      /* of the record in hand */
	uint64_t present_count;
	uint8_t entry[WIRE_PTE_SIZE]; /* of a page table, cut by a window */
};

struct compressed_state {
	bool on, next;       /* the batches of this state have no pages; those of the next one */
	bool unseen;         /* not all of the data were shown, or they are wrong already */
	uint64_t waiting;    /* pages that are announced */
	uint64_t bytes;     /* of the data in hand that were shown */
	struct delta delta;
};

/* Where the last record of a kind stands, and how many entries it has. */
struct record_place {
	uint64_t offset, index, n;
	uint32_t type;
	const char *name;
};

struct policies {
	struct record_place cpuid, msr;
	uint32_t leaves[CHECK_LEAVES][CHECK_LEAF_WORDS];
	uint64_t msrs[CHECK_POLICY_MSRS][CHECK_MSR_WORDS];
	bool judged;
};

struct hvm_state {
	uint8_t head[WIRE_HVM_HEAD]; /* of the entry in hand: descriptor and first bytes */
	size_t head_n;
	uint64_t left;               /* bytes of its body still to come */
	uint64_t rest;               /* how many of these, the last ones, must be zero */
	uint64_t at;                 /* where it begins in the run */
	uint64_t seen;               /* bytes of the run that were told */
	uint64_t trailing;           /* bytes after END */
	uint64_t entries, cpus;
	uint16_t last_code;
	bool over;                   /* its END was seen */
	uint32_t codes[WIRE_HVM_MAX_VCPUS]; /* by instance: a bit for each type */
};

struct xst_checker {
	struct xst_finding findings[CHECK_FINDINGS];
	unsigned first, n;
	uint32_t flags;
	xst_facts_fn config_fn;
	void *config_userdata;

	/* the record in hand */
	const struct check_subject *subject;
	enum xst_layer layer;
	enum xst_kind kind;
	const char *name;
	uint64_t offset, index, length;
	uint32_t type;
	uint64_t serial, told[RULE_MAX]; /* a rule is told once a record */
	size_t wants;
	uint64_t skips;
	uint64_t run, run_offset;        /* its length, and where it begins */
	uint8_t head[CHECK_HEAD];        /* of its run, as far as a subject asked for it */
	size_t head_n, head_wanted;

	/* the stream */
	struct track track;
	bool big;
	uint32_t version;
	bool converted;                  /* from a legacy stream, as its header says */
	unsigned guest_width, pt_levels;
	bool suspended;                  /* COLO: the secondary has said so */
	uint64_t last_dirty, dirty_told; /* COLO: of the list in hand */
	bool two_zeros;                  /* COLO: it begins with pfn 0 twice */
	uint64_t checkpoints;            /* CHECKPOINT records */
	uint64_t since_checkpoint;       /* records of the image after the last one */
	bool emulator_each;              /* the first checkpoint had a device model's state */
	uint64_t seen[XST_KIND_MAX];     /* in this image, or since its last checkpoint */
	uint64_t contexts;               /* LIBXC_CONTEXT records */
	uint64_t emulators;              /* device models' states, since the last checkpoint */
	uint8_t vcpus[LIMIT_PV_VCPUS];   /* enum vcpu_records */
	uint64_t vcpu, vcpu_count;       /* in hand; with registers */
	bool vcpus_any;                  /* something stands in vcpus[] */
	uint64_t vcpus_empty;            /* records of registers that hold none */
	uint64_t vcpus_needed;           /* by the highest number that a record has */
	struct pages_state pages;
	struct compressed_state compressed;
	struct hvm_state hvm;
	uint64_t params[LIMIT_CHECKED_PARAMS], params_seen;
	uint64_t first_params[LIMIT_CHECKED_PARAMS]; /* what each was first, but 0 */
	uint64_t policy_last, policy_highest; /* of the policy in hand, for its order */
	uint64_t policy[LIMIT_CHECKED_POLICY]; /* its first entries */
	size_t policy_n;
	struct policies policies;

	/* the guest */
	struct xst_state *state;
	struct record_place hvm_place;   /* of the last HVM_CONTEXT */
	bool state_judged;

	/* the configuration */
	uint8_t *config;
	size_t config_n;
	bool config_any, config_read, config_compared;
	bool config_json;                /* as the xl header says */
	struct xst_config_facts facts;

	bool xen_takes; /* what is found next is against the specification, but no reason for Xen to refuse */
	bool remarks_only; /* an error found next is told as a remark */
	struct xst_restorability restorability;
};

/* subject.c */

/* A finding on the record in hand, `at` bytes from where it begins (0: the record as such). */
void xst_check_find(struct xst_checker *c, enum xst_rule rule, uint64_t at, const char *field,
		    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Lets a rule be told once more for this record. */
void xst_check_again(struct xst_checker *c, enum xst_rule rule);
/* Asks for the first n bytes of the run that has just begun; xst_check_head() then gathers them and
 * says whether it has them all. */
void xst_check_want_head(struct xst_checker *c, const struct xst_event *ev, size_t n);
bool xst_check_head(struct xst_checker *c, const struct xst_event *ev);

/* order.c */
void xst_check_order_begin(struct xst_checker *c);
void xst_check_order_legacy_end(struct xst_checker *c);

/* vcpus.c: a record or an entry belongs to that vCPU, which the configuration must have. */
void xst_check_vcpu_seen(struct xst_checker *c, uint64_t vcpu);

/* At the image's end, or a checkpoint's: what only the whole of it shows. */
void xst_check_pages_complete(struct xst_checker *c);
void xst_check_p2m_frames_complete(struct xst_checker *c);
void xst_check_vcpus_complete(struct xst_checker *c);
void xst_check_hvm_params_complete(struct xst_checker *c);
void xst_check_config_complete(struct xst_checker *c);

/* config.c */
void xst_check_config_stream(struct xst_checker *c);
void xst_check_config_libxl_end(struct xst_checker *c);

/* pages.c */
void xst_check_pages_init(struct xst_checker *c);
void xst_check_pages_free(struct xst_checker *c);
/* Whether a PV guest's page frame is there, with contents and as `type` (XST_PAGE_NOTAB: no page
 * table).  True if that isn't known. */
bool xst_check_page_is(struct xst_checker *c, uint64_t pfn, unsigned type);
bool xst_check_page_present(struct xst_checker *c, uint64_t pfn);

/* emulator.c */
void xst_check_emulator_begin(struct xst_checker *c);

/* compressed.c */
void xst_check_compressed_begin(struct xst_checker *c);
void xst_check_compressed_batch(struct xst_checker *c, uint64_t pages);

/* checkpoints.c */
void xst_check_checkpoint_begin(struct xst_checker *c);

/* restorable.c */
void xst_check_reason(struct xst_checker *c, uint32_t since, uint32_t until, const uint32_t *points,
		      const char *format, ...) __attribute__((format(printf, 5, 6)));
void xst_check_restorable_stream(struct xst_checker *c, const struct xst_event *ev);
void xst_check_restorable_begin(struct xst_checker *c, const struct xst_event *ev);
void xst_check_restorable_finding(struct xst_checker *c, const struct xst_finding *f);

#endif
