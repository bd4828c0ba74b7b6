/* SPDX-License-Identifier: MIT */
/* The table of formats: whether it is whole, what nests, and that no part of a domain vanishes
 * without a word, whichever format it is converted to. */
#include "wire/formats.h"

#include "parse/parser.h"
#include "log.h"
#include "pour.h"
#include "unit.h"

/* --- rows ------------------------------------------------------------------------------------ */

static void rows_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < xst_wire_formats_count; i++) {
		const struct wire_format *f = &xst_wire_formats[i];
		bool variant = !f->shown.word;

		assert_non_null(f->shown.title);
		assert_in_range(f->shown.role, XST_ROLE_STREAM, XST_ROLE_CHANNEL);
		assert_int_not_equal(f->shown.layer, XST_LAYER_NONE);
		if (!variant) {
			assert_ptr_equal(xst_wire_format_of(f->shown.layer), f);
			assert_ptr_equal(xst_wire_format_started(f->shown.start), f);
			assert_string_equal(xst_layer_name(f->shown.layer), f->shown.word);
			assert_non_null(xst_parse_detect_state(f->shown.layer));
		}
		if (f->shown.role != XST_ROLE_CHANNEL && !variant)
			assert_non_null(xst_wire_format_written(f->becomes));
		if (!f->shown.container)
			continue;
		assert_ptr_equal(xst_wire_format_written(f->shown.container), f);
		assert_true(f->stream == XST_LAYER_LIBXL || f->stream == XST_LAYER_LIBXC);
		assert_non_null(f->place);
		assert_non_null(f->reader);
		assert_true(f->holds & WIRE_HOLDS(EMULATOR_TAIL));
		/* a place for a configuration is one for a language */
		assert_int_equal(!(f->holds & WIRE_HOLDS(CONFIG)),
				 f->shown.language == XST_LAYER_NONE);
	}
}

static void the_public_view_is_the_same(void **state)
{
	unsigned n = 0;

	(void)state;
	for (; xst_format(n); n++)
		assert_ptr_equal(xst_format(n), &xst_wire_formats[n].shown);
	assert_int_equal(n, xst_wire_formats_count);
	assert_string_equal(xst_format_of(XST_LAYER_XEND)->config_word, "s-expression");
	assert_int_equal(xst_format_written(XST_CONTAINER_XL_LIBXC)->layer, XST_LAYER_XL);
	assert_null(xst_format_of(XST_LAYER_NONE));
	assert_null(xst_format_of((enum xst_layer)99));
	assert_null(xst_format_written(XST_CONTAINER_AUTO));
	assert_null(xst_format_written((enum xst_container)99));
}

/* --- nesting --------------------------------------------------------------------------------- */

/* Whether a layer is a container is said by its row, not by its place among the others. */
static void what_wraps(void **state)
{
	static const enum xst_layer containers[] = { XST_LAYER_XL, XST_LAYER_LIBVIRT, XST_LAYER_XEND,
						     XST_LAYER_XENSERVER, XST_LAYER_XENSERVER6 };
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(containers); i++)
		assert_true(xst_wire_wraps(containers[i]));
	for (size_t i = 0; i < xst_wire_formats_count; i++)
		found += xst_wire_formats[i].shown.word &&
			 xst_wire_wraps(xst_wire_formats[i].shown.layer);
	assert_int_equal(found, COUNT(containers));
}

/* Every sample inside an xl header and inside libvirt's: a stream is read, all else is refused, a
 * channel not as a container. */
static void only_streams_nest(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * samples_count; i++) {
		const struct sample *s = &samples[i / 2];
		bool xl = s->modern.xl || s->modern.bare_xl || s->legacy.xl;
		struct cuts whole = { .set_length = true };
		struct build b = { 0 };
		struct log g = { 0 };

		if (i % 2)
			libvirt_header(&b, 2, "<domain/>", 10);
		else
			xl_header(&b, 3, "{}", 3);
		build_sample(&b, s);
		parse_logged(b.data, b.size, NULL, &whole, &g);
		if (s->wrapping == BARE && !xl) {
			assert_int_equal(g.code, 0);
		} else {
			assert_int_equal(g.code, XST_E_MALFORMED);
			assert_string_equal(g.error.rule, xl && i % 2 == 0 ? "xl.magic"
									   : "container.nested");
			assert_string_equal(g.error.field ? g.error.field : "",
					    s->wrapping == COLO ? "" : "magic");
		}
		if (s->wrapping == COLO)
			assert_string_equal(g.error.text, "a COLO back channel inside a "
				"container, where a domain's stream belongs");
		log_free(&g);
		build_free(&b);
	}
}

