/* SPDX-License-Identifier: MIT */
/* Conversions: what stays the same, what becomes of legacy parts, and what is refused. */
#include "faults.h"
#include "log.h"
#include "pour.h"
#include "samples.h"

/* --- the records of a stream as one line ---------------------------------------------------- */

struct words {
	char text[4000];
	size_t n;
};

static void say(struct words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	w->n += (size_t)vsnprintf(w->text + w->n, sizeof(w->text) - w->n, format, ap);
	va_end(ap);
	assert_true(w->n < sizeof(w->text));
}

static void say_items(struct words *w, const struct xst_event *ev)
{
	say(w, "[");
	for (size_t i = 0; i < ev->u.items.n * ev->u.items.width; i++)
		if (ev->u.items.kind == XST_ITEMS_PAGES)
			say(w, "%s%x:%x", i ? " " : "", XST_PAGE_TYPE(ev->u.items.v[i]),
			    (unsigned)XST_PAGE_PFN(ev->u.items.v[i]));
		else
			say(w, "%s%llx", i ? " " : "", (unsigned long long)ev->u.items.v[i]);
	say(w, "]");
}

static void say_event(struct words *w, const struct xst_event *ev)
{
	if (ev->type == XST_EVENT_RECORD_BEGIN)
		say(w, "%s%s", w->n ? " " : "", ev->u.record.name);
	else if (ev->type == XST_EVENT_ITEMS)
		say_items(w, ev);
	else if (ev->type == XST_EVENT_PAIR)
		say(w, "{%.*s=%.*s}", (int)ev->u.pair.key_len, ev->u.pair.key,
		    (int)ev->u.pair.value_len, ev->u.pair.value);
	else if (ev->type == XST_EVENT_PAYLOAD_BEGIN && ev->kind != XST_KIND_PAGE_DATA)
		say(w, "(%llu)", (unsigned long long)ev->u.payload.length);
	else if (ev->type == XST_EVENT_FIELDS && ev->kind == XST_KIND_DOMAIN_HEADER)
		say(w, "<%llu %llu.%llu>",
		    (unsigned long long)xst_event_field(ev, XST_FIELD_GUEST_TYPE, 0),
		    (unsigned long long)xst_event_field(ev, XST_FIELD_XEN_MAJOR, 9),
		    (unsigned long long)xst_event_field(ev, XST_FIELD_XEN_MINOR, 9));
	else if (ev->type == XST_EVENT_FIELDS && ev->kind == XST_KIND_PV_INFO)
		say(w, "<%llu %llu>",
		    (unsigned long long)xst_event_field(ev, XST_FIELD_GUEST_WIDTH, 0),
		    (unsigned long long)xst_event_field(ev, XST_FIELD_PT_LEVELS, 0));
	else if (ev->type == XST_EVENT_FIELDS && ev->kind == XST_KIND_TSC_INFO)
		say(w, "<%llu %llu %llx %llu>",
		    (unsigned long long)xst_event_field(ev, XST_FIELD_TSC_MODE, 0),
		    (unsigned long long)xst_event_field(ev, XST_FIELD_TSC_KHZ, 0),
		    (unsigned long long)xst_event_field(ev, XST_FIELD_TSC_NSEC, 0),
		    (unsigned long long)xst_event_field(ev, XST_FIELD_TSC_INCARNATION, 0));
}

static void describe(const struct build *b, struct words *w)
{
	struct xst_in in = { b->data, b->size, 0 };
	const struct xst_event *ev;
	struct xst_parser *p;

	memset(w, 0, sizeof(*w));
	assert_int_equal(xst_parser_new(NULL, &p), 0);
	do {
		assert_int_equal(xst_parser_next(p, &in, &ev), 0);
		if (ev->type == XST_EVENT_NEED)
			xst_parser_eof(p);
		assert_int_not_equal(ev->type, XST_EVENT_WARNING);
		say_event(w, ev);
	} while (ev->type != XST_EVENT_FINISHED);
	assert_int_equal(in.pos, in.size);
	xst_parser_free(p);
}

