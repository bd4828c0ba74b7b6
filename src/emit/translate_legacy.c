/* SPDX-License-Identifier: MIT */
/* Legacy parts as libxl and libxc records.
 *
 * The order is that of Xen's own converter, whose output this equals byte for byte wherever that
 * one is right: PV_INFO, STATIC_DATA_END, P2M_FRAMES; pages and TSC_INFO as they come; HVM
 * parameters at the end of the body; the tail; after the image the xenstore keys and the device
 * model's state. */
#include "emit/converter.h"

#include <stdio.h>
#include <string.h>

#include "wire/wire.h"

#define CONVERTER_VERSION 1 /* Xen's minor version in the domain header of a converted image */

static int unsupported(struct xst_converter *c, const char *what)
{
	return xst_converter_fail(c, XST_E_UNSUPPORTED, RULE_CONVERT_UNSUPPORTED,
				  "%s has to be unfolded first", what);
}

/* --- head ----------------------------------------------------------------------------------- */

static int translate_legacy_stream_begin(struct xst_converter *c, const struct xst_event *ev)
{
	bool pv = ev->u.stream.guest == XST_GUEST_PV;
	struct xst_field_value domain[] = {
		{ XST_FIELD_GUEST_TYPE, pv ? LIBXC_GUEST_PV : LIBXC_GUEST_HVM },
		{ XST_FIELD_PAGE_SHIFT, LIBXC_PAGE_SHIFT },
		{ XST_FIELD_XEN_MAJOR, 0 },
		{ XST_FIELD_XEN_MINOR, CONVERTER_VERSION },
	};
	int r = xst_converter_start(c, domain, 4);

	c->legacy.width = ev->u.stream.width;
	return r || pv ? r : xst_converter_static_data_end(c);
}

static int pv_info(struct xst_converter *c)
{
	bool wide = c->record_length == LEGACY_VCPU64_SIZE;
	struct xst_field_value v[] = {
		{ XST_FIELD_GUEST_WIDTH, wide ? 8 : 4 },
		{ XST_FIELD_PT_LEVELS, wide ? 4 : 3 },
	};

	return xst_converter_record(c, xst_wire_modern(XST_KIND_PV_INFO), v, 2);
}

static int p2m_frames(struct xst_converter *c)
{
	int r = xst_converter_static_data_end(c);

	c->open = true;
	if (r)
		return r;
	return xst_converter_begin(c, XST_KIND_P2M_FRAMES, c->record_length / c->legacy.width, 0);
}

/* --- pages ---------------------------------------------------------------------------------- */

/* Where the next record of the batch ends: in front of the first pfn that would stand in it
 * twice, which a libxc image must not have and a legacy receiver accepts. */
static size_t segment_end(const struct translation *t, uint64_t *ret_pages)
{
	uint64_t seen[4096] = { 0 }; /* pfn + 1, open addressing; a batch fills a quarter */
	size_t i;

	*ret_pages = 0;
	for (i = t->next_entry; i < t->nentries; i++) {
		uint64_t key = XST_PAGE_PFN(t->entries[i]) + 1;
		size_t slot = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 40) & 4095;

		while (seen[slot] && seen[slot] != key)
			slot = (slot + 1) & 4095;
		if (seen[slot])
			break;
		seen[slot] = key;
		*ret_pages += XST_PAGE_HAS_DATA(XST_PAGE_TYPE(t->entries[i]));
	}
	return i;
}

static int page_data(struct xst_converter *c, const uint64_t *entries, size_t n, uint64_t pages)
{
	struct xst_field_value count = { XST_FIELD_COUNT, n };
	uint64_t size = pages * XST_PAGE_SIZE;
	int r = xst_converter_begin(c, XST_KIND_PAGE_DATA, n, size);

	if (r == 0)
		r = xst_emit_fields(c->out, &count, 1);
	if (r == 0)
		r = xst_emit_items(c->out, entries, n);
	if (r == 0)
		r = xst_emit_payload(c->out, size);
	return r ? r : xst_emit_end(c->out);
}

