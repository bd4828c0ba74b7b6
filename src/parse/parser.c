/* SPDX-License-Identifier: MIT */
/* The parser's public functions: windows in, events out. */
#include "parse/parser.h"

#include <stdlib.h>
#include <string.h>

#include "wire/options.h"

#define FLAGS                                                                                      \
	(XST_PARSER_KEEP_GOING | XST_PARSER_NO_EMULATOR | XST_PARSER_ONE_CHECKPOINT |              \
	 XST_PARSER_COLO)

static const struct xst_limits default_limits = {
	.max_record = LIMIT_RECORD,
	.max_optional_data = LIMIT_OPTIONAL_DATA,
	.max_config = LIMIT_CONFIG,
	.max_ext_info = LIMIT_EXT_INFO,
	.max_p2m_size = LIMIT_P2M_SIZE,
	.max_vcpu_id = LEGACY_MAX_VCPU_ID,
	.max_xsave = LIMIT_XSAVE,
	.max_toolstack = LIMIT_TOOLSTACK,
	.max_emulator = LIMIT_EMULATOR,
	.max_compressed = LIMIT_COMPRESSED,
	.max_tmem_pages = LIMIT_TMEM_PAGES,
};

static int parser_step(struct xst_parser *p)
{
	struct layer *l = xst_parser_active(p);

	if (l)
		return p->phase ? p->phase(p, l) : l->state(p, l);
	if (!p->finished)
		return xst_parse_detect(p, p->start);
	xst_parser_event(p, XST_EVENT_FINISHED);
	return EVENT;
}

static void next_warning(struct xst_parser *p)
{
	const struct xst_finding *f = &p->warnings[p->warnings_first];

	p->warning_event.type = XST_EVENT_WARNING;
	p->warning_event.layer = f->layer;
	p->warning_event.kind = XST_KIND_UNKNOWN;
	p->warning_event.offset = f->offset;
	p->warning_event.u.finding = f;
	p->warnings_first++;
	if (p->warnings_first == p->warnings_n)
		p->warnings_first = p->warnings_n = 0;
}

int xst_parser_next(struct xst_parser *p, struct xst_in *in, const struct xst_event **ret_ev)
{
	int r;

	if (!p || !in || !ret_ev || in->pos > in->size || (!in->src && in->size))
		return XST_E_ARG;
	for (;;) {
		if (p->warnings_n) {
			next_warning(p);
			*ret_ev = &p->warning_event;
			return 0;
		}
		if (p->error.code)
			return p->error.code;
		if (p->have_event) {
			p->have_event = false;
			*ret_ev = &p->event;
			return 0;
		}
		p->in = in;
		r = parser_step(p);
		p->in = NULL;
		if (r < 0 && !p->error.code)
			xst_parse_fail(p, r, RULE_INPUT_UNKNOWN, 0, NULL,
				       "the parser is in an impossible state");
		if (r > 0)
			p->have_event = true;
	}
}

void xst_parser_eof(struct xst_parser *p)
{
	p->eof = true;
}

uint64_t xst_parser_offset(const struct xst_parser *p)
{
	return p->offset;
}

size_t xst_parser_held(const struct xst_parser *p)
{
	return p->held;
}

const struct xst_finding *xst_parser_error(const struct xst_parser *p)
{
	return &p->error;
}

/* Each limit that the caller left at 0 gets its default. */
static void set_limits(struct xst_parser *p, const struct xst_limits *wanted)
{
	uint64_t *to = (uint64_t *)&p->limits;
	const uint64_t *by_default = (const uint64_t *)&default_limits;
	const uint64_t *from = (const uint64_t *)wanted;

	for (size_t i = 0; i < sizeof(p->limits) / sizeof(uint64_t); i++)
		to[i] = from && from[i] ? from[i] : by_default[i];
	if (p->limits.max_vcpu_id > LEGACY_MAX_VCPU_ID)
		p->limits.max_vcpu_id = LEGACY_MAX_VCPU_ID;
}

int xst_parser_new(const struct xst_parser_options *options, struct xst_parser **ret)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct xst_parser *p;

	if (!ret || (options && xst_options_copy(&o, sizeof(o), options, options->size) < 0))
		return XST_E_ARG;
	if (o.flags & ~(uint32_t)FLAGS || !xst_parse_detect_knows(o.start))
		return XST_E_ARG;
	p = calloc(1, sizeof(*p));
	if (!p)
		return XST_E_NOMEM;
	p->flags = o.flags;
	p->start = o.start;
	p->offset = o.offset;
	set_limits(p, &o.limits);
	*ret = p;
	return 0;
}

/* An event held back until the warnings before it are taken points into its own parser. */
static void point_into_copy(struct xst_parser *copy)
{
	struct xst_event *ev = &copy->event;

	switch (ev->type) {
	case XST_EVENT_FIELDS: ev->u.fields.v = copy->fields; break;
	case XST_EVENT_ITEMS: ev->u.items.v = copy->items.numbers; break;
	case XST_EVENT_PAIR:
		ev->u.pair.key = copy->key;
		ev->u.pair.value = copy->value;
		break;
	case XST_EVENT_PHYSMAP: ev->u.physmap.name = copy->value; break;
	default: break;
	}
}

struct xst_parser *xst_parser_clone(const struct xst_parser *p)
{
	struct xst_parser *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	memcpy(copy, p, sizeof(*copy));
	point_into_copy(copy);
	return copy;
}

struct xst_parser *xst_parser_free(struct xst_parser *p)
{
	free(p);
	return NULL;
}
