/* SPDX-License-Identifier: MIT */
/* Events out of a descriptor.
 *
 * A file is read through windows that may reach beyond what the parser needs; what was read too
 * far is dropped, and payload is sought over.  A pipe is read exactly as far as the parser says,
 * so that payload stays in the kernel and foreign octets behind the stream are left to others.
 *
 * With a tee, each octet goes on to an output exactly once: out of the window when the parser has
 * taken it, or from descriptor to descriptor when a run is passed over. */
#include "io/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/ahead.h"
#include "parse/parser.h"
#include "wire/options.h"

#define WINDOW_MIN ((8 << 10) + 256) /* headers and 1024 page frames, then payload to be sought over */
#define WINDOW_MAX (WINDOW_MIN << 3)
#define TEE_REST_MAX (UINT64_C(64) << 20) /* between two looks at the progress */

struct xst_reader {
	int fd;
	bool own_fd, seekable, know_lengths, eof;
	char *tmpdir;
	uint64_t base;     /* offset of the descriptor's octet 0 in the parser's counting */
	uint64_t position; /* of the next octet to read, in the parser's counting; seekable only */
	uint64_t size;     /* where the input ends; 0: unknown */
	uint8_t *window;
	struct ahead ahead;
	size_t capacity;   /* of the next window */
	struct xst_in in;
	struct xst_parser *parser;
	const struct xst_event *pending; /* was met while passing over a run */
	struct transfer transfer;
	int null_fd;
	struct xst_output *tee;
	size_t passed;     /* octets of the window that the tee has */
	struct xst_finding error;
};

static void find_size(struct xst_reader *r, uint64_t *offset)
{
	off_t here = lseek(r->fd, 0, SEEK_CUR), end;
	struct stat st;

	*offset = 0;
	if (fstat(r->fd, &st) < 0 || here < 0 || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)))
		return;
	end = S_ISREG(st.st_mode) ? st.st_size : lseek(r->fd, 0, SEEK_END);
	if (end < 0 || lseek(r->fd, here, SEEK_SET) < 0)
		return;
	r->seekable = true;
	r->size = (uint64_t)end;
	r->position = *offset = (uint64_t)here;
}

static struct xst_reader *reader_alloc(int fd, uint32_t flags, const char *tmpdir)
{
	struct xst_reader *r = calloc(1, sizeof(*r));
	const char *dir = tmpdir ? tmpdir : getenv("TMPDIR");

	if (!r)
		return NULL;
	r->fd = fd;
	r->null_fd = -1;
	r->know_lengths = flags & XST_READER_KNOW_LENGTHS;
	r->capacity = WINDOW_MIN;
	r->window = malloc(WINDOW_MAX);
	r->tmpdir = strdup(dir && *dir ? dir : "/var/tmp");
	if (r->window && r->tmpdir)
		return r;
	return xst_reader_free(r);
}

int xst_reader_new(int fd, const struct xst_parser_options *parser, uint32_t flags,
		   const char *tmpdir, struct xst_reader **ret)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct xst_reader *r;
	uint64_t offset;
	int e;

	if (fd < 0 || !ret || flags & ~(uint32_t)XST_READER_KNOW_LENGTHS ||
	    (parser && xst_options_copy(&o, sizeof(o), parser, parser->size) < 0))
		return XST_E_ARG;
	r = reader_alloc(fd, flags, tmpdir);
	if (!r)
		return XST_E_NOMEM;
	find_size(r, &offset);
	if (!o.offset)
		o.offset = offset;
	r->base = o.offset - offset;
	r->position += r->base;
	r->size += r->size ? r->base : 0;
	e = xst_parser_new(&o, &r->parser);
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
	xst_parser_free(r->parser);
	xst_io_transfer_free(&r->transfer);
	if (r->own_fd)
		close(r->fd);
	if (r->null_fd >= 0)
		close(r->null_fd);
	free(r->window);
	free(r->tmpdir);
	free(r);
	return NULL;
}

