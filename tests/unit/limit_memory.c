/* SPDX-License-Identifier: MIT */
/* Limits of what is remembered of a stream. */
#include "limit_case.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xenstream/job.h>

#include "check/checker.h"
#include "job/unfold.h"
#include "letters.h"
#include "pour.h"
#include "unit.h"

/* --- rules ----------------------------------------------------------------------------------- */

struct wanted_rule {
	const char *id, *field;
	unsigned n;
};

static void count_rule(void *userdata, const struct xst_finding *f)
{
	struct wanted_rule *w = userdata;

	w->n += f->rule && strcmp(f->rule, w->id) == 0 &&
		(!w->field || (f->field && strcmp(f->field, w->field) == 0));
}

/* field: NULL for any */
static bool breaks(struct build *b, const char *rule, const char *field)
{
	struct wanted_rule w = { .id = rule, .field = field };
	struct xst_job_options job = { .size = sizeof(job), .finding = count_rule, .userdata = &w };
	struct xst_verify_options o = { .size = sizeof(o), .job = &job };
	int fd = limit_file_of(b);
	struct xst_verdict v;

	assert_int_equal(xst_verify_fd(fd, &o, &v, NULL), 0);
	close(fd);
	return w.n;
}

LIMIT_CASE(PV_VCPUS)
{
	struct word w = { .config = NULL };

	word_build(&w, "pISFDTHBE");
	for (unsigned i = 0; i < 4; i++)
		w.b.data[word_find(&w, 'B') + BODY + i] = (uint8_t)((n - 1) >> 8 * i);
	return !breaks(&w.b, "libxc.vcpu.id", NULL);
}

LIMIT_CASE(GDT_ENTS)
{
	struct word w = { .config = NULL };
	uint8_t *entries;

	word_build(&w, "pISFDTHBE");
	entries = w.b.data + word_find(&w, 'B') + CONTEXT + 0x1360;
	entries[0] = (uint8_t)n;
	entries[1] = (uint8_t)(n >> 8);
	return !breaks(&w.b, "libxc.vcpu.gdt", "gdt_ents");
}

LIMIT_CASE(HVM_VCPUS)
{
	struct word w = { .config = NULL };
	uint8_t *cpu;

	word_build(&w, "hCMSDTPNE");
	cpu = w.b.data + word_find(&w, 'N') + HVM_HEADER_BODY + 24;
	assert_int_equal(cpu[0], 2);
	cpu[2] = (uint8_t)(n - 1);
	return !breaks(&w.b, "libxc.hvm-context.instance", NULL);
}

/* --- what the checker remembers ---------------------------------------------------------------- */

static struct xst_checker *checker(enum xst_guest guest)
{
	struct xst_checker *c;

	assert_int_equal(xst_checker_new(NULL, &c), 0);
	c->layer = XST_LAYER_LIBXC;
	c->track.guest = guest;
	c->pt_levels = 4;
	c->seen[XST_KIND_PAGE_DATA] = 1;
	c->serial++;
	return c;
}

/* Whether it has said that; all that it says is taken. */
static bool said(struct xst_checker *c, const char *rule)
{
	const struct xst_finding *f;
	bool found = false;

	while ((f = xst_checker_finding(c)))
		found |= strcmp(f->rule, rule) == 0;
	return found;
}

static void tell_numbers(struct xst_checker *c, const struct check_subject *subject, uint8_t width,
			 uint64_t index)
{
	const uint64_t v[3] = { index };
	struct xst_event ev = { .type = XST_EVENT_ITEMS, .layer = XST_LAYER_LIBXC };

	ev.u.items.v = v;
	ev.u.items.n = 1;
	ev.u.items.width = width;
	ev.u.items.first = 1;
	assert_int_equal(subject->items(c, &ev), 0);
}

LIMIT_CASE(CHECKED_PARAMS)
{
	struct xst_checker *c = checker(XST_GUEST_HVM);
	bool tracked;

	tell_numbers(c, &xst_check_hvm_params, 2, n - 1);
	assert_false(said(c, "libxc.hvm-params.twice"));
	tell_numbers(c, &xst_check_hvm_params, 2, n - 1);
	tracked = said(c, "libxc.hvm-params.twice");
	xst_checker_free(c);
	return tracked;
}

/* The n-th again, with another in between. */
LIMIT_CASE(CHECKED_POLICY)
{
	struct xst_checker *c = checker(XST_GUEST_HVM);
	bool tracked;

	for (uint64_t i = 1; i <= n + 1; i++) {
		tell_numbers(c, &xst_check_msrs, 3, i);
		assert_false(said(c, "libxc.msr.twice"));
	}
	tell_numbers(c, &xst_check_msrs, 3, n);
	tracked = said(c, "libxc.msr.twice");
	xst_checker_free(c);
	return tracked;
}

