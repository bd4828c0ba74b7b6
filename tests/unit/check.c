/* SPDX-License-Identifier: MIT */
/* What the checker says of words that are sound, and of those that break a rule of order or presence.
 * Every rule of the catalogue is broken in rules.c.
 *
 * A stream is a word: each letter stands for a record, see letters.c. */
#include <xenstream/check.h>
#include <xenstream/parser.h>

#include "letters.h"
#include "unit.h"

struct check_case {
	const char *name;
	const char *letters;
	const char *rules;   /* that are broken, in order */
	const char *text;    /* of the first, or NULL */
};

/* --- checking ------------------------------------------------------------------------------- */

struct result {
	char rules[500];
	char text[240];
	size_t n;
};

static void note(struct result *r, struct xst_checker *c)
{
	const struct xst_finding *f;

	while ((f = xst_checker_finding(c))) {
		size_t at = strlen(r->rules);

		snprintf(r->rules + at, sizeof(r->rules) - at, "%s%s", at ? " " : "", f->rule);
		if (!r->n++)
			memcpy(r->text, f->text, sizeof(r->text));
	}
}

static void check(const struct build *b, struct result *r)
{
	struct xst_in in = { b->data, b->size, 0 };
	const struct xst_event *ev;
	struct xst_checker *c;
	struct xst_parser *p;

	memset(r, 0, sizeof(*r));
	assert_int_equal(xst_parser_new(NULL, &p), 0);
	assert_int_equal(xst_checker_new(NULL, &c), 0);
	do {
		assert_int_equal(xst_parser_next(p, &in, &ev), 0);
		if (ev->type == XST_EVENT_NEED)
			xst_parser_eof(p);
		assert_int_equal(xst_checker_event(c, ev), 0);
		note(r, c);
	} while (ev->type != XST_EVENT_FINISHED);
	xst_checker_free(c);
	xst_parser_free(p);
}

