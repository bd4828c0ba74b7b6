/* SPDX-License-Identifier: MIT */
/* However the input is cut, the parser says the same, and wherever it ends too early, it says so. */
#include "log.h"
#include "samples.h"

struct subject {
	const struct sample *sample;
	struct build b;
	struct log whole; /* as one call sees it */
};

static void begin(struct subject *s, void **state)
{
	*s = (struct subject){ .sample = *state };
	build_sample(&s->b, s->sample);
	assert_int_equal(parse_logged(s->b.data, s->b.size, NULL, NULL, &s->whole), 0);
	assert_int_equal(s->whole.end, s->b.size);
}

static void end(struct subject *s)
{
	log_free(&s->whole);
	build_free(&s->b);
}

static void same(const struct subject *s, const struct cuts *cuts, struct log *g)
{
	log_clear(g);
	parse_logged(s->b.data, s->b.size, NULL, cuts, g);
	if (log_equal(&s->whole, g))
		return;
	log_print_difference(&s->whole, g);
	fail_msg("cut at %zu, chunks of %zu, claims %d", cuts->first, cuts->chunk, cuts->claims);
}

/* --- where cuts matter ---------------------------------------------------------------------- */

#define NEAR 40

/* Deep inside a long run every cut is like its neighbours; there a few stand for all. */
static void note_run(bool *dull, const struct xst_event *ev)
{
	if (ev->type != XST_EVENT_PAYLOAD)
		return;
	for (size_t i = NEAR; i + NEAR < ev->u.payload.size; i++)
		dull[ev->offset + i] = i % 509 != 0;
}

static bool *interesting_places(const struct subject *s)
{
	const struct xst_event *ev;
	struct xst_in in = { s->b.data, s->b.size, 0 };
	bool *dull = calloc(s->b.size + 1, sizeof(*dull));
	struct xst_parser *p;

	assert_non_null(dull);
	assert_int_equal(xst_parser_new(NULL, &p), 0);
	do {
		assert_int_equal(xst_parser_next(p, &in, &ev), 0);
		if (ev->type == XST_EVENT_NEED)
			xst_parser_eof(p);
		note_run(dull, ev);
	} while (ev->type != XST_EVENT_FINISHED);
	xst_parser_free(p);
	for (size_t i = 0; i <= s->b.size; i++)
		dull[i] = !dull[i];
	return dull;
}

/* --- the tests ------------------------------------------------------------------------------ */

static void a_cut_at_every_byte(void **state)
{
	struct subject s;
	struct log g = { 0 };
	bool *places;

	begin(&s, state);
	places = interesting_places(&s);
	for (size_t i = 1; i < s.b.size; i++) {
		if (!places[i])
			continue;
		same(&s, &(struct cuts){ .first = i }, &g);
		same(&s, &(struct cuts){ .first = i, .claims = CLAIM_ALL, .early_eof = true }, &g);
	}
	free(places);
	log_free(&g);
	end(&s);
}

static void windows_of_1_to_64_bytes(void **state)
{
	struct subject s;
	struct log g = { 0 };

	begin(&s, state);
	for (size_t n = 1; n <= 64; n++) {
		same(&s, &(struct cuts){ .chunk = n, .fresh = true }, &g);
		same(&s, &(struct cuts){ .chunk = n, .fresh = true, .claims = CLAIM_ALL }, &g);
		same(&s, &(struct cuts){ .chunk = n, .claims = CLAIM_SOME, .early_eof = true }, &g);
	}
	log_free(&g);
	end(&s);
}

static void windows_that_move(void **state)
{
	struct subject s;
	struct log g = { 0 };

	begin(&s, state);
	same(&s, &(struct cuts){ .fresh = true }, &g);
	same(&s, &(struct cuts){ .fresh = true, .early_eof = true }, &g);
	same(&s, &(struct cuts){ .chunk = 4096, .fresh = true, .claims = CLAIM_SOME }, &g);
	log_free(&g);
	end(&s);
}

static void a_copy_goes_on(void **state)
{
	struct subject s;
	struct log g = { 0 };

	begin(&s, state);
	same(&s, &(struct cuts){ .copied = true }, &g);
	same(&s, &(struct cuts){ .chunk = 13, .fresh = true, .copied = true }, &g);
	same(&s, &(struct cuts){ .chunk = 64, .claims = CLAIM_SOME, .copied = true }, &g);
	log_free(&g);
	end(&s);
}

/* --- truncation ----------------------------------------------------------------------------- */

