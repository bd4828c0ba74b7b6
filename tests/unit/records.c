/* SPDX-License-Identifier: MIT */
/* Records of today's formats with something wrong in them: each gives exactly its error or warning.
 * The same for headers, legacy parts and containers stands in headers*.c. */
#include "fault_case.h"
#include "unit.h"

enum place { HVM3, HVM2, PV3, PV2, LIBXL };

struct record_case {
	const char *name;
	enum place in;
	uint32_t type;
	const char *body;  /* hexadecimal */
	size_t zeros;      /* that follow in the body */
	int code;          /* 0: a warning */
	const char *rule, *field;
	int at;            /* offset from the body: -8 is the type, -4 the length */
	const char *text;
};

#define LENGTH(in, type, body, zeros, text)                                   \
	{ "length: " text, in, type, body, zeros, XST_E_MALFORMED, "record.length", "length", -4, text }

static const struct record_case cases[] = {
	LENGTH(HVM3, 0x00, "", 8, "END records can't have 8 bytes"),
	LENGTH(HVM3, 0x01, "", 0, "PAGE_DATA records can't have 0 bytes"),
	LENGTH(HVM3, 0x01, "", 7, "PAGE_DATA records can't have 7 bytes"),
	LENGTH(PV3, 0x02, "0804", 5, "X86_PV_INFO records can't have 7 bytes"),
	LENGTH(PV3, 0x02, "0804", 7, "X86_PV_INFO records can't have 9 bytes"),
	LENGTH(PV3, 0x03, "", 8, "X86_PV_P2M_FRAMES records can't have 8 bytes"),
	LENGTH(PV3, 0x03, "", 20, "X86_PV_P2M_FRAMES records can't have 20 bytes"),
	LENGTH(PV3, 0x04, "", 7, "X86_PV_VCPU_BASIC records can't have 7 bytes"),
	LENGTH(PV3, 0x05, "", 137, "X86_PV_VCPU_EXTENDED records can't have 137 bytes"),
	LENGTH(PV3, 0x06, "", 1, "X86_PV_VCPU_XSAVE records can't have 1 bytes"),
	LENGTH(PV3, 0x07, "", 4095, "SHARED_INFO records can't have 4095 bytes"),
	LENGTH(PV3, 0x07, "", 4097, "SHARED_INFO records can't have 4097 bytes"),
	LENGTH(HVM3, 0x08, "", 23, "X86_TSC_INFO records can't have 23 bytes"),
	LENGTH(HVM3, 0x08, "", 25, "X86_TSC_INFO records can't have 25 bytes"),
	LENGTH(HVM3, 0x09, "", 0, "HVM_CONTEXT records can't have 0 bytes"),
	LENGTH(HVM3, 0x0a, "", 4, "HVM_PARAMS records can't have 4 bytes"),
	LENGTH(PV3, 0x0c, "", 3, "X86_PV_VCPU_MSRS records can't have 3 bytes"),
	LENGTH(HVM3, 0x0d, "", 1, "VERIFY records can't have 1 bytes"),
	LENGTH(HVM3, 0x0e, "", 8, "CHECKPOINT records can't have 8 bytes"),
	LENGTH(HVM3, 0x10, "", 1, "STATIC_DATA_END records can't have 1 bytes"),
	LENGTH(HVM3, 0x11, "", 0, "X86_CPUID_POLICY records can't have 0 bytes"),
	LENGTH(HVM3, 0x11, "", 25, "X86_CPUID_POLICY records can't have 25 bytes"),
	LENGTH(HVM3, 0x12, "", 0, "X86_MSR_POLICY records can't have 0 bytes"),
	LENGTH(HVM3, 0x12, "", 17, "X86_MSR_POLICY records can't have 17 bytes"),
	LENGTH(LIBXL, 0, "", 1, "END records can't have 1 bytes"),
	LENGTH(LIBXL, 1, "", 8, "LIBXC_CONTEXT records can't have 8 bytes"),
	LENGTH(LIBXL, 2, "", 4, "EMULATOR_XENSTORE_DATA records can't have 4 bytes"),
	LENGTH(LIBXL, 3, "", 7, "EMULATOR_CONTEXT records can't have 7 bytes"),
	LENGTH(LIBXL, 4, "", 2, "CHECKPOINT_END records can't have 2 bytes"),
	LENGTH(LIBXL, 5, "", 12, "CHECKPOINT_STATE records can't have 12 bytes"),

	{ "page data without entries", HVM3, 1, "", 8, XST_E_MALFORMED, "libxc.page-data.count",
	  "count", 0, "a PAGE_DATA record without pfns" },
	{ "more entries than bytes", HVM3, 1, "03000000 00000000", 16, XST_E_MALFORMED,
	  "libxc.page-data.count", "count", 0, "3 entries do not fit a record of 24 bytes" },
	{ "a count whose product overflows", HVM3, 1, "ffffffff 00000000", 16, XST_E_MALFORMED,
	  "libxc.page-data.count", "count", 0,
	  "4294967295 entries do not fit a record of 24 bytes" },
	{ "a page too short", HVM3, 1, "01000000 00000000 0100000000000000", 4095, XST_E_MALFORMED,
	  "libxc.page-data.count", "count", 16,
	  "1 of 1 pfns have contents, but the record holds 4095 bytes of pages" },
	{ "a page too long", HVM3, 1, "01000000 00000000 0100000000000000", 4097, XST_E_MALFORMED,
	  "libxc.page-data.count", "count", 16,
	  "1 of 1 pfns have contents, but the record holds 4097 bytes of pages" },
	{ "a page for a hole", HVM3, 1, "01000000 00000000 01000000000000f0", 4096, XST_E_MALFORMED,
	  "libxc.page-data.count", "count", 16,
	  "0 of 1 pfns have contents, but the record holds 4096 bytes of pages" },
	{ "no page at all", HVM3, 1, "02000000 00000000 01000000000000f0 0200000000000000", 0,
	  XST_E_MALFORMED, "libxc.page-data.count", "count", 24,
	  "1 of 2 pfns have contents, but the record holds 0 bytes of pages" },
	{ "the lowest reserved bit", HVM3, 1, "01000000 00000000 01000000000010f0", 0,
	  XST_E_MALFORMED, "libxc.page-data.reserved", "pfn", 8,
	  "entry 0 has reserved bits set: 0xf010000000000001" },
	{ "the highest reserved bit", HVM3, 1,
	  "02000000 00000000 01000000000000f0 00000000000000f8", 0, XST_E_MALFORMED,
	  "libxc.page-data.reserved", "pfn", 16,
	  "entry 1 has reserved bits set: 0xf800000000000000" },
	{ "page type 5", HVM3, 1, "01000000 00000000 0100000000000050", 4096, XST_E_MALFORMED,
	  "libxc.page-data.type", "pfn", 8, "entry 0 has an unknown page type: 0x5000000000000001" },
	{ "page type 6", HVM3, 1, "01000000 00000000 0100000000000060", 4096, XST_E_MALFORMED,
	  "libxc.page-data.type", "pfn", 8, "entry 0 has an unknown page type: 0x6000000000000001" },
	{ "page type 7", HVM3, 1, "01000000 00000000 0100000000000070", 4096, XST_E_MALFORMED,
	  "libxc.page-data.type", "pfn", 8, "entry 0 has an unknown page type: 0x7000000000000001" },
	{ "page type 8", HVM3, 1, "01000000 00000000 0100000000000080", 4096, XST_E_MALFORMED,
	  "libxc.page-data.type", "pfn", 8, "entry 0 has an unknown page type: 0x8000000000000001" },
	{ "a parameter too few", HVM3, 0xa, "02000000 00000000", 16, XST_E_MALFORMED,
	  "record.length", "count", 0, "2 entries do not fit a record of 24 bytes" },
	{ "a parameter too many", HVM3, 0xa, "01000000 00000000", 32, XST_E_MALFORMED,
	  "record.length", "count", 0, "1 entries do not fit a record of 40 bytes" },
	{ "a toolstack record", HVM3, 0xb, "", 8, XST_E_MALFORMED, "record.refused", "type", -8,
	  "TOOLSTACK records do not belong in a saved stream" },
	{ "the back channel", HVM3, 0xf, "", 8, XST_E_MALFORMED, "record.refused", "type", -8,
	  "CHECKPOINT_DIRTY_PFN_LIST records do not belong in a saved stream" },
	{ "static data's end in version 2", HVM2, 0x10, "", 0, XST_E_MALFORMED, "libxc.v3-record",
	  "type", -8, "STATIC_DATA_END does not exist in an image of version 2" },
	{ "a CPUID policy in version 2", PV2, 0x11, "", 24, XST_E_MALFORMED, "libxc.v3-record",
	  "type", -8, "X86_CPUID_POLICY does not exist in an image of version 2" },
	{ "an MSR policy in version 2", PV2, 0x12, "", 16, XST_E_MALFORMED, "libxc.v3-record",
	  "type", -8, "X86_MSR_POLICY does not exist in an image of version 2" },
	{ "the first unknown type", HVM3, 0x13, "", 3, XST_E_UNKNOWN, "record.type", "type", -8,
	  "0x13: unknown mandatory record type; from a later Xen, or damaged" },
	{ "the last mandatory type", HVM3, 0x7fffffff, "", 0, XST_E_UNKNOWN, "record.type", "type",
	  -8, "0x7fffffff: unknown mandatory record type; from a later Xen, or damaged" },
	{ "libxl's first unknown type", LIBXL, 6, "", 8, XST_E_UNKNOWN, "record.type", "type", -8,
	  "0x6: unknown mandatory record type; from a later Xen, or damaged" },
	{ "a checkpoint's end without a checkpoint", LIBXL, 4, "", 0, XST_E_MALFORMED,
	  "libxl.checkpoint", "type", -8, "CHECKPOINT_END outside a checkpoint" },
	{ "a key without a NUL", LIBXL, 2, "02000000 00000000 6162", 0, XST_E_MALFORMED,
	  "libxl.xenstore.pairs", "key", 10, "the last string does not end with a NUL" },
	{ "a key without a value", LIBXL, 2, "02000000 00000000 616200", 0, XST_E_MALFORMED,
	  "libxl.xenstore.pairs", "value", 11, "the last key has no NUL-terminated value" },
	{ "a value without a NUL", LIBXL, 2, "02000000 00000000 6100 62", 0, XST_E_MALFORMED,
	  "libxl.xenstore.pairs", "value", 11, "the last key has no NUL-terminated value" },
	{ "three strings", LIBXL, 2, "02000000 00000000 6100 6200 6300", 0, XST_E_MALFORMED,
	  "libxl.xenstore.pairs", "value", 14, "the last key has no NUL-terminated value" },

	/* tolerated */
	{ "the first optional type", HVM3, 0x80000000, "", 5, 0, "record.optional", "type", -8,
	  "0x80000000: unknown optional record type" },
	{ "the last optional type", HVM3, 0xffffffff, "", 0, 0, "record.optional", "type", -8,
	  "0xffffffff: unknown optional record type" },
	{ "libxl's optional type", LIBXL, 0x80000003, "", 0, 0, "record.optional", "type", -8,
	  "0x80000003: unknown optional record type" },
	{ "page data's reserved field", HVM3, 1, "01000000 05000000 01000000000000f0", 0, 0,
	  "stream.reserved", "reserved", 4, "0x5 instead of 0" },
	{ "PV info's reserved field", PV3, 2, "0804 0100 00000000", 0, 0, "stream.reserved",
	  "reserved", 2, "0x1 instead of 0" },
	{ "PV info's last field", PV3, 2, "0804 0000 00000080", 0, 0, "stream.reserved", "reserved",
	  4, "0x80000000 instead of 0" },
	{ "TSC info's reserved field", HVM3, 8, "00000000 00000000 0000000000000000 00000000 ff000000",
	  0, 0, "stream.reserved", "reserved", 20, "0xff instead of 0" },
	{ "a vCPU's reserved field", PV3, 4, "00000000 01000000", 8, 0, "stream.reserved",
	  "reserved", 4, "0x1 instead of 0" },
	{ "flags of an MSR", HVM3, 0x12, "11000000 02000000 0000000000000000", 0, 0,
	  "stream.reserved", "flags", 4, "0x2 instead of 0" },
	{ "a checkpoint state's padding", LIBXL, 5, "01000000 07000000", 0, 0, "stream.reserved",
	  "reserved", 4, "0x7 instead of 0" },
	{ "registers of nothing", PV3, 4, "", 8, 0, "record.empty", NULL, 8,
	  "an empty X86_PV_VCPU_BASIC record, as Xen 4.6 to 4.8 wrote it" },
	{ "MSRs of nothing", PV3, 0xc, "", 8, 0, "record.empty", NULL, 8,
	  "an empty X86_PV_VCPU_MSRS record, as Xen 4.6 to 4.8 wrote it" },
	{ "no parameters", HVM3, 0xa, "", 8, 0, "record.empty", NULL, 8,
	  "an empty HVM_PARAMS record, as Xen 4.6 to 4.8 wrote it" },
};

