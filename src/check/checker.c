/* SPDX-License-Identifier: MIT */
/* Order, presence and agreement of records, rule by rule. */
#include <xenstream/check.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "check/finding.h"
#include "image/pfnmap.h"
#include "wire/wire.h"

#define MAX_FINDINGS 16
#define MAX_VCPUS (LEGACY_MAX_VCPU_ID + 1)
#define QEMU_MAGIC "QEVM"

struct xst_checker {
	struct xst_finding findings[MAX_FINDINGS];
	unsigned first, n;

	/* the record in hand */
	enum xst_layer layer;
	enum xst_kind kind;
	const char *name;
	uint64_t offset, index, length;
	uint32_t type;
	bool told[RULE_MAX]; /* once a record */
	uint64_t vcpu;
	size_t wants, nmagic;
	char magic[4];       /* of the device model's state */

	/* the stream */
	enum xst_guest guest;
	uint32_t version;
	unsigned guest_width;
	bool static_data_over;
	uint64_t seen[XST_KIND_MAX]; /* in this image, or since its last checkpoint */
	uint64_t contexts;           /* LIBXC_CONTEXT records */
	uint8_t basic[MAX_VCPUS / 8];
	uint64_t last_pfn;           /* PV: as the p2m says */
	struct pfnmap record_pfns;
};

int xst_checker_new(struct xst_checker **ret)
{
	struct xst_checker *c;

	if (!ret)
		return XST_E_ARG;
	c = calloc(1, sizeof(*c));
	if (!c)
		return XST_E_NOMEM;
	pfnmap_init(&c->record_pfns, 1, 4 << 20);
	*ret = c;
	return 0;
}

struct xst_checker *xst_checker_free(struct xst_checker *c)
{
	if (c)
		pfnmap_free(&c->record_pfns);
	free(c);
	return NULL;
}

static void find(struct xst_checker *c, enum xst_rule rule, const char *field, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));

static void find(struct xst_checker *c, enum xst_rule rule, const char *field, const char *format,
		 ...)
{
	struct xst_finding where = { .layer = c->layer,
				     .offset = c->offset,
				     .record_offset = c->offset,
				     .record_index = c->index,
				     .record_name = c->name,
				     .record_type = c->type };
	va_list ap;

	if (c->told[rule] || c->n == MAX_FINDINGS)
		return;
	c->told[rule] = true;
	va_start(ap, format);
	finding_fill(&c->findings[c->n++], &where, 0, rule, field, format, ap);
	va_end(ap);
}

/* --- the image ------------------------------------------------------------------------------ */

static const struct wire_record *row_of(const struct xst_checker *c)
{
	if (c->layer == XST_LAYER_LIBXL)
		return wire_find(wire_libxl_records, wire_libxl_count, c->type);
	return wire_find(wire_libxc_records, wire_libxc_count, c->type);
}

static bool is_vcpu(enum xst_kind kind)
{
	return kind == XST_KIND_VCPU_BASIC || kind == XST_KIND_VCPU_EXTENDED ||
	       kind == XST_KIND_VCPU_XSAVE || kind == XST_KIND_VCPU_MSRS;
}

static void needs(struct xst_checker *c, enum xst_kind before)
{
	const struct wire_record *row = wire_modern(before);

	if (!c->seen[before])
		find(c, RULE_ORDER, NULL, "%s needs %s before it", c->name, row->name);
}

static void check_guest(struct xst_checker *c)
{
	const struct wire_record *row = row_of(c);

	if (row && (row->flags & WIRE_PV_ONLY) && c->guest == XST_GUEST_HVM)
		find(c, RULE_WRONG_GUEST, NULL, "%s in an HVM guest's image", c->name);
	if (row && (row->flags & WIRE_HVM_ONLY) && c->guest == XST_GUEST_PV)
		find(c, c->layer == XST_LAYER_LIBXL ? RULE_EMULATOR_GUEST : RULE_WRONG_GUEST, NULL,
		     "%s in a PV guest's image", c->name);
}

static unsigned flags_of(const struct xst_checker *c)
{
	const struct wire_record *row = row_of(c);

	return row ? row->flags : 0;
}

static void check_static_data(struct xst_checker *c)
{
	bool is_static = flags_of(c) & WIRE_STATIC;

	if (c->kind == XST_KIND_UNKNOWN)
		return;
	if (c->guest == XST_GUEST_PV && !is_static && !c->seen[XST_KIND_PV_INFO])
		find(c, RULE_ORDER, NULL, "%s stands before X86_PV_INFO", c->name);
	if (c->version < 3)
		return;
	if (c->kind == XST_KIND_STATIC_DATA_END)
		c->static_data_over = true;
	else if (is_static && c->static_data_over)
		find(c, RULE_STATIC_DATA, NULL, "%s stands behind STATIC_DATA_END", c->name);
	else if (!is_static && !c->static_data_over)
		find(c, RULE_STATIC_DATA, NULL, "%s stands before STATIC_DATA_END", c->name);
}