/* The few places where a stream that ends is not truncated. */
static void note_end(bool *may_end, size_t size, const struct sample *s, const struct xst_event *ev,
		     bool *later)
{
	bool inside = ev->layer == XST_LAYER_LIBXL || s->wrapping == XENSERVER || *later;

	*later |= ev->kind == XST_KIND_CHECKPOINT && ev->layer == XST_LAYER_LEGACY;
	/* The device model's record after a bare HVM image or in an HVM guest's legacy stream may
	 * be missing altogether; not in a state that follows one that has it. */
	if (ev->type == XST_EVENT_RECORD_BEGIN && ev->kind == XST_KIND_EMULATOR_CONTEXT &&
	    !inside)
		may_end[ev->offset] = true;
	/* Not told from a state that lasts to the end before its first bytes are there. */
	if (ev->type == XST_EVENT_RECORD_BEGIN && ev->kind == XST_KIND_EMULATOR_CONTEXT &&
	    strstr(s->name, "newline"))
		memset(may_end + ev->offset + 21, true, 5 + 4);
	/* Remus: what was broken off after a complete state is restored from that; but a container
	 * goes on after it. */
	if (ev->type == XST_EVENT_RECORD_BEGIN && ev->kind == XST_KIND_CHECKPOINT &&
	    ev->layer == XST_LAYER_LEGACY && s->wrapping == BARE)
		may_end[ev->offset] = true;
	/* COLO's back channel has no end; bytes too many in a list can't be seen before the last pfn. */
	if (ev->layer == XST_LAYER_COLO && ev->offset && ev->type == XST_EVENT_RECORD_BEGIN)
		may_end[ev->offset] = true;
	if (ev->layer == XST_LAYER_COLO && ev->type == XST_EVENT_WARNING)
		may_end[ev->u.finding->offset + COLO_LIST * 8] = true;
	/* This one lasts to the end of the input, wherever that is. */
	if (ev->type == XST_EVENT_PAYLOAD_BEGIN && ev->u.payload.length == XST_LENGTH_UNKNOWN)
		memset(may_end + ev->offset, true, size - ev->offset);
}

static bool *ends(const struct subject *s)
{
	const struct xst_event *ev;
	struct xst_in in = { s->b.data, s->b.size, 0 };
	bool *may_end = calloc(s->b.size + 1, sizeof(*may_end)), later = false;
	struct xst_parser *p;

	assert_non_null(may_end);
	assert_int_equal(xst_parser_new(NULL, &p), 0);
	do {
		assert_int_equal(xst_parser_next(p, &in, &ev), 0);
		if (ev->type == XST_EVENT_NEED)
			xst_parser_eof(p);
		note_end(may_end, s->b.size, s->sample, ev, &later);
	} while (ev->type != XST_EVENT_FINISHED);
	xst_parser_free(p);
	return may_end;
}

static void an_end_at_every_byte(void **state)
{
	struct subject s;
	struct log g = { 0 };
	bool *places, *may_end;

	begin(&s, state);
	places = interesting_places(&s);
	may_end = ends(&s);
	for (size_t i = 0; i < s.b.size; i++) {
		if (!places[i])
			continue;
		log_clear(&g);
		parse_logged(s.b.data, i, NULL, &(struct cuts){ .claims = (enum claims)(i % 3) }, &g);
		if (g.code != (may_end[i] ? 0 : XST_E_TRUNCATED))
			fail_msg("an end at %zu of %zu gives %d", i, s.b.size, g.code);
	}
	free(may_end);
	free(places);
	log_free(&g);
	end(&s);
}

/* What follows the end stays the caller's. */
static void foreign_bytes_behind(void **state)
{
	struct subject s;
	struct log g = { 0 };
	const char *foreign = "something else entirely, of more than thirty bytes";

	begin(&s, state);
	put(&s.b, foreign, strlen(foreign));
	for (size_t n = 0; n < 64; n++) {
		log_clear(&g);
		parse_logged(s.b.data, s.b.size, NULL, &(struct cuts){ .chunk = n }, &g);
		if (strstr(s.sample->name, "qemu") || strstr(s.sample->name, "demu")) /* lasts to the end */
			assert_int_equal(g.end, s.b.size);
		else if (strstr(s.sample->name, "no-device-model") && s.sample->is_legacy)
			assert_int_equal(g.code, XST_E_MALFORMED); /* no signature */
		else
			assert_int_equal(g.end, s.b.size - strlen(foreign));
	}
	log_free(&g);
	end(&s);
}

/* The end is announced, the beginning of what may be a signature lies in the parser's hands and the
 * rest in the window: only all of it tells that it is none. */
static void half_a_signature(void **state)
{
	struct modern m = { .batches = 1, .pages = 1, .params = 1 };
	struct subject s = { 0 };
	struct log g = { 0 };

	(void)state;
	for (size_t n = 1; n < 24; n++) {
		s.b.size = 0;
		build_modern(&s.b, &m);
		put(&s.b, "DeviceModelReXXXXXXXXXXXX", n);
		log_clear(&s.whole);
		parse_logged(s.b.data, s.b.size, NULL, NULL, &s.whole);
		for (size_t i = 1; i <= n; i++)
			same(&s, &(struct cuts){ .first = s.b.size - i, .early_eof = true }, &g);
		for (size_t i = 1; i < 30; i++)
			same(&s, &(struct cuts){ .chunk = i, .early_eof = true }, &g);
	}
	log_free(&g);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest others[] = { cmocka_unit_test(half_a_signature) };
	static const CMUnitTestFunction functions[] = { a_cut_at_every_byte,
							windows_of_1_to_64_bytes,
							windows_that_move, a_copy_goes_on,
							an_end_at_every_byte, foreign_bytes_behind };
	static const char *const names[] = { "a cut at every byte", "windows of 1 to 64 bytes",
					     "windows that move", "a copy goes on",
					     "an end at every byte", "foreign bytes after" };
	int failed;

	failed = run_for_samples("split", functions, names, COUNT(functions));
	if (shard_is_first())
		failed += cmocka_run_group_tests_name("ends", others, NULL, NULL);
	return failed;
}
