/* SPDX-License-Identifier: MIT */
#include "job/unfold.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "finding/finding.h"
#include "image/delta.h"
#include "image/pfnmap.h"
#include "job/pagefile.h"
#include "limits/limits.h"
#include "wire/wire.h"

#define NOT_SEEN 5u               /* a page type that does not exist */
#define GONE " since compression began; pages sent earlier have gone into the pipe that is the " \
	     "output: convert from or into a file, or with --checkpoints last"

enum inject_state { INJECT_BATCH, INJECT_ITEMS, INJECT_PAGES, INJECT_END };

struct unfold {
	struct unfold_plan plan;
	uint64_t body;               /* the current checkpoint, from 1 */
	bool dropping;               /* the current record */
	bool finished;               /* the wanted state is complete */
	enum xst_kind kind;
	struct xst_finding place;    /* of the current record, for errors */

	/* the guest's memory */
	struct pagefile *pages;
	struct pfnmap types;         /* type ^ NOT_SEEN */
	struct pfnmap touched;       /* to be reported */

	/* the current batch, and pages of compressed ones whose contents are still to come */
	uint64_t batch[XST_BATCH];
	size_t nbatch;
	bool had_run;
	uint32_t *waiting;
	size_t first, nwaiting, capacity;
	struct delta delta;

	/* batches to report */
	enum inject_state state;
	uint64_t next_pfn;
	uint64_t told[XST_BATCH];
	size_t ntold, next_page;
	uint64_t page_left;          /* bytes of told[next_page] */
	struct xst_event event;
};

int xst_job_unfold_new(const struct unfold_plan *plan, const char *tmpdir, struct unfold **ret,
		       struct xst_finding *reterr)
{
	struct unfold *u = calloc(1, sizeof(*u));
	int r = 0;

	if (!u)
		return XST_E_NOMEM;
	u->plan = *plan;
	u->body = 1;
	xst_pfnmap_init(&u->types, 4, LIMIT_UNFOLDED_MAP);
	xst_pfnmap_init(&u->touched, 1, 0);
	xst_delta_init(&u->delta);
	if (plan->compressed)
		r = xst_job_pagefile_new(tmpdir, &u->pages, reterr);
	if (r)
		xst_job_unfold_free(u);
	else
		*ret = u;
	return r;
}

struct unfold *xst_job_unfold_free(struct unfold *u)
{
	if (!u)
		return NULL;
	xst_job_pagefile_free(u->pages);
	xst_pfnmap_free(&u->types);
	xst_pfnmap_free(&u->touched);
	free(u->waiting);
	free(u);
	return NULL;
}

/* --- messages -------------------------------------------------------------------------------- */

