/* SPDX-License-Identifier: MIT */
/* Builds a directory beside its place, then renames or removes it.
 *
 * Three sinks share it.  The first one prepared creates it; the domain's commit, which comes last,
 * gives it its name. */
#include "directory/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "finding/finding.h"
#include "wire/options.h"

/* --- errors ----------------------------------------------------------------------------------- */

int xst_directory_io_error(struct directory *d, int err, const char *what)
{
	char name[200];

	if (d->error.code)
		return d->error.code;
	if (err == ENOMEM) {
		xst_finding_no_memory(&d->error);
		return d->error.code;
	}
	(void)snprintf(name, sizeof(name), "%s%s%s", d->path, what ? "/" : "", what ? what : "");
	return xst_io_error(&d->error, RULE_OUTPUT_IO, err, name);
}

int xst_directory_fail(struct directory *d, int code, enum xst_rule rule, const char *format, ...)
{
	struct xst_finding nowhere = { 0 };
	va_list ap;

	if (d->error.code)
		return d->error.code;
	va_start(ap, format);
	xst_finding_fill(&d->error, &nowhere, code, rule, NULL, format, ap);
	va_end(ap);
	return code;
}

int xst_directory_result(struct directory *d, int r, const char *what)
{
	return r < 0 ? xst_directory_io_error(d, -r, what) : 0;
}

/* --- its place -------------------------------------------------------------------------------- */

/* Whether the place is a mount point. */
static bool is_mounted(int parent, int place)
{
	struct stat around, inside;

	return fstat(parent, &around) == 0 && fstat(place, &inside) == 0 &&
	       around.st_dev != inside.st_dev;
}

