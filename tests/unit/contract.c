/* SPDX-License-Identifier: MIT */
#include "contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLDS(s, x)                                                                          \
	do {                                                                                 \
		if (!(x)) {                                                                  \
			fprintf(stderr, "%s:%d: the contract with the sink of the %s is "    \
				"broken: %s\n", __FILE__, __LINE__, contract_name(s), #x);   \
			abort();                                                             \
		}                                                                            \
	} while (0)

static const char *contract_name(const struct contracted *s)
{
	static const char *const names[] = { "domain", "xenstore", "emulator" };

	return names[s - s->all->sinks];
}

/* --- what all have ---------------------------------------------------------------------------- */

/* After XST_AGAIN the same operation comes again, or the end. */
static void contract_enter(struct contracted *s, enum contract_step step, const char *operation)
{
	HOLDS(s, s->step == step);
	HOLDS(s, !s->failed);
	HOLDS(s, !s->again || strcmp(s->again, operation) == 0);
	s->again = NULL;
}

static int contract_leave(struct contracted *s, const char *operation, int r)
{
	if (r == XST_AGAIN)
		s->again = operation;
	s->failed = r < 0;
	return r;
}

static int contract_moves_on(struct contracted *s, const char *operation, int r)
{
	if (r == 0)
		s->step++;
	return contract_leave(s, operation, r);
}

static void contract_prepare(struct contracted *s, const struct xst_restore_domain *domain)
{
	contract_enter(s, CONTRACT_NEW, "prepare");
	HOLDS(s, domain && domain->tmpdir);
	s->touched = true;
}

static void contract_finish(struct contracted *s)
{
	contract_enter(s, CONTRACT_PREPARED, "finish");
	HOLDS(s, !s->open && !s->in_run);
}

static void contract_commit(struct contracted *s)
{
	contract_enter(s, CONTRACT_FINISHED, "commit");
	for (int i = 0; i < CONTRACT_SINKS; i++)
		HOLDS(s, !s->all->sinks[i].touched || s->all->sinks[i].step >= CONTRACT_FINISHED);
}

/* From anywhere after prepare has begun, whatever was wanted before. */
static void contract_abort(struct contracted *s)
{
	HOLDS(s, s->touched);
	HOLDS(s, s->step < CONTRACT_ABORTED);
}

static int contract_aborted(struct contracted *s, int r)
{
	HOLDS(s, r == 0 || r == XST_AGAIN);
	if (r == 0)
		s->step = CONTRACT_ABORTED;
	return r;
}

static void contract_free(struct contracted *s)
{
	HOLDS(s, s->step != CONTRACT_FREED);
	s->step = CONTRACT_FREED;
}

/* prepare, finish, commit, abort, free, wait and error of one kind of sink */
#define COMMON(kind)                                                                              \
	static int kind##_prepare(void *self, const struct xst_restore_domain *domain)            \
	{                                                                                         \
		struct contracted *s = self;                                                      \
                                                                                                  \
		contract_prepare(s, domain);                                                      \
		return contract_moves_on(s, "prepare", s->all->kind->prepare(s->self, domain));   \
	}                                                                                         \
	static int kind##_finish(void *self)                                                      \
	{                                                                                         \
		struct contracted *s = self;                                                      \
                                                                                                  \
		contract_finish(s);                                                               \
		return contract_moves_on(s, "finish", s->all->kind->finish(s->self));             \
	}                                                                                         \
	static int kind##_commit(void *self)                                                      \
	{                                                                                         \
		struct contracted *s = self;                                                      \
                                                                                                  \
		contract_commit(s);                                                               \
		return contract_moves_on(s, "commit", s->all->kind->commit(s->self));             \
	}                                                                                         \
	static int kind##_abort(void *self)                                                       \
	{                                                                                         \
		struct contracted *s = self;                                                      \
                                                                                                  \
		contract_abort(s);                                                                \
		return contract_aborted(s, s->all->kind->abort(s->self));                         \
	}                                                                                         \
	static void kind##_free(void *self)                                                       \
	{                                                                                         \
		struct contracted *s = self;                                                      \
                                                                                                  \
		contract_free(s);                                                                 \
		s->all->kind->free(s->self);                                                      \
	}                                                                                         \
	static void kind##_wait(void *self, struct xst_wait *ret)                                 \
	{                                                                                         \
		struct contracted *s = self;                                                      \
                                                                                                  \
		HOLDS(s, s->step < CONTRACT_FREED);                                               \
		s->all->kind->wait(s->self, ret);                                                 \
	}                                                                                         \
	static const struct xst_finding *kind##_error(void *self)                                 \
	{                                                                                         \
		struct contracted *s = self;                                                      \
                                                                                                  \
		HOLDS(s, s->step < CONTRACT_FREED);                                               \
		return s->all->kind->error(s->self);                                              \
	}

COMMON(domain)
COMMON(xenstore)
COMMON(emulator)

/* --- payload ---------------------------------------------------------------------------------- */

static void contract_payload(struct contracted *s, uint64_t n)
{
	contract_enter(s, CONTRACT_PREPARED, "payload");
	HOLDS(s, s->in_run);
	HOLDS(s, n > 0 && n <= s->left);
}

static int contract_took(struct contracted *s, uint64_t n, uint64_t took, int r)
{
	HOLDS(s, took <= n);
	s->left -= took;
	return contract_leave(s, "payload", r);
}

static void contract_run_over(struct contracted *s)
{
	HOLDS(s, !s->in_run || !s->left);
	s->in_run = false;
}

#define PAYLOAD(kind)                                                                             \
	static int kind##_write(void *self, const void *data, size_t n, size_t *ret_done)         \
	{                                                                                         \
		struct contracted *s = self;                                                      \
		int r;                                                                            \
                                                                                                  \
		contract_payload(s, n);                                                           \
		r = s->all->kind->write(s->self, data, n, ret_done);                              \
		return contract_took(s, n, r < 0 ? 0 : *ret_done, r);                             \
	}                                                                                         \
	static int kind##_move(void *self, int fd, const off_t *offset, uint64_t n,               \
			       uint64_t *ret_moved)                                               \
	{                                                                                         \
		struct contracted *s = self;                                                      \
		int r;                                                                            \
                                                                                                  \
		contract_payload(s, n);                                                           \
		r = s->all->kind->move(s->self, fd, offset, n, ret_moved);                        \
		return contract_took(s, n, r < 0 ? 0 : *ret_moved, r);                            \
	}

