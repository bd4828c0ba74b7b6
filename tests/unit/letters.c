/* SPDX-License-Identifier: MIT */
#include "letters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPED(type, pfn) ((uint64_t)(type) << 60 | (pfn))

/* --- headers -------------------------------------------------------------------------------- */

static void xl(struct build *b, const char *config)
{
	const char *text = config ? config : "any 0 0 0";

	xl_header(b, 2, *text ? text : NULL, strlen(text) + 1);
}

static void image(struct build *b, uint32_t version, uint32_t guest)
{
	image_header(b, version, b->big);
	domain_header(b, guest);
}

static void xenserver_begin(struct build *b)
{
	put(b, "XenSavedDomv2-\n", 15);
	xenserver_record(b, 0xf, 3);
	put(b, "(a)", 3);
}

static void qemu_record(struct build *b, size_t n)
{
	xenserver_record(b, 0xf00, n);
	put(b, "QEVM\0\0\0\3", 8);
	put_zero(b, n - 8);
}

static bool put_header_letter(struct build *b, char letter)
{
	static const char xml[] = "<domain/>";

	switch (letter) {
	case 'L': libvirt_header(b, 2, xml, sizeof(xml)); break;
	case 'm': libvirt_header(b, 2, xml, 0); break;
	case '#': xenserver_record(b, 0xf1, 0); break;
	case '<': xenserver_begin(b); break;
	case '^': xenserver_record(b, 0xf, 3); put(b, "(b)", 3); break;
	case '|': xenserver_record(b, 0xf0, 0); break;
	case '*': xenserver_record(b, 0xf10, 0); fill(b, 20); break;
	case '~': qemu_record(b, (1 << 20) + 1); break;
	case '>': xenserver_record(b, 0xffff, 0); break;
	case '!': b->big = true; break;
	case 'l': libxl_header(b, b->big); break;
	case 'p': image(b, 3, 1); break;
	case 'h': image(b, 3, 2); break;
	case 'o': image(b, 2, 1); break;
	default: return false;
	}
	return true;
}

/* --- static data ---------------------------------------------------------------------------- */

static void pv_info(struct build *b, uint8_t width, uint8_t levels)
{
	record_begin(b, 2);
	put8(b, width);
	put8(b, levels);
	put_zero(b, 6);
	record_end(b);
}

static void frames(struct build *b, uint32_t first, uint32_t last)
{
	record_begin(b, 3);
	put32(b, first);
	put32(b, last);
	put64(b, 7);
	record_end(b);
}

static void cpuid(struct build *b, unsigned leaves)
{
	record_begin(b, 0x11);
	for (uint32_t leaf = 0; leaf < leaves; leaf++) {
		put32(b, leaf ? 1 : 0);
		put32(b, UINT32_MAX);
		put32(b, leaf ? UINT32_MAX : 0xd);
		put32(b, leaf ? UINT32_MAX : 0x756e6547); /* GenuineIntel */
		put32(b, leaf ? UINT32_MAX : 0x6c65746e);
		put32(b, leaf ? UINT32_MAX : 0x49656e69);
	}
	record_end(b);
}

static void msrs(struct build *b, unsigned n)
{
	record_begin(b, 0x12);
	for (unsigned i = 0; i < n; i++) {
		put32(b, i == 0 ? 0xce : 0x10a);
		put32(b, 0);
		put64(b, 0);
	}
	record_end(b);
}

static bool put_static_letter(struct build *b, char letter)
{
	switch (letter) {
	case 'I': pv_info(b, 8, 4); break;
	case 'J': pv_info(b, 8, 3); break;
	case '7': pv_info(b, 4, 4); break;
	case '8': pv_info(b, 4, 3); break;
	case 'C': cpuid(b, 2); break;
	case 'A': cpuid(b, 121); break;
	case 'M': msrs(b, 2); break;
	case 'g': msrs(b, 3); break;
	case 'S': empty_record(b, 0x10); break;
	case 'F': frames(b, 0, 511); break;
	case 'G': frames(b, 512, 1023); break;
	default: return false;
	}
	return true;
}

/* --- memory --------------------------------------------------------------------------------- */

/* A batch whose pages are empty but for the first entry of the first one. */
static void memory(struct build *b, const uint64_t *entries, size_t n, uint64_t first)
{
	record_begin(b, 1);
	put32(b, (uint32_t)n);
	put32(b, 0);
	for (size_t i = 0; i < n; i++)
		put64(b, entries[i]);
	for (size_t i = 0; i < n; i++) {
		if (entries[i] >> 60 >= 0xd)
			continue;
		put64(b, first);
		put_zero(b, PAGE - 8);
		first = 0;
	}
	record_end(b);
}

static void large_batch(struct build *b)
{
	size_t n = 2049;
	uint64_t *entries = calloc(n, sizeof(*entries));

	if (!entries)
		abort();
	for (size_t i = 0; i < n; i++)
		entries[i] = 0x1000 + i;
	memory(b, entries, n, 0);
	free(entries);
}

