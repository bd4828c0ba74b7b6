/* SPDX-License-Identifier: MIT */
/* Parts of a legacy stream with something wrong in them. */
#include "fault_case.h"
#include "unit.h"

static void begin_pv(struct build *b)
{
	legacy_head(b, 8, 64);
	ext_info(b, CONTEXT64);
	put_ulong(b, 0x40);
}

static void end_pv(struct build *b)
{
	chunk(b, -9);
	chunk(b, 0);
	put32(b, 0);
	fill(b, CONTEXT64);
	fill(b, PAGE);
}

static void p2m_size_0(struct build *b)
{
	mark(b);
	legacy_head(b, 8, 0);
	chunk(b, 1);
	put_zero(b, 10);
}

static void p2m_size_too_large(struct build *b)
{
	mark(b);
	legacy_head(b, 8, (1u << 28) + 1);
	chunk(b, 1);
	put_zero(b, 10);
}

static void batch_too_large(struct build *b)
{
	begin_hvm(b);
	mark(b);
	chunk(b, 1025);
}

static void batch_largest_number(struct build *b)
{
	begin_hvm(b);
	mark(b);
	chunk(b, INT32_MAX);
}

static void unknown_chunk(struct build *b)
{
	begin_hvm(b);
	mark(b);
	chunk(b, -22);
}

static void unknown_chunk_lowest(struct build *b)
{
	begin_hvm(b);
	mark(b);
	chunk(b, INT32_MIN);
}

static void entry_of_type(struct build *b, uint64_t entry)
{
	legacy_head(b, 8, 64);
	chunk(b, 1);
	mark(b);
	put64(b, entry);
	fill(b, PAGE);
}

static void entry_type_5(struct build *b)
{
	entry_of_type(b, 0x50000003);
}

static void entry_type_8(struct build *b)
{
	entry_of_type(b, 0x80000003);
}

static void entry_of_33_bits(struct build *b)
{
	entry_of_type(b, UINT64_C(0x100000003));
}

static void entry_beyond(struct build *b)
{
	legacy_head(b, 8, 64);
	chunk(b, 2);
	put64(b, 63);
	mark(b);
	put64(b, 64);
	fill(b, (size_t)2 * PAGE);
	end_hvm(b);
}

static void ext_info_of_size(struct build *b, uint32_t total)
{
	legacy_head(b, 8, 64);
	put_ulong(b, UINT64_MAX);
	put32(b, total);
}

static void ext_block_too_long(struct build *b)
{
	ext_info_of_size(b, 20);
	put(b, "extv", 4);
	mark(b);
	put32(b, 13);
}

static void ext_info_leftover(struct build *b)
{
	ext_info_of_size(b, 15);
	put(b, "extv\0\0\0\0", 8);
	mark(b);
	put_zero(b, 16);
}

static void ext_info_empty(struct build *b)
{
	ext_info_of_size(b, 0);
	mark(b);
}

static void ext_vcpu_strange(struct build *b)
{
	ext_info_of_size(b, 108);
	put(b, "vcpu", 4);
	mark(b);
	put32(b, 100);
	fill(b, 100);
}

static void ext_xcnt_short(struct build *b)
{
	ext_info_of_size(b, 11);
	put(b, "xcnt", 4);
	mark(b);
	put32(b, 3);
	put_zero(b, 3);
}

static void ext_unknown(struct build *b)
{
	struct legacy l = { .pv = true, .stranger = true, .last_checkpoint = true };

	build_legacy(b, &l);
	b->mark = 8 + 12 + 8 + CONTEXT64 + 0;
}

static void no_vcpu_map(struct build *b)
{
	begin_pv(b);
	chunk(b, -9);
	chunk(b, 0);
	mark(b);
	put32(b, 0);
	fill(b, CONTEXT64);
	fill(b, PAGE);
}

static void vcpu_map_beyond(struct build *b)
{
	begin_pv(b);
	chunk(b, -2);
	put32(b, 0);
	mark(b);
	put64(b, 3);
	end_pv(b);
}

static void vcpu_id_negative(struct build *b)
{
	begin_pv(b);
	chunk(b, -2);
	mark(b);
	put32(b, UINT32_MAX);
}

static void param_in_pv(struct build *b)
{
	begin_pv(b);
	chunk(b, -3);
	mark(b);
	put32(b, 0);
	put64(b, 1);
	end_pv(b);
}

static void toolstack_record(struct build *b, uint32_t length, uint32_t version, uint32_t count)
{
	begin_hvm(b);
	chunk(b, -18);
	put32(b, length);
	mark(b);
	put32(b, version);
	put32(b, count);
}

