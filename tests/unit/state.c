/* SPDX-License-Identifier: MIT */
/* The decoded guest: its tables, its values, and that it is the same however a stream is cut. */
#include "state_log.h"

#include "samples.h"
#include "wire/hvm_save.h"
#include "wire/pv.h"
#include "wire/state.h"

/* --- tables --------------------------------------------------------------------------------- */

static bool is_part(const struct xst_wire_state_field *f)
{
	return f->bits != 0;
}

/* No row lies over another, but parts of a number over each other and over the whole; names are
 * unique. */
static void check_table(const struct xst_wire_state_table *t, size_t size)
{
	uint8_t *used = calloc(size, 1);

	assert_non_null(used);
	for (size_t i = 0; i < t->n; i++) {
		const struct xst_wire_state_field *f = &t->row[i];
		size_t n = xst_wire_state_elements(f, size);

		assert_true(n > 0);
		assert_true(f->count == XST_WIRE_AS_MANY || n == (f->count ? f->count : 1));
		assert_true(f->kind == XST_VALUE_BYTES || (f->size <= 8 && !(f->size & (f->size - 1))));
		assert_true(strlen(f->name) < 36);
		assert_true(xst_wire_state_find(t, f->name) == f);
		for (size_t k = 0; k < n && !is_part(f); k++)
			for (size_t at = 0; at < f->size; at++)
				assert_int_equal(used[xst_wire_state_at(f, k) + at]++, 0);
	}
	free(used);
}

static void rows_do_not_overlap(void **state)
{
	(void)state;
	for (unsigned code = 1; code <= 20; code++) {
		const struct wire_hvm_type *t = xst_wire_hvm_type(code);
		size_t last = 0;

		assert_non_null(t);
		while (last + 1 < WIRE_HVM_SIZES && t->sizes[last + 1].size)
			last++;
		check_table(xst_wire_hvm_fields(code, t->sizes[last].size),
			    t->varies ? 4096 : t->sizes[last].size);
		if (t->first)
			check_table(t->first, t->sizes[0].size);
	}
	check_table(xst_wire_pv_context_fields(8), CONTEXT64);
	check_table(xst_wire_pv_context_fields(4), CONTEXT32);
	check_table(xst_wire_pv_extended_fields(), 128);
	check_table(xst_wire_pv_xsave_fields(), 4096);
	check_table(xst_wire_pv_msr_fields(), 4096);
	check_table(xst_wire_shared_info_fields(8), PAGE);
	check_table(xst_wire_shared_info_fields(4), PAGE);
	assert_null(xst_wire_pv_context_fields(0));
	assert_null(xst_wire_hvm_fields(21, 8));
}

static size_t end_of(const struct xst_wire_state_table *t, size_t size)
{
	size_t end = 0;

	for (size_t i = 0; i < t->n; i++) {
		size_t n = xst_wire_state_elements(&t->row[i], size);
		size_t at = n ? xst_wire_state_at(&t->row[i], n - 1) + t->row[i].size : 0;

		end = at > end ? at : end;
	}
	return end;
}

/* Each form that some Xen wrote is described to its last byte. */
static void rows_reach_the_end(void **state)
{
	(void)state;
	for (unsigned code = 1; code <= 20; code++) {
		const struct wire_hvm_type *t = xst_wire_hvm_type(code);

		for (size_t i = 0; i < WIRE_HVM_SIZES && t->sizes[i].size && !t->varies; i++)
			assert_int_equal(
				end_of(xst_wire_hvm_fields(code, t->sizes[i].size), t->sizes[i].size),
				t->sizes[i].size);
	}
	assert_int_equal(end_of(xst_wire_pv_context_fields(8), SIZE_MAX / 2), CONTEXT64);
	assert_int_equal(end_of(xst_wire_pv_context_fields(4), SIZE_MAX / 2), CONTEXT32);
}

static void features_have_a_name_of_their_own(void **state)
{
	struct xst_feature a, b;
	size_t n = 0;

	(void)state;
	while (xst_feature(n, &a) == 0) {
		assert_true(a.bit < 32 && a.reg < 4);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(xst_feature(i, &b), 0);
			assert_string_not_equal(a.name, b.name);
			assert_string_not_equal(a.xen, b.xen);
			assert_false(a.leaf == b.leaf && a.subleaf == b.subleaf && a.reg == b.reg &&
				     a.bit == b.bit);
		}
		n++;
	}
	assert_true(n > 250);
	for (int reg = 1; reg < XST_REG_MAX; reg++)
		assert_true(strcmp(xst_register_name((enum xst_register)reg), "unknown") != 0);
	assert_string_equal(xst_register_name(XST_REG_MAX), "unknown");
	assert_string_equal(xst_msr_name(0xc0000080), "EFER");
	assert_null(xst_msr_name(0x12345));
}

