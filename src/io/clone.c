/* SPDX-License-Identifier: MIT */
#include "io/clone.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP (UINT64_C(64) << 20) /* between two words about the progress */

/* The unit in which two files share blocks; 0: never. */
static uint64_t block_of(int from, int to)
{
	struct stat a, b;

	if (fstat(from, &a) < 0 || fstat(to, &b) < 0 || !S_ISREG(a.st_mode) || !S_ISREG(b.st_mode) ||
	    a.st_dev != b.st_dev || a.st_blksize <= 0)
		return 0;
	return (uint64_t)a.st_blksize;
}

/* A file system says only by doing it; the file is empty again afterwards. */
uint64_t clone_probe(int from, const struct xst_output *to)
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
	return io_error(error, RULE_INPUT_IO, err, "reading the input");
}

/* Moves octets from *offset (of a pipe: NULL) on; *left of them, or all that come. */
static int move(const struct clone *c, off_t *offset, uint64_t left, uint64_t total,
		struct xst_finding *error)
{
	struct transfer t = { .way = WAY_UNKNOWN };
	int r = 0;

	while (r == 0 && left) {
		bool out = false;
		ssize_t k = transfer(&t, c->from, offset, xst_output_get_fd(c->to),
				     left < STEP ? left : STEP, &out);

		if (k < 0)
			r = out ? output_failed(c->to, (int)-k) : input_failed(error, (int)-k);
		if (k <= 0)
			break;
		output_moved(c->to, (uint64_t)k);
		left -= (uint64_t)k;
		if (c->progress)
			c->progress(c->userdata, xst_output_offset(c->to), total);
	}
	transfer_free(&t);
	return r;
}

/* Shares all from *offset on, a block's beginning.  Returns whether that was possible. */
static bool share(const struct clone *c, uint64_t offset, uint64_t size)
{
	struct file_clone_range range = { .src_fd = c->from, .src_offset = offset,
					  .dest_offset = xst_output_offset(c->to) };

	if (ioctl(xst_output_get_fd(c->to), FICLONERANGE, &range) < 0)
		return false;
	output_moved(c->to, size - offset);
	return true;
}

/* Octets up to the next block go the plain way in any case. */
static int file_rest(const struct clone *c, uint64_t size, enum xst_change_way *ret_way,
		     struct xst_finding *error)
{
	uint64_t block = block_of(c->from, xst_output_get_fd(c->to)), edge = 0;
	off_t offset = (off_t)c->skip;
	int r = 0;

	if (block && xst_output_offset(c->to) % block == c->skip % block) {
		edge = -c->skip & (block - 1);
		r = move(c, &offset, edge, size, error);
	}
	if (r || (uint64_t)offset >= size)
		return r;
	if (block && (uint64_t)offset % block == 0 && share(c, (uint64_t)offset, size)) {
		*ret_way = XST_CHANGE_SHARED;
		return 0;
	}
	return move(c, &offset, size - (uint64_t)offset, size, error);
}

int clone_rest(const struct clone *c, enum xst_change_way *ret_way, struct xst_finding *error)
{
	struct stat st;
	int r = xst_output_flush(c->to);

	*ret_way = XST_CHANGE_COPIED;
	if (r)
		return r;
	if (fstat(c->from, &st) < 0)
		return input_failed(error, errno);
	return S_ISREG(st.st_mode) ? file_rest(c, (uint64_t)st.st_size, ret_way, error)
				   : move(c, NULL, UINT64_MAX, 0, error);
}