int xst_reader_fork(const struct xst_reader *r, struct xst_reader **ret)
{
	struct xst_reader *copy = reader_alloc(r->fd, 0, r->tmpdir);

	if (!copy)
		return XST_E_NOMEM;
	copy->parser = xst_parser_clone(r->parser);
	if (!copy->parser) {
		xst_reader_free(copy);
		return XST_E_NOMEM;
	}
	copy->seekable = r->seekable;
	copy->base = r->base;
	copy->position = r->position - (r->in.size - r->in.pos);
	copy->size = r->size;
	*ret = copy;
	return 0;
}

bool xst_reader_is_seekable(const struct xst_reader *r)
{
	return r->seekable;
}

const char *xst_reader_tmpdir(const struct xst_reader *r)
{
	return r->tmpdir;
}

static int reader_read_failed(struct xst_reader *r, int err)
{
	return xst_io_error(&r->error, RULE_INPUT_IO, err, "reading the input");
}

/* --- windows -------------------------------------------------------------------------------- */

/* What was read beyond the parser is read again when it is wanted. */
static void drop_window(struct xst_reader *r)
{
	r->position -= r->in.size - r->in.pos;
	r->in.size = r->in.pos;
}

static int reader_tee_failed(struct xst_reader *r)
{
	r->error = *xst_output_error(r->tee);
	return r->error.code;
}

/* What was taken out of the window goes on, before the window or the descriptor is used for
 * something else: whoever waits for it at the other end must have it before we wait. */
static int reader_pass_on(struct xst_reader *r)
{
	int e = 0;

	if (!r->tee)
		return 0;
	if (r->in.pos > r->passed)
		e = xst_output_write(r->tee, r->in.src + r->passed, r->in.pos - r->passed);
	r->passed = r->in.pos;
	if (e == 0)
		e = xst_output_flush(r->tee);
	return e ? reader_tee_failed(r) : 0;
}

/* A fresh window, for a parser that has used up the last one. */
static int reader_fill(struct xst_reader *r, uint64_t max)
{
	size_t n = r->seekable || max > r->capacity ? r->capacity : (size_t)max;
	int e = reader_pass_on(r);
	ssize_t k;

	if (e)
		return e;
	if (r->seekable)
		k = xst_io_ahead_pread(&r->ahead, r->fd, r->window, n, r->position - r->base);
	else
		k = xst_io_read_some(r->fd, r->window, n);
	if (k < 0)
		return reader_read_failed(r, (int)-k);
	r->in = (struct xst_in){ r->window, (size_t)k, 0 };
	r->passed = 0;
	r->position += (uint64_t)k;
	if (k == 0) {
		r->eof = true;
		xst_parser_eof(r->parser);
	} else if (r->capacity < WINDOW_MAX) {
		r->capacity *= 2; /* until a run is passed over: long arrays want long windows */
	}
	return 0;
}

static int reader_parse(struct xst_reader *r, const struct xst_event **ret_ev)
{
	for (;;) {
		int e = xst_parser_next(r->parser, &r->in, ret_ev);

		if (e || (*ret_ev)->type != XST_EVENT_NEED)
			return e;
		e = reader_fill(r, (*ret_ev)->u.need.max);
		if (e)
			return e;
	}
}

/* --- runs of unknown length ----------------------------------------------------------------- */

/* No more than `limit` octets and one, so that who looks at the length sees that it is too much. */
static int spool_rest(struct xst_reader *r, int fd, uint64_t limit)
{
	uint64_t n = r->in.size - r->in.pos;
	int e = xst_io_write_all(fd, r->in.src + r->in.pos, (size_t)n);

	r->in.pos = r->in.size;
	while (e == 0 && n <= limit) {
		bool out;
		ssize_t k = xst_io_transfer(&r->transfer, r->fd, NULL, fd, limit + 1 - n, &out);

		if (k <= 0)
			return (int)k;
		n += (uint64_t)k;
	}
	return e;
}

