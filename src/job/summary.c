/* SPDX-License-Identifier: MIT */
/* A description of a stream, collected from its events. */
#include "job/job.h"

#include <stdlib.h>
#include <string.h>

#include "image/pfnmap.h"
#include "limits/limits.h"
#include "track/track.h"
#include "wire/bytes.h"
#include "wire/wire.h"

#define NOT_SEEN 5u           /* a page type that does not exist */
#define HVM_ENTRY_HEADER 8
#define HVM_ENTRY_CPU 2

struct summary {
	struct xst_info *info;
	const struct track *track;
	struct pfnmap types;   /* type ^ NOT_SEEN, so that a fresh chunk means "not seen" */
	enum xst_kind kind;
	enum xst_layer layer;
	uint64_t record_offset;
	uint64_t run;          /* bytes of runs in the current record */
	uint64_t run_offset;   /* of one whose length is known only at its end */
	/* walking through an HVM context: entries of {u16 type, u16 instance, u32 length} */
	uint8_t entry[HVM_ENTRY_HEADER];
	size_t entry_n;
	uint64_t entry_left, cpus;
	uint64_t vcpus;        /* seen since the last checkpoint */
};

int xst_job_summary_new(struct xst_info *info, const struct track *track, struct summary **ret)
{
	struct summary *s = calloc(1, sizeof(*s));

	if (!s)
		return XST_E_NOMEM;
	s->info = info;
	s->track = track;
	info->types_exact = true;
	xst_pfnmap_init(&s->types, 4, LIMIT_TYPES_MAP);
	*ret = s;
	return 0;
}

struct summary *xst_job_summary_free(struct summary *s)
{
	if (s)
		xst_pfnmap_free(&s->types);
	free(s);
	return NULL;
}

static void summary_guest_width(struct xst_info *i, unsigned width)
{
	i->guest_width = width;
	i->pt_levels = width == 8 ? 4 : 3;
}

/* Every checkpoint repeats them: the largest number counts. */
static void note_vcpus(struct summary *s, uint64_t more)
{
	s->vcpus += more;
	if (s->vcpus > s->info->vcpus)
		s->info->vcpus = s->vcpus;
}

static void summary_record_begin(struct summary *s, const struct xst_event *ev)
{
	struct xst_info *i = s->info;

	s->kind = ev->kind;
	s->layer = ev->layer;
	s->record_offset = ev->offset;
	s->run = 0;
	s->entry_n = 0;
	s->entry_left = s->cpus = 0;
	switch (ev->kind) {
	case XST_KIND_CHECKPOINT:
		s->vcpus = 0;
		break;
	case XST_KIND_EMULATOR_CONTEXT:
		if (ev->layer != XST_LAYER_LIBXL)
			i->emulator_signature = ev->u.record.name;
		break;
	case XST_KIND_EXT_VCPU:
		summary_guest_width(i, ev->u.record.length == LEGACY_VCPU64_SIZE ? 8 : 4);
		break;
	case XST_KIND_VCPU_BASIC:
		note_vcpus(s, 1);
		break;
	default:
		break;
	}
}

static void summary_fields(struct xst_info *i, const struct xst_event *ev)
{
	i->big_endian |= ev->big_endian && ev->kind == XST_KIND_DOMAIN_HEADER;
	switch (ev->kind) {
	case XST_KIND_XL_HEADER:
		i->xl_flags = (uint32_t)xst_event_field(ev, XST_FIELD_MANDATORY_FLAGS, 0);
		break;
	case XST_KIND_LIBXL_HEADER:
		i->libxl_options = (uint32_t)xst_event_field(ev, XST_FIELD_OPTIONS, 0);
		i->converted |= (i->libxl_options & LIBXL_OPTION_LEGACY) != 0;
		break;
	case XST_KIND_IMAGE_HEADER:
		i->image_version = (uint32_t)xst_event_field(ev, XST_FIELD_VERSION, 0);
		break;
	case XST_KIND_DOMAIN_HEADER:
		i->xen_major = (uint32_t)xst_event_field(ev, XST_FIELD_XEN_MAJOR, 0);
		i->xen_minor = (uint32_t)xst_event_field(ev, XST_FIELD_XEN_MINOR, 0);
		i->converted |= i->xen_major == 0;
		break;
	case XST_KIND_PV_INFO:
		i->guest_width = (unsigned)xst_event_field(ev, XST_FIELD_GUEST_WIDTH, 0);
		i->pt_levels = (unsigned)xst_event_field(ev, XST_FIELD_PT_LEVELS, 0);
		break;
	case XST_KIND_P2M_FRAMES:
		i->p2m_size = xst_event_field(ev, XST_FIELD_LAST_PFN, 0) + 1;
		break;
	case XST_KIND_P2M_SIZE:
		i->p2m_size = xst_event_field(ev, XST_FIELD_P2M_SIZE, 0);
		break;
	case XST_KIND_TSC_INFO:
		i->tsc = true;
		i->tsc_mode = xst_event_field(ev, XST_FIELD_TSC_MODE, 0);
		i->tsc_khz = xst_event_field(ev, XST_FIELD_TSC_KHZ, 0);
		break;
	case XST_KIND_EMULATOR_CONTEXT:
		i->emulator_id = (uint32_t)xst_event_field(ev, XST_FIELD_EMULATOR_ID, 0);
		break;
	default:
		break;
	}
}

