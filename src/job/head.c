/* SPDX-License-Identifier: MIT */
/* The front of a saved domain: read by the parser, written by the emitter. */
#include <xenstream/head.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "finding/finding.h"
#include "io/clone.h"
#include "limits/limits.h"
#include "wire/formats.h"

#include <xenstream/emit.h>

/* The parser's own defaults, so that the output can be read back. */
#define ROOM		  (UINT64_C(2) << 20) /* for padding up to a block */

/* --- reading --------------------------------------------------------------------------------- */

struct reading {
	struct xst_reader *reader;
	struct xst_head *head;
	struct buffer config, rest;
	uint64_t start;	   /* offset of the first byte */
	uint64_t optional; /* bytes of the xl header's optional data */
	bool done;
	struct xst_finding error;
};

static int take_header(struct reading *g, const struct xst_event *ev)
{
	struct xst_head *h = g->head;

	h->big_endian = ev->big_endian;
	h->mandatory_flags = (uint32_t)xst_event_field(ev, XST_FIELD_MANDATORY_FLAGS, 0);
	h->optional_flags = (uint32_t)xst_event_field(ev, XST_FIELD_OPTIONAL_FLAGS, 0);
	g->optional = xst_event_field(ev, XST_FIELD_OPTIONAL_LENGTH, 0);
	return 0;
}

static int take_run(struct reading *g, const struct xst_event *ev)
{
	struct buffer *b = ev->kind == XST_KIND_CONFIG ? &g->config : &g->rest;
	uint8_t *to;

	if (ev->kind != XST_KIND_CONFIG && ev->kind != XST_KIND_OPTIONAL_DATA)
		return 0;
	to = buffer_append(b, ev->u.payload.size);
	if (!to)
		return XST_E_NOMEM;
	memcpy(to, ev->u.payload.data, ev->u.payload.size);
	return 0;
}

/* Whether the front's last record ends here.  Do not call the parser after this; it would start
 * over on the stream. */
static bool is_last(const struct reading *g, const struct xst_event *ev)
{
	uint64_t read = xst_reader_offset(g->reader) - g->start;

	if (g->head->layer == XST_LAYER_XL)
		return read == xst_wire_xl_header.fixed + g->optional;
	return ev->kind == XST_KIND_CONFIG;
}

static int begin_layer(struct reading *g, const struct xst_event *ev)
{
	const struct wire_format *f = xst_wire_format_of(ev->layer);

	if (f->shown.role == XST_ROLE_CONTAINER) {
		g->head->layer = ev->layer;
		return 0;
	}
	g->done = true; /* the inner stream, or there is no container */
	if (g->head->layer != XST_LAYER_NONE)
		return 0;
	return xst_io_plain_error(
		&g->error, XST_E_UNSUPPORTED, RULE_CONVERT_UNSUPPORTED,
		f->shown.role == XST_ROLE_STREAM
			? "a bare %s, which has no configuration: convert --to xl adds a header"
			: "a %s, which has no configuration",
		f->shown.title);
}

static int read_event(struct reading *g, const struct xst_event *ev)
{
	switch (ev->type) {
	case XST_EVENT_STREAM_BEGIN: return begin_layer(g, ev);
	case XST_EVENT_FIELDS: return ev->kind == XST_KIND_XL_HEADER ? take_header(g, ev) : 0;
	case XST_EVENT_PAYLOAD: return take_run(g, ev);
	case XST_EVENT_RECORD_END: g->done = is_last(g, ev); return 0;
	case XST_EVENT_FINISHED: g->done = true; return 0;
	default: return 0;
	}
}

/* Trailing zeros of the optional data are left over from a longer configuration. */
static void head_conclude(struct reading *g)
{
	struct xst_head *h = g->head;

	h->end = xst_reader_offset(g->reader) - g->start;
	h->rest_size = g->rest.size;
	while (h->rest_size && g->rest.data[h->rest_size - 1] == 0)
		h->rest_size--;
	h->padding = g->rest.size - h->rest_size;
	h->rest = g->rest.data;
	h->config_size = g->config.size;
	if (h->config_size)
		h->config = g->config.data;
	else
		buffer_free(&g->config);
}