/* Entries 128 MiB from one another, more than the checker has room for. */
static void scattered(struct build *b, uint64_t type, size_t n)
{
	uint64_t entries[1100];

	for (size_t i = 0; i < n; i++)
		entries[i] = TYPED(type, (i + 1) * 0x8000);
	memory(b, entries, n, 0);
}

static bool put_memory_letter(struct build *b, char letter)
{
	switch (letter) {
	case 'D':
		memory(b, (uint64_t[]){ 1, 7, TYPED(4, 3), TYPED(3, 4), TYPED(0xf, 2) }, 5, 0);
		break;
	case 'Z':
		memory(b, (uint64_t[]){ 1, 7, TYPED(3, 3), TYPED(2, 4), TYPED(0xf, 2) }, 5, 0);
		break;
	case 'd': memory(b, (uint64_t[]){ 8, 9, TYPED(0xf, 8) }, 3, 0); break;
	case '[': memory(b, (uint64_t[]){ TYPED(4, 5) }, 1, 0); break;
	case ']': memory(b, (uint64_t[]){ TYPED(0xc, 5) }, 1, 0); break;
	case '_': memory(b, (uint64_t[]){ TYPED(0xf, 5) }, 1, 0); break;
	case '=': memory(b, (uint64_t[]){ 0x300 }, 1, 0); break;
	case '@': memory(b, (uint64_t[]){ TYPED(1, 6), 9 }, 2, 0x77001); break;
	case '&': memory(b, (uint64_t[]){ TYPED(1, 6) }, 1, 0x20000001); break;
	case '{': large_batch(b); break;
	case '}': scattered(b, 1, 600); break;
	case '0': scattered(b, 0xf, 1100); break;
	case 'V': empty_record(b, 0xd); break;
	case 'K': empty_record(b, 0xe); break;
	case 'E': empty_record(b, 0); break;
	default: return false;
	}
	return true;
}

/* --- vCPUs ---------------------------------------------------------------------------------- */

/* Registers: start_info is page 1, the page table page 3, the GDT one entry in page 7. */
static void context64(struct build *b, uint32_t id)
{
	uint8_t c[CONTEXT64] = { [0x268] = 1, [0x12e0] = 7, [0x1360] = 1, [0x1391] = 0x30 };

	record_begin(b, 4);
	put32(b, id);
	put32(b, 0);
	put(b, c, sizeof(c));
	record_end(b);
}

static void context32(struct build *b)
{
	uint8_t c[CONTEXT32] = { [0x20c] = 1, [0xa50] = 7, [0xa90] = 1, [0xaa9] = 0x30 };

	record_begin(b, 4);
	put32(b, 0);
	put32(b, 0);
	put(b, c, sizeof(c));
	record_end(b);
}

static void extended(struct build *b)
{
	record_begin(b, 5);
	put64(b, 0);
	put32(b, 0);
	put32(b, 128);
	put_zero(b, 120);
	record_end(b);
}

static void xsave(struct build *b)
{
	record_begin(b, 6);
	put32(b, 1);
	put32(b, 0);
	put64(b, 3);
	put64(b, 3);
	put_zero(b, 576);
	record_end(b);
}

static void vcpu_msrs(struct build *b, size_t n)
{
	record_begin(b, 0xc);
	put64(b, 0);
	put32(b, 0x48);
	put_zero(b, n - 4);
	record_end(b);
}

static void zeros(struct build *b, uint32_t type, size_t n)
{
	record_begin(b, type);
	put_zero(b, n);
	record_end(b);
}

static bool put_vcpu_letter(struct build *b, char letter)
{
	switch (letter) {
	case 'T': zeros(b, 8, 24); break;
	case '(': zeros(b, 8, 16); break;
	case 'H': zeros(b, 7, PAGE); break;
	case 'B': context64(b, 0); break;
	case '9': context64(b, 1); break;
	case 'b': context32(b); break;
	case 'X': extended(b); break;
	case 'Y': xsave(b); break;
	case 'R': vcpu_msrs(b, 16); break;
	case '%': vcpu_msrs(b, 24); break;
	default: return false;
	}
	return true;
}

/* --- the hypervisor's part of an HVM guest -------------------------------------------------- */

static void entry(struct build *b, uint16_t type, uint16_t instance, uint32_t length)
{
	put16(b, type);
	put16(b, instance);
	put32(b, length);
}

static void pic(struct build *b, uint16_t instance, uint32_t length)
{
	entry(b, 3, instance, length);
	put_zero(b, 5);
	put8(b, instance ? 0 : 0x40); /* the first is the master */
	put_zero(b, length - 6);
}

static void cpu(struct build *b, uint32_t length)
{
	entry(b, 2, 0, length);
	put_zero(b, 656);
	put64(b, 0x10); /* CR0: ET, which is always there */
	put_zero(b, length - 664);
}

static void cpu_xsave(struct build *b)
{
	entry(b, 16, 0, 600);
	put64(b, 0);
	put64(b, 3);
	put64(b, 3);
	put_zero(b, 576);
}

static void cpu_msr(struct build *b)
{
	entry(b, 20, 0, 24);
	put32(b, 1);
	put32(b, 0);
	put32(b, 0x48);
	put_zero(b, 12);
}

