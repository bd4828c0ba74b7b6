/* SPDX-License-Identifier: MIT */
/* Reading and changing the images of the verb config. */
#include "cli/config_verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int target_failed(const struct target *t, const struct xst_finding *error)
{
	if (error->code == XST_E_IO || error->layer == XST_LAYER_NONE)
		xst_cli_say("%s: %s", t->name, error->text);
	else
		xst_cli_print_finding(stderr, t->name, error);
	return xst_cli_exit_for(error->code);
}

/* The text of an error about the change begins with the file's name. */
static int change_failed(const struct xst_finding *error)
{
	xst_cli_say("%s", error->text[0] ? error->text : "out of memory");
	return error->text[0] ? xst_cli_exit_for(error->code) : EXIT_TROUBLE;
}

/* --- reading --------------------------------------------------------------------------------- */

static int read_head(struct target *t, int fd)
{
	struct xst_finding error = { .code = 0 };
	int r = xst_head_read(fd, NULL, &t->head, &error);

	if (r)
		return target_failed(t, &error);
	t->end = t->head->end;
	return EXIT_FINE;
}

int xst_cli_target_open_to_read(struct target *t, const char *file)
{
	int code;

	*t = (struct target){ .file = file, .name = xst_cli_input_name(file) };
	code = xst_cli_input_open(&t->in, file);
	if (code)
		return code;
	t->reads = true;
	code = read_head(t, t->in.fd);
	return code && xst_cli_input_broke_off(&t->in) ? xst_cli_input_close(&t->in) : code;
}

int xst_cli_target_may_change(const struct target *t)
{
	if (!t->in.layers || config_opt.output)
		return EXIT_FINE;
	xst_cli_say("%s: a file compressed with %s can't be changed in place; --output OUT writes a "
		    "changed copy, and --compress compresses it",
		    t->name, xst_filter_name(t->in.compression[0]));
	return EXIT_INVALID;
}

/* Without --force and --dry-run the change is refused, with a message of its own. */
static void tell_names(const struct target *t)
{
	struct stat st;

	if (common.quiet || fstat(xst_change_get_fd(t->change), &st) < 0 || st.st_nlink <= 1 ||
	    (!config_opt.force && !config_opt.dry_run))
		return;
	xst_cli_say("%s: remark: the file has %lu names (hard links), and %s", t->name,
		    (unsigned long)st.st_nlink,
		    config_opt.force ? "a change in place affects all of them"
				     : "changing it needs --force");
}

static int open_in_place(struct target *t)
{
	struct xst_recovery recovery = { .outcome = XST_RECOVERY_NOTHING };
	struct xst_finding error = { .code = 0 };

	if (xst_change_open(t->file, config_opt.force ? XST_CHANGE_FORCE : 0, &t->change, &recovery,
			    &error))
		return change_failed(&error);
	xst_cli_say_recovery(t->name, &recovery);
	tell_names(t);
	return read_head(t, xst_change_get_fd(t->change));
}

int xst_cli_target_open_to_change(struct target *t, const char *file)
{
	int code = xst_cli_target_open_to_read(t, file);

	if (code || config_opt.output)
		return code;
	code = xst_cli_target_may_change(t);
	if (code)
		return code;
	/* opened again, with an exclusive lock */
	xst_cli_target_close(t);
	return open_in_place(t);
}

bool xst_cli_target_has_config(const struct target *t, const uint8_t *config, uint64_t n)
{
	return t->head->config_size == n && (!n || memcmp(t->head->config, config, (size_t)n) == 0);
}

void xst_cli_target_close(struct target *t)
{
	if (t->reads)
		xst_cli_input_abandon(&t->in);
	t->reads = false;
	t->change = xst_change_free(t->change);
	t->head = xst_head_free(t->head);
}

/* --- backups --------------------------------------------------------------------------------- */

/* A backup must not overwrite a whole image with its first few bytes. */
static int may_be_replaced(const char *name)
{
	struct xst_head *h = NULL;
	struct stat st;
	int fd;
	bool fine;

	if (lstat(name, &st) < 0 && errno == ENOENT)
		return EXIT_FINE;
	if (stat(name, &st) < 0 || !S_ISREG(st.st_mode)) { /* opening a pipe would wait */
		xst_cli_say("%s: exists and is not a regular file; move it away", name);
		return EXIT_IO;
	}
	fd = xst_cli_open_input(name);
	if (fd < 0)
		return EXIT_IO;
	fine = fstat(fd, &st) == 0 &&
	       xst_head_read(fd, NULL, &h, NULL) == 0 && h->end == (uint64_t)st.st_size;
	xst_head_free(h);
	xst_cli_close_input(fd);
	if (fine)
		return EXIT_FINE;
	xst_cli_say("%s: exists and is not a header kept by --backup; move it away", name);
	return EXIT_IO;
}

