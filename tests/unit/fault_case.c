/* SPDX-License-Identifier: MIT */
#include "fault_case.h"
#include "log.h"
#include "unit.h"

/* --- what cases share ----------------------------------------------------------------------- */

void hvm_image(struct build *b)
{
	image_header(b, 3, 0);
	domain_header(b, 2);
	empty_record(b, 0);
}

void libxl_stream(struct build *b)
{
	libxl_header(b, 0);
	empty_record(b, 1);
	hvm_image(b);
	empty_record(b, 0);
}

void begin_hvm(struct build *b)
{
	legacy_head(b, 8, 64);
	batch(b, (uint64_t[]){ 1 }, 1, true);
}

void end_hvm(struct build *b)
{
	chunk(b, -9);
	chunk(b, 0);
	magic_pfns(b);
	put32(b, 8);
	fill(b, 8);
}

void wrong_magic(struct build *b)
{
	mark(b);
	put(b, "Xen saved domain, xl format\n \0 \n", 32);
	put_zero(b, 16);
}

/* --- running them --------------------------------------------------------------------------- */

void same_in_pieces(const struct build *b, enum xst_start start, uint32_t flags)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct log whole = { 0 }, pieces = { 0 };

	o.start = start;
	o.flags = flags;
	parse_logged(b->data, b->size, &o, NULL, &whole);
	for (size_t n = 1; n < 20; n += 2) {
		log_clear(&pieces);
		parse_logged(b->data, b->size, &o,
			     &(struct cuts){ .chunk = n, .fresh = true, .claims = (enum claims)(n % 3) },
			     &pieces);
		if (!log_equal(&whole, &pieces)) {
			log_print_difference(&whole, &pieces);
			fail_msg("windows of %zu bytes", n);
		}
	}
	log_free(&whole);
	log_free(&pieces);
}

static void one_case(void **state)
{
	const struct fault_case *c = *state;
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	const struct xst_finding *f;
	struct faults found;
	struct build b = { 0 };

	c->build(&b);
	o.start = c->start;
	find_faults(&b, &o, &found);
	assert_int_equal(found.code, c->code);
	f = c->code ? &found.error : warning_of(&found, c->rule);
	if (!f)
		fail_msg("no finding of rule %s", c->rule);
	assert_string_equal(f->rule, c->rule);
	assert_string_equal(f->text, c->text);
	assert_int_equal(f->offset, b.mark);
	if (c->field)
		assert_string_equal(f->field, c->field);
	else
		assert_null(f->field);
	if (!c->code)
		assert_int_equal(found.end, b.size);
	same_in_pieces(&b, c->start, 0);
	same_in_pieces(&b, c->start, XST_PARSER_KEEP_GOING);
	build_free(&b);
}

int run_fault_cases(const char *group, const struct fault_case *cases, size_t n)
{
	struct CMUnitTest *tests = calloc(n, sizeof(*tests));
	int failed;

	if (!tests)
		abort();
	for (size_t i = 0; i < n; i++) {
		tests[i].name = cases[i].name;
		tests[i].test_func = one_case;
		tests[i].initial_state = (void *)(uintptr_t)&cases[i];
	}
	failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
	free(tests);
	return failed;
}
