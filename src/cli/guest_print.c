/* SPDX-License-Identifier: MIT */
/* The processors of a decoded guest, as an engineer expects them. */
#include "cli/guest_view.h"

#include <inttypes.h>
#include <string.h>

/* --- registers ------------------------------------------------------------------------------ */

struct shown {
	FILE *to;
	const struct xst_state *state;
	uint32_t vcpu;
};

static bool has_register(const struct shown *s, enum xst_register reg, uint64_t *ret)
{
	return xst_state_register(s->state, s->vcpu, reg, ret) == 0;
}

static void bit_words(FILE *to, enum xst_register reg, uint64_t v)
{
	const char *before = "  [";

	for (unsigned bit = 0; bit < 64; bit++) {
		const char *name = xst_register_bit_name(reg, bit);

		if (!(v >> bit & 1) || !name)
			continue;
		fprintf(to, "%s%s", before, name);
		before = " ";
	}
	if (*before == ' ' && before[1] == '\0')
		fputc(']', to);
}

/* Three in a line. */
static void plain_registers(const struct shown *s, const enum xst_register *regs, size_t n)
{
	unsigned shown = 0;
	uint64_t v;

	for (size_t i = 0; i < n; i++)
		if (has_register(s, regs[i], &v))
			fprintf(s->to, "%s%-6s 0x%016" PRIx64,
				shown++ % 3 ? "  "
				: shown > 1 ? "\n  "
					    : "  ",
				xst_register_name(regs[i]), v);
	if (shown)
		fputc('\n', s->to);
}

/* Each with its bits. */
static void registers_in_words(const struct shown *s, const enum xst_register *regs, size_t n)
{
	uint64_t v;

	for (size_t i = 0; i < n; i++) {
		if (!has_register(s, regs[i], &v))
			continue;
		fprintf(s->to, "  %-14s 0x%016" PRIx64, xst_register_name(regs[i]), v);
		bit_words(s->to, regs[i], v);
		fputc('\n', s->to);
	}
}

static void attribute_words(FILE *to, uint64_t attributes)
{
	if (attributes >> 16 & 1 || !(attributes & 0x80)) {
		fputs("  unusable", to);
		return;
	}
	fprintf(to, "  DPL %u %s", (unsigned)(attributes >> 5 & 3),
		!(attributes & 0x10) ? "system"
		: attributes & 8     ? "code"
				     : "data");
	if ((attributes & 0x18) == 0x18)
		fputs(attributes & 0x200   ? " 64-bit"
		      : attributes & 0x400 ? " 32-bit"
					   : " 16-bit",
		      to);
}

static void segment(const struct shown *s, enum xst_register reg)
{
	uint64_t selector, v;

	if (!has_register(s, reg, &selector))
		return;
	fprintf(s->to, "  %-4s 0x%04" PRIx64, xst_register_name(reg), selector);
	if (has_register(s, (enum xst_register)(reg + 1), &v))
		fprintf(s->to, "  base 0x%016" PRIx64, v);
	if (has_register(s, (enum xst_register)(reg + 2), &v))
		fprintf(s->to, "  limit 0x%08" PRIx64, v);
	if (has_register(s, (enum xst_register)(reg + 3), &v)) {
		fprintf(s->to, "  attributes 0x%04" PRIx64, v);
		attribute_words(s->to, v);
	}
	fputc('\n', s->to);
}

static void descriptor_table(const struct shown *s, const char *name, enum xst_register base)
{
	uint64_t at, limit;

	if (has_register(s, base, &at) && has_register(s, (enum xst_register)(base + 1), &limit))
		fprintf(s->to, "  %-4s         base 0x%016" PRIx64 "  limit 0x%08" PRIx64 "\n",
			name, at, limit);
}

static void segments(const struct shown *s)
{
	static const enum xst_register regs[] = {
		XST_REG_CS, XST_REG_SS, XST_REG_DS, XST_REG_ES,
		XST_REG_FS, XST_REG_GS, XST_REG_TR, XST_REG_LDTR
	};

	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		segment(s, regs[i]);
	descriptor_table(s, "gdtr", XST_REG_GDTR_BASE);
	descriptor_table(s, "idtr", XST_REG_IDTR_BASE);
}