static void a_channel_is_not_converted(void **state)
{
	(void)state;
	for (size_t i = 0; i < samples_count; i++) {
		struct build b = { 0 };
		struct poured p;

		if (samples[i].wrapping != COLO)
			continue;
		build_sample(&b, &samples[i]);
		assert_int_equal(pour(b.data, b.size, NULL, NULL, &p), XST_E_UNSUPPORTED);
		assert_string_equal(p.error.text, "a COLO back channel: there is no guest in it "
						  "that could be converted");
		poured_free(&p);
		build_free(&b);
	}
}

/* --- every part, in every format that is written ---------------------------------------------- */

#define MARK "#part that must not vanish#"

static size_t place_of(const struct build *b, const void *what, size_t n)
{
	for (size_t i = 0; i + n <= b->size; i++)
		if (memcmp(b->data + i, what, n) == 0)
			return i;
	return SIZE_MAX;
}

static const struct modern small = { .libxl = true, .batches = 1, .pages = 1, .params = 1 };

static void with_config(struct build *b)
{
	struct modern m = small;

	m.xl = true;
	m.config = "{ \"" MARK "\": 1 }";
	build_modern(b, &m);
}

static void with_libvirt_xml(struct build *b)
{
	libvirt_header(b, 2, "<" MARK "/>", sizeof("<" MARK "/>"));
	build_modern(b, &small);
}

static void with_sexpr(struct build *b)
{
	struct legacy l = { .batches = 1, .pages = 1, .physmaps = SIZE_MAX, .last_checkpoint = true };
	static const char config[] = "(domain (name " MARK "))";

	xend_header(b, sizeof(config) - 1, config);
	build_legacy(b, &l);
}

/* A suspend image with a record of that type, n bytes, around an image. */
static void suspended(struct build *b, uint64_t type, const void *data, size_t n)
{
	struct modern m = small;

	m.libxl = false;
	put(b, "XenSavedDomv2-\n", 15);
	if (type == 0xf) {
		xenserver_record(b, type, n);
		put(b, data, n);
	}
	xenserver_record(b, 0xf0, 0);
	build_modern(b, &m);
	if (type != 0xf) {
		xenserver_record(b, type, n);
		put(b, data, n);
	}
	xenserver_record(b, 0xffff, 0);
}

static void with_xenops(struct build *b)
{
	suspended(b, 0xf, "((" MARK "))", strlen("((" MARK "))"));
}

static void with_optional_flags(struct build *b)
{
	with_config(b);
	memcpy(b->data + 0x28, MARK, 4);
}

static void with_optional_data(struct build *b)
{
	struct modern m = small;

	m.xl = true;
	m.config = "{}";
	m.stray_optional = sizeof(MARK);
	build_modern(b, &m);
	memcpy(b->data + 48 + 4 + 3, MARK, sizeof(MARK));
}

static void with_emulator(struct build *b)
{
	struct modern m = small;

	m.emulator = 8 + sizeof(MARK);
	build_modern(b, &m);
	memcpy(b->data + place_of(b, "QEVM", 4) + 8, MARK, sizeof(MARK));
}

static void with_emulator_of_xenserver(struct build *b)
{
	suspended(b, 0xf00, "QEVM\0\0\0\3" MARK, 8 + sizeof(MARK));
}

static void with_emulator_tail(struct build *b)
{
	struct modern m = small;

	m.libxl = false;
	m.tail = "DeviceModelRecord0002";
	m.emulator = 8 + sizeof(MARK);
	build_modern(b, &m);
	memcpy(b->data + place_of(b, "QEVM", 4) + 8, MARK, sizeof(MARK));
}

static void with_emulator_id(struct build *b)
{
	with_emulator(b);
	memcpy(b->data + place_of(b, "QEVM", 4) - 8, MARK, 8);
}

static void with_keys(struct build *b)
{
	struct modern m = small;

	m.pairs = 1;
	build_modern(b, &m);
}

