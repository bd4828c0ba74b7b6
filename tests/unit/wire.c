/* SPDX-License-Identifier: MIT */
/* The tables say nothing that contradicts itself. */
#include "wire/wire.h"

#include "unit.h"

struct table {
	const char *name;
	const struct wire_record *rows;
	size_t n;
};

static void tables(struct table *t)
{
	t[0] = (struct table){ "libxl", xst_wire_libxl_records, xst_wire_libxl_count };
	t[1] = (struct table){ "libxc", xst_wire_libxc_records, xst_wire_libxc_count };
	t[2] = (struct table){ "chunks", xst_wire_legacy_chunks, xst_wire_legacy_chunks_count };
	t[3] = (struct table){ "parts", xst_wire_legacy_parts, xst_wire_legacy_parts_count };
	t[4] = (struct table){ "blocks", xst_wire_legacy_ext_blocks,
			       xst_wire_legacy_ext_blocks_count };
}

#define TABLES 5

static const struct wire_record *const headers[] = {
	&xst_wire_xl_header, &xst_wire_xl_config, &xst_wire_xl_optional_data,
	&xst_wire_libxl_header, &xst_wire_image_header, &xst_wire_domain_header,
};

static void for_each_row(void (*check)(const struct wire_record *row))
{
	struct table t[TABLES];

	tables(t);
	for (size_t i = 0; i < TABLES; i++)
		for (size_t k = 0; k < t[i].n; k++)
			check(&t[i].rows[k]);
	for (size_t i = 0; i < COUNT(headers); i++)
		check(headers[i]);
	for (size_t i = 0; i < 3; i++)
		check(&xst_wire_signatures[i].row);
}

/* No field reaches beyond the fixed part, none lies over another; an unsigned long only first. */
static void check_fields(const struct wire_record *row)
{
	uint8_t used[256] = { 0 };

	assert_true(row->nfields <= COUNT(row->field));
	for (unsigned i = 0; i < row->nfields; i++) {
		const struct wire_field *f = &row->field[i];
		unsigned size = wire_width(f->size, 4);

		assert_true(size == 1 || size == 2 || size == 4 || size == 8);
		assert_true(f->size != WIRE_ULONG || (i == 0 && f->offset == 0));
		assert_true(f->offset + size <= row->fixed);
		assert_true(f->id < XST_FIELD_MAX);
		for (unsigned k = 0; k < size; k++)
			assert_int_equal(used[f->offset + k]++, 0);
	}
}

/* In a record of fields alone each byte has a name, so that none gets lost in a conversion. */
static void check_coverage(const struct wire_record *row)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < row->nfields; i++)
		sum += wire_width(row->field[i].size, 4);
	/* the xl header's magic and tmem's identity are no numbers */
	if (row->nfields && row->kind != XST_KIND_XL_HEADER && row->kind != XST_KIND_TMEM)
		assert_int_equal(sum, row->fixed);
}

static void check_array(const struct wire_record *row)
{
	const struct wire_array *a = row->array;
	bool wants = row->tail == WIRE_ARRAY_BY_COUNT || row->tail == WIRE_ARRAY_BY_LENGTH ||
		     row->tail == WIRE_PAGES;

	assert_int_equal(a != NULL, wants);
	for (unsigned i = 0; a && i < a->width; i++)
		assert_true(a->part[i].offset + a->part[i].size <= a->size);
	if (a)
		assert_int_equal(XST_BATCH / a->width > 0, 1);
}

static void check_words(const struct wire_record *row)
{
	assert_non_null(row->name);
	assert_true(strlen(row->name) > 0 && strlen(row->name) < 32);
	assert_non_null(row->summary);
	assert_true(row->kind < XST_KIND_MAX);
	assert_true(!row->max_run || row->min_run <= row->max_run);
}

static void rows_are_sound(void **state)
{
	(void)state;
	for_each_row(check_fields);
	for_each_row(check_coverage);
	for_each_row(check_array);
	for_each_row(check_words);
}