/* --- values --------------------------------------------------------------------------------- */

static void hvm_image(struct build *b, const uint8_t *context, size_t n)
{
	image_header(b, 3, 0);
	domain_header(b, 2);
	record_begin(b, 9);
	put(b, context, n);
	record_end(b);
	empty_record(b, 0);
}

static void entry_head(struct build *b, unsigned code, unsigned instance, uint32_t length)
{
	put16(b, (uint16_t)code);
	put16(b, (uint16_t)instance);
	put32(b, length);
}

/* An entry whose byte number n is n times a factor. */
static void entry_of(struct build *b, unsigned code, unsigned instance, uint32_t length)
{
	entry_head(b, code, instance, length);
	for (uint32_t i = 0; i < length; i++)
		put8(b, (uint8_t)(i * 7 + i / 256 + code));
}

static uint64_t number_at(uint32_t at, unsigned size, unsigned code)
{
	uint64_t v = 0;

	for (unsigned i = size; i-- > 0;)
		v = v << 8 | (uint8_t)((at + i) * 7 + (at + i) / 256 + code);
	return v;
}

static struct xst_state *state_of_context(struct build *context)
{
	struct build b = { 0 };
	struct xst_state *s;
	int code;

	hvm_image(&b, context->data, context->size);
	s = state_of(b.data, b.size, 0, NULL, 0, &code);
	assert_int_equal(code, 0);
	assert_true(xst_state_is_complete(s));
	build_free(&b);
	return s;
}

static uint64_t reg(const struct xst_state *s, uint32_t vcpu, enum xst_register r)
{
	uint64_t v = 0;

	assert_int_equal(xst_state_register(s, vcpu, r, &v), 0);
	return v;
}

static void forms_of_the_cpu(void **state)
{
	static const uint32_t forms[] = { 1016, 1024, 1032 };

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct build c = { 0 };
		uint32_t tsc = forms[i] == 1016 ? 1000 : 1008;
		struct xst_state_field f = { .size = sizeof(f) };
		struct xst_block b = { .size = sizeof(b) };
		struct xst_state *s;
		uint64_t v = 1;

		entry_of(&c, 2, 3, forms[i]);
		entry_head(&c, 0, 0, 0);
		s = state_of_context(&c);
		assert_int_equal(xst_state_vcpu_count(s), 1);
		assert_int_equal(reg(s, 3, XST_REG_RAX), number_at(512, 8, 2));
		assert_int_equal(reg(s, 3, XST_REG_CR4), number_at(680, 8, 2));
		assert_int_equal(reg(s, 3, XST_REG_GS), number_at(752, 4, 2));
		assert_int_equal(reg(s, 3, XST_REG_GS_LIMIT), number_at(784, 4, 2));
		assert_int_equal(reg(s, 3, XST_REG_GS_BASE), number_at(840, 8, 2));
		assert_int_equal(reg(s, 3, XST_REG_LDTR_ATTRIBUTES), number_at(916, 4, 2));
		assert_int_equal(reg(s, 3, XST_REG_EFER), number_at(992, 8, 2));
		assert_int_equal(reg(s, 3, XST_REG_TSC), number_at(tsc, 8, 2));
		assert_int_equal(reg(s, 3, XST_REG_ERROR_CODE), number_at(tsc + 12, 4, 2));
		assert_int_equal(xst_state_register(s, 3, XST_REG_TSC_AUX, &v),
				 forms[i] == 1016 ? XST_E_ARG : 0);
		assert_int_equal(xst_state_register(s, 2, XST_REG_RAX, &v), XST_E_ARG);
		assert_int_equal(xst_state_find_block(s, XST_BLOCK_HVM, 2, 3, &b), 0);
		assert_int_equal(xst_block_find_field(&b, "flags", &f), forms[i] == 1032 ? 0 : XST_E_ARG);
		assert_int_equal(xst_block_find_field(&b, "pending_vector", &f), 0);
		assert_int_equal(f.value, number_at(tsc + 8, 1, 2));
		xst_state_free(s);
		build_free(&c);
	}
}

