/* SPDX-License-Identifier: MIT */
/* Guest memory: page frames and their types, the p2m, and (deep) what page tables point to. */
#include "check/checker.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "limits/limits.h"
#include "wire/bytes.h"

#define TABLE_BIT_PINNED 8u
#define TABLE_LEVEL(type) ((type) & 7u)
#define MAX_DATA_PAGES (LIMIT_RECORD / XST_PAGE_SIZE)
#define PFNS (UINT64_C(1) << 40) /* no x86 processor has longer physical addresses than 52 bits */
#define PAE_XEN_SLOT 0x1ac /* of the top L2 table of a 32-bit guest */

struct page_table {
	uint32_t index; /* among the pages of the record */
	unsigned level;
	uint64_t pfn;
};

void xst_check_pages_init(struct xst_checker *c)
{
	struct pages_state *s = &c->pages;

	xst_pfnmap_init(&s->in_record, 1, LIMIT_RECORD_MAP);
	xst_pfnmap_init(&s->present, 1, LIMIT_PRESENT_MAP);
	xst_pfnmap_init(&s->tables, 4, LIMIT_TABLES_MAP);
	xst_pfnmap_init(&s->frames, 1, LIMIT_PRESENT_MAP);
	xst_pfnmap_init(&s->referred, 1, LIMIT_PRESENT_MAP);
}

void xst_check_pages_free(struct xst_checker *c)
{
	struct pages_state *s = &c->pages;

	xst_pfnmap_free(&s->in_record);
	xst_pfnmap_free(&s->present);
	xst_pfnmap_free(&s->tables);
	xst_pfnmap_free(&s->frames);
	xst_pfnmap_free(&s->referred);
	free(s->list);
}

/* Sets a frame's number; what a map has no room for makes the rules that need it silent. */
static int pages_rule_set(struct pages_state *s, struct pfnmap *m, uint64_t pfn, unsigned value,
			  unsigned *old)
{
	unsigned was = value;
	int r = pfnmap_set(m, pfn, value, &was);

	if (was != value) {
		s->changed |= m != &s->frames;
		s->fine_below = pfn < s->fine_below ? pfn : s->fine_below;
	}
	if (old)
		*old = was;
	if (r == XST_E_LIMIT)
		s->inexact = true;
	return r == XST_E_NOMEM ? r : 0;
}

bool xst_check_page_present(struct xst_checker *c, uint64_t pfn)
{
	return c->pages.inexact || xst_pfnmap_get(&c->pages.present, pfn);
}

bool xst_check_page_is(struct xst_checker *c, uint64_t pfn, unsigned type)
{
	if (c->pages.inexact)
		return true;
	return xst_pfnmap_get(&c->pages.present, pfn) &&
	       TABLE_LEVEL(xst_pfnmap_get(&c->pages.tables, pfn)) == type;
}

/* --- entries of a batch --------------------------------------------------------------------- */

/* For the contents that follow: which of them are page tables. */
static int remember_table(struct pages_state *s, uint64_t pfn, unsigned level)
{
	struct page_table *list;

	if (s->data_pages >= MAX_DATA_PAGES) /* can't be all there */
		return 0;
	list = array_room(s->list, s->n + 1, &s->size, sizeof(*list));
	if (!list)
		return XST_E_NOMEM;
	s->list = list;
	s->list[s->n++] = (struct page_table){ (uint32_t)s->data_pages, level, pfn };
	return 0;
}

static int note_table(struct xst_checker *c, uint64_t pfn, unsigned type)
{
	struct pages_state *s = &c->pages;
	unsigned level = TABLE_LEVEL(type), old = xst_pfnmap_get(&s->tables, pfn);
	bool data = XST_PAGE_HAS_DATA(type);

	if (data && level == 4 && c->pt_levels == 3)
		xst_check_find(c, RULE_PAGE_LEVEL, 0, "pfn",
			       "%#llx is of type %s in a 32-bit guest", (unsigned long long)pfn,
			       xst_page_type_name(type));
	if (!data && old & TABLE_BIT_PINNED)
		xst_check_find(c, RULE_PAGE_PINNED, 0, "pfn",
			       "%#llx was a pinned page table and has no contents any more",
			       (unsigned long long)pfn);
	if (data && level && (c->flags & XST_CHECK_DEEP)) {
		int r = remember_table(s, pfn, level);

		if (r)
			return r;
	}
	type = data ? type : 0;
	return type == old ? 0 : pages_rule_set(s, &s->tables, pfn, type, NULL);
}