static int unfold_fail(struct unfold *u, struct xst_finding *reterr, int code, uint64_t offset,
		       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A fault in one state does not affect those before it. */
static void tell_way_out(const struct unfold *u, struct xst_finding *f)
{
	size_t n = strlen(f->text);

	if (u->body > 1 && !u->plan.late)
		(void)snprintf(f->text + n, sizeof(f->text) - n,
			       " (state %llu; convert --checkpoint %llu uses the one before it)",
			       (unsigned long long)u->body, (unsigned long long)u->body - 1);
}

static int unfold_fail(struct unfold *u, struct xst_finding *reterr, int code, uint64_t offset,
		       const char *format, ...)
{
	enum xst_rule rule = code == XST_E_LIMIT ? RULE_LIMIT : RULE_LEGACY_COMPRESSED;
	struct xst_finding where = u->place;
	va_list ap;

	where.offset = offset;
	va_start(ap, format);
	xst_finding_fill(reterr, &where, code, rule, NULL, format, ap);
	va_end(ap);
	tell_way_out(u, reterr);
	return code;
}

static void note_place(struct unfold *u, const struct xst_event *ev)
{
	u->place = (struct xst_finding){ .layer = ev->layer,
					 .record_name = ev->u.record.name,
					 .record_offset = ev->offset,
					 .record_index = ev->u.record.index,
					 .record_type = ev->u.record.type };
}

/* --- pages ----------------------------------------------------------------------------------- */

/* Notes the pages whose contents follow. */
static void note_batch(struct unfold *u, const struct xst_event *ev)
{
	u->nbatch = 0;
	u->had_run = false;
	for (size_t i = 0; i < ev->u.items.n; i++)
		if (XST_PAGE_HAS_DATA(XST_PAGE_TYPE(ev->u.items.v[i])))
			u->batch[u->nbatch++] = XST_PAGE_PFN(ev->u.items.v[i]);
}

static int note_entries(struct unfold *u, const struct xst_event *ev, struct xst_finding *reterr)
{
	int r = 0;

	note_batch(u, ev);
	for (size_t i = 0; i < ev->u.items.n && r == 0; i++) {
		uint64_t entry = ev->u.items.v[i], pfn = XST_PAGE_PFN(entry);

		if (entry == LEGACY_XTAB_ENTRY)
			continue;
		r = pfnmap_set(&u->types, pfn, XST_PAGE_TYPE(entry) ^ NOT_SEEN, NULL);
		if (r == 0)
			r = pfnmap_set(&u->touched, pfn, 1, NULL);
	}
	if (r == XST_E_LIMIT)
		return unfold_fail(u, reterr, r, u->place.record_offset,
				   "the pages lie in more than %u places of 128 MiB each: too far "
				   "apart to collect them",
				   (unsigned)(LIMIT_UNFOLDED_MAP * UINT64_C(2) / PFNMAP_CHUNK));
	return r;
}

/* The number of consecutive pfns from pfn[i] on. */
static size_t unfold_neighbours(const uint64_t *pfn, size_t i, size_t n)
{
	size_t k = 1;

	while (i + k < n && pfn[i + k] == pfn[i] + k)
		k++;
	return k;
}

int xst_job_unfold_store(struct unfold *u, struct xst_reader *r, struct xst_finding *reterr)
{
	int e = 0;

	u->had_run = true;
	for (size_t i = 0; i < u->nbatch && e == 0;) {
		size_t k = unfold_neighbours(u->batch, i, u->nbatch);

		e = xst_job_pagefile_take(u->pages, r, u->batch[i], k, reterr);
		i += k;
	}
	return e;
}

int xst_job_unfold_recall(struct unfold *u, struct xst_reader *written, struct xst_finding *reterr)
{
	const struct xst_event *ev;
	int r;

	while ((r = xst_reader_next(written, &ev)) == 0 && ev->type != XST_EVENT_FINISHED) {
		if (ev->type == XST_EVENT_ITEMS && ev->u.items.kind == XST_ITEMS_PAGES)
			note_batch(u, ev);
		if (ev->type != XST_EVENT_PAYLOAD_BEGIN)
			continue;
		r = ev->kind == XST_KIND_PAGE_DATA ? xst_job_unfold_store(u, written, reterr)
						   : xst_reader_skip(written);
		if (r)
			break;
	}
	u->nbatch = 0;
	if (r == XST_E_TRUNCATED) /* where the converter stops */
		return 0;
	if (r)
		*reterr = *xst_reader_error(written);
	return r;
}

/* The contents of the batch come later, as deltas. */
static int wait_for_pages(struct unfold *u, struct xst_finding *reterr)
{
	uint32_t *waiting;

	if (u->first > u->nwaiting / 4) { /* what was served makes room: no byte moves often */
		memmove(u->waiting, u->waiting + u->first, u->nwaiting * sizeof(*u->waiting));
		u->first = 0;
	}
	if (u->nwaiting + u->nbatch > LIMIT_WAITING_PAGES)
		return unfold_fail(u, reterr, XST_E_LIMIT, u->place.record_offset,
				   "more than %u pages are announced before their contents",
				   LIMIT_WAITING_PAGES);
	waiting = array_room(u->waiting, u->first + u->nwaiting + u->nbatch, &u->capacity,
			     sizeof(*waiting));
	if (!waiting)
		return XST_E_NOMEM;
	u->waiting = waiting;
	for (size_t i = 0; i < u->nbatch; i++)
		u->waiting[u->first + u->nwaiting++] = (uint32_t)u->batch[i];
	return 0;
}

static int base(struct unfold *u, uint64_t pfn, uint64_t offset, struct xst_finding *reterr)
{
	if (!xst_job_pagefile_has(u->pages, pfn))
		return unfold_fail(u, reterr, XST_E_MALFORMED, offset,
				   "a delta for pfn %#llx, which was never sent whole%s",
				   (unsigned long long)pfn, u->plan.late ? GONE : "");
	return xst_job_pagefile_read(u->pages, u->waiting + u->first, u->nwaiting, u->delta.page,
				     reterr);
}

static int decoded(struct unfold *u, enum delta_result result, uint64_t offset,
		   struct xst_finding *reterr)
{
	uint64_t pfn = u->waiting[u->first];
	int r = 0;

	if (result == DELTA_BAD)
		return unfold_fail(u, reterr, XST_E_MALFORMED, offset,
				   "the delta for pfn %#llx goes past the end of the page",
				   (unsigned long long)pfn);
	if (result == DELTA_BASE)
		return base(u, pfn, offset, reterr);
	if (result == DELTA_UNCHANGED && !xst_job_pagefile_has(u->pages, pfn))
		return base(u, pfn, offset, reterr); /* which fails, as there is none */
	if (result == DELTA_PAGE)
		r = xst_job_pagefile_write(u->pages, pfn, u->delta.page, reterr);
	if (result == DELTA_PAGE || result == DELTA_UNCHANGED) {
		u->first++;
		u->nwaiting--;
	}
	return r;
}

static int differences(struct unfold *u, const struct xst_event *ev, struct xst_finding *reterr)
{
	const uint8_t *data = ev->u.payload.data;
	size_t n = ev->u.payload.size;
	int r = 0;

	while (n && r == 0) {
		uint64_t offset = ev->offset + (ev->u.payload.size - n);
		enum delta_result result;

		if (!u->nwaiting)
			return unfold_fail(u, reterr, XST_E_MALFORMED, offset,
					   "more pages than were announced");
		result = xst_delta_decode(&u->delta, &data, &n);
		if (result == DELTA_BAD) /* of the byte before */
			offset = ev->offset + (ev->u.payload.size - n) - 1;
		r = decoded(u, result, offset, reterr);
	}
	return r;
}

static int unfold_end_of_body(struct unfold *u, const struct xst_event *ev,
			      struct xst_finding *reterr)
{
	if (u->nwaiting || !xst_delta_at_page(&u->delta))
		return unfold_fail(u, reterr, XST_E_MALFORMED, ev->offset,
				   "the body ends, but the contents of %zu page%s are missing",
				   u->nwaiting, u->nwaiting == 1 ? "" : "s");
	return 0;
}

/* --- events ---------------------------------------------------------------------------------- */

/* Whether the wanted state needs this record of the current checkpoint. */
static bool wanted(const struct unfold *u, enum xst_kind kind)
{
	bool whole = u->plan.keep || u->body == u->plan.take;

	switch (kind) {
	case XST_KIND_P2M_SIZE:
	case XST_KIND_EXT_INFO:
	case XST_KIND_EXT_VCPU:
	case XST_KIND_EXT_EXTV:
	case XST_KIND_EXT_XCNT:
	case XST_KIND_EXT_BLOCK:
	case XST_KIND_P2M_FRAMES:
	case XST_KIND_TSC_INFO: /* only once in a stream */
		return true;
	case XST_KIND_PAGE_DATA:
		return !u->plan.compressed;
	case XST_KIND_COMPRESSED_DATA:
	case XST_KIND_ENABLE_COMPRESSION:
		return false;
	default:
		return whole;
	}
}

/* Today's format: memory and static data of all states; everything else only of the wanted one. */
static bool wanted_today(const struct unfold *u, const struct xst_event *ev)
{
	const struct wire_record *row = xst_wire_modern(ev->kind);

	if (u->plan.keep)
		return true;
	if (ev->kind == XST_KIND_CHECKPOINT_END || ev->kind == XST_KIND_CHECKPOINT_STATE)
		return false;
	return !(row && row->flags & WIRE_ANEW) || u->body == u->plan.take;
}

static void event_of_today(struct unfold *u, const struct xst_event *ev, enum unfold_action *ret)
{
	if (ev->type == XST_EVENT_RECORD_BEGIN) {
		u->kind = ev->kind;
		u->dropping = !wanted_today(u, ev);
		*ret = u->dropping ? UNFOLD_DROP : UNFOLD_PASS;
		if (ev->kind == XST_KIND_CHECKPOINT && !u->plan.keep) {
			u->dropping = true;
			*ret = u->body == u->plan.take ? UNFOLD_END : UNFOLD_DROP;
		}
	}
	if (ev->type == XST_EVENT_RECORD_END && u->kind == XST_KIND_CHECKPOINT_END &&
	    u->body++ == u->plan.take) {
		u->finished = true;
		*ret = UNFOLD_STOP;
	}
}

static int unfold_record_begin(struct unfold *u, const struct xst_event *ev,
			       enum unfold_action *ret, struct xst_finding *reterr)
{
	bool whole = u->plan.keep || u->body == u->plan.take;
	int r = 0;

	note_place(u, ev);
	u->kind = ev->kind;
	u->dropping = !wanted(u, ev->kind);
	*ret = u->dropping ? UNFOLD_DROP : UNFOLD_PASS;
	if (ev->kind != XST_KIND_END_OF_BODY || !u->plan.compressed)
		return 0;
	r = unfold_end_of_body(u, ev, reterr);
	if (whole) {
		u->state = INJECT_BATCH;
		u->next_pfn = 0;
		*ret = UNFOLD_INJECT;
	}
	return r;
}

static int unfold_record_end(struct unfold *u, enum unfold_action *ret, struct xst_finding *reterr)
{
	if (u->kind == XST_KIND_CHECKPOINT && u->body++ == u->plan.take) {
		u->finished = true;
		*ret = UNFOLD_STOP;
		return 0;
	}
	if (u->kind == XST_KIND_PAGE_DATA && u->plan.compressed && !u->had_run && u->nbatch)
		return wait_for_pages(u, reterr);
	return 0;
}

int xst_job_unfold_event(struct unfold *u, const struct xst_event *ev,
			 enum unfold_action *ret_action, struct xst_finding *reterr)
{
	bool stream = ev->layer == XST_LAYER_LEGACY || ev->layer == XST_LAYER_LIBXL ||
		      ev->layer == XST_LAYER_LIBXC;

	*ret_action = u->dropping && stream ? UNFOLD_DROP : UNFOLD_PASS;
	if (u->finished && stream) { /* a container may go on after the end */
		if (ev->type == XST_EVENT_STREAM_END && ev->layer == u->plan.layer)
			*ret_action = UNFOLD_PASS;
		else
			*ret_action = UNFOLD_DROP;
		return 0;
	}
	if (ev->layer == XST_LAYER_LIBXL || ev->layer == XST_LAYER_LIBXC)
		event_of_today(u, ev, ret_action);
	if (ev->layer != XST_LAYER_LEGACY)
		return 0;
	switch (ev->type) {
	case XST_EVENT_RECORD_BEGIN:
		return unfold_record_begin(u, ev, ret_action, reterr);
	case XST_EVENT_RECORD_END:
		return unfold_record_end(u, ret_action, reterr);
	case XST_EVENT_ITEMS:
		return u->dropping && ev->kind == XST_KIND_PAGE_DATA ? note_entries(u, ev, reterr)
								     : 0;
	case XST_EVENT_PAYLOAD_BEGIN:
		if (u->dropping && ev->kind == XST_KIND_PAGE_DATA)
			*ret_action = UNFOLD_STORE;
		if (ev->kind == XST_KIND_COMPRESSED_DATA)
			*ret_action = UNFOLD_READ;
		return 0;
	case XST_EVENT_PAYLOAD:
		return ev->kind == XST_KIND_COMPRESSED_DATA ? differences(u, ev, reterr) : 0;
	default:
		return 0;
	}
}

/* --- batches of our own ---------------------------------------------------------------------- */

static struct xst_event *unfold_tell(struct unfold *u, enum xst_event_type type)
{
	u->event = (struct xst_event){ .type = type, .layer = XST_LAYER_LEGACY,
				       .kind = XST_KIND_PAGE_DATA,
				       .offset = u->place.record_offset };
	return &u->event;
}

static void unfold_gather(struct unfold *u)
{
	uint64_t pfn;

	u->ntold = u->next_page = 0;
	u->page_left = XST_PAGE_SIZE;
	while (u->ntold < XST_BATCH && xst_pfnmap_next(&u->touched, u->next_pfn, &pfn)) {
		unsigned type = xst_pfnmap_get(&u->types, pfn) ^ NOT_SEEN;

		u->told[u->ntold++] = (uint64_t)type << 60 | pfn;
		u->next_pfn = pfn + 1;
	}
}

static uint64_t told_pages(const struct unfold *u)
{
	uint64_t n = 0;

	for (size_t i = 0; i < u->ntold; i++)
		n += XST_PAGE_HAS_DATA(XST_PAGE_TYPE(u->told[i]));
	return n;
}

static struct xst_event *tell_record(struct unfold *u, enum xst_event_type type)
{
	struct xst_event *ev = unfold_tell(u, type);

	ev->u.record.type = LEGACY_BATCH;
	ev->u.record.name = xst_wire_legacy_part(LEGACY_BATCH)->name;
	ev->u.record.index = u->place.record_index;
	return ev;
}

static struct xst_event *tell_batch(struct unfold *u)
{
	unfold_gather(u);
	if (u->ntold) {
		u->state = INJECT_ITEMS;
		return tell_record(u, XST_EVENT_RECORD_BEGIN);
	}
	xst_pfnmap_clear(&u->touched);
	return NULL;
}

static struct xst_event *unfold_tell_items(struct unfold *u)
{
	struct xst_event *ev = unfold_tell(u, XST_EVENT_ITEMS);

	ev->u.items.kind = XST_ITEMS_PAGES;
	ev->u.items.v = u->told;
	ev->u.items.n = u->ntold;
	ev->u.items.width = 1;
	u->state = told_pages(u) ? INJECT_PAGES : INJECT_END;
	return ev;
}

static struct xst_event *tell_pages(struct unfold *u)
{
	struct xst_event *ev = unfold_tell(u, XST_EVENT_PAYLOAD_BEGIN);

	ev->u.payload.length = told_pages(u) * XST_PAGE_SIZE;
	ev->u.payload.unit = XST_PAGE_SIZE;
	u->state = INJECT_END;
	return ev;
}

const struct xst_event *xst_job_unfold_inject(struct unfold *u)
{
	switch (u->state) {
	case INJECT_BATCH: return tell_batch(u);
	case INJECT_ITEMS: return unfold_tell_items(u);
	case INJECT_PAGES: return tell_pages(u);
	case INJECT_END:   break;
	}
	u->state = INJECT_BATCH;
	return tell_record(u, XST_EVENT_RECORD_END);
}

/* The size in bytes of the pages that are adjacent in the file, from the current one on. */
static uint64_t contiguous(struct unfold *u)
{
	uint64_t n = u->page_left, pfn;
	size_t i;

	while (!XST_PAGE_HAS_DATA(XST_PAGE_TYPE(u->told[u->next_page]))) {
		u->next_page++;
		n = u->page_left = XST_PAGE_SIZE;
	}
	pfn = XST_PAGE_PFN(u->told[u->next_page]);
	for (i = u->next_page + 1; i < u->ntold && XST_PAGE_PFN(u->told[i]) == ++pfn &&
				   XST_PAGE_HAS_DATA(XST_PAGE_TYPE(u->told[i]));
	     i++)
		n += XST_PAGE_SIZE;
	return n;
}

static void unfold_advance(struct unfold *u, uint64_t n)
{
	while (n) {
		uint64_t k = n < u->page_left ? n : u->page_left;

		n -= k;
		u->page_left -= k;
		if (!u->page_left) {
			u->next_page++;
			u->page_left = XST_PAGE_SIZE;
		}
	}
}

int xst_job_unfold_move(struct unfold *u, struct xst_output *o, uint64_t n,
			struct xst_finding *reterr)
{
	bool last = u->body == u->plan.take;
	int r = 0;

	while (n && r == 0) {
		uint64_t k = contiguous(u), place = XST_PAGE_PFN(u->told[u->next_page]);

		k = k < n ? k : n;
		r = xst_job_pagefile_give(u->pages, o, (place + 1) * XST_PAGE_SIZE - u->page_left,
					  k, last, reterr);
		unfold_advance(u, k);
		n -= k;
	}
	return r;
}
