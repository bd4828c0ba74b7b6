/* SPDX-License-Identifier: MIT */
/* What the converter stores as a configuration: passed on, given by the caller, or left out. */
#include <xenstream/emit.h>

#include "pour.h"
#include "unit.h"

/* --- callers --------------------------------------------------------------------------------- */

struct caller {
	struct xst_config stored; /* as it was told */
	char text[64];
	struct xst_config preset;
	struct xst_config answer; /* its bytes; the language is the output's */
	bool silent;              /* leaves the preset as it is */
	int code;
	unsigned calls;
};

static int answer(void *userdata, const struct xst_config *stored, struct xst_config *ret,
		  char *why, size_t size)
{
	struct caller *c = userdata;

	c->calls++;
	c->stored = *stored;
	c->preset = *ret;
	assert_true(stored->size < sizeof(c->text));
	if (stored->size)
		memcpy(c->text, stored->data, stored->size);
	if (c->code)
		snprintf(why, size, "because of %d", c->code);
	if (!c->silent) {
		ret->data = c->answer.data;
		ret->size = c->answer.size;
		ret->json = c->answer.json;
	}
	return c->code;
}

static struct poured converted(const struct build *b, enum xst_container to, struct caller *c)
{
	struct xst_converter_options o = { .size = sizeof(o), .to = to,
					   .config = c ? answer : NULL, .config_userdata = c };
	struct poured p;

	(void)pour(b->data, b->size, NULL, &o, &p);
	return p;
}

static struct caller caller_with(const char *text, size_t n, bool json)
{
	return (struct caller){ .answer = { .data = (const uint8_t *)text, .size = n,
					    .json = json } };
}

static const struct modern small = { .libxl = true, .pv = true, .batches = 1, .pages = 1 };

static void build_small(struct build *b, const struct modern *m)
{
	memset(b, 0, sizeof(*b));
	build_modern(b, m);
}