static void pending_event(const struct shown *s)
{
	static const char *const types[] = { "external interrupt",
					     "type 1",
					     "NMI",
					     "exception",
					     "software interrupt",
					     "privileged software exception",
					     "software exception",
					     "type 7" };
	uint64_t event, code;

	if (!has_register(s, XST_REG_PENDING_EVENT, &event))
		return;
	if (!(event >> 31)) {
		fputs("  no event is pending\n", s->to);
		return;
	}
	fprintf(s->to, "  pending        vector 0x%02" PRIx64 ", %s", event & 0xff,
		types[event >> 8 & 7]);
	if (event >> 11 & 1 && has_register(s, XST_REG_ERROR_CODE, &code))
		fprintf(s->to, ", error code 0x%" PRIx64, code);
	fputc('\n', s->to);
}

static void all_registers(const struct shown *s)
{
	static const enum xst_register general[] = {
		XST_REG_RAX, XST_REG_RBX, XST_REG_RCX, XST_REG_RDX, XST_REG_RSI, XST_REG_RDI,
		XST_REG_RBP, XST_REG_RSP, XST_REG_R8,  XST_REG_R9,  XST_REG_R10, XST_REG_R11,
		XST_REG_R12, XST_REG_R13, XST_REG_R14, XST_REG_R15, XST_REG_RIP
	};
	static const enum xst_register control[] = {
		XST_REG_RFLAGS, XST_REG_CR0,  XST_REG_CR2,  XST_REG_CR3,       XST_REG_USER_CR3,
		XST_REG_CR4,	XST_REG_EFER, XST_REG_XCR0, XST_REG_XCR0_ACCUM
	};
	static const enum xst_register debug[] = { XST_REG_DR0, XST_REG_DR1, XST_REG_DR2,
						   XST_REG_DR3, XST_REG_DR6, XST_REG_DR7 };
	static const enum xst_register system[] = { XST_REG_STAR,	    XST_REG_LSTAR,
						    XST_REG_CSTAR,	    XST_REG_SFMASK,
						    XST_REG_KERNEL_GS_BASE, XST_REG_SYSENTER_CS,
						    XST_REG_SYSENTER_ESP,   XST_REG_SYSENTER_EIP,
						    XST_REG_TSC_AUX,	    XST_REG_TSC,
						    XST_REG_TSC_ADJUST,	    XST_REG_TSC_DEADLINE,
						    XST_REG_APIC_BASE,	    XST_REG_PAT };

	plain_registers(s, general, sizeof(general) / sizeof(general[0]));
	registers_in_words(s, control, sizeof(control) / sizeof(control[0]));
	segments(s);
	plain_registers(s, debug, sizeof(debug) / sizeof(debug[0]));
	registers_in_words(s, system, sizeof(system) / sizeof(system[0]));
	pending_event(s);
}

/* --- a vCPU --------------------------------------------------------------------------------- */

static const char *mode_words(const struct shown *s)
{
	uint64_t cr0, efer, attributes, flags;

	if (xst_state_guest(s->state) == XST_GUEST_PV)
		return xst_state_guest_width(s->state) == 4 ? "32-bit PV" : "64-bit PV";
	if (!has_register(s, XST_REG_CR0, &cr0) || !has_register(s, XST_REG_EFER, &efer) ||
	    !has_register(s, XST_REG_CS_ATTRIBUTES, &attributes) ||
	    !has_register(s, XST_REG_RFLAGS, &flags))
		return "mode unknown";
	if (efer >> 10 & 1)
		return attributes & 0x200 ? "64-bit" : "compatibility mode";
	if (!(cr0 & 1))
		return "real mode";
	if (flags >> 17 & 1)
		return "virtual 8086 mode";
	return cr0 >> 31 ? "32-bit, paging" : "32-bit, no paging";
}