static void expect(const struct build *b, const char *words)
{
	struct words w;

	describe(b, &w);
	assert_string_equal(w.text, words);
}

static struct poured converted(const struct build *b, enum xst_container to, uint32_t version,
			       uint32_t flags)
{
	struct xst_converter_options o = { .size = sizeof(o), .flags = flags, .to = to,
					   .image_version = version };
	struct poured p;

	(void)pour(b->data, b->size, NULL, &o, &p);
	return p;
}

/* --- every sample --------------------------------------------------------------------------- */

/* Today's formats come out as they went in. */
static void identity(void **state)
{
	const struct sample *s = *state;
	struct build b = { 0 };
	struct poured p;

	if (s->is_legacy || s->wrapping)
		return;
	build_sample(&b, s);
	p = converted(&b, s->modern.bare_xl ? XST_CONTAINER_XL_LIBXC : XST_CONTAINER_AUTO,
		      s->modern.version, 0);
	assert_int_equal(p.code, 0);
	assert_int_equal(p.end, b.size);
	assert_int_equal(p.out.size, b.size);
	assert_memory_equal(p.out.data, b.data, b.size);
	poured_free(&p);
	build_free(&b);
}

/* Wherever a conversion succeeds its output is taken, is sound, and stands for itself. */
static void into_everything(void **state)
{
	const struct sample *s = *state;
	struct build b = { 0 };

	build_sample(&b, s);
	for (unsigned i = 0; i < 7 * 2 * 2; i++) {
		enum xst_container to = (enum xst_container)(i % 7);
		uint32_t version = i / 7 % 2 ? 2 : 3, flags = i / 14 ? XST_CONVERT_FORCE : 0;
		struct poured p = converted(&b, to, version, flags), again;

		assert_int_equal(p.code == 0 || p.code == XST_E_REFUSED ||
				 p.code == XST_E_UNSUPPORTED, 1);
		assert_true(p.code == 0 || p.error.text[0]);
		/* libvirt's files need its XML, which can't be forced */
		if (flags && p.code != XST_E_UNSUPPORTED && to != XST_CONTAINER_LIBVIRT)
			assert_int_equal(p.code, 0);
		if (p.code == 0) {
			again = converted(&p.out, to, version, flags);
			assert_int_equal(again.code, 0);
			assert_int_equal(again.out.size, p.out.size);
			assert_memory_equal(again.out.data, p.out.data, p.out.size);
			poured_free(&again);
		}
		poured_free(&p);
	}
	build_free(&b);
}

/* No input that ends too early converts. */
static void truncated(void **state)
{
	const struct sample *s = *state;
	struct build b = { 0 };
	struct log g = { 0 };
	struct poured p;
	size_t size;

	build_sample(&b, s);
	size = b.size;
	for (size_t i = 0; i < size; i += i < 600 ? 7 : 331) {
		b.size = i;
		log_clear(&g);
		if (parse_logged(b.data, i, NULL, NULL, &g) == 0)
			continue;
		p = converted(&b, XST_CONTAINER_AUTO, 0, 0);
		assert_int_not_equal(p.code, 0);
		poured_free(&p);
	}
	log_free(&g);
	build_free(&b);
}

/* --- legacy parts --------------------------------------------------------------------------- */

#define HEAD_LIBXL "LIBXL_HEADER LIBXC_CONTEXT IMAGE_HEADER "