int xst_emit_translate_segment(struct xst_converter *c)
{
	struct translation *t = &c->legacy;
	uint64_t pages = 0;
	int r = 0;

	while (r == 0 && !pages && t->next_entry < t->nentries) {
		size_t end = segment_end(t, &pages);

		r = page_data(c, t->entries + t->next_entry, end - t->next_entry, pages);
		t->next_entry = end;
	}
	c->payload = pages * XST_PAGE_SIZE;
	return r;
}

/* Remembers which pfns have memory.  Only the tail of a PV guest takes some of them back. */
static int note_pages(struct xst_converter *c, const uint64_t *v, size_t n)
{
	int r = 0;

	if (c->guest != XST_GUEST_PV)
		return 0;
	for (size_t i = 0; i < n && r == 0; i++)
		if (v[i] != LEGACY_XTAB_ENTRY)
			r = pfnmap_set(&c->legacy.populated, XST_PAGE_PFN(v[i]),
				       XST_PAGE_TYPE(v[i]) != XST_PAGE_XTAB, NULL);
	return r;
}

/* Savers mark every pfn that they can't map as XTAB without saying which: left out. */
static int batch(struct xst_converter *c, const struct xst_event *ev)
{
	struct translation *t = &c->legacy;
	int r = note_pages(c, ev->u.items.v, ev->u.items.n);

	t->nentries = t->next_entry = 0;
	for (size_t i = 0; i < ev->u.items.n; i++)
		if (ev->u.items.v[i] != LEGACY_XTAB_ENTRY)
			t->entries[t->nentries++] = ev->u.items.v[i];
	return r ? r : xst_emit_translate_segment(c);
}

/* Pages that were sent and have been given back since: a libxc image marks them as XTAB. */
static int translate_legacy_unmapped(struct xst_converter *c, const struct xst_event *ev)
{
	uint64_t entries[XST_BATCH];
	size_t n = 0;

	for (size_t i = 0; i < ev->u.items.n; i++) {
		uint64_t pfn = ev->u.items.v[i];

		if (!xst_pfnmap_get(&c->legacy.populated, pfn))
			continue;
		(void)pfnmap_set(&c->legacy.populated, pfn, 0, NULL);
		entries[n++] = (uint64_t)XST_PAGE_XTAB << 60 | pfn;
	}
	return n ? page_data(c, entries, n, 0) : 0;
}

/* --- HVM parameters, toolstack record ------------------------------------------------------- */

static int params(struct xst_converter *c, const struct xst_event *ev)
{
	struct translation *t = &c->legacy;

	if (c->guest == XST_GUEST_PV)
		return 0;
	if (c->record_type == LEGACY_MAGIC_PFNS)
		return xst_converter_array(c, XST_KIND_HVM_PARAMS, ev->u.items.v, ev->u.items.n);
	if (t->nparams + ev->u.items.n > LIMIT_HVM_PARAMS)
		return xst_converter_fail(c, XST_E_LIMIT, RULE_LIMIT, "more than %d HVM parameters",
					  LIMIT_HVM_PARAMS);
	memcpy(t->params + 2 * t->nparams, ev->u.items.v, ev->u.items.n * 16);
	t->nparams += ev->u.items.n;
	return 0;
}

static int translate_legacy_end_of_body(struct xst_converter *c)
{
	struct translation *t = &c->legacy;
	size_t n = t->nparams;

	t->nparams = 0;
	return n ? xst_converter_array(c, XST_KIND_HVM_PARAMS, t->params, n) : 0;
}

static int add_pair(struct xst_converter *c, const struct xst_event *ev, const char *node,
		    const char *value, size_t len)
{
	char key[64];
	size_t n = (size_t)snprintf(key, sizeof(key), "physmap/%llx/%s",
				    (unsigned long long)ev->u.physmap.phys_offset, node) + 1;
	uint8_t *b = buffer_append(&c->legacy.pairs, n + len + 1);

	if (!b)
		return XST_E_NOMEM;
	memcpy(b, key, n);
	memcpy(b + n, value, len);
	return 0;
}

static int translate_legacy_add_number(struct xst_converter *c, const struct xst_event *ev,
				       const char *node, uint64_t value)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%llx", (unsigned long long)value);

	return add_pair(c, ev, node, text, (size_t)n);
}

