/* SPDX-License-Identifier: MIT */
/* Recognises the compression by the first bytes, without consuming them. */
#include "filter/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEAD 16
#define GZIP_HEADER 10
#define MAX_HANDSHAKES 4 /* bytes */
#define PATIENCE_NS 5000000 /* between looks at a pipe with too few bytes */

static const struct format {
	const char *name;
	const char *magic;
	size_t size;
	int min, max; /* levels; 0 and -1: not for writing */
} formats[FILTER_MAX] = {
	[FILTER_NONE] = { "none", "", 0, 0, -1 },
	[FILTER_GZIP] = { "gzip", "\x1f\x8b\x08", 3, 1, 9 },
	[FILTER_ZSTD] = { "zstd", "\x28\xb5\x2f\xfd", 4, 1, 22 },
	[FILTER_XZ] = { "xz", "\xfd" "7zXZ\0", 6, 0, 9 },
	[FILTER_LZ4] = { "lz4", "\x04\x22\x4d\x18", 4, 1, 9 },
	[FILTER_BZIP2] = { "bzip2", "BZh", 3, 0, -1 },
};

const char *xst_filter_name(enum filter_format format)
{
	return formats[format].name;
}

bool xst_filter_parse(const char *text, enum filter_format *format, int *level)
{
	size_t n = strcspn(text, ":");
	char *end;
	long v;

	*level = -1;
	for (int i = FILTER_GZIP; i < FILTER_MAX; i++) {
		const struct format *f = &formats[i];

		if (strlen(f->name) != n || strncmp(text, f->name, n) != 0 || f->max < 0)
			continue;
		*format = (enum filter_format)i;
		if (!text[n])
			return true;
		v = strtol(text + n + 1, &end, 10);
		*level = (int)v;
		return text[n + 1] >= '0' && text[n + 1] <= '9' && !*end && v >= f->min &&
		       v <= f->max;
	}
	return false;
}

/* A legacy stream begins with an arbitrary number, its count of page frames, which may look like
 * gzip's three bytes: then no gzip header follows. */
static bool is_gzip_header(const unsigned char *head)
{
	unsigned hint = head[8], system = head[9];

	return (hint == 0 || hint == 2 || hint == 4) &&
	       ((system <= 13 && system != 4) || system == 255);
}

/* *undecided: more bytes could change the result. */
static enum filter_format match(const unsigned char *head, size_t n, bool *undecided)
{
	*undecided = false;
	for (int i = FILTER_GZIP; i < FILTER_MAX; i++) {
		size_t size = formats[i].size, k = n < size ? n : size;

		if (memcmp(head, formats[i].magic, k) != 0)
			continue;
		*undecided = k < size || (i == FILTER_GZIP && n < GZIP_HEADER);
		if (k == size && (*undecided || i != FILTER_GZIP || is_gzip_header(head)))
			return (enum filter_format)i;
	}
	return FILTER_NONE;
}

/* A handshake, "no error": two bytes that encode length 0.  After it xenopsd sends zstd or
 * uncompressed data; no legacy stream has a page frame count that looks like this. */
static size_t handshakes(const unsigned char *head, size_t n)
{
	size_t size = 0;

	while (size < MAX_HANDSHAKES && size + 2 <= n && !head[size] && !head[size + 1])
		size += 2;
	return size;
}

static enum filter_format match_behind(const unsigned char *head, size_t n, size_t *ret_front,
				       bool *undecided)
{
	const struct format *zstd = &formats[FILTER_ZSTD];
	size_t front = handshakes(head, n), left = n - front;

	*ret_front = 0;
	if (!front)
		return match(head, n, undecided);
	*undecided = left < zstd->size && memcmp(head + front, zstd->magic, left) == 0;
	if (left < zstd->size || memcmp(head + front, zstd->magic, zstd->size) != 0)
		return FILTER_NONE;
	*ret_front = front;
	return FILTER_ZSTD;
}

/* tee() copies without consuming. */
static ssize_t look_at_pipe(int fd, unsigned char *head)
{
	int copy[2];
	ssize_t n;

	if (pipe2(copy, O_CLOEXEC) < 0)
		return -1;
	n = tee(fd, copy[1], HEAD, 0);
	if (n > 0)
		n = read(copy[0], head, HEAD);
	close(copy[0]);
	close(copy[1]);
	return n;
}

static ssize_t recognise_look(int fd, mode_t type, unsigned char *head)
{
	if (S_ISFIFO(type))
		return look_at_pipe(fd, head);
	if (S_ISSOCK(type))
		return recv(fd, head, HEAD, MSG_PEEK);
	return pread(fd, head, HEAD, lseek(fd, 0, SEEK_CUR));
}

static bool may_come_to_more(int fd, mode_t type)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLRDHUP };
	struct timespec t = { .tv_nsec = PATIENCE_NS };

	if (!S_ISFIFO(type) && !S_ISSOCK(type))
		return false;
	if (poll(&p, 1, 0) < 0 || p.revents & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL))
		return false;
	nanosleep(&t, NULL);
	return true;
}

/* Waits if the descriptor doesn't block.  Returns whether another look is worthwhile. */
static bool interrupted(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (errno == EINTR)
		return true;
	return (errno == EAGAIN || errno == EWOULDBLOCK) &&
	       (poll(&p, 1, -1) >= 0 || errno == EINTR);
}

enum filter_format xst_filter_recognise(int fd, size_t *ret_front)
{
	unsigned char head[HEAD];
	struct stat st;
	bool undecided = true, last = false;
	enum filter_format format = FILTER_NONE;

	if (fstat(fd, &st) < 0 || !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
				    S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)))
		return FILTER_NONE;
	while (undecided) {
		ssize_t n = recognise_look(fd, st.st_mode, head);

		if (n < 0 && interrupted(fd))
			continue;
		if (n <= 0)
			return FILTER_NONE;
		format = match_behind(head, (size_t)n, ret_front, &undecided);
		if (last)
			break;
		/* looks again, for bytes that came just before the end */
		last = undecided && !may_come_to_more(fd, st.st_mode);
	}
	return format;
}

int xst_filter_pass_over(int fd, size_t n)
{
	char front[HEAD];

	while (n) {
		ssize_t k = read(fd, front, n < sizeof(front) ? n : sizeof(front));

		if (k == 0)
			return 0;
		if (k < 0 && !interrupted(fd))
			return -errno;
		n -= k > 0 ? (size_t)k : 0;
	}
	return 0;
}