static void hvm(void **state)
{
	struct legacy l = { .batches = 1, .pages = 2, .holes = 3, .tsc = true, .params = 2,
			    .physmaps = 2, .last_checkpoint = true,
			    .tail = "RemusDeviceModelState", .emulator = 20 };
	struct build b = { 0 };
	struct poured p;

	(void)state;
	build_legacy(&b, &l);
	p = converted(&b, XST_CONTAINER_AUTO, 0, 0);
	assert_int_equal(p.code, 0);
	expect(&p.out, HEAD_LIBXL "DOMAIN_HEADER<2 0.1> STATIC_DATA_END "
	       "X86_TSC_INFO<2 2400000 1122334455667788 5> "
	       "PAGE_DATA[0:0 0:1 d:2 e:4] HVM_PARAMS[22 1000 c 1001] "
	       "HVM_PARAMS[5 feffe 6 fefff 1 feffc] HVM_CONTEXT(1064) END "
	       "EMULATOR_XENSTORE_DATA{physmap/10000000/start_addr=f0000000}"
	       "{physmap/10000000/size=800000}{physmap/10000000/name=vga.vram}"
	       "{physmap/20000000/start_addr=f0000000}{physmap/20000000/size=800000} "
	       "EMULATOR_CONTEXT(24) END");
	poured_free(&p);
	p = converted(&b, XST_CONTAINER_LIBXC, 2, 0);
	assert_int_equal(p.code, 0);
	expect(&p.out, "IMAGE_HEADER DOMAIN_HEADER<2 0.1> "
	       "X86_TSC_INFO<2 2400000 1122334455667788 5> "
	       "PAGE_DATA[0:0 0:1 d:2 e:4] HVM_PARAMS[22 1000 c 1001] "
	       "HVM_PARAMS[5 feffe 6 fefff 1 feffc] HVM_CONTEXT(1064) END "
	       "DeviceModelRecord0002(24)");
	assert_int_equal(p.nremarks, 1);
	assert_string_equal(p.remarks[0].rule, "convert.dropped");
	poured_free(&p);
	build_free(&b);
}

static void pv(void **state)
{
	struct legacy l = { .width = 4, .pv = true, .guest_width = 4, .extv = true, .xcnt = true,
			    .batches = 1, .pages = 2, .p2m_size = 1025, .frame = 0x40, .vcpus = 2,
			    .physmaps = SIZE_MAX, .last_checkpoint = true };
	struct build b = { 0 };
	struct poured p;

	(void)state;
	build_legacy(&b, &l);
	p = converted(&b, XST_CONTAINER_LIBXC, 3, 0);
	assert_int_equal(p.code, 0);
	expect(&p.out, "IMAGE_HEADER DOMAIN_HEADER<1 0.1> X86_PV_INFO<4 3> STATIC_DATA_END "
	       "X86_PV_P2M_FRAMES[40 41] PAGE_DATA[0:0 b:1] "
	       "X86_PV_VCPU_BASIC(2800) X86_PV_VCPU_EXTENDED(128) X86_PV_VCPU_XSAVE(592) "
	       "X86_PV_VCPU_BASIC(2800) X86_PV_VCPU_EXTENDED(128) X86_PV_VCPU_XSAVE(591) "
	       "SHARED_INFO(4096) END");
	poured_free(&p);
	build_free(&b);
}

/* An HVM guest's stream with these batches and no more. */
static void with_batch(struct build *b, const uint64_t *entries, size_t n)
{
	legacy_head(b, 8, 1 << 20);
	batch(b, entries, n, true);
	chunk(b, -9);
	chunk(b, 0);
	magic_pfns(b);
	put32(b, 1);
	put8(b, 1);
}

#define PAGES_OF(words)                                                       \
	"IMAGE_HEADER DOMAIN_HEADER<2 0.1> STATIC_DATA_END " words            \
	"HVM_PARAMS[5 feffe 6 fefff 1 feffc] HVM_CONTEXT(1) END"

/* Where in the output the page with this content stands, by its first bytes. */
static size_t times_found(const struct build *in, const struct build *b, size_t at)
{
	size_t n = 0;

	for (size_t i = 0; i + PAGE <= b->size; i++)
		n += memcmp(b->data + i, in->data + at, PAGE) == 0;
	return n;
}

static void doubles_in_a_batch_are_split(void **state)
{
	static const uint64_t entries[] = { 1, 2, 1, UINT64_C(0xf) << 60, 3, 1,
					    UINT64_C(0xf) << 60 | 2, 2 };
	struct build b = { 0 };
	struct poured p;

	(void)state;
	with_batch(&b, entries, COUNT(entries));
	p = converted(&b, XST_CONTAINER_LIBXC, 0, 0);
	assert_int_equal(p.code, 0);
	expect(&p.out, PAGES_OF("PAGE_DATA[0:1 0:2] PAGE_DATA[0:1 0:3] PAGE_DATA[0:1 f:2] "
				"PAGE_DATA[0:2] "));
	for (size_t i = 0; i < 6; i++) /* each page is there, once */
		assert_int_equal(times_found(&b, &p.out, 8 + 4 + 8 * 8 + i * PAGE), 1);
	poured_free(&p);
	build_free(&b);
}