/* An entry without a name has no "name" node. */
static int translate_legacy_physmap(struct xst_converter *c, const struct xst_event *ev)
{
	int r = translate_legacy_add_number(c, ev, "start_addr", ev->u.physmap.start_addr);

	c->legacy.physmaps++;
	if (r == 0)
		r = translate_legacy_add_number(c, ev, "size", ev->u.physmap.size);
	if (r == 0 && ev->u.physmap.name_len)
		r = add_pair(c, ev, "name", ev->u.physmap.name, ev->u.physmap.name_len);
	return r;
}

static int xenstore_data(struct xst_converter *c)
{
	struct buffer *b = &c->legacy.pairs;
	int r;

	if (!b->size || !xst_emit_to_libxl(c) || c->guest == XST_GUEST_PV)
		return 0;
	r = xst_converter_begin(c, XST_KIND_EMULATOR_XENSTORE_DATA, 0, b->size);
	if (r == 0)
		r = xst_emit_fields(c->out, NULL, 0);
	if (r == 0)
		r = xst_emit_bytes(c->out, b->data, b->size);
	return r ? r : xst_emit_end(c->out);
}

void xst_converter_drop_body(struct xst_converter *c)
{
	c->legacy.nparams = 0;
	c->legacy.pairs.size = 0;
	c->legacy.physmaps = 0;
}

/* --- records -------------------------------------------------------------------------------- */

static int translate_legacy_record_begin(struct xst_converter *c)
{
	if (c->legacy.after_checkpoint && !c->legacy.keep_checkpoints)
		return unsupported(c, "a checkpointed (Remus) stream");
	switch (c->kind) {
	case XST_KIND_EXT_VCPU:
		return pv_info(c);
	case XST_KIND_P2M_FRAMES:
		return p2m_frames(c);
	case XST_KIND_TOOLSTACK: /* the last one counts */
		c->legacy.pairs.size = 0;
		c->legacy.physmaps = 0;
		return 0;
	case XST_KIND_END_OF_BODY:
		return translate_legacy_end_of_body(c);
	case XST_KIND_COMPRESSED_DATA: /* what ENABLE_COMPRESSION announces begins after a checkpoint */
		return xst_converter_fail(c, XST_E_MALFORMED, RULE_LEGACY_COMPRESSED,
					  "compressed pages in a state whose pages stand in its batches");
	case XST_KIND_CHECKPOINT:
		c->legacy.after_checkpoint = true;
		return 0;
	case XST_KIND_TMEM:
		return xst_converter_lose_part(c, WIRE_PART_TMEM, NULL);
	case XST_KIND_TMEM_EXTRA:
		return xst_converter_lose_part(c, WIRE_PART_TMEM_EXTRA, NULL);
	case XST_KIND_EXT_BLOCK:
		return xst_converter_lose_part(c, WIRE_PART_EXT_BLOCK, NULL);
	default:
		return 0;
	}
}

static int translate_legacy_fields(struct xst_converter *c)
{
	c->legacy.vcpu = xst_converter_field(c, XST_FIELD_VCPU_ID);
	if (c->kind == XST_KIND_TSC_INFO)
		return xst_converter_record(c, xst_wire_modern(c->kind), c->fields, c->nfields);
	if (c->kind == XST_KIND_P2M_FRAMES)
		return xst_emit_fields(c->out, c->fields, c->nfields);
	return 0;
}

static int translate_legacy_items(struct xst_converter *c, const struct xst_event *ev)
{
	switch (ev->u.items.kind) {
	case XST_ITEMS_PAGES:         return batch(c, ev);
	case XST_ITEMS_P2M_FRAMES:    return xst_emit_items(c->out, ev->u.items.v, ev->u.items.n);
	case XST_ITEMS_UNMAPPED_PFNS: return translate_legacy_unmapped(c, ev);
	case XST_ITEMS_HVM_PARAMS:    return params(c, ev);
	default:                      return 0;
	}
}

