/* SPDX-License-Identifier: MIT */
/* The parser's calls: what is legal when, what it recognises, and how it goes on after faults. */
#include <xenstream/parser.h>

#include "faults.h"
#include "unit.h"

struct run {
	struct build b;
	struct xst_in in;
	struct xst_parser *p;
	const struct xst_event *ev;
};

static void start(struct run *r, const struct xst_parser_options *o)
{
	r->in = (struct xst_in){ r->b.data, r->b.size, 0 };
	assert_int_equal(xst_parser_new(o, &r->p), 0);
}

static void stop(struct run *r)
{
	assert_null(xst_parser_free(r->p));
	build_free(&r->b);
}

static void go_to(struct run *r, enum xst_event_type type, enum xst_kind kind)
{
	do
		assert_int_equal(xst_parser_next(r->p, &r->in, &r->ev), 0);
	while (r->ev->type != type || r->ev->kind != kind);
}

static void image_with_a_page(struct build *b)
{
	image_header(b, 3, 0);
	domain_header(b, 1);
	page_data(b, (uint64_t[]){ 7 }, 1);
	empty_record(b, 0);
}

static void qemu_record(struct build *b)
{
	struct legacy l = { .last_checkpoint = true, .tail = "QemuDeviceModelRecord", .emulator = 96 };

	build_legacy(b, &l);
}

/* --- options -------------------------------------------------------------------------------- */

static void arguments_are_checked(void **state)
{
	struct { struct xst_parser_options o; uint64_t more; } later = { .o = XST_PARSER_OPTIONS_INIT };
	struct xst_parser *p = NULL;
	const struct xst_event *ev;
	struct xst_in in = { NULL, 1, 0 };
	uint8_t byte = 0;

	(void)state;
	assert_int_equal(xst_parser_new(NULL, NULL), XST_E_ARG);
	later.o.size = 4;
	assert_int_equal(xst_parser_new(&later.o, &p), XST_E_ARG);
	later.o.size = sizeof(later);
	later.more = 1; /* an option of a later library, asked for */
	assert_int_equal(xst_parser_new(&later.o, &p), XST_E_ARG);
	assert_null(p);
	later.more = 0;
	later.o.start = (enum xst_start)(XST_START_COLO + 1); /* the same of a layer and a flag */
	assert_int_equal(xst_parser_new(&later.o, &p), XST_E_ARG);
	later.o.start = XST_START_LEGACY;
	later.o.flags = XST_PARSER_COLO << 1;
	assert_int_equal(xst_parser_new(&later.o, &p), XST_E_ARG);
	assert_null(p);
	later.o.flags = 0;
	assert_int_equal(xst_parser_new(&later.o, &p), 0);
	assert_int_equal(xst_parser_next(p, &in, &ev), XST_E_ARG);
	in = (struct xst_in){ &byte, 1, 2 };
	assert_int_equal(xst_parser_next(p, &in, &ev), XST_E_ARG);
	assert_int_equal(xst_parser_next(p, NULL, &ev), XST_E_ARG);
	assert_int_equal(xst_parser_next(p, &in, NULL), XST_E_ARG);
	assert_int_equal(xst_parser_error(p)->code, 0); /* not the stream's fault */
	xst_parser_free(p);
	assert_null(xst_parser_free(NULL));
}

static void offsets_count_from_the_option(void **state)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct run r = { 0 };

	(void)state;
	o.offset = 1000;
	image_with_a_page(&r.b);
	start(&r, &o);
	go_to(&r, XST_EVENT_RECORD_BEGIN, XST_KIND_PAGE_DATA);
	assert_int_equal(r.ev->offset, 1000 + 24 + 16);
	stop(&r);
}

static void finished_stays_finished(void **state)
{
	struct run r = { 0 };

	(void)state;
	image_with_a_page(&r.b);
	put(&r.b, "rest", 4);
	start(&r, NULL);
	go_to(&r, XST_EVENT_FINISHED, XST_KIND_UNKNOWN);
	assert_int_equal(xst_parser_next(r.p, &r.in, &r.ev), 0);
	assert_int_equal(r.ev->type, XST_EVENT_FINISHED);
	assert_int_equal(r.in.size - r.in.pos, 4);
	assert_int_equal(xst_parser_offset(r.p), r.b.size - 4);
	stop(&r);
}

