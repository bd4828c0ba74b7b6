/* SPDX-License-Identifier: MIT */
#include "restore/held.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "finding/finding.h"
#include "limits/limits.h"

#define MEMORY (UINT64_C(1) << 20)
#define CHUNK (16 << 10)

void xst_restore_held_init(struct held *h, const char *dir)
{
	*h = (struct held){ .n = 0 };
	xst_restore_spool_init(&h->spool, MEMORY, dir);
}

void xst_restore_held_free(struct held *h)
{
	xst_restore_spool_free(&h->spool);
	free(h->records);
	h->records = NULL;
	h->n = h->capacity = h->settled = 0;
}

int xst_restore_held_begin(struct held *h, enum xst_kind kind)
{
	struct held_record *records;

	if (h->n == LIMIT_HELD_RECORDS)
		return XST_E_LIMIT;
	records = array_room(h->records, h->n + 1, &h->capacity, sizeof(*records));
	if (!records)
		return XST_E_NOMEM;
	h->records = records;
	h->records[h->n++] = (struct held_record){ .kind = kind, .from = h->spool.size };
	return 0;
}

void xst_restore_held_range(const struct held *h, size_t i, uint64_t *ret_from, uint64_t *ret_to)
{
	*ret_from = h->records[i].from;
	*ret_to = i + 1 < h->n ? h->records[i + 1].from : h->spool.size;
}

static bool replaced(const struct held *h, size_t i)
{
	for (size_t k = h->settled; i < h->settled && k < h->n; k++)
		if (h->records[k].kind == h->records[i].kind)
			return true;
	return false;
}

static int copy_range(const struct spool *from, uint64_t at, uint64_t end, struct spool *to,
		      struct xst_finding *reterr)
{
	uint8_t buffer[CHUNK];
	int r = 0;

	if (from->fd < 0)
		return xst_restore_spool_write(to, from->memory + at, (size_t)(end - at), reterr);
	while (r == 0 && at < end) {
		size_t n = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
		ssize_t k = xst_io_pread_some(from->fd, buffer, n, (off_t)at);

		if (k <= 0)
			return xst_io_error(reterr, RULE_OUTPUT_IO, (int)-k, from->dir);
		r = xst_restore_spool_write(to, buffer, (size_t)k, reterr);
		at += (uint64_t)k;
	}
	return r;
}

int xst_restore_held_settle(struct held *h, struct xst_finding *reterr)
{
	struct held kept;
	int r = 0;

	if (!h->settled || h->settled == h->n) { /* no earlier state, or nothing new */
		h->settled = h->n;
		return 0;
	}
	r = xst_restore_spool_flush(&h->spool, reterr);
	xst_restore_held_init(&kept, h->spool.dir);
	for (size_t i = 0; i < h->n && r == 0; i++) {
		uint64_t from, to;

		if (replaced(h, i))
			continue;
		xst_restore_held_range(h, i, &from, &to);
		r = xst_restore_held_begin(&kept, h->records[i].kind);
		if (r)
			xst_finding_no_memory(reterr);
		else
			r = copy_range(&h->spool, from, to, &kept.spool, reterr);
	}
	if (r) {
		xst_restore_held_free(&kept);
		return r;
	}
	xst_restore_held_free(h);
	*h = kept;
	h->settled = h->n;
	return 0;
}
