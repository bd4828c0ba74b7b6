/* SPDX-License-Identifier: MIT */
/* Page frames: contents in `memory`, at pfn * 4096, and types in `pages`, one byte for each pfn.
 * Both are as sparse as the guest's memory; only one batch is kept in memory. */
#include "directory/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"


void xst_directory_memory_init(struct memory *m)
{
	memset(m, 0, sizeof(*m));
	m->fd = m->pages = -1;
}

void xst_directory_memory_free(struct memory *m)
{
	xst_io_transfer_free(&m->transfer);
	free(m->runs);
	if (m->fd >= 0)
		close(m->fd);
	if (m->pages >= 0)
		close(m->pages);
	xst_directory_memory_init(m);
}

int xst_directory_memory_open(struct memory *m, int dir)
{
	m->fd = xst_directory_tree_create(dir, MEMORY_FILE);
	m->pages = xst_directory_tree_create(dir, PAGES_FILE);
	return m->fd < 0 ? m->fd : m->pages < 0 ? m->pages : 0;
}

void xst_directory_memory_begin_batch(struct memory *m, uint64_t length)
{
	m->max_runs = (size_t)(length / XST_PAGE_SIZE);
	m->room += m->max_runs;
	m->nruns = m->run = 0;
	m->run_done = 0;
	m->ntypes = 0;
}

/* --- types ------------------------------------------------------------------------------------ */

static bool had_contents(uint8_t byte)
{
	return byte & PAGE_KNOWN && XST_PAGE_HAS_DATA(byte & 0xfu);
}

/* Pages that have lost their contents free their blocks; if the file system can't, they are
 * zeroed. */
static int drop_contents(struct memory *m, uint64_t pfn, uint64_t n)
{
	static const uint8_t zeroes[XST_PAGE_SIZE];

	if (fallocate(m->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      (off_t)(pfn * XST_PAGE_SIZE), (off_t)(n * XST_PAGE_SIZE)) == 0)
		return 0;
	for (uint64_t i = 0; i < n; i++)
		if (pwrite(m->fd, zeroes, sizeof(zeroes), (off_t)((pfn + i) * XST_PAGE_SIZE)) !=
		    (ssize_t)sizeof(zeroes))
			return errno ? -errno : -EIO;
	return 0;
}

/* Compares the current types with the pages' earlier ones. */
static int compare_with_old(struct memory *m)
{
	uint8_t old[XST_BATCH];
	ssize_t k = xst_io_pread_some(m->pages, old, m->ntypes, (off_t)m->first);
	uint64_t n = 0;
	int r = k < 0 ? (int)k : 0;

	for (ssize_t i = 0; i <= k && r == 0; i++) {
		if (i < k && had_contents(old[i]) && !had_contents(m->types[i])) {
			n++;
		} else if (n) {
			r = drop_contents(m, m->first + (uint64_t)i - n, n);
			n = 0;
		}
	}
	return r;
}

static int count_jump(struct memory *m)
{
	m->jumps += m->first / PAGES_BLOCK != m->block;
	m->block = (m->first + m->ntypes - 1) / PAGES_BLOCK;
	return m->jumps > LIMIT_DIRECTORY_JUMPS + m->room ? -E2BIG : 0;
}

static int flush_types(struct memory *m)
{
	size_t done = 0;
	int r = m->ntypes ? count_jump(m) : 0;

	if (r == 0 && m->first < m->top && m->ntypes)
		r = compare_with_old(m);
	while (r == 0 && done < m->ntypes) {
		ssize_t k = pwrite(m->pages, m->types + done, m->ntypes - done,
				   (off_t)(m->first + done));

		if (k < 0 && errno != EINTR)
			r = -errno;
		done += k > 0 ? (size_t)k : 0;
	}
	if (m->first + m->ntypes > m->top)
		m->top = m->first + m->ntypes;
	m->ntypes = 0;
	return r;
}

static int add_type(struct memory *m, uint64_t pfn, unsigned type)
{
	int r = 0;

	if (m->ntypes == sizeof(m->types) || (m->ntypes && pfn != m->first + m->ntypes))
		r = flush_types(m);
	if (!m->ntypes)
		m->first = pfn;
	m->types[m->ntypes++] = (uint8_t)(PAGE_KNOWN | type);
	return r;
}

