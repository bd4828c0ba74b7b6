/* SPDX-License-Identifier: MIT */
/* Findings are made here, wherever they come from. */
#ifndef FINDING_FINDING_H
#define FINDING_FINDING_H

#include <stdarg.h>

#include "finding/rules.h"

/* A finding on the record (or, without a name, the place) in `place`, of which layer, offset and
 * record_... count.  With a code it is an error, else it has the rule's severity. */
void xst_finding_fill(struct xst_finding *f, const struct xst_finding *place, int code,
		      enum xst_rule rule, const char *field, const char *format, va_list ap)
	__attribute__((format(printf, 6, 0)));

/* For trouble of our own. */
void xst_finding_no_memory(struct xst_finding *f);

#endif
