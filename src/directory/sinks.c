/* SPDX-License-Identifier: MIT */
/* A directory is built beside its place, and gets its name or goes.
 *
 * Three sinks share it.  Whoever is prepared first makes it; the domain's commit, which comes last,
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

#include "check/finding.h"
#include "wire/options.h"

/* --- errors ----------------------------------------------------------------------------------- */

int directory_io_error(struct directory *d, int err, const char *what)
{
	char name[200];

	if (d->error.code)
		return d->error.code;
	if (err == ENOMEM) {
		finding_no_memory(&d->error);
		return d->error.code;
	}
	(void)snprintf(name, sizeof(name), "%s%s%s", d->path, what ? "/" : "", what ? what : "");
	return io_error(&d->error, RULE_OUTPUT_IO, err, name);
}

int directory_fail(struct directory *d, int code, enum xst_rule rule, const char *format, ...)
{
	struct xst_finding nowhere = { 0 };
	va_list ap;

	if (d->error.code)
		return d->error.code;
	va_start(ap, format);
	finding_fill(&d->error, &nowhere, code, rule, NULL, format, ap);
	va_end(ap);
	return code;
}

int directory_result(struct directory *d, int r, const char *what)
{
	return r < 0 ? directory_io_error(d, -r, what) : 0;
}

/* --- its place -------------------------------------------------------------------------------- */

/* Another file system begins there. */
static bool is_mounted(int parent, int place)
{
	struct stat around, inside;

	return fstat(parent, &around) == 0 && fstat(place, &inside) == 0 &&
	       around.st_dev != inside.st_dev;
}

