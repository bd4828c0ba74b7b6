/* SPDX-License-Identifier: MIT */
/* Writes page frames, ascending, in batches like Xen's saver: a receiver builds superpages only
 * from consecutive page frames in one record. */
#include "directory/compose.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define WINDOW 65536

/* --- contents --------------------------------------------------------------------------------- */

static int move_pages(struct composer *c, uint64_t pfn, uint64_t n)
{
	off_t at = (off_t)(pfn * XST_PAGE_SIZE);

	return xst_directory_compose_move(c, c->memory, &at, n * XST_PAGE_SIZE, "", MEMORY_FILE);
}

/* Writes the batch's contents, in as few moves as possible. */
static int write_contents(struct composer *c)
{
	uint64_t first = 0, n = 0;
	int r = 0;

	for (size_t i = 0; i < c->nbatch && r == 0; i++) {
		uint64_t pfn = XST_PAGE_PFN(c->batch[i]);

		if (!XST_PAGE_HAS_DATA(XST_PAGE_TYPE(c->batch[i])))
			continue;
		if (n && pfn != first + n) {
			r = move_pages(c, first, n);
			n = 0;
		}
		first = n ? first : pfn;
		n++;
	}
	return r == 0 && n ? move_pages(c, first, n) : r;
}

static uint64_t contents_size(const struct composer *c)
{
	uint64_t n = 0;

	for (size_t i = 0; i < c->nbatch; i++)
		n += XST_PAGE_HAS_DATA(XST_PAGE_TYPE(c->batch[i]));
	return n * XST_PAGE_SIZE;
}

static int write_batch(struct composer *c)
{
	const struct wire_record *row = xst_directory_record_row(XST_KIND_PAGE_DATA);
	struct xst_field_value count = { XST_FIELD_COUNT, c->nbatch };
	uint64_t contents = contents_size(c);
	int r = xst_emit_begin(c->emitter, XST_KIND_PAGE_DATA,
			       row->fixed + c->nbatch * row->array->size + contents);

	if (r == 0)
		r = xst_emit_fields(c->emitter, &count, 1);
	if (r == 0)
		r = xst_emit_items(c->emitter, c->batch, c->nbatch);
	if (r == 0)
		r = xst_emit_payload(c->emitter, contents);
	r = xst_directory_compose_emitted(c, r);
	if (r == 0)
		r = write_contents(c);
	if (r == 0)
		r = xst_directory_compose_emitted(c, xst_emit_end(c->emitter));
	c->nbatch = 0;
	return r;
}

/* --- types ------------------------------------------------------------------------------------ */

static int add_page(struct composer *c, uint64_t pfn, uint8_t byte)
{
	if (byte & ~(PAGE_KNOWN | 0xf) || !(byte & PAGE_KNOWN))
		return xst_directory_compose_fail(c, XST_E_MALFORMED,
						  "%s/" PAGES_FILE ": pfn %#" PRIx64
						  ": %#x is not a page type",
						  c->path, pfn, byte);
	c->batch[c->nbatch++] = (uint64_t)(byte & 0xf) << 60 | pfn;
	return c->nbatch == COMPOSE_BATCH ? write_batch(c) : 0;
}

static int add_stretch(struct composer *c, uint64_t pfn, const uint8_t *bytes, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		if (bytes[i])
			r = add_page(c, pfn + i, bytes[i]);
	return r;
}

static int read_pages(struct composer *c, uint8_t *window)
{
	uint64_t pfn = 0;
	ssize_t k;
	int r = 0;

	while (r == 0 && (k = xst_directory_pages_read(c->pages, &pfn, window, WINDOW)) != 0) {
		if (k < 0)
			return xst_directory_compose_fail_file(c, (int)-k, "", PAGES_FILE);
		r = add_stretch(c, pfn, window, (size_t)k);
		pfn += (uint64_t)k;
	}
	return r == 0 && c->nbatch ? write_batch(c) : r;
}

static int open_pages(struct composer *c)
{
	uint64_t size;

	c->memory = xst_directory_tree_open(c->dir, MEMORY_FILE, &size);
	if (c->memory < 0)
		return xst_directory_compose_fail_file(c, -c->memory, "", MEMORY_FILE);
	c->pages = xst_directory_tree_open(c->dir, PAGES_FILE, &size);
	if (c->pages < 0)
		return xst_directory_compose_fail_file(c, -c->pages, "", PAGES_FILE);
	if (size > DIRECTORY_PAGES_MAX)
		return xst_directory_compose_fail(c, XST_E_LIMIT,
						  "%s/" PAGES_FILE ": %" PRIu64
						  " page frames are more than %" PRIu64,
						  c->path, size, (uint64_t)DIRECTORY_PAGES_MAX);
	return 0;
}

int xst_directory_compose_pages(struct composer *c)
{
	uint8_t *window;
	int r;

	if (c->pages >= 0)
		return xst_directory_compose_fail(
			c, XST_E_MALFORMED, "%s/" RECORDS_DIR ": there are two PAGE_DATA files",
			c->path);
	r = open_pages(c);
	if (r)
		return r;
	window = malloc(WINDOW);
	if (!window)
		return xst_directory_compose_fail_file(c, ENOMEM, "", "");
	r = read_pages(c, window);
	free(window);
	return r;
}