static const struct check_case cases[] = {
	{ "a sound PV image", "pICMSFDDTHBXRE", "", NULL },
	{ "a sound 64-bit image of version 2", "oIFDTHBE", "", NULL },
	{ "a sound 32-bit image", "p8SFZTHbE", "", NULL },
	{ "a sound HVM image", "hCMSDTPNE", "", NULL },
	{ "a p2m that grows", "pISFDG=THBE", "", NULL },
	{ "a p2m that has grown, and its beginning again", "pISFGDF=THBE", "", NULL },
	{ "a page before the p2m has grown", "pISFD=GTHBE", "libxc.page-data.pfn", NULL },
	{ "a sound libxl stream", "lchSDTPNExqe", "", NULL },
	{ "a sound checkpointed stream", "lchSDTPNKxqkDTPNKqkExqe", "", NULL },
	{ "a checkpointed PV stream", "lcpISFDTHBKkDTHBKkEe", "", NULL },
	{ "a checkpoint without registers", "lcpISFDTHBXKkDTHXKkDTHBXKkEe", "libxc.order libxc.missing",
	  "X86_PV_VCPU_EXTENDED of vCPU 0 without its X86_PV_VCPU_BASIC" },
	{ "memory twice, to compare", "hSDVDTPNE", "", NULL },
	{ "an unknown record anywhere", "hUSDTPNE", "record.optional", NULL },

	{ "a PV record of an HVM guest", "hSDTPNHE", "libxc.guest",
	  "SHARED_INFO in an HVM guest's image" },
	{ "an HVM record of a PV guest", "pISFDTHBPE", "libxc.guest",
	  "HVM_PARAMS in a PV guest's image" },
	{ "a PV guest's device model", "lcpISFDTHBEqe", "libxl.emulator.guest",
	  "EMULATOR_CONTEXT in a PV guest's image" },
	{ "a device model in front of a PV guest", "lqcpISFDTHBEe", "libxl.emulator.guest", NULL },
	{ "and of an HVM guest", "lqchSDTPNEe", "", NULL },
	{ "a PV guest's xenstore keys", "lcpISFDTHBExe", "libxl.emulator.guest", NULL },

	{ "PV info after the static data", "pSIFDTHBE", "libxc.static-data",
	  "X86_PV_INFO stands after STATIC_DATA_END" },
	{ "a policy after the static data", "hSCDTPNE", "libxc.static-data",
	  "X86_CPUID_POLICY stands after STATIC_DATA_END" },
	{ "frames before the end of static data", "pIFSDTHBE", "libxc.static-data",
	  "X86_PV_P2M_FRAMES stands before STATIC_DATA_END" },

	{ "frames without PV info", "oFIDTHBE", "libxc.order",
	  "X86_PV_P2M_FRAMES stands before X86_PV_INFO" },
	{ "pages without frames", "oIDFTHBE", "libxc.order",
	  "PAGE_DATA needs X86_PV_P2M_FRAMES before it" },
	{ "registers without pages", "oIFBDTHE", "libxc.order",
	  "X86_PV_VCPU_BASIC needs PAGE_DATA before it" },
	{ "extended registers first", "oIFDTHXBE", "libxc.order",
	  "X86_PV_VCPU_EXTENDED of vCPU 0 without its X86_PV_VCPU_BASIC" },
	{ "an xsave area of another vCPU", "oIFDTHBYE", "libxc.order",
	  "X86_PV_VCPU_XSAVE of vCPU 1 without its X86_PV_VCPU_BASIC" },
	{ "and with it", "oIFDTHB9YE", "", NULL },
	{ "every Xen's own order, which isn't the specification's", "hSDTNPE", "", NULL },

	{ "PV info twice", "pIISFDTHBE", "libxc.twice", "a second X86_PV_INFO record" },
	{ "two ends of static data", "hSSDTPNE", "libxc.twice", "a second STATIC_DATA_END record" },
	{ "two CPUID policies", "hCCSDTPNE", "libxc.repeated",
	  "another X86_CPUID_POLICY record, which is the one that counts" },
	{ "two MSR policies", "hMMSDTPNE", "libxc.repeated",
	  "another X86_MSR_POLICY record, which is the one that counts" },
	{ "shared info twice", "pISFDTHHBE", "libxc.repeated",
	  "another SHARED_INFO record, which is the one that counts" },
	{ "two HVM contexts", "hSDTPNNE", "libxc.repeated",
	  "another HVM_CONTEXT record, which is the one that counts" },
	{ "registers twice", "pISFDTHBBE", "libxc.repeated",
	  "another X86_PV_VCPU_BASIC of vCPU 0, which is the one that counts" },

	{ "no frames", "oIE", "libxc.missing libxc.missing libxc.missing libxc.missing",
	  "no PAGE_DATA record in the image" },
	{ "no registers", "oIFDTHE", "libxc.missing", "no X86_PV_VCPU_BASIC record in the image" },
	{ "no shared info", "oIFDTBE", "libxc.missing", "no SHARED_INFO record in the image" },
	{ "no pages", "hSTPNE", "libxc.missing", "no PAGE_DATA record in the image" },
	{ "no parameters", "hSDTNE", "libxc.missing", NULL },
	{ "no context", "hSDTPE", "libxc.missing", "no HVM_CONTEXT record in the image" },
	{ "no end of static data", "hCE", "libxc.static-data libxc.missing libxc.missing "
	  "libxc.missing libxc.missing", "END stands before STATIC_DATA_END" },
	{ "no context in a checkpoint", "lchSDTPNKkDTPKkEe", "libxc.missing",
	  "no HVM_CONTEXT record in the image" },

	{ "64 bits with 3 levels", "pJSFDTHBE", "libxc.pv-info",
	  "8 bytes with 3 levels of page tables" },
	{ "32 bits with 4 levels", "p7SFDTHbE", "libxc.pv-info",
	  "4 bytes with 4 levels of page tables" },
	{ "a context of the other width", "pISFDTHbE", "libxc.vcpu.size",
	  "2800 bytes; a 64-bit guest's context has 5168" },
	{ "and the other way round", "p8SFZTHBE", "libxc.vcpu.size",
	  "5168 bytes; a 32-bit guest's context has 2800" },
	{ "a pfn twice", "hSDdTPNE", "libxc.page-data.twice", "0x8 stands twice in the record" },
	{ "but in two records it may", "hSDDTPNE", "", NULL },

	{ "an empty part of a key", "lchSDTPNE1e", "libxl.xenstore.key",
	  "\"physmap//size\" is no key that xenstored takes here" },
	{ "an absolute key", "lchSDTPNE2e", "libxl.xenstore.key", NULL },
	{ "a key of a directory", "lchSDTPNE3e", "libxl.xenstore.key", NULL },
	{ "a space in a key", "lchSDTPNE4e", "libxl.xenstore.key", NULL },
	{ "a key of no letters", "lchSDTPNE5e", "libxl.xenstore.key", NULL },
	{ "a key elsewhere", "lchSDTPNE6e", "libxl.xenstore.path",
	  "\"device-model/state\" lies outside physmap/" },
	{ "an unknown device model", "lchSDTPNEue", "libxl.emulator.id",
	  "3: no such device model" },
	{ "a device model that QEMU won't take", "lchSDTPNEwe", "libxl.emulator.magic",
	  "the device model's state does not begin with QEVM" },

	{ "no image", "le", "libxl.libxc-context", "the stream ends without a libxc image" },
	{ "two images", "lcoIFDTHBEcoEe", NULL, NULL },
};

