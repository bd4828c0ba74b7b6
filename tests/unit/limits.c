/* SPDX-License-Identifier: MIT */
/* Every limit: what lies below or on it passes, what lies above is refused with its name. */
#include "faults.h"
#include "unit.h"

#include <stddef.h>

struct limit_case {
	const char *name;
	size_t limit;             /* in struct xst_limits */
	uint64_t value;           /* that the stream needs */
	const char *field;
	const char *rule;
	void (*build)(struct build *b);
};

static void config(struct build *b)
{
	xl_header(b, 0, "0123456789", 10);
	image_header(b, 3, 0);
	domain_header(b, 1);
	empty_record(b, 0);
}

static void record(struct build *b)
{
	image_header(b, 3, 0);
	domain_header(b, 1);
	blob_record(b, 0x80000001, 0, 0, 100 - 8);
	empty_record(b, 0);
}

static void libxl_record(struct build *b)
{
	libxl_header(b, 0);
	blob_record(b, 3, 1, 0, 100 - 8);
	empty_record(b, 0);
}

static void legacy_hvm(struct build *b)
{
	struct legacy l = { .physmaps = 1, .last_checkpoint = true, .vcpus = 3, .tmem = true,
			    .tail = "DeviceModelRecord0002", .emulator = 96 };

	build_legacy(b, &l);
}

static void legacy_qemu(struct build *b)
{
	struct legacy l = { .last_checkpoint = true, .tail = "RemusDeviceModelState", .emulator = 96 };

	build_legacy(b, &l);
}

static void legacy_pv(struct build *b)
{
	struct legacy l = { .pv = true, .xcnt = true, .last_checkpoint = true, .unmapped = 60 };

	build_legacy(b, &l);
}

static void legacy_compressed(struct build *b)
{
	struct legacy l = { .checkpoints = 2, .compressed = true, .batches = 2, .pages = 1,
			    .tail = "DeviceModelRecord0002", .emulator = 4 };

	build_legacy(b, &l);
}

static void libvirt(struct build *b)
{
	libvirt_header(b, 1, "0123456789", 10);
	legacy_pv(b);
}

static void xend(struct build *b)
{
	xend_header(b, 10, "0123456789");
	legacy_pv(b);
}

static void xenserver(struct build *b, uint64_t type)
{
	put(b, "XenSavedDomv2-\n", 15);
	xenserver_record(b, type, 10);
	put(b, "0123456789", 10);
	xenserver_record(b, 0xf0, 0);
	image_header(b, 3, 0);
	domain_header(b, 1);
	empty_record(b, 0);
	xenserver_record(b, 0xffff, 0);
}

static void xenops(struct build *b)
{
	xenserver(b, 0xf);
}

static void varstored(struct build *b)
{
	xenserver(b, 0xf11);
}

static void xenserver6(struct build *b)
{
	struct legacy l = { .last_checkpoint = true, .tail = "QemuDeviceModelRecord\n",
			    .emulator = 96 };

	put(b, "XenSavedDomain\n", 15);
	build_legacy(b, &l);
}

#define LIMIT(member) offsetof(struct xst_limits, member)

static const struct limit_case cases[] = {
	{ "max_record", LIMIT(max_record), 100, "length", "input.limit", record },
	{ "max_record of an HVM context", LIMIT(max_record), HVM_STATE, "length", "input.limit",
	  legacy_qemu },
	{ "max_optional_data", LIMIT(max_optional_data), 14, "optional_length", "input.limit",
	  config },
	{ "max_config", LIMIT(max_config), 10, "config_length", "input.limit", config },
	{ "max_ext_info", LIMIT(max_ext_info), 8 + CONTEXT64 + 12, "length", "input.limit",
	  legacy_pv },
	{ "max_p2m_size", LIMIT(max_p2m_size), 64, "p2m_size", "legacy.p2m-size", legacy_pv },
	{ "max_vcpu_id", LIMIT(max_vcpu_id), 2, "max_vcpu_id", "input.limit", legacy_hvm },
	{ "max_xsave", LIMIT(max_xsave), 592, "size", "input.limit", legacy_pv },
	{ "max_toolstack", LIMIT(max_toolstack), 8 + 28 + 9 + 4, "length", "input.limit",
	  legacy_hvm },
	{ "max_emulator", LIMIT(max_emulator), 100, "length", "input.limit", legacy_qemu },
	{ "max_emulator of libxl", LIMIT(max_emulator), 100, "length", "input.limit",
	  libxl_record },
	{ "max_config of libvirt", LIMIT(max_config), 10, "config_length", "input.limit", libvirt },
	{ "max_config of xend", LIMIT(max_config), 10, "config_length", "input.limit", xend },
	{ "max_config of XenServer", LIMIT(max_config), 10, "length", "input.limit", xenops },
	{ "max_emulator of XenServer", LIMIT(max_emulator), 10, "length", "input.limit", varstored },
	{ "max_emulator of XenServer 6", LIMIT(max_emulator), 100, "length", "input.limit",
	  xenserver6 },
	{ "max_compressed", LIMIT(max_compressed), 37, "length", "input.limit", legacy_compressed },
	{ "max_tmem_pages", LIMIT(max_tmem_pages), 2, "n_pages", "input.limit", legacy_hvm },
};