static void a_record_without_pages_in_the_middle(void **state)
{
	static const uint64_t entries[] = { UINT64_C(0xd) << 60 | 1, UINT64_C(0xe) << 60 | 1, 1,
					    UINT64_C(0xd) << 60 | 1 };
	struct build b = { 0 };
	struct poured p;

	(void)state;
	with_batch(&b, entries, COUNT(entries));
	p = converted(&b, XST_CONTAINER_LIBXC, 0, 0);
	assert_int_equal(p.code, 0);
	expect(&p.out, PAGES_OF("PAGE_DATA[d:1] PAGE_DATA[e:1] PAGE_DATA[0:1] PAGE_DATA[d:1] "));
	poured_free(&p);
	build_free(&b);
}

static void batches_of_nameless_holes_vanish(void **state)
{
	static const uint64_t entries[] = { UINT64_C(0xf) << 60, UINT64_C(0xf) << 60 };
	struct build b = { 0 };
	struct poured p;

	(void)state;
	with_batch(&b, entries, COUNT(entries));
	p = converted(&b, XST_CONTAINER_LIBXC, 0, 0);
	assert_int_equal(p.code, 0);
	expect(&p.out, PAGES_OF(""));
	poured_free(&p);
	build_free(&b);
}

static void a_full_batch(void **state)
{
	uint64_t entries[1024];
	struct build b = { 0 };
	struct poured p;
	struct faults f;

	(void)state;
	for (size_t i = 0; i < COUNT(entries); i++)
		entries[i] = UINT64_C(0xd) << 60 | i;
	entries[1023] = 0;
	with_batch(&b, entries, COUNT(entries));
	p = converted(&b, XST_CONTAINER_LIBXC, 0, 0);
	assert_int_equal(p.code, 0);
	find_faults(&p.out, NULL, &f);
	assert_int_equal(f.code, 0);
	assert_int_equal(f.records, 3 + 2 + 3); /* the last entry is a record of its own */
	poured_free(&p);
	build_free(&b);
}

/* Of the unmapped pfns those count that had been sent. */
static void unmapped_pfns_become_holes(void **state)
{
	struct build b = { 0 };
	struct poured p;

	(void)state;
	legacy_head(&b, 8, 64);
	ext_info(&b, CONTEXT64);
	put_ulong(&b, 0x40);
	batch(&b, (uint64_t[]){ 3, 4, 5, UINT64_C(0xf) << 60 | 6, UINT64_C(0xf) << 60 }, 5, true);
	chunk(&b, -2);
	put32(&b, 0);
	put64(&b, 1);
	chunk(&b, -9);
	chunk(&b, 0);
	put32(&b, 6);
	for (uint64_t i = 0; i < 6; i++) /* one of them twice */
		put64(&b, (uint64_t[]){ 0, 3, 5, 6, 7, 3 }[i]);
	fill(&b, CONTEXT64);
	fill(&b, PAGE);
	p = converted(&b, XST_CONTAINER_LIBXC, 2, 0);
	assert_int_equal(p.code, 0);
	expect(&p.out, "IMAGE_HEADER DOMAIN_HEADER<1 0.1> X86_PV_INFO<8 4> X86_PV_P2M_FRAMES[40] "
	       "PAGE_DATA[0:3 0:4 0:5 f:6] PAGE_DATA[f:3 f:5] X86_PV_VCPU_BASIC(5168) "
	       "SHARED_INFO(4096) END");
	poured_free(&p);
	build_free(&b);
}