static void types_and_names_are_unique(void **state)
{
	struct table t[TABLES];

	(void)state;
	tables(t);
	for (size_t i = 0; i < TABLES; i++)
		for (size_t k = 0; k < t[i].n; k++)
			for (size_t j = 0; j < k; j++) {
				assert_int_not_equal(t[i].rows[k].type, t[i].rows[j].type);
				assert_string_not_equal(t[i].rows[k].name, t[i].rows[j].name);
			}
}

/* The specifications' numbers once more, not computed. */
static void sizes_are_the_specifications(void **state)
{
	(void)state;
	assert_int_equal(xst_wire_xl_header.fixed, 48);
	assert_int_equal(xst_wire_libxl_header.fixed, 16);
	assert_int_equal(xst_wire_image_header.fixed, 24);
	assert_int_equal(xst_wire_domain_header.fixed, 16);
	assert_int_equal(xst_wire_libxl_count, 6);
	assert_int_equal(xst_wire_libxc_count, 19);
	assert_int_equal(xst_wire_legacy_chunks_count, 22);
	assert_int_equal(sizeof(XL_MAGIC) - 1, XL_MAGIC_SIZE);
	assert_int_equal(LEGACY_VCPU64_SIZE, 5168);
	assert_int_equal(LEGACY_VCPU32_SIZE, 2800);
}

static void rows_are_found(void **state)
{
	struct table t[TABLES];

	(void)state;
	tables(t);
	for (size_t i = 0; i < TABLES; i++) {
		for (size_t k = 0; k < t[i].n; k++)
			assert_ptr_equal(xst_wire_find(t[i].rows, t[i].n, t[i].rows[k].type),
					 &t[i].rows[k]);
		assert_null(xst_wire_find(t[i].rows, t[i].n, 0x7ffffff0));
	}
	assert_string_equal(xst_wire_modern(XST_KIND_EMULATOR_CONTEXT)->name, "EMULATOR_CONTEXT");
	assert_string_equal(xst_wire_modern(XST_KIND_PV_INFO)->name, "X86_PV_INFO");
	assert_null(xst_wire_modern(XST_KIND_TMEM));
	assert_true(xst_wire_is_libxl(xst_wire_modern(XST_KIND_EMULATOR_CONTEXT)));
	assert_false(xst_wire_is_libxl(xst_wire_modern(XST_KIND_PV_INFO)));
	assert_false(xst_wire_is_libxl(&xst_wire_libxl_header)); /* no record */
}

/* Legacy parts are found by their place in the table. */
static void parts_stand_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < xst_wire_legacy_parts_count; i++)
		assert_int_equal(
			xst_wire_legacy_part((enum legacy_part)(LEGACY_P2M_SIZE + i))->type,
			LEGACY_P2M_SIZE + i);
	assert_int_equal(xst_wire_legacy_parts_count, LEGACY_CHECKPOINT - LEGACY_P2M_SIZE + 1);
}

/* A stream is recognised by its first chunk. */
static void no_chunk_is_below_the_lowest(void **state)
{
	int32_t lowest = 0;

	(void)state;
	for (size_t i = 0; i < xst_wire_legacy_chunks_count; i++)
		if ((int32_t)xst_wire_legacy_chunks[i].type < lowest)
			lowest = (int32_t)xst_wire_legacy_chunks[i].type;
	assert_int_equal(lowest, LEGACY_CHUNK_MIN);
}

static void chunks_carry_these_parameters(void **state)
{
	static const int8_t expected[][2] = { { -3, 12 }, { -4, 15 }, { -8, 17 }, { -10, 19 },
					      { -11, 9 }, { -14, 34 }, { -15, 27 }, { -16, 28 },
					      { -17, 29 }, { -19, 32 }, { -20, 33 }, { -21, 36 } };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(expected); i++)
		assert_int_equal(xst_wire_find(xst_wire_legacy_chunks, xst_wire_legacy_chunks_count,
					       (uint32_t)expected[i][0])
					 ->param,
				 expected[i][1]);
	for (size_t i = 0; i < xst_wire_legacy_chunks_count; i++) {
		bool param = xst_wire_legacy_chunks[i].kind == XST_KIND_HVM_PARAMS;

		n += param;
		assert_int_equal(xst_wire_legacy_chunks[i].param != 0, param);
	}
	assert_int_equal(n, COUNT(expected));
}