static void with_physmap(struct build *b)
{
	struct legacy l = { .batches = 1, .pages = 1, .physmaps = 1, .last_checkpoint = true,
			    .tail = "DeviceModelRecord0002", .emulator = 8 };

	build_legacy(b, &l);
}

static void with_checkpoints(struct build *b)
{
	struct modern m = small;

	m.checkpoints = 1;
	build_modern(b, &m);
}

static void with_libxl_record(struct build *b)
{
	build_modern(b, &small);
	b->size -= 8; /* END */
	record_begin(b, 0x80000055);
	put(b, MARK, sizeof(MARK));
	record_end(b);
	empty_record(b, 0);
}

static void with_vgpu(struct build *b)
{
	suspended(b, 0xf10, MARK, sizeof(MARK));
}

static void with_uefi(struct build *b)
{
	suspended(b, 0xf11, MARK, sizeof(MARK));
}

static void with_vtpm(struct build *b)
{
	suspended(b, 0xf12, MARK, sizeof(MARK));
}

static void with_vtpm_text(struct build *b)
{
	suspended(b, 0xf13, MARK, sizeof(MARK));
}

static void with_tmem(struct build *b)
{
	struct legacy l = { .batches = 1, .pages = 1, .tmem = true, .physmaps = SIZE_MAX,
			    .last_checkpoint = true };

	build_legacy(b, &l);
}

static void with_tmem_extra(struct build *b)
{
	struct legacy l = { .batches = 1, .pages = 1, .tmem_extra = true, .physmaps = SIZE_MAX,
			    .last_checkpoint = true };

	build_legacy(b, &l);
}

static void with_ext_block(struct build *b)
{
	struct legacy l = { .pv = true, .batches = 1, .pages = 1, .stranger = true,
			    .last_checkpoint = true };

	build_legacy(b, &l);
}

static const struct part {
	enum wire_part part;
	void (*build)(struct build *b);
	const char *mark;     /* by which it is found in the output, or a line of the parser's log */
	size_t size;          /* of the mark; 0: it is looked for in the log */
	const char *named;    /* by which it is named where it has no place */
	enum xst_layer layer; /* of a configuration: in whose language */
} parts[] = {
	{ WIRE_PART_CONFIG, with_config, MARK, 20, "the configuration is left out", XST_LAYER_XL },
	{ WIRE_PART_CONFIG, with_libvirt_xml, MARK, 20, "the configuration is left out",
	  XST_LAYER_LIBVIRT },
	{ WIRE_PART_CONFIG, with_sexpr, MARK, 20, "the configuration is left out", XST_LAYER_XEND },
	{ WIRE_PART_CONFIG, with_xenops, MARK, 20, "the configuration is left out",
	  XST_LAYER_XENSERVER },
	{ WIRE_PART_OPTIONAL_FLAGS, with_optional_flags, MARK, 4, "optional flags", 0 },
	{ WIRE_PART_OPTIONAL_DATA, with_optional_data, MARK, 20, "optional data", 0 },
	{ WIRE_PART_EMULATOR, with_emulator, MARK, 20, "the device model's own state", 0 },
	{ WIRE_PART_EMULATOR, with_emulator_of_xenserver, MARK, 20, "the device model's state", 0 },
	{ WIRE_PART_EMULATOR_TAIL, with_emulator_tail, MARK, 20, "the device model's state", 0 },
	{ WIRE_PART_EMULATOR_ID, with_emulator_id, "#part thQEVM", 12, "the device model's", 0 },
	{ WIRE_PART_XENSTORE, with_keys, "physmap/0/size", 15, "xenstore keys", 0 },
	{ WIRE_PART_PHYSMAP, with_physmap, "physmap/", 8, "the device model's physmap", 0 },
	{ WIRE_PART_CHECKPOINTS, with_checkpoints, "CHECKPOINT_END", 0, "a checkpointed stream", 0 },
	{ WIRE_PART_LIBXL_RECORD, with_libxl_record, MARK, 20, "UNKNOWN", 0 },
	{ WIRE_PART_VGPU, with_vgpu, MARK, 20, "DEMU", 0 },
	{ WIRE_PART_UEFI, with_uefi, MARK, 20, "VARSTORED", 0 },
	{ WIRE_PART_VTPM, with_vtpm, MARK, 20, "SWTPM", 0 },
	{ WIRE_PART_VTPM, with_vtpm_text, MARK, 20, "SWTPM", 0 },
	{ WIRE_PART_TMEM, with_tmem, "TMEM", 0, "transcendent memory", 0 },
	{ WIRE_PART_TMEM_EXTRA, with_tmem_extra, "TMEM_EXTRA", 0, "invalid transcendent memory", 0 },
	{ WIRE_PART_EXT_BLOCK, with_ext_block, "EXT_BLOCK", 0, "an extended info block", 0 },
};

