/* SPDX-License-Identifier: MIT */
/* Blocks of a decoded guest as text.  All of it comes from numbers and from names in tables. */
#include "cli/guest_view.h"

#include <inttypes.h>
#include <string.h>

#define COLUMNS	    100
#define SHOWN_BYTES 64 /* of a field of unknown meaning */

static void bytes_words(char *buf, size_t size, const uint8_t *p, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n && i < SHOWN_BYTES && k + 3 < size; i++)
		k += (size_t)snprintf(buf + k, size - k, "%02x", p[i]);
	if (n > SHOWN_BYTES)
		snprintf(buf + k, size - k, "... (%zu bytes)", n);
}

static void field_words(char *buf, size_t size, const struct xst_state_field *f)
{
	char value[2 * SHOWN_BYTES + 40];

	switch (f->kind) {
	case XST_VALUE_BYTES: bytes_words(value, sizeof(value), f->data, f->n); break;
	case XST_VALUE_SIGNED: snprintf(value, sizeof(value), "%" PRId64, (int64_t)f->value); break;
	case XST_VALUE_NUMBER: snprintf(value, sizeof(value), "%" PRIu64, f->value); break;
	default: snprintf(value, sizeof(value), "%#" PRIx64, f->value); break;
	}
	snprintf(buf, size, "%s=%s", f->name, value);
}

static bool is_all_zero(const struct xst_state_field *f)
{
	for (size_t i = 0; f->kind == XST_VALUE_BYTES && i < f->n; i++)
		if (f->data[i])
			return false;
	return f->kind == XST_VALUE_BYTES || !f->value;
}

static void block_heading(FILE *to, const struct xst_block *b)
{
	fprintf(to, "  %s", b->name);
	if (b->kind == XST_BLOCK_HVM && strcmp(b->name, "unknown") == 0)
		fprintf(to, " type %" PRIu32, b->type);
	if (!(b->flags & XST_BLOCK_OF_VCPU) && b->instance)
		fprintf(to, " %" PRIu32, b->instance);
	if (b->flags & (XST_BLOCK_CUT | XST_BLOCK_TRUNCATED))
		fprintf(to, " (%zu of %" PRIu64 " bytes)", b->n, b->length);
	fputc('\n', to);
}

/* Puts words side by side; *column is where the line is. */
static void put_beside(FILE *to, const char *words, size_t *column)
{
	size_t n = strlen(words);

	if (*column && *column + 2 + n > COLUMNS) {
		fputc('\n', to);
		*column = 0;
	}
	*column += (size_t)fprintf(to, "%s%s", *column ? "  " : "    ", words);
}

void xst_cli_block_print(FILE *to, const struct xst_block *b)
{
	struct xst_state_field f = { .size = sizeof(f) };
	struct xst_field_cursor at = { 0 };
	char words[2 * SHOWN_BYTES + 100];
	size_t column = 0;

	block_heading(to, b);
	while (xst_block_field(b, &at, &f) == 0) {
		if (is_all_zero(&f))
			continue;
		field_words(words, sizeof(words), &f);
		put_beside(to, words, &column);
	}
	fputs(column ? "\n" : "    all 0\n", to);
}

/* Neither a register nor floating point, which have lines of their own, nor the table of 256
 * handlers. */
static bool is_pv_rest(const struct xst_state_field *f)
{
	return !f->reg && f->offset >= 512 && strncmp(f->name, "trap[", 5) != 0 &&
	       f->kind != XST_VALUE_RESERVED;
}

void xst_cli_pv_context_print(FILE *to, const struct xst_block *b)
{
	struct xst_state_field f = { .size = sizeof(f) };
	struct xst_field_cursor at = { 0 };
	char words[2 * SHOWN_BYTES + 100];
	size_t column = 0;

	block_heading(to, b);
	while (xst_block_field(b, &at, &f) == 0) {
		if (is_all_zero(&f) || !is_pv_rest(&f))
			continue;
		field_words(words, sizeof(words), &f);
		put_beside(to, words, &column);
	}
	if (column)
		fputc('\n', to);
}

/* --- interrupts ----------------------------------------------------------------------------- */

static uint64_t field_of(const struct xst_block *b, const char *name)
{
	struct xst_state_field f = { .size = sizeof(f) };

	return xst_block_find_field(b, name, &f) == 0 ? f.value : 0;
}

static uint64_t pin_field(const struct xst_block *b, unsigned pin, const char *name)
{
	char path[40];

	snprintf(path, sizeof(path), "pin[%u].%s", pin, name);
	return field_of(b, path);
}

static void pin_print(FILE *to, const struct xst_block *b, unsigned pin)
{
	static const char *const modes[] = { "fixed", "lowest priority", "SMI",	  "mode 3", "NMI",
					     "INIT",  "mode 6",		 "ExtINT" };

	fprintf(to,
		"    pin %-2u  vector 0x%02" PRIx64 "  %s, %s, active %s, to %s %" PRIu64 "%s%s\n",
		pin, pin_field(b, pin, "vector"), modes[pin_field(b, pin, "delivery_mode")],
		pin_field(b, pin, "trig_mode") ? "level" : "edge",
		pin_field(b, pin, "polarity") ? "low" : "high",
		pin_field(b, pin, "dest_mode") ? "logical" : "APIC", pin_field(b, pin, "dest_id"),
		pin_field(b, pin, "remote_irr") ? ", in service" : "",
		pin_field(b, pin, "delivery_status") ? ", pending" : "");
}

