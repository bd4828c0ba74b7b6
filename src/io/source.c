/* SPDX-License-Identifier: MIT */
#include "io/source.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/io.h"

#define WINDOW_MIN ((8 << 10) + 256) /* headers and 1024 pfns; payload is skipped by seeking */
#define WINDOW_MAX (WINDOW_MIN << 3)

int xst_source_init(struct source *s)
{
	*s = (struct source){ .fd = -1, .capacity = WINDOW_MIN, .buffer = malloc(WINDOW_MAX) };
	return s->buffer ? 0 : XST_E_NOMEM;
}

void xst_source_free(struct source *s)
{
	free(s->buffer);
	*s = (struct source){ .fd = -1 };
}

void xst_source_from_fd(struct source *s, int fd)
{
	off_t here = lseek(fd, 0, SEEK_CUR), end;
	struct stat st;

	s->fd = fd;
	if (fstat(fd, &st) < 0 || here < 0 || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)))
		return;
	end = S_ISREG(st.st_mode) ? st.st_size : lseek(fd, 0, SEEK_END);
	if (end < 0 || lseek(fd, here, SEEK_SET) < 0)
		return;
	s->seekable = true;
	s->size = (uint64_t)end;
	s->position = (uint64_t)here;
}

void xst_source_from_part(struct source *s, int fd, const uint8_t *memory, uint64_t from,
			  uint64_t to)
{
	s->fd = fd;
	s->memory = memory;
	s->seekable = s->is_part = true;
	s->position = from;
	s->size = to;
}

void xst_source_from_other(struct source *s, const struct source *other)
{
	xst_source_from_part(s, other->fd, other->memory,
			     other->position - source_window_left(other), other->size);
	s->is_part = other->is_part;
}

ssize_t xst_source_read(struct source *s, uint64_t max)
{
	size_t n = s->seekable || max > s->capacity ? s->capacity : (size_t)max;
	const uint8_t *window = s->memory ? s->memory + s->position : s->buffer;
	ssize_t k = (ssize_t)n;

	if (s->is_part && n > s->size - s->position)
		k = (ssize_t)(n = (size_t)(s->size - s->position));
	if (!s->seekable)
		k = xst_io_read_some(s->fd, s->buffer, n);
	else if (!s->memory)
		k = xst_io_ahead_pread(&s->ahead, s->fd, s->buffer, n, s->position);
	if (k < 0)
		return k;
	s->in = (struct xst_in){ window, (size_t)k, 0 };
	s->position += (uint64_t)k;
	if (k && s->capacity < WINDOW_MAX)
		s->capacity *= 2; /* until a run is skipped: long arrays need long windows */
	return k;
}

void xst_source_rewind(struct source *s)
{
	s->position -= source_window_left(s);
	s->in.size = s->in.pos;
}

void xst_source_moved(struct source *s, uint64_t n)
{
	s->position += n;
	s->capacity = WINDOW_MIN;
}

uint64_t xst_source_within(struct source *s, uint64_t n)
{
	struct stat st;

	if (!s->seekable)
		return n;
	if (!s->is_part && (s->size <= s->position || n >= s->size - s->position) &&
	    fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode))
		s->size = (uint64_t)st.st_size;
	if (s->size <= s->position)
		return 0;
	return n < s->size - s->position ? n : s->size - s->position;
}
