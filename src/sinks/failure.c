/* SPDX-License-Identifier: MIT */
#include "sinks/sinks.h"

#include <stdarg.h>

#include "finding/finding.h"

int xst_sinks_fail(struct xst_finding *f, int code, enum xst_rule rule, int err, const char *format,
		   ...)
{
	static const struct xst_finding nowhere;
	va_list ap;

	va_start(ap, format);
	xst_finding_fill(f, &nowhere, code, rule, NULL, format, ap);
	va_end(ap);
	f->sys_errno = err;
	return code;
}