PAYLOAD(domain)
PAYLOAD(emulator)

/* --- a domain --------------------------------------------------------------------------------- */

static bool contract_is_emulator(enum xst_kind kind)
{
	return kind == XST_KIND_EMULATOR_CONTEXT || kind == XST_KIND_EMULATOR_XENSTORE_DATA;
}

/* The libxl layer's come to those that ask for them only; the image's after its beginning. */
static void contract_may_come(struct contracted *s, const struct xst_event *ev)
{
	bool libxl = s->all->domain->flags & XST_DOMAIN_SINK_LIBXL;

	if (ev->type == XST_EVENT_STREAM_BEGIN)
		return;
	HOLDS(s, ev->kind != XST_KIND_END && ev->kind != XST_KIND_CHECKPOINT);
	HOLDS(s, ev->kind != XST_KIND_UNKNOWN);
	if (contract_is_emulator(ev->kind))
		HOLDS(s, libxl);
	else
		HOLDS(s, ev->layer == XST_LAYER_LIBXC && s->all->image_begun);
}

static void contract_domain_came(struct contracted *s, const struct xst_event *ev)
{
	switch (ev->type) {
	case XST_EVENT_STREAM_BEGIN:
		HOLDS(s, ev->layer == XST_LAYER_LIBXC && !s->open && !s->all->image_begun);
		s->all->image_begun = true;
		break;
	case XST_EVENT_RECORD_BEGIN:
		HOLDS(s, !s->open);
		s->open = true;
		break;
	case XST_EVENT_PAYLOAD_BEGIN:
		HOLDS(s, s->open && !s->in_run && ev->u.payload.length != XST_LENGTH_UNKNOWN);
		s->in_run = true;
		s->left = ev->u.payload.length;
		break;
	case XST_EVENT_RECORD_END:
		HOLDS(s, s->open);
		s->open = false;
		break;
	default:
		HOLDS(s, s->open);
		HOLDS(s, ev->type == XST_EVENT_FIELDS || ev->type == XST_EVENT_ITEMS ||
				 ev->type == XST_EVENT_PAIR);
		break;
	}
}

static int domain_event(void *self, const struct xst_event *ev)
{
	struct contracted *s = self;
	int r;

	contract_enter(s, CONTRACT_PREPARED, "event");
	contract_run_over(s);
	contract_may_come(s, ev);
	r = s->all->domain->event(s->self, ev);
	if (r == 0)
		contract_domain_came(s, ev);
	return contract_leave(s, "event", r);
}

static int domain_checkpoint(void *self, uint64_t number)
{
	struct contracted *s = self;
	int r;

	contract_enter(s, CONTRACT_PREPARED, "checkpoint");
	HOLDS(s, !s->open && s->all->image_begun);
	HOLDS(s, number == s->all->checkpoints + 1);
	r = s->all->domain->checkpoint(s->self, number);
	s->all->checkpoints += r == 0;
	return contract_leave(s, "checkpoint", r);
}

/* --- a xenstore ------------------------------------------------------------------------------- */

