/* SPDX-License-Identifier: MIT */
/* Differential: converting, verifying and describing a stream gives the same from a file as from a
 * pipe; the output of a conversion is accepted again, failures have a message, and no descriptor
 * stays open.
 *
 * byte 0   flags: force, version 2, keep checkpoints, make a plain image, legacy only, no emulator,
 * strict, deep
 * byte 1   container, see enum xst_container
 * byte 2   bits 0-1: checkpoint to take; 2-3: enum xst_cut; 4-5: enum xst_guest; 6-7: 32 or 64 bits
 * the rest  the stream */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenstream/job.h>

#include "io/fnv.h"
#include "io/io.h"
#include "probe.h"

#define HEAD	     3
#define PIPE_SIZE    (1 << 20)
#define MAX_FINDINGS 64

enum {
	FORCE = 1,
	VERSION_2 = 2,
	KEEP = 4,
	FLATTEN = 8,
	LEGACY_ONLY = 16,
	NO_EMULATOR = 32,
	STRICT = 64,
	DEEP = 128
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what, const struct xst_finding *f)
{
	if (holds)
		return;
	fprintf(stderr, "%s: %s %s\n", what, f && f->rule ? f->rule : "", f ? f->text : "");
	abort();
}

/* --- the stream ------------------------------------------------------------------------------- */

struct stream {
	const uint8_t *head, *data;
	size_t size;
};

static int open_stream(const struct stream *s, bool pipe)
{
	int fds[2];

	if (!pipe)
		return file_of(s->data, s->size);
	must(pipe2(fds, O_CLOEXEC) == 0 && fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE) >= 0 &&
		     write(fds[1], s->data, s->size) == (ssize_t)s->size,
	     "no pipe", NULL);
	close(fds[1]);
	return fds[0];
}

static struct xst_parser_options parser_options(const struct stream *s)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;

	o.limits.max_emulator = 1 << 20;
	o.flags = s->head[0] & NO_EMULATOR ? XST_PARSER_NO_EMULATOR : 0;
	return o;
}

/* --- convert ---------------------------------------------------------------------------------- */

struct converted {
	int code;
	struct xst_finding error;
	uint8_t *data;
	size_t size;
};

/* A file can be truncated, which an accepted cut needs. */
static struct xst_output *open_output(int *fd)
{
	const char *tmp = getenv("TMPDIR");
	char path[200];
	struct xst_output *o = NULL;

	if (fd) {
		*fd = memfd_create("converted", MFD_CLOEXEC);
		must(*fd >= 0 && xst_output_fd(*fd, &o) == 0, "no output", NULL);
	} else {
		snprintf(path, sizeof(path), "%.100s/xst-fuzz-%d", tmp ? tmp : "/tmp",
			 (int)getpid());
		must(xst_output_file(path, 0600, 0, &o, NULL) == 0, "no output file", NULL);
	}
	return o;
}

static void read_back(struct xst_output *o, struct converted *ret)
{
	int fd = xst_output_reopen(o);

	ret->size = (size_t)xst_output_offset(o);
	ret->data = malloc(ret->size + 1);
	must(fd >= 0 && ret->data && read(fd, ret->data, ret->size + 1) == (ssize_t)ret->size,
	     "the output can't be read", NULL);
	close(fd);
}

static struct converted convert(const struct stream *s, const struct xst_convert_options *options,
				bool pipe)
{
	struct converted c = { .code = 0 };
	int in = open_stream(s, pipe), out = -1;
	struct xst_output *o = open_output(pipe ? &out : NULL);

	c.code = xst_convert_fd(in, o, options, &c.error);
	must(!c.code || (c.error.code == c.code && c.error.text[0]), "a failure without a message",
	     &c.error);
	if (c.code == 0)
		read_back(o, &c);
	xst_output_free(o);
	close(in);
	if (out >= 0)
		close(out);
	return c;
}

/* A legacy stream is checked less strictly than its conversion. */
static void again(const struct converted *c, bool was_legacy)
{
	static const uint8_t head[HEAD];
	struct stream s = { head, c->data, c->size };
	struct xst_converter_options to = { .size = sizeof(to),
					    .flags = was_legacy ? XST_CONVERT_FORCE : 0u };
	struct xst_convert_options o = { .size = sizeof(o), .converter = &to };
	struct converted second = convert(&s, &o, false);

	must(second.code == 0, "the output is not accepted", &second.error);
	free(second.data);
}

/* --- comparing guests ------------------------------------------------------------------------- */

#define FRAMES 65536

struct guest {
	uint64_t pages[FRAMES]; /* the final state of each page */
	uint64_t rest;		/* all other records, in any order */
	uint64_t record;	/* the current record */
	uint64_t data[XST_BATCH * 64];
	size_t n; /* entries of the current record whose pages follow */
};

