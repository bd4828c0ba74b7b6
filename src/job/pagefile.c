/* SPDX-License-Identifier: MIT */
#include "job/pagefile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/pfnmap.h"
#include "io/io.h"

#define PAGES 64 /* at once */

struct pagefile {
	int fd;
	const char *dir;            /* where the file is */
	struct xst_output *in;      /* the file, for moving into it */
	struct transfer out;
	struct pfnmap there;
	uint64_t first;             /* pfn of the pages that were read */
	uint64_t ahead, ahead_end;  /* those of them not requested yet */
	uint64_t behind;            /* the first of the pages still to be written */
	size_t nbehind;
	uint8_t read[PAGES * XST_PAGE_SIZE], write[PAGES * XST_PAGE_SIZE];
};

static off_t pagefile_place_of(uint64_t pfn)
{
	return (off_t)(pfn * XST_PAGE_SIZE);
}

static int pagefile_failed(const struct pagefile *p, struct xst_finding *reterr, int err)
{
	return xst_io_error(reterr, RULE_INPUT_IO, err, p->dir);
}

int xst_job_pagefile_new(const char *tmpdir, struct pagefile **ret, struct xst_finding *reterr)
{
	struct pagefile *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return XST_E_NOMEM;
	xst_pfnmap_init(&p->there, 1, 0);
	p->dir = tmpdir;
	p->fd = xst_io_unnamed_file(tmpdir);
	r = p->fd < 0 ? pagefile_failed(p, reterr, -p->fd)
		      : xst_output_fd(p->fd, &p->in);
	if (r)
		xst_job_pagefile_free(p);
	else
		*ret = p;
	return r;
}

struct pagefile *xst_job_pagefile_free(struct pagefile *p)
{
	if (!p)
		return NULL;
	xst_output_free(p->in);
	if (p->fd >= 0)
		close(p->fd);
	xst_io_transfer_free(&p->out);
	xst_pfnmap_free(&p->there);
	free(p);
	return NULL;
}

bool xst_job_pagefile_has(struct pagefile *p, uint64_t pfn)
{
	return xst_pfnmap_get(&p->there, pfn);
}

/* --- writing --------------------------------------------------------------------------------- */

static int pagefile_flush(struct pagefile *p, struct xst_finding *reterr)
{
	size_t n = p->nbehind * XST_PAGE_SIZE;
	ssize_t k = n ? pwrite(p->fd, p->write, n, pagefile_place_of(p->behind)) : 0;

	p->nbehind = 0;
	return k == (ssize_t)n ? 0 : pagefile_failed(p, reterr, k < 0 ? errno : ENOSPC);
}

int xst_job_pagefile_write(struct pagefile *p, uint64_t pfn, const uint8_t *page,
			   struct xst_finding *reterr)
{
	int r = 0;

	if (p->nbehind == PAGES || pfn != p->behind + p->nbehind)
		r = pagefile_flush(p, reterr);
	if (r)
		return r;
	if (!p->nbehind)
		p->behind = pfn;
	memcpy(p->write + p->nbehind++ * XST_PAGE_SIZE, page, XST_PAGE_SIZE);
	if (pfn >= p->ahead && pfn < p->ahead_end) /* the page read is out of date */
		p->ahead = pfn + 1;
	return pfnmap_set(&p->there, pfn, 1, NULL);
}

int xst_job_pagefile_take(struct pagefile *p, struct xst_reader *r, uint64_t pfn, size_t n,
			  struct xst_finding *reterr)
{
	uint64_t moved;
	int e = pagefile_flush(p, reterr);

	if (e)
		return e;
	p->ahead = p->ahead_end = 0;
	if (lseek(p->fd, pagefile_place_of(pfn), SEEK_SET) < 0)
		return pagefile_failed(p, reterr, errno);
	e = xst_reader_move(r, p->in, n * XST_PAGE_SIZE, &moved);
	if (e == 0)
		e = xst_output_flush(p->in);
	for (size_t i = 0; i < n && e == 0; i++)
		e = pfnmap_set(&p->there, pfn + i, 1, NULL);
	if (e && xst_output_error(p->in)->code) /* not the job's output */
		return pagefile_failed(p, reterr, xst_output_error(p->in)->sys_errno);
	if (e)
		*reterr = *xst_reader_error(r);
	return e;
}

/* --- reading --------------------------------------------------------------------------------- */

/* The pages from wanted[0] on that are adjacent in the file. */
static size_t pagefile_neighbours(struct pagefile *p, const uint32_t *wanted, size_t n)
{
	size_t k = 1;

	while (k < n && k < PAGES && wanted[k] == wanted[0] + k &&
	       xst_job_pagefile_has(p, wanted[k]))
		k++;
	return k;
}

int xst_job_pagefile_read(struct pagefile *p, const uint32_t *wanted, size_t n, uint8_t *page,
			  struct xst_finding *reterr)
{
	uint64_t pfn = wanted[0];
	ssize_t k;
	int r;

	if (pfn < p->ahead || pfn >= p->ahead_end) {
		size_t size = pagefile_neighbours(p, wanted, n) * XST_PAGE_SIZE;

		r = pagefile_flush(p, reterr);
		if (r)
			return r;
		p->first = p->ahead = p->ahead_end = pfn;
		k = xst_io_pread_some(p->fd, p->read, size, pagefile_place_of(pfn));
		if (k < XST_PAGE_SIZE)
			return pagefile_failed(p, reterr, k < 0 ? (int)-k : EIO);
		p->ahead_end = pfn + (uint64_t)k / XST_PAGE_SIZE;
	}
	memcpy(page, p->read + (pfn - p->first) * XST_PAGE_SIZE, XST_PAGE_SIZE);
	p->ahead = pfn + 1;
	return 0;
}

static int give_copies(struct pagefile *p, struct xst_output *o, uint64_t offset, uint64_t n,
		       struct xst_finding *reterr)
{
	int r = 0;

	p->ahead = p->ahead_end = 0; /* they need the buffer */
	while (n && r == 0) {
		size_t size = n < sizeof(p->read) ? (size_t)n : sizeof(p->read);
		ssize_t k = xst_io_pread_some(p->fd, p->read, size, (off_t)offset);

		if (k <= 0)
			return pagefile_failed(p, reterr, k < 0 ? (int)-k : EIO);
		r = xst_output_write(o, p->read, (size_t)k);
		offset += (uint64_t)k;
		n -= (uint64_t)k;
	}
	return r;
}

int xst_job_pagefile_give(struct pagefile *p, struct xst_output *o, uint64_t offset, uint64_t n,
			  bool last, struct xst_finding *reterr)
{
	int r = pagefile_flush(p, reterr);

	if (r == 0 && !last)
		return give_copies(p, o, offset, n, reterr);
	if (r == 0)
		r = xst_output_flush(o);
	while (n && r == 0) {
		off_t from = (off_t)offset;
		bool out;
		ssize_t k = xst_io_transfer(&p->out, p->fd, &from, xst_output_get_fd(o), n, &out);

		if (k <= 0)
			return out ? xst_output_failed(o, (int)-k)
				   : pagefile_failed(p, reterr, k < 0 ? (int)-k : EIO);
		xst_output_moved(o, (uint64_t)k);
		offset += (uint64_t)k;
		n -= (uint64_t)k;
	}
	return r;
}
