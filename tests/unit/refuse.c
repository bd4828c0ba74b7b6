/* SPDX-License-Identifier: MIT */
/* What each Xen refuses: a sound image of today, one value changed, and the versions on both sides of each boundary
 * that the tables have for it. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenstream/job.h>

#include "letters.h"
#include "unit.h"

#define HVM "hCMSDTPNE"
#define OLD "oIFDTHB9YE" /* of version 2, which Xen 4.6 and later read */

#define V(minor, point) XST_XEN(4, minor, point)
#define BOUNDS 6

struct edit {
	char letter;
	size_t at;
	unsigned size;
	uint64_t value;
};

struct refusal {
	const char *name, *letters;
	struct edit edit[3];
	uint32_t takes[BOUNDS], refuses[BOUNDS];
};

#define PARAM(index, number) \
	{ { 'P', ENTRIES, 8, index }, { 'P', ENTRIES + 8, 8, number } }
#define CPU(where, bytes, number) { { 'N', HVM_CPU_BODY + (where), bytes, number } }
#define MSR(index, number) \
	{ { 'N', HVM_MSR + 8 + 8, 4, index }, { 'N', HVM_MSR + 8 + 16, 8, number } }
#define XSAVE(where, number) { { 'N', HVM_XSAVE + 8 + (where), 8, number } }
#define LEAF(number, sub) { { 'C', BODY + 24, 4, number }, { 'C', BODY + 28, 4, sub } }
#define TAKES(...) .takes = { __VA_ARGS__ }
#define REFUSES(...) .refuses = { __VA_ARGS__ }
#define ALL V(14, 0), V(14, 6), V(17, 0), V(22, 0)
#define NONE_TAKES REFUSES(ALL)