static void errors_are_sticky(void **state)
{
	struct run r = { 0 };
	int code = 0;

	(void)state;
	image_header(&r.b, 9, 0);
	start(&r, NULL);
	while (code == 0)
		code = xst_parser_next(r.p, &r.in, &r.ev);
	assert_int_equal(code, XST_E_VERSION);
	assert_int_equal(xst_parser_next(r.p, &r.in, &r.ev), XST_E_VERSION);
	assert_int_equal(xst_parser_claim(r.p, &r.in, 0), XST_E_VERSION);
	assert_int_equal(xst_parser_set_run_length(r.p, 0), XST_E_VERSION);
	assert_int_equal(xst_parser_payload_left(r.p), 0);
	stop(&r);
}

/* --- claims --------------------------------------------------------------------------------- */

static void claims_outside_of_a_run_are_refused(void **state)
{
	struct run r = { 0 };

	(void)state;
	image_with_a_page(&r.b);
	start(&r, NULL);
	assert_int_equal(xst_parser_claim(r.p, &(struct xst_in){ 0 }, 0), XST_E_STATE);
	go_to(&r, XST_EVENT_ITEMS, XST_KIND_PAGE_DATA);
	r.in.size = r.in.pos;
	assert_int_equal(xst_parser_payload_left(r.p), 0);
	assert_int_equal(xst_parser_claim(r.p, &r.in, 1), XST_E_STATE);
	r.in.size = r.b.size;
	go_to(&r, XST_EVENT_RECORD_END, XST_KIND_PAGE_DATA);
	r.in.size = r.in.pos;
	assert_int_equal(xst_parser_payload_left(r.p), 0);
	assert_int_equal(xst_parser_claim(r.p, &r.in, 1), XST_E_STATE);
	stop(&r);
}

static void claims_want_an_empty_window(void **state)
{
	struct run r = { 0 };

	(void)state;
	image_with_a_page(&r.b);
	start(&r, NULL);
	go_to(&r, XST_EVENT_PAYLOAD_BEGIN, XST_KIND_PAGE_DATA);
	assert_int_equal(xst_parser_payload_left(r.p), PAGE);
	assert_int_equal(xst_parser_claim(r.p, &r.in, 1), XST_E_STATE);
	r.in.size = r.in.pos;
	assert_int_equal(xst_parser_claim(r.p, &r.in, PAGE + 1), XST_E_ARG);
	assert_int_equal(xst_parser_claim(r.p, &r.in, UINT64_MAX), XST_E_ARG);
	assert_int_equal(xst_parser_claim(r.p, &r.in, 0), 0);
	assert_int_equal(xst_parser_claim(r.p, &r.in, PAGE - 1), 0);
	assert_int_equal(xst_parser_payload_left(r.p), 1);
	assert_int_equal(xst_parser_claim(r.p, &r.in, 2), XST_E_ARG);
	assert_int_equal(xst_parser_claim(r.p, &r.in, 1), 0);
	assert_int_equal(xst_parser_payload_left(r.p), 0);
	r.in.pos += PAGE;
	r.in.size = r.b.size;
	go_to(&r, XST_EVENT_FINISHED, XST_KIND_UNKNOWN);
	stop(&r);
}

static void what_is_held_can_not_be_claimed(void **state)
{
	struct run r = { 0 };
	uint64_t entry = 5;

	(void)state;
	legacy_head(&r.b, 4, 64); /* the sixteenth byte is the page's fourth */
	batch(&r.b, &entry, 1, true);
	start(&r, NULL);
	r.in.size = 3; /* so that the head is gathered */
	assert_int_equal(xst_parser_next(r.p, &r.in, &r.ev), 0);
	assert_int_equal(r.ev->type, XST_EVENT_NEED);
	assert_int_equal(r.ev->u.need.min, 13);
	r.in.size = 16;
	go_to(&r, XST_EVENT_PAYLOAD_BEGIN, XST_KIND_PAGE_DATA);
	assert_int_equal(xst_parser_held(r.p), 4);
	assert_int_equal(xst_parser_payload_left(r.p), 0);
	assert_int_equal(xst_parser_claim(r.p, &r.in, 1), XST_E_STATE);
	go_to(&r, XST_EVENT_PAYLOAD, XST_KIND_PAGE_DATA);
	assert_int_equal(r.ev->u.payload.size, 4);
	assert_int_equal(xst_parser_payload_left(r.p), PAGE - 4);
	assert_int_equal(xst_parser_claim(r.p, &r.in, PAGE - 4), 0);
	stop(&r);
}