static void check_order(struct xst_checker *c)
{
	if (c->kind == XST_KIND_P2M_FRAMES)
		needs(c, XST_KIND_PV_INFO);
	if (c->kind == XST_KIND_PAGE_DATA && c->guest == XST_GUEST_PV)
		needs(c, XST_KIND_P2M_FRAMES);
	if (is_vcpu(c->kind))
		needs(c, XST_KIND_PAGE_DATA);
	if (c->kind == XST_KIND_HVM_CONTEXT && !c->seen[XST_KIND_HVM_PARAMS])
		find(c, RULE_HVM_ORDER, NULL, "HVM_CONTEXT stands before HVM_PARAMS, as Xen writes it");
}

static void check_twice(struct xst_checker *c)
{
	if (flags_of(c) & WIRE_ONCE && c->seen[c->kind])
		find(c, RULE_TWICE, NULL, "a second %s record", c->name);
}

/* Whether a record of this row belongs to every image of this guest and version. */
static bool is_needed(const struct xst_checker *c, const struct wire_record *row)
{
	if (!(row->flags & WIRE_NEEDED))
		return false;
	if ((row->flags & WIRE_PV_ONLY && c->guest != XST_GUEST_PV) ||
	    (row->flags & WIRE_HVM_ONLY && c->guest != XST_GUEST_HVM))
		return false;
	return !(row->flags & WIRE_SINCE_V3) || c->version >= 3;
}

static void check_complete(struct xst_checker *c)
{
	for (size_t i = 0; i < wire_libxc_count; i++) {
		const struct wire_record *row = &wire_libxc_records[i];

		if (!is_needed(c, row) || c->seen[row->kind])
			continue;
		find(c, RULE_MISSING, NULL, "no %s record in the image", row->name);
		c->told[RULE_MISSING] = false; /* each missing one is a finding of its own */
	}
}

/* What today's format needs, a legacy stream must have, too: else it can't be converted. */
static void check_legacy_complete(struct xst_checker *c)
{
	if (!c->seen[XST_KIND_PAGE_DATA])
		find(c, RULE_MISSING, NULL, "no page batch in the stream");
	c->told[RULE_MISSING] = false;
	if (c->guest == XST_GUEST_PV && !c->seen[XST_KIND_VCPU_BASIC])
		find(c, RULE_MISSING, NULL, "no vCPU is online");
}

/* Later checkpoints repeat what can change, and no more. */
static void checkpoint(struct xst_checker *c)
{
	check_complete(c);
	c->seen[XST_KIND_SHARED_INFO] = c->seen[XST_KIND_HVM_CONTEXT] = 0;
	c->seen[XST_KIND_HVM_PARAMS] = c->seen[XST_KIND_VCPU_BASIC] = 0;
	c->told[RULE_MISSING] = false;
	memset(c->basic, 0, sizeof(c->basic));
}

static void image_record(struct xst_checker *c)
{
	if (c->kind == XST_KIND_IMAGE_HEADER || c->kind == XST_KIND_DOMAIN_HEADER ||
	    c->kind == XST_KIND_EMULATOR_CONTEXT)
		return;
	check_guest(c);
	check_static_data(c);
	check_order(c);
	check_twice(c);
	if (c->kind == XST_KIND_PAGE_DATA)
		pfnmap_clear(&c->record_pfns);
	if (c->kind == XST_KIND_END && !c->seen[XST_KIND_CHECKPOINT])
		check_complete(c);
	if (c->kind == XST_KIND_CHECKPOINT)
		checkpoint(c);
}

static void libxl_record(struct xst_checker *c)
{
	if (c->kind == XST_KIND_LIBXC_CONTEXT && c->contexts++)
		find(c, RULE_LIBXL_CONTEXT, NULL, "a second libxc image");
	if (c->kind == XST_KIND_LIBXL_END && !c->contexts)
		find(c, RULE_LIBXL_CONTEXT, NULL, "the stream ends without a libxc image");
	check_guest(c);
}

static void xenserver_record(struct xst_checker *c)
{
	if (c->kind == XST_KIND_EMULATOR_CONTEXT && c->guest == XST_GUEST_PV)
		find(c, RULE_EMULATOR_GUEST, NULL, "%s in a PV guest's image", c->name);
}

static void legacy_checkpoint(struct xst_checker *c)
{
	check_legacy_complete(c);
	if (!c->seen[XST_KIND_CHECKPOINT])
		find(c, RULE_LEGACY_CHECKPOINTED, NULL,
		     "a checkpointed (Remus) stream: the first of its states ends here");
}