/* An empty directory may be replaced, as by rename(), unless it is a mount point. */
static int look_at_place(struct directory *d)
{
	int fd = openat(d->parent, d->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;

	if (fd < 0)
		return errno == ENOENT ? 0 : errno == ENOTDIR || errno == ELOOP ? -EEXIST : -errno;
	r = is_mounted(d->parent, fd) ? -EBUSY : xst_directory_tree_is_empty(fd);
	close(fd);
	return r;
}

static int make_temporary(struct directory *d)
{
	for (unsigned i = 0; i < 100; i++) {
		uint32_t noise = 0;

		if (getrandom(&noise, sizeof(noise), 0) < 0)
			return -errno;
		free(d->temporary);
		if (asprintf(&d->temporary, ".%.200s.%08x", d->name, noise) < 0) {
			d->temporary = NULL;
			return -ENOMEM;
		}
		if (mkdirat(d->parent, d->temporary, 0700) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int open_parent(struct directory *d)
{
	d->parent = open(d->parent_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return d->parent < 0 ? -errno : 0;
}

/* Nothing can be renamed to these names, even if empty. */
static bool can_be_taken(const char *name)
{
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int build(struct directory *d)
{
	int r;

	if (!can_be_taken(d->name))
		return xst_directory_fail(d, XST_E_IO, RULE_OUTPUT_IO,
					  "%s: can't be replaced: give its own name",
					  d->path);
	r = open_parent(d);
	if (r == 0)
		r = look_at_place(d);
	if (r == 0)
		r = make_temporary(d);
	if (r)
		return xst_directory_result(d, r, NULL);
	d->stage = STAGE_BUILDING;
	d->dir = xst_directory_tree_enter(d->parent, d->temporary, false);
	return d->dir < 0 ? xst_directory_result(d, d->dir, NULL) : xst_directory_state_prepare(d);
}

static int directory_sink_prepare(void *self, const struct xst_restore_domain *domain)
{
	struct directory *d = self;

	d->domain = domain;
	return d->stage == STAGE_NEW ? build(d) : 0;
}

/* --- its end ---------------------------------------------------------------------------------- */

static int directory_sink_put_in_place(struct directory *d)
{
	if (renameat(d->parent, d->temporary, d->parent, d->name) < 0)
		return -errno;
	d->stage = STAGE_DONE;
	return d->flags & XST_DIRECTORY_SYNC && fsync(d->parent) < 0 ? -errno : 0;
}

static int finish_domain(void *self)
{
	struct directory *d = self;
	int r = xst_directory_state_finish(d);

	if (r == 0)
		r = xst_directory_manifest_write(d);
	if (r == 0 && d->flags & XST_DIRECTORY_SYNC)
		r = xst_directory_result(d, xst_directory_tree_sync(d->dir), NULL);
	return r;
}

static int commit_domain(void *self)
{
	struct directory *d = self;

	return xst_directory_result(d, directory_sink_put_in_place(d), NULL);
}

static int directory_sink_nothing(void *self)
{
	(void)self;
	return 0;
}

static void close_files(struct directory *d)
{
	int *const all[] = { &d->file, &d->emulator, &d->xenstore_keys, &d->records, &d->dir };

	xst_directory_memory_free(&d->memory);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

static void close_all(struct directory *d)
{
	close_files(d);
	if (d->parent >= 0)
		close(d->parent);
	d->parent = -1;
}

/* The first sink to abort does it.  Open files are closed first: removing needs descriptors, and
 * none may be left. */
static int directory_sink_take_back(void *self)
{
	struct directory *d = self;

	close_files(d);
	if (d->stage == STAGE_BUILDING)
		(void)xst_directory_tree_remove(d->parent, d->temporary);
	else if (d->stage == STAGE_DONE)
		(void)xst_directory_tree_remove(d->parent, d->name);
	d->stage = STAGE_GONE;
	close_all(d);
	return 0;
}

static void free_sink(void *self)
{
	struct directory *d = self;

	if (--d->references)
		return;
	if (d->stage == STAGE_BUILDING)
		directory_sink_take_back(d);
	close_all(d);
	xst_emitter_free(d->emitter);
	xst_io_transfer_free(&d->emulator_transfer);
	free(d->slots);
	free(d->temporary);
	free(d->parent_path);
	free(d->path);
	free(d);
}

/* --- the three sinks -------------------------------------------------------------------------- */

static int directory_sink_event(void *self, const struct xst_event *ev)
{
	return xst_directory_state_event(self, ev);
}

static int directory_sink_write_state(void *self, const void *data, size_t n, size_t *ret_done)
{
	return xst_directory_state_write(self, data, n, ret_done);
}

static int move_state(void *self, int fd, const off_t *offset, uint64_t n, uint64_t *ret_moved)
{
	return xst_directory_state_move(self, fd, offset, n, ret_moved);
}

static int directory_sink_checkpoint(void *self, uint64_t number)
{
	struct directory *d = self;

	d->state = number + 1;
	return 0;
}

static int begin_keys(void *self, uint32_t id, uint32_t index)
{
	return xst_directory_device_begin_keys(self, id, index);
}

static int directory_sink_pair(void *self, const char *key, size_t key_len, const char *value,
			       size_t value_len)
{
	return xst_directory_device_pair(self, key, key_len, value, value_len);
}

static int end_keys(void *self)
{
	return xst_directory_device_end_keys(self);
}

static int begin_emulator(void *self, uint32_t id, uint32_t index, uint64_t length)
{
	return xst_directory_device_begin_state(self, id, index, length);
}

static int write_emulator(void *self, const void *data, size_t n, size_t *ret_done)
{
	struct directory *d = self;
	int r = xst_io_write_all(d->emulator, data, n);

	*ret_done = n;
	return xst_directory_result(d, r, d->emulator_name);
}

static int move_emulator(void *self, int fd, const off_t *offset, uint64_t n, uint64_t *ret_moved)
{
	struct directory *d = self;
	off_t at = offset ? *offset : 0;
	int64_t k = xst_directory_move_some(&d->emulator_transfer, fd, offset ? &at : NULL,
					    d->emulator, n);

	*ret_moved = k > 0 ? (uint64_t)k : 0;
	return xst_directory_result(d, k < 0 ? (int)k : 0, d->emulator_name);
}

static int end_emulator(void *self)
{
	return xst_directory_device_end_state(self);
}

static void directory_sink_wait(void *self, struct xst_wait *ret)
{
	(void)self;
	*ret = (struct xst_wait){ .fd = -1, .deadline = UINT64_MAX };
}

static const struct xst_finding *directory_sink_error(void *self)
{
	return &((const struct directory *)self)->error;
}

#define SHARED_OPS                                                               \
	.prepare = directory_sink_prepare, .abort = directory_sink_take_back,    \
	.free = free_sink, .wait = directory_sink_wait, .error = directory_sink_error

static const struct xst_domain_sink_ops domain_ops = {
	.size = sizeof(domain_ops),
	.name = "image",
	SHARED_OPS,
	.event = directory_sink_event,
	.write = directory_sink_write_state,
	.move = move_state,
	.checkpoint = directory_sink_checkpoint,
	.finish = finish_domain,
	.commit = commit_domain,
};

static const struct xst_xenstore_sink_ops xenstore_ops = {
	.size = sizeof(xenstore_ops),
	.name = "dir",
	SHARED_OPS,
	.begin = begin_keys,
	.pair = directory_sink_pair,
	.end = end_keys,
	.finish = directory_sink_nothing,
	.commit = directory_sink_nothing,
};

static const struct xst_emulator_sink_ops emulator_ops = {
	.size = sizeof(emulator_ops),
	.name = "file",
	SHARED_OPS,
	.begin = begin_emulator,
	.write = write_emulator,
	.move = move_emulator,
	.end = end_emulator,
	.finish = directory_sink_nothing,
	.commit = directory_sink_nothing,
};

/* --- public ----------------------------------------------------------------------------------- */

/* "a/b/" is a directory b in a directory a. */
static int split_path(struct directory *d, const char *path)
{
	size_t n = strlen(path);
	const char *slash;

	while (n > 1 && path[n - 1] == '/')
		n--;
	d->path = strndup(path, n);
	if (!d->path)
		return XST_E_NOMEM;
	slash = strrchr(d->path, '/');
	d->name = slash ? slash + 1 : d->path;
	d->parent_path = !slash ? strdup(".")
				: strndup(d->path,
					  slash == d->path ? 1 : (size_t)(slash - d->path));
	return d->parent_path ? 0 : XST_E_NOMEM;
}

static int directory_sink_make(const struct xst_directory_options *o, struct directory **ret)
{
	struct directory *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return XST_E_NOMEM;
	d->references = 1;
	d->flags = o->flags;
	d->state = 1;
	d->parent = d->dir = d->records = d->file = d->emulator = d->xenstore_keys = -1;
	xst_directory_memory_init(&d->memory);
	r = split_path(d, o->path);
	if (r == 0)
		r = xst_emitter_new(&d->emitter);
	if (r) {
		free_sink(d);
		return r;
	}
	*ret = d;
	return 0;
}

int xst_directory_sinks(const struct xst_directory_options *options,
			struct xst_directory_sinks *ret)
{
	struct xst_directory_options o = { .size = sizeof(o) };
	struct directory *d;
	int r;

	if (!ret || !options || xst_options_copy(&o, sizeof(o), options, options->size) < 0 ||
	    !o.path || !*o.path || o.flags & ~(uint32_t)XST_DIRECTORY_SYNC)
		return XST_E_ARG;
	r = directory_sink_make(&o, &d);
	if (r)
		return r;
	d->references = 3;
	*ret = (struct xst_directory_sinks){ { &domain_ops, d },
					     { &xenstore_ops, d },
					     { &emulator_ops, d } };
	return 0;
}