/* HEADER, CPU, PIC, CPU_XSAVE, CPU_MSR, END, little-endian in any case; variants are wrong. */
static void hvm_context(struct build *b, char variant)
{
	bool big = b->big;

	record_begin(b, 9);
	b->big = false;
	entry(b, 1, 0, 24);
	put32(b, 0x54381286);
	put32(b, 1);
	put_zero(b, 16);
	if (variant == '-')
		pic(b, 1, 8);
	if (variant != 'Q')
		cpu(b, variant == '+' ? 1020 : 1032);
	pic(b, 0, variant == ':' ? 7 : 8);
	if (variant == ';')
		pic(b, 0, 8);
	cpu_xsave(b);
	cpu_msr(b);
	if (variant != '.')
		entry(b, 0, 0, 0);
	if (variant == '/')
		b->size -= 4;
	if (variant == ',')
		put_zero(b, 16);
	b->big = big;
	record_end(b);
}

static void params(struct build *b, uint32_t n)
{
	record_begin(b, 0xa);
	put32(b, n);
	put32(b, 0);
	for (uint32_t i = 0; i < n; i++) {
		put64(b, 1);
		put64(b, 1);
	}
	record_end(b);
}

static bool put_hvm_letter(struct build *b, char letter)
{
	switch (letter) {
	case 'N': case '-': case '+': case ':': case ';': case '.': case '/': case ',':
	case 'Q':
		hvm_context(b, letter);
		break;
	case 'P': params(b, 1); break;
	case ')': params(b, 0); break;
	case 'U': blob_record(b, 0x80000042, 1, 2, 4); break;
	default: return false;
	}
	return true;
}

/* --- libxl ---------------------------------------------------------------------------------- */

static void emulator(struct build *b, uint32_t id, const char *magic)
{
	record_begin(b, 3);
	put32(b, id);
	put32(b, 0);
	put(b, magic, 4);
	put(b, "\0\0\0\3", 4);
	record_end(b);
}

static void pair(struct build *b, const char *key)
{
	record_begin(b, 2);
	put32(b, 1);
	put32(b, 0);
	put(b, key, strlen(key) + 1);
	put(b, "v", 2);
	record_end(b);
}

static void long_pair(struct build *b)
{
	char key[3060];

	memset(key, 'k', sizeof(key));
	memcpy(key, "physmap/", 8);
	key[sizeof(key) - 1] = '\0';
	pair(b, key);
}

static void state(struct build *b)
{
	record_begin(b, 5);
	put64(b, 0);
	record_end(b);
}

static void colo_state(struct build *b, uint32_t id)
{
	record_begin(b, 5);
	put32(b, id);
	record_end(b);
}

/* stray: as Xen since 4.16 writes it. */
static void dirty_list(struct build *b, bool stray)
{
	put32(b, 0xf);
	put32(b, 24);
	put_zero(b, stray ? 8 : 0);
	for (uint64_t pfn = 3; pfn < 12; pfn += 4)
		put64(b, pfn);
}

static bool put_libxl_letter(struct build *b, char letter)
{
	switch (letter) {
	case 'c': empty_record(b, 1); break;
	case 'x': pair(b, "physmap/0/size"); break;
	case '1': pair(b, "physmap//size"); break;
	case '2': pair(b, "/physmap/0"); break;
	case '3': pair(b, "physmap/0/"); break;
	case '4': pair(b, "physmap/0 1"); break;
	case '5': pair(b, ""); break;
	case '6': pair(b, "device-model/state"); break;
	case '`': long_pair(b); break;
	case 'q': emulator(b, 2, "QEVM"); break;
	case 'u': emulator(b, 3, "QEVM"); break;
	case 'w': emulator(b, 1, "QEVN"); break;
	case '$': state(b); break;
	case 'n': colo_state(b, 0); break;
	case 'j': colo_state(b, 1); break;
	case 'r': colo_state(b, 2); break;
	case 'i': dirty_list(b, false); break;
	case 's': dirty_list(b, true); break;
	case 'k': empty_record(b, 4); break;
	case 'e': empty_record(b, 0); break;
	default: return false;
	}
	return true;
}

/* --- words ---------------------------------------------------------------------------------- */

static void put_letter(struct word *w, char letter)
{
	struct build *b = &w->b;

	if (letter == 'a')
		xl(b, w->config);
	else if (!put_header_letter(b, letter) && !put_static_letter(b, letter) &&
		 !put_memory_letter(b, letter) && !put_vcpu_letter(b, letter) &&
		 !put_hvm_letter(b, letter) && !put_libxl_letter(b, letter))
		abort();
}

void word_build(struct word *w, const char *letters)
{
	if (strlen(letters) > MAX_LETTERS)
		abort();
	strcpy(w->letters, letters);
	for (size_t i = 0; letters[i]; i++) {
		w->at[i] = w->b.size;
		put_letter(w, letters[i]);
	}
}

size_t word_find(const struct word *w, char letter)
{
	const char *s = strchr(w->letters, letter);

	if (!s)
		abort();
	return w->at[s - w->letters];
}