static int note_present(struct xst_checker *c, uint64_t pfn, bool data)
{
	struct pages_state *s = &c->pages;
	unsigned old = 0;
	int r;

	if (!data && !xst_pfnmap_get(&s->present, pfn))
		return 0;
	r = pages_rule_set(s, &s->present, pfn, data, &old);
	s->present_count += data && !old;
	s->present_count -= !data && old;
	return r;
}

static int pages_rule_entry(struct xst_checker *c, uint64_t item)
{
	struct pages_state *s = &c->pages;
	uint64_t pfn = XST_PAGE_PFN(item);
	unsigned type = XST_PAGE_TYPE(item), old = 0;
	int r;

	if (c->layer == XST_LAYER_LIBXC) { /* a legacy receiver takes doubles */
		r = s->single ? 0 : pfnmap_set(&s->in_record, pfn, 1, &old);
		if (r == XST_E_NOMEM)
			return r;
		s->doubles_unseen |= r == XST_E_LIMIT;
		if (r == 0 && old)
			xst_check_find(c, RULE_PAGE_TWICE, 0, "pfn",
				       "%#llx stands twice in the record", (unsigned long long)pfn);
	} else if (item == LEGACY_XTAB_ENTRY) {
		return 0; /* names no pfn */
	}
	s->any = true;
	if (s->has_p2m && pfn > s->last_pfn)
		xst_check_find(c, RULE_PFN_RANGE, 0, "pfn",
			       "%#llx is beyond the p2m, which ends at %#llx",
			       (unsigned long long)pfn, (unsigned long long)s->last_pfn);
	else if (pfn >= PFNS)
		xst_check_find(c, RULE_PFN_RANGE, 0, "pfn",
			       "%#llx is beyond what 52 bits of an address reach",
			       (unsigned long long)pfn);
	r = c->track.guest == XST_GUEST_PV ? note_table(c, pfn, type) : 0;
	s->data_pages += XST_PAGE_HAS_DATA(type);
	return r ? r : note_present(c, pfn, XST_PAGE_HAS_DATA(type));
}

static int page_fields(struct xst_checker *c, const struct xst_event *ev)
{
	struct pages_state *s = &c->pages;

	s->single = xst_event_field(ev, XST_FIELD_COUNT, 0) == 1;
	if (!s->single)
		xst_pfnmap_clear(&s->in_record);
	s->n = 0;
	s->data_pages = 0;
	return 0;
}

#define SIDE_BY_SIDE 64 /* enough for the compiler to compare several at a time */

/* Whether so many entries are `first` and those after it. */
static inline bool pages_rule_follow(const uint64_t *v, uint64_t first)
{
	uint64_t differ = 0;

	for (unsigned i = 0; i < SIDE_BY_SIDE; i++)
		differ |= v[i] ^ (first + i);
	return !differ;
}

/* How many of n entries are of one type and side by side. */
WIDE_LOOPS static unsigned side_by_side(const uint64_t *v, size_t n)
{
	unsigned k = 0;

	while (k + SIDE_BY_SIDE <= n && pages_rule_follow(v + k, v[0] + k))
		k += SIDE_BY_SIDE;
	while (k < n && v[k] == v[0] + k)
		k++;
	return k;
}

/* Whether n entries can be taken as one: none was met in this record before, none was a page table
 * once, and none that is said to be absent was there. */
static bool is_news(struct pages_state *s, uint64_t pfn, unsigned n, bool data)
{
	if (xst_pfnmap_any_run(&s->in_record, pfn, n))
		return false;
	if (!xst_pfnmap_any_run(&s->present, pfn, n)) /* so it was no page table either */
		return true;
	return data && !xst_pfnmap_any_run(&s->tables, pfn, n);
}

/* How many of n entries can be taken as one: ordinary pages, or frames without any, side by side. */
static unsigned run_of_entries(struct xst_checker *c, const uint64_t *v, size_t n)
{
	struct pages_state *s = &c->pages;
	uint64_t pfn = XST_PAGE_PFN(v[0]), room = PFNMAP_CHUNK - pfn % PFNMAP_CHUNK;
	unsigned type = XST_PAGE_TYPE(v[0]), k;
	bool data = XST_PAGE_HAS_DATA(type);

	if ((data && type != XST_PAGE_NOTAB) || c->layer != XST_LAYER_LIBXC ||
	    (s->has_p2m && pfn > s->last_pfn) || pfn >= PFNS)
		return 1;
	if (s->has_p2m && room > s->last_pfn - pfn)
		room = s->last_pfn - pfn + 1;
	k = side_by_side(v, n < room ? n : (size_t)room);
	return is_news(s, pfn, k, data) ? k : 1;
}

