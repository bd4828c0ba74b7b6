/* SPDX-License-Identifier: MIT */
/* System calls, repeated until they are complete. */
#include "io/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int xst_io_wait_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	while (poll(&p, 1, -1) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

bool xst_io_is_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) > 0;
}

/* Whether a failed call should be repeated; waits for the descriptor if necessary. */
static bool io_again(int fd, short events)
{
	if (errno == EINTR)
		return true;
	return (errno == EAGAIN || errno == EWOULDBLOCK) && xst_io_wait_ready(fd, events) == 0;
}

int xst_io_write_all(int fd, const void *data, size_t n)
{
	const uint8_t *b = data;

	while (n) {
		ssize_t k = write(fd, b, n);

		if (k < 0 && !io_again(fd, POLLOUT))
			return -errno;
		if (k > 0) {
			b += k;
			n -= (size_t)k;
		}
	}
	return 0;
}

int xst_io_pwrite_all(int fd, const void *data, size_t n, off_t offset)
{
	const uint8_t *b = data;

	while (n) {
		ssize_t k = pwrite(fd, b, n, offset);

		if (k < 0 && errno != EINTR)
			return -errno;
		if (k > 0) {
			b += k;
			n -= (size_t)k;
			offset += k;
		}
	}
	return 0;
}

ssize_t xst_io_read_some(int fd, void *data, size_t n)
{
	ssize_t k;

	do
		k = read(fd, data, n);
	while (k < 0 && io_again(fd, POLLIN));
	return k < 0 ? -errno : k;
}

ssize_t xst_io_pread_some(int fd, void *data, size_t n, off_t offset)
{
	ssize_t k;

	do
		k = pread(fd, data, n, offset);
	while (k < 0 && io_again(fd, POLLIN));
	return k < 0 ? -errno : k;
}

const char *xst_io_tmpdir(const char *wanted)
{
	const char *dir = wanted ? wanted : getenv("TMPDIR");

	return dir && *dir ? dir : "/var/tmp";
}

int xst_io_unnamed_file(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd >= 0 ? fd : -errno;
	if ((size_t)snprintf(path, sizeof(path), "%s/xenstream.XXXXXX", dir) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

static const char *plain_words(int err)
{
	switch (err) {
	case EPIPE:  return "the program reading the output has exited";
	case ENOSPC: return "no space left on the device";
	case EDQUOT: return "the disk quota is exceeded";
	default:     return strerror(err);
	}
}

/* Advice on what to do, unless it is obvious. */
static const char *io_advice(enum xst_rule rule, int err)
{
	bool out = rule == RULE_OUTPUT_IO;

	switch (err) {
	case ENOENT: return out ? "; does its folder exist?" : "";
	case EEXIST: return "; name another, or move it away";
	case ENOTEMPTY: return "; name another, or an empty one";
	case EISDIR: return out ? "; name a file in it"
				: "; name a file, or use xenstream pack for an image directory";
	case EROFS: return "; name another output";
	case EFBIG: return "; the file system, or ulimit -f, sets a limit";
	case EMFILE: return "; ulimit -n raises the limit";
	default: return "";
	}
}

int xst_io_error(struct xst_finding *f, enum xst_rule rule, int err, const char *what)
{
	if (!f)
		return XST_E_IO;
	memset(f, 0, sizeof(*f));
	f->code = XST_E_IO;
	f->severity = XST_ERROR;
	f->rule = xst_rule_table[rule].id;
	f->sys_errno = err;
	snprintf(f->text, sizeof(f->text), "%s: %s%s", what, plain_words(err),
		 io_advice(rule, err));
	return XST_E_IO;
}

int xst_io_plain_error(struct xst_finding *f, int code, enum xst_rule rule, const char *format, ...)
{
	va_list ap;

	if (!f)
		return code;
	memset(f, 0, sizeof(*f));
	f->code = code;
	f->severity = XST_ERROR;
	f->rule = xst_rule_table[rule].id;
	va_start(ap, format);
	(void)vsnprintf(f->text, sizeof(f->text), format, ap);
	va_end(ap);
	return code;
}

uint64_t xst_io_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}
