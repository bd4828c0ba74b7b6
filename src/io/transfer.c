/* SPDX-License-Identifier: MIT */
/* Moves bytes between descriptors, inside the kernel where possible.
 *
 * file -> file   splice through a pipe of our own: for runs that are not aligned to pages this is
 *                a fifth faster than copy_file_range and sendfile, whose internal pipe is small
 * file -> other  sendfile
 * pipe -> any, any -> pipe  splice
 * else           read and write
 * Each falls back to the last if the kernel does not support it for this pair. */
#include "io/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE (256 << 10)
#define MAX_ONCE (UINT64_C(1) << 30)
#define PIPE_SIZE (1 << 20)

static bool transfer_is(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

static enum transfer_way transfer_choose(int in, int out, bool seekable)
{
	bool to_pipe = transfer_is(out, S_IFIFO);

	if (fcntl(out, F_GETFL) & O_APPEND) /* which splice refuses */
		return WAY_BUFFER;
	if (to_pipe) /* larger pipes mean fewer context switches; the call may fail */
		(void)fcntl(out, F_SETPIPE_SZ, PIPE_SIZE);
	if (seekable)
		return transfer_is(out, S_IFREG) ? WAY_OWN_PIPE : WAY_SENDFILE;
	if (transfer_is(in, S_IFIFO))
		(void)fcntl(in, F_SETPIPE_SZ, PIPE_SIZE);
	return transfer_is(in, S_IFIFO) || to_pipe ? WAY_SPLICE : WAY_BUFFER;
}

static ssize_t by_buffer(struct transfer *t, int in, off_t *offset, int out, uint64_t n,
			 bool *ret_out)
{
	ssize_t k;
	int r;

	if (!t->buffer)
		t->buffer = malloc(BUFFER_SIZE);
	if (!t->buffer)
		return -ENOMEM;
	if (n > BUFFER_SIZE)
		n = BUFFER_SIZE;
	k = offset ? xst_io_pread_some(in, t->buffer, (size_t)n, *offset)
		   : xst_io_read_some(in, t->buffer, (size_t)n);
	if (k <= 0)
		return k;
	if (offset)
		*offset += k;
	r = xst_io_write_all(out, t->buffer, (size_t)k);
	*ret_out = r < 0;
	return r < 0 ? r : k;
}

/* Writes the contents of our pipe to the output with write(). */
static int drain(struct transfer *t, int out, ssize_t left)
{
	uint8_t buffer[4096];

	while (left > 0) {
		ssize_t k = xst_io_read_some(t->pipe[0], buffer,
					     left < (ssize_t)sizeof(buffer) ? (size_t)left
									    : sizeof(buffer));
		int r = k > 0 ? xst_io_write_all(out, buffer, (size_t)k) : (int)k;

		if (r < 0)
			return r;
		left -= k;
	}
	return 0;
}

/* Bytes count as moved only when they have left the pipe again. */
static ssize_t by_own_pipe(struct transfer *t, int in, off_t *offset, int out, uint64_t n,
			   bool *ret_out)
{
	ssize_t k, left;

	if (!t->have_pipe) {
		if (pipe2(t->pipe, O_CLOEXEC) < 0)
			return -1;
		t->have_pipe = true;
		(void)fcntl(t->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
	}
	k = splice(in, offset, t->pipe[1], NULL, n < PIPE_SIZE ? (size_t)n : PIPE_SIZE,
		   SPLICE_F_MOVE);
	for (left = k; left > 0;) {
		ssize_t done = splice(t->pipe[0], NULL, out, NULL, (size_t)left, SPLICE_F_MOVE);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) { /* this output can't; no splice from now on */
			int r = drain(t, out, left);

			t->way = WAY_BUFFER;
			*ret_out = r < 0;
			return r < 0 ? r : k;
		}
		left -= done;
	}
	return k;
}

static ssize_t once(struct transfer *t, int in, off_t *offset, int out, uint64_t n, bool *ret_out)
{
	size_t k = (size_t)(n < MAX_ONCE ? n : MAX_ONCE);

	switch (t->way) {
	case WAY_OWN_PIPE:
		return by_own_pipe(t, in, offset, out, n, ret_out);
	case WAY_SENDFILE:
		return sendfile(out, in, offset, k);
	case WAY_SPLICE:
		return splice(in, NULL, out, NULL, k, SPLICE_F_MOVE | SPLICE_F_MORE);
	case WAY_UNKNOWN:
	case WAY_BUFFER:
		break;
	}
	return by_buffer(t, in, offset, out, n, ret_out);
}

/* After a failure: 0 to try again, perhaps in another way, or -errno. */
static int recover(struct transfer *t, int in, int out, bool *ret_out)
{
	int err = errno;

	if (err == EINTR)
		return 0;
	if (err == EAGAIN) { /* either side may be the cause: both must be ready */
		if (xst_io_wait_ready(in, POLLIN) < 0 || xst_io_wait_ready(out, POLLOUT) < 0)
			return -err;
		return 0;
	}
	if (err != EPIPE && err != ENOSPC && err != EDQUOT && err != EFBIG) {
		t->way = WAY_BUFFER; /* reading and writing show which side failed */
		return 0;
	}
	*ret_out = true;
	return -err;
}

ssize_t xst_io_transfer(struct transfer *t, int in, off_t *offset, int out, uint64_t n,
			bool *ret_out)
{
	ssize_t k;
	int r;

	*ret_out = false;
	if (t->way == WAY_UNKNOWN || t->in != in || t->out != out) {
		t->way = transfer_choose(in, out, offset != NULL);
		t->in = in;
		t->out = out;
	}
	for (;;) {
		bool buffered = t->way == WAY_BUFFER;

		k = once(t, in, offset, out, n, ret_out);
		if (buffered || k > 0 || *ret_out)
			return k;
		if (k == 0) { /* the end, or an unable file system: reading shows which */
			t->way = WAY_BUFFER;
			continue;
		}
		r = recover(t, in, out, ret_out);
		if (r < 0)
			return r;
	}
}

void xst_io_transfer_free(struct transfer *t)
{
	free(t->buffer);
	t->buffer = NULL;
	if (t->have_pipe) {
		close(t->pipe[0]);
		close(t->pipe[1]);
		t->have_pipe = false;
	}
}