static void toolstack_short(struct build *b)
{
	begin_hvm(b);
	chunk(b, -18);
	put32(b, 7);
	mark(b);
	put_zero(b, 7);
	end_hvm(b);
}

static void toolstack_version_2(struct build *b)
{
	toolstack_record(b, 8, 2, 0);
	end_hvm(b);
}

static void toolstack_entry_short(struct build *b)
{
	toolstack_record(b, 8 + 27, 1, 1);
	mark(b);
	put_zero(b, 27);
	end_hvm(b);
}

static void toolstack_name_overshoots(struct build *b)
{
	toolstack_record(b, 8 + 28 + 2, 1, 1);
	put_zero(b, 24);
	put32(b, 3);
	mark(b);
	put(b, "ab", 2);
	end_hvm(b);
}

static void toolstack_no_nul(struct build *b)
{
	toolstack_record(b, 8 + 28 + 2 + 4, 1, 1);
	put_zero(b, 24);
	put32(b, 2);
	put8(b, 'a');
	mark(b);
	put8(b, 'b');
	put_zero(b, 4);
	end_hvm(b);
}

static void toolstack_no_padding(struct build *b)
{
	toolstack_record(b, 8 + 28 + 2 + 3, 1, 1);
	put_zero(b, 24);
	put32(b, 2);
	put(b, "a", 2);
	mark(b);
	put_zero(b, 3);
	end_hvm(b);
}

static void toolstack_name_too_long(struct build *b)
{
	toolstack_record(b, 8 + 28 + 4097 + 4, 1, 1);
	put_zero(b, 24);
	mark(b);
	put32(b, 4097);
	put_zero(b, 4097 + 4);
	end_hvm(b);
}

static void toolstack_twice(struct build *b)
{
	toolstack_record(b, 8, 1, 0);
	chunk(b, -18);
	mark(b);
	put32(b, 8);
	put32(b, 1);
	put32(b, 0);
	end_hvm(b);
}

static void tmem_there(struct build *b)
{
	begin_hvm(b);
	mark(b);
	chunk(b, -5);
	put_zero(b, 28);
	put32(b, UINT32_MAX);
	end_hvm(b);
}

static void hvm_context_0(struct build *b)
{
	begin_hvm(b);
	chunk(b, 0);
	magic_pfns(b);
	mark(b);
	put32(b, 0);
}

static void unknown_signature(struct build *b)
{
	begin_hvm(b);
	end_hvm(b);
	mark(b);
	put(b, "DeviceModelRecord0003", 21);
	put32(b, 0);
}

static void xsave_differs(struct build *b)
{
	struct legacy l = { .pv = true, .xcnt = true, .vcpus = 2, .last_checkpoint = true };

	build_legacy(b, &l);
	b->mark = b->size - PAGE - 591 - 8;
}

static void xcnt_of_0(struct build *b)
{
	ext_info_of_size(b, 8 + CONTEXT64 + 12);
	put(b, "vcpu", 4);
	put32(b, CONTEXT64);
	fill(b, CONTEXT64);
	put(b, "xcnt\4\0\0\0\0\0\0\0", 12);
	put_ulong(b, 0x40);
	chunk(b, -9);
	chunk(b, 0);
	mark(b);
	put32(b, 0);
	fill(b, CONTEXT64 + PAGE);
}

/* --- the table ------------------------------------------------------------------------------- */