/* What no table has stays as bytes, and so does what follows END. */
static void unknown_things_are_bytes(void **state)
{
	struct build c = { 0 };
	struct xst_block b = { .size = sizeof(b) };
	struct xst_state_field f = { .size = sizeof(f) };
	struct xst_state *s;

	(void)state;
	entry_of(&c, 77, 0, 40);
	entry_of(&c, 13, 0, 11); /* the PM timer has 8 */
	entry_head(&c, 0, 0, 0);
	put(&c, "after", 6);
	s = state_of_context(&c);
	assert_int_equal(xst_state_block(s, 0, &b), 0);
	assert_string_equal(b.name, "unknown");
	assert_int_equal(xst_block_find_field(&b, "bytes", &f), 0);
	assert_int_equal(f.n, 40);
	assert_int_equal(xst_state_block(s, 1, &b), 0);
	assert_int_equal(xst_block_find_field(&b, "bytes", &f), 0);
	assert_int_equal(f.offset, 8);
	assert_int_equal(f.n, 3);
	assert_int_equal(xst_state_block(s, 2, &b), 0);
	assert_int_equal(b.kind, XST_BLOCK_HVM_TRAILING);
	assert_memory_equal(b.data, "after", 6);
	assert_int_equal(xst_state_block(s, 3, &b), XST_E_ARG);
	assert_int_equal(xst_state_vcpu_count(s), 0);
	xst_state_free(s);
	build_free(&c);
}

static void an_entry_that_is_cut(void **state)
{
	struct build c = { 0 };
	struct xst_block b = { .size = sizeof(b) };
	struct xst_state *s;
	uint64_t v;

	(void)state;
	entry_head(&c, 2, 0, 1032);
	put_zero(&c, 700);
	s = state_of_context(&c);
	assert_int_equal(xst_state_find_block(s, XST_BLOCK_HVM, 2, 0, &b), 0);
	assert_int_equal(b.n, 700);
	assert_int_equal(b.flags & XST_BLOCK_CUT, XST_BLOCK_CUT);
	assert_int_equal(xst_state_register(s, 0, XST_REG_RAX, &v), 0);
	assert_int_equal(xst_state_register(s, 0, XST_REG_EFER, &v), XST_E_ARG);
	xst_state_free(s);
	build_free(&c);
}

static void limits_hold(void **state)
{
	struct build c = { 0 };
	struct xst_block b = { .size = sizeof(b) };
	struct xst_state *s;

	(void)state;
	entry_head(&c, 99, 65535, 3 * XST_STATE_BLOCK);
	put_zero(&c, 3 * XST_STATE_BLOCK);
	for (size_t i = 0; i < XST_STATE_BLOCKS + 10; i++)
		entry_head(&c, 2, 8191, 0);
	s = state_of_context(&c);
	assert_int_equal(xst_state_block(s, 0, &b), 0);
	assert_int_equal(b.n, XST_STATE_BLOCK);
	assert_int_equal(b.flags, XST_BLOCK_TRUNCATED);
	assert_int_equal(xst_state_block(s, XST_STATE_BLOCKS - 1, &b), 0);
	assert_int_equal(xst_state_block(s, XST_STATE_BLOCKS, &b), XST_E_ARG);
	assert_int_equal(xst_state_dropped(s), 11);
	xst_state_free(s);
	build_free(&c);
}

/* --- PV ------------------------------------------------------------------------------------- */

static void pv_context(struct build *b, unsigned width, uint32_t vcpu, uint8_t first,
		       uint64_t flags)
{
	size_t size = width == 8 ? CONTEXT64 : CONTEXT32;

	record_begin(b, 4);
	put32(b, vcpu);
	put32(b, 0);
	for (size_t i = 0; i < size; i++)
		put8(b, i - 512 < width ? (uint8_t)(flags >> 8 * (i - 512)) : (uint8_t)(first + i));
	record_end(b);
}

static void pv_image_head(struct build *b, unsigned width)
{
	image_header(b, 3, 0);
	domain_header(b, 1);
	record_begin(b, 2);
	put8(b, (uint8_t)width);
	put8(b, width == 8 ? 4 : 3);
	put_zero(b, 6);
	record_end(b);
}

static uint64_t run_at(uint8_t first, size_t at, unsigned size)
{
	uint64_t v = 0;

	for (unsigned i = size; i-- > 0;)
		v = v << 8 | (uint8_t)(first + at + i);
	return v;
}

static void the_last_context_counts(void **state)
{
	struct build b = { 0 };
	struct xst_state *s;
	int code;

	(void)state;
	pv_image_head(&b, 8);
	pv_context(&b, 8, 5, 1, 4);
	pv_context(&b, 8, 2, 9, 0);
	pv_context(&b, 8, 5, 77, 4);
	blob_record(&b, 4, 6, 0, 0); /* holds nothing */
	empty_record(&b, 0);
	s = state_of(b.data, b.size, 0, NULL, 0, &code);
	assert_int_equal(code, 0);
	assert_int_equal(xst_state_vcpu_count(s), 2);
	assert_int_equal(reg(s, 5, XST_REG_RIP), run_at(77, 648, 8));
	assert_int_equal(reg(s, 5, XST_REG_CR3), run_at(77, 5008, 8) & ~UINT64_C(0xfff));
	/* in the kernel, then in user mode */
	assert_int_equal(reg(s, 5, XST_REG_GS_BASE), run_at(77, 5152, 8));
	assert_int_equal(reg(s, 5, XST_REG_KERNEL_GS_BASE), run_at(77, 5160, 8));
	assert_int_equal(reg(s, 2, XST_REG_GS_BASE), run_at(9, 5160, 8));
	assert_int_equal(reg(s, 2, XST_REG_KERNEL_GS_BASE), run_at(9, 5152, 8));
	xst_state_free(s);
	build_free(&b);
}