static int read_front(struct reading *g)
{
	const struct xst_event *ev;
	uint8_t *nul;
	int r = 0;

	while (r == 0 && !g->done) {
		r = xst_reader_next(g->reader, &ev);
		if (r == 0)
			r = read_event(g, ev);
	}
	nul = r == 0 ? buffer_append(&g->config, 1) : NULL;
	if (r || !nul)
		return r ? r : XST_E_NOMEM;
	*nul = 0;
	g->config.size--;
	r = xst_reader_finish(g->reader);
	if (r == 0)
		head_conclude(g);
	return r;
}

int xst_head_read(int fd, const struct xst_parser_options *parser, struct xst_head **ret,
		  struct xst_finding *reterr)
{
	struct reading g = { .head = calloc(1, sizeof(*g.head)) };
	int r = g.head ? xst_reader_new(fd, parser, 0, NULL, &g.reader) : XST_E_NOMEM;

	if (r == 0) {
		g.start = xst_reader_offset(g.reader);
		r = read_front(&g);
	}
	if (r && reterr) {
		if (r == XST_E_NOMEM)
			xst_finding_no_memory(reterr);
		else if (g.reader)
			*reterr = g.error.code ? g.error : *xst_reader_error(g.reader);
	}
	xst_reader_free(g.reader);
	if (r) {
		buffer_free(&g.config);
		buffer_free(&g.rest);
		free(g.head);
		return r;
	}
	*ret = g.head;
	return 0;
}

struct xst_head *xst_head_free(struct xst_head *h)
{
	if (h) {
		free(h->config);
		free(h->rest);
	}
	free(h);
	return NULL;
}

/* --- changing -------------------------------------------------------------------------------- */

/* The least size of the header.  Optional data can be absent if it would be empty. */
static uint64_t min_length(const struct xst_head *h)
{
	uint64_t data = h->config_size + h->rest_size;

	return xst_wire_xl_header.fixed + (data ? xst_wire_xl_config.fixed + data : 0);
}

int xst_head_set_config(struct xst_head *h, const void *config, uint64_t n, bool json)
{
	uint8_t *copy = NULL;

	if (h->layer != XST_LAYER_XL)
		return XST_E_UNSUPPORTED;
	if (n > LIMIT_CONFIG ||
	    n + xst_wire_xl_config.fixed + h->rest_size > LIMIT_OPTIONAL_DATA - ROOM)
		return XST_E_LIMIT;
	if (n) {
		copy = malloc((size_t)n + 1);
		if (!copy)
			return XST_E_NOMEM;
		memcpy(copy, config, (size_t)n);
		copy[n] = 0;
	}
	free(h->config);
	h->config = copy;
	h->config_size = n;
	h->mandatory_flags &= ~XST_XL_JSON;
	if (n && json)
		h->mandatory_flags |= XST_XL_JSON;
	return 0;
}

static int emit_header(struct xst_emitter *e, const struct xst_head *h, uint64_t length)
{
	const struct xst_field_value fields[] = {
		{ XST_FIELD_BYTE_ORDER, XL_BYTE_ORDER },
		{ XST_FIELD_MANDATORY_FLAGS, h->mandatory_flags },
		{ XST_FIELD_OPTIONAL_FLAGS, h->optional_flags },
		{ XST_FIELD_OPTIONAL_LENGTH, length - xst_wire_xl_header.fixed },
	};
	int r = xst_emit_begin(e, XST_KIND_XL_HEADER, xst_wire_xl_header.fixed);

	if (r == 0)
		r = xst_emit_fields(e, fields, sizeof(fields) / sizeof(fields[0]));
	return r ? r : xst_emit_end(e);
}

static int emit_config(struct xst_emitter *e, const struct xst_head *h)
{
	const struct xst_field_value length = { XST_FIELD_CONFIG_LENGTH, h->config_size };
	int r = xst_emit_begin(e, XST_KIND_CONFIG, xst_wire_xl_config.fixed + h->config_size);

	if (r == 0)
		r = xst_emit_fields(e, &length, 1);
	if (r == 0)
		r = xst_emit_bytes(e, h->config, (size_t)h->config_size);
	return r ? r : xst_emit_end(e);
}

