/* SPDX-License-Identifier: MIT */
#include "io/ahead.h"

#include <fcntl.h>
#include <time.h>

#include "io/io.h"

#define EQUAL_JUMPS 3
#define PLACES 32 /* requested together */
#define SAMPLE 16 /* one read in this many is timed */
#define FROM_DISK_NS 40000

static void ahead_watch(struct ahead *a, uint64_t offset)
{
	uint64_t jump = offset > a->last ? offset - a->last : 0;

	if (jump == a->jump) {
		a->equal++;
	} else {
		a->equal = 0;
		a->asked = 0;
	}
	a->jump = jump;
	a->last = offset;
}

static void ahead_ask(struct ahead *a, int fd, size_t n)
{
	uint64_t end = a->last + PLACES * a->jump;

	if (a->asked <= a->last)
		a->asked = a->last + a->jump;
	for (; a->asked <= end && end > a->last; a->asked += a->jump)
		(void)posix_fadvise(fd, (off_t)a->asked, (off_t)n, POSIX_FADV_WILLNEED);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

ssize_t xst_io_ahead_pread(struct ahead *a, int fd, void *to, size_t n, uint64_t offset)
{
	bool is_sample;
	uint64_t begin = 0;
	ssize_t k;

	ahead_watch(a, offset);
	if (a->from_disk && a->equal >= EQUAL_JUMPS && a->jump > n)
		ahead_ask(a, fd, n);
	is_sample = !a->from_disk && a->equal % SAMPLE == EQUAL_JUMPS;
	if (is_sample)
		begin = now_ns();
	k = xst_io_pread_some(fd, to, n, (off_t)offset);
	if (is_sample)
		a->from_disk = now_ns() - begin > FROM_DISK_NS;
	return k;
}
