/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include <stdlib.h>
#include <string.h>

void find_faults(const struct build *b, const struct xst_parser_options *options,
		 struct faults *ret)
{
	struct xst_in in = { b->data, b->size, 0 };
	const struct xst_event *ev;
	struct xst_parser *p;

	memset(ret, 0, sizeof(*ret));
	if (xst_parser_new(options, &p) < 0)
		abort();
	do {
		ret->code = xst_parser_next(p, &in, &ev);
		if (ret->code)
			break;
		if (ev->type == XST_EVENT_NEED)
			xst_parser_eof(p);
		ret->records += ev->type == XST_EVENT_RECORD_END;
		if (ev->type == XST_EVENT_WARNING && ret->n < MAX_FAULTS)
			ret->warning[ret->n++] = *ev->u.finding;
	} while (ev->type != XST_EVENT_FINISHED);
	ret->error = *xst_parser_error(p);
	ret->end = xst_parser_offset(p);
	xst_parser_free(p);
}

const struct xst_finding *warning_of(const struct faults *f, const char *rule)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->warning[i].rule, rule) == 0)
			return &f->warning[i];
	return NULL;
}