/* A legacy saver's entry for a pfn that it could not map does not name the pfn. */
static bool nameless(const struct summary *s, uint64_t entry)
{
	return s->layer == XST_LAYER_LEGACY && entry == LEGACY_XTAB_ENTRY;
}

static int summary_page(struct summary *s, uint64_t entry)
{
	struct xst_info *i = s->info;
	unsigned type = XST_PAGE_TYPE(entry), old = 0;
	int r;

	if (nameless(s, entry))
		return 0;
	r = pfnmap_set(&s->types, XST_PAGE_PFN(entry), type ^ NOT_SEEN, &old);
	if (r == XST_E_NOMEM)
		return r;
	if (r == XST_E_LIMIT) {
		i->types_exact = false;
		i->pages_by_type[type]++;
		return 0;
	}
	old ^= NOT_SEEN;
	if (old != NOT_SEEN)
		i->pages_by_type[old]--;
	if (old != NOT_SEEN && XST_PAGE_HAS_DATA(type) && XST_PAGE_HAS_DATA(old))
		i->sent_twice++;
	i->pages_by_type[type]++;
	return 0;
}

static int summary_pages(struct summary *s, const struct xst_event *ev)
{
	int r = 0;

	s->info->page_frames += ev->u.items.n;
	for (size_t k = 0; k < ev->u.items.n && r == 0; k++)
		r = summary_page(s, ev->u.items.v[k]);
	return r;
}

/* Pfns that the guest gave up after they were sent. */
static int summary_unmapped(struct summary *s, const struct xst_event *ev)
{
	int r = 0;

	for (size_t k = 0; k < ev->u.items.n && r == 0; k++)
		if (xst_pfnmap_get(&s->types, ev->u.items.v[k]))
			r = summary_page(s, (uint64_t)XST_PAGE_XTAB << 60 | ev->u.items.v[k]);
	return r;
}

static int summary_items(struct summary *s, const struct xst_event *ev)
{
	switch (ev->u.items.kind) {
	case XST_ITEMS_PAGES:
		return summary_pages(s, ev);
	case XST_ITEMS_UNMAPPED_PFNS:
		return summary_unmapped(s, ev);
	case XST_ITEMS_VCPU_MAP: /* a PV guest's contexts are counted as they come */
		for (size_t k = 0; k < ev->u.items.n && s->track->guest == XST_GUEST_HVM; k++)
			note_vcpus(s, (uint64_t)__builtin_popcountll(ev->u.items.v[k]));
		return 0;
	default:
		return 0;
	}
}

bool xst_job_summary_wants(const struct summary *s)
{
	return s->kind == XST_KIND_CONFIG ||
	       (s->kind == XST_KIND_HVM_CONTEXT && s->layer == XST_LAYER_LIBXC);
}

static int summary_config(struct xst_info *i, const struct xst_event *ev)
{
	uint8_t *grown = realloc(i->config, (size_t)i->config_size + ev->u.payload.size + 1);

	if (!grown)
		return XST_E_NOMEM;
	i->config = grown;
	memcpy(i->config + i->config_size, ev->u.payload.data, ev->u.payload.size);
	i->config_size += ev->u.payload.size;
	i->config[i->config_size] = '\0';
	return 0;
}

static void hvm_context(struct summary *s, const uint8_t *p, size_t n)
{
	while (n) {
		size_t k = HVM_ENTRY_HEADER - s->entry_n;

		if (s->entry_left) {
			k = n < s->entry_left ? n : (size_t)s->entry_left;
			s->entry_left -= k;
		} else {
			k = n < k ? n : k;
			memcpy(s->entry + s->entry_n, p, k);
			s->entry_n += k;
		}
		p += k;
		n -= k;
		if (s->entry_n < HVM_ENTRY_HEADER)
			continue;
		s->entry_n = 0;
		s->entry_left = le32(s->entry + 4);
		s->cpus += get_number(s->entry, 2, false) == HVM_ENTRY_CPU;
	}
	s->info->vcpus = s->cpus;
}