static void the_last_toolstack_record_counts(void **state)
{
	struct legacy l = { .width = 4, .physmaps = 3, .toolstack_twice = true,
			    .last_checkpoint = true, .tail = "DeviceModelRecord0002" };
	struct build b = { 0 };
	struct poured p;

	(void)state;
	build_legacy(&b, &l);
	p = converted(&b, XST_CONTAINER_LIBXL, 0, 0);
	assert_int_equal(p.code, 0);
	expect(&p.out, HEAD_LIBXL "DOMAIN_HEADER<2 0.1> STATIC_DATA_END "
	       "HVM_PARAMS[5 feffe 6 fefff 1 feffc] HVM_CONTEXT(1064) END "
	       "EMULATOR_XENSTORE_DATA{physmap/10000000/start_addr=f0000000}"
	       "{physmap/10000000/size=800000}{physmap/10000000/name=vga.vram} "
	       "EMULATOR_CONTEXT END");
	poured_free(&p);
	build_free(&b);
}

/* --- versions and containers ---------------------------------------------------------------- */

static void version_2_to_3_and_back(void **state)
{
	struct modern m = { .version = 2, .pv = true, .batches = 1, .pages = 1 };
	struct build b = { 0 };
	struct poured three, two;

	(void)state;
	build_modern(&b, &m);
	three = converted(&b, XST_CONTAINER_AUTO, 3, 0);
	assert_int_equal(three.code, 0);
	expect(&three.out, "IMAGE_HEADER DOMAIN_HEADER<1 4.17> X86_PV_INFO<8 4> STATIC_DATA_END "
	       "X86_PV_P2M_FRAMES[0] PAGE_DATA[0:0] X86_TSC_INFO<1 2400000 1cbe991a14 3> "
	       "SHARED_INFO(4096) X86_PV_VCPU_BASIC(5168) X86_PV_VCPU_EXTENDED(128) "
	       "X86_PV_VCPU_XSAVE(592) X86_PV_VCPU_MSRS(32) END");
	two = converted(&three.out, XST_CONTAINER_AUTO, 2, 0);
	assert_int_equal(two.code, 0);
	assert_int_equal(two.out.size, b.size);
	assert_memory_equal(two.out.data, b.data, b.size);
	poured_free(&two);
	poured_free(&three);
	build_free(&b);
}

static void hvm_version_2_to_3(void **state)
{
	struct modern m = { .libxl = true, .version = 2, .batches = 1, .pages = 1, .params = 1 };
	struct build b = { 0 };
	struct poured p;

	(void)state;
	build_modern(&b, &m);
	p = converted(&b, XST_CONTAINER_AUTO, 3, 0);
	assert_int_equal(p.code, 0);
	expect(&p.out, HEAD_LIBXL "DOMAIN_HEADER<2 4.17> STATIC_DATA_END PAGE_DATA[0:0] "
	       "X86_TSC_INFO<1 2400000 1cbe991a14 3> HVM_CONTEXT(1064) HVM_PARAMS[0 feff000] END END");
	poured_free(&p);
	build_free(&b);
}

struct loss {
	const char *name;
	struct modern m;
	enum xst_container to;
	uint32_t version;
	const char *what;
};

static const struct loss losses[] = {
	{ "CPUID policy", { .pv = true, .leaves = 1, .batches = 1, .pages = 1 },
	  XST_CONTAINER_LIBXC, 2,
	  "a libxc image of version 2 has no place for X86_CPUID_POLICY (the CPUID leaves shown to the guest), which would be lost; --force leaves it out" },
	{ "MSR policy", { .pv = true, .msrs = 1, .batches = 1, .pages = 1 }, XST_CONTAINER_LIBXC, 2,
	  "a libxc image of version 2 has no place for X86_MSR_POLICY (the MSRs shown to the guest), which would be lost; --force leaves it out" },
	{ "xenstore keys", { .libxl = true, .batches = 1, .pages = 1, .params = 1, .pairs = 1 },
	  XST_CONTAINER_LIBXC, 3,
	  "a libxc image has no place for EMULATOR_XENSTORE_DATA (xenstore keys of the device model and their values), which would be lost; --force leaves it out" },
	{ "device model", { .xl = true, .batches = 1, .pages = 1, .params = 1, .emulator = 8 },
	  XST_CONTAINER_XL_LIBXC, 3,
	  "a libxc image has no place for EMULATOR_CONTEXT (the device model's own state), which would be lost; --force leaves it out" },
};

