/* SPDX-License-Identifier: MIT */
/* Events from a descriptor, with calls that wait; pull.c does the reading.
 *
 * With a tee, each byte is copied to an output exactly once: from the window when the parser has
 * taken it, or from descriptor to descriptor when a run is skipped. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/pull.h"
#include "parse/parser.h"
#include "wire/options.h"

#define TEE_REST_MAX (UINT64_C(64) << 20) /* bytes between two progress reports */

struct xst_reader {
	struct pull pull;
	bool own_fd, know_lengths;
	char *tmpdir;
	uint64_t base;         /* offset of the source's byte 0 in the parser's counting */
	struct xst_output *to; /* of the tee, or of the current move */
	const struct sight *sight;
	struct transfer transfer;
};

static struct xst_reader *reader_alloc(uint32_t flags, const char *tmpdir)
{
	struct xst_reader *r = calloc(1, sizeof(*r));
	int e;

	if (!r)
		return NULL;
	e = xst_pull_init(&r->pull, NULL);
	r->pull.patient = true;
	r->know_lengths = flags & XST_READER_KNOW_LENGTHS;
	r->tmpdir = strdup(xst_io_tmpdir(tmpdir));
	return e == 0 && r->tmpdir ? r : xst_reader_free(r);
}

int xst_reader_new(int fd, const struct xst_parser_options *parser, uint32_t flags,
		   const char *tmpdir, struct xst_reader **ret)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct xst_reader *r;
	int e;

	if (fd < 0 || !ret || flags & ~(uint32_t)XST_READER_KNOW_LENGTHS ||
	    (parser && xst_options_copy(&o, sizeof(o), parser, parser->size) < 0))
		return XST_E_ARG;
	r = reader_alloc(flags, tmpdir);
	if (!r)
		return XST_E_NOMEM;
	xst_source_from_fd(&r->pull.source, fd);
	if (!o.offset)
		o.offset = r->pull.source.position;
	r->base = o.offset - r->pull.source.position;
	e = xst_parser_new(&o, &r->pull.parser);
	if (e) {
		xst_reader_free(r);
		return e;
	}
	*ret = r;
	return 0;
}

struct xst_reader *xst_reader_free(struct xst_reader *r)
{
	if (!r)
		return NULL;
	if (r->own_fd)
		close(r->pull.source.fd);
	xst_pull_free(&r->pull);
	xst_io_transfer_free(&r->transfer);
	free(r->tmpdir);
	free(r);
	return NULL;
}

int xst_reader_fork(const struct xst_reader *r, struct xst_reader **ret)
{
	struct xst_reader *copy = reader_alloc(0, r->tmpdir);

	if (!copy)
		return XST_E_NOMEM;
	copy->pull.parser = xst_parser_clone(r->pull.parser);
	if (!copy->pull.parser) {
		xst_reader_free(copy);
		return XST_E_NOMEM;
	}
	xst_source_from_other(&copy->pull.source, &r->pull.source);
	copy->base = r->base;
	*ret = copy;
	return 0;
}

bool xst_reader_is_seekable(const struct xst_reader *r)
{
	return r->pull.source.seekable;
}

const char *xst_reader_tmpdir(const struct xst_reader *r)
{
	return r->tmpdir;
}

/* --- runs of unknown length ----------------------------------------------------------------- */

/* At most `limit` + 1 bytes, so that a check of the length notices the excess. */
static int spool_rest(struct xst_reader *r, int fd, uint64_t limit)
{
	struct xst_in *in = &r->pull.source.in;
	uint64_t n = in->size - in->pos;
	int e = xst_io_write_all(fd, in->src + in->pos, (size_t)n);

	in->pos = in->size;
	while (e == 0 && n <= limit) {
		bool out;
		ssize_t k = xst_io_transfer(&r->transfer, r->pull.source.fd, NULL, fd,
					    limit + 1 - n, &out);

		if (k <= 0)
			return (int)k;
		n += (uint64_t)k;
	}
	return e;
}

/* The rest of a pipe becomes a file, so that its length is known. */
int xst_reader_make_seekable(struct xst_reader *r, uint64_t limit)
{
	struct xst_finding *error = &r->pull.error;
	int fd = xst_io_unnamed_file(r->tmpdir), e;

	if (fd < 0)
		return xst_io_error(error, RULE_INPUT_IO, -fd, r->tmpdir);
	e = spool_rest(r, fd, limit);
	if (e == 0 && lseek(fd, 0, SEEK_SET) < 0)
		e = -errno;
	if (e < 0) {
		close(fd);
		return xst_io_error(error, RULE_INPUT_IO, -e, r->tmpdir);
	}
	xst_source_from_fd(&r->pull.source, fd);
	r->own_fd = true;
	r->base = xst_pull_fed(&r->pull);
	return 0;
}

