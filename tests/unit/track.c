/* SPDX-License-Identifier: MIT */
/* How far a stream has come: what each event adds, and what must not count. */
#include "track/track.h"

#include "unit.h"
#include "wire/wire.h"

static void tell(struct track *t, enum xst_event_type type, enum xst_layer layer, enum xst_kind kind)
{
	struct xst_event ev = { .type = type, .layer = layer, .kind = kind };

	xst_track_event(t, &ev);
}

static void record(struct track *t, enum xst_layer layer, enum xst_kind kind)
{
	tell(t, XST_EVENT_RECORD_BEGIN, layer, kind);
	tell(t, XST_EVENT_RECORD_END, layer, kind);
}

static void layers(void **state)
{
	struct track t = { 0 };

	(void)state;
	tell(&t, XST_EVENT_STREAM_BEGIN, XST_LAYER_XENSERVER, XST_KIND_UNKNOWN);
	tell(&t, XST_EVENT_STREAM_BEGIN, XST_LAYER_LIBXL, XST_KIND_UNKNOWN);
	assert_true(track_has(&t, XST_LAYER_LIBXL) && track_has(&t, XST_LAYER_XENSERVER));
	assert_false(track_has(&t, XST_LAYER_LIBXC) || track_has(&t, XST_LAYER_XL));
	assert_int_equal(t.container, XST_LAYER_XENSERVER);
	tell(&t, XST_EVENT_STREAM_END, XST_LAYER_LIBXL, XST_KIND_UNKNOWN);
	assert_true(track_ended(&t, XST_LAYER_LIBXL));
	assert_false(track_ended(&t, XST_LAYER_XENSERVER));
}

static void xl_is_no_other_container(void **state)
{
	struct track t = { 0 };

	(void)state;
	tell(&t, XST_EVENT_STREAM_BEGIN, XST_LAYER_XL, XST_KIND_UNKNOWN);
	assert_int_equal(t.container, XST_LAYER_NONE);
}

static void guest_is(uint64_t type, enum xst_guest guest)
{
	struct xst_field_value v = { .id = XST_FIELD_GUEST_TYPE, .value = type };
	struct xst_event ev = { .type = XST_EVENT_FIELDS, .layer = XST_LAYER_LIBXC,
				.kind = XST_KIND_DOMAIN_HEADER, .u.fields = { .v = &v, .n = 1 } };
	struct track t = { 0 };

	xst_track_event(&t, &ev);
	assert_int_equal(t.guest, guest);
}

static void guests(void **state)
{
	struct xst_event ev = { .type = XST_EVENT_STREAM_BEGIN, .layer = XST_LAYER_LEGACY,
				.u.stream = { .width = 4, .guest = XST_GUEST_HVM } };
	struct track t = { 0 };

	(void)state;
	guest_is(LIBXC_GUEST_PV, XST_GUEST_PV);
	guest_is(LIBXC_GUEST_HVM, XST_GUEST_HVM);
	guest_is(3, XST_GUEST_UNKNOWN);
	xst_track_event(&t, &ev);
	assert_int_equal(t.guest, XST_GUEST_HVM);
	assert_int_equal(t.toolstack_width, 4);
}

static void records_begun_and_whole(void **state)
{
	struct track t = { 0 };

	(void)state;
	record(&t, XST_LAYER_LIBXC, XST_KIND_PAGE_DATA);
	tell(&t, XST_EVENT_RECORD_BEGIN, XST_LAYER_LIBXC, XST_KIND_PAGE_DATA);
	assert_int_equal(t.started[XST_KIND_PAGE_DATA], 2);
	assert_int_equal(t.completed[XST_KIND_PAGE_DATA], 1);
	assert_false(t.static_data_over);
	tell(&t, XST_EVENT_RECORD_BEGIN, XST_LAYER_LIBXC, XST_KIND_STATIC_DATA_END);
	assert_true(t.static_data_over);
}

static bool ends(enum xst_layer layer, enum xst_kind kind)
{
	struct track t = { 0 };

	tell(&t, XST_EVENT_RECORD_BEGIN, layer, kind);
	assert_false(t.image_complete);
	tell(&t, XST_EVENT_RECORD_END, layer, kind);
	return t.image_complete;
}

static void images(void **state)
{
	(void)state;
	assert_true(ends(XST_LAYER_LIBXC, XST_KIND_END));
	assert_true(ends(XST_LAYER_LEGACY, XST_KIND_HVM_CONTEXT));
	assert_true(ends(XST_LAYER_LEGACY, XST_KIND_SHARED_INFO));
	assert_false(ends(XST_LAYER_LIBXC, XST_KIND_HVM_CONTEXT));
	assert_false(ends(XST_LAYER_LIBXC, XST_KIND_SHARED_INFO));
	assert_false(ends(XST_LAYER_LIBXL, XST_KIND_LIBXL_END));
}

static void checkpoints(void **state)
{
	struct track t = { 0 };

	(void)state;
	record(&t, XST_LAYER_LIBXL, XST_KIND_CHECKPOINT_END); /* closes nothing */
	record(&t, XST_LAYER_LIBXC, XST_KIND_CHECKPOINT);
	assert_true(t.in_checkpoint);
	assert_int_equal(t.checkpoints, 0);
	record(&t, XST_LAYER_LIBXL, XST_KIND_CHECKPOINT_END);
	assert_false(t.in_checkpoint);
	assert_int_equal(t.checkpoints, 1);
	record(&t, XST_LAYER_LEGACY, XST_KIND_CHECKPOINT);
	assert_int_equal(t.checkpoints, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layers),
		cmocka_unit_test(xl_is_no_other_container),
		cmocka_unit_test(guests),
		cmocka_unit_test(records_begun_and_whole),
		cmocka_unit_test(images),
		cmocka_unit_test(checkpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
