/* SPDX-License-Identifier: MIT */
/* The parts of a container: a header with a magic, a configuration, the stream itself.
 *
 *   xst_parse_container -> c->header_read -> c->after: configuration -> stream -> end
 *
 * A container's own file has the states for its peculiarities, and names these for the rest. */
#ifndef PARSE_CONTAINER_H
#define PARSE_CONTAINER_H

#include "parse/parser.h"

struct container {
	const struct wire_record *header; /* begins with the magic */
	const char *magic;
	size_t magic_size;
	enum xst_rule rule;               /* broken if the magic is missing */
	const char *missing;              /* the message for that */
	state_fn header_read;             /* checks the fields and ends the record; may be NULL */
	state_fn after;                   /* follows it unless header_read chooses another state */
	enum xst_start stream;            /* which stream follows; XST_START_AUTO: any */
	/* Compares the stream with the one that the header announces.  May be NULL. */
	void (*stream_begun)(struct xst_parser *p, struct layer *l, enum xst_layer stream);
};

/* The header: its record, then c->header_read. */
int xst_parse_container(struct xst_parser *p, struct layer *l, const struct container *c);
/* Checks that there is a configuration, within the limit; its length stands `back` bytes back. */
int xst_parse_container_check(struct xst_parser *p, struct layer *l, uint64_t back);
/* The configuration's record, then `after`.  l->u.container.config is its length without the row's
 * fixed fields. */
int xst_parse_container_config(struct xst_parser *p, struct layer *l,
			       const struct wire_record *row, state_fn after);
/* A state: the stream, then the end. */
int xst_parse_container_stream(struct xst_parser *p, struct layer *l);

#endif
