/* SPDX-License-Identifier: MIT */
/* Output that appears whole or not at all.
 *
 * A file is written without a name (O_TMPFILE), so that nothing is left whatever happens, even a
 * kill -9 or a power cut.  A new name is linked; an existing one is replaced by a rename, after the
 * file has been written to the disk.  File systems without O_TMPFILE get a hidden temporary
 * name. */
#include "io/io.h"
#include "limits/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GATHER (64 << 10)
#define WRITE_BACK (8 << 20)

struct xst_output {
	int fd;
	bool own_fd, atomic, unnamed;
	bool sync;         /* write it to the disk before it gets its name */
	uint32_t flags;
	char *path;        /* as given */
	char *target;      /* the target if `path` is a symbolic link */
	char *temporary;   /* a name that must be removed */
	uint64_t offset, written_back;
	uint8_t *gathered;
	size_t n;
	struct xst_finding error;
};

static int output_new(int fd, bool own, struct xst_output **ret)
{
	struct xst_output *o = calloc(1, sizeof(*o));

	if (o)
		o->gathered = malloc(GATHER);
	if (!o || !o->gathered) {
		free(o);
		return XST_E_NOMEM;
	}
	o->fd = fd;
	o->own_fd = own;
	*ret = o;
	return 0;
}

int xst_output_fd(int fd, struct xst_output **ret)
{
	if (fd < 0 || !ret)
		return XST_E_ARG;
	return output_new(fd, false, ret);
}

/* dir/.name.XXXXXX, malloc'ed */
static char *temporary_name(const char *target)
{
	char *dir_copy = strdup(target), *base_copy = strdup(target), *name = NULL;

	if (dir_copy && base_copy &&
	    asprintf(&name, "%s/.%s.XXXXXX", dirname(dir_copy), basename(base_copy)) < 0)
		name = NULL;
	free(dir_copy);
	free(base_copy);
	return name;
}

/* Without privileges, a file can get its name only through /proc. */
static int open_unnamed(const char *target, unsigned mode)
{
	char *copy;
	int fd;

	if (access("/proc/self/fd", X_OK) < 0)
		return -EOPNOTSUPP;
	copy = strdup(target);
	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (fd < 0)
		fd = -errno;
	free(copy);
	return fd;
}

/* Accessible to its owner only, until an existing file's permissions are copied. */
static int open_temporary(struct xst_output *o)
{
	o->temporary = temporary_name(o->target);
	if (!o->temporary)
		return -ENOMEM;
	o->fd = mkostemp(o->temporary, O_CLOEXEC);
	if (o->fd >= 0)
		return 0;
	free(o->temporary);
	o->temporary = NULL;
	return -errno;
}

/* A new file that will replace the target. */
static int open_atomic(struct xst_output *o, unsigned mode)
{
	o->atomic = true;
	o->fd = open_unnamed(o->target, mode);
	if (o->fd >= 0) {
		o->unnamed = true;
		return 0;
	}
	if (o->fd != -EOPNOTSUPP && o->fd != -EISDIR && o->fd != -EINVAL)
		return o->fd;
	return open_temporary(o);
}