void xst_cli_vcpu_line(FILE *to, const struct xst_state *state, uint32_t vcpu)
{
	static const enum xst_register regs[] = { XST_REG_RIP, XST_REG_RSP, XST_REG_CR3 };
	struct shown s = { to, state, vcpu };
	uint64_t v;

	fprintf(to, "%s", mode_words(&s));
	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		if (has_register(&s, regs[i], &v))
			fprintf(to, ", %s 0x%" PRIx64, xst_register_name(regs[i]), v);
}

static bool is_named(const struct xst_block *b, const char *name)
{
	return b->kind == XST_BLOCK_HVM && strcmp(b->name, name) == 0;
}

/* A vCPU's xsave area has the same floating point as its registers beside it. */
static bool has_area(const struct xst_state *state, uint32_t vcpu)
{
	struct xst_block b = { .size = sizeof(b) };
	size_t i = 0;

	while (xst_state_vcpu_block(state, vcpu, &i, &b) == 0)
		if (b.kind == XST_BLOCK_PV_XSAVE || is_named(&b, "CPU_XSAVE"))
			return true;
	return false;
}

static bool has_vectors(const struct xst_block *b, bool in_area)
{
	if (b->kind == XST_BLOCK_PV_XSAVE || is_named(b, "CPU_XSAVE"))
		return true;
	return !in_area && (b->kind == XST_BLOCK_PV_CONTEXT || is_named(b, "CPU"));
}

static void guest_block(FILE *to, const struct xst_block *b, bool in_area)
{
	if (has_vectors(b, in_area))
		xst_cli_vectors_print(to, b);
	if (b->kind == XST_BLOCK_PV_CONTEXT)
		xst_cli_pv_context_print(to, b);
	else if (is_named(b, "IOAPIC"))
		xst_cli_ioapic_print(to, b);
	else if (is_named(b, "LAPIC_REGS"))
		xst_cli_lapic_print(to, b);
	else if (b->kind == XST_BLOCK_PV_MSRS || is_named(b, "CPU_MSR"))
		xst_cli_msrs_print(to, b);
	else if (!has_vectors(b, false))
		xst_cli_block_print(to, b);
}

static void vcpu_blocks(FILE *to, const struct xst_state *state, uint32_t vcpu)
{
	struct xst_block b = { .size = sizeof(b) };
	bool in_area = has_area(state, vcpu);
	size_t i = 0;

	while (xst_state_vcpu_block(state, vcpu, &i, &b) == 0)
		guest_block(to, &b, in_area);
}

static void domain_blocks(FILE *to, const struct xst_state *state)
{
	struct xst_block b = { .size = sizeof(b) };

	for (size_t i = 0; xst_state_block(state, i, &b) == 0; i++)
		if (!(b.flags & XST_BLOCK_OF_VCPU))
			guest_block(to, &b, false);
}

static void tsc_line(FILE *to, const struct xst_state *state)
{
	struct xst_tsc_info t;

	if (xst_state_tsc(state, &t) == 0)
		fprintf(to,
			"TSC: mode %" PRIu32 ", %" PRIu32 " kHz, %" PRIu64
			" ns, incarnation %" PRIu32 "\n",
			t.mode, t.khz, t.nsec, t.incarnation);
}

static void one_vcpu(FILE *to, const struct xst_state *state, uint32_t vcpu)
{
	struct shown s = { to, state, vcpu };

	fprintf(to, "vCPU %" PRIu32 ": ", vcpu);
	xst_cli_vcpu_line(to, state, vcpu);
	fputc('\n', to);
	all_registers(&s);
	vcpu_blocks(to, state, vcpu);
	fputc('\n', to);
}

void xst_cli_guest_print(FILE *to, const struct xst_state *state, uint32_t vcpu)
{
	uint32_t id;

	for (size_t i = 0; xst_state_vcpu(state, i, &id) == 0; i++)
		if (vcpu == UINT32_MAX || vcpu == id)
			one_vcpu(to, state, id);
	if (vcpu != UINT32_MAX)
		return;
	tsc_line(to, state);
	fputs("Of the domain:\n", to);
	domain_blocks(to, state);
	if (xst_state_dropped(state))
		fprintf(to, "%" PRIu64 " more parts were left out\n", xst_state_dropped(state));
}