static int emit_rest(struct xst_emitter *e, const struct xst_head *h)
{
	int r = h->rest_size ? xst_emit_begin(e, XST_KIND_OPTIONAL_DATA, h->rest_size) : 0;

	if (r || !h->rest_size)
		return r;
	r = xst_emit_bytes(e, h->rest, (size_t)h->rest_size);
	return r ? r : xst_emit_end(e);
}

/* Renders the front in `length` bytes: min_length(), or at least enough for a configuration's
 * length. */
static int render(const struct xst_head *h, uint8_t *to, uint64_t length)
{
	struct xst_emitter *e;
	const uint8_t *data;
	size_t n;
	int r = xst_emitter_new(&e);

	if (r)
		return r;
	xst_emitter_big_endian(e, XST_LAYER_XL, h->big_endian);
	r = emit_header(e, h, length);
	if (r == 0 && length > xst_wire_xl_header.fixed)
		r = emit_config(e, h);
	if (r == 0)
		r = emit_rest(e, h);
	n = xst_emitter_output(e, &data);
	if (r == 0 && n > length)
		r = XST_E_ARG;
	if (r == 0) {
		memcpy(to, data, n);
		memset(to + n, 0, (size_t)length - n);
	}
	xst_emitter_free(e);
	return r;
}

/* --- writing --------------------------------------------------------------------------------- */

struct job {
	const struct xst_head *head;
	xst_moved_fn progress;
	void *userdata;
};

static int write_front(void *userdata, uint8_t *buf, uint64_t length)
{
	const struct job *job = userdata;

	return render(job->head, buf, length);
}

static void head_tell_progress(void *userdata, uint64_t done, uint64_t total)
{
	const struct job *job = userdata;

	if (job->progress)
		job->progress(job->userdata, done, total);
}

int xst_head_replace(struct xst_change *c, uint64_t end, const struct xst_head *h,
		     xst_moved_fn progress, void *userdata, enum xst_change_way *ret_way,
		     struct xst_finding *reterr)
{
	struct job job = { h, progress, userdata };
	const struct xst_front front = { .size = sizeof(front),
					 .old = end,
					 .min = min_length(h),
					 .write = write_front,
					 .progress = head_tell_progress,
					 .userdata = &job };

	if (h->layer != XST_LAYER_XL)
		return XST_E_UNSUPPORTED;
	return xst_change_front(c, &front, ret_way, reterr);
}

/* For sharing blocks, the front must end as far from a block's beginning as the old one. */
static uint64_t length_for(const struct xst_head *h, uint64_t block)
{
	uint64_t min = min_length(h);

	return block ? min + (h->end - min) % block : min;
}

static int write_head(const struct xst_head *h, uint64_t length, struct xst_output *o)
{
	uint8_t *front = malloc((size_t)length);
	int r = front ? render(h, front, length) : XST_E_NOMEM;

	if (r == 0)
		r = xst_output_write(o, front, (size_t)length);
	free(front);
	return r;
}

int xst_head_copy(const struct xst_head *h, int fd, struct xst_output *o, xst_moved_fn progress,
		  void *userdata, enum xst_change_way *ret_way, struct xst_finding *reterr)
{
	off_t here = lseek(fd, 0, SEEK_CUR);
	struct clone job = { .from = fd,
			     .skip = here < 0 ? 0 : (uint64_t)here,
			     .to = o,
			     .progress = progress,
			     .userdata = userdata };
	enum xst_change_way way;
	struct xst_finding error = { .code = 0 };
	int r;

	if (h->layer != XST_LAYER_XL)
		return XST_E_UNSUPPORTED;
	r = write_head(h, length_for(h, xst_io_clone_probe(fd, o)), o);
	if (r == 0)
		r = xst_io_clone_rest(&job, &way, &error);
	if (r == 0 && ret_way)
		*ret_way = way;
	if (r && reterr)
		*reterr = error.code ? error : *xst_output_error(o);
	return r;
}
