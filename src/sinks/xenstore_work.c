/* SPDX-License-Identifier: MIT */
/* Operations on a xenstore: docs/misc/xenstore.txt of Xen, "Transactions". */
#include "sinks/sinks.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#define LIBRARY "libxenstore.so.4" /* stable from Xen 4.17 on */

struct store_library {
	void *handle;
	__typeof__(&xs_open) open;
	__typeof__(&xs_transaction_start) begin;
	__typeof__(&xs_transaction_end) end;
	__typeof__(&xs_read) read;
	__typeof__(&xs_write) write;
	__typeof__(&xs_rm) rm;
	__typeof__(&xs_directory) directory;
};

/* The previous state of a key. */
struct before {
	char *path;
	char *value; /* NULL: there was none */
	unsigned size;
	size_t made; /* length of the shortest path created for it; 0: its folder existed */
	struct before *previous;
};

struct store_work {
	const struct store_library *l;
	struct xs_handle *h;
	xs_transaction_t t;
	const struct keys *keys;
	const char *root;
	struct before *last; /* the changes, latest first */
	struct store_report *report;
};

/* --- the library ------------------------------------------------------------------------------ */

static bool find_all(struct store_library *l)
{
	const struct {
		const char *name;
		void *place;
	} functions[] = {
		{ "xs_open", &l->open },
		{ "xs_transaction_start", &l->begin },
		{ "xs_transaction_end", &l->end },
		{ "xs_read", &l->read },
		{ "xs_write", &l->write },
		{ "xs_rm", &l->rm },
		{ "xs_directory", &l->directory },
	};

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *f = dlsym(l->handle, functions[i].name);

		if (!f)
			return false;
		memcpy(functions[i].place, &f, sizeof(f));
	}
	return true;
}

int xst_sinks_store_library_load(struct store_library **ret, struct xst_finding *reterr)
{
	struct store_library *l = calloc(1, sizeof(*l));
	const char *why;

	if (!l)
		return xst_sinks_fail(reterr, XST_E_NOMEM, RULE_OUTPUT_IO, 0, "out of memory");
	l->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (l->handle && find_all(l)) {
		*ret = l;
		return 0;
	}
	why = dlerror();
	xst_sinks_store_library_free(l);
	return xst_sinks_fail(reterr, XST_E_UNSUPPORTED, RULE_OUTPUT_IO, 0,
			      "xenstore access needs " LIBRARY ", which can't be loaded: %s",
			      why ? why : "it lacks a function");
}

void xst_sinks_store_library_free(struct store_library *l)
{
	if (l && l->handle)
		dlclose(l->handle);
	free(l);
}

/* --- steps ------------------------------------------------------------------------------------ */

/* Sets what the report says if a later call fails. */
static void doing(struct store_work *w, enum store_step step, const char *path)
{
	w->report->step = step;
	snprintf(w->report->path, sizeof(w->report->path), "%s", path);
	errno = 0;
}

/* Returns -1, with the reason in the report. */
static int store_work_failed(struct store_work *w)
{
	w->report->err = errno ? errno : EIO;
	return -1;
}

struct store_work *xst_sinks_store_work_open(const struct store_library *l, const char *path,
					     struct store_report *report)
{
	struct store_work *w = calloc(1, sizeof(*w));

	if (!w) {
		report->err = ENOMEM;
		return NULL;
	}
	w->l = l;
	w->report = report;
	doing(w, STORE_OPEN, "");
	if (path)
		setenv("XENSTORED_PATH", path, 1);
	w->h = l->open(0);
	if (!w->h) {
		store_work_failed(w);
		free(w);
		return NULL;
	}
	return w;
}

static int store_work_begin(struct store_work *w)
{
	doing(w, STORE_BEGIN, "");
	w->t = w->l->begin(w->h);
	return w->t == XBT_NULL ? store_work_failed(w) : 0;
}

static void give_up(struct store_work *w)
{
	(void)w->l->end(w->h, w->t, true);
	w->t = XBT_NULL;
}