static int xenstore_begin(void *self, uint32_t id, uint32_t index)
{
	struct contracted *s = self;
	int r;

	contract_enter(s, CONTRACT_PREPARED, "begin");
	HOLDS(s, !s->open);
	r = s->all->xenstore->begin(s->self, id, index);
	s->open = r == 0;
	return contract_leave(s, "begin", r);
}

static int xenstore_pair(void *self, const char *key, size_t key_len, const char *value,
			 size_t value_len)
{
	struct contracted *s = self;
	int r;

	contract_enter(s, CONTRACT_PREPARED, "pair");
	HOLDS(s, s->open);
	HOLDS(s, !memchr(key, '\0', key_len) && !memchr(value, '\0', value_len));
	r = s->all->xenstore->pair(s->self, key, key_len, value, value_len);
	return contract_leave(s, "pair", r);
}

static int xenstore_end(void *self)
{
	struct contracted *s = self;
	int r;

	contract_enter(s, CONTRACT_PREPARED, "end");
	HOLDS(s, s->open);
	r = s->all->xenstore->end(s->self);
	s->open = r != 0;
	return contract_leave(s, "end", r);
}

/* --- an emulator ------------------------------------------------------------------------------ */

static int emulator_begin(void *self, uint32_t id, uint32_t index, uint64_t length)
{
	struct contracted *s = self;
	int r;

	contract_enter(s, CONTRACT_PREPARED, "begin");
	HOLDS(s, !s->open && length != XST_LENGTH_UNKNOWN);
	r = s->all->emulator->begin(s->self, id, index, length);
	s->open = s->in_run = r == 0;
	s->left = length;
	return contract_leave(s, "begin", r);
}

static int emulator_end(void *self)
{
	struct contracted *s = self;
	int r;

	contract_enter(s, CONTRACT_PREPARED, "end");
	HOLDS(s, s->open);
	contract_run_over(s);
	r = s->all->emulator->end(s->self);
	s->open = r != 0;
	return contract_leave(s, "end", r);
}

/* --- around them ------------------------------------------------------------------------------ */

#define TAKE(kind, which)                                                                         \
	do {                                                                                      \
		c->sinks[which].self = o->kind.self;                                              \
		c->kind = o->kind.ops;                                                            \
		c->kind##_ops.size = sizeof(c->kind##_ops);                                       \
		c->kind##_ops.name = o->kind.ops->name;                                           \
		c->kind##_ops.prepare = kind##_prepare;                                           \
		c->kind##_ops.finish = kind##_finish;                                             \
		c->kind##_ops.commit = kind##_commit;                                             \
		c->kind##_ops.abort = kind##_abort;                                               \
		c->kind##_ops.free = kind##_free;                                                 \
		c->kind##_ops.wait = kind##_wait;                                                 \
		c->kind##_ops.error = kind##_error;                                               \
		o->kind.ops = &c->kind##_ops;                                                     \
		o->kind.self = &c->sinks[which];                                                  \
	} while (0)

static void contract_wrap_domain(struct contract *c, struct xst_restore_options *o)
{
	TAKE(domain, CONTRACT_DOMAIN);
	c->domain_ops.flags = c->domain->flags;
	c->domain_ops.event = domain_event;
	c->domain_ops.write = c->domain->write ? domain_write : NULL;
	c->domain_ops.move = c->domain->move ? domain_move : NULL;
	c->domain_ops.checkpoint = c->domain->checkpoint ? domain_checkpoint : NULL;
}

static void contract_wrap_xenstore(struct contract *c, struct xst_restore_options *o)
{
	TAKE(xenstore, CONTRACT_XENSTORE);
	c->xenstore_ops.begin = xenstore_begin;
	c->xenstore_ops.pair = xenstore_pair;
	c->xenstore_ops.end = xenstore_end;
}

static void contract_wrap_emulator(struct contract *c, struct xst_restore_options *o)
{
	TAKE(emulator, CONTRACT_EMULATOR);
	c->emulator_ops.begin = emulator_begin;
	c->emulator_ops.write = emulator_write;
	c->emulator_ops.move = c->emulator->move ? emulator_move : NULL;
	c->emulator_ops.end = emulator_end;
}

void contract_wrap(struct contract *c, struct xst_restore_options *o)
{
	*c = (struct contract){ .checkpoints = 0 };
	for (int i = 0; i < CONTRACT_SINKS; i++)
		c->sinks[i].all = c;
	if (o->domain.ops)
		contract_wrap_domain(c, o);
	if (o->xenstore.ops)
		contract_wrap_xenstore(c, o);
	if (o->emulator.ops)
		contract_wrap_emulator(c, o);
}

void contract_end(const struct contract *c)
{
	const bool there[] = { c->domain, c->xenstore, c->emulator };

	for (int i = 0; i < CONTRACT_SINKS; i++)
		HOLDS(&c->sinks[i], c->sinks[i].step == (there[i] ? CONTRACT_FREED : CONTRACT_NEW));
}