/* The rest of a pipe becomes a file, whose length is known. */
int xst_reader_make_seekable(struct xst_reader *r, uint64_t limit)
{
	int fd = xst_io_unnamed_file(r->tmpdir), e;
	off_t end;

	if (fd < 0)
		return xst_io_error(&r->error, RULE_INPUT_IO, -fd, r->tmpdir);
	e = spool_rest(r, fd, limit);
	end = lseek(fd, 0, SEEK_END);
	if (e < 0 || end < 0) {
		close(fd);
		return xst_io_error(&r->error, RULE_INPUT_IO, e < 0 ? -e : errno, r->tmpdir);
	}
	r->fd = fd;
	r->own_fd = r->seekable = true;
	r->base = r->position = xst_parser_offset(r->parser) + xst_parser_held(r->parser);
	r->size = r->base + (uint64_t)end;
	return 0;
}

static int set_run_length(struct xst_reader *r)
{
	int e = r->seekable ? 0 : xst_reader_make_seekable(r, xst_parser_max_run(r->parser));
	uint64_t here = xst_parser_offset(r->parser);

	if (e)
		return e;
	return xst_parser_set_run_length(r->parser, r->size > here ? r->size - here : 0);
}

int xst_reader_next(struct xst_reader *r, const struct xst_event **ret_ev)
{
	int e;

	if (r->error.code)
		return r->error.code;
	if (r->pending) {
		*ret_ev = r->pending;
		r->pending = NULL;
		return 0;
	}
	e = reader_parse(r, ret_ev);
	if (e == 0 && r->know_lengths && (*ret_ev)->type == XST_EVENT_PAYLOAD_BEGIN &&
	    (*ret_ev)->u.payload.length == XST_LENGTH_UNKNOWN)
		e = set_run_length(r);
	return e;
}

/* --- runs ----------------------------------------------------------------------------------- */

/* How many of n octets the file has from here on.  It may have shrunk or grown meanwhile. */
static uint64_t within_file(struct xst_reader *r, uint64_t n)
{
	struct stat st;

	if (r->position + n >= r->size && fstat(r->fd, &st) == 0 && S_ISREG(st.st_mode))
		r->size = (uint64_t)st.st_size + r->base;
	if (r->position >= r->size)
		return 0;
	return n < r->size - r->position ? n : r->size - r->position;
}

/* n octets from where the descriptor stands into an output, or past everybody.  Returns how many, 0
 * at the end of the input, or -1: then the output or the reader has the error. */
static ssize_t reader_move(struct xst_reader *r, struct xst_output *o, uint64_t n)
{
	off_t offset = (off_t)(r->position - r->base);
	bool out = true;
	ssize_t k = (ssize_t)n;

	if (!r->seekable || (o && n))
		k = xst_io_transfer(&r->transfer, r->fd, r->seekable ? &offset : NULL,
				    o ? xst_output_get_fd(o) : r->null_fd, n, &out);
	if (k >= 0)
		return k;
	if (!o || !out)
		reader_read_failed(r, (int)-k);
	else
		xst_output_failed(o, (int)-k);
	if (o && out && o == r->tee)
		reader_tee_failed(r);
	return -1;
}

/* Moves or passes over up to n octets of the run directly.  *ret_n: how many, 0 when only the
 * parser can go on: there is something in its hands, or the input has ended. */
static int reader_direct(struct xst_reader *r, struct xst_output *o, uint64_t n, uint64_t *ret_n)
{
	uint64_t left;
	ssize_t k;

	*ret_n = 0;
	left = xst_parser_payload_left(r->parser);
	if (n > left)
		n = left;
	if (r->in.size - r->in.pos >= n) /* short, and read already */
		return 0;
	if (r->seekable)
		drop_window(r);
	if (r->eof || r->in.pos != r->in.size)
		return 0;
	if (r->seekable)
		n = within_file(r, n);
	r->capacity = WINDOW_MIN;
	k = reader_pass_on(r) ? -1 : reader_move(r, o ? o : r->tee, n);
	if (k < 0)
		return XST_E_IO;
	if (k == 0) {
		r->eof = true;
		xst_parser_eof(r->parser);
	}
	r->position += (uint64_t)k;
	*ret_n = (uint64_t)k;
	return xst_parser_claim(r->parser, &r->in, (uint64_t)k);
}