static uint32_t at(const struct build *b, size_t offset)
{
	const uint8_t *p = b->data + offset;

	assert_true(offset + 4 <= b->size);
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* --- xl's header ------------------------------------------------------------------------------ */

/* Flags, both lengths, and the bytes, whatever was there before. */
static void given_to_xl(void **state)
{
	static const char text[] = "name = \"given\"\n", json[] = "{ \"c_info\": {} }";
	struct modern with_header = small, bare = small;
	const struct modern *inputs[] = { &bare, &with_header };

	(void)state;
	with_header.xl = true;
	for (size_t i = 0; i < COUNT(inputs); i++)
		for (int is_json = 0; is_json < 2; is_json++) {
			struct caller c = is_json ? caller_with(json, sizeof(json), true)
						  : caller_with(text, sizeof(text) - 1, false);
			struct build b;
			struct poured p;

			build_small(&b, inputs[i]);
			p = converted(&b, XST_CONTAINER_XL, &c);
			assert_int_equal(p.code, 0);
			assert_int_equal(c.calls, 1);
			assert_int_equal(c.preset.layer, XST_LAYER_XL);
			assert_int_equal(at(&p.out, 0x24), 2 | is_json);
			assert_int_equal(at(&p.out, 0x2c), c.answer.size + 4);
			assert_int_equal(at(&p.out, 0x30), c.answer.size);
			assert_memory_equal(p.out.data + 0x34, c.answer.data, c.answer.size);
			poured_free(&p);
			build_free(&b);
		}
}

/* What stands after the configuration in the optional data stays there. */
static void optional_data_stays(void **state)
{
	static const char text[] = "a=1";
	struct modern m = small;
	struct caller c = caller_with(text, 3, false);
	struct build b;
	struct poured p;

	(void)state;
	m.xl = true;
	m.stray_optional = 21;
	build_small(&b, &m);
	p = converted(&b, XST_CONTAINER_XL, &c);
	assert_int_equal(p.code, 0);
	assert_int_equal(at(&p.out, 0x2c), 4 + 3 + 21);
	assert_int_equal(at(&p.out, 0x30), 3);
	assert_memory_equal(p.out.data + 0x37, b.data + 0x34 + at(&b, 0x30), 21);
	poured_free(&p);
	build_free(&b);
}

/* Asked or not: what nobody changes is passed on as it is. */
static void unchanged(void **state)
{
	struct modern m = small;

	(void)state;
	m.xl = true;
	for (int big = 0; big < 2; big++) {
		struct caller c = { .silent = true };
		struct build b;
		struct poured p;

		m.big = big;
		build_small(&b, &m);
		p = converted(&b, XST_CONTAINER_XL, &c);
		assert_int_equal(p.code, 0);
		assert_int_equal(c.calls, 1);
		assert_int_equal(c.stored.layer, XST_LAYER_XL);
		assert_int_equal(p.out.size, b.size);
		assert_memory_equal(p.out.data, b.data, b.size);
		poured_free(&p);
		build_free(&b);
	}
}

/* --- other containers ------------------------------------------------------------------------- */

static void told_what_is_stored(void **state)
{
	static const char text[] = "name='x'";
	struct caller c = caller_with(text, 8, false);
	struct build b = { 0 };
	struct poured p;

	(void)state;
	libvirt_header(&b, 2, "<domain/>", 10);
	build_modern(&b, &small);
	p = converted(&b, XST_CONTAINER_AUTO, &c);
	assert_int_equal(p.code, 0);
	assert_int_equal(c.stored.layer, XST_LAYER_LIBVIRT);
	assert_int_equal(c.stored.size, 10);
	assert_memory_equal(c.text, "<domain/>", 10);
	assert_int_equal(c.preset.size, 0);
	assert_memory_equal(p.out.data + 0x34, text, 8);
	poured_free(&p);
	build_free(&b);
}

static void libvirt(void **state)
{
	struct caller c = caller_with("<domain id='4'/>", 17, false);
	struct build b;
	struct poured p, again;

	(void)state;
	build_small(&b, &small);
	p = converted(&b, XST_CONTAINER_LIBVIRT, NULL);
	assert_int_equal(p.code, XST_E_REFUSED);
	assert_string_equal(p.error.rule, "convert.config");
	poured_free(&p);
	p = converted(&b, XST_CONTAINER_LIBVIRT, &c);
	assert_int_equal(p.code, 0);
	assert_int_equal(c.preset.layer, XST_LAYER_LIBVIRT);
	assert_memory_equal(p.out.data, "libvirt-xml\n \0 \r", 16);
	assert_int_equal(at(&p.out, 0x10), 2);
	assert_int_equal(at(&p.out, 0x14), 17);
	assert_memory_equal(p.out.data + 64, c.answer.data, 17);
	assert_memory_equal(p.out.data + 81, b.data, b.size);
	again = converted(&p.out, XST_CONTAINER_LIBVIRT, NULL);
	assert_int_equal(again.out.size, p.out.size);
	assert_memory_equal(again.out.data, p.out.data, p.out.size);
	poured_free(&again);
	poured_free(&p);
	build_free(&b);
}

static void xenserver(void **state)
{
	struct caller c = caller_with("((vm_str a))", 12, false);
	struct modern m = { .libxl = true, .batches = 1, .pages = 1, .params = 1, .emulator = 34 };
	struct build b;
	struct poured p;

	(void)state;
	build_small(&b, &m);
	p = converted(&b, XST_CONTAINER_XENSERVER, &c);
	assert_int_equal(p.code, 0);
	assert_memory_equal(p.out.data, "XenSavedDomv2-\n\x0f\0\0\0\0\0\0\0\x0c\0\0\0\0\0\0\0((vm_str a))"
			    "\xf0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 67);
	/* the state's record and the end: 16 bytes each, and the state between them */
	assert_memory_equal(p.out.data + p.out.size - 16 - 38 - 16, "\0\x0f\0\0\0\0\0\0\x26\0\0\0\0\0\0\0", 16);
	assert_memory_equal(p.out.data + p.out.size - 16, "\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	poured_free(&p);
	build_free(&b);
}

/* --- refusals --------------------------------------------------------------------------------- */

static void the_callers_words(void **state)
{
	struct caller c = { .code = XST_E_MALFORMED };
	struct build b;
	struct poured p;

	(void)state;
	build_small(&b, &small);
	p = converted(&b, XST_CONTAINER_XL, &c);
	assert_int_equal(p.code, XST_E_MALFORMED);
	assert_string_equal(p.error.rule, "convert.config");
	assert_non_null(strstr(p.error.text, "because of"));
	poured_free(&p);
	build_free(&b);
}

/* Bare streams have no place for one: nobody is asked. */
static void not_asked(void **state)
{
	struct caller c = caller_with("x", 1, false);
	struct build b;
	struct poured p;

	(void)state;
	build_small(&b, &small);
	p = converted(&b, XST_CONTAINER_LIBXL, &c);
	assert_int_equal(p.code, 0);
	assert_int_equal(c.calls, 0);
	assert_int_equal(p.out.size, b.size);
	poured_free(&p);
	build_free(&b);
}

static void too_much(void **state)
{
	struct caller c = caller_with("x", (16u << 20) + 1, false);
	struct build b;
	struct poured p;

	(void)state;
	build_small(&b, &small);
	p = converted(&b, XST_CONTAINER_XL, &c);
	assert_int_equal(p.code, XST_E_ARG);
	poured_free(&p);
	build_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(given_to_xl),       cmocka_unit_test(optional_data_stays),
		cmocka_unit_test(unchanged),         cmocka_unit_test(told_what_is_stored),
		cmocka_unit_test(libvirt),           cmocka_unit_test(xenserver),
		cmocka_unit_test(the_callers_words), cmocka_unit_test(not_asked),
		cmocka_unit_test(too_much),
	};

	return cmocka_run_group_tests_name("configured", tests, NULL, NULL);
}