static int set_run(struct pages_state *s, struct pfnmap *m, uint64_t pfn, unsigned n)
{
	int r = xst_pfnmap_set_run(m, pfn, n);

	if (r == XST_E_LIMIT && m == &s->present)
		s->inexact = true;
	else if (r == XST_E_LIMIT)
		s->doubles_unseen = true;
	return r == XST_E_NOMEM ? r : 0;
}

static int entries(struct xst_checker *c, const uint64_t *v, unsigned n)
{
	struct pages_state *s = &c->pages;
	uint64_t pfn = XST_PAGE_PFN(v[0]);
	int r;

	if (n == 1)
		return pages_rule_entry(c, v[0]);
	r = set_run(s, &s->in_record, pfn, n);
	if (r || !XST_PAGE_HAS_DATA(XST_PAGE_TYPE(v[0])))
		return r;
	s->data_pages += n;
	s->present_count += n - xst_pfnmap_count_run(&s->present, pfn, n);
	s->changed = true;
	return set_run(s, &s->present, pfn, n);
}

static int page_items(struct xst_checker *c, const struct xst_event *ev)
{
	int r = 0;

	for (size_t i = 0; i < ev->u.items.n && r == 0;) {
		unsigned k = run_of_entries(c, ev->u.items.v + i, ev->u.items.n - i);

		r = entries(c, ev->u.items.v + i, k);
		i += k;
	}
	return r;
}

static int unmapped_items(struct xst_checker *c, const struct xst_event *ev)
{
	int r = 0;

	for (size_t i = 0; i < ev->u.items.n && r == 0; i++)
		r = note_present(c, ev->u.items.v[i], false);
	return r;
}

/* --- contents of page tables ---------------------------------------------------------------- */

/* Asks for the next page tables that lie side by side, `at` bytes into the run. */
static void want_tables(struct xst_checker *c, uint64_t at)
{
	struct pages_state *s = &c->pages;
	uint64_t first, end;
	size_t i = s->next;

	if (i >= s->n)
		return;
	first = (uint64_t)s->list[i].index * XST_PAGE_SIZE;
	while (i + 1 < s->n && s->list[i + 1].index == s->list[i].index + 1)
		i++;
	end = ((uint64_t)s->list[i].index + 1) * XST_PAGE_SIZE;
	c->skips = first > at ? first - at : 0;
	c->wants = (size_t)(end - (first > at ? first : at));
}

/* Slots that belong to Xen, in which it may leave flags. */
static bool is_xens(const struct xst_checker *c, const struct page_table *t, unsigned slot)
{
	return c->guest_width == 4 && t->level == 2 && slot >= PAE_XEN_SLOT;
}

static int table_entry(struct xst_checker *c, const struct page_table *t, unsigned slot, uint64_t e)
{
	struct pages_state *s = &c->pages;
	uint64_t pfn = WIRE_PTE_PFN(e);

	if (!(e & WIRE_PTE_PRESENT) || is_xens(c, t, slot))
		return 0;
	if (s->has_p2m && pfn > s->last_pfn) {
		xst_check_find(c, RULE_PAGE_TABLE_RANGE, 0, "pfn",
			       "entry %u of the L%u table %#llx names pfn %#llx, beyond the p2m",
			       slot, t->level, (unsigned long long)t->pfn, (unsigned long long)pfn);
		return 0;
	}
	return pages_rule_set(s, &s->referred, pfn, 1, NULL);
}

/* An entry that the windows have cut: gathers what there is of it.  Returns how much that was. */
static size_t part_of_entry(struct xst_checker *c, const struct page_table *t, unsigned at,
			    const uint8_t *p, size_t n, int *ret_r)
{
	struct pages_state *s = &c->pages;
	unsigned in = at % WIRE_PTE_SIZE;
	size_t k = WIRE_PTE_SIZE - in < n ? WIRE_PTE_SIZE - in : n;

	memcpy(s->entry + in, p, k);
	if (in + k == WIRE_PTE_SIZE)
		*ret_r = table_entry(c, t, at / WIRE_PTE_SIZE, le64(s->entry));
	return k;
}