/* --- contents --------------------------------------------------------------------------------- */

static int add_run(struct memory *m, uint64_t pfn)
{
	struct page_run *last = m->nruns ? &m->runs[m->nruns - 1] : NULL, *runs;

	if (last && last->pfn + last->n == pfn) {
		last->n++;
		return 0;
	}
	if (m->nruns == m->max_runs) /* the parser refuses this once it has seen them all */
		return 0;
	runs = array_room(m->runs, m->nruns + 1, &m->capacity, sizeof(*runs));
	if (!runs)
		return -ENOMEM;
	m->runs = runs;
	m->runs[m->nruns++] = (struct page_run){ pfn, 1 };
	return 0;
}

int xst_directory_memory_items(struct memory *m, const uint64_t *v, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		uint64_t pfn = XST_PAGE_PFN(v[i]);

		if (pfn >= DIRECTORY_PAGES_MAX)
			return -EFBIG;
		r = add_type(m, pfn, XST_PAGE_TYPE(v[i]));
		if (r == 0 && XST_PAGE_HAS_DATA(XST_PAGE_TYPE(v[i])))
			r = add_run(m, pfn);
	}
	return r;
}

int xst_directory_memory_end_items(struct memory *m)
{
	return flush_types(m);
}

/* The position of the next byte, and how many can be written contiguously. */
static uint64_t target(const struct memory *m, uint64_t *ret_left)
{
	const struct page_run *run = &m->runs[m->run];

	*ret_left = run->n * XST_PAGE_SIZE - m->run_done;
	return run->pfn * XST_PAGE_SIZE + m->run_done;
}

static void memory_file_advance(struct memory *m, uint64_t n)
{
	m->run_done += n;
	if (m->run_done < m->runs[m->run].n * XST_PAGE_SIZE)
		return;
	m->run++;
	m->run_done = 0;
}

int xst_directory_memory_write(struct memory *m, const void *data, size_t n, size_t *ret_done)
{
	uint64_t left, at = target(m, &left);
	ssize_t k;

	do
		k = pwrite(m->fd, data, n < left ? n : (size_t)left, (off_t)at);
	while (k < 0 && errno == EINTR);
	if (k < 0)
		return -errno;
	memory_file_advance(m, (uint64_t)k);
	*ret_done = (size_t)k;
	return 0;
}

static bool has_something(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

int64_t xst_directory_move_some(struct transfer *t, int in, off_t *offset, int out, uint64_t n)
{
	bool out_failed;
	ssize_t k = xst_io_transfer(t, in, offset, out, n, &out_failed);

	if (k < 0 && out_failed)
		return k;
	return k > 0 ? k : 0; /* reading the input will show its end or error */
}

int xst_directory_memory_move(struct memory *m, int fd, const off_t *offset, uint64_t n,
			      uint64_t *ret_moved)
{
	off_t at = offset ? *offset : 0;
	uint64_t done = 0;

	while (done < n) {
		uint64_t left, to = target(m, &left), want = n - done < left ? n - done : left;
		int64_t k;

		if (to != m->position && lseek(m->fd, (off_t)to, SEEK_SET) < 0)
			return -errno;
		m->position = to;
		k = xst_directory_move_some(&m->transfer, fd, offset ? &at : NULL, m->fd, want);
		if (k < 0)
			return (int)k;
		m->position += (uint64_t)k;
		done += (uint64_t)k;
		if (!k)
			break;
		memory_file_advance(m, (uint64_t)k);
		if (!offset && done < n && !has_something(fd))
			break;
	}
	*ret_moved = done;
	return 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

ssize_t xst_directory_pages_read(int fd, uint64_t *pfn, uint8_t *types, size_t size)
{
	off_t at = lseek(fd, (off_t)*pfn, SEEK_DATA);

	if (at < 0 && errno == ENXIO)
		return 0;
	if (at < 0)
		at = (off_t)*pfn; /* this file system can't tell */
	*pfn = (uint64_t)at;
	return xst_io_pread_some(fd, types, size, at);
}