static const struct refusal refusals[] = {
	{ "leaf 0x8000001c", HVM, LEAF(0x8000001c, UINT32_MAX), TAKES(V(14, 1), V(15, 0), V(22, 0)) },
	{ "leaf 0x8000001d", HVM, LEAF(0x8000001d, UINT32_MAX), TAKES(V(14, 5), V(15, 3), V(16, 0), V(22, 0)),
	  REFUSES(V(14, 4), V(15, 2)) },
	{ "leaf 0x80000022", HVM, LEAF(0x80000022, UINT32_MAX), NONE_TAKES },
	{ "subleaf 1 of leaf 7", HVM, LEAF(7, 1), TAKES(V(14, 1), V(16, 0)) },
	{ "subleaf 2 of leaf 7", HVM, LEAF(7, 2), TAKES(V(14, 5), V(15, 3), V(16, 1), V(17, 0)),
	  REFUSES(V(14, 4), V(15, 2), V(16, 0)) },
	{ "subleaf 3 of leaf 7", HVM, LEAF(7, 3), NONE_TAKES },
	{ "leaf 0xd, subleaf 62", HVM, LEAF(0xd, 62), TAKES(V(14, 1), V(22, 0)) },
	{ "leaf 0xd, subleaf 63", HVM, LEAF(0xd, 63), NONE_TAKES },
	{ "leaf 2 with a subleaf", HVM, LEAF(2, 0), NONE_TAKES },
	{ "two MSRs in a policy", HVM, { { 0 } }, TAKES(V(14, 1), V(15, 0)), REFUSES(V(14, 0)) },
	{ "ARCH_CAPABILITIES of 33 bits", HVM, { { 'M', BODY + 24, 8, UINT64_C(1) << 32 } },
	  TAKES(V(14, 6), V(15, 5), V(16, 5), V(17, 2), V(18, 0)),
	  REFUSES(V(14, 5), V(15, 4), V(16, 4), V(17, 1)) },
	{ "highest leaf 0xe", HVM, { { 'C', BODY + 8, 4, 0xe } }, NONE_TAKES },
	{ "an unknown vendor", HVM, { { 'C', BODY + 12, 4, 0 } }, TAKES(V(14, 1), V(21, 0)), REFUSES(V(22, 0)) },

	{ "VIRIDIAN with bit 9", HVM, PARAM(9, 0x201), TAKES(V(14, 1)) },
	{ "VIRIDIAN with bit 10", HVM, PARAM(9, 0x401), TAKES(V(15, 0)), REFUSES(V(14, 6)) },
	{ "VIRIDIAN with bit 13", HVM, PARAM(9, 0x2001), NONE_TAKES },
	{ "VIRIDIAN without base", HVM, PARAM(9, 2), NONE_TAKES },
	{ "TIMER_MODE 3", HVM, PARAM(10, 3), TAKES(V(14, 1), V(22, 0)) },
	{ "TIMER_MODE 4", HVM, PARAM(10, 4), NONE_TAKES },
	{ "DM_DOMAIN", HVM, PARAM(13, 0), NONE_TAKES },
	{ "ACPI_S_STATE 3", HVM, PARAM(14, 3), TAKES(V(14, 1), V(22, 0)) },
	{ "ACPI_S_STATE 2", HVM, PARAM(14, 2), NONE_TAKES },
	{ "ACPI_IOPORTS 2", HVM, PARAM(19, 2), NONE_TAKES },
	{ "MEMORY_EVENT_CR3", HVM, PARAM(21, 0), NONE_TAKES },
	{ "NESTEDHVM", HVM, PARAM(24, 1), TAKES(V(14, 6)), REFUSES(V(15, 0), V(22, 0)) },
	{ "NESTEDHVM 2", HVM, PARAM(24, 2), NONE_TAKES },
	{ "TRIPLE_FAULT_REASON 5", HVM, PARAM(31, 5), TAKES(V(14, 1)) },
	{ "TRIPLE_FAULT_REASON 6", HVM, PARAM(31, 6), NONE_TAKES },
	{ "no ioreq server's page", HVM, PARAM(33, 0), NONE_TAKES },
	{ "64 ioreq servers' pages", HVM, PARAM(33, 64), TAKES(V(14, 1), V(22, 0)) },
	{ "65 ioreq servers' pages", HVM, PARAM(33, 65), NONE_TAKES },
	{ "ALTP2M", HVM, PARAM(35, 3), TAKES(V(14, 1), V(18, 6)), REFUSES(V(19, 0), V(20, 0)) },
	{ "ALTP2M 4", HVM, PARAM(35, 4), NONE_TAKES },
	{ "X87_FIP_WIDTH 8", HVM, PARAM(36, 8), TAKES(V(14, 1), V(22, 0)) },
	{ "X87_FIP_WIDTH 3", HVM, PARAM(36, 3), NONE_TAKES },
	{ "X87_FIP_WIDTH 12", HVM, PARAM(36, 12), NONE_TAKES },
	{ "a small task state segment", HVM, PARAM(37, UINT64_C(103) << 32), NONE_TAKES },
	{ "MCA_CAP 1", HVM, PARAM(38, 1), TAKES(V(14, 1), V(22, 0)) },
	{ "MCA_CAP 2", HVM, PARAM(38, 2), NONE_TAKES },
	{ "parameter 39", HVM, PARAM(39, 0), NONE_TAKES },

	{ "TSC mode 2", HVM, { { 'T', BODY, 4, 2 } }, TAKES(V(14, 1), V(22, 0)) },
	{ "TSC mode 3", HVM, { { 'T', BODY, 4, 3 } }, NONE_TAKES },
	{ "TSC mode 3 in version 2", OLD, { { 'T', BODY, 4, 3 } }, TAKES(V(6, 0), V(11, 4)), REFUSES(V(12, 0)) },

	{ "CR0 with bit 6", HVM, CPU(656, 8, 0x50), NONE_TAKES },
	{ "CR0 with bit 32", HVM, CPU(656, 8, UINT64_C(0x100000010)), NONE_TAKES },
	{ "CR3 with bit 52", HVM, CPU(672, 8, UINT64_C(1) << 52), NONE_TAKES },
	{ "CR4 with CET", HVM, CPU(680, 8, 1 << 23), TAKES(V(16, 0)), REFUSES(V(15, 7)) },
	{ "CR4 with PKS", HVM, CPU(680, 8, 1 << 24), TAKES(V(18, 0)), REFUSES(V(17, 7)) },
	{ "CR4 with LASS", HVM, CPU(680, 8, 1 << 27), TAKES(V(22, 0)), REFUSES(V(21, 2)) },
	{ "CR4 with bit 12", HVM, CPU(680, 8, 1 << 12), NONE_TAKES },
	{ "DR6 of 33 bits", HVM, CPU(720, 8, UINT64_C(1) << 32), TAKES(V(14, 1), V(17, 7)), REFUSES(V(18, 0)) },
	{ "DR7 of 33 bits", HVM, CPU(728, 8, UINT64_C(1) << 32), TAKES(V(17, 7)), REFUSES(V(18, 0)) },
	{ "EFER with LMSLE", HVM, CPU(992, 8, 1 << 13), NONE_TAKES },
	{ "EFER with automatic IBRS", HVM, CPU(992, 8, 1 << 21), TAKES(V(18, 0)), REFUSES(V(17, 7)) },
	{ "EFER with LMA alone", HVM, CPU(992, 8, 1 << 10), NONE_TAKES },
	{ "long mode without paging", HVM, CPU(992, 8, 5 << 8), NONE_TAKES },
	{ "TSC_AUX of 33 bits", HVM, CPU(1000, 8, UINT64_C(1) << 32), NONE_TAKES },
	{ "an event of type 4", HVM, CPU(1016, 4, 0x80000400), TAKES(V(14, 1), V(22, 0)) },
	{ "an event of type 1", HVM, CPU(1016, 4, 0x80000100), NONE_TAKES },
	{ "an event of type 7", HVM, CPU(1016, 4, 0x80000700), NONE_TAKES },
	{ "an event with reserved bits", HVM, CPU(1016, 4, 0x80001000), NONE_TAKES },
	{ "no event, but its bits", HVM, CPU(1016, 4, 0x1700), TAKES(V(14, 1), V(22, 0)) },
	{ "flags 2", HVM, CPU(1024, 4, 2), NONE_TAKES },
	{ "a RIP that is not canonical", HVM, CPU(640, 8, UINT64_C(1) << 63), TAKES(V(14, 1), V(22, 0)) },

	{ "the last reserved word", HVM, XSAVE(24 + 512 + 56, 1), NONE_TAKES },
	{ "MSR of no vCPU", HVM, MSR(0x10, 0), NONE_TAKES },
	{ "SPEC_CTRL", HVM, MSR(0x48, 7), TAKES(V(14, 1), V(22, 0)) },
	{ "SPEC_CTRL with BHI_DIS_S", HVM, MSR(0x48, 0x400),
	  TAKES(V(15, 6), V(16, 6), V(17, 4), V(18, 2), V(19, 0)),
	  REFUSES(V(14, 6), V(15, 5), V(16, 5), V(17, 3), V(18, 1)) },
	{ "SPEC_CTRL with bit 8", HVM, MSR(0x48, 0x100), NONE_TAKES },
	{ "PKRS", HVM, MSR(0x6e1, 0), TAKES(V(18, 0)), REFUSES(V(17, 7)) },
	{ "VIRT_SPEC_CTRL", HVM, MSR(0xc001011f, 0), TAKES(V(17, 0)), REFUSES(V(16, 7)) },
	{ "XSS", HVM, MSR(0xda0, 1), NONE_TAKES },
	{ "an address mask of 33 bits", HVM, MSR(0xc0011019, UINT64_C(1) << 32), NONE_TAKES },
	{ "PIC 0 as a slave", HVM, { { 'N', HVM_PIC + 8 + 5, 1, 0 } }, TAKES(V(18, 6)), REFUSES(V(19, 0)) },
	{ "a PIC with an output of 2", HVM, { { 'N', HVM_PIC + 8 + 7, 1, 2 } }, TAKES(V(18, 6)),
	  REFUSES(V(19, 0)) },
};

