/* SPDX-License-Identifier: MIT */
/* The rules that a parser alone can't see: order, presence, contradictions between records.
 * Each names the section of the specification that it comes from, see docs/rules.md. */
#ifndef XENSTREAM_CHECK_H
#define XENSTREAM_CHECK_H

#include <xenstream/event.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xst_checker;

/* Makes a checker for one stream.  Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_checker_new(struct xst_checker **ret);
XST_API struct xst_checker *xst_checker_free(struct xst_checker *c);

/* Takes every event of a parser; WARNING events become findings as they are.  Returns 0 or
 * XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_checker_event(struct xst_checker *c, const struct xst_event *ev);

/* Whether the checker wants to see the beginning of the run that PAYLOAD_BEGIN has just told:
 * then the first PAYLOAD event of at least that many octets, else nothing of it. */
XST_API size_t xst_checker_wants(const struct xst_checker *c);

/* The next finding, or NULL; valid until the next call of xst_checker_event(). */
XST_API const struct xst_finding *xst_checker_finding(struct xst_checker *c);

/* A row of the catalogue of rules. */
struct xst_rule_info {
	const char *id;
	enum xst_severity severity; /* of a violation that a reader can tolerate */
	int like_xen;               /* Xen's own verifier takes it for an error */
	const char *section;        /* of the specification */
	const char *why;
};
/* Fills in the rule number `index`, from 0.  Returns 0, or XST_E_ARG behind the last one. */
XST_API int xst_rule(unsigned index, struct xst_rule_info *ret);
/* The same by its id. */
XST_API int xst_rule_by_id(const char *id, struct xst_rule_info *ret);

#ifdef __cplusplus
}
#endif
#endif