static void put_and_get_are_inverse(void **state)
{
	(void)state;
	for (size_t i = 0; i < xst_wire_libxc_count; i++) {
		const struct wire_array *a = xst_wire_libxc_records[i].array;

		for (int big = 0; a && big < 2; big++) {
			uint64_t in[6], out[6] = { 0 };
			uint8_t bytes[64] = { 0 };

			for (unsigned k = 0; k < a->width; k++)
				in[k] = a->part[k].size == 8 ? 0x1122334455667788 + k : 0x11223344 + k;
			xst_wire_put_item(a, bytes, big, in);
			xst_wire_get_item(a, bytes, big, out);
			assert_memory_equal(in, out, a->width * sizeof(*in));
			assert_int_equal(bytes[0], big ? 0x11 : (uint8_t)in[0]);
		}
	}
}

static void an_unsigned_long_shifts_what_follows(void **state)
{
	static const uint8_t narrow[] = { 0xff, 0xff, 0xff, 0xff, 4, 3, 2, 1 };
	static const uint8_t wide[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4, 3, 2, 1 };
	const struct wire_record *row = xst_wire_legacy_part(LEGACY_EXT_INFO);
	struct xst_field_value v[2];

	(void)state;
	assert_int_equal(xst_wire_fixed_size(row, 4), 8);
	assert_int_equal(xst_wire_fixed_size(row, 8), 12);
	xst_wire_get_fields(row, narrow, false, 4, v);
	assert_true(v[0].value == UINT32_MAX && v[1].value == 0x01020304);
	xst_wire_get_fields(row, wide, false, 8, v);
	assert_true(v[0].value == UINT64_MAX && v[1].value == 0x01020304);
}

static void everything_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < XST_FIELD_MAX; i++) {
		assert_string_not_equal(xst_field_name((enum xst_field)i), "unknown");
		for (int k = 0; k < i; k++)
			assert_string_not_equal(xst_field_name((enum xst_field)i),
						xst_field_name((enum xst_field)k));
	}
	assert_string_equal(xst_field_name(XST_FIELD_MAX), "unknown");
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(strcmp(xst_page_type_name(i), "invalid") == 0, i >= 5 && i <= 8);
	assert_string_equal(xst_page_type_name(16), "invalid");
	for (int i = 0; i >= XST_E_IO; i--)
		assert_string_not_equal(xst_errc_name(i), "unknown");
	assert_string_equal(xst_errc_name(XST_E_IO - 1), "unknown");
	assert_string_equal(xst_errc_name(1), "unknown");
	assert_string_equal(xst_layer_name(XST_LAYER_LEGACY), "legacy");
	assert_string_equal(xst_severity_name(XST_REMARK), "remark");
	assert_string_equal(xst_emulator_name(0), "unknown");
	assert_string_equal(xst_emulator_name(1), "QEMU traditional");
	assert_string_equal(xst_emulator_name(2), "QEMU upstream");
	assert_string_equal(xst_emulator_name(3), "invalid");
	assert_string_equal(xst_emulator_name(UINT64_MAX), "invalid");
	assert_string_equal(xst_hvm_param_name(36), "X87_FIP_WIDTH");
	assert_string_equal(xst_hvm_param_name(20), "MEMORY_EVENT_CR0");
	assert_string_equal(xst_hvm_param_name(30), "MEMORY_EVENT_MSR");
	assert_string_equal(xst_hvm_param_name(31), "TRIPLE_FAULT_REASON");
	assert_string_equal(xst_hvm_param_name(3), "unknown");
	assert_string_equal(xst_hvm_param_name(UINT64_MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sound),
		cmocka_unit_test(types_and_names_are_unique),
		cmocka_unit_test(sizes_are_the_specifications),
		cmocka_unit_test(rows_are_found),
		cmocka_unit_test(parts_stand_in_order),
		cmocka_unit_test(no_chunk_is_below_the_lowest),
		cmocka_unit_test(chunks_carry_these_parameters),
		cmocka_unit_test(put_and_get_are_inverse),
		cmocka_unit_test(an_unsigned_long_shifts_what_follows),
		cmocka_unit_test(everything_has_a_name),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