static void a_loss_is_refused_or_forced(void **state)
{
	const struct loss *l = *state;
	struct build b = { 0 };
	struct poured p;
	struct faults f;
	size_t dropped = 0;

	build_modern(&b, &l->m);
	p = converted(&b, l->to, l->version, 0);
	assert_int_equal(p.code, XST_E_REFUSED);
	assert_string_equal(p.error.rule, "convert.loss");
	assert_string_equal(p.error.text, l->what);
	assert_non_null(p.error.record_name);
	poured_free(&p);
	p = converted(&b, l->to, l->version, XST_CONVERT_FORCE);
	assert_int_equal(p.code, 0);
	for (size_t i = 0; i < p.nremarks; i++)
		dropped += strcmp(p.remarks[i].rule, "convert.dropped") == 0;
	assert_true(dropped > 0);
	find_faults(&p.out, NULL, &f);
	assert_int_equal(f.code, 0);
	assert_int_equal(f.end, p.out.size);
	poured_free(&p);
	build_free(&b);
}

static void xl_headers(void **state)
{
	struct modern m = { .xl = true, .config = "{}", .batches = 1, .pages = 1, .params = 1 };
	struct build b = { 0 };
	struct poured p;

	(void)state;
	build_modern(&b, &m);
	p = converted(&b, XST_CONTAINER_LIBXL, 0, 0);
	assert_int_equal(p.code, 0);
	assert_int_equal(p.out.size, b.size - 48 - 4 - 3);
	assert_memory_equal(p.out.data, b.data + 48 + 4 + 3, p.out.size);
	assert_string_equal(p.remarks[0].text,
			    "the configuration is left out: it belongs to the xl header");
	poured_free(&p);

	/* the flag says what follows */
	p = converted(&b, XST_CONTAINER_XL_LIBXC, 0, 0);
	assert_int_equal(p.code, 0);
	assert_int_equal(p.out.data[0x24], 1);
	poured_free(&p);
	build_free(&b);

	m = (struct modern){ .batches = 1, .pages = 1, .params = 1 };
	build_modern(&b, &m);
	p = converted(&b, XST_CONTAINER_XL, 0, 0);
	assert_int_equal(p.code, 0);
	assert_memory_equal(p.out.data, "Xen saved domain, xl format\n \0 \r\4\3\2\1\2\0\0\0\0\0\0\0"
			    "\4\0\0\0\0\0\0\0LibxlFmt", 60);
	assert_int_equal(p.nremarks, 1);
	poured_free(&p);
	build_free(&b);
}

/* CHECKPOINT belongs to both layers: neither half can stand alone, not even by force. */
static void a_checkpoint_is_not_halved(void **state)
{
	struct modern m = { .libxl = true, .batches = 1, .pages = 1, .params = 1, .checkpoints = 1 };
	struct build b = { 0 };
	struct poured p;

	(void)state;
	build_modern(&b, &m);
	p = converted(&b, XST_CONTAINER_LIBXC, 3, XST_CONVERT_FORCE);
	assert_int_equal(p.code, XST_E_UNSUPPORTED);
	poured_free(&p);
	m.libxl = false;
	b.size = 0;
	build_modern(&b, &m);
	p = converted(&b, XST_CONTAINER_LIBXL, 3, XST_CONVERT_FORCE);
	assert_int_equal(p.code, XST_E_UNSUPPORTED);
	poured_free(&p);
	p = converted(&b, XST_CONTAINER_LIBXC, 3, 0);
	assert_int_equal(p.code, 0);
	assert_int_equal(p.out.size, b.size);
	poured_free(&p);
	build_free(&b);
}

