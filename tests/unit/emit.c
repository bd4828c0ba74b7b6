/* SPDX-License-Identifier: MIT */
/* The emitter: what it writes, and which calls it refuses. */
#include <xenstream/emit.h>

#include "unit.h"

static struct xst_emitter *fresh(void)
{
	struct xst_emitter *e;

	assert_int_equal(xst_emitter_new(&e), 0);
	return e;
}

static void expect(struct xst_emitter *e, const char *bytes, size_t n)
{
	const uint8_t *data;

	assert_int_equal(xst_emitter_output(e, &data), n);
	if (n)
		assert_memory_equal(data, bytes, n);
	xst_emitter_written(e);
	assert_int_equal(xst_emitter_output(e, &data), 0);
}

#define EXPECT(e, bytes) expect(e, bytes, sizeof(bytes) - 1)

static void records_are_framed_and_padded(void **state)
{
	struct xst_emitter *e = fresh();
	struct xst_field_value count = { XST_FIELD_COUNT, 1 };
	uint64_t param[] = { 9, 0x1122 };

	(void)state;
	assert_int_equal(xst_emit_empty(e, XST_KIND_VERIFY), 0);
	EXPECT(e, "\x0d\0\0\0\0\0\0\0");
	assert_int_equal(xst_emit_begin(e, XST_KIND_HVM_PARAMS, 24), 0);
	assert_int_equal(xst_emit_fields(e, &count, 1), 0);
	assert_int_equal(xst_emit_items(e, param, 1), 0);
	assert_int_equal(xst_emit_end(e), 0);
	EXPECT(e, "\x0a\0\0\0\x18\0\0\0\1\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\x22\x11\0\0\0\0\0\0");
	assert_int_equal(xst_emit_begin(e, XST_KIND_HVM_CONTEXT, 3), 0);
	assert_int_equal(xst_emit_bytes(e, "abc", 3), 0);
	assert_int_equal(xst_emit_end(e), 0);
	EXPECT(e, "\x09\0\0\0\3\0\0\0abc\0\0\0\0\0");
	assert_int_equal(xst_emit_begin_unknown(e, XST_LAYER_LIBXL, 0x80000005, 0), 0);
	assert_int_equal(xst_emit_end(e), 0);
	EXPECT(e, "\5\0\0\x80\0\0\0\0");
	xst_emitter_free(e);
}

/* Each layer has its own byte order; the headers of libxl and of the image have always one. */
static void byte_orders_are_apart(void **state)
{
	struct xst_field_value v[] = { { XST_FIELD_IDENT, 0x58454e46 }, { XST_FIELD_VERSION, 3 },
				       { XST_FIELD_MARKER, UINT64_MAX } };
	struct xst_emitter *e = fresh();

	(void)state;
	xst_emitter_big_endian(e, XST_LAYER_LIBXC, true);
	assert_int_equal(xst_emit_empty(e, XST_KIND_CHECKPOINT), 0);
	EXPECT(e, "\0\0\0\x0e\0\0\0\0");
	assert_int_equal(xst_emit_empty(e, XST_KIND_CHECKPOINT_END), 0);
	EXPECT(e, "\4\0\0\0\0\0\0\0");
	xst_emitter_big_endian(e, XST_LAYER_LIBXC, false);
	xst_emitter_big_endian(e, XST_LAYER_LIBXL, true);
	assert_int_equal(xst_emit_empty(e, XST_KIND_CHECKPOINT), 0);
	EXPECT(e, "\x0e\0\0\0\0\0\0\0");
	assert_int_equal(xst_emit_begin(e, XST_KIND_IMAGE_HEADER, 24), 0);
	assert_int_equal(xst_emit_fields(e, v, 3), 0);
	assert_int_equal(xst_emit_end(e), 0);
	EXPECT(e, "\377\377\377\377\377\377\377\377XENF\0\0\0\3\0\0\0\0\0\0\0\0");
	xst_emitter_free(e);
}

static void payload_is_left_to_the_caller(void **state)
{
	struct xst_emitter *e = fresh();

	(void)state;
	assert_int_equal(xst_emit_begin(e, XST_KIND_SHARED_INFO, 4096), 0);
	assert_int_equal(xst_emit_payload(e, 4096), 0);
	assert_int_equal(xst_emit_end(e), 0);
	EXPECT(e, "\7\0\0\0\0\x10\0\0");
	xst_emitter_free(e);
}

static void the_announced_length_is_kept(void **state)
{
	struct xst_emitter *e = fresh();

	(void)state;
	assert_int_equal(xst_emit_begin(e, XST_KIND_HVM_CONTEXT, 8), 0);
	assert_int_equal(xst_emit_bytes(e, "123456789", 9), XST_E_STATE);
	assert_int_equal(xst_emit_payload(e, 9), XST_E_STATE);
	assert_int_equal(xst_emit_bytes(e, "1234567", 7), 0);
	assert_int_equal(xst_emit_end(e), XST_E_STATE);
	assert_int_equal(xst_emit_payload(e, 1), 0);
	assert_int_equal(xst_emit_payload(e, 1), XST_E_STATE);
	assert_int_equal(xst_emit_end(e), 0);
	EXPECT(e, "\x09\0\0\0\x08\0\0\0" "1234567");
	xst_emitter_free(e);
}

static void calls_have_an_order(void **state)
{
	struct xst_field_value width = { XST_FIELD_GUEST_WIDTH, 8 };
	struct xst_emitter *e = fresh();
	uint64_t item[6] = { 0 };

	(void)state;
	assert_int_equal(xst_emitter_new(NULL), XST_E_ARG);
	assert_int_equal(xst_emit_end(e), XST_E_STATE);
	assert_int_equal(xst_emit_fields(e, &width, 1), XST_E_STATE);
	assert_int_equal(xst_emit_items(e, item, 1), XST_E_STATE);
	assert_int_equal(xst_emit_bytes(e, item, 1), XST_E_STATE);
	assert_int_equal(xst_emit_payload(e, 1), XST_E_STATE);
	assert_int_equal(xst_emit_begin(e, XST_KIND_TMEM, 0), XST_E_ARG);
	assert_int_equal(xst_emit_begin(e, XST_KIND_UNKNOWN, 0), XST_E_ARG);
	assert_int_equal(xst_emit_begin(e, XST_KIND_SHARED_INFO, UINT64_C(1) << 32), XST_E_ARG);
	expect(e, "", 0);
	xst_emitter_big_endian(e, XST_LAYER_LIBXC, true);
	assert_int_equal(xst_emit_begin(e, XST_KIND_TSC_INFO, 24), 0);
	/* neither disturbs the record that is open */
	assert_int_equal(xst_emit_begin(e, XST_KIND_XL_HEADER, 48), XST_E_STATE);
	assert_int_equal(xst_emit_begin(e, XST_KIND_END, 0), XST_E_STATE);
	assert_int_equal(xst_emit_items(e, item, 1), XST_E_STATE);
	assert_int_equal(xst_emit_fields(e, &(struct xst_field_value){ XST_FIELD_TSC_MODE, 1 }, 1), 0);
	assert_int_equal(xst_emit_end(e), 0);
	EXPECT(e, "\0\0\0\x08\0\0\0\x18\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	assert_null(xst_emitter_free(e));
	assert_null(xst_emitter_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_framed_and_padded),
		cmocka_unit_test(byte_orders_are_apart),
		cmocka_unit_test(payload_is_left_to_the_caller),
		cmocka_unit_test(the_announced_length_is_kept),
		cmocka_unit_test(calls_have_an_order),
	};

	return cmocka_run_group_tests_name("emit", tests, NULL, NULL);
}