void xst_sinks_store_work_probe(struct store_work *w, struct store_report *report)
{
	w->report = report;
	if (store_work_begin(w) == 0)
		give_up(w);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void store_work_forget(struct store_work *w)
{
	while (w->last) {
		struct before *b = w->last;

		w->last = b->previous;
		free(b->path);
		free(b->value);
		free(b);
	}
}

/* 1: the node exists, *ret has its value, to be freed; 0: it doesn't; -1. */
static int store_work_look(struct store_work *w, const char *path, char **ret, unsigned *ret_size)
{
	doing(w, STORE_READ, path);
	*ret_size = 0;
	*ret = w->l->read(w->h, w->t, path, ret_size);
	if (*ret)
		return 1;
	return errno == ENOENT ? 0 : store_work_failed(w);
}

/* The length of the shortest missing part of a missing node's path, or SIZE_MAX. */
static size_t missing_part(struct store_work *w, const char *path)
{
	char *part = strdup(path), *slash;
	size_t made = 0;

	while (part && (slash = strrchr(part, '/')) && slash != part) {
		char *value;
		unsigned size;
		int r;

		*slash = '\0';
		r = store_work_look(w, part, &value, &size);
		free(value);
		if (r < 0)
			made = SIZE_MAX;
		if (r != 0)
			break;
		made = strlen(part);
	}
	if (!part) {
		errno = ENOMEM;
		store_work_failed(w);
		made = SIZE_MAX;
	}
	free(part);
	return made;
}

/* Remembers the current state of a path. */
static int store_work_remember(struct store_work *w, const char *path)
{
	struct before *b = calloc(1, sizeof(*b));
	int r;

	if (!b || !(b->path = strdup(path))) {
		free(b);
		errno = ENOMEM;
		return store_work_failed(w);
	}
	b->previous = w->last;
	w->last = b;
	r = store_work_look(w, path, &b->value, &b->size);
	if (r == 0)
		b->made = missing_part(w, path);
	return r < 0 || b->made == SIZE_MAX ? -1 : 0;
}

static int store_work_write_key(const struct key *key, void *arg)
{
	struct store_work *w = arg;
	char *path;
	int r;

	if (asprintf(&path, "%s/%s", w->root, key->name) < 0) {
		errno = ENOMEM;
		return store_work_failed(w);
	}
	r = store_work_remember(w, path);
	if (r == 0) {
		doing(w, STORE_WRITE, path);
		if (!w->l->write(w->h, w->t, path, key->value, (unsigned)key->size))
			r = store_work_failed(w);
	}
	free(path);
	return r;
}

/* Writes all keys in a new transaction.  A store may report only here that it was spoiled. */
static int write_all_keys(struct store_work *w)
{
	for (;;) {
		store_work_forget(w);
		w->report->err = 0;
		if (store_work_begin(w))
			return -1;
		if (xst_sinks_keys_each(w->keys, store_work_write_key, w) == 0)
			return 0;
		give_up(w);
		if (w->report->err != EAGAIN)
			return -1;
	}
}

void xst_sinks_store_work_write(struct store_work *w, const struct keys *keys, const char *root,
				struct store_report *report)
{
	w->report = report;
	w->keys = keys;
	w->root = root;
	(void)write_all_keys(w);
}

void xst_sinks_store_work_commit(struct store_work *w, struct store_report *report)
{
	w->report = report;
	for (;;) {
		doing(w, STORE_COMMIT, "");
		if (w->l->end(w->h, w->t, false))
			return;
		if (errno != EAGAIN) {
			store_work_failed(w);
			return;
		}
		if (write_all_keys(w))
			return;
	}
}

/* --- undoing ---------------------------------------------------------------------------------- */

/* Removes the folders created for a key, as long as nothing else is in them. */
static int remove_made(struct store_work *w, const struct before *b)
{
	char *part = strdup(b->path), *slash;
	int r = 0;

	while (part && b->made && (slash = strrchr(part, '/')) &&
	       (size_t)(slash - part) >= b->made) {
		unsigned n = 0;
		char **names;

		*slash = '\0';
		names = w->l->directory(w->h, w->t, part, &n);
		free(names);
		if (!names || n)
			break;
		if (!w->l->rm(w->h, w->t, part)) {
			r = store_work_failed(w);
			break;
		}
	}
	free(part);
	return r;
}

static int restore_key(struct store_work *w, const struct before *b)
{
	doing(w, STORE_UNDO, b->path);
	if (b->value)
		return w->l->write(w->h, w->t, b->path, b->value, b->size) ? 0
									   : store_work_failed(w);
	if (!w->l->rm(w->h, w->t, b->path) && errno != ENOENT)
		return store_work_failed(w);
	return remove_made(w, b);
}

static int undo_once(struct store_work *w)
{
	w->report->err = 0;
	if (store_work_begin(w))
		return -1;
	for (const struct before *b = w->last; b; b = b->previous)
		if (restore_key(w, b)) {
			give_up(w);
			return -1;
		}
	doing(w, STORE_UNDO, "");
	return w->l->end(w->h, w->t, false) ? 0 : store_work_failed(w);
}

void xst_sinks_store_work_undo(struct store_work *w, struct store_report *report)
{
	w->report = report;
	while (undo_once(w) && report->err == EAGAIN)
		;
}