/* --- maps of page frames ----------------------------------------------------------------------- */

/* Places far apart that take n bytes of a map, `bits` for each frame. */
static uint64_t places(uint64_t n, unsigned bits)
{
	uint64_t each = PFNMAP_CHUNK * bits / 8;

	return (n + each - 1) / each;
}

static uint64_t entry(unsigned type, uint64_t i)
{
	return (uint64_t)type << 60 | i * PFNMAP_CHUNK;
}

static void tell_count(struct xst_checker *c, uint64_t n)
{
	struct xst_field_value count = { XST_FIELD_COUNT, n };
	struct xst_event ev = { .type = XST_EVENT_FIELDS, .layer = XST_LAYER_LIBXC,
				.kind = XST_KIND_PAGE_DATA };

	ev.u.fields.v = &count;
	ev.u.fields.n = 1;
	c->serial++;
	assert_int_equal(xst_check_pages.fields(c, &ev), 0);
}

static void tell_item(struct xst_checker *c, const struct check_subject *subject, uint64_t v)
{
	struct xst_event ev = { .type = XST_EVENT_ITEMS, .layer = XST_LAYER_LIBXC,
				.kind = XST_KIND_PAGE_DATA };

	ev.u.items.v = &v;
	ev.u.items.n = ev.u.items.width = 1;
	assert_int_equal(subject->items(c, &ev), 0);
}

/* Whether the checker follows the frames in `chunks` places, in one record or in one for each. */
static bool followed(enum xst_guest guest, unsigned type, uint64_t chunks, bool together)
{
	struct xst_checker *c = checker(guest);
	bool untracked;

	tell_count(c, together ? chunks : 1);
	for (uint64_t i = 0; i < chunks; i++) {
		tell_item(c, &xst_check_pages, entry(type, i));
		if (!together)
			tell_count(c, 1);
	}
	(void)said(c, "");
	c->serial++;
	xst_check_pages_complete(c);
	untracked = said(c, "libxc.page-data.untracked");
	xst_checker_free(c);
	return !untracked;
}

LIMIT_CASE(RECORD_MAP)
{
	return followed(XST_GUEST_HVM, XST_PAGE_XTAB, places(n, 1), true);
}

static bool frames_followed(uint64_t chunks)
{
	struct xst_checker *c = checker(XST_GUEST_PV);
	bool inexact;

	for (uint64_t i = 0; i < chunks; i++)
		tell_item(c, &xst_check_p2m_frames, entry(0, i));
	inexact = c->pages.inexact;
	xst_checker_free(c);
	return !inexact;
}

LIMIT_CASE(PRESENT_MAP)
{
	bool present = followed(XST_GUEST_HVM, XST_PAGE_NOTAB, places(n, 1), false);

	assert_int_equal(frames_followed(places(n, 1)), present);
	return present;
}

LIMIT_CASE(TABLES_MAP)
{
	return followed(XST_GUEST_PV, XST_PAGE_L1TAB, places(n, 4), false);
}

/* Frames without contents, so that the stream is small. */
LIMIT_CASE(TYPES_MAP)
{
	uint64_t chunks = places(n, 4);
	struct build b = { 0 };
	struct xst_info *info;
	bool exact;
	int fd;

	image_header(&b, 3, 0);
	domain_header(&b, 2);
	record_begin(&b, 1);
	put64(&b, chunks);
	for (uint64_t i = 0; i < chunks; i++)
		put64(&b, entry(XST_PAGE_XTAB, i));
	record_end(&b);
	empty_record(&b, 0);
	fd = limit_file_of(&b);
	assert_int_equal(xst_info_fd(fd, NULL, &info, NULL), 0);
	close(fd);
	exact = info->types_exact;
	xst_info_free(info);
	return exact;
}

/* --- checkpointed streams ---------------------------------------------------------------------- */

static struct unfold *unfold(void)
{
	struct unfold_plan plan = { .take = 1, .compressed = true, .layer = XST_LAYER_LEGACY };
	struct unfold *u;

	assert_int_equal(xst_job_unfold_new(&plan, limit_folder(), &u, NULL), 0);
	return u;
}