static void record_begin(struct xst_checker *c, const struct xst_event *ev)
{
	c->layer = ev->layer;
	c->kind = ev->kind;
	c->name = ev->u.record.name;
	c->offset = ev->offset;
	c->index = ev->u.record.index;
	c->length = ev->u.record.length;
	c->type = ev->u.record.type;
	memset(c->told, 0, sizeof(c->told));
	if (ev->layer == XST_LAYER_LIBXC)
		image_record(c);
	else if (ev->layer == XST_LAYER_LIBXL)
		libxl_record(c);
	else if (ev->layer == XST_LAYER_XENSERVER)
		xenserver_record(c);
	else if (ev->kind == XST_KIND_CHECKPOINT)
		legacy_checkpoint(c);
	c->seen[ev->kind]++;
}

/* --- contents ------------------------------------------------------------------------------- */

static void check_width(struct xst_checker *c, const struct xst_event *ev)
{
	uint64_t width = xst_event_field(ev, XST_FIELD_GUEST_WIDTH, 0);
	uint64_t levels = xst_event_field(ev, XST_FIELD_PT_LEVELS, 0);

	c->guest_width = (unsigned)width;
	if (!(width == 4 && levels == 3) && !(width == 8 && levels == 4))
		find(c, RULE_PV_WIDTH, "guest_width", "%llu octets with %llu levels of page tables",
		     (unsigned long long)width, (unsigned long long)levels);
}

static void check_vcpu(struct xst_checker *c)
{
	uint64_t size = c->length - 8, id = c->vcpu;
	uint64_t wanted = c->guest_width == 8 ? LEGACY_VCPU64_SIZE : LEGACY_VCPU32_SIZE;

	if (c->length < 8 || id >= MAX_VCPUS)
		return;
	if (c->kind == XST_KIND_VCPU_BASIC) {
		if (c->basic[id / 8] >> id % 8 & 1)
			find(c, RULE_TWICE, "vcpu", "a second %s of vCPU %llu", c->name,
			     (unsigned long long)id);
		c->basic[id / 8] |= (uint8_t)(1 << id % 8);
		if (size && c->guest_width && size != wanted)
			find(c, RULE_VCPU_SIZE, "length",
			     "%llu octets; a %u-bit guest's context has %llu",
			     (unsigned long long)size, c->guest_width * 8,
			     (unsigned long long)wanted);
	} else if (!(c->basic[id / 8] >> id % 8 & 1)) {
		find(c, RULE_ORDER, "vcpu", "%s of vCPU %llu without its X86_PV_VCPU_BASIC", c->name,
		     (unsigned long long)id);
	}
}

/* The frames must cover the range, 512 or 1024 entries in each. */
static void check_p2m(struct xst_checker *c, const struct xst_event *ev)
{
	uint64_t first = xst_event_field(ev, XST_FIELD_FIRST_PFN, 0);
	uint64_t last = xst_event_field(ev, XST_FIELD_LAST_PFN, 0);
	uint64_t frames = (c->length - 8) / 8, per_frame = XST_PAGE_SIZE / 8;

	if (ev->layer != XST_LAYER_LIBXC)
		return;
	c->last_pfn = last;
	if (c->guest_width == 4)
		per_frame *= 2;
	if (last < first)
		find(c, RULE_P2M_RANGE, "last_pfn", "%#llx is below the first, %#llx",
		     (unsigned long long)last, (unsigned long long)first);
	else if (c->guest_width && frames != last / per_frame - first / per_frame + 1)
		find(c, RULE_P2M_RANGE, "last_pfn", "%llu frames do not cover pfns %#llx to %#llx",
		     (unsigned long long)frames, (unsigned long long)first,
		     (unsigned long long)last);
}

static void emulator_fields(struct xst_checker *c, const struct xst_event *ev)
{
	uint64_t id = xst_event_field(ev, XST_FIELD_EMULATOR_ID, 0);

	if (id > 2)
		find(c, RULE_EMULATOR_ID, "emulator", "%llu: no such device model",
		     (unsigned long long)id);
}

static void fields(struct xst_checker *c, const struct xst_event *ev)
{
	switch (ev->kind) {
	case XST_KIND_IMAGE_HEADER:
		c->version = (uint32_t)xst_event_field(ev, XST_FIELD_VERSION, 0);
		break;
	case XST_KIND_DOMAIN_HEADER:
		c->guest = xst_event_field(ev, XST_FIELD_GUEST_TYPE, 0) == LIBXC_GUEST_PV
				   ? XST_GUEST_PV
				   : XST_GUEST_HVM;
		break;
	case XST_KIND_PV_INFO:
		check_width(c, ev);
		break;
	case XST_KIND_P2M_FRAMES:
		check_p2m(c, ev);
		break;
	case XST_KIND_EMULATOR_CONTEXT:
	case XST_KIND_EMULATOR_XENSTORE_DATA:
		emulator_fields(c, ev);
		break;
	default:
		c->vcpu = xst_event_field(ev, XST_FIELD_VCPU_ID, 0);
		if (ev->layer == XST_LAYER_LIBXC && is_vcpu(ev->kind))
			check_vcpu(c);
	}
}