/* --- runs of unknown length ----------------------------------------------------------------- */

static void a_length_can_be_told_once(void **state)
{
	struct run r = { 0 };

	(void)state;
	qemu_record(&r.b);
	start(&r, NULL);
	go_to(&r, XST_EVENT_RECORD_BEGIN, XST_KIND_EMULATOR_CONTEXT);
	assert_int_equal(xst_parser_set_run_length(r.p, 5), XST_E_STATE);
	go_to(&r, XST_EVENT_PAYLOAD_BEGIN, XST_KIND_EMULATOR_CONTEXT);
	assert_true(xst_parser_payload_left(r.p) == XST_LENGTH_UNKNOWN);
	assert_int_equal(xst_parser_set_run_length(r.p, 60), 0);
	assert_int_equal(r.ev->u.payload.length, 60);
	assert_int_equal(xst_parser_payload_left(r.p), 60);
	assert_int_equal(xst_parser_set_run_length(r.p, 60), XST_E_STATE);
	go_to(&r, XST_EVENT_FINISHED, XST_KIND_UNKNOWN);
	assert_int_equal(r.in.size - r.in.pos, 40); /* which the caller did not count */
	stop(&r);
}

static void a_length_is_told_before_anything_is_taken(void **state)
{
	struct run r = { 0 };

	(void)state;
	qemu_record(&r.b);
	start(&r, NULL);
	go_to(&r, XST_EVENT_PAYLOAD_BEGIN, XST_KIND_EMULATOR_CONTEXT);
	r.in.size = r.in.pos;
	assert_int_equal(xst_parser_claim(r.p, &r.in, 10), 0);
	assert_int_equal(xst_parser_set_run_length(r.p, 90), XST_E_STATE);
	assert_true(xst_parser_payload_left(r.p) == XST_LENGTH_UNKNOWN);
	r.in.pos += 10;
	r.in.size = r.b.size;
	go_to(&r, XST_EVENT_PAYLOAD, XST_KIND_EMULATOR_CONTEXT);
	assert_int_equal(r.ev->u.payload.run_offset, 10);
	assert_int_equal(xst_parser_set_run_length(r.p, 90), XST_E_STATE);
	stop(&r);
}

static void a_run_of_no_bytes(void **state)
{
	struct run r = { 0 };

	(void)state;
	qemu_record(&r.b);
	r.b.size -= 100;
	start(&r, NULL);
	xst_parser_eof(r.p);
	go_to(&r, XST_EVENT_PAYLOAD_BEGIN, XST_KIND_EMULATOR_CONTEXT);
	assert_int_equal(xst_parser_set_run_length(r.p, 0), 0);
	go_to(&r, XST_EVENT_FINISHED, XST_KIND_UNKNOWN);
	stop(&r);
}

static void a_known_length_stays(void **state)
{
	struct run r = { 0 };

	(void)state;
	image_with_a_page(&r.b);
	start(&r, NULL);
	go_to(&r, XST_EVENT_PAYLOAD_BEGIN, XST_KIND_PAGE_DATA);
	assert_int_equal(xst_parser_set_run_length(r.p, 1), XST_E_STATE);
	stop(&r);
}

/* --- what an input is ----------------------------------------------------------------------- */

struct foreign {
	const char *bytes;
	size_t size;
	const char *text;
};
#define FOREIGN(bytes, text) { bytes, sizeof(bytes) - 1, text }

static const struct foreign foreign[] = {
	FOREIGN("QFI\xfb\0\0\0\3", "this is a qcow2 disk image"),
	FOREIGN("\x7f" "ELF\2\1\1", "this is an ELF file (a kernel, a program or a core dump)"),
	FOREIGN("\x1f\x8b\x08\0\0\0\0\0\0\3\x4b\xcb\xcf\x07", "this is a gzip file; decompress it first (zcat FILE | xenstream ... -)"),
	FOREIGN("LibvirtQemudSave\2", "this is a save image of libvirt's QEMU driver, which holds a QEMU/KVM guest, not a Xen domain"),
	FOREIGN("LibvirtQemudPart\2", "this is an incomplete save image of libvirt's QEMU driver, which holds a QEMU/KVM guest, not a Xen domain"),
	FOREIGN("QEVM\0\0\0\3", "this is only a device model's state (QEMU savevm), without the domain"),
	FOREIGN("{ \"domain\": 1 }    ", "this is a text file (JSON?), not a saved domain"),
	FOREIGN("nothing that anybody knows", "not a saved Xen domain: neither an xl header nor a libxl, libxc or legacy stream begins here"),
};

