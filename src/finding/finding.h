/* SPDX-License-Identifier: MIT */
/* Creates findings for every part of the library. */
#ifndef FINDING_FINDING_H
#define FINDING_FINDING_H

#include <stdarg.h>

#include "finding/rules.h"

/* A finding about the record (or, without a name, the place) in `place`, of which only layer,
 * offset and record_... are used.  With a code it is an error, else it has the rule's severity. */
void xst_finding_fill(struct xst_finding *f, const struct xst_finding *place, int code,
		      enum xst_rule rule, const char *field, const char *format, va_list ap)
	__attribute__((format(printf, 6, 0)));

/* A finding for running out of memory. */
void xst_finding_no_memory(struct xst_finding *f);

#endif
