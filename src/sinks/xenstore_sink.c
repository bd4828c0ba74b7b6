/* SPDX-License-Identifier: MIT */
/* The sink that writes into a xenstore.  It gathers keys; a child does what takes time. */
#include "sinks/sinks.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/io.h"
#include "limits/limits.h"
#include "wire/options.h"
#include "wire/wire.h"

#define PATIENCE (10 * UINT64_C(1000000))
#define KEY_SHOWN(n) ((int)((n) < 60 ? (n) : 60))

struct store {
	uint32_t flags;
	uint64_t patience;
	char *path; /* or NULL */
	char *root; /* or NULL: made from the domain's id */
	struct store_library *library;
	struct keys keys;
	struct store_child child;
	enum store_order asked; /* without an answer yet */
	uint64_t deadline;      /* for the answer */
	bool written, committed;
	struct xst_finding error;
};

/* --- asking the child ------------------------------------------------------------------------- */

static const char *store_name(const struct store *s)
{
	const char *set = getenv("XENSTORED_PATH");

	return s->path ? s->path : set ? set : "xenstore";
}

static const char *const step_words[] = {
	[STORE_OPEN] = "connecting",
	[STORE_BEGIN] = "beginning a transaction",
	[STORE_READ] = "reading",
	[STORE_WRITE] = "writing",
	[STORE_COMMIT] = "committing",
	[STORE_UNDO] = "undoing the write of",
};

static const char *store_words(int err)
{
	switch (err) {
	case ENOENT:
	case ECONNREFUSED: return "no xenstored answers; is it running?";
	case EPIPE:
	case ECONNRESET:
	case EBADF:
	case EIO:          return "xenstored has closed the connection";
	case ENOSPC:
	case EDQUOT:       return "the xenstore quota is used up";
	case E2BIG:        return "larger than the xenstore quota allows";
	case EACCES:
	case EPERM:        return "xenstored denies permission";
	default:           return strerror(err);
	}
}

static int store_trouble(struct store *s, const struct store_report *report)
{
	return xst_sinks_fail(&s->error, XST_E_IO, RULE_OUTPUT_IO, report->err,
			      "%.80s: %s%s%.80s: %s", store_name(s), step_words[report->step],
			      report->path[0] ? " " : "", report->path, store_words(report->err));
}

static int no_answer(struct store *s)
{
	enum store_order asked = s->asked;

	xst_sinks_store_child_kill(&s->child);
	return xst_sinks_fail(&s->error, XST_E_IO, RULE_OUTPUT_IO, ETIMEDOUT,
			      "%.100s: xenstored has not answered for %llu ms%s", store_name(s),
			      (unsigned long long)(s->patience / 1000),
			      asked == ORDER_COMMIT
				      ? "; it may still commit the keys"
				      : "");
}

static int give_order(struct store *s, enum store_order order)
{
	int r;

	if (order == ORDER_COMMIT || order == ORDER_UNDO)
		r = xst_sinks_store_child_order(&s->child, order);
	else
		r = xst_sinks_store_child_start(&s->child, s->library, s->path, order, &s->keys,
						s->root);
	if (r)
		return xst_sinks_fail(&s->error, XST_E_IO, RULE_OUTPUT_IO, -r,
				      "%.100s: can't start or reach the helper process: %s",
				      store_name(s), strerror(-r));
	s->asked = order;
	s->deadline = xst_io_now() + s->patience;
	return 0;
}

/* Gives an order once, then waits for the report on it. */
static int carry_out(struct store *s, enum store_order order)
{
	struct store_report report;
	int r = s->asked == order ? 0 : give_order(s, order);

	if (r)
		return r;
	r = xst_sinks_store_child_report(&s->child, &report);
	if (r == XST_AGAIN)
		return xst_io_now() < s->deadline ? XST_AGAIN : no_answer(s);
	s->asked = ORDER_NONE;
	if (r < 0)
		return xst_sinks_fail(&s->error, XST_E_IO, RULE_OUTPUT_IO, -r,
				      "%.100s: the helper process for it has died",
				      store_name(s));
	report.path[sizeof(report.path) - 1] = '\0';
	return report.err ? store_trouble(s, &report) : 0;
}

/* --- keys ------------------------------------------------------------------------------------- */

static int check_root(struct store *s)
{
	size_t n = strlen(s->root);

	if (s->root[0] == '/' && xst_wire_xenstore_key(s->root + 1, n - 1) && n < XENSTORE_PATH_MAX)
		return 0;
	return xst_sinks_fail(&s->error, XST_E_ARG, RULE_OUTPUT_IO, 0,
			      "\"%.100s\" is not a xenstore path: use an absolute path of letters, "
			      "digits and - / _ @",
			      s->root);
}

static int make_root(struct store *s, uint32_t domid)
{
	if (s->root)
		return check_root(s);
	if (domid == XST_DOMID_NONE)
		return xst_sinks_fail(
			&s->error, XST_E_ARG, RULE_OUTPUT_IO, 0,
			"the device model's xenstore path contains the domain's id: give the id "
			"or a root");
	if (asprintf(&s->root, "/local/domain/0/device-model/%u", domid) < 0) {
		s->root = NULL;
		return xst_sinks_fail(&s->error, XST_E_NOMEM, RULE_OUTPUT_IO, 0, "out of memory");
	}
	return 0;
}