static void checkpointed_legacy_streams_are_not_converted(void **state)
{
	struct legacy l = { .batches = 1, .pages = 1, .checkpoints = 2,
			    .tail = "DeviceModelRecord0002", .emulator = 4 };
	struct build b = { 0 };
	struct poured p;

	(void)state;
	build_legacy(&b, &l);
	p = converted(&b, XST_CONTAINER_AUTO, 0, XST_CONVERT_FORCE);
	assert_int_equal(p.code, XST_E_UNSUPPORTED);
	poured_free(&p);
	l.compressed = true;
	b.size = 0;
	build_legacy(&b, &l);
	p = converted(&b, XST_CONTAINER_AUTO, 0, XST_CONVERT_FORCE);
	assert_int_equal(p.code, XST_E_UNSUPPORTED);
	poured_free(&p);
	build_free(&b);
}

/* A libxl stream holds one image: with none there is nothing to write, of two one would vanish. */
static void images_are_counted(void **state)
{
	struct build b = { 0 };
	struct poured p;

	(void)state;
	libxl_header(&b, 0);
	empty_record(&b, 0);
	p = converted(&b, XST_CONTAINER_LIBXC, 0, 0);
	assert_int_equal(p.code, XST_E_MALFORMED);
	assert_string_equal(p.error.text, "the stream ends without a libxc image");
	poured_free(&p);
	b.size = 16;
	for (int i = 0; i < 2; i++) {
		empty_record(&b, 1);
		image_header(&b, 3, 0);
		domain_header(&b, 1);
		empty_record(&b, 0);
	}
	empty_record(&b, 0);
	p = converted(&b, XST_CONTAINER_AUTO, 0, XST_CONVERT_FORCE);
	assert_int_equal(p.code, XST_E_MALFORMED);
	assert_string_equal(p.error.text, "a second libxc image");
	poured_free(&p);
	build_free(&b);
}

static void arguments_are_checked(void **state)
{
	struct xst_converter_options o = { .size = sizeof(o), .image_version = 4 };
	struct xst_converter *c = NULL;

	(void)state;
	assert_int_equal(xst_converter_new(NULL, NULL), XST_E_ARG);
	assert_int_equal(xst_converter_new(&o, &c), XST_E_ARG);
	o.image_version = 1;
	assert_int_equal(xst_converter_new(&o, &c), XST_E_ARG);
	assert_null(c);
	assert_int_equal(xst_converter_new(NULL, &c), 0);
	assert_int_equal(xst_converter_moved(c, 1), XST_E_ARG);
	assert_int_equal(xst_converter_moved(c, 0), 0);
	assert_null(xst_converter_finding(c));
	assert_int_equal(xst_converter_error(c)->code, 0);
	assert_null(xst_converter_free(c));
	assert_null(xst_converter_free(NULL));
}

int main(void)
{
	static const CMUnitTestFunction functions[] = { identity, into_everything, truncated };
	static const char *const names[] = { "identity", "into everything", "truncated" };
	struct CMUnitTest tests[20 + COUNT(losses)] = {
		cmocka_unit_test(hvm),
		cmocka_unit_test(pv),
		cmocka_unit_test(doubles_in_a_batch_are_split),
		cmocka_unit_test(a_record_without_pages_in_the_middle),
		cmocka_unit_test(batches_of_nameless_holes_vanish),
		cmocka_unit_test(a_full_batch),
		cmocka_unit_test(unmapped_pfns_become_holes),
		cmocka_unit_test(the_last_toolstack_record_counts),
		cmocka_unit_test(version_2_to_3_and_back),
		cmocka_unit_test(hvm_version_2_to_3),
		cmocka_unit_test(xl_headers),
		cmocka_unit_test(a_checkpoint_is_not_halved),
		cmocka_unit_test(checkpointed_legacy_streams_are_not_converted),
		cmocka_unit_test(images_are_counted),
		cmocka_unit_test(arguments_are_checked),
	};
	size_t n = 14;

	for (size_t i = 0; i < COUNT(losses); i++, n++) {
		tests[n].name = losses[i].name;
		tests[n].test_func = a_loss_is_refused_or_forced;
		tests[n].initial_state = (void *)(uintptr_t)&losses[i];
	}
	return run_for_samples("convert", functions, names, COUNT(functions)) +
	       _cmocka_run_group_tests("conversions", tests, n, NULL, NULL);
}
