/* SPDX-License-Identifier: MIT */
/* Files below a directory, and nowhere else: symbolic links are not followed, and no name leads
 * out. */
#include "directory/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int xst_directory_tree_create(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

int xst_directory_tree_enter(int dir, const char *name, bool make)
{
	int fd;

	if (make && mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dir, name, DIRECTORY_FLAGS);
	return fd < 0 ? -errno : fd;
}

int xst_directory_tree_enter_path(int dir, const char *path, bool make, const char **ret_last)
{
	int here = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	const char *slash;

	for (; here >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		char *name = strndup(path, (size_t)(slash - path));
		int next = name ? xst_directory_tree_enter(here, name, make) : -ENOMEM;

		free(name);
		close(here);
		if (next < 0)
			return next;
		here = next;
	}
	*ret_last = path;
	return here < 0 ? -errno : here;
}

/* O_NONBLOCK: don't wait for the other end of a FIFO. */
int xst_directory_tree_open(int dir, const char *name, uint64_t *ret_size)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int r = 0;

	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? -EINVAL : -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EINVAL;
	if (r) {
		close(fd);
		return r;
	}
	*ret_size = (uint64_t)st.st_size;
	return fd;
}

static int tree_read_whole(int fd, uint8_t *data, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t k = xst_io_read_some(fd, data + done, n - done);

		if (k <= 0)
			return k < 0 ? (int)k : -EIO; /* the file has shrunk */
		done += (size_t)k;
	}
	return 0;
}

int xst_directory_tree_read(int dir, const char *name, size_t limit, uint8_t **ret,
			    size_t *ret_size)
{
	uint64_t size = 0;
	int fd = xst_directory_tree_open(dir, name, &size);
	uint8_t *data = NULL;
	int r;

	if (fd < 0)
		return fd;
	if (size > limit)
		r = -EFBIG;
	else
		r = (data = malloc((size_t)size + 1)) ? tree_read_whole(fd, data, (size_t)size)
						      : -ENOMEM;
	close(fd);
	if (r) {
		free(data);
		return r;
	}
	data[size] = '\0';
	*ret = data;
	*ret_size = (size_t)size;
	return 0;
}

/* --- walks ------------------------------------------------------------------------------------ */

typedef int (*entry_fn)(int dir, const char *name, int depth);

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Calls fn for each entry, until it returns a value other than 0, or always to the end if
 * to_the_end.  Returns the first value other than 0.  Closes the descriptor, and needs no other:
 * none may be left. */
static int tree_walk(int fd, int depth, entry_fn fn, bool to_the_end)
{
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	int r = 0;

	if (!d) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	rewinddir(d); /* a duplicate shares the original's position */
	while ((r == 0 || to_the_end) && (e = readdir(d))) {
		int k = is_dots(e->d_name) ? 0 : fn(fd, e->d_name, depth);

		r = r ? r : k;
	}
	closedir(d);
	return r;
}

static int walk_copy(int dir, int depth, entry_fn fn)
{
	return tree_walk(fcntl(dir, F_DUPFD_CLOEXEC, 0), depth, fn, false);
}

static int remove_entry(int dir, const char *name, int depth)
{
	int r;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if ((errno != EISDIR && errno != EPERM) || depth == 0)
		return -errno;
	r = tree_walk(xst_directory_tree_enter(dir, name, false), depth - 1, remove_entry, true);
	return unlinkat(dir, name, AT_REMOVEDIR) < 0 && !r ? -errno : r;
}

int xst_directory_tree_remove(int dir, const char *name)
{
	return remove_entry(dir, name, LIMIT_DIRECTORY_LEVELS + 3);
}

static int sync_entry(int dir, const char *name, int depth)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (depth && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		r = walk_copy(fd, depth - 1, sync_entry);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	close(fd);
	return r;
}

int xst_directory_tree_sync(int dir)
{
	int r = walk_copy(dir, LIMIT_DIRECTORY_LEVELS + 2, sync_entry);

	return r == 0 && fsync(dir) < 0 ? -errno : r;
}

static int not_empty(int dir, const char *name, int depth)
{
	(void)dir;
	(void)name;
	(void)depth;
	return -ENOTEMPTY;
}

int xst_directory_tree_is_empty(int dir)
{
	return walk_copy(dir, 0, not_empty);
}