static int write_backup(const struct target *t, const char *name)
{
	struct xst_finding error = { .text = "out of memory" };
	struct xst_output *o = NULL;
	char *front = malloc((size_t)t->end);
	int r = front ? 0 : XST_E_NOMEM;

	if (r == 0 &&
	    pread(xst_change_get_fd(t->change), front, (size_t)t->end, 0) != (ssize_t)t->end)
		r = XST_E_IO;
	if (r == 0)
		r = xst_output_file(name, 0600, XST_OUTPUT_SYNC, &o, &error);
	if (r == 0)
		r = xst_output_write(o, front, (size_t)t->end);
	if (r == 0)
		r = xst_output_commit(o);
	if (r)
		xst_cli_say("%s: %s", name, o ? xst_output_error(o)->text : error.text);
	xst_output_free(o);
	free(front);
	return xst_cli_exit_for(r);
}

static int back_up(const struct target *t)
{
	char *name;
	int code;

	if (asprintf(&name, "%s.bak", t->file) < 0)
		return EXIT_TROUBLE;
	code = may_be_replaced(name);
	if (!code)
		code = write_backup(t, name);
	free(name);
	return code;
}

/* --- writing --------------------------------------------------------------------------------- */

static const char *way_words(enum xst_change_way way)
{
	switch (way) {
	case XST_CHANGE_NONE: return "nothing to change";
	case XST_CHANGE_IN_PLACE: return "changed in place";
	case XST_CHANGE_INSERTED: return "changed, blocks inserted in front of the rest";
	case XST_CHANGE_SHARED:
		return "changed in a new file that shares the rest with the old one";
	case XST_CHANGE_COPIED: return "changed in a new file, with the rest copied";
	}
	return "changed";
}

static int store_in_place(struct target *t)
{
	struct xst_finding error = { .code = 0 };
	enum xst_change_way way;
	int r, code = config_opt.backup ? back_up(t) : EXIT_FINE;

	if (code)
		return code;
	xst_cli_progress_start(t->name);
	r = xst_head_replace(t->change, t->end, t->head, xst_cli_progress_tell, NULL, &way, &error);
	xst_cli_progress_end();
	if (r)
		return change_failed(&error);
	if (!common.quiet)
		xst_cli_say("%s: %s", t->name, way_words(way));
	return EXIT_FINE;
}

static int target_copy(struct target *t, struct output *o, enum xst_change_way *ret_way)
{
	struct xst_finding error = { .code = 0 };
	int r, fault;

	xst_cli_progress_start(t->name);
	r = xst_head_copy(t->head, t->in.fd, o->stream, xst_cli_progress_tell, NULL, ret_way,
			  &error);
	xst_cli_progress_end();
	if (r && error.rule && strcmp(error.rule, "output.io") == 0)
		return xst_cli_output_tell(o, &error);
	t->reads = false;
	fault = xst_cli_input_close(&t->in);
	if (fault)
		return fault;
	return r ? target_failed(t, &error) : xst_cli_output_commit(o);
}

static int store_elsewhere(struct target *t)
{
	struct output o = { .name = NULL };
	enum xst_change_way way = XST_CHANGE_COPIED;
	int code = xst_cli_output_open(&o, config_opt.verb, config_opt.output, t->in.file,
				       config_opt.sync, config_opt.compression, config_opt.level);

	if (!code)
		code = target_copy(t, &o, &way);
	if (!code && !common.quiet)
		xst_cli_say("%s -> %s: configuration changed, the rest %s", t->name, o.name,
			    xst_change_way_name(way));
	xst_cli_output_close(&o);
	return code;
}

static int tell_plan(const struct target *t, uint64_t before)
{
	const struct xst_head *h = t->head;
	uint64_t room = before + h->padding;

	if (!config_opt.output)
		xst_cli_say("%s: --dry-run: %llu bytes of configuration, %s", t->name,
			    (unsigned long long)h->config_size,
			    h->config_size <= room
				    ? "which fit in place"
				    : "for which blocks must be inserted or a new file made");
	else
		xst_cli_say("%s: --dry-run: %llu bytes of configuration", t->name,
			    (unsigned long long)h->config_size);
	return EXIT_FINE;
}

int xst_cli_target_store(struct target *t, const struct config_stored *s)
{
	uint64_t before = t->head->config_size;
	int r = xst_head_set_config(t->head, s ? s->bytes : NULL, s ? s->n : 0, s && s->json);

	if (r == XST_E_UNSUPPORTED) {
		xst_cli_say("%s: only an xl header can be changed, and this container is %s; "
			    "convert --to xl makes an xl header",
			    t->name, xst_layer_name(t->head->layer));
		return EXIT_INVALID;
	}
	if (r == XST_E_LIMIT) {
		xst_cli_say("%s: a stored configuration can't have %zu bytes", t->name,
			    s ? s->n : 0);
		return EXIT_INVALID;
	}
	if (r) {
		xst_cli_say("out of memory");
		return EXIT_TROUBLE;
	}
	if (config_opt.dry_run)
		return tell_plan(t, before);
	return config_opt.output ? store_elsewhere(t) : store_in_place(t);
}