static int set_run_length(struct xst_reader *r)
{
	struct pull *p = &r->pull;
	int e = p->source.seekable ? 0
				   : xst_reader_make_seekable(r, xst_parser_max_run(p->parser));

	return e ? e : xst_parser_set_run_length(p->parser, xst_pull_left(p));
}

int xst_reader_next(struct xst_reader *r, const struct xst_event **ret_ev)
{
	int e = xst_pull_next(&r->pull, ret_ev);

	if (e == 0 && r->know_lengths && (*ret_ev)->type == XST_EVENT_PAYLOAD_BEGIN &&
	    (*ret_ev)->u.payload.length == XST_LENGTH_UNKNOWN)
		e = set_run_length(r);
	return e;
}

/* --- runs ----------------------------------------------------------------------------------- */

int xst_reader_skip(struct xst_reader *r)
{
	uint64_t skipped;

	return xst_reader_pass(r, XST_LENGTH_UNKNOWN, &skipped);
}

void xst_reader_set_sight(struct xst_reader *r, const struct sight *sight)
{
	r->sight = sight;
}

int xst_reader_pass(struct xst_reader *r, uint64_t n, uint64_t *ret_passed)
{
	struct drain d = { .sight = r->sight };

	return xst_pull_run(&r->pull, &d, n, ret_passed);
}

static int reader_write(void *self, const void *data, size_t n, size_t *ret_done)
{
	struct xst_reader *r = self;

	*ret_done = n;
	return xst_output_write(r->to, data, n);
}

/* Buffered bytes must be written first. */
static int reader_splice(void *self, int fd, const off_t *offset, uint64_t n, uint64_t *ret_moved)
{
	struct xst_reader *r = self;
	off_t at = offset ? *offset : 0;
	int e = xst_output_flush(r->to);
	bool out;
	ssize_t k;

	if (e)
		return e;
	k = xst_io_transfer(&r->transfer, fd, offset ? &at : NULL, xst_output_get_fd(r->to), n,
			    &out);
	if (k < 0)
		return out ? xst_output_failed(r->to, (int)-k)
			   : xst_pull_input_failed(&r->pull, (int)-k);
	xst_output_moved(r->to, (uint64_t)k);
	*ret_moved = (uint64_t)k;
	return 0;
}

int xst_reader_move(struct xst_reader *r, struct xst_output *o, uint64_t n, uint64_t *ret_moved)
{
	struct drain d = { .self = r, .write = reader_write, .move = reader_splice,
			   .sight = r->sight };
	int e = xst_output_flush(o);

	*ret_moved = 0;
	r->to = o;
	return e ? e : xst_pull_run(&r->pull, &d, n, ret_moved);
}

/* --- the tee -------------------------------------------------------------------------------- */

/* The output's failure is the reader's. */
static int reader_tee_result(struct xst_reader *r, int e)
{
	if (e && xst_output_error(r->to))
		r->pull.error = *xst_output_error(r->to);
	return e;
}

static int reader_tee_write(void *self, const void *data, size_t n, size_t *ret_done)
{
	struct xst_reader *r = self;
	int e = reader_write(r, data, n, ret_done);

	return reader_tee_result(r, e ? e : xst_output_flush(r->to));
}

static int reader_tee_splice(void *self, int fd, const off_t *offset, uint64_t n,
			     uint64_t *ret_moved)
{
	return reader_tee_result(self, reader_splice(self, fd, offset, n, ret_moved));
}

int xst_reader_tee(struct xst_reader *r, struct xst_output *o)
{
	struct drain d = { .self = r, .write = reader_tee_write, .move = reader_tee_splice };

	if (!o || r->to || r->know_lengths)
		return XST_E_ARG;
	r->to = o;
	xst_pull_set_tee(&r->pull, &d);
	return 0;
}

int xst_reader_tee_rest(struct xst_reader *r, uint64_t *ret_moved)
{
	*ret_moved = 0;
	if (!r->pull.tee.write)
		return XST_E_STATE;
	if (r->pull.error.code)
		return r->pull.error.code;
	return xst_pull_pass_rest(&r->pull, TEE_REST_MAX, ret_moved);
}

int xst_reader_finish(struct xst_reader *r)
{
	const struct source *s = &r->pull.source;
	uint64_t taken = r->pull.tee.write ? s->position - (s->in.size - r->pull.passed)
					   : xst_parser_offset(r->pull.parser) - r->base;

	if (r->own_fd || !s->seekable)
		return 0;
	return lseek(s->fd, (off_t)taken, SEEK_SET) < 0 ? xst_pull_input_failed(&r->pull, errno)
							: 0;
}

uint64_t xst_reader_offset(const struct xst_reader *r)
{
	return xst_parser_offset(r->pull.parser);
}

uint64_t xst_reader_size(const struct xst_reader *r)
{
	return r->pull.source.size ? r->pull.source.size + r->base : 0;
}

const struct xst_finding *xst_reader_error(const struct xst_reader *r)
{
	return xst_pull_error(&r->pull);
}