/* --- building ------------------------------------------------------------------------------- */

static void begin_stream(struct build *b, enum place in)
{
	if (in == LIBXL) {
		libxl_header(b, 0);
		empty_record(b, 1);
		image_header(b, 3, 0);
		domain_header(b, 2);
		empty_record(b, 0);
		return;
	}
	image_header(b, in == HVM2 || in == PV2 ? 2 : 3, 0);
	domain_header(b, in == PV3 || in == PV2 ? 1 : 2);
}

static void put_hex(struct build *b, const char *s)
{
	unsigned v;

	for (; *s; s += 2) {
		while (*s == ' ')
			s++;
		assert_int_equal(sscanf(s, "%2x", &v), 1);
		put8(b, (uint8_t)v);
	}
}

static void build_case(struct build *b, const struct record_case *c)
{
	begin_stream(b, c->in);
	record_begin(b, c->type);
	mark(b);
	put_hex(b, c->body);
	put_zero(b, c->zeros);
	record_end(b);
	/* what lets the reader find the end, if it comes so far */
	if (c->type != 1 || c->in != LIBXL)
		empty_record(b, 0);
}

/* --- checking ------------------------------------------------------------------------------- */

static void expect(const struct record_case *c, const struct build *b, const struct xst_finding *f)
{
	if (!f)
		fail_msg("no finding of rule %s", c->rule);
	assert_string_equal(f->rule, c->rule);
	assert_string_equal(f->text, c->text);
	assert_int_equal((int64_t)f->offset - (int64_t)b->mark, c->at);
	if (c->field)
		assert_string_equal(f->field, c->field);
	else
		assert_null(f->field);
	assert_int_equal(f->layer, c->in == LIBXL ? XST_LAYER_LIBXL : XST_LAYER_LIBXC);
}

