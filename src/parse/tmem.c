/* SPDX-License-Identifier: MIT */
/* Transcendent memory: skipped entry by entry, not interpreted.
 *
 *   TMEM        pools, ended by a pool id of all ones; each with its pages, ended by an object id
 *               of all ones or by their number
 *   TMEM_EXTRA  handles of pages that have become invalid, ended by a pool id of all ones */
#include "parse/layer_legacy.h"

#include "wire/bytes.h"

static int tmem_pool(struct xst_parser *p, struct layer *l);
static int tmem_page(struct xst_parser *p, struct layer *l);

/* The list ends with an id of all ones, else `size` bytes follow in *ret. */
static int next_entry(struct xst_parser *p, size_t size, const uint8_t **ret,
		      bool *ret_end)
{
	int r = xst_parser_peek(p, 4, 0, ret);

	if (r)
		return r;
	*ret_end = all_ones(*ret, 4);
	return xst_parser_take(p, *ret_end ? 4 : size, 0, ret);
}

static int page_index(struct xst_parser *p, struct layer *l)
{
	const uint8_t *b;
	int r = xst_parser_take(p, 4, 0, &b);

	if (r)
		return r;
	l->u.legacy.left--;
	xst_parse_start_run(p, l, l->u.legacy.tmem_page, 1, tmem_page);
	return 0;
}

static int tmem_page(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	const uint8_t *b;
	int r;

	if (!g->left) {
		l->state = tmem_pool;
		return 0;
	}
	r = xst_parser_take(p, LEGACY_TMEM_OID, 0, &b);
	if (r)
		return r;
	l->state = all_ones(b, LEGACY_TMEM_OID) ? tmem_pool : page_index;
	return 0;
}

static int tmem_pool(struct xst_parser *p, struct layer *l)
{
	struct legacy_layer *g = &l->u.legacy;
	const uint8_t *b;
	bool end;
	int r = next_entry(p, LEGACY_TMEM_POOL, &b, &end);

	if (r)
		return r;
	if (end)
		return xst_parse_end_record(l, l->after);
	g->tmem_page = 1u << ((le32(b + 4) >> 4 & 0xf) + 12);
	g->left = le32(b + 8);
	if (g->left > p->limits.max_tmem_pages)
		return xst_parse_fail(p, XST_E_LIMIT, RULE_LIMIT, LEGACY_TMEM_POOL - 8, "n_pages",
				      "%llu pages of tmem are more than the limit of %llu",
				      (unsigned long long)g->left,
				      (unsigned long long)p->limits.max_tmem_pages);
	l->state = tmem_page;
	return 0;
}

static int tmem_handle(struct xst_parser *p, struct layer *l)
{
	const uint8_t *b;
	bool end;
	int r = next_entry(p, 4 + LEGACY_TMEM_OID + 4, &b, &end);

	if (r)
		return r;
	return end ? xst_parse_end_record(l, l->after) : 0;
}

int xst_parse_tmem(struct xst_parser *p, struct layer *l, state_fn after)
{
	bool extra = l->record.row->kind == XST_KIND_TMEM_EXTRA;

	if (!extra)
		xst_parse_warn(p, RULE_LEGACY_TMEM, l->record.row->fixed + 4u, NULL,
			       "transcendent memory, which today's Xen no longer supports");
	l->after = after;
	l->state = extra ? tmem_handle : tmem_pool;
	return 0;
}
