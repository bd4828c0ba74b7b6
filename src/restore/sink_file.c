/* SPDX-License-Identifier: MIT */
/* The emulator sink that writes a file.
 *
 * Commit renames the new file into place.  An existing file is kept under another name until an
 * abort is ruled out: restoring it then needs no space. */
#include <xenstream/restore.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "finding/finding.h"
#include "io/io.h"
#include "wire/options.h"

struct state_file {
	char *path, *dir;
	struct xst_output *output; /* the new file, from begin on */
	bool complete;             /* a whole state is in it */
	bool committed;
	char *target;              /* the target, if `path` is a symbolic link */
	char *before;              /* another name of the old file, or NULL */
	struct xst_finding error;
};

static int file_sink_refuse(struct state_file *f, int code, const char *what)
{
	f->error = (struct xst_finding){ .code = code, .severity = XST_ERROR,
					 .rule = xst_rule_table[RULE_OUTPUT_IO].id };
	snprintf(f->error.text, sizeof(f->error.text), "%.150s%s%s", f->path ? f->path : "",
		 f->path ? ": " : "", what);
	return code;
}

static int file_sink_no_memory(struct state_file *f)
{
	xst_finding_no_memory(&f->error);
	return XST_E_NOMEM;
}

/* The sticky error of the output becomes the sink's. */
static int output_error(struct state_file *f, int code)
{
	if (code == XST_E_NOMEM)
		return file_sink_no_memory(f);
	f->error = *xst_output_error(f->output);
	return code;
}

static int name_file(struct state_file *f, uint32_t domid)
{
	if (f->path)
		return 0;
	if (domid == XST_DOMID_NONE)
		return file_sink_refuse(
			f, XST_E_ARG,
			"the device model's file name contains the domain's id: "
			"give the id or the file");
	if (asprintf(&f->path, "%s/qemu-resume.%u", f->dir, domid) < 0) {
		f->path = NULL;
		return file_sink_no_memory(f);
	}
	return 0;
}

static int look_before(struct state_file *f)
{
	struct stat st;

	if (stat(f->path, &st) < 0)
		return errno == ENOENT ? 0
				       : xst_io_error(&f->error, RULE_OUTPUT_IO, errno, f->path);
	return S_ISREG(st.st_mode) ? 0
				   : file_sink_refuse(f, XST_E_IO, "is not a regular file");
}

/* Opens the output once, so that a missing folder is found before the first byte. */
static int file_prepare(void *self, const struct xst_restore_domain *domain)
{
	struct state_file *f = self;
	int r = name_file(f, domain->domid);

	if (r == 0)
		r = look_before(f);
	if (r == 0)
		r = xst_output_file(f->path, 0600, 0, &f->output, &f->error);
	if (r == XST_E_NOMEM)
		return file_sink_no_memory(f);
	f->output = xst_output_free(f->output);
	return r;
}

static int file_begin(void *self, uint32_t id, uint32_t index, uint64_t length)
{
	struct state_file *f = self;
	int r;

	(void)id;
	(void)index;
	(void)length;
	f->complete = false;
	f->output = xst_output_free(f->output);
	r = xst_output_file(f->path, 0600, 0, &f->output, &f->error);
	if (r)
		return r == XST_E_NOMEM ? file_sink_no_memory(f) : r;
	if (fchmod(xst_output_get_fd(f->output), 0600) < 0)
		return xst_io_error(&f->error, RULE_OUTPUT_IO, errno, f->path);
	return 0;
}

static int file_write(void *self, const void *data, size_t n, size_t *ret_done)
{
	struct state_file *f = self;
	int r = xst_output_write(f->output, data, n);

	if (r)
		return output_error(f, r);
	*ret_done = n;
	return 0;
}

static int file_end(void *self)
{
	((struct state_file *)self)->complete = true;
	return 0;
}

static int file_finish(void *self)
{
	struct state_file *f = self;
	int r = f->complete ? xst_output_flush(f->output) : 0;

	return r ? output_error(f, r) : 0;
}

static int keep_before(struct state_file *f)
{
	int r;

	f->target = realpath(f->path, NULL);
	if (!f->target && errno == ENOENT)
		return 0;
	r = f->target ? xst_io_link_beside(f->target, f->target, &f->before) : -errno;
	if (r == -ENOMEM)
		return file_sink_no_memory(f);
	if (r == 0 || r == -ENOENT)
		return 0;
	return xst_io_plain_error(
		&f->error, XST_E_IO, RULE_OUTPUT_IO,
		"%.150s: can't keep the old file under another name: %s; move it away",
		f->path, strerror(-r));
}

static void forget_before(struct state_file *f)
{
	if (f->before)
		unlink(f->before);
	free(f->before);
	f->before = NULL;
}

static int file_commit(void *self)
{
	struct state_file *f = self;
	int r;

	if (!f->complete)
		return 0;
	r = keep_before(f);
	if (r)
		return r;
	r = xst_output_commit(f->output);
	if (r)
		return output_error(f, r);
	f->committed = true;
	return 0;
}

/* If even the rename fails, the old file's other name stays. */
static void put_back(struct state_file *f)
{
	if (rename(f->before, f->target) == 0)
		return;
	free(f->before);
	f->before = NULL;
}

static int file_abort(void *self)
{
	struct state_file *f = self;

	f->output = xst_output_free(f->output); /* first: no other descriptor may be left */
	if (f->committed && f->before)
		put_back(f);
	else if (f->committed)
		unlink(f->path);
	forget_before(f);
	f->committed = false;
	f->complete = false;
	return 0;
}

static void file_free(void *self)
{
	struct state_file *f = self;

	xst_output_free(f->output);
	forget_before(f);
	free(f->target);
	free(f->path);
	free(f->dir);
	free(f);
}

static void file_wait(void *self, struct xst_wait *ret)
{
	(void)self;
	*ret = (struct xst_wait){ .fd = -1, .deadline = UINT64_MAX };
}

static const struct xst_finding *file_error(void *self)
{
	return &((struct state_file *)self)->error;
}

static const struct xst_emulator_sink_ops file_ops = {
	.size = sizeof(file_ops),
	.name = "file",
	.prepare = file_prepare,
	.begin = file_begin,
	.write = file_write,
	.end = file_end,
	.finish = file_finish,
	.commit = file_commit,
	.abort = file_abort,
	.free = file_free,
	.wait = file_wait,
	.error = file_error,
};

int xst_sink_emulator_file(const struct xst_sink_emulator_file_options *options,
			   struct xst_emulator_sink *ret)
{
	struct xst_sink_emulator_file_options o = { .size = sizeof(o) };
	struct state_file *f;

	if (!options || !ret || xst_options_copy(&o, sizeof(o), options, options->size) < 0 ||
	    !o.path == !o.dir)
		return XST_E_ARG;
	f = calloc(1, sizeof(*f));
	if (!f)
		return XST_E_NOMEM;
	f->path = o.path ? strdup(o.path) : NULL;
	f->dir = o.dir ? strdup(o.dir) : NULL;
	if (!f->path && !f->dir) {
		file_free(f);
		return XST_E_NOMEM;
	}
	*ret = (struct xst_emulator_sink){ &file_ops, f };
	return 0;
}