static void foreign_files_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(foreign); i++) {
		struct build b = { 0 };
		struct faults f;

		put(&b, foreign[i].bytes, foreign[i].size);
		put_zero(&b, 32);
		find_faults(&b, NULL, &f);
		assert_int_equal(f.code, XST_E_MAGIC);
		assert_string_equal(f.error.rule, "input.unknown");
		assert_string_equal(f.error.text, foreign[i].text);
		assert_int_equal(f.error.offset, 0);
		assert_int_equal(f.error.layer, XST_LAYER_NONE);
		build_free(&b);
	}
}

static void short_inputs_are_truncated(void **state)
{
	(void)state;
	for (size_t i = 0; i < 16; i++) {
		struct build b = { 0 };
		struct faults f;

		put_zero(&b, i);
		find_faults(&b, NULL, &f);
		assert_int_equal(f.code, XST_E_TRUNCATED);
		build_free(&b);
	}
}

static void the_start_can_be_told(void **state)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct build b = { 0 };
	struct faults f;

	(void)state;
	image_with_a_page(&b);
	o.start = XST_START_LIBXC;
	find_faults(&b, &o, &f);
	assert_int_equal(f.code, 0);
	o.start = XST_START_LIBXL;
	find_faults(&b, &o, &f);
	assert_int_equal(f.code, XST_E_MAGIC);
	assert_string_equal(f.error.rule, "libxl.ident");
	o.start = XST_START_XL;
	find_faults(&b, &o, &f);
	assert_string_equal(f.error.rule, "xl.magic");
	build_free(&b);
}

/* The legacy format has no magic: all widths and guests that it can begin with. */
static void legacy_beginnings_are_told_apart(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct legacy l = { .width = i & 1 ? 4 : 8, .pv = i & 2, .guest_width = i & 4 ? 4 : 8,
				    .last_checkpoint = true };
		struct run r = { 0 };

		build_legacy(&r.b, &l);
		start(&r, NULL);
		assert_int_equal(xst_parser_next(r.p, &r.in, &r.ev), 0);
		assert_int_equal(r.ev->type, XST_EVENT_STREAM_BEGIN);
		assert_int_equal(r.ev->layer, XST_LAYER_LEGACY);
		assert_int_equal(r.ev->u.stream.width, l.width);
		assert_int_equal(r.ev->u.stream.guest, l.pv ? XST_GUEST_PV : XST_GUEST_HVM);
		stop(&r);
	}
}

static void without_the_device_model(void **state)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct legacy l = { .last_checkpoint = true, .tail = "DeviceModelRecord0002", .emulator = 9 };
	struct build b = { 0 };
	struct faults f;

	(void)state;
	build_legacy(&b, &l);
	o.flags = XST_PARSER_NO_EMULATOR;
	find_faults(&b, &o, &f);
	assert_int_equal(f.code, 0);
	assert_int_equal(f.end, b.size - 21 - 4 - 13);
	build_free(&b);
}

/* --- going on after faults ----------------------------------------------------------------- */

/* Five faults of five kinds in a row, and a sound record after each. */
static void all_faults_are_told(void **state)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct build b = { 0 };
	struct faults f;

	(void)state;
	image_header(&b, 3, 0);
	domain_header(&b, 2);
	for (int i = 0; i < 5; i++) {
		record_begin(&b, (uint32_t[]){ 8, 0x33, 0xb, 0xa, 1 }[i]);
		put_zero(&b, (size_t[]){ 3, 8, 24, 30, 8 }[i]);
		if (i == 3)
			b.data[b.size - 30] = 9;
		record_end(&b);
		page_data(&b, (uint64_t[]){ 1 }, 1);
	}
	empty_record(&b, 0);
	o.flags = XST_PARSER_KEEP_GOING;
	find_faults(&b, &o, &f);
	assert_int_equal(f.code, 0);
	assert_int_equal(f.end, b.size);
	assert_int_equal(f.records, 2 + 10 + 1);
	assert_int_equal(f.n, 5);
	for (size_t i = 0; i < f.n; i++) {
		static const char *const rules[] = { "record.length", "record.type",
						     "record.refused", "record.length",
						     "libxc.page-data.count" };

		assert_string_equal(f.warning[i].rule, rules[i]);
		assert_int_equal(f.warning[i].severity, XST_ERROR);
		assert_int_equal(f.warning[i].code, 0);
		assert_int_equal(f.warning[i].record_index, 2 + 2 * i);
	}
	build_free(&b);
}