static uint64_t add(uint64_t h, uint64_t v)
{
	return fnv(h, &v, sizeof(v));
}

static void add_entries(struct guest *g, const struct xst_event *ev)
{
	for (size_t i = 0; i < ev->u.items.n; i++) {
		uint64_t entry = ev->u.items.v[i], type = XST_PAGE_TYPE(entry);

		if (!XST_PAGE_HAS_DATA(type))
			g->pages[XST_PAGE_PFN(entry) % FRAMES] = type == XST_PAGE_XTAB ? 0 : type;
		else if (g->n < sizeof(g->data) / sizeof(g->data[0]))
			g->data[g->n++] = entry;
	}
}

static void add_pages(struct guest *g, const struct xst_event *ev)
{
	for (size_t i = 0; i < ev->u.payload.size;) {
		uint64_t at = ev->u.payload.run_offset + i;
		size_t n = XST_PAGE_SIZE - at % XST_PAGE_SIZE;
		uint64_t entry, *page;

		if (at / XST_PAGE_SIZE >= g->n)
			return;
		entry = g->data[at / XST_PAGE_SIZE];
		page = &g->pages[XST_PAGE_PFN(entry) % FRAMES];
		if (at % XST_PAGE_SIZE == 0)
			*page = add(FNV_START, XST_PAGE_TYPE(entry));
		if (n > ev->u.payload.size - i)
			n = ev->u.payload.size - i;
		*page = fnv(*page, ev->u.payload.data + i, n);
		i += n;
	}
}

static void add_event(struct guest *g, const struct xst_event *ev)
{
	bool pages = ev->kind == XST_KIND_PAGE_DATA;

	switch (ev->type) {
	case XST_EVENT_RECORD_BEGIN:
		g->record = add(FNV_START, ev->kind);
		g->n = 0;
		break;
	case XST_EVENT_FIELDS:
		for (size_t i = 0; i < ev->u.fields.n; i++)
			g->record = add(g->record, ev->u.fields.v[i].value);
		break;
	case XST_EVENT_ITEMS:
		if (pages)
			add_entries(g, ev);
		else
			g->record = fnv(g->record, ev->u.items.v,
					ev->u.items.n * ev->u.items.width * sizeof(*ev->u.items.v));
		break;
	case XST_EVENT_PAIR:
		g->record = fnv(g->record, ev->u.pair.key, ev->u.pair.key_len);
		g->record = fnv(g->record, ev->u.pair.value, ev->u.pair.value_len);
		break;
	case XST_EVENT_PAYLOAD:
		if (pages)
			add_pages(g, ev);
		else
			g->record = fnv(g->record, ev->u.payload.data, ev->u.payload.size);
		break;
	case XST_EVENT_RECORD_END: g->rest += pages ? 0 : g->record; break;
	default: break;
	}
}

static void read_guest(const struct converted *c, struct guest *g)
{
	struct xst_in in = { c->data, c->size, 0 };
	const struct xst_event *ev;
	struct xst_parser *parser;

	memset(g, 0, sizeof(*g));
	must(xst_parser_new(NULL, &parser) == 0, "no parser", NULL);
	while (xst_parser_next(parser, &in, &ev) == 0 && ev->type != XST_EVENT_FINISHED) {
		if (ev->type == XST_EVENT_NEED)
			xst_parser_eof(parser);
		add_event(g, ev);
	}
	xst_parser_free(parser);
}

static void compare_guests(const struct converted *a, const struct converted *b)
{
	static struct guest x, y;

	read_guest(a, &x);
	read_guest(b, &y);
	must(memcmp(x.pages, y.pages, sizeof(x.pages)) == 0, "other pages from a pipe", NULL);
	must(x.rest == y.rest, "other records from a pipe", NULL);
}

/* Unless checkpoints are announced, the first state from a pipe is written before the others are
 * known: then the guest is the same, but not the bytes. */
static void compare(const struct converted *a, const struct converted *b, bool expected)
{
	must(!a->code == !b->code, "another verdict from a pipe", a->code ? &a->error : &b->error);
	if (!expected && a->code == 0)
		compare_guests(a, b);
	if (!expected)
		return;
	must(a->code == b->code, "another error from a pipe", &b->error);
	must(a->size == b->size && (!a->size || memcmp(a->data, b->data, a->size) == 0),
	     "another output from a pipe", NULL);
}

static void note_legacy(void *userdata, const struct xst_event *ev)
{
	bool *legacy = userdata;

	*legacy |= ev->type == XST_EVENT_STREAM_BEGIN && ev->layer == XST_LAYER_LEGACY;
}

