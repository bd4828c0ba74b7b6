/* SPDX-License-Identifier: MIT */
/* Waiting bytes: in memory, and above a limit in an unnamed file. */
#include "restore/restore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "finding/finding.h"

/* Kept when the spool is cleared: overwriting is faster than allocating again. */
#define KEPT (64 << 10)
#define KEPT_ON_DISK (UINT64_C(64) << 20)
#define GATHER (64 << 10) /* bytes written to the file at once */

void xst_restore_spool_init(struct spool *s, uint64_t limit, const char *dir)
{
	*s = (struct spool){ .limit = limit, .dir = dir, .file = -1, .fd = -1 };
}

static void spool_close_file(struct spool *s)
{
	xst_io_transfer_free(&s->transfer);
	s->transfer = (struct transfer){ .way = WAY_UNKNOWN };
	if (s->file >= 0)
		close(s->file);
	s->file = s->fd = -1;
}

static void free_memory(struct spool *s)
{
	free(s->memory);
	s->memory = NULL;
	s->capacity = 0;
	s->gathered = 0;
}

void xst_restore_spool_free(struct spool *s)
{
	spool_close_file(s);
	free_memory(s);
	s->size = 0;
}

void xst_restore_spool_clear(struct spool *s)
{
	if (s->capacity > KEPT)
		free_memory(s);
	if (s->file >= 0 && s->size > KEPT_ON_DISK && ftruncate(s->file, KEPT_ON_DISK) < 0)
		spool_close_file(s);
	s->fd = -1;
	s->size = 0;
	s->gathered = 0;
}

static int spool_failed(const struct spool *s, int err, struct xst_finding *reterr)
{
	return xst_io_error(reterr, RULE_OUTPUT_IO, err, s->dir);
}

/* Moves the bytes to the file, which is used from now on. */
static int spill(struct spool *s, struct xst_finding *reterr)
{
	int r = s->file < 0 ? s->file = xst_io_unnamed_file(s->dir) : 0;

	if (r >= 0 && lseek(s->file, 0, SEEK_SET) < 0)
		r = -errno;
	if (r >= 0)
		r = xst_io_write_all(s->file, s->memory, (size_t)s->size);
	if (r < 0)
		return spool_failed(s, -r, reterr);
	s->fd = s->file;
	free_memory(s);
	return 0;
}

/* Makes room for n bytes after the first `used` in memory. */
static int room(struct spool *s, size_t used, size_t n)
{
	uint8_t *memory = array_room(s->memory, used + n, &s->capacity, 1);

	if (!memory)
		return XST_E_NOMEM;
	s->memory = memory;
	return 0;
}

static int spool_no_memory(struct xst_finding *reterr)
{
	xst_finding_no_memory(reterr);
	return XST_E_NOMEM;
}

int xst_restore_spool_flush(struct spool *s, struct xst_finding *reterr)
{
	int r = s->gathered ? xst_io_write_all(s->fd, s->memory, s->gathered) : 0;

	if (r < 0)
		return spool_failed(s, -r, reterr);
	s->gathered = 0;
	return 0;
}

static int spool_gather(struct spool *s, const void *data, size_t n, struct xst_finding *reterr)
{
	int r = s->gathered + n > GATHER ? xst_restore_spool_flush(s, reterr) : 0;

	if (r)
		return r;
	if (n > GATHER) {
		r = xst_io_write_all(s->fd, data, n);
		return r < 0 ? spool_failed(s, -r, reterr) : 0;
	}
	if (room(s, s->gathered, n) < 0)
		return spool_no_memory(reterr);
	memcpy(s->memory + s->gathered, data, n);
	s->gathered += n;
	return 0;
}

static int spool_keep(struct spool *s, const void *data, size_t n, struct xst_finding *reterr)
{
	if (room(s, (size_t)s->size, n) < 0)
		return spool_no_memory(reterr);
	memcpy(s->memory + s->size, data, n);
	return 0;
}

int xst_restore_spool_write(struct spool *s, const void *data, size_t n, struct xst_finding *reterr)
{
	int r = 0;

	if (!n)
		return 0;
	if (s->fd < 0 && s->size + n > s->limit)
		r = spill(s, reterr);
	if (r == 0)
		r = s->fd < 0 ? spool_keep(s, data, n, reterr) : spool_gather(s, data, n, reterr);
	s->size += r ? 0 : n;
	return r;
}

int64_t xst_restore_spool_move(struct spool *s, int fd, uint64_t n, struct xst_finding *reterr)
{
	bool out;
	ssize_t k;
	int r = 0;

	if (s->fd < 0 && s->size + n > s->limit)
		r = spill(s, reterr);
	if (r == 0)
		r = xst_restore_spool_flush(s, reterr);
	if (r || s->fd < 0)
		return r;
	k = xst_io_transfer(&s->transfer, fd, NULL, s->fd, n, &out);
	if (k < 0 && out)
		return spool_failed(s, (int)-k, reterr);
	s->size += k > 0 ? (uint64_t)k : 0;
	return k > 0 ? k : 0; /* reading the source will show its end or error */
}
