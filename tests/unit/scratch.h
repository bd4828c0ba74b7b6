/* SPDX-License-Identifier: MIT */
/* Where tests put their files: in memory, if there is a file system for that, because most of them
 * wait for each file to be on the disk.  tests/conftest.py chooses in the same way. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

/* Short enough for the path of a socket in such a folder. */
#define SCRATCH_MAX 80
#define SCRATCH_ROOM (1ULL << 30)

static inline bool scratch_is_memory(const char *path)
{
	struct statfs s;

	return statfs(path, &s) == 0 && s.f_type == TMPFS_MAGIC && access(path, W_OK | X_OK) == 0 &&
	       (unsigned long long)s.f_bavail * (unsigned long long)s.f_bsize >= SCRATCH_ROOM;
}

static inline const char *scratch_root(void)
{
	const char *dir = getenv("TMPDIR");

	if (!dir || !*dir || strlen(dir) > SCRATCH_MAX - 30)
		dir = "/tmp";
	return !scratch_is_memory(dir) && scratch_is_memory("/dev/shm") ? "/dev/shm" : dir;
}

/* Makes an empty folder and puts its name into path[SCRATCH_MAX].  Returns whether it could. */
static inline bool scratch_folder(char *path)
{
	(void)snprintf(path, SCRATCH_MAX, "%s/xenstream-unit-XXXXXX", scratch_root());
	return mkdtemp(path);
}

#endif