static void a_guest_of_32_bits(void **state)
{
	struct build b = { 0 };
	struct xst_state *s;
	uint64_t cr3, v;
	int code;

	(void)state;
	pv_image_head(&b, 4);
	pv_context(&b, 4, 0, 3, 0);
	empty_record(&b, 0);
	s = state_of(b.data, b.size, 0, NULL, 0, &code);
	assert_int_equal(code, 0);
	cr3 = run_at(3, 0xaa8, 4);
	assert_int_equal(reg(s, 0, XST_REG_CR3), (cr3 >> 12 | (cr3 & 0xfff) << 20) << 12);
	assert_int_equal(reg(s, 0, XST_REG_RDX), run_at(3, 0x20c, 4));
	assert_int_equal(reg(s, 0, XST_REG_DR7), run_at(3, 2776, 4));
	assert_int_equal(xst_state_register(s, 0, XST_REG_R15, &v), XST_E_ARG);
	xst_state_free(s);
	build_free(&b);
}

/* --- which state counts --------------------------------------------------------------------- */

static void checkpoint_with(struct build *b, uint8_t first)
{
	pv_context(b, 8, 0, first, 0);
	empty_record(b, 14);
}

/* What was begun after the last complete checkpoint is not taken, whether the stream is cut or
 * ended. */
static void the_state_that_is_taken(void **state)
{
	(void)state;
	for (int ended = 0; ended < 2; ended++) {
		struct build b = { 0 };
		struct xst_state *s;
		int code;

		pv_image_head(&b, 8);
		checkpoint_with(&b, 10);
		checkpoint_with(&b, 20);
		pv_context(&b, 8, 0, 30, 0);
		if (ended)
			empty_record(&b, 0);
		s = state_of(b.data, b.size, 0, NULL, 0, &code);
		assert_int_equal(code, ended ? 0 : XST_E_TRUNCATED);
		assert_int_equal(xst_state_checkpoints(s), 2);
		assert_int_equal(reg(s, 0, XST_REG_RIP), run_at(20, 648, 8));
		xst_state_free(s);
		build_free(&b);
	}
}

/* --- for each sample ------------------------------------------------------------------------ */

static void the_same_in_pieces(void **state)
{
	static const uint32_t flags[] = { 0, XST_STATE_BY_RECORD };
	struct build b = { 0 };
	int code;

	build_sample(&b, *state);
	for (size_t k = 0; k < COUNT(flags); k++) {
		struct xst_state *s = state_of(b.data, b.size, 0, NULL, flags[k], &code);
		char *whole = state_text(s);

		xst_state_free(s);
		assert_int_equal(code, 0);
		for (size_t n = 1; n <= 70; n += 1 + n / 4) {
			char *text;

			s = state_of(b.data, b.size, n, NULL, flags[k], &code);
			text = state_text(s);
			if (strcmp(whole, text) != 0)
				fail_msg("windows of %zu differ:\n%.3000s\n%.3000s", n, whole, text);
			free(text);
			xst_state_free(s);
		}
		free(whole);
	}
	build_free(&b);
}

static void an_end_anywhere(void **state)
{
	struct build b = { 0 };

	build_sample(&b, *state);
	for (size_t n = 0; n < b.size; n += n % 97 < 8 ? 1 : 211) {
		int code;
		struct xst_state *s = state_of(b.data, n, 0, NULL, 0, &code);

		free(state_text(s));
		xst_state_free(s);
	}
	build_free(&b);
}

int main(void)
{
	static const CMUnitTestFunction functions[] = { the_same_in_pieces, an_end_anywhere };
	static const char *const names[] = { "the same in pieces", "an end anywhere" };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_do_not_overlap),
		cmocka_unit_test(rows_reach_the_end),
		cmocka_unit_test(features_have_a_name_of_their_own),
		cmocka_unit_test(forms_of_the_cpu),
		cmocka_unit_test(unknown_things_are_bytes),
		cmocka_unit_test(an_entry_that_is_cut),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(the_last_context_counts),
		cmocka_unit_test(a_guest_of_32_bits),
		cmocka_unit_test(the_state_that_is_taken),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL) +
	       run_for_samples("state of samples", functions, names, COUNT(functions));
}
