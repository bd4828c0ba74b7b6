/* SPDX-License-Identifier: MIT */
/* The rules that a parser alone can't check: order, presence, contradictions between records.  Each
 * rule names the section of the specification that it comes from; see docs/rules.md. */
#ifndef XENSTREAM_CHECK_H
#define XENSTREAM_CHECK_H

#include <xenstream/event.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xst_checker;

enum xst_check_flags {
	/* Also check page tables of PV guests: their entries must point into the image.  The
	 * checker then asks for the contents of pages. */
	XST_CHECK_DEEP = 1u << 0
};

/* What a domain's stored configuration says; a member that it does not mention is 0. */
struct xst_config_facts {
	size_t size;         /* sizeof(struct xst_config_facts), as the checker knows it */
	enum xst_guest guest;
	uint64_t vcpus;      /* at most */
	uint64_t memory_kib; /* at most */
	bool device_model;   /* it names an HVM guest that needs one, not a PVH guest */
	bool refused;        /* no toolstack takes it back */
	uint32_t since;      /* the first version of Xen whose toolstack does, as XST_XEN(); 0: all do */
	uint32_t until;      /* the last series that does; 0: none is the last */
	char why[80];        /* what `refused`, `since` and `until` are for: one line, no full stop */
	char remark[80];     /* what a toolstack passes over with what follows; empty: nothing */
};

/* Reads a configuration of `size` bytes, as `container` stores it, and fills in *ret, which is
 * all 0.  Returns 0, or XST_E_MALFORMED if it can't be read: of *ret, only who takes it counts then. */
typedef int (*xst_facts_fn)(void *userdata, enum xst_layer container, const uint8_t *config,
			     size_t size, struct xst_config_facts *ret);

struct xst_checker_options {
	size_t size;          /* sizeof(struct xst_checker_options) */
	uint32_t flags;       /* enum xst_check_flags */
	xst_facts_fn config; /* or NULL: the configuration is not checked */
	void *userdata;       /* for it */
};

/* Makes a checker for one stream.  options: may be NULL.  On success *ret is the caller's, to be
 * freed with xst_checker_free().  Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_checker_new(const struct xst_checker_options *options,
					  struct xst_checker **ret);
/* Frees it.  NULL is fine.  Returns NULL. */
XST_API struct xst_checker *xst_checker_free(struct xst_checker *c);

/* Takes every event of a parser, in order; a WARNING event becomes a finding unchanged.  Returns 0
 * or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_checker_event(struct xst_checker *c, const struct xst_event *ev);

/* How many bytes of the current run the checker needs next; ask after PAYLOAD_BEGIN and after each
 * PAYLOAD.  Pass them as PAYLOAD events, in any number of pieces.  0: it needs no more of this
 * run. */
XST_API size_t xst_checker_wants(const struct xst_checker *c);
/* How many bytes before those it does not need: they may be skipped or passed. */
XST_API uint64_t xst_checker_skips(const struct xst_checker *c);

/* The next finding, or NULL; owned by the checker, valid until the next xst_checker_event(). */
XST_API const struct xst_finding *xst_checker_finding(struct xst_checker *c);

/* --- which Xen restores it ------------------------------------------------------------------ */

/* A version of Xen: XST_XEN(4, 13, 0). */
#define XST_XEN(major, minor, point) \
	((uint32_t)(major) << 16 | (uint32_t)(minor) << 8 | (uint32_t)(point))
#define XST_XEN_NONE UINT32_MAX /* as a first version: no known Xen */

#define XST_REASON_POINTS 4
#define XST_REASONS 24

/* Something in the stream that not every Xen accepts. */
struct xst_reason {
	uint32_t since;                     /* the first Xen that accepts it; 0: all do */
	uint32_t until;                     /* the last minor version that does; 0: no last one */
	uint32_t points[XST_REASON_POINTS]; /* point releases of older Xens that do too; ends with
					     * 0 */
	enum xst_layer layer;
	uint64_t offset;                    /* of the record */
	char text[120];                     /* one line, no full stop */
};

/* Which Xen restores a stream, as far as the stream shows. */
struct xst_restorability {
	bool never;          /* no Xen restores it: see the errors */
	bool complete;       /* the stream was read to its end */
	uint32_t since;      /* the first; 0: any */
	uint32_t until;      /* the last minor version; 0: the newest */
	size_t n;
	struct xst_reason reasons[XST_REASONS];
};

/* The verdict of the events so far; owned by the checker, valid until the next call for it. */
XST_API const struct xst_restorability *xst_checker_restorability(struct xst_checker *c);
/* The index of the first reason against a version (XST_XEN()), or r->n if there is none; does not
 * look at `never`. */
XST_API size_t xst_reason_against(const struct xst_restorability *r, uint32_t xen);
/* Whether a reason excludes a version. */
XST_API bool xst_reason_excludes(const struct xst_reason *r, uint32_t xen);

/* --- the catalogue -------------------------------------------------------------------------- */

/* A row of the catalogue of rules. */
struct xst_rule_info {
	const char *id;
	enum xst_severity severity; /* of a violation that a reader can tolerate */
	int like_xen;               /* Xen's own verifier takes it for an error; 2: it does not, but
				     * of a libxl stream with checkpoints it reads nothing right, and
				     * there this counts */
	enum xst_layer layer;       /* XST_LAYER_NONE: any, or none */
	const char *section;        /* of the specification */
	const char *why;
	const char *example;        /* of a violation */
};
/* Copies rule number `index`, from 0, into *ret.  The strings are static.  Returns 0, or XST_E_ARG
 * after the last one. */
XST_API int xst_rule(unsigned index, struct xst_rule_info *ret);
/* The same by the rule's id.  Returns 0, or XST_E_ARG if there is no such rule. */
XST_API int xst_rule_by_id(const char *id, struct xst_rule_info *ret);

#ifdef __cplusplus
}
#endif
#endif
