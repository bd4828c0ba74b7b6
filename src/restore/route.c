/* SPDX-License-Identifier: MIT */
/* What records mean to a restore: which phase they belong to, and which sink they go to.
 *
 * In NORMAL they take effect as they are read.  From the first CHECKPOINT on, their bytes are kept,
 * with a copy of the parser at their start; at their CHECKPOINT_END that copy reads them again, and
 * then they take effect: libxl's before libxc's. */
#include "restore/restore.h"

#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "finding/finding.h"
#include "parse/parser.h"

static bool is_emulator(enum xst_kind kind)
{
	return kind == XST_KIND_EMULATOR_CONTEXT || kind == XST_KIND_EMULATOR_XENSTORE_DATA;
}

static bool ends(const struct xst_event *ev, enum xst_layer layer, enum xst_kind kind)
{
	return ev->type == XST_EVENT_RECORD_END && ev->layer == layer && ev->kind == kind;
}

/* --- the xl header --------------------------------------------------------------------------- */

static int keep_config(void *self, const void *data, size_t n, size_t *ret_done)
{
	struct xst_restore *r = self;

	memcpy(r->config + r->config_fill, data, n);
	r->config_fill += n;
	*ret_done = n;
	return 0;
}

static int keep_optional(void *self, const void *data, size_t n, size_t *ret_done)
{
	struct xst_restore *r = self;

	memcpy(r->optional + r->optional_fill, data, n);
	r->optional_fill += n;
	*ret_done = n;
	return 0;
}

static void route_xl_fields(struct xst_restore *r, const struct xst_event *ev)
{
	if (ev->kind != XST_KIND_XL_HEADER)
		return;
	r->domain.xl = true;
	r->domain.xl_big_endian = ev->big_endian;
	r->domain.xl_flags = (uint32_t)xst_event_field(ev, XST_FIELD_MANDATORY_FLAGS, 0);
	r->domain.xl_optional_flags = (uint32_t)xst_event_field(ev, XST_FIELD_OPTIONAL_FLAGS, 0);
	if (!r->domain.config_replaced)
		r->domain.config_json = r->domain.xl_flags & XL_FLAG_JSON;
}

static int xl_run(struct xst_restore *r, const struct xst_event *ev, struct drain *drain)
{
	bool config = ev->kind == XST_KIND_CONFIG;
	uint8_t *room;

	if (config && r->domain.config_replaced)
		return 0;
	room = malloc((size_t)ev->u.payload.length + 1);
	if (!room)
		return XST_E_NOMEM;
	if (config)
		r->config = room;
	else
		r->optional = room;
	*drain = (struct drain){ .self = r, .write = config ? keep_config : keep_optional };
	return 0;
}

/* A stored configuration may end in a NUL of its own. */
static void xl_config(struct xst_restore *r)
{
	uint64_t n = r->config_fill;

	r->domain.config_nul = n && !r->config[n - 1];
	n -= r->domain.config_nul;
	r->config[n] = '\0';
	r->domain.config = n ? r->config : NULL;
	r->domain.config_size = n;
}

static int route_xl_event(struct xst_restore *r, const struct xst_event *ev, struct drain *drain)
{
	switch (ev->type) {
	case XST_EVENT_FIELDS:
		route_xl_fields(r, ev);
		return 0;
	case XST_EVENT_PAYLOAD_BEGIN:
		return xl_run(r, ev, drain);
	case XST_EVENT_RECORD_END:
		if (ev->kind == XST_KIND_CONFIG && r->config_fill)
			xl_config(r);
		r->domain.optional = r->optional;
		r->domain.optional_size = r->optional_fill;
		return 0;
	default:
		return 0;
	}
}

/* --- records of the device model -------------------------------------------------------------- */

static struct drain domain_drain(struct xst_restore *r)
{
	const struct xst_domain_sink *s = &r->options.domain;

	return (struct drain){ .self = s->self, .write = s->ops->write, .move = s->ops->move,
			       .wait = s->ops->wait, .id = SINK_DOMAIN };
}

static int to_domain(struct xst_restore *r, const struct xst_event *ev, struct drain *drain)
{
	const struct xst_domain_sink *s = &r->options.domain;
	int e;

	if (!s->ops)
		return 0;
	e = xst_restore_sink_result(r, SINK_DOMAIN, s->ops->event(s->self, ev));
	if (e == 0 && ev->type == XST_EVENT_PAYLOAD_BEGIN)
		*drain = domain_drain(r);
	return e;
}

