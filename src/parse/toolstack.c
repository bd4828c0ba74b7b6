/* SPDX-License-Identifier: MIT */
/* libxl's toolstack record, version 1: where the device model has mapped its memory.
 *
 * Each entry's name is written where the structure's padding begins, so a 64-bit toolstack leaks
 * four bytes after the name, and a 32-bit one none.
 *
 *   head -> entry (-> name -> stray -> entry) -> rest -> `after` */
#include "parse/layer_legacy.h"

#include <string.h>

#include "wire/bytes.h"

static int toolstack_entry(struct xst_parser *p, struct layer *l);

/* Skips the rest. */
static int toolstack_rest(struct xst_parser *p, struct layer *l)
{
	return xst_parse_last_run(p, l, l->u.legacy.toolstack_left, 1, l->after);
}

static int short_record(struct xst_parser *p, struct layer *l, const char *what)
{
	l->state = toolstack_rest;
	return xst_parse_fault(p, XST_E_MALFORMED, RULE_LEGACY_TOOLSTACK, 0, what,
			       "the remaining %llu bytes of the record are too few",
			       (unsigned long long)l->u.legacy.toolstack_left);
}

/* Takes n bytes of the record. */
static int toolstack_take(struct xst_parser *p, struct layer *l, size_t n,
			  const uint8_t **ret)
{
	struct legacy_layer *g = &l->u.legacy;
	int r = xst_parser_take(p, n, 0, ret);

	if (r == 0)
		g->toolstack_left -= n;
	return r;
}

static int toolstack_tell(struct xst_parser *p, const struct legacy_layer *g)
{
	struct xst_event *ev = xst_parser_event(p, XST_EVENT_PHYSMAP);

	p->value[p->value_len] = '\0';
	ev->u.physmap.phys_offset = g->physmap[0];
	ev->u.physmap.start_addr = g->physmap[1];
	ev->u.physmap.size = g->physmap[2];
	ev->u.physmap.name = p->value;
	ev->u.physmap.name_len = strlen(p->value);
	return EVENT;
}

static int toolstack_stray(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	size_t n = g->width == 8 ? LEGACY_PHYSMAP_STRAY : 0;
	const uint8_t *b;
	int r;

	if (g->toolstack_left < n)
		return short_record(p, l, "padding");
	r = n ? toolstack_take(p, l, n, &b) : 0;
	if (r)
		return r;
	l->state = toolstack_entry;
	return toolstack_tell(p, g);
}

static int toolstack_name(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	const uint8_t *data;
	size_t n = xst_parser_ready(p, &data);

	if (!g->name_left) {
		l->state = toolstack_stray;
		if (!p->value_len || !p->value[p->value_len - 1])
			return 0;
		l->state = toolstack_rest;
		return xst_parse_fault(p, XST_E_MALFORMED, RULE_LEGACY_TOOLSTACK, 1, "name",
				       "does not end with a NUL");
	}
	if (!n)
		return xst_parser_need(p, g->name_left, g->toolstack_left);
	if (n > g->name_left)
		n = (size_t)g->name_left;
	memcpy(p->value + p->value_len, data, n);
	p->value_len += n;
	g->name_left -= n;
	g->toolstack_left -= n;
	xst_parser_consume(p, n);
	return 0;
}

static int toolstack_entry(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	const uint8_t *b;
	uint32_t name_len;
	int r;

	if (!g->left) {
		l->state = toolstack_rest;
		return 0;
	}
	if (g->toolstack_left < LEGACY_PHYSMAP_SIZE)
		return short_record(p, l, "physmap");
	r = toolstack_take(p, l, LEGACY_PHYSMAP_SIZE, &b);
	if (r)
		return r;
	for (unsigned i = 0; i < 3; i++)
		g->physmap[i] = le64(b + 8 * i);
	name_len = le32(b + 24);
	if (name_len > g->toolstack_left)
		return short_record(p, l, "name");
	g->left--;
	g->name_left = name_len;
	p->value_len = 0;
	l->state = toolstack_name;
	if (name_len <= VALUE_SIZE)
		return 0;
	l->state = toolstack_rest;
	return xst_parse_fault(p, XST_E_LIMIT, RULE_LIMIT, 4, "namelen",
			       "%u bytes are more than the %d that xenstored accepts", name_len,
			       VALUE_SIZE);
}

static int toolstack_head(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	const uint8_t *b;
	int r;

	if (g->toolstack_left < 8)
		return short_record(p, l, "version");
	r = toolstack_take(p, l, 8, &b);
	if (r)
		return r;
	g->left = le32(b + 4);
	l->state = toolstack_entry;
	if (le32(b) == LEGACY_TOOLSTACK_VERSION)
		return 0;
	l->state = toolstack_rest;
	return xst_parse_fault(p, XST_E_VERSION, RULE_LEGACY_TOOLSTACK, 8, "version",
			       "%u; libxl wrote only version 1", le32(b));
}

int xst_parse_toolstack(struct xst_parser *p, struct layer *l, state_fn after)
{
	struct legacy_layer *g = &l->u.legacy;

	g->toolstack_left = xst_parse_field(p, XST_FIELD_LENGTH);
	if (g->had_toolstack)
		xst_parse_warn(p, RULE_LEGACY_TOOLSTACK_TWICE, 4, NULL,
			       "a second toolstack record; the last one counts");
	g->had_toolstack = true;
	if (g->toolstack_left > p->limits.max_toolstack)
		return xst_parse_fail(
			p, XST_E_LIMIT, RULE_LIMIT, 4, "length",
			"%llu bytes of toolstack record are more than the limit of %llu",
			(unsigned long long)g->toolstack_left,
			(unsigned long long)p->limits.max_toolstack);
	l->after = after;
	l->state = g->toolstack_left ? toolstack_head : toolstack_rest;
	return 0;
}