static void one_case(void **state)
{
	const struct record_case *c = *state;
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct faults f;
	struct build b = { 0 };

	build_case(&b, c);
	find_faults(&b, &o, &f);
	assert_int_equal(f.code, c->code);
	assert_int_equal(f.error.code, c->code);
	expect(c, &b, c->code ? &f.error : warning_of(&f, c->rule));

	/* and the reader who goes on sees the same, and the end of the stream */
	o.flags = XST_PARSER_KEEP_GOING;
	find_faults(&b, &o, &f);
	expect(c, &b, warning_of(&f, c->rule));
	if (c->code)
		assert_int_equal(warning_of(&f, c->rule)->severity, XST_ERROR);
	else
		assert_int_not_equal(warning_of(&f, c->rule)->severity, XST_ERROR);
	if (c->type != 0 && !(c->in == LIBXL && c->type == 1)) {
		assert_int_equal(f.code, 0);
		assert_int_equal(f.end, b.size);
	}
	same_in_pieces(&b, XST_START_AUTO, 0);
	same_in_pieces(&b, XST_START_AUTO, XST_PARSER_KEEP_GOING);
	build_free(&b);
}

int main(void)
{
	struct CMUnitTest tests[COUNT(cases)];

	memset(tests, 0, sizeof(tests));
	for (size_t i = 0; i < COUNT(cases); i++) {
		tests[i].name = cases[i].name;
		tests[i].test_func = one_case;
		tests[i].initial_state = (void *)(uintptr_t)&cases[i];
	}
	return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