static int check_pages(struct xst_checker *c, const struct xst_event *ev)
{
	if (ev->layer != XST_LAYER_LIBXC)
		return 0; /* a legacy receiver takes doubles */
	for (size_t i = 0; i < ev->u.items.n; i++) {
		uint64_t pfn = XST_PAGE_PFN(ev->u.items.v[i]);
		unsigned old = 0;
		int r = pfnmap_set(&c->record_pfns, pfn, 1, &old);

		if (r == XST_E_NOMEM)
			return r;
		if (r == 0 && old)
			find(c, RULE_PAGE_TWICE, "pfn", "%#llx stands twice in the record",
			     (unsigned long long)pfn);
	}
	return 0;
}

static void check_pair(struct xst_checker *c, const struct xst_event *ev)
{
	const char *key = ev->u.pair.key;
	size_t n = ev->u.pair.key_len;

	if (!wire_xenstore_key(key, n))
		find(c, RULE_XENSTORE_KEY, "key", "\"%.60s\" is no key that xenstored takes here",
		     key);
	else if (!wire_xenstore_physmap(key, n))
		find(c, RULE_XENSTORE_PATH, "key", "\"%.60s\" lies outside " XENSTORE_PHYSMAP,
		     key);
}

static void check_magic(struct xst_checker *c, const struct xst_event *ev)
{
	for (size_t i = 0; i < ev->u.payload.size && c->nmagic < sizeof(c->magic); i++)
		c->magic[c->nmagic++] = (char)ev->u.payload.data[i];
	c->wants = sizeof(c->magic) - c->nmagic;
	if (!c->wants && memcmp(c->magic, QEMU_MAGIC, sizeof(c->magic)) != 0)
		find(c, RULE_EMULATOR_MAGIC, NULL, "the device model's state does not begin with %s",
		     QEMU_MAGIC);
}

static void pass_on(struct xst_checker *c, const struct xst_finding *f)
{
	if (c->n < MAX_FINDINGS)
		c->findings[c->n++] = *f;
}

int xst_checker_event(struct xst_checker *c, const struct xst_event *ev)
{
	c->first = c->n = 0;
	c->wants = 0;
	switch (ev->type) {
	case XST_EVENT_STREAM_BEGIN:
		c->layer = ev->layer;
		c->name = NULL;
		if (ev->layer == XST_LAYER_LEGACY)
			c->guest = ev->u.stream.guest;
		break;
	case XST_EVENT_STREAM_END:
		if (ev->layer == XST_LAYER_LEGACY)
			check_legacy_complete(c);
		break;
	case XST_EVENT_RECORD_BEGIN:
		record_begin(c, ev);
		break;
	case XST_EVENT_FIELDS:
		fields(c, ev);
		break;
	case XST_EVENT_ITEMS:
		if (ev->u.items.kind == XST_ITEMS_PAGES)
			return check_pages(c, ev);
		break;
	case XST_EVENT_PAIR:
		check_pair(c, ev);
		break;
	case XST_EVENT_PAYLOAD_BEGIN:
		c->wants = ev->kind == XST_KIND_EMULATOR_CONTEXT ? sizeof(c->magic) : 0;
		c->nmagic = 0;
		break;
	case XST_EVENT_PAYLOAD:
		if (ev->kind == XST_KIND_EMULATOR_CONTEXT)
			check_magic(c, ev);
		break;
	case XST_EVENT_WARNING:
		pass_on(c, ev->u.finding);
		break;
	default:
		break;
	}
	return 0;
}

size_t xst_checker_wants(const struct xst_checker *c)
{
	return c->wants;
}

const struct xst_finding *xst_checker_finding(struct xst_checker *c)
{
	return c->first < c->n ? &c->findings[c->first++] : NULL;
}

int xst_rule(unsigned index, struct xst_rule_info *ret)
{
	const struct rule *r;

	if (index >= RULE_MAX || !ret)
		return XST_E_ARG;
	r = &rules[index];
	*ret = (struct xst_rule_info){ r->id, r->severity, r->like_xen, r->section, r->why };
	return 0;
}

int xst_rule_by_id(const char *id, struct xst_rule_info *ret)
{
	const struct rule *r = rule_by_id(id);

	return r ? xst_rule((unsigned)(r - rules), ret) : XST_E_ARG;
}