static int store_check_pair(struct store *s, const char *key, size_t n, size_t value_len)
{
	size_t path = strlen(s->root) + 1 + n;

	if (!xst_wire_xenstore_key(key, n))
		return xst_sinks_fail(
			&s->error, XST_E_MALFORMED, RULE_XENSTORE_KEY, 0,
			"key \"%.*s\": xenstored accepts only letters, digits and - / _ @, "
			"and no empty part",
			KEY_SHOWN(n), key);
	if (path > XENSTORE_PATH_MAX || path + value_len > XENSTORE_WRITE_MAX)
		return xst_sinks_fail(
			&s->error, XST_E_MALFORMED, RULE_XENSTORE_KEY, 0,
			"key \"%.*s\": its path of %zu bytes and value of %zu exceed "
			"xenstored's limits (%u, %u together)",
			KEY_SHOWN(n), key, path, value_len, XENSTORE_PATH_MAX, XENSTORE_WRITE_MAX);
	if (!(s->flags & XST_SINK_XENSTORE_ANY_KEY) && !xst_wire_xenstore_physmap(key, n))
		return xst_sinks_fail(&s->error, XST_E_REFUSED, RULE_XENSTORE_PATH, 0,
				      "key \"%.*s\" lies outside " XENSTORE_PHYSMAP
				      " and could change other data of the device model",
				      KEY_SHOWN(n), key);
	return 0;
}

/* --- the sink --------------------------------------------------------------------------------- */

static int store_prepare(void *self, const struct xst_restore_domain *domain)
{
	struct store *s = self;
	int r = 0;

	if (s->asked == ORDER_NONE)
		r = make_root(s, domain->domid);
	if (r == 0)
		r = carry_out(s, ORDER_PROBE);
	if (r != XST_AGAIN)
		xst_sinks_store_child_kill(&s->child);
	return r;
}

static int store_begin(void *self, uint32_t id, uint32_t index)
{
	(void)self;
	(void)id;
	(void)index;
	return 0;
}

static int store_pair(void *self, const char *key, size_t key_len, const char *value,
		      size_t value_len)
{
	struct store *s = self;
	int r = store_check_pair(s, key, key_len, value_len);

	if (r)
		return r;
	if (xst_sinks_keys_set(&s->keys, key, key_len, value, value_len))
		return xst_sinks_fail(&s->error, XST_E_NOMEM, RULE_OUTPUT_IO, 0, "out of memory");
	if (s->keys.bytes > LIMIT_SINK_KEYS)
		return xst_sinks_fail(&s->error, XST_E_LIMIT, RULE_XENSTORE_KEY, 0,
				      "more than %u bytes of xenstore keys", LIMIT_SINK_KEYS);
	return 0;
}

static int store_end(void *self)
{
	(void)self;
	return 0;
}

static int store_finish(void *self)
{
	struct store *s = self;
	int r = s->keys.tree ? carry_out(s, ORDER_WRITE) : 0;

	s->written = r == 0 && s->keys.tree;
	return r;
}

static int store_commit(void *self)
{
	struct store *s = self;
	int r = s->written ? carry_out(s, ORDER_COMMIT) : 0;

	s->committed = r == 0 && s->written;
	return r;
}

static int store_abort(void *self)
{
	struct store *s = self;

	/* a commit without an answer may have succeeded: only its answer tells what to undo */
	if (s->asked == ORDER_COMMIT && store_commit(s) == XST_AGAIN)
		return XST_AGAIN;
	if (s->committed && carry_out(s, ORDER_UNDO) == XST_AGAIN)
		return XST_AGAIN;
	s->committed = false;
	s->written = false;
	s->asked = ORDER_NONE;
	xst_sinks_store_child_kill(&s->child);
	return 0;
}

static void store_free(void *self)
{
	struct store *s = self;

	xst_sinks_store_child_kill(&s->child);
	xst_sinks_keys_free(&s->keys);
	xst_sinks_store_library_free(s->library);
	free(s->path);
	free(s->root);
	free(s);
}

static void store_wait(void *self, struct xst_wait *ret)
{
	const struct store *s = self;

	*ret = (struct xst_wait){ .fd = s->child.fd, .events = POLLIN, .deadline = s->deadline };
}

static const struct xst_finding *store_error(void *self)
{
	return &((struct store *)self)->error;
}

static const struct xst_xenstore_sink_ops store_ops = {
	.size = sizeof(store_ops),
	.name = "xenstore",
	.prepare = store_prepare,
	.begin = store_begin,
	.pair = store_pair,
	.end = store_end,
	.finish = store_finish,
	.commit = store_commit,
	.abort = store_abort,
	.free = store_free,
	.wait = store_wait,
	.error = store_error,
};

int xst_sink_xenstore(const struct xst_sink_xenstore_options *options,
		      struct xst_xenstore_sink *ret, struct xst_finding *reterr)
{
	struct xst_sink_xenstore_options o = { .size = sizeof(o) };
	struct xst_finding unseen;
	struct store *s;
	int r;

	if (!options || !ret || xst_options_copy(&o, sizeof(o), options, options->size) < 0 ||
	    o.flags & ~(uint32_t)XST_SINK_XENSTORE_ANY_KEY)
		return XST_E_ARG;
	s = calloc(1, sizeof(*s));
	if (!s)
		return XST_E_NOMEM;
	s->flags = o.flags;
	s->patience = o.patience ? o.patience : PATIENCE;
	s->child.fd = -1;
	s->path = o.path ? strdup(o.path) : NULL;
	s->root = o.root ? strdup(o.root) : NULL;
	r = (o.path && !s->path) || (o.root && !s->root) ? XST_E_NOMEM : 0;
	if (r == 0)
		r = xst_sinks_store_library_load(&s->library, reterr ? reterr : &unseen);
	if (r) {
		store_free(s);
		return r;
	}
	*ret = (struct xst_xenstore_sink){ &store_ops, s };
	return 0;
}