/* A run that becomes a record of its own, with the vCPU's number in front where there is one. */
static int run_record(struct xst_converter *c, uint64_t length, bool vcpu)
{
	struct xst_field_value v = { XST_FIELD_VCPU_ID, c->legacy.vcpu };
	int r = xst_converter_begin(c, c->kind, 0, length);

	c->open = true;
	if (r == 0 && vcpu)
		r = xst_emit_fields(c->out, &v, 1);
	c->payload = length;
	return r ? r : xst_emit_payload(c->out, length);
}

static int translate_legacy_run(struct xst_converter *c, const struct xst_event *ev)
{
	switch (c->kind) {
	case XST_KIND_VCPU_BASIC:
	case XST_KIND_VCPU_EXTENDED:
	case XST_KIND_VCPU_XSAVE:
		return run_record(c, ev->u.payload.length, true);
	case XST_KIND_SHARED_INFO:
	case XST_KIND_HVM_CONTEXT:
		return run_record(c, ev->u.payload.length, false);
	case XST_KIND_EMULATOR_CONTEXT:
		return xst_converter_emulator(c, ev->u.payload.length);
	default: /* PAGE_DATA is on its way already; the rest has no place in the output */
		return 0;
	}
}

static int end_open(struct xst_converter *c)
{
	int r = c->open ? xst_emit_end(c->out) : 0;

	c->open = false;
	return r;
}

/* When checkpoints are kept, the image goes on after the libxl part of this one. */
static int image_end(struct xst_converter *c)
{
	int r = xst_emit_empty(c->out, c->legacy.keep_checkpoints ? XST_KIND_CHECKPOINT
								  : XST_KIND_END);

	return r ? r : xenstore_data(c);
}

static int translate_legacy_end_of_toolstack(struct xst_converter *c)
{
	unsigned long long entries = c->legacy.physmaps;
	char what[80];

	if (!entries)
		return 0;
	(void)snprintf(what, sizeof(what), "the device model's physmap (entries: %llu)", entries);
	if (!xst_emit_holds(c, WIRE_PART_PHYSMAP))
		return xst_converter_lose_part(c, WIRE_PART_PHYSMAP, what);
	if (c->guest == XST_GUEST_PV)
		xst_converter_remark(c, RULE_CONVERT_DROPPED,
				     "%s left out: a PV guest has no device model", what);
	return 0;
}

static int translate_legacy_record_end(struct xst_converter *c)
{
	int r = 0;

	if (c->kind == XST_KIND_EMULATOR_CONTEXT && !c->open) /* of no bytes */
		r = xst_converter_emulator(c, 0);
	if (r == 0)
		r = end_open(c);
	if (r)
		return r;
	switch (c->kind) {
	case XST_KIND_SHARED_INFO:
	case XST_KIND_HVM_CONTEXT:
		return image_end(c);
	case XST_KIND_CHECKPOINT:
		return c->legacy.keep_checkpoints ? xst_emit_empty(c->out, XST_KIND_CHECKPOINT_END)
						  : 0;
	case XST_KIND_TOOLSTACK:
		return translate_legacy_end_of_toolstack(c);
	default:
		return 0;
	}
}

/* After the last of kept checkpoints the image is at its end, too. */
static int translate_legacy_stream_end(struct xst_converter *c)
{
	int r = c->legacy.keep_checkpoints ? xst_emit_empty(c->out, XST_KIND_END) : 0;

	return r ? r : xst_converter_end(c);
}

int xst_emit_translate_event(struct xst_converter *c, const struct xst_event *ev)
{
	switch (ev->type) {
	case XST_EVENT_STREAM_BEGIN:  return translate_legacy_stream_begin(c, ev);
	case XST_EVENT_RECORD_BEGIN:  return translate_legacy_record_begin(c);
	case XST_EVENT_FIELDS:        return translate_legacy_fields(c);
	case XST_EVENT_ITEMS:         return translate_legacy_items(c, ev);
	case XST_EVENT_PHYSMAP:       return translate_legacy_physmap(c, ev);
	case XST_EVENT_PAYLOAD_BEGIN: return translate_legacy_run(c, ev);
	case XST_EVENT_RECORD_END:    return translate_legacy_record_end(c);
	case XST_EVENT_STREAM_END:    return translate_legacy_stream_end(c);
	default:                      return 0;
	}
}