/* An empty directory may be replaced: that is what rename() does, but for one that is mounted. */
static int look_at_place(struct directory *d)
{
	int fd = openat(d->parent, d->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;

	if (fd < 0)
		return errno == ENOENT ? 0 : errno == ENOTDIR || errno == ELOOP ? -EEXIST : -errno;
	r = is_mounted(d->parent, fd) ? -EBUSY : tree_is_empty(fd);
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

/* Nothing can be renamed to these, however empty. */
static bool can_be_taken(const char *name)
{
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int build(struct directory *d)
{
	int r;

	if (!can_be_taken(d->name))
		return directory_fail(d, XST_E_IO, RULE_OUTPUT_IO,
				      "%s: can't be put in place; give a directory's own name",
				      d->path);
	r = open_parent(d);
	if (r == 0)
		r = look_at_place(d);
	if (r == 0)
		r = make_temporary(d);
	if (r)
		return directory_result(d, r, NULL);
	d->stage = STAGE_BUILDING;
	d->dir = tree_enter(d->parent, d->temporary, false);
	return d->dir < 0 ? directory_result(d, d->dir, NULL) : state_prepare(d);
}

static int prepare(void *self, const struct xst_restore_domain *domain)
{
	struct directory *d = self;

	d->domain = domain;
	return d->stage == STAGE_NEW ? build(d) : 0;
}

/* --- its end ---------------------------------------------------------------------------------- */

static int put_in_place(struct directory *d)
{
	if (renameat(d->parent, d->temporary, d->parent, d->name) < 0)
		return -errno;
	d->stage = STAGE_DONE;
	return d->flags & XST_DIRECTORY_SYNC && fsync(d->parent) < 0 ? -errno : 0;
}

static int finish_domain(void *self)
{
	struct directory *d = self;
	int r = state_finish(d);

	if (r == 0)
		r = manifest_write(d);
	if (r == 0 && d->flags & XST_DIRECTORY_SYNC)
		r = directory_result(d, tree_sync(d->dir), NULL);
	return r;
}

static int commit_domain(void *self)
{
	struct directory *d = self;

	return directory_result(d, put_in_place(d), NULL);
}

static int nothing(void *self)
{
	(void)self;
	return 0;
}

static void close_files(struct directory *d)
{
	int *const all[] = { &d->file, &d->emulator, &d->xenstore_keys, &d->records, &d->dir };

	memory_free(&d->memory);
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

/* Whichever of the sinks is told first.  What is open is closed first, as removing needs descriptors, of
 * which there may be no more. */
static int take_back(void *self)
{
	struct directory *d = self;

	close_files(d);
	if (d->stage == STAGE_BUILDING)
		(void)tree_remove(d->parent, d->temporary);
	else if (d->stage == STAGE_DONE)
		(void)tree_remove(d->parent, d->name);
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
		take_back(d);
	close_all(d);
	xst_emitter_free(d->emitter);
	transfer_free(&d->emulator_transfer);
	free(d->slots);
	free(d->temporary);
	free(d->parent_path);
	free(d->path);
	free(d);
}

/* --- the three -------------------------------------------------------------------------------- */

static int event(void *self, const struct xst_event *ev)
{
	return state_event(self, ev);
}

static int write_state(void *self, const void *data, size_t n, size_t *ret_done)
{
	return state_write(self, data, n, ret_done);
}

static int move_state(void *self, int fd, const off_t *offset, uint64_t n, uint64_t *ret_moved)
{
	return state_move(self, fd, offset, n, ret_moved);
}

static int checkpoint(void *self, uint64_t number)
{
	struct directory *d = self;

	d->state = number + 1;
	return 0;
}

static int begin_keys(void *self, uint32_t id, uint32_t index)
{
	return device_begin_keys(self, id, index);
}

static int pair(void *self, const char *key, size_t key_len, const char *value, size_t value_len)
{
	return device_pair(self, key, key_len, value, value_len);
}

static int end_keys(void *self)
{
	return device_end_keys(self);
}

static int begin_emulator(void *self, uint32_t id, uint32_t index, uint64_t length)
{
	return device_begin_state(self, id, index, length);
}

static int write_emulator(void *self, const void *data, size_t n, size_t *ret_done)
{
	struct directory *d = self;
	int r = write_all(d->emulator, data, n);

	*ret_done = n;
	return directory_result(d, r, d->emulator_name);
}

static int move_emulator(void *self, int fd, const off_t *offset, uint64_t n, uint64_t *ret_moved)
{
	struct directory *d = self;
	off_t at = offset ? *offset : 0;
	int64_t k = move_some(&d->emulator_transfer, fd, offset ? &at : NULL, d->emulator, n);

	*ret_moved = k > 0 ? (uint64_t)k : 0;
	return directory_result(d, k < 0 ? (int)k : 0, d->emulator_name);
}

static int end_emulator(void *self)
{
	return device_end_state(self);
}

static void wait(void *self, struct xst_wait *ret)
{
	(void)self;
	*ret = (struct xst_wait){ .fd = -1, .deadline = UINT64_MAX };
}

static const struct xst_finding *error(void *self)
{
	return &((const struct directory *)self)->error;
}

static const struct xst_domain_sink_ops domain_ops = {
	.size = sizeof(domain_ops),
	.name = "image",
	.prepare = prepare,
	.event = event,
	.write = write_state,
	.move = move_state,
	.checkpoint = checkpoint,
	.finish = finish_domain,
	.commit = commit_domain,
	.abort = take_back,
	.free = free_sink,
	.wait = wait,
	.error = error,
};

static const struct xst_xenstore_sink_ops xenstore_ops = {
	.size = sizeof(xenstore_ops),
	.name = "dir",
	.prepare = prepare,
	.begin = begin_keys,
	.pair = pair,
	.end = end_keys,
	.finish = nothing,
	.commit = nothing,
	.abort = take_back,
	.free = free_sink,
	.wait = wait,
	.error = error,
};

static const struct xst_emulator_sink_ops emulator_ops = {
	.size = sizeof(emulator_ops),
	.name = "file",
	.prepare = prepare,
	.begin = begin_emulator,
	.write = write_emulator,
	.move = move_emulator,
	.end = end_emulator,
	.finish = nothing,
	.commit = nothing,
	.abort = take_back,
	.free = free_sink,
	.wait = wait,
	.error = error,
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

static int make(const struct xst_directory_options *o, struct directory **ret)
{
	struct directory *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return XST_E_NOMEM;
	d->references = 1;
	d->flags = o->flags;
	d->state = 1;
	d->parent = d->dir = d->records = d->file = d->emulator = d->xenstore_keys = -1;
	memory_init(&d->memory);
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
	r = make(&o, &d);
	if (r)
		return r;
	d->references = 3;
	*ret = (struct xst_directory_sinks){ { &domain_ops, d },
					     { &xenstore_ops, d },
					     { &emulator_ops, d } };
	return 0;
}