static void convert_both(const struct stream *s)
{
	bool legacy = false;
	const uint8_t *h = s->head;
	struct xst_parser_options parser = parser_options(s);
	struct xst_job_options job = {
		.size = sizeof(job), .parser = &parser, .event = note_legacy, .userdata = &legacy
	};
	struct xst_converter_options to = { .size = sizeof(to) };
	struct xst_convert_options o = { .size = sizeof(o), .job = &job, .converter = &to };
	struct converted a, b;

	to.flags = h[0] & FORCE ? XST_CONVERT_FORCE : 0;
	to.image_version = h[0] & VERSION_2 ? 2 : 3;
	to.to = (enum xst_container)(h[1] % 7);
	o.keep_checkpoints = h[0] & KEEP;
	o.flatten = h[0] & FLATTEN;
	o.legacy_only = h[0] & LEGACY_ONLY;
	o.checkpoint = h[2] & 3;
	o.cut = (enum xst_cut)((h[2] >> 2 & 3) % 3);
	o.guest = (enum xst_guest)((h[2] >> 4 & 3) % 3);
	o.width = (h[2] >> 6) % 3 * 32;
	a = convert(s, &o, false);
	if (a.code == 0 && !(h[0] & FORCE) && !o.cut)
		again(&a, legacy);
	b = convert(s, &o, true);
	if (!o.cut)
		compare(&a, &b, o.flatten || o.checkpoint || o.keep_checkpoints);
	free(a.data);
	free(b.data);
}

/* --- verify, info ----------------------------------------------------------------------------- */

struct judged {
	struct xst_verdict verdict;
	struct xst_finding findings[MAX_FINDINGS];
	size_t n;
};

static void keep(void *userdata, const struct xst_finding *f)
{
	struct judged *j = userdata;

	must(f->rule && f->text[0], "a finding without a message", f);
	if (j->n < MAX_FINDINGS)
		j->findings[j->n++] = *f;
}

static void judge(const struct stream *s, bool pipe, struct judged *ret)
{
	struct xst_parser_options parser = parser_options(s);
	struct xst_checker_options checker = { .size = sizeof(checker),
					       .flags = s->head[0] & DEEP ? XST_CHECK_DEEP : 0u };
	struct xst_job_options job = { .size = sizeof(job),
				       .parser = &parser,
				       .finding = keep,
				       .userdata = ret,
				       .checker = &checker };
	struct xst_verify_options o = { .size = sizeof(o),
					.job = &job,
					.flags = s->head[0] & STRICT ? XST_VERIFY_STRICT : 0u };
	struct xst_finding error = { .text = "" };
	struct xst_info *info = NULL;
	int in = open_stream(s, pipe);

	ret->n = 0;
	must(xst_verify_fd(in, &o, &ret->verdict, &error) == 0, "verify failed", &error);
	close(in);
	in = open_stream(s, pipe);
	job.finding = NULL;
	must(xst_info_fd(in, &job, &info, &error) == 0, "info failed", &error);
	if (!(s->head[0] & STRICT))
		must(info->verdict.errors == ret->verdict.errors &&
			     info->verdict.end == ret->verdict.end,
		     "info judges otherwise than verify", info->damage.code ? &info->damage : NULL);
	xst_info_free(info);
	close(in);
}

static bool same(const struct xst_finding *a, const struct xst_finding *b)
{
	return a->code == b->code && a->severity == b->severity && a->offset == b->offset &&
	       strcmp(a->rule, b->rule) == 0 && strcmp(a->text, b->text) == 0;
}

static bool behind_the_end(const struct xst_finding *f)
{
	return strcmp(f->rule, "input.trailing") == 0; /* a pipe doesn't reveal its size */
}

static void judge_both(const struct stream *s)
{
	static struct judged a, b;
	size_t i = 0, k = 0;

	judge(s, false, &a);
	judge(s, true, &b);
	while (i < a.n || k < b.n) {
		if (i < a.n && behind_the_end(&a.findings[i])) {
			i++;
			continue;
		}
		must(i < a.n && k < b.n && same(&a.findings[i], &b.findings[k]),
		     "different findings from a pipe", i < a.n ? &a.findings[i] : &b.findings[k]);
		i++;
		k++;
	}
	must(a.verdict.end == b.verdict.end && a.verdict.records == b.verdict.records,
	     "another end from a pipe", NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream s = { data, data + HEAD, size - HEAD };
	unsigned before = open_descriptors();

	if (size < HEAD || size > PIPE_SIZE / 2)
		return 0;
	convert_both(&s);
	judge_both(&s);
	must(open_descriptors() == before, "a descriptor stays open", NULL);
	return 0;
}