static const struct fault_case cases[] = {
	{ "legacy: no pages", p2m_size_0, BAD, "legacy.p2m-size", "p2m_size",
	  "0 pages, not 1 to 268435456", XST_START_LEGACY },
	{ "legacy: too many pages", p2m_size_too_large, TOO_MUCH, "legacy.p2m-size", "p2m_size",
	  "268435457 pages, not 1 to 268435456", XST_START_LEGACY },
	{ "legacy: a batch of 1025", batch_too_large, BAD, "legacy.batch", "chunk",
	  "a batch of 1025 pfns; the maximum is 1024", 0 },
	{ "legacy: the largest batch", batch_largest_number, BAD, "legacy.batch", "chunk",
	  "a batch of 2147483647 pfns; the maximum is 1024", 0 },
	{ "legacy: unknown chunk", unknown_chunk, XST_E_UNKNOWN, "legacy.chunk", "chunk",
	  "-22: no Xen has such a chunk", 0 },
	{ "legacy: the lowest chunk", unknown_chunk_lowest, XST_E_UNKNOWN, "legacy.chunk", "chunk",
	  "-2147483648: no Xen has such a chunk", 0 },
	{ "legacy: page type 5", entry_type_5, BAD, "legacy.batch.entry", "pfn",
	  "entry 0 is 0x50000003: an unknown page type", 0 },
	{ "legacy: page type 8", entry_type_8, BAD, "legacy.batch.entry", "pfn",
	  "entry 0 is 0x80000003: an unknown page type", 0 },
	{ "legacy: an entry of 33 bits", entry_of_33_bits, BAD, "legacy.batch.entry", "pfn",
	  "entry 0 is 0x100000003: more than 32 bits", 0 },
	{ "legacy: a pfn beyond the guest", entry_beyond, 0, "legacy.batch.pfn", "pfn",
	  "0x40 is beyond the guest's 64 pages", 0 },
	{ "legacy: a block too long", ext_block_too_long, BAD, "legacy.extended-info", "size",
	  "a block of 13 bytes does not fit into the remaining 12", 0 },
	{ "legacy: half a block", ext_info_leftover, BAD, "legacy.extended-info", "length",
	  "the remaining 7 bytes are too few for a block", 0 },
	{ "legacy: no vcpu block", ext_info_empty, BAD, "legacy.extended-info", "vcpu",
	  "the extended info has no \"vcpu\" block, so the guest's width is unknown", 0 },
	{ "legacy: a strange vcpu block", ext_vcpu_strange, BAD, "legacy.extended-info", "size",
	  "a context of 100 bytes fits neither a 64-bit nor a 32-bit guest", 0 },
	{ "legacy: a short xcnt block", ext_xcnt_short, BAD, "legacy.extended-info", "size",
	  "a EXT_XCNT block of 3 bytes is too short", 0 },
	{ "legacy: an unknown block", ext_unknown, 0, "legacy.extended-info.block", "id",
	  "strn: unknown block, skipped", 0 },
	{ "legacy: no vCPU map", no_vcpu_map, 0, "legacy.no-vcpu-map", NULL,
	  "no VCPU_INFO chunk; vCPU 0 is assumed to be the only one", 0 },
	{ "legacy: vCPUs above the maximum", vcpu_map_beyond, 0, "legacy.vcpu-map", "map",
	  "vCPUs above the maximum of 0 are marked online; ignored", 0 },
	{ "legacy: a negative maximum", vcpu_id_negative, TOO_MUCH, "input.limit", "max_vcpu_id",
	  "-1 is not between 0 and 4095", 0 },
	{ "legacy: a parameter of a PV guest", param_in_pv, 0, "legacy.param", NULL,
	  "HVM_IDENT_PT in a PV guest's stream", 0 },
	{ "legacy: toolstack too short", toolstack_short, BAD, "legacy.toolstack", "version",
	  "the remaining 7 bytes of the record are too few", 0 },
	{ "legacy: toolstack version 2", toolstack_version_2, XST_E_VERSION, "legacy.toolstack",
	  "version", "2; libxl wrote only version 1", 0 },
	{ "legacy: toolstack entry too short", toolstack_entry_short, BAD, "legacy.toolstack",
	  "physmap", "the remaining 27 bytes of the record are too few", 0 },
	{ "legacy: toolstack name too long for the record", toolstack_name_overshoots, BAD,
	  "legacy.toolstack", "name", "the remaining 2 bytes of the record are too few", 0 },
	{ "legacy: toolstack name without a NUL", toolstack_no_nul, BAD, "legacy.toolstack", "name",
	  "does not end with a NUL", 0 },
	{ "legacy: toolstack without padding", toolstack_no_padding, BAD, "legacy.toolstack",
	  "padding", "the remaining 3 bytes of the record are too few", 0 },
	{ "legacy: toolstack name too long for xenstore", toolstack_name_too_long, TOO_MUCH,
	  "input.limit", "namelen", "4097 bytes are more than the 4096 that xenstored accepts", 0 },
	{ "legacy: toolstack twice", toolstack_twice, 0, "legacy.toolstack.twice", NULL,
	  "a second toolstack record; the last one counts", 0 },
	{ "legacy: tmem", tmem_there, 0, "legacy.tmem", NULL,
	  "transcendent memory, which today's Xen no longer supports", 0 },
	{ "legacy: an empty HVM context", hvm_context_0, BAD, "legacy.hvm-context", "length",
	  "the HVM context is empty: no guest can be started from it", 0 },
	{ "legacy: unknown signature", unknown_signature, BAD, "legacy.signature", "signature",
	  "a device model's record does not begin with 44 65 76 69 ...", 0 },
	{ "legacy: xsave area of another size", xsave_differs, 0, "legacy.xsave", "size",
	  "591 + 16 bytes, but 608 were announced", 0 },
	{ "legacy: xsave announced as nothing", xcnt_of_0, 0, "legacy.no-vcpu-map", NULL,
	  "no VCPU_INFO chunk; vCPU 0 is assumed to be the only one", 0 },
};

int main(void)
{
	return run_fault_cases("headers_legacy", cases, COUNT(cases));
}
