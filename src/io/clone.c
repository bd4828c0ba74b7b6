/* SPDX-License-Identifier: MIT */
#include "io/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP (UINT64_C(64) << 20) /* bytes between two progress reports */

/* The unit in which two files can share blocks; 0: they can't. */
static uint64_t block_of(int from, int to)
{
	struct stat a, b;

	if (fstat(from, &a) < 0 || fstat(to, &b) < 0 || !S_ISREG(a.st_mode) ||
	    !S_ISREG(b.st_mode) || a.st_dev != b.st_dev || a.st_blksize <= 0)
		return 0;
	return (uint64_t)a.st_blksize;
}

/* A file system shows it only by doing it; the file is empty again afterwards. */
uint64_t xst_io_clone_probe(int from, const struct xst_output *to)
{
	int fd = xst_output_get_fd(to);
	uint64_t block = block_of(from, fd);
	struct file_clone_range range = { .src_fd = from, .src_length = block };
	struct stat st;

	if (!block || xst_output_offset(to) || fstat(fd, &st) < 0 || st.st_size)
		return 0;
	return ioctl(fd, FICLONERANGE, &range) == 0 && ftruncate(fd, 0) == 0 ? block : 0;
}

static int input_failed(struct xst_finding *error, int err)
{
	return xst_io_error(error, RULE_INPUT_IO, err, "reading the input");
}

/* Moves *left bytes from *offset (of a pipe: NULL), or all up to the end. */
static int clone_move(const struct clone *c, off_t *offset, uint64_t left, uint64_t total,
		      struct xst_finding *error)
{
	struct transfer t = { .way = WAY_UNKNOWN };
	int r = 0;

	while (r == 0 && left) {
		bool out = false;
		ssize_t k = xst_io_transfer(&t, c->from, offset, xst_output_get_fd(c->to),
					    left < STEP ? left : STEP, &out);

		if (k < 0)
			r = out ? xst_output_failed(c->to, (int)-k) : input_failed(error, (int)-k);
		if (k <= 0)
			break;
		xst_output_moved(c->to, (uint64_t)k);
		left -= (uint64_t)k;
		if (c->progress)
			c->progress(c->userdata, xst_output_offset(c->to), total);
	}
	xst_io_transfer_free(&t);
	return r;
}

/* Shares all from *offset on, where a block begins.  Returns whether that was possible. */
static bool share(const struct clone *c, uint64_t offset, uint64_t size)
{
	struct file_clone_range range = { .src_fd = c->from,
					  .src_offset = offset,
					  .dest_offset = xst_output_offset(c->to) };

	if (ioctl(xst_output_get_fd(c->to), FICLONERANGE, &range) < 0)
		return false;
	xst_output_moved(c->to, size - offset);
	return true;
}

/* Holes may stay holes if the output is still empty there. */
static bool keeps_holes(int out)
{
	struct stat st;
	off_t here = lseek(out, 0, SEEK_CUR);

	return here >= 0 && fstat(out, &st) == 0 && S_ISREG(st.st_mode) && here >= st.st_size &&
	       !(fcntl(out, F_GETFL) & O_APPEND);
}

/* The beginning and end of the next data that is not a hole; both `size` if there is none. */
static void next_data(int fd, off_t offset, off_t size, off_t *ret_begin, off_t *ret_end)
{
	off_t begin = lseek(fd, offset, SEEK_DATA), end;

	if (begin < 0)
		begin = errno == ENXIO ? size : offset;
	end = begin < size ? lseek(fd, begin, SEEK_HOLE) : size;
	*ret_begin = begin < size ? begin : size;
	*ret_end = end < 0 || end > size ? size : end;
}

static int skip(const struct clone *c, off_t n)
{
	int out = xst_output_get_fd(c->to);
	off_t here = lseek(out, n, SEEK_CUR);

	if (here < 0 || ftruncate(out, here) < 0)
		return xst_output_failed(c->to, errno);
	xst_output_moved(c->to, (uint64_t)n);
	return 0;
}

static int clone_copy(const struct clone *c, off_t offset, off_t size, struct xst_finding *error)
{
	bool holes = keeps_holes(xst_output_get_fd(c->to));
	int r = 0;

	while (r == 0 && offset < size) {
		off_t begin = offset, end = size;

		if (holes)
			next_data(c->from, offset, size, &begin, &end);
		if (begin > offset)
			r = skip(c, begin - offset);
		offset = begin;
		if (r == 0)
			r = clone_move(c, &offset, (uint64_t)(end - begin), (uint64_t)size, error);
		if (r == 0 && offset < end)
			r = input_failed(error, EIO); /* it was truncated meanwhile */
	}
	return r;
}

/* Bytes up to the next block are always copied. */
static int file_rest(const struct clone *c, uint64_t size, enum xst_change_way *ret_way,
		     struct xst_finding *error)
{
	uint64_t block = block_of(c->from, xst_output_get_fd(c->to)), edge = 0;
	off_t offset = (off_t)c->skip;
	int r = 0;

	if (block && xst_output_offset(c->to) % block == c->skip % block) {
		edge = -c->skip & (block - 1);
		r = clone_move(c, &offset, edge, size, error);
	}
	if (r || (uint64_t)offset >= size)
		return r;
	if (block && (uint64_t)offset % block == 0 && share(c, (uint64_t)offset, size)) {
		*ret_way = XST_CHANGE_SHARED;
		return 0;
	}
	return clone_copy(c, offset, (off_t)size, error);
}

int xst_io_clone_rest(const struct clone *c, enum xst_change_way *ret_way,
		      struct xst_finding *error)
{
	struct stat st;
	int r = xst_output_flush(c->to);

	*ret_way = XST_CHANGE_COPIED;
	if (r)
		return r;
	if (fstat(c->from, &st) < 0)
		return input_failed(error, errno);
	return S_ISREG(st.st_mode) ? file_rest(c, (uint64_t)st.st_size, ret_way, error)
				   : clone_move(c, NULL, UINT64_MAX, 0, error);
}