/* A rule that a thousand entries break is told once a record. */
static void a_rule_is_told_once_a_record(void **state)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	uint64_t entries[100];
	struct build b = { 0 };
	struct faults f;

	(void)state;
	for (size_t i = 0; i < COUNT(entries); i++)
		entries[i] = UINT64_C(0xf01) << 52 | i;
	image_header(&b, 3, 0);
	domain_header(&b, 2);
	page_data(&b, entries, COUNT(entries));
	page_data(&b, entries, COUNT(entries));
	empty_record(&b, 0);
	o.flags = XST_PARSER_KEEP_GOING;
	find_faults(&b, &o, &f);
	assert_int_equal(f.code, 0);
	assert_int_equal(f.n, 2);
	build_free(&b);
}

/* What breaks the framing stops the parser even then. */
static void broken_framing_stops(void **state)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct build b = { 0 };
	struct faults f;

	(void)state;
	image_header(&b, 3, 0);
	domain_header(&b, 2);
	put32(&b, 1);
	put32(&b, UINT32_MAX);
	o.flags = XST_PARSER_KEEP_GOING;
	find_faults(&b, &o, &f);
	assert_int_equal(f.code, XST_E_LIMIT);
	build_free(&b);
}

/* --- words ---------------------------------------------------------------------------------- */

static void findings_are_one_line(void **state)
{
	struct xst_finding f = { .code = XST_E_MALFORMED, .layer = XST_LAYER_LIBXC, .offset = 0x1f40,
				 .record_name = "PAGE_DATA", .record_offset = 0x1f30,
				 .record_index = 17, .field = "count",
				 .text = "3 pfns do not fit a record of 24 bytes" };
	const char *line = "image.save: offset 0x1f40 (libxc record 17, PAGE_DATA, at 0x1f30): "
			   "count: 3 pfns do not fit a record of 24 bytes";
	char buf[300], small[10];

	(void)state;
	assert_int_equal(xst_finding_format(&f, "image.save", buf, sizeof(buf)), strlen(line));
	assert_string_equal(buf, line);
	assert_int_equal(xst_finding_format(&f, "image.save", small, sizeof(small)), strlen(line));
	assert_string_equal(small, "image.sav");
	assert_int_equal(xst_finding_format(&f, "image.save", NULL, 0), strlen(line));
	f.record_name = f.field = NULL;
	xst_finding_format(&f, NULL, buf, sizeof(buf));
	assert_string_equal(buf, "offset 0x1f40 (libxc, after record 16): "
				 "3 pfns do not fit a record of 24 bytes");
	f.layer = XST_LAYER_NONE;
	xst_finding_format(&f, NULL, buf, sizeof(buf));
	assert_string_equal(buf, "offset 0x1f40: 3 pfns do not fit a record of 24 bytes");
	f.code = XST_E_IO;
	xst_finding_format(&f, NULL, buf, sizeof(buf));
	assert_string_equal(buf, "3 pfns do not fit a record of 24 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_checked),
		cmocka_unit_test(offsets_count_from_the_option),
		cmocka_unit_test(finished_stays_finished),
		cmocka_unit_test(errors_are_sticky),
		cmocka_unit_test(claims_outside_of_a_run_are_refused),
		cmocka_unit_test(claims_want_an_empty_window),
		cmocka_unit_test(what_is_held_can_not_be_claimed),
		cmocka_unit_test(a_length_can_be_told_once),
		cmocka_unit_test(a_length_is_told_before_anything_is_taken),
		cmocka_unit_test(a_run_of_no_bytes),
		cmocka_unit_test(a_known_length_stays),
		cmocka_unit_test(foreign_files_are_named),
		cmocka_unit_test(short_inputs_are_truncated),
		cmocka_unit_test(the_start_can_be_told),
		cmocka_unit_test(legacy_beginnings_are_told_apart),
		cmocka_unit_test(without_the_device_model),
		cmocka_unit_test(all_faults_are_told),
		cmocka_unit_test(a_rule_is_told_once_a_record),
		cmocka_unit_test(broken_framing_stops),
		cmocka_unit_test(findings_are_one_line),
	};

	return cmocka_run_group_tests_name("parser", tests, NULL, NULL);
}
