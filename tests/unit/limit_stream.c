/* SPDX-License-Identifier: MIT */
/* Limits of streams: a sound one, in which the field that a limit is for is made n. */
#include "limit_case.h"

#include "faults.h"
#include "parse/parser.h"
#include "unit.h"

/* --- by a field ------------------------------------------------------------------------------ */

struct field_case {
	size_t limit;   /* in struct xst_limits */
	uint64_t value; /* that the stream needs, and says in a field */
	enum xst_start start;
	void (*build)(struct build *b);
};

#define CASE(member, value, start, build) \
	&(const struct field_case){ offsetof(struct xst_limits, member), value, start, build }

/* Where the field is, by the refusal of a parser that takes one less. */
static size_t where(const struct build *b, const struct field_case *c)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	uint64_t less = c->value - 1;
	struct faults f;

	o.start = c->start;
	memcpy((char *)&o.limits + c->limit, &less, sizeof(less));
	find_faults(b, &o, &f);
	assert_int_equal(f.code, XST_E_LIMIT);
	assert_int_equal(b->data[f.error.offset], c->value & 0xff);
	return (size_t)f.error.offset;
}

/* With n in it and the limits that hold by default, anything else may be wrong. */
static bool takes(const struct field_case *c, uint64_t n)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct build b = { 0 };
	struct faults f;
	size_t at;

	o.start = c->start;
	c->build(&b);
	at = where(&b, c);
	for (unsigned i = 0; i < 4; i++)
		b.data[at + i] = (uint8_t)(n >> 8 * i);
	find_faults(&b, &o, &f);
	build_free(&b);
	return f.code != XST_E_LIMIT || f.error.offset != at;
}

static void config(struct build *b)
{
	xl_header(b, 0, "0123456789", 10);
	image_header(b, 3, 0);
	domain_header(b, 1);
	empty_record(b, 0);
}

/* As if more stood behind the configuration than any has. */
static void large_config(struct build *b)
{
	xl_header(b, 0, "0123456789", 10);
	b->data[32 + 12 + 2] = LIMIT_OPTIONAL_DATA >> 17; /* half of the limit */
	image_header(b, 3, 0);
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

static void legacy_pv(struct build *b)
{
	struct legacy l = { .pv = true, .xcnt = true, .last_checkpoint = true };

	build_legacy(b, &l);
}

static void legacy_compressed(struct build *b)
{
	struct legacy l = { .checkpoints = 2, .compressed = true, .batches = 2, .pages = 1,
			    .tail = "DeviceModelRecord0002", .emulator = 4 };

	build_legacy(b, &l);
}

LIMIT_CASE(RECORD)
{
	return takes(CASE(max_record, 100, XST_START_AUTO, record), n);
}

LIMIT_CASE(OPTIONAL_DATA)
{
	return takes(CASE(max_optional_data, 14, XST_START_AUTO, config), n);
}

LIMIT_CASE(CONFIG)
{
	return takes(CASE(max_config, 10, XST_START_AUTO, large_config), n);
}

LIMIT_CASE(EXT_INFO)
{
	return takes(CASE(max_ext_info, 8 + CONTEXT64 + 12, XST_START_LEGACY, legacy_pv), n);
}

LIMIT_CASE(P2M_SIZE)
{
	return takes(CASE(max_p2m_size, 64, XST_START_LEGACY, legacy_pv), n);
}

LIMIT_CASE(VCPU_ID)
{
	return takes(CASE(max_vcpu_id, 2, XST_START_LEGACY, legacy_hvm), n);
}

LIMIT_CASE(XSAVE)
{
	return takes(CASE(max_xsave, 592, XST_START_LEGACY, legacy_pv), n);
}

LIMIT_CASE(TOOLSTACK)
{
	return takes(CASE(max_toolstack, 8 + 28 + 9 + 4, XST_START_LEGACY, legacy_hvm), n);
}

LIMIT_CASE(EMULATOR)
{
	return takes(CASE(max_emulator, 100, XST_START_AUTO, libxl_record), n);
}

LIMIT_CASE(COMPRESSED)
{
	return takes(CASE(max_compressed, 37, XST_START_LEGACY, legacy_compressed), n);
}

LIMIT_CASE(TMEM_PAGES)
{
	return takes(CASE(max_tmem_pages, 2, XST_START_LEGACY, legacy_hvm), n);
}

/* --- others ---------------------------------------------------------------------------------- */

LIMIT_CASE(LAYERS)
{
	struct xst_parser *p;
	bool fine = true;

	assert_int_equal(xst_parser_new(NULL, &p), 0);
	for (uint64_t i = 0; i < n && fine; i++)
		fine = xst_parser_push(p, XST_LAYER_LIBXC, xst_parse_detect_state(XST_LAYER_LIBXC));
	assert_int_equal(xst_parser_error(p)->code, fine ? 0 : XST_E_LIMIT);
	xst_parser_free(p);
	return fine;
}

/* What the parser says of a stream, which ends where it gets interesting. */
static struct faults faults_of(struct build *b, enum xst_start start)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct faults f;

	o.start = start;
	find_faults(b, &o, &f);
	build_free(b);
	return f;
}

LIMIT_CASE(BATCH)
{
	struct build b = { 0 };
	struct faults f;

	legacy_head(&b, 8, 64);
	batch(&b, (uint64_t[]){ 1 }, 1, true);
	chunk(&b, (int32_t)n);
	f = faults_of(&b, XST_START_LEGACY);
	assert_int_not_equal(f.code, 0);
	return strcmp(f.error.rule, "legacy.batch") != 0;
}

static bool pair_taken(uint64_t key, uint64_t value)
{
	struct build b = { 0 };
	struct faults f;

	libxl_header(&b, 0);
	record_begin(&b, 2);
	put64(&b, 1);
	for (uint64_t i = 0; i < key; i++)
		put8(&b, 'k');
	put8(&b, 0);
	for (uint64_t i = 0; i < value; i++)
		put8(&b, 'v');
	put8(&b, 0);
	record_end(&b);
	empty_record(&b, 0);
	f = faults_of(&b, XST_START_AUTO);
	assert_true(f.code == 0 || f.code == XST_E_LIMIT);
	return f.code == 0;
}

LIMIT_CASE(KEY)
{
	return pair_taken(n, 1);
}

LIMIT_CASE(VALUE)
{
	return pair_taken(1, n);
}

LIMIT_CASE(XENSERVER_QEMU)
{
	struct build b = { 0 };
	struct faults f;

	put(&b, "XenSavedDomv2-\n", 15);
	xenserver_record(&b, 0xf, 3);
	put(&b, "(a)", 3);
	xenserver_record(&b, 0xf0, 0);
	image_header(&b, 3, 0);
	domain_header(&b, 2);
	empty_record(&b, 0);
	xenserver_record(&b, 0xf00, n);
	f = faults_of(&b, XST_START_AUTO);
	return !warning_of(&f, "xenserver.qemu-size");
}