static int to_xenstore(struct xst_restore *r, const struct xst_event *ev)
{
	const struct xst_xenstore_sink *s = &r->options.xenstore;
	int e = 0;

	if (ev->type == XST_EVENT_FIELDS)
		e = s->ops->begin(s->self, (uint32_t)xst_event_field(ev, XST_FIELD_EMULATOR_ID, 0),
				  (uint32_t)xst_event_field(ev, XST_FIELD_EMULATOR_INDEX, 0));
	else if (ev->type == XST_EVENT_PAIR)
		e = s->ops->pair(s->self, ev->u.pair.key, ev->u.pair.key_len, ev->u.pair.value,
				 ev->u.pair.value_len);
	else if (ev->type == XST_EVENT_RECORD_END)
		e = s->ops->end(s->self);
	e = xst_restore_sink_result(r, SINK_XENSTORE, e);
	if (e < 0 && r->error.layer == XST_LAYER_NONE) {
		/* a sink doesn't know a key's place in the stream */
		r->error.layer = ev->layer;
		r->error.offset = ev->offset;
	}
	return e;
}

static int route_emulator_begin(struct xst_restore *r, uint64_t length)
{
	const struct xst_emulator_sink *s = &r->options.emulator;
	int e = s->ops->begin(s->self, r->emulator_id, r->emulator_index, length);

	e = xst_restore_sink_result(r, SINK_EMULATOR, e);
	r->emulator_begun |= e == 0;
	return e;
}

/* An empty state has no run. */
static int route_emulator_end(struct xst_restore *r)
{
	const struct xst_emulator_sink *s = &r->options.emulator;
	int e = r->emulator_begun ? 0 : route_emulator_begin(r, 0);

	return e ? e : xst_restore_sink_result(r, SINK_EMULATOR, s->ops->end(s->self));
}

static int to_emulator(struct xst_restore *r, const struct xst_event *ev, struct drain *drain)
{
	const struct xst_emulator_sink *s = &r->options.emulator;
	int e = 0;

	switch (ev->type) {
	case XST_EVENT_RECORD_BEGIN:
		r->emulator_begun = false;
		r->emulator_id = r->emulator_index = 0;
		break;
	case XST_EVENT_FIELDS:
		r->emulator_id = (uint32_t)xst_event_field(ev, XST_FIELD_EMULATOR_ID, 0);
		r->emulator_index = (uint32_t)xst_event_field(ev, XST_FIELD_EMULATOR_INDEX, 0);
		break;
	case XST_EVENT_PAYLOAD_BEGIN:
		e = route_emulator_begin(r, ev->u.payload.length);
		*drain = (struct drain){ .self = s->self, .write = s->ops->write,
					 .move = s->ops->move, .wait = s->ops->wait,
					 .id = SINK_EMULATOR };
		break;
	case XST_EVENT_RECORD_END:
		e = route_emulator_end(r);
		break;
	default:
		break;
	}
	return e;
}

/* These records may stand before the image, and take effect there, as in libxl: then they are the first
 * that the sinks get. */
static int emulator_event(struct xst_restore *r, const struct xst_event *ev, struct drain *drain)
{
	const struct xst_domain_sink *domain = &r->options.domain;
	int e = xst_restore_prepare(r);

	if (e)
		return e;
	if (ev->kind == XST_KIND_EMULATOR_CONTEXT && r->options.emulator.ops)
		return to_emulator(r, ev, drain);
	if (ev->kind == XST_KIND_EMULATOR_XENSTORE_DATA && r->options.xenstore.ops)
		return to_xenstore(r, ev);
	if (domain->ops && domain->ops->flags & XST_DOMAIN_SINK_LIBXL)
		return to_domain(r, ev, drain);
	return 0;
}

/* --- current layers --------------------------------------------------------------------------- */

static int libxl_event(struct xst_restore *r, const struct xst_event *ev, struct drain *drain)
{
	if (ev->kind == XST_KIND_LIBXL_HEADER && ev->type == XST_EVENT_FIELDS) {
		r->domain.libxl = true;
		r->domain.libxl_options = (uint32_t)xst_event_field(ev, XST_FIELD_OPTIONS, 0);
	}
	return is_emulator(ev->kind) ? emulator_event(r, ev, drain) : 0;
}

/* Records that the domain sink doesn't get: the restore handles them, or their meaning is
 * unknown. */
static bool is_internal(enum xst_kind kind)
{
	return kind == XST_KIND_CHECKPOINT || kind == XST_KIND_END || kind == XST_KIND_UNKNOWN;
}