/* Nothing but what a file of libvirt's can't do without, where no configuration is looked for. */
static int only_xml(void *want, const struct xst_config *stored, struct xst_config *ret, char *why,
		    size_t size)
{
	static const uint8_t xml[] = "<domain/>";

	(void)stored;
	(void)why;
	(void)size;
	if (want && ret->layer == XST_LAYER_LIBVIRT && !ret->size) {
		ret->data = xml;
		ret->size = sizeof(xml);
	}
	return 0;
}

static bool kept(const struct poured *p, const struct part *part)
{
	struct cuts whole = { 0 };
	struct log g = { 0 };
	bool found;

	if (part->size)
		return p->code == 0 && place_of(&p->out, part->mark, part->size) != SIZE_MAX;
	parse_logged(p->out.data, p->out.size, NULL, &whole, &g);
	found = p->code == 0 && strstr(g.text, part->mark);
	log_free(&g);
	return found;
}

/* By a remark that it was left out, or an error on its account. */
static bool named(const struct poured *p, const struct part *part)
{
	for (size_t i = 0; i < p->nremarks; i++)
		if (strcmp(p->remarks[i].rule, "convert.dropped") == 0 &&
		    strstr(p->remarks[i].text, part->named))
			return true;
	return p->code && (strstr(p->error.text, part->named) ||
			   (part->layer && strstr(p->error.text, "domain's XML")));
}

static bool has_place(const struct wire_format *f, const struct part *part)
{
	return f->holds & 1u << part->part &&
	       (part->part != WIRE_PART_CONFIG || f->shown.language == part->layer);
}

/* One part into one format, by force or not, with somebody to be asked for the configuration or
 * not: it is there, or it is named; and where it is the guest's, it takes force. */
static void convert_part(const struct part *part, const struct wire_format *f, unsigned way)
{
	bool force = way & 1, asked = part->part != WIRE_PART_CONFIG || way & 2;
	struct xst_converter_options o = { .size = sizeof(o), .to = f->shown.container,
					   .flags = force ? XST_CONVERT_FORCE : 0,
					   .config = asked ? only_xml : NULL,
					   .config_userdata =
						   part->part != WIRE_PART_CONFIG ? &o : NULL };
	bool place = has_place(f, part);
	struct build b = { 0 };
	struct poured p;

	part->build(&b);
	(void)pour(b.data, b.size, NULL, &o, &p);
	if (kept(&p, part) != place || named(&p, part) == place ||
	    (xst_wire_parts[part->part].refused && !force && !place && p.code == 0)) {
		print_error("%s to %s, way %u: code %d, kept %d, named %d, has a place %d: %s\n",
			    xst_wire_parts[part->part].words, f->shown.title, way, p.code,
			    kept(&p, part), named(&p, part), place, p.error.text);
		for (size_t i = 0; i < p.nremarks; i++)
			print_error("  %s\n", p.remarks[i].text);
		fail();
	}
	poured_free(&p);
	build_free(&b);
}

static void no_part_vanishes_without_a_word(void **state)
{
	uint32_t tried = 0;

	(void)state;
	for (size_t i = 0; i < xst_wire_formats_count; i++)
		for (size_t k = 0; k < COUNT(parts) && xst_wire_formats[i].shown.container; k++)
			for (unsigned way = 0; way < 4; way++)
				convert_part(&parts[k], &xst_wire_formats[i], way);
	for (size_t k = 0; k < COUNT(parts); k++)
		tried |= 1u << parts[k].part;
	assert_int_equal(tried, (1u << WIRE_PARTS) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_whole),
		cmocka_unit_test(the_public_view_is_the_same),
		cmocka_unit_test(what_wraps),
		cmocka_unit_test(only_streams_nest),
		cmocka_unit_test(a_channel_is_not_converted),
		cmocka_unit_test(no_part_vanishes_without_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