/* A batch of `n` entries whose pages come later. */
static int tell_batch(struct unfold *u, const uint64_t *v, size_t n, struct xst_finding *error)
{
	struct xst_event ev = { .type = XST_EVENT_RECORD_BEGIN, .layer = XST_LAYER_LEGACY,
				.kind = XST_KIND_PAGE_DATA };
	enum unfold_action action;
	int r = xst_job_unfold_event(u, &ev, &action, error);

	ev.type = XST_EVENT_ITEMS;
	ev.u.items.v = v;
	ev.u.items.n = n;
	ev.u.items.width = 1;
	if (r == 0)
		r = xst_job_unfold_event(u, &ev, &action, error);
	ev.type = XST_EVENT_RECORD_END;
	return r ? r : xst_job_unfold_event(u, &ev, &action, error);
}

static bool is_taken(int r)
{
	assert_true(r == 0 || r == XST_E_LIMIT);
	return r == 0;
}

LIMIT_CASE(UNFOLDED_MAP)
{
	struct unfold *u = unfold();
	struct xst_finding error;
	int r = 0;

	for (uint64_t i = 0; i < places(n, 4) && r == 0; i++)
		r = tell_batch(u, (uint64_t[]){ entry(XST_PAGE_NOTAB, i) }, 1, &error);
	xst_job_unfold_free(u);
	return is_taken(r);
}

LIMIT_CASE(WAITING_PAGES)
{
	static uint64_t v[LEGACY_MAX_BATCH];
	struct unfold *u = unfold();
	struct xst_finding error;
	int r = 0;

	for (size_t i = 0; i < COUNT(v); i++)
		v[i] = i;
	for (uint64_t left = n; left && r == 0;) {
		size_t k = left < COUNT(v) ? (size_t)left : COUNT(v);

		r = tell_batch(u, v, k, &error);
		left -= k;
	}
	xst_job_unfold_free(u);
	return is_taken(r);
}

/* --- conversions ------------------------------------------------------------------------------- */

LIMIT_CASE(HVM_PARAMS)
{
	struct build b = { 0 };
	struct poured p;

	legacy_head(&b, 8, 64);
	batch(&b, (uint64_t[]){ 1 }, 1, true);
	for (uint64_t i = 0; i < n; i++)
		param_chunk(&b, -3, i);
	chunk(&b, -9);
	chunk(&b, 0);
	magic_pfns(&b);
	put32(&b, HVM_STATE);
	hvm_state(&b);
	(void)pour(b.data, b.size, NULL, NULL, &p);
	poured_free(&p);
	build_free(&b);
	return is_taken(p.code);
}

struct given {
	uint8_t *data;
	size_t n;
};

static int give(void *userdata, const struct xst_config *stored, struct xst_config *ret, char *why,
		size_t size)
{
	const struct given *g = userdata;

	(void)stored;
	(void)why;
	(void)size;
	ret->data = g->data;
	ret->size = g->n;
	return 0;
}

static void plain_image(struct build *b)
{
	struct modern m = { .pv = true, .batches = 1, .pages = 1 };

	build_modern(b, &m);
}

static int given_code(const struct given *g)
{
	struct xst_converter_options o = { .size = sizeof(o), .to = XST_CONTAINER_LIBVIRT, .config = give,
					   .config_userdata = (void *)(uintptr_t)g };
	struct build b = { 0 };
	struct poured p;

	plain_image(&b);
	(void)pour(b.data, b.size, NULL, &o, &p);
	poured_free(&p);
	build_free(&b);
	return p.code;
}

static int kept_code(const struct given *g)
{
	struct xst_converter_options o = { .size = sizeof(o), .to = XST_CONTAINER_LIBVIRT };
	struct xst_parser_options parser = XST_PARSER_OPTIONS_INIT;
	struct build b = { 0 };
	struct poured p;

	parser.limits.max_config = UINT32_MAX;
	libvirt_header(&b, 2, (const char *)g->data, g->n);
	plain_image(&b);
	(void)pour(b.data, b.size, &parser, &o, &p);
	poured_free(&p);
	build_free(&b);
	return p.code;
}

LIMIT_CASE(KEPT_CONFIG)
{
	struct given g = { .data = calloc(1, (size_t)n), .n = (size_t)n };
	int given = given_code(&g), kept = kept_code(&g);

	free(g.data);
	assert_true(given == 0 || given == XST_E_ARG);
	assert_int_equal(is_taken(kept), given == 0);
	return given == 0;
}

/* --- findings ---------------------------------------------------------------------------------- */

LIMIT_CASE(TOLD)
{
	struct build b = { 0 };
	struct xst_verdict v;
	int fd;

	image_header(&b, 3, 0);
	domain_header(&b, 2);
	for (uint64_t i = 0; i < n; i++)
		empty_record(&b, 0x80000077);
	empty_record(&b, 0);
	fd = limit_file_of(&b);
	assert_int_equal(xst_verify_fd(fd, NULL, &v, NULL), 0);
	close(fd);
	return v.omitted == 0;
}