static int libxc_event(struct xst_restore *r, const struct xst_event *ev, struct drain *drain)
{
	int e;

	if (ev->type == XST_EVENT_STREAM_BEGIN) {
		e = xst_restore_prepare(r);
		return e ? e : to_domain(r, ev, drain);
	}
	if (is_emulator(ev->kind))
		return emulator_event(r, ev, drain);
	if (ev->type == XST_EVENT_STREAM_END || is_internal(ev->kind))
		return 0;
	if (ev->kind == XST_KIND_DOMAIN_HEADER && ev->type == XST_EVENT_FIELDS) {
		e = xst_restore_configured(r, xst_check_track(r->checker)->guest);
		if (e)
			return e;
	}
	return to_domain(r, ev, drain);
}

int xst_restore_route_apply(struct xst_restore *r, const struct xst_event *ev, struct drain *drain)
{
	switch (ev->layer) {
	case XST_LAYER_XL:    return route_xl_event(r, ev, drain);
	case XST_LAYER_LIBXL: return libxl_event(r, ev, drain);
	case XST_LAYER_LIBXC: return libxc_event(r, ev, drain);
	default:              return 0;
	}
}

/* --- checkpoints ------------------------------------------------------------------------------ */

static int keep_bytes(void *self, const void *data, size_t n, size_t *ret_done)
{
	struct xst_restore *r = self;

	*ret_done = n;
	return xst_restore_spool_write(&r->spool, data, n, &r->error);
}

static int keep_moved(void *self, int fd, const off_t *offset, uint64_t n, uint64_t *ret_moved)
{
	struct xst_restore *r = self;
	int64_t k = offset ? 0 : xst_restore_spool_move(&r->spool, fd, n, &r->error);

	*ret_moved = k > 0 ? (uint64_t)k : 0;
	return k < 0 ? (int)k : 0;
}

void xst_restore_route_keep(struct xst_restore *r)
{
	struct drain tee = { .self = r, .write = keep_bytes, .move = keep_moved };

	xst_restore_spool_clear(&r->spool);
	xst_pull_set_tee(&r->main.pull, r->main.pull.source.seekable ? NULL : &tee);
}

void xst_restore_route_drop_kept(struct xst_restore *r)
{
	xst_pull_set_tee(&r->main.pull, NULL);
	xst_restore_spool_clear(&r->spool);
}

static int copy_parser(struct xst_restore *r, struct xst_parser **ret)
{
	xst_parser_free(*ret);
	*ret = xst_parser_clone(r->main.pull.parser);
	return *ret ? 0 : XST_E_NOMEM;
}

int xst_restore_route_mark_image(struct xst_restore *r)
{
	r->spool_base = r->image_from = xst_pull_fed(&r->main.pull);
	xst_restore_route_keep(r);
	r->unused = false;
	return copy_parser(r, &r->at_image);
}

static int mark_emulator(struct xst_restore *r)
{
	r->emulator_from = xst_pull_fed(&r->main.pull);
	return copy_parser(r, &r->at_emulator);
}

static void route_complete(struct xst_restore *r)
{
	r->phase = XST_PHASE_UNBUFFERING;
	r->task = r->domain.libxl ? TASK_EMULATOR : r->at_image ? TASK_IMAGE : TASK_CHECKPOINT;
}

/* The first CHECKPOINT: everything before it has taken effect, everything after it waits. */
static int begin_buffering(struct xst_restore *r)
{
	r->phase = XST_PHASE_BUFFERING;
	r->spool_base = xst_pull_fed(&r->main.pull);
	if (!r->domain.libxl) { /* a bare image's checkpoints end here */
		route_complete(r);
		return 0;
	}
	xst_restore_route_keep(r);
	return mark_emulator(r);
}

/* An END instead of the next CHECKPOINT: drops what is buffered, and what follows. */
static void route_drop(struct xst_restore *r)
{
	r->dropping = true;
	xst_restore_route_drop_kept(r);
}

static bool is_an_end(enum xst_kind kind)
{
	return kind == XST_KIND_END || kind == XST_KIND_LIBXL_END;
}

static int buffered(struct xst_restore *r, const struct xst_event *ev)
{
	r->unused |= ev->type == XST_EVENT_RECORD_BEGIN && !is_an_end(ev->kind);
	if (r->dropping)
		return 0;
	if (ev->layer == XST_LAYER_LIBXC && ev->type == XST_EVENT_RECORD_BEGIN &&
	    ev->kind == XST_KIND_END)
		route_drop(r);
	else if (ends(ev, XST_LAYER_LIBXC, XST_KIND_CHECKPOINT) && r->domain.libxl)
		return mark_emulator(r);
	else if (ends(ev, XST_LAYER_LIBXC, XST_KIND_CHECKPOINT) ||
		 ends(ev, XST_LAYER_LIBXL, XST_KIND_CHECKPOINT_END))
		route_complete(r);
	return 0;
}