void xst_cli_ioapic_print(FILE *to, const struct xst_block *b)
{
	struct xst_state_field f = { .size = sizeof(f) };
	unsigned masked = 0;
	char name[24];

	block_heading(to, b);
	fprintf(to, "    base %#" PRIx64 "  id %#" PRIx64 "  ioregsel %#" PRIx64 "\n",
		field_of(b, "base_address"), field_of(b, "id"), field_of(b, "ioregsel"));
	for (unsigned pin = 0; pin < 48; pin++) {
		snprintf(name, sizeof(name), "pin[%u].mask", pin);
		if (xst_block_find_field(b, name, &f))
			continue;
		masked += f.value != 0;
		if (!f.value)
			pin_print(to, b, pin);
	}
	fprintf(to, "    %u pins are masked\n", masked);
}

/* The vectors whose bits are set in eight words. */
static void vectors_in(FILE *to, const struct xst_block *b, const char *name)
{
	char word[16];
	bool any = false;

	fprintf(to, "    %s", name);
	for (unsigned i = 0; i < 8; i++) {
		uint64_t bits;

		snprintf(word, sizeof(word), "%s[%u]", name, i);
		bits = field_of(b, word);
		for (unsigned bit = 0; bit < 32; bit++)
			if (bits >> bit & 1) {
				fprintf(to, " 0x%02x", i * 32 + bit);
				any = true;
			}
	}
	fputs(any ? "\n" : " none\n", to);
}

void xst_cli_lapic_print(FILE *to, const struct xst_block *b)
{
	static const char *const names[] = { "id",	    "version",	"tpr",	     "ppr",
					     "ldr",	    "dfr",	"spiv",	     "esr",
					     "icr",	    "icr2",	"lvt_cmci",  "lvt_timer",
					     "lvt_thermal", "lvt_perf", "lvt_lint0", "lvt_lint1",
					     "lvt_error",   "tmict",	"tmcct",     "tdcr" };
	char words[64];
	size_t column = 0;

	block_heading(to, b);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(words, sizeof(words), "%s=%#" PRIx64, names[i], field_of(b, names[i]));
		put_beside(to, words, &column);
	}
	fputc('\n', to);
	vectors_in(to, b, "irr");
	vectors_in(to, b, "isr");
}

/* --- registers that are wider than a word --------------------------------------------------- */

/* As one number: the highest byte first. */
static void wide_number(FILE *to, const char *name, const struct xst_state_field *high,
			const struct xst_state_field *low)
{
	fprintf(to, "    %-6s 0x", name);
	for (size_t i = high ? high->n : 0; i-- > 0;)
		fprintf(to, "%02x", high->data[i]);
	for (size_t i = low->n; i-- > 0;)
		fprintf(to, "%02x", low->data[i]);
	fputc('\n', to);
}

static bool find_wide(const struct xst_block *b, const char *prefix, unsigned i,
		      struct xst_state_field *ret)
{
	char name[16];

	snprintf(name, sizeof(name), "%s%u", prefix, i);
	return xst_block_find_field(b, name, ret) == 0;
}

static void control_words(FILE *to, const struct xst_block *b)
{
	static const char *const names[] = {
		"fcw", "fsw",	"ftw",	      "fop",	   "fip",
		"fdp", "mxcsr", "mxcsr_mask", "xstate_bv", "xcomp_bv"
	};
	struct xst_state_field f = { .size = sizeof(f) };
	char words[64];
	size_t column = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (xst_block_find_field(b, names[i], &f))
			continue;
		snprintf(words, sizeof(words), "%s=%#" PRIx64, names[i], f.value);
		put_beside(to, words, &column);
	}
	if (column)
		fputc('\n', to);
}

/* What lies where only the processor that wrote it knows: states beyond AVX. */
static void other_states(FILE *to, const struct xst_block *b)
{
	struct xst_state_field f = { .size = sizeof(f) };
	char words[2 * SHOWN_BYTES + 40];

	if (xst_block_find_field(b, "bytes", &f) || is_all_zero(&f))
		return;
	bytes_words(words, sizeof(words), f.data, f.n);
	fprintf(to, "    other states, from byte %" PRIu64 " on: %s\n", f.offset, words);
}

void xst_cli_vectors_print(FILE *to, const struct xst_block *b)
{
	struct xst_state_field low = { .size = sizeof(low) }, high = { .size = sizeof(high) };
	char name[16];

	fprintf(to, "  floating point, %s\n", b->name);
	control_words(to, b);
	for (unsigned i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "st%u", i);
		if (find_wide(b, "st", i, &low) && !is_all_zero(&low))
			wide_number(to, name, NULL, &low);
	}
	other_states(to, b);
	for (unsigned i = 0; i < 16; i++) {
		bool has_high = find_wide(b, "ymmh", i, &high) && !is_all_zero(&high);

		snprintf(name, sizeof(name), "%s%u", has_high ? "ymm" : "xmm", i);
		if (find_wide(b, "xmm", i, &low) && (has_high || !is_all_zero(&low)))
			wide_number(to, name, has_high ? &high : NULL, &low);
	}
}

void xst_cli_msrs_print(FILE *to, const struct xst_block *b)
{
	struct xst_state_field index = { .size = sizeof(index) }, value = { .size = sizeof(value) };
	char name[32];

	fprintf(to, "  MSRs, %s\n", b->name);
	for (unsigned i = 0; i < 64; i++) {
		const char *words;

		snprintf(name, sizeof(name), "msr[%u].index", i);
		if (xst_block_find_field(b, name, &index))
			return;
		snprintf(name, sizeof(name), "msr[%u].value", i);
		if (xst_block_find_field(b, name, &value))
			return;
		words = xst_msr_name((uint32_t)index.value);
		fprintf(to, "    %#010" PRIx64 " %-22s %#" PRIx64 "\n", index.value,
			words ? words : "", value.value);
	}
	fputs("    and more\n", to);
}