/* Entries that lie in the window as wholes.  What was named before has been looked at. */
static int whole_entries(struct xst_checker *c, const struct page_table *t, unsigned slot,
			 const uint8_t *p, size_t n)
{
	const struct pfnmap *referred = &c->pages.referred;
	int r = 0;

	for (; n && r == 0; n--, slot++, p += WIRE_PTE_SIZE) {
		uint64_t e = le64(p);

		if (e & WIRE_PTE_PRESENT && !pfnmap_is_near(referred, WIRE_PTE_PFN(e)))
			r = table_entry(c, t, slot, e);
	}
	return r;
}

/* n bytes of a table, from `at` in it on. */
static int table_bytes(struct xst_checker *c, const struct page_table *t, unsigned at,
			const uint8_t *p, size_t n)
{
	size_t done = 0;
	int r = 0;

	while (done < n && r == 0) {
		unsigned here = at + (unsigned)done;

		if (here % WIRE_PTE_SIZE || n - done < WIRE_PTE_SIZE) {
			done += part_of_entry(c, t, here, p + done, n - done, &r);
		} else {
			size_t whole = (n - done) / WIRE_PTE_SIZE;

			r = whole_entries(c, t, here / WIRE_PTE_SIZE, p + done, whole);
			done += whole * WIRE_PTE_SIZE;
		}
	}
	return r;
}

static int page_run(struct xst_checker *c, const struct xst_event *ev)
{
	(void)ev;
	c->pages.next = 0;
	want_tables(c, 0);
	return 0;
}

static int page_payload(struct xst_checker *c, const struct xst_event *ev)
{
	struct pages_state *s = &c->pages;
	uint64_t at = ev->u.payload.run_offset, end = at + ev->u.payload.size;
	const uint8_t *data = ev->u.payload.data;
	int r = 0;

	while (s->next < s->n && at < end && r == 0) {
		const struct page_table *t = &s->list[s->next];
		uint64_t first = (uint64_t)t->index * XST_PAGE_SIZE, last = first + XST_PAGE_SIZE;
		uint64_t from = at > first ? at : first, to = end < last ? end : last;

		if (from >= end)
			break;
		if (from < to)
			r = table_bytes(c, t, (unsigned)(from - first),
					 data + (from - ev->u.payload.run_offset), (size_t)(to - from));
		if (end < last)
			break;
		s->next++;
		at = last;
	}
	want_tables(c, end);
	return r;
}

static int page_end(struct xst_checker *c, const struct xst_event *ev)
{
	(void)ev;
	xst_check_compressed_batch(c, c->pages.data_pages);
	return 0;
}

const struct check_subject xst_check_pages = { .fields = page_fields, .items = page_items,
					   .run = page_run, .payload = page_payload,
					   .end = page_end };
const struct check_subject xst_check_unmapped = { .items = unmapped_items };

/* --- the p2m -------------------------------------------------------------------------------- */

/* The frames must cover the range, 512 or 1024 entries in each. */
static int p2m_fields(struct xst_checker *c, const struct xst_event *ev)
{
	uint64_t first = xst_event_field(ev, XST_FIELD_FIRST_PFN, 0);
	uint64_t last = xst_event_field(ev, XST_FIELD_LAST_PFN, 0);
	uint64_t frames = (c->length - 8) / 8, per_frame = XST_PAGE_SIZE / 8;

	if (ev->layer != XST_LAYER_LIBXC)
		return 0;
	if (!c->pages.has_p2m || last > c->pages.last_pfn) /* a p2m grows only */
		c->pages.last_pfn = last;
	c->pages.has_p2m = true;
	if (c->guest_width == 4)
		per_frame *= 2;
	if (last < first)
		xst_check_find(c, RULE_P2M_RANGE, 0, "last_pfn", "%#llx is below the first, %#llx",
			       (unsigned long long)last, (unsigned long long)first);
	else if (c->guest_width && frames != last / per_frame - first / per_frame + 1)
		xst_check_find(c, RULE_P2M_RANGE, 0, "last_pfn",
			       "%llu frames do not cover pfns %#llx to %#llx",
			       (unsigned long long)frames, (unsigned long long)first,
			       (unsigned long long)last);
	return 0;
}