bool xst_restore_route_is_end(const struct xst_restore *r, const struct xst_event *ev)
{
	return r->task == TASK_IMAGE ? ends(ev, XST_LAYER_LIBXC, XST_KIND_CHECKPOINT)
				     : ends(ev, XST_LAYER_LIBXL, XST_KIND_CHECKPOINT_END);
}

/* --- COLO ------------------------------------------------------------------------------------- */

static int colo_event(struct xst_restore *r, const struct xst_event *ev)
{
	if (ev->type == XST_EVENT_FIELDS) {
		uint64_t id = xst_event_field(ev, XST_FIELD_CHECKPOINT_STATE, 0);

		if (!(r->options.flags & XST_RESTORE_COLO) ||
		    xst_restore_colo_received(&r->colo, id) < 0)
			return xst_restore_fail(r, XST_E_MALFORMED, RULE_RESTORE_STATE, ev,
						"CHECKPOINT_STATE %llu is out of order here",
						(unsigned long long)id);
	}
	if (ev->type != XST_EVENT_RECORD_END)
		return 0;
	r->task = TASK_COLO;
	return xst_restore_route_mark_image(r);
}

/* Nothing else is allowed between CHECKPOINT_END and CHECKPOINT_STATE. */
static bool colo_waits(const struct xst_restore *r)
{
	return r->options.flags & XST_RESTORE_COLO && r->colo.step == COLO_NEW;
}

/* --- as it is read ---------------------------------------------------------------------------- */

static int route_check(struct xst_restore *r, const struct xst_event *ev)
{
	const struct xst_finding *f;
	int e = xst_checker_event(r->checker, ev);

	while (e == 0 && (f = xst_checker_finding(r->checker))) {
		if (f->severity != XST_ERROR || r->options.flags & XST_RESTORE_FORCE) {
			xst_restore_tell(r, f);
			continue;
		}
		r->error = *f;
		e = r->error.code = XST_E_MALFORMED;
	}
	return e;
}

static uint64_t route_sight_wants(void *self)
{
	const struct xst_restore *r = self;

	return xst_checker_wants(r->checker);
}

static int route_sight_see(void *self, const void *data, size_t n)
{
	struct xst_restore *r = self;
	int e;

	r->part.u.payload.data = data;
	r->part.u.payload.size = n;
	e = route_check(r, &r->part);
	r->part.offset += n;
	return e;
}

void xst_restore_route_open_sight(struct xst_restore *r, const struct xst_event *ev,
				  struct drain *drain)
{
	r->part = *ev;
	r->part.type = XST_EVENT_PAYLOAD;
	r->sight = (struct sight){ r, route_sight_wants, route_sight_see };
	drain->sight = &r->sight;
}

/* Checks that the checker doesn't make. */
static int route_take_note(struct xst_restore *r, const struct xst_event *ev)
{
	if (ev->type == XST_EVENT_STREAM_BEGIN && ev->layer == XST_LAYER_LIBXC)
		r->image_begun = true;
	if (ev->type != XST_EVENT_RECORD_BEGIN)
		return 0;
	r->result.records++;
	if (ev->kind == XST_KIND_UNKNOWN)
		xst_restore_remark(r, RULE_RESTORE_SKIPPED,
				   "an optional record of unknown type %#x was skipped",
				   (unsigned)ev->u.record.type);
	if (ev->layer == XST_LAYER_LIBXL && colo_waits(r) &&
	    ev->kind != XST_KIND_CHECKPOINT_STATE)
		return xst_restore_fail(r, XST_E_MALFORMED, RULE_RESTORE_STATE, ev,
					"a record where a CHECKPOINT_STATE must stand");
	return 0;
}

int xst_restore_route_read(struct xst_restore *r, const struct xst_event *ev, struct drain *drain)
{
	int e;

	if (!r->checked) { /* the same event may be passed again */
		e = route_check(r, ev);
		if (e == 0)
			e = route_take_note(r, ev);
		if (e)
			return e;
		r->checked = true;
	}
	if (ev->type == XST_EVENT_WARNING)
		return 0;
	if (ev->kind == XST_KIND_CHECKPOINT_STATE)
		return colo_event(r, ev);
	if (r->phase != XST_PHASE_NORMAL)
		return buffered(r, ev);
	if (ends(ev, XST_LAYER_LIBXC, XST_KIND_CHECKPOINT))
		return begin_buffering(r);
	return xst_restore_route_apply(r, ev, drain);
}
