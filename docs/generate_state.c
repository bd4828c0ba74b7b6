/* SPDX-License-Identifier: MIT */
/* The fields of a guest's state as Markdown. */
#include "generate.h"

#include <stdio.h>

#include "wire/hvm_save.h"
#include "wire/state.h"

static void since_words(uint32_t since)
{
	if (since)
		printf("%u.%u", since >> 16, since >> 8 & 0xff);
	else
		fputs("–", stdout);
}

static void elements_words(const struct xst_wire_state_field *f)
{
	if (f->count == XST_WIRE_AS_MANY)
		fputs("as many as fit", stdout);
	else if (f->count)
		printf("%u", f->count);
	else
		fputs("–", stdout);
	if (f->count && f->stride && f->stride != f->size)
		printf(", every %u bytes", f->stride);
}

static void row_words(const struct xst_wire_state_field *f)
{
	printf("| `%s` | %u | ", f->name, f->offset);
	if (f->bits)
		printf("bits %u–%u of %u", f->shift, f->shift + f->bits - 1, f->size);
	else
		printf("%u", f->size);
	fputs(" | ", stdout);
	elements_words(f);
	fputs(" | ", stdout);
	since_words(f->since);
	puts(" |");
}

static void table_words(const char *title, const struct xst_wire_state_table *t)
{
	printf("\n### %s\n\n| Field | Offset | Bytes | Elements | Since Xen |\n"
	       "| --- | --- | --- | --- | --- |\n", title);
	for (size_t i = 0; i < t->n; i++)
		row_words(&t->row[i]);
}

static void hvm_tables(void)
{
	const struct wire_hvm_type *t;
	char title[80];

	puts("\n## The HVM context\n\nEntries of a descriptor (type, instance, length) and a body.");
	for (unsigned code = 1; (t = xst_wire_hvm_type(code)); code++) {
		snprintf(title, sizeof(title), "%s, type %u", t->name, code);
		table_words(title, t->fields);
		snprintf(title, sizeof(title), "%s of %u bytes, as older Xens wrote it", t->name,
			 t->sizes[0].size);
		if (t->first)
			table_words(title, t->first);
	}
}

void xst_docs_print_state(const char *note)
{
	printf("# The guest's state\n\n%s"
	       "What the records `HVM_CONTEXT`, `X86_PV_VCPU_...` and `SHARED_INFO`, and the parts of legacy\n"
	       "streams of the same meaning, hold. `xenstream cpu` and `xenstream records --json` show these\n"
	       "fields by these names; *%%* stands for an element's number. Offsets are in bytes.\n", note);
	hvm_tables();
	puts("\n## PV guests");
	table_words("X86_PV_VCPU_BASIC, 64 bits", xst_wire_pv_context_fields(8));
	table_words("X86_PV_VCPU_BASIC, 32 bits", xst_wire_pv_context_fields(4));
	table_words("X86_PV_VCPU_EXTENDED", xst_wire_pv_extended_fields());
	table_words("X86_PV_VCPU_XSAVE", xst_wire_pv_xsave_fields());
	table_words("X86_PV_VCPU_MSRS", xst_wire_pv_msr_fields());
	table_words("SHARED_INFO, 64 bits", xst_wire_shared_info_fields(8));
	table_words("SHARED_INFO, 32 bits", xst_wire_shared_info_fields(4));
}