static void keep(void *to, const struct xst_restorability *r)
{
	*(struct xst_restorability *)to = *r;
}

static void apply(struct word *w, const struct edit *e)
{
	for (unsigned i = 0; i < e->size; i++)
		w->b.data[word_find(w, e->letter) + e->at + i] = (uint8_t)(e->value >> 8 * i);
}

static void judge(const struct refusal *k, struct xst_restorability *ret)
{
	struct xst_job_options job = { .size = sizeof(job), .restorability = keep, .userdata = ret };
	struct xst_verify_options o = { .size = sizeof(o), .job = &job };
	int fd = memfd_create("refuse", MFD_CLOEXEC);
	struct word w = { 0 };
	struct xst_verdict v;

	word_build(&w, k->letters);
	for (size_t i = 0; i < sizeof(k->edit) / sizeof(k->edit[0]); i++)
		apply(&w, &k->edit[i]);
	assert_int_equal(write(fd, w.b.data, w.b.size), w.b.size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(xst_verify_fd(fd, &o, &v, NULL), 0);
	build_free(&w.b);
	close(fd);
}

static bool restores(const struct xst_restorability *r, uint32_t xen)
{
	return !r->never && xst_reason_against(r, xen) == r->n;
}

static void one_refusal(void **state)
{
	const struct refusal *k = *state;
	struct xst_restorability r = { .n = 0 };

	judge(k, &r);
	for (size_t i = 0; i < BOUNDS && k->takes[i]; i++) {
		if (!restores(&r, k->takes[i]))
			print_message("4.%u.%u takes it, against: %s\n", k->takes[i] >> 8 & 0xff, k->takes[i] & 0xff,
				      r.never || !r.n ? "errors" : r.reasons[xst_reason_against(&r, k->takes[i])].text);
		assert_true(restores(&r, k->takes[i]));
	}
	for (size_t i = 0; i < BOUNDS && k->refuses[i]; i++) {
		if (restores(&r, k->refuses[i]))
			print_message("4.%u.%u refuses it\n", k->refuses[i] >> 8 & 0xff, k->refuses[i] & 0xff);
		assert_false(restores(&r, k->refuses[i]));
	}
}

/* --- reasons -------------------------------------------------------------------------------- */

static void a_reason_ends_with_point_releases(void **state)
{
	struct xst_reason r = { .until = V(11, 0), .points = { V(11, 1), V(9, 3) } };

	(void)state;
	assert_false(xst_reason_excludes(&r, V(8, 5)));
	assert_false(xst_reason_excludes(&r, V(9, 2)));
	assert_true(xst_reason_excludes(&r, V(9, 3)));
	assert_false(xst_reason_excludes(&r, V(11, 0)));
	assert_true(xst_reason_excludes(&r, V(11, 1)));
	assert_true(xst_reason_excludes(&r, V(12, 0)));
}

int main(void)
{
	struct CMUnitTest tests[sizeof(refusals) / sizeof(refusals[0]) + 1];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		tests[n++] = (struct CMUnitTest){ .name = refusals[i].name, .test_func = one_refusal,
						  .initial_state = (void *)&refusals[i] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_reason_ends_with_point_releases);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