static int open_direct(struct xst_output *o)
{
	o->fd = open(o->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return o->fd < 0 ? -errno : 0;
}

/* The target of a symbolic link, as a path that is valid here; malloc'ed, or NULL with errno. */
static char *read_link(const char *path)
{
	char text[PATH_MAX], *copy, *joined = NULL;
	ssize_t n = readlink(path, text, sizeof(text) - 1);

	if (n < 0)
		return NULL;
	text[n] = '\0';
	if (text[0] == '/')
		return strdup(text);
	copy = strdup(path);
	if (copy && asprintf(&joined, "%s/%s", dirname(copy), text) < 0)
		joined = NULL;
	free(copy);
	return joined;
}

/* The file to create: a dangling symbolic link names it. */
static char *new_target(const char *path)
{
	char *target = strdup(path);
	struct stat st;

	for (int i = 0; target && lstat(target, &st) == 0 && S_ISLNK(st.st_mode); i++) {
		char *next = i < LIMIT_LINKS ? read_link(target) : NULL;

		if (i == LIMIT_LINKS)
			errno = ELOOP;
		free(target);
		target = next;
	}
	return target;
}

static int output_open_output(struct xst_output *o, unsigned mode)
{
	struct stat st;
	bool exists = stat(o->path, &st) == 0;
	int r;

	if (exists && S_ISDIR(st.st_mode))
		return -EISDIR;
	if (exists && !S_ISREG(st.st_mode))
		return open_direct(o);
	o->target = exists ? realpath(o->path, NULL) : new_target(o->path);
	if (!o->target)
		return -errno;
	if (exists && access(o->target, W_OK) < 0)
		return -errno;
	o->sync = exists || o->flags & XST_OUTPUT_SYNC;
	r = open_atomic(o, exists ? st.st_mode & 07777 : mode);
	/* keep the owner if we may; set-id bits only together with it */
	if (r == 0 && exists && fchown(o->fd, st.st_uid, st.st_gid) == 0)
		(void)fchmod(o->fd, st.st_mode & 07777);
	return r;
}

int xst_output_file(const char *path, unsigned mode, uint32_t flags, struct xst_output **ret,
		    struct xst_finding *reterr)
{
	struct xst_output *o;
	int r;

	if (!path || !ret || flags & ~(uint32_t)XST_OUTPUT_SYNC)
		return XST_E_ARG;
	r = output_new(-1, true, &o);
	if (r)
		return r;
	o->flags = flags;
	o->path = strdup(path);
	r = o->path ? output_open_output(o, mode) : -ENOMEM;
	if (r < 0) {
		xst_output_free(o);
		return xst_io_error(reterr, RULE_OUTPUT_IO, -r, path);
	}
	*ret = o;
	return 0;
}

int xst_output_failed(struct xst_output *o, int err)
{
	return xst_io_error(&o->error, RULE_OUTPUT_IO, err, o->path ? o->path : "output");
}

/* Data that must be on the disk in the end is written back early, which saves a third of the
 * time. */
static void write_back(struct xst_output *o)
{
	uint64_t n = o->offset - o->written_back;

	if (!o->sync || n < WRITE_BACK)
		return;
	(void)sync_file_range(o->fd, (off_t)o->written_back, (off_t)n, SYNC_FILE_RANGE_WRITE);
	o->written_back = o->offset;
}

void xst_output_moved(struct xst_output *o, uint64_t n)
{
	o->offset += n;
	write_back(o);
}

int xst_output_rewind(struct xst_output *o, uint64_t offset)
{
	int r = xst_output_flush(o);

	if (r)
		return r;
	if (!o->atomic || offset > o->offset)
		return XST_E_REFUSED;
	if (ftruncate(o->fd, (off_t)offset) < 0 || lseek(o->fd, (off_t)offset, SEEK_SET) < 0)
		return xst_output_failed(o, errno);
	o->offset = offset;
	return 0;
}

int xst_output_reopen(struct xst_output *o)
{
	char proc[64];
	struct stat st;
	off_t end;
	int fd;

	if (xst_output_flush(o) < 0)
		return -EIO;
	end = lseek(o->fd, 0, SEEK_CUR);
	if (fstat(o->fd, &st) < 0 || !S_ISREG(st.st_mode) || end < (off_t)o->offset)
		return -ESPIPE;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", o->fd);
	fd = open(proc, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (lseek(fd, end - (off_t)o->offset, SEEK_SET) < 0) {
		close(fd);
		return -ESPIPE;
	}
	return fd;
}

int xst_output_flush(struct xst_output *o)
{
	int r;

	if (o->error.code)
		return o->error.code;
	r = xst_io_write_all(o->fd, o->gathered, o->n);
	if (r < 0)
		return xst_output_failed(o, -r);
	o->n = 0;
	return 0;
}

int xst_output_write(struct xst_output *o, const void *data, size_t n)
{
	int r;

	if (o->error.code)
		return o->error.code;
	if (n > GATHER - o->n) {
		r = xst_output_flush(o);
		if (r)
			return r;
	}
	o->offset += n;
	if (n <= GATHER - o->n) {
		memcpy(o->gathered + o->n, data, n);
		o->n += n;
		return 0;
	}
	r = xst_io_write_all(o->fd, data, n);
	return r < 0 ? xst_output_failed(o, -r) : 0;
}

static int link_as(const char *file, const char *name)
{
	return linkat(AT_FDCWD, file, AT_FDCWD, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

int xst_io_link_beside(const char *file, const char *target, char **ret_name)
{
	for (unsigned i = 0; i < 1000; i++) {
		char *name = temporary_name(target);
		int r;

		if (!name)
			return -ENOMEM;
		snprintf(name + strlen(name) - 6, 7, "%06u",
			 (unsigned)(getpid() + (int)i) % 1000000);
		r = link_as(file, name);
		if (r == 0) {
			*ret_name = name;
			return 0;
		}
		free(name);
		if (r != -EEXIST)
			return r;
	}
	return -EEXIST;
}

static int output_put_in_place(struct xst_output *o)
{
	bool replaces = access(o->target, F_OK) == 0;
	char proc[64];
	int r;

	if ((replaces || o->sync) && fsync(o->fd) < 0)
		return -errno;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", o->fd);
	if (o->unnamed && !replaces) {
		r = link_as(proc, o->target);
		if (r != -EEXIST)
			return r;
	}
	if (o->unnamed) {
		r = xst_io_link_beside(proc, o->target, &o->temporary); /* to be renamed */
		if (r)
			return r;
	}
	if (rename(o->temporary, o->target) < 0)
		return -errno;
	free(o->temporary);
	o->temporary = NULL;
	return 0;
}

int xst_output_commit(struct xst_output *o)
{
	int r;

	if (o->error.code)
		return o->error.code;
	r = xst_output_flush(o);
	if (r || !o->atomic)
		return r;
	r = output_put_in_place(o);
	return r < 0 ? xst_output_failed(o, -r) : 0;
}

struct xst_output *xst_output_free(struct xst_output *o)
{
	if (!o)
		return NULL;
	if (o->temporary)
		unlink(o->temporary);
	if (o->own_fd && o->fd >= 0)
		close(o->fd);
	free(o->temporary);
	free(o->target);
	free(o->path);
	free(o->gathered);
	free(o);
	return NULL;
}

int xst_output_get_fd(const struct xst_output *o)
{
	return o->fd;
}

uint64_t xst_output_offset(const struct xst_output *o)
{
	return o->offset;
}

const struct xst_finding *xst_output_error(const struct xst_output *o)
{
	return &o->error;
}