/* A legacy stream tells the guest's size; its width: order.c. */
static int p2m_size_fields(struct xst_checker *c, const struct xst_event *ev)
{
	c->pages.last_pfn = xst_event_field(ev, XST_FIELD_P2M_SIZE, 0) - 1;
	c->pages.has_p2m = c->track.guest == XST_GUEST_PV;
	return 0;
}

const struct check_subject xst_check_p2m_size = { .fields = p2m_size_fields };

static int p2m_items(struct xst_checker *c, const struct xst_event *ev)
{
	struct pages_state *s = &c->pages;
	int r = 0;

	for (size_t i = 0; i < ev->u.items.n && r == 0; i++) {
		uint64_t pfn = ev->u.items.v[i];

		if (pfn == XST_PAGE_PFN(pfn))
			r = pages_rule_set(s, &s->frames, pfn, 1, NULL);
		else
			xst_check_find(c, RULE_P2M_FRAME, 0, "pfn",
				       "the p2m's frame %#llx: no page has such a number",
				       (unsigned long long)pfn);
	}
	return r;
}

const struct check_subject xst_check_p2m_frames = { .fields = p2m_fields, .items = p2m_items };

static int pv_info_fields(struct xst_checker *c, const struct xst_event *ev)
{
	uint64_t width = xst_event_field(ev, XST_FIELD_GUEST_WIDTH, 0);
	uint64_t levels = xst_event_field(ev, XST_FIELD_PT_LEVELS, 0);

	c->guest_width = (unsigned)width;
	if ((width == 4 && levels == 3) || (width == 8 && levels == 4))
		c->pt_levels = (unsigned)levels;
	else
		xst_check_find(c, RULE_PV_WIDTH, 0, "guest_width",
			       "%llu bytes with %llu levels of page tables",
			       (unsigned long long)width, (unsigned long long)levels);
	return 0;
}

const struct check_subject xst_check_pv_info = { .fields = pv_info_fields };

/* --- at the end ----------------------------------------------------------------------------- */

/* States may be many, and each of a few bytes: none is worth more work than there is news in it. */
void xst_check_p2m_frames_complete(struct xst_checker *c)
{
	uint64_t pfn = c->pages.fine_below;
	bool found;

	while ((found = xst_pfnmap_next(&c->pages.frames, pfn, &pfn)) &&
	       xst_check_page_is(c, pfn, XST_PAGE_NOTAB))
		pfn++;
	c->pages.fine_below = pfn;
	if (found)
		xst_check_find(c, RULE_P2M_FRAME, 0, "pfn",
			       "the p2m's frame %#llx is not in the image as an ordinary page",
			       (unsigned long long)pfn);
}

static void count_missing(struct xst_checker *c)
{
	struct pages_state *s = &c->pages;

	s->missing = 0;
	for (uint64_t pfn = 0; xst_pfnmap_next(&s->referred, pfn, &pfn); pfn++)
		if (!xst_check_page_present(c, pfn) && !s->missing++)
			s->first_missing = pfn;
}

static void complete_referred(struct xst_checker *c)
{
	struct pages_state *s = &c->pages;

	if (s->changed)
		count_missing(c);
	s->changed = false;
	if (s->missing && !s->inexact)
		xst_check_find(
			c, RULE_PAGE_TABLE, 0, "pfn",
			"page tables name %llu pfn%s that the image does not hold, %#llx first",
			(unsigned long long)s->missing, s->missing == 1 ? "" : "s",
			(unsigned long long)s->first_missing);
}

static void tell_untracked(struct xst_checker *c)
{
	struct pages_state *s = &c->pages;

	if (s->inexact && !s->untracked_told)
		xst_check_find(
			c, RULE_PAGE_UNTRACKED, 0, NULL,
			"page frames lie in too many places: that none is missing was not checked");
	else if (s->doubles_unseen && !s->untracked_told)
		xst_check_find(c, RULE_PAGE_UNTRACKED, 0, NULL,
			       "page frames of a record lie in too many places: that none stands "
			       "twice was not checked");
	s->untracked_told = s->inexact || s->doubles_unseen;
}

void xst_check_pages_complete(struct xst_checker *c)
{
	tell_untracked(c);
	if (!c->seen[XST_KIND_PAGE_DATA])
		return;
	xst_check_p2m_frames_complete(c);
	complete_referred(c);
}