/* The parser's own way, for what it holds already.  *ret_n: octets that it gave; 0: the run is
 * over, and the next event is kept. */
static int indirect(struct xst_reader *r, struct xst_output *o, uint64_t n, uint64_t *ret_n)
{
	const struct xst_event *ev;
	struct xst_in part = r->in;
	int e;

	*ret_n = 0;
	if (part.size - part.pos > n) {
		part.size = part.pos + (size_t)n;
		e = xst_parser_next(r->parser, &part, &ev);
		r->in.pos = part.pos;
	} else {
		e = reader_parse(r, &ev);
	}
	if (e)
		return e;
	if (ev->type != XST_EVENT_PAYLOAD) {
		r->pending = ev;
		return 0;
	}
	*ret_n = ev->u.payload.size;
	return o ? xst_output_write(o, ev->u.payload.data, ev->u.payload.size) : 0;
}

static int run_through(struct xst_reader *r, struct xst_output *o, uint64_t n, uint64_t *ret_moved)
{
	*ret_moved = 0;
	while (n && !r->pending) {
		uint64_t k;
		int e = reader_direct(r, o, n, &k);

		if (e == 0 && k && o)
			xst_output_moved(o, k);
		if (e == 0 && !k) {
			e = indirect(r, o, n, &k);
			if (e == 0 && o && k < n) /* what is moved next must not overtake it */
				e = xst_output_flush(o);
		}
		if (e)
			return e;
		*ret_moved += k;
		n -= k < n ? k : n; /* what the parser held comes in one piece */
	}
	return 0;
}

int xst_reader_skip(struct xst_reader *r)
{
	uint64_t skipped;

	return xst_reader_pass(r, XST_LENGTH_UNKNOWN, &skipped);
}

int xst_reader_pass(struct xst_reader *r, uint64_t n, uint64_t *ret_passed)
{
	bool to_null = !r->seekable && !r->tee;

	if (to_null && r->null_fd < 0)
		r->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (to_null && r->null_fd < 0)
		return reader_read_failed(r, errno);
	return run_through(r, NULL, n, ret_passed);
}

int xst_reader_move(struct xst_reader *r, struct xst_output *o, uint64_t n, uint64_t *ret_moved)
{
	int e = xst_output_flush(o);

	return e ? e : run_through(r, o, n, ret_moved);
}

int xst_reader_tee(struct xst_reader *r, struct xst_output *o)
{
	if (!o || r->tee || r->know_lengths)
		return XST_E_ARG;
	r->tee = o;
	r->passed = r->in.pos;
	return 0;
}

int xst_reader_tee_rest(struct xst_reader *r, uint64_t *ret_moved)
{
	uint64_t n = r->in.size - r->in.pos;
	ssize_t k = 0;

	*ret_moved = 0;
	if (!r->tee)
		return XST_E_STATE;
	if (r->error.code)
		return r->error.code;
	r->in.pos = r->in.size;
	if (reader_pass_on(r))
		return r->error.code;
	if (n == 0)
		k = reader_move(r, r->tee,
				r->seekable ? within_file(r, TEE_REST_MAX) : TEE_REST_MAX);
	if (k < 0)
		return r->error.code;
	r->position += (uint64_t)k;
	*ret_moved = n + (uint64_t)k;
	return 0;
}

int xst_reader_finish(struct xst_reader *r)
{
	uint64_t taken = r->tee ? r->position - (r->in.size - r->passed) : xst_parser_offset(r->parser);
	off_t offset = (off_t)(taken - r->base);

	if (r->own_fd || !r->seekable)
		return 0;
	return lseek(r->fd, offset, SEEK_SET) < 0 ? reader_read_failed(r, errno) : 0;
}

uint64_t xst_reader_offset(const struct xst_reader *r)
{
	return xst_parser_offset(r->parser);
}

uint64_t xst_reader_size(const struct xst_reader *r)
{
	return r->size;
}

const struct xst_finding *xst_reader_error(const struct xst_reader *r)
{
	return r->error.code ? &r->error : xst_parser_error(r->parser);
}