static int summary_payload(struct summary *s, const struct xst_event *ev)
{
	if (s->kind == XST_KIND_CONFIG)
		return summary_config(s->info, ev);
	if (s->kind == XST_KIND_HVM_CONTEXT && s->layer == XST_LAYER_LIBXC)
		hvm_context(s, ev->u.payload.data, ev->u.payload.size);
	return 0;
}

/* The counter for the bytes of a record's run. */
static uint64_t *summary_size_of(struct xst_sizes *z, enum xst_kind kind)
{
	switch (kind) {
	case XST_KIND_PAGE_DATA:
	case XST_KIND_COMPRESSED_DATA:
		return &z->pages;
	case XST_KIND_VCPU_BASIC:
	case XST_KIND_VCPU_EXTENDED:
	case XST_KIND_VCPU_XSAVE:
	case XST_KIND_VCPU_MSRS:
	case XST_KIND_SHARED_INFO:
	case XST_KIND_HVM_CONTEXT:
		return &z->vcpus;
	case XST_KIND_EMULATOR_CONTEXT:
	case XST_KIND_DEMU:
	case XST_KIND_VARSTORED:
	case XST_KIND_SWTPM0:
	case XST_KIND_SWTPM:
		return &z->emulator;
	case XST_KIND_CONFIG:
		return &z->config;
	default:
		return NULL;
	}
}

static void summary_record_end(struct summary *s, const struct xst_event *ev)
{
	uint64_t total = ev->offset - s->record_offset;
	uint64_t *size = summary_size_of(&s->info->sizes, s->kind);

	if (s->run == XST_LENGTH_UNKNOWN)
		s->run = ev->offset - s->run_offset;
	if (s->kind == XST_KIND_EMULATOR_CONTEXT)
		s->info->emulator_size = s->run;
	if (s->kind == XST_KIND_EMULATOR_XENSTORE_DATA)
		s->info->sizes.emulator += total;
	else if (size)
		*size += s->run;
	if (s->kind != XST_KIND_EMULATOR_XENSTORE_DATA)
		s->info->sizes.framing += total - (size ? s->run : 0);
}

int xst_job_summary_event(struct summary *s, const struct xst_event *ev)
{
	switch (ev->type) {
	case XST_EVENT_RECORD_BEGIN:
		summary_record_begin(s, ev);
		return 0;
	case XST_EVENT_FIELDS:
		summary_fields(s->info, ev);
		return 0;
	case XST_EVENT_ITEMS:
		return summary_items(s, ev);
	case XST_EVENT_PAIR:
	case XST_EVENT_PHYSMAP:
		s->info->xenstore_keys++;
		return 0;
	case XST_EVENT_PAYLOAD_BEGIN:
		s->run_offset = ev->offset;
		if (ev->u.payload.length == XST_LENGTH_UNKNOWN)
			s->run = XST_LENGTH_UNKNOWN;
		else
			s->run += ev->u.payload.length;
		return 0;
	case XST_EVENT_PAYLOAD:
		return summary_payload(s, ev);
	case XST_EVENT_RECORD_END:
		summary_record_end(s, ev);
		return 0;
	default:
		return 0;
	}
}

void xst_job_summary_end(struct summary *s)
{
	const struct track *t = s->track;
	struct xst_info *i = s->info;

	i->xl = track_has(t, XST_LAYER_XL);
	i->libxl = track_has(t, XST_LAYER_LIBXL);
	i->libxc = track_has(t, XST_LAYER_LIBXC);
	i->legacy = track_has(t, XST_LAYER_LEGACY);
	i->container = t->container;
	i->toolstack_width = t->toolstack_width;
	i->guest = t->guest;
	i->batches = t->started[XST_KIND_PAGE_DATA];
	i->checkpoints = t->started[XST_KIND_CHECKPOINT];
	i->emulators = t->started[XST_KIND_EMULATOR_CONTEXT];
	i->cpuid_policy = t->started[XST_KIND_CPUID_POLICY];
	i->msr_policy = t->started[XST_KIND_MSR_POLICY];
	i->compressed = t->started[XST_KIND_ENABLE_COMPRESSION] ||
			t->started[XST_KIND_COMPRESSED_DATA];
}