static void parse_with(const struct limit_case *c, uint64_t limit, struct faults *ret)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct build b = { 0 };

	memcpy((char *)&o.limits + c->limit, &limit, sizeof(limit));
	/* a bare legacy stream is told, as one beyond the limit is not recognised */
	if (c->build == legacy_hvm || c->build == legacy_qemu || c->build == legacy_pv ||
	    c->build == legacy_compressed)
		o.start = XST_START_LEGACY;
	c->build(&b);
	find_faults(&b, &o, ret);
	build_free(&b);
}

static void one_limit(void **state)
{
	const struct limit_case *c = *state;
	struct faults f;

	parse_with(c, c->value + 1, &f);
	assert_int_equal(f.code, 0);
	parse_with(c, c->value, &f);
	assert_int_equal(f.code, 0);
	parse_with(c, 0, &f); /* the default */
	assert_int_equal(f.code, 0);
	parse_with(c, c->value - 1, &f);
	assert_int_equal(f.code, XST_E_LIMIT);
	assert_string_equal(f.error.field, c->field);
	assert_string_equal(f.error.rule, c->rule);
}

/* max_p2m_size bounds the list of unmapped pfns, too. */
static void unmapped_pfns(void **state)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct build b = { 0 };
	struct legacy l = { .pv = true, .last_checkpoint = true, .p2m_size = 20, .unmapped = 21 };
	struct faults f;

	(void)state;
	build_legacy(&b, &l);
	o.limits.max_p2m_size = 21;
	find_faults(&b, &o, &f);
	assert_int_equal(f.code, 0);
	o.limits.max_p2m_size = 20;
	find_faults(&b, &o, &f);
	assert_int_equal(f.code, XST_E_LIMIT);
	assert_string_equal(f.error.field, "count");
	assert_string_equal(f.error.text, "21 unmapped pfns are more than the limit of 20");
	build_free(&b);
}

static void a_run_without_length(void **state)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct build b = { 0 };
	struct legacy l = { .last_checkpoint = true, .tail = "QemuDeviceModelRecord", .emulator = 96 };
	const struct xst_event *ev;
	struct xst_parser *p;
	struct xst_in in;

	(void)state;
	build_legacy(&b, &l);
	o.limits.max_emulator = 100;
	in = (struct xst_in){ b.data, b.size, 0 };
	assert_int_equal(xst_parser_new(&o, &p), 0);
	do
		assert_int_equal(xst_parser_next(p, &in, &ev), 0);
	while (ev->type != XST_EVENT_PAYLOAD_BEGIN || ev->u.payload.length != XST_LENGTH_UNKNOWN);
	assert_int_equal(xst_parser_set_run_length(p, 101), XST_E_LIMIT);
	assert_int_equal(xst_parser_next(p, &in, &ev), XST_E_LIMIT); /* sticky */
	xst_parser_free(p);
	build_free(&b);
}

int main(void)
{
	struct CMUnitTest tests[COUNT(cases) + 2] = {
		[COUNT(cases)] = cmocka_unit_test(unmapped_pfns),
		[COUNT(cases) + 1] = cmocka_unit_test(a_run_without_length),
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		tests[i].name = cases[i].name;
		tests[i].test_func = one_limit;
		tests[i].initial_state = (void *)(uintptr_t)&cases[i];
	}
	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