static void one_case(void **state)
{
	const struct check_case *k = *state;
	struct word w = { 0 };
	struct result r;

	word_build(&w, k->letters);
	check(&w.b, &r);
	if (k->rules)
		assert_string_equal(r.rules, k->rules);
	else
		assert_true(strncmp(r.rules, "libxl.libxc-context", 19) == 0);
	if (k->text)
		assert_string_equal(r.text, k->text);
	build_free(&w.b);
}

/* --- legacy, and the catalogue -------------------------------------------------------------- */

static void a_legacy_stream_is_checkpointed(void **state)
{
	struct legacy l = { .batches = 1, .pages = 1, .checkpoints = 3,
			    .tail = "DeviceModelRecord0002", .emulator = 4 };
	struct build b = { 0 };
	struct result r;

	(void)state;
	build_legacy(&b, &l);
	check(&b, &r);
	assert_string_equal(r.rules, "legacy.checkpointed");
	l.checkpoints = 1;
	l.last_checkpoint = true;
	b.size = 0;
	build_legacy(&b, &l);
	check(&b, &r);
	assert_string_equal(r.rules, "");
	build_free(&b);
}

/* A legacy receiver takes a pfn twice in a batch. */
static void legacy_doubles_are_fine(void **state)
{
	struct build b = { 0 };
	struct result r;

	(void)state;
	legacy_head(&b, 8, 64);
	batch(&b, (uint64_t[]){ 1, 1 }, 2, true);
	chunk(&b, -2);
	put32(&b, 0);
	put64(&b, 1);
	chunk(&b, -9);
	chunk(&b, 0);
	magic_pfns(&b);
	put32(&b, HVM_STATE);
	hvm_state(&b);
	check(&b, &r);
	assert_string_equal(r.rules, "");
	build_free(&b);
}

static void the_catalogue_is_sound(void **state)
{
	struct xst_rule_info r, other, same;
	unsigned n = 0;

	(void)state;
	for (; xst_rule(n, &r) == 0; n++) {
		assert_non_null(strchr(r.id, '.'));
		assert_true(strlen(r.why) > 10 && r.why[strlen(r.why) - 1] != '.');
		assert_true(strlen(r.section) > 0);
		assert_true(r.severity >= XST_NOTE && r.severity <= XST_ERROR);
		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(xst_rule(i, &other), 0);
			assert_string_not_equal(other.id, r.id);
		}
		assert_int_equal(xst_rule_by_id(r.id, &same), 0);
		assert_string_equal(same.why, r.why);
	}
	assert_true(n > 60);
	assert_int_equal(xst_rule(n, &r), XST_E_ARG);
	assert_int_equal(xst_rule(0, NULL), XST_E_ARG);
	assert_int_equal(xst_rule_by_id("no.such", &r), XST_E_ARG);
	assert_int_equal(xst_checker_new(NULL, NULL), XST_E_ARG);
	assert_null(xst_checker_free(NULL));
}

int main(void)
{
	struct CMUnitTest tests[COUNT(cases) + 3] = {
		[COUNT(cases)] = cmocka_unit_test(a_legacy_stream_is_checkpointed),
		[COUNT(cases) + 1] = cmocka_unit_test(legacy_doubles_are_fine),
		[COUNT(cases) + 2] = cmocka_unit_test(the_catalogue_is_sound),
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		tests[i].name = cases[i].name;
		tests[i].test_func = one_case;
		tests[i].initial_state = (void *)(uintptr_t)&cases[i];
	}
	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
