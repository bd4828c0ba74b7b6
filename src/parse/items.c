/* SPDX-License-Identifier: MIT */
/* Checks single items of arrays and translates them to the common notation. */
#include "parse/parser.h"

#include "wire/bytes.h"

static bool is_page_type(unsigned type)
{
	return type <= XST_PAGE_L4TAB || type > XST_PAGE_PINNED;
}

static int check_modern_page(struct xst_parser *p, uint64_t entry)
{
	unsigned type = XST_PAGE_TYPE(entry);
	int r = 0;

	if (XST_PAGE_HAS_DATA(type))
		p->items.data_pages++;
	if (entry & PAGE_RESERVED_BITS)
		r = xst_parse_fault(p, XST_E_MALFORMED, RULE_PAGE_RESERVED, 8, "pfn",
				    "entry %llu has reserved bits set: 0x%016llx",
				    (unsigned long long)(p->items.first + p->items.n),
				    (unsigned long long)entry);
	if (r == 0 && !is_page_type(type))
		r = xst_parse_fault(p, XST_E_MALFORMED, RULE_PAGE_TYPE, 8, "pfn",
				    "entry %llu has an unknown page type: 0x%016llx",
				    (unsigned long long)(p->items.first + p->items.n),
				    (unsigned long long)entry);
	return r;
}

/* A legacy entry: type in bits 31-28, pfn in bits 27-0, nothing above. */
static int translate_legacy_page(struct xst_parser *p, struct layer *l, uint64_t *entry)
{
	uint64_t v = *entry, pfn = v & LEGACY_PFN_MASK;
	unsigned type = (unsigned)(v >> 28) & 0xf;

	if (v >> 32 || !is_page_type(type))
		return xst_parse_fail(p, XST_E_MALFORMED, RULE_LEGACY_ENTRY, l->ulong_size, "pfn",
				      "entry %llu is %#llx: %s",
				      (unsigned long long)(p->items.first + p->items.n),
				      (unsigned long long)v,
				      v >> 32 ? "more than 32 bits" : "an unknown page type");
	if (pfn >= l->u.legacy.p2m_size)
		xst_parse_warn(p, RULE_LEGACY_PFN, l->ulong_size, "pfn",
			       "%#llx is beyond the guest's %llu pages", (unsigned long long)pfn,
			       (unsigned long long)l->u.legacy.p2m_size);
	if (XST_PAGE_HAS_DATA(type))
		p->items.data_pages++;
	*entry = (uint64_t)type << 60 | pfn;
	return 0;
}

/* Only the vCPUs up to the announced maximum count. */
static void mask_vcpu_map(struct xst_parser *p, struct layer *l, uint64_t *word)
{
	struct legacy_layer *g = &l->u.legacy;
	uint64_t base = (uint64_t)g->map_word * 64, mask = UINT64_MAX;

	if (g->max_vcpu_id - base < 63)
		mask = (UINT64_C(2) << (g->max_vcpu_id - base)) - 1;
	if (*word & ~mask)
		xst_parse_warn(p, RULE_LEGACY_VCPU_MAP, 8, "map",
			       "vCPUs above the maximum of %llu are marked online; ignored",
			       (unsigned long long)g->max_vcpu_id);
	*word &= mask;
	g->vcpus[g->map_word++] = *word;
}

int xst_parse_item_check(struct xst_parser *p, struct layer *l, uint64_t *numbers)
{
	switch (p->items.array->items) {
	case XST_ITEMS_PAGES:
		if (l->id == XST_LAYER_LEGACY)
			return translate_legacy_page(p, l, numbers);
		return check_modern_page(p, *numbers);
	case XST_ITEMS_MSRS:
		if (numbers[1])
			xst_parse_warn(p, RULE_RESERVED, 12, "flags", "%#llx instead of 0",
				       (unsigned long long)numbers[1]);
		return 0;
	case XST_ITEMS_VCPU_MAP:
		mask_vcpu_map(p, l, numbers);
		return 0;
	case XST_ITEMS_DIRTY_PFNS:
		if (l->id == XST_LAYER_COLO && !p->items.first && !p->items.n)
			l->u.colo.first = numbers[0];
		return 0;
	case XST_ITEMS_P2M_FRAMES:
	case XST_ITEMS_UNMAPPED_PFNS:
	case XST_ITEMS_HVM_PARAMS:
	case XST_ITEMS_CPUID:
		return 0;
	}
	return 0;
}

#define BLOCK 64 /* enough for the compiler to look at several at a time */

static bool is_plain(uint64_t entry)
{
	return !(entry & PAGE_RESERVED_BITS) && is_page_type(XST_PAGE_TYPE(entry));
}

/* Takes a whole block of little-endian entries if all are plain and of one type. */
static inline bool take_alike(const uint8_t *src, uint64_t *to)
{
	uint64_t first = le64(src), differ = 0;

	for (unsigned i = 0; i < BLOCK; i++) {
		uint64_t entry = le64(src + i * sizeof(entry));

		differ |= entry ^ first;
		to[i] = entry;
	}
	return XST_PAGE_PFN(differ) == differ && is_plain(first);
}

/* Takes at most n entries, up to the first that is not plain.  Returns how many; *data_pages grows
 * by the number of those with pages. */
WIDE_LOOPS static size_t items_take_plain(const uint8_t *src, bool big, uint64_t *to, size_t n,
					  uint64_t *data_pages)
{
	size_t k = 0;

	while (k < n) {
		size_t end = n - k < BLOCK ? n : k + BLOCK;

		if (!big && end == k + BLOCK && take_alike(src + k * sizeof(*to), to + k)) {
			*data_pages += XST_PAGE_HAS_DATA(XST_PAGE_TYPE(to[k])) ? BLOCK : 0;
			k = end;
		}
		for (; k < end; k++) {
			to[k] = get_number(src + k * sizeof(*to), sizeof(*to), big);
			if (!is_plain(to[k]))
				return k;
			*data_pages += XST_PAGE_HAS_DATA(XST_PAGE_TYPE(to[k]));
		}
	}
	return k;
}

/* The bulk of reading an image without its pages: entries that lie whole in the window and need no
 * report. */
void xst_parse_take_plain_pages(struct xst_parser *p, const struct layer *l)
{
	struct items *it = &p->items;
	struct xst_in *in = p->in;
	size_t n = (in->size - in->pos) / sizeof(uint64_t);

	if (it->array->items != XST_ITEMS_PAGES || l->id != XST_LAYER_LIBXC || p->held)
		return;
	if (n > it->left)
		n = (size_t)it->left;
	if (n > XST_BATCH - it->n)
		n = XST_BATCH - it->n;
	n = items_take_plain(in->src + in->pos, l->big, it->numbers + it->n, n, &it->data_pages);
	it->n += n;
	it->left -= n;
	in->pos += n * sizeof(uint64_t);
	p->offset += n * sizeof(uint64_t);
}
