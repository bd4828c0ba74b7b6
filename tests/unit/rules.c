/* SPDX-License-Identifier: MIT */
/* Every rule of the catalogue, broken alone: a sound stream, one change, and the id of the rule that
 * the change breaks, by way of verify, convert or
 * restore.  A rule without a case here fails the test. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenstream/change.h>
#include <xenstream/directory.h>
#include <xenstream/job.h>
#include <xenstream/restore.h>

#include "letters.h"
#include "scratch.h"
#include "unit.h"

#define PV "pICMSFDTHBXRE"
#define HVM "hCMSDTPNE"
#define LIBXL "lchCMSDTPNExqe"
#define COLO "lchSDTPNKqknTPNKqkEe"
#define XL "alchCMSDTPNExqe"

/* A number put into a record: `size` bytes at `at` after where `letter` begins. */
struct edit {
	char letter;
	size_t at;
	unsigned size; /* 0: no edit */
	uint64_t value;
};

struct rule_case {
	const char *rules;   /* ids, separated by blanks: the last is the one in question, which can't
			      * be broken without the others */
	const char *letters;
	struct edit edit, other;
	size_t cut, append;  /* bytes off the end, zeros after it */
	void (*build)(struct build *b);
	enum xst_start start;
	const char *config;
	bool deep;
	enum { VERIFY, CONVERT, RESTORE } how;
	/* for convert: */
	uint32_t flags;
	enum xst_container to;
	uint32_t image_version;
	unsigned width;
	enum xst_guest guest;
	enum xst_cut salvage;
	bool legacy_only;
	/* for restore: */
	bool no_config;
};

/* --- streams that are no words -------------------------------------------------------------- */

static void picture(struct build *b)
{
	put(b, "\377\330\377\340\0\20JFIF\0\1\1\0\0\1\0\1", 18);
	fill(b, 200);
}

static void legacy_of(struct build *b, const struct legacy *l)
{
	build_legacy(b, l);
}

#define HVM_LEGACY .batches = 1, .pages = 1, .last_checkpoint = true, .physmaps = SIZE_MAX, \
		   .tail = "DeviceModelRecord0002", .emulator = 20
#define PV_LEGACY .pv = true, .batches = 1, .pages = 2, .last_checkpoint = true, \
		  .physmaps = SIZE_MAX
#define LEGACY_STREAM(name, ...)                                              \
	static void name(struct build *b)                                     \
	{                                                                     \
		legacy_of(b, &(struct legacy){ __VA_ARGS__ });                \
	}

LEGACY_STREAM(legacy_hvm, HVM_LEGACY)
LEGACY_STREAM(legacy_pv, PV_LEGACY)
LEGACY_STREAM(legacy_tmem, HVM_LEGACY, .tmem = true)
LEGACY_STREAM(legacy_no_map, HVM_LEGACY, .no_map = true)
LEGACY_STREAM(legacy_remus, .batches = 1, .pages = 1, .physmaps = SIZE_MAX, .checkpoints = 2,
	      .tail = "DeviceModelRecord0002", .emulator = 20)
LEGACY_STREAM(legacy_frame, PV_LEGACY, .frame = 2)
LEGACY_STREAM(legacy_frame_table, PV_LEGACY, .frame = 1)
LEGACY_STREAM(legacy_block, PV_LEGACY, .stranger = true)
LEGACY_STREAM(legacy_param_pv, PV_LEGACY, .params = 1)
LEGACY_STREAM(legacy_xsave, PV_LEGACY, .xcnt = true, .vcpus = 2)

static void two_toolstacks(struct build *b)
{
	legacy_of(b, &(struct legacy){ .batches = 1, .pages = 1, .last_checkpoint = true,
				       .physmaps = 1, .toolstack_twice = true,
				       .tail = "DeviceModelRecord0002", .emulator = 20 });
}

/* Changes what a sound legacy HVM stream says at some place. */
static void patched(struct build *b, void (*sound)(struct build *), size_t at, const char *bytes,
		    size_t n)
{
	sound(b);
	memcpy(b->data + at, bytes, n);
}

static void p2m_size_0(struct build *b) { patched(b, legacy_hvm, 0, "\0\0\0\0", 4); }
static void chunk_99(struct build *b) { patched(b, legacy_hvm, 8, "\235\377\377\377", 4); }
static void batch_1025(struct build *b) { patched(b, legacy_hvm, 8, "\1\4\0\0", 4); }
static void entry_type_5(struct build *b) { patched(b, legacy_hvm, 15, "\120", 1); }
static void entry_beyond(struct build *b) { patched(b, legacy_hvm, 12, "\100", 1); }

static void map_beyond(struct build *b)
{
	legacy_hvm(b); /* size, a batch of one page, the chunk and its highest id */
	b->data[8 + 4 + 8 + PAGE + 4 + 4] = 9;
}

static void head_of_tail(struct build *b, const char *chunk_bytes, size_t n)
{
	legacy_head(b, 8, 64);
	batch(b, (uint64_t[]){ 1 }, 1, true);
	chunk(b, -2);
	put32(b, 0);
	put64(b, 1);
	put(b, chunk_bytes, n);
	chunk(b, -9);
	chunk(b, 0);
	magic_pfns(b);
}

static void toolstack_version_2(struct build *b)
{
	head_of_tail(b, "\356\377\377\377\10\0\0\0\2\0\0\0\0\0\0\0", 16);
	put32(b, HVM_STATE);
	hvm_state(b);
}

static void no_context(struct build *b)
{
	head_of_tail(b, "", 0);
	put32(b, 0);
}

static void no_signature(struct build *b)
{
	legacy_of(b, &(struct legacy){ .batches = 1, .pages = 1, .last_checkpoint = true,
				       .physmaps = SIZE_MAX });
	put(b, "DeviceModelRecord0003", 21);
	put32(b, 0);
}

static void no_vcpu_block(struct build *b)
{
	legacy_head(b, 8, 64);
	put64(b, UINT64_MAX);
	put32(b, 8);
	put(b, "extv\0\0\0\0", 8);
	fill(b, 100);
}

/* A marker without what must follow it, in the first state that is compressed. */
static void compressed_at_once(struct build *b)
{
	static const uint8_t one_byte[12] = { 0xf4, 0xff, 0xff, 0xff, 1 };
	uint8_t *chunk;

	legacy_of(b, &(struct legacy){ .batches = 1, .pages = 1, .physmaps = SIZE_MAX,
				       .checkpoints = 3, .compressed = true,
				       .tail = "DeviceModelRecord0002", .emulator = 20 });
	chunk = memmem(b->data, b->size, one_byte, sizeof(one_byte));
	chunk[sizeof(one_byte)] = 0xff;
}

/* --- the cases ------------------------------------------------------------------------------ */

#define AT(l, where, bytes, number) .edit = { l, where, bytes, number }
#define AND(l, where, bytes, number) .other = { l, where, bytes, number }

static const struct rule_case cases[] = {
	/* inputs */
	{ .rules = "input.unknown", .build = picture },
	{ .rules = "input.truncated", .letters = HVM, .cut = 4 },
	{ .rules = "input.trailing", .letters = PV, .append = 3 },
	{ .rules = "input.limit", .letters = LIBXL, AT('q', 4, 4, 0x7fffffff) },

	/* containers */
	{ .rules = "xl.magic", .letters = XL, AT('a', 20, 1, 'x'), .start = XST_START_XL },
	{ .rules = "xl.byte-order", .letters = XL, AT('a', 0x20, 4, 0) },
	{ .rules = "xl.mandatory-flags", .letters = XL, AT('a', 0x24, 4, 0x82) },
	{ .rules = "xl.optional-flags", .letters = XL, AT('a', 0x28, 4, 1) },
	{ .rules = "xl.config-length", .letters = XL, AT('a', 0x30, 4, 0x1000) },
	{ .rules = "xl.stream-flag", .letters = XL, AT('a', 0x24, 4, 0) },
	{ .rules = "container.magic", .letters = "L" LIBXL, AT('L', 3, 1, 'x'), .start = XST_START_LIBVIRT },
	{ .rules = "container.nested", .letters = "La" LIBXL },
	{ .rules = "container.config", .letters = "m" LIBXL },
	{ .rules = "libvirt.version", .letters = "L" LIBXL, AT('L', 16, 4, 3) },
	{ .rules = "libvirt.stream", .letters = "L" LIBXL, AT('L', 16, 4, 1) },
	{ .rules = "xenserver.record", .letters = "<|" PV ">", AT('>', 0, 8, 0x1234) },
	{ .rules = "xenserver.length", .letters = "<|" PV ">", AT('|', 8, 8, 4096) },
	{ .rules = "xenserver.refused", .letters = "<#" LIBXL ">" },
	{ .rules = "xenserver.image", .letters = "<>" },
	{ .rules = "xenserver.twice", .letters = "<^|" PV ">" },
	{ .rules = "xenserver.demu", .letters = "<|" HVM "*" },
	{ .rules = "xenserver.qemu-size", .letters = "<|" HVM "~>" },

	/* headers */
	{ .rules = "libxl.ident", .letters = LIBXL, AT('l', 7, 1, 'u'), .start = XST_START_LIBXL },
	{ .rules = "libxl.version", .letters = LIBXL, AT('l', 11, 1, 3) },
	{ .rules = "libxl.options", .letters = LIBXL, AT('l', 15, 1, 4) },
	{ .rules = "libxl.options.upper", .letters = LIBXL, AT('l', 13, 1, 1) },
	{ .rules = "stream.big-endian", .letters = "!" HVM },
	{ .rules = "libxc.marker", .letters = PV, AT('p', 7, 1, 0xfe), .start = XST_START_LIBXC },
	{ .rules = "libxc.ident", .letters = PV, AT('p', 11, 1, 'G') },
	{ .rules = "libxc.version", .letters = PV, AT('p', 15, 1, 4) },
	{ .rules = "libxc.options", .letters = PV, AT('p', 17, 1, 2) },
	{ .rules = "libxc.guest-type", .letters = PV, AT('p', 24, 4, 3) },
	{ .rules = "libxc.page-shift", .letters = PV, AT('p', 28, 2, 14) },
	{ .rules = "stream.reserved", .letters = PV, AT('T', BODY + 20, 4, 1) },

	/* records */
	{ .rules = "record.type", .letters = "hSVDTPNE", AT('V', 0, 4, 0x13) },
	{ .rules = "record.optional", .letters = "hSDTUPNE" },
	{ .rules = "record.length", .letters = "hSD(PNE" },
	{ .rules = "record.empty", .letters = "hSDT)PNE" },
	{ .rules = "record.padding", .letters = LIBXL, AT('x', BODY + 25, 1, 1) },
	{ .rules = "record.refused", .letters = "hSDVTPNE", AT('V', 0, 4, 0xb) },
	{ .rules = "libxc.v3-record", .letters = "oISFDTHBE" },
	{ .rules = "libxc.record-8m", .letters = "hSD{TPNE" },
	{ .rules = "libxc.guest", .letters = "hSDTPNHE" },
	{ .rules = "libxc.order", .letters = "oIFBDTHE" },
	{ .rules = "libxc.missing", .letters = "pISFDTBE" },
	{ .rules = "libxc.twice", .letters = "pIISFDTHBE" },
	{ .rules = "libxc.repeated", .letters = "pISFDTHHBE" },
	{ .rules = "libxc.static-data", .letters = "hSCDTPNE" },

	/* memory */
	{ .rules = "libxc.page-data.count", .letters = "hSD=TPNE", AT('=', BODY, 4, 0) },
	{ .rules = "libxc.page-data.reserved", .letters = HVM, AT('D', ENTRIES + 6, 1, 0x10) },
	{ .rules = "libxc.page-data.type", .letters = HVM, AT('D', ENTRIES + 7, 1, 0x50) },
	{ .rules = "libxc.page-data.twice", .letters = "hSDdTPNE" },
	{ .rules = "libxc.page-data.level", .letters = "p8SFZ[THbE" },
	{ .rules = "libxc.page-data.pinned", .letters = "pISFD]_THBE" },
	{ .rules = "libxc.page-data.pfn", .letters = "pISFD=THBE" },
	{ .rules = "libxc.page-data.pfn libxc.page-data.untracked", .letters = "pISFD}THBE" },
	{ .rules = "libxc.page-data.untracked", .letters = "hSD0TPNE" },
	{ .rules = "libxc.page-table", .letters = "pISFD@THBE", .deep = true },
	{ .rules = "libxc.page-table.range", .letters = "pISFD&THBE", .deep = true },
	{ .rules = "libxc.pv-info", .letters = "pJSFDTHBE" },
	{ .rules = "libxc.p2m-range", .letters = PV, AT('F', BODY + 4, 4, 1023) },
	{ .rules = "libxc.p2m-frame", .letters = PV, AT('F', BODY + 8, 8, 9) },
	{ .rules = "libxc.p2m-frame", .build = legacy_frame },
	{ .rules = "libxc.p2m-frame", .build = legacy_frame_table },

	/* vCPUs */
	{ .rules = "libxc.vcpu.size", .letters = "pISFDTHbE" },
	{ .rules = "libxc.vcpu.id", .letters = "pISFDTHBE", AT('B', BODY, 4, 8192) },
	{ .rules = "libxc.vcpu.first", .letters = "pISFDTHBE", AT('B', BODY, 4, 1) },
	{ .rules = "libxc.vcpu.cr3", .letters = PV, AT('B', CONTEXT + 0x1390, 8, 0x1000) },
	{ .rules = "libxc.vcpu.gdt", .letters = PV, AT('B', CONTEXT + 0x1360, 8, 9000) },
	{ .rules = "libxc.vcpu.start-info", .letters = PV, AT('B', CONTEXT + 0x268, 8, 0x55) },
	{ .rules = "libxc.vcpu.extended", .letters = PV, AT('X', CONTEXT + 4, 4, 200) },
	{ .rules = "libxc.vcpu.extended", .letters = PV, AT('X', CONTEXT + 4, 4, 129) },
	{ .rules = "libxc.vcpu.xsave", .letters = "pISFDTHB9YE", AT('Y', CONTEXT + 8, 8, 7) },
	{ .rules = "libxc.vcpu.xcr0", .letters = "pISFDTHB9YE", AT('Y', CONTEXT, 8, 2) },
	{ .rules = "libxc.vcpu.xstate", .letters = "pISFDTHB9YE", AT('Y', CONTEXT + 16 + 512, 8, 4) },
	{ .rules = "libxc.vcpu.value", .letters = PV, AT('R', CONTEXT, 4, 0xdead) },
	{ .rules = "libxc.vcpu.policy", .letters = "pICSFDTHB9YE", AT('C', BODY + 24 + 16, 4, 0) },
	{ .rules = "libxc.vcpu.msrs", .letters = "pISFDTHB%E" },
	{ .rules = "libxc.tsc", .letters = HVM, AT('T', BODY, 4, 9) },

	/* the hypervisor's state */
	{ .rules = "libxc.hvm-context.header", .letters = HVM, AT('N', HVM_HEADER_BODY, 4, 0x54381287) },
	{ .rules = "libxc.hvm-context.entry", .letters = "hSDTP/E" },
	{ .rules = "libxc.hvm-context.end", .letters = "hSDTP.E" },
	{ .rules = "libxc.hvm-context.trailing", .letters = "hSDTP,E" },
	{ .rules = "libxc.hvm-context.type", .letters = HVM, AT('N', HVM_MSR, 2, 99) },
	{ .rules = "libxc.hvm-context.instance", .letters = HVM, AT('N', HVM_PIC + 2, 2, 2) },
	{ .rules = "libxc.hvm-context.twice", .letters = "hSDTP;E" },
	{ .rules = "libxc.hvm-context.length", .letters = "hSDTP:E" },
	{ .rules = "libxc.hvm-context.odd-length", .letters = "hSDTP+E" },
	{ .rules = "libxc.hvm-context.order", .letters = "hSDTP-E" },
	{ .rules = "libxc.hvm-context.vcpu", .letters = "hSDTPQE" },
	{ .rules = "libxc.hvm-context.offline", .letters = HVM, AT('N', HVM_XSAVE + 2, 2, 3) },
	{ .rules = "libxc.hvm-context.xsave", .letters = HVM, AT('N', HVM_XSAVE + 8 + 16, 8, 7) },
	{ .rules = "libxc.hvm-context.msrs", .letters = HVM, AT('N', HVM_MSR + 8, 4, 3) },
	{ .rules = "libxc.hvm-context.msrs", .letters = HVM, AT('N', HVM_MSR + 8 + 8 + 4, 4, 1) },
	{ .rules = "libxc.hvm-context.value", .letters = HVM, AT('N', HVM_CPU_BODY + 656, 8, UINT64_C(0x80000010)) },
	{ .rules = "libxc.hvm-context.value", .letters = HVM, AT('N', HVM_MSR + 8 + 8, 4, 0xdead) },
	{ .rules = "libxc.hvm-context.value", .letters = HVM, AT('N', HVM_XSAVE + 8 + 24 + 512 + 16, 8, 1) },
	{ .rules = "libxc.hvm-context.value", .letters = "alchCMSDTPNEe", .config = "hvm 0 0 0" },
	{ .rules = "libxc.hvm-context.value libxl.emulator.guest", .letters = "alchCMSDTPNExqe", .config = "hvm 0 0 0" },
	{ .rules = "libxc.hvm-context.policy", .letters = HVM, AT('N', HVM_CPU_BODY + 680, 8, 1 << 3),
	  AND('C', BODY + 24 + 20, 4, ~(UINT32_C(1) << 2)) },
	{ .rules = "libxc.hvm-params.index", .letters = HVM, AT('P', ENTRIES, 8, 63) },
	{ .rules = "libxc.hvm-params.set", .letters = HVM, AT('P', ENTRIES, 8, 21) },
	{ .rules = "libxc.hvm-params.value", .letters = HVM, AT('P', ENTRIES, 8, 10), AND('P', ENTRIES + 8, 8, 4) },
	{ .rules = "libxc.hvm-params.twice", .letters = "hSDTPPNE" },
	{ .rules = "libxc.hvm-params.pfn", .letters = HVM, AT('P', ENTRIES + 8, 8, 0x77) },

	/* policies */
	{ .rules = "libxc.cpuid.order", .letters = HVM, AT('C', BODY, 4, 2) },
	{ .rules = "libxc.cpuid.twice", .letters = HVM, AT('C', BODY + 24, 4, 0) },
	{ .rules = "libxc.cpuid.leaf", .letters = HVM, AT('C', BODY + 24, 4, 0x20000000) },
	{ .rules = "libxc.cpuid.twice libxc.cpuid.count", .letters = "hAMSDTPNE" },
	{ .rules = "libxc.cpuid.limit", .letters = HVM, AT('C', BODY + 8, 4, 0x20) },
	{ .rules = "libxc.msr.order", .letters = HVM, AT('M', BODY, 4, 0x10a), AND('M', BODY + 16, 4, 0xce) },
	{ .rules = "libxc.msr.twice", .letters = HVM, AT('M', BODY + 16, 4, 0xce) },
	{ .rules = "libxc.msr.index", .letters = HVM, AT('M', BODY + 16, 4, 0x1a0) },
	{ .rules = "libxc.msr.twice libxc.msr.count", .letters = "hCgSDTPNE" },
	{ .rules = "libxc.msr.value", .letters = HVM, AT('M', BODY + 8, 8, UINT64_C(1) << 32) },

	/* the device model */
	{ .rules = "libxl.xenstore.pairs", .letters = LIBXL, AT('x', BODY + 24, 1, 'w') },
	{ .rules = "libxl.xenstore.key", .letters = "lchSDTPNE4e" },
	{ .rules = "libxl.xenstore.path", .letters = "lchSDTPNE6e" },
	{ .rules = "libxl.xenstore.length", .letters = "lchSDTPNE`e" },
	{ .rules = "libxl.emulator.id", .letters = "lchSDTPNEue" },
	{ .rules = "libxl.emulator.magic", .letters = "lchSDTPNEwe" },
	{ .rules = "libxl.emulator.version", .letters = LIBXL, AT('q', BODY + 8 + 7, 1, 2) },
	{ .rules = "libxl.emulator.index", .letters = LIBXL, AT('q', BODY + 4, 4, 1) },
	{ .rules = "libxl.emulator.twice", .letters = "lchSDTPNEqqe" },
	{ .rules = "libxl.emulator.guest", .letters = "lcpISFDTHBEqe" },
	{ .rules = "libxl.libxc-context", .letters = "le" },

	/* checkpoints */
	{ .rules = "libxl.checkpoint", .letters = "lchSDTPNEke" },
	{ .rules = "libxl.checkpoint-state", .letters = COLO, AT('n', BODY, 4, 4) },
	{ .rules = "libxl.checkpoint-state.side", .letters = COLO, AT('n', BODY, 4, 2) },
	{ .rules = "libxl.checkpoint-state.side", .letters = "lchSDTPNE$e" },
	{ .rules = "checkpoint.plain", .letters = "hSDTPNKE" },
	{ .rules = "checkpoint.dropped", .letters = "lchSDTPNKqkDEe" },
	{ .rules = "record.optional checkpoint.optional", .letters = "lchSDTPNKqkUTPNKqkEe" },
	{ .rules = "checkpoint.emulator", .letters = "lchSDTPNKqkTPNKkEe" },
	{ .rules = "checkpoint.cut", .letters = "lchSDTPNKqkTPNKqkTP", .cut = 3 },

	{ .rules = "colo.stray-bytes", .letters = "rjsr" },
	{ .rules = "colo.pfns", .letters = "rjir", AT('i', BODY + 8, 8, 2) },
	{ .rules = "colo.turn", .letters = "rjiir" },

	/* the configuration */
	{ .rules = "config.missing", .letters = XL, .config = "" },
	{ .rules = "config.syntax", .letters = XL, .config = "nonsense" },
	{ .rules = "config.syntax", .letters = XL, AT('a', 0x24, 4, 3) },
	{ .rules = "config.value", .letters = XL, .config = "any 0 0 0 explode" },
	{ .rules = "config.guest-type", .letters = XL, .config = "pv 0 0 0" },
	{ .rules = "config.vcpus", .letters = "alcpISFDTHB9Ee", .config = "pv 1 0 0" },
	{ .rules = "libxc.record-8m config.memory", .letters = "alchSD{TPNEqe", .config = "hvm 1 4096 1" },
	{ .rules = "config.device-model", .letters = "alchSDTPNEe", .config = "hvm 1 4096 1" },

	/* legacy streams */
	{ .rules = "legacy.p2m-size", .build = p2m_size_0, .start = XST_START_LEGACY },
	{ .rules = "legacy.extended-info", .build = no_vcpu_block },
	{ .rules = "legacy.extended-info.block", .build = legacy_block },
	{ .rules = "legacy.chunk", .build = chunk_99, .start = XST_START_LEGACY },
	{ .rules = "legacy.batch", .build = batch_1025, .start = XST_START_LEGACY },
	{ .rules = "legacy.batch.entry", .build = entry_type_5 },
	{ .rules = "legacy.batch.pfn", .build = entry_beyond },
	{ .rules = "legacy.vcpu-map", .build = map_beyond },
	{ .rules = "legacy.no-vcpu-map", .build = legacy_no_map },
	{ .rules = "legacy.tmem", .build = legacy_tmem },
	{ .rules = "legacy.toolstack", .build = toolstack_version_2 },
	{ .rules = "legacy.toolstack.twice", .build = two_toolstacks },
	{ .rules = "legacy.param", .build = legacy_param_pv },
	{ .rules = "legacy.xsave", .build = legacy_xsave },
	{ .rules = "legacy.hvm-context", .build = no_context },
	{ .rules = "legacy.signature", .build = no_signature },
	{ .rules = "legacy.checkpointed", .build = legacy_remus },
	{ .rules = "convert.checkpoint legacy.compressed", .build = compressed_at_once, .how = CONVERT },

	/* converting */
	{ .rules = "hint.width", .build = legacy_hvm, .how = CONVERT, .width = 32 },
	{ .rules = "hint.guest", .build = legacy_pv, .how = CONVERT, .guest = XST_GUEST_HVM },
	{ .rules = "convert.loss", .letters = HVM, .how = CONVERT, .image_version = 2 },
	{ .rules = "convert.dropped", .letters = HVM, .how = CONVERT, .image_version = 2, .flags = XST_CONVERT_FORCE },
	{ .rules = "convert.no-config", .letters = LIBXL, .how = CONVERT, .to = XST_CONTAINER_XL },
	{ .rules = "convert.config", .letters = LIBXL, .how = CONVERT, .to = XST_CONTAINER_LIBVIRT },
	{ .rules = "convert.checkpoint", .build = legacy_remus, .how = CONVERT },
	{ .rules = "convert.cut", .letters = LIBXL, .cut = 12, .how = CONVERT, .salvage = XST_CUT_ANYWHERE },
	{ .rules = "convert.unsupported", .letters = HVM, .how = CONVERT, .legacy_only = true },

	/* restoring */
	{ .rules = "restore.no-config", .letters = LIBXL, .how = RESTORE },
	{ .rules = "record.optional restore.skipped", .letters = "lchSDTUPNEqe", .how = RESTORE,
	  .no_config = true },
	{ .rules = "checkpoint.dropped restore.dropped", .letters = "lchSDTPNKqkDEe", .how = RESTORE,
	  .no_config = true },
	{ .rules = "libxl.checkpoint-state.side restore.state", .letters = "lchSDTPNE$e", .how = RESTORE, .no_config = true },
};

/* --- running one ---------------------------------------------------------------------------- */

struct told {
	char rules[400];
	char texts[2000];
};

/* Each id once, in the order of the findings. */
static void told_one(void *userdata, const struct xst_finding *f)
{
	struct told *t = userdata;
	size_t n = strlen(t->rules), m = strlen(t->texts), k = strlen(f->rule);

	snprintf(t->texts + m, sizeof(t->texts) - m, "%s: %s\n", f->rule, f->text);
	for (const char *s = t->rules; (s = strstr(s, f->rule)); s += k)
		if ((s == t->rules || s[-1] == ' ') && (!s[k] || s[k] == ' '))
			return;
	snprintf(t->rules + n, sizeof(t->rules) - n, "%s%s", n ? " " : "", f->rule);
}

/* A configuration in four words: guest, vCPUs, memory in KiB, whether there is a device model; a fifth is one that
 * no toolstack knows. */
static int facts(void *unused, enum xst_layer container, const uint8_t *config, size_t size,
		 struct xst_config_facts *ret)
{
	unsigned long long vcpus, memory;
	char guest[8];
	int device_model;

	(void)unused;
	if (container != XST_LAYER_XL)
		return 0;
	if (!size || config[size - 1] ||
	    sscanf((const char *)config, "%7s %llu %llu %d %7s", guest, &vcpus, &memory,
		   &device_model, ret->remark) < 4)
		return XST_E_MALFORMED;
	assert_true(ret->size >= sizeof(*ret));
	ret->guest = guest[0] == 'p' ? XST_GUEST_PV : guest[0] == 'h' ? XST_GUEST_HVM : 0;
	ret->vcpus = vcpus;
	ret->memory_kib = memory;
	ret->device_model = device_model;
	return 0;
}

static void apply(struct word *w, const struct edit *e)
{
	size_t at;

	if (!e->size)
		return;
	at = word_find(w, e->letter) + e->at;
	assert_true(at + e->size <= w->b.size);
	for (unsigned i = 0; i < e->size; i++)
		w->b.data[at + i] = (uint8_t)(e->value >> 8 * i);
}

static int stream_of(const struct rule_case *k, bool sound)
{
	struct word w = { .config = sound ? NULL : k->config };
	int fd = memfd_create("stream", 0);

	assert_true(fd >= 0);
	if (k->build) {
		k->build(&w.b);
	} else {
		word_build(&w, k->letters);
		if (!sound) {
			apply(&w, &k->edit);
			apply(&w, &k->other);
		}
	}
	assert_true(w.b.size > k->cut);
	w.b.size -= sound ? 0 : k->cut;
	put_zero(&w.b, sound ? 0 : k->append);
	assert_int_equal(write(fd, w.b.data, w.b.size), w.b.size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	build_free(&w.b);
	return fd;
}

static void verify(const struct rule_case *k, int fd, struct told *t)
{
	struct xst_checker_options checker = { .size = sizeof(checker), .config = facts,
					       .flags = k->deep ? XST_CHECK_DEEP : 0 };
	struct xst_parser_options parser = XST_PARSER_OPTIONS_INIT;
	struct xst_job_options job = { .size = sizeof(job), .finding = told_one, .userdata = t,
				       .checker = &checker, .parser = &parser };
	struct xst_verify_options o = { .size = sizeof(o), .job = &job };
	struct xst_verdict v;

	parser.start = k->start;
	assert_int_equal(xst_verify_fd(fd, &o, &v, NULL), 0);
}

static void convert(const struct rule_case *k, int fd, struct told *t)
{
	struct xst_job_options job = { .size = sizeof(job), .finding = told_one, .userdata = t };
	struct xst_converter_options converter = { .size = sizeof(converter), .flags = k->flags,
						   .to = k->to,
						   .image_version = k->image_version };
	struct xst_convert_options o = { .size = sizeof(o), .job = &job, .converter = &converter,
					 .width = k->width, .guest = k->guest, .cut = k->salvage,
					 .legacy_only = k->legacy_only };
	char dir[SCRATCH_MAX], path[SCRATCH_MAX + 32];
	struct xst_finding e = { 0 };
	struct xst_output *out;

	assert_true(scratch_folder(dir));
	snprintf(path, sizeof(path), "%s/out", dir);
	assert_int_equal(xst_output_file(path, 0600, 0, &out, NULL), 0);
	if (xst_convert_fd(fd, out, &o, &e))
		told_one(t, &e);
	xst_output_free(out);
	unlink(path);
	rmdir(dir);
}

static void restore(const struct rule_case *k, int fd, struct told *t)
{
	struct xst_restore_options o = { .size = sizeof(o), .fd = fd, .domain = xst_sink_null(),
					 .flags = k->no_config ? XST_RESTORE_NO_CONFIG : 0u,
					 .finding = told_one, .userdata = t };
	struct xst_restore_result result = { .code = 0 };

	if (xst_restore_run(&o, -1, &result))
		told_one(t, &result.error);
}

static void one_rule(void **state)
{
	const struct rule_case *k = *state;
	struct told t = { { 0 }, { 0 } };
	int fd = stream_of(k, false);

	if (k->how == VERIFY)
		verify(k, fd, &t);
	else if (k->how == CONVERT)
		convert(k, fd, &t);
	else
		restore(k, fd, &t);
	if (strcmp(t.rules, k->rules) != 0)
		print_message("%s", t.texts);
	assert_string_equal(t.rules, k->rules);
	close(fd);
}

/* --- what no stream can break --------------------------------------------------------------- */

static void an_input_that_can_not_be_read(const char *id)
{
	struct xst_finding e = { 0 };
	struct xst_verdict v;
	int fd = open("/dev/null", O_WRONLY);

	assert_int_equal(xst_verify_fd(fd, NULL, &v, &e), XST_E_IO);
	assert_string_equal(e.rule, id);
	close(fd);
}

static void an_output_that_can_not_be_written(const char *id)
{
	static const struct rule_case sound = { .rules = "", .letters = HVM, .how = CONVERT };
	int in = stream_of(&sound, true), out = open("/dev/full", O_WRONLY);
	struct xst_finding e = { 0 };
	struct xst_output *o;

	assert_int_equal(xst_output_fd(out, &o), 0);
	assert_int_equal(xst_convert_fd(in, o, NULL, &e), XST_E_IO);
	assert_string_equal(e.rule, id);
	xst_output_free(o);
	close(in);
	close(out);
}

static void a_change_of_a_device(const char *id)
{
	struct xst_finding e = { 0 };
	struct xst_change *c;

	assert_int_equal(xst_change_open("/dev/null", 0, &c, NULL, &e), XST_E_UNSUPPORTED);
	assert_string_equal(e.rule, id);
}

/* Nobody but the file's owner, root and the caller leaves a journal that is believed; one that
 * can't be read through is in the way of a change. */
static void a_change_behind_a_journal_of_nobody(const char *id)
{
	char dir[SCRATCH_MAX], image[SCRATCH_MAX + 32], journal[SCRATCH_MAX + 32];
	struct xst_finding e = { 0 };
	struct xst_change *c;

	assert_true(scratch_folder(dir));
	snprintf(image, sizeof(image), "%s/image", dir);
	snprintf(journal, sizeof(journal), "%s/.image.xenstream-journal", dir);
	close(open(image, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(symlink("/dev/zero", journal), 0);
	assert_int_equal(xst_change_open(image, 0, &c, NULL, &e), XST_E_UNSUPPORTED);
	assert_string_equal(e.rule, id);
	unlink(journal);
	unlink(image);
	rmdir(dir);
}

static void a_directory_of_nothing(const char *id)
{
	char dir[SCRATCH_MAX];
	struct xst_finding e = { 0 };
	struct xst_output *o;
	int out = open("/dev/null", O_WRONLY);

	assert_true(scratch_folder(dir));
	assert_int_equal(xst_output_fd(out, &o), 0);
	assert_true(xst_save_directory(dir, o, NULL, &e) < 0);
	assert_string_equal(e.rule, id);
	xst_output_free(o);
	close(out);
	rmdir(dir);
}

/* A sender that says nothing, and keeps its end open. */
static void silence(uint64_t timeout, bool stopped, const char *id)
{
	struct xst_restore_options o = { .size = sizeof(o), .domain = xst_sink_null(),
					 .timeout = timeout };
	struct xst_restore_result result = { .code = 0 };
	int fds[2], stop[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(stop), 0);
	if (stopped)
		assert_int_equal(write(stop[1], "", 1), 1);
	o.fd = fds[0];
	assert_int_equal(xst_restore_run(&o, stop[0], &result), XST_E_IO);
	assert_string_equal(result.error.rule, id);
	for (int i = 0; i < 2; i++) {
		close(fds[i]);
		close(stop[i]);
	}
}

static void a_sender_that_stalls(const char *id)
{
	silence(1000, false, id);
}

static void a_restore_that_is_stopped(const char *id)
{
	silence(0, true, id);
}

static const struct elsewhere {
	const char *id;
	void (*breaks)(const char *id);
} elsewhere[] = {
	{ "input.io", an_input_that_can_not_be_read },
	{ "output.io", an_output_that_can_not_be_written },
	{ "change.refused", a_change_of_a_device },
	{ "change.unfinished", a_change_behind_a_journal_of_nobody },
	{ "directory.fault", a_directory_of_nothing },
	{ "restore.timeout", a_sender_that_stalls },
	{ "restore.aborted", a_restore_that_is_stopped },
};

static void broken_elsewhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(elsewhere); i++)
		elsewhere[i].breaks(elsewhere[i].id);
}

/* --- the table is complete ------------------------------------------------------------------ */

/* The last of some ids. */
static const char *in_question(const char *ids)
{
	const char *blank = strrchr(ids, ' ');

	return blank ? blank + 1 : ids;
}

static bool has_case(const char *id)
{
	for (size_t i = 0; i < COUNT(cases); i++)
		if (strcmp(in_question(cases[i].rules), id) == 0)
			return true;
	for (size_t i = 0; i < COUNT(elsewhere); i++)
		if (strcmp(elsewhere[i].id, id) == 0)
			return true;
	return false;
}

static void each_rule_has_a_case(void **state)
{
	struct xst_rule_info r;
	unsigned missing = 0;

	(void)state;
	for (unsigned i = 0; xst_rule(i, &r) == 0; i++)
		if (!has_case(r.id)) {
			print_message("no case breaks %s\n", r.id);
			missing++;
		}
	assert_int_equal(missing, 0);
}

/* What a case changes is what breaks the rule: without the change the stream is sound. */
static void without_the_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct rule_case *k = &cases[i];
		struct told t = { { 0 }, { 0 } };
		int fd;

		if (k->build || k->how != VERIFY || !(k->edit.size || k->cut || k->append))
			continue;
		fd = stream_of(k, true);
		verify(k, fd, &t);
		if (t.rules[0] && strcmp(k->rules, "checkpoint.cut") != 0)
			fail_msg("%s: the sound stream: %s", k->rules, t.texts);
		close(fd);
	}
}

int main(void)
{
	struct CMUnitTest tests[COUNT(cases) + 3] = {
		[COUNT(cases)] = cmocka_unit_test(each_rule_has_a_case),
		[COUNT(cases) + 1] = cmocka_unit_test(without_the_change),
		[COUNT(cases) + 2] = cmocka_unit_test(broken_elsewhere),
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		tests[i].name = cases[i].rules;
		tests[i].test_func = one_rule;
		tests[i].initial_state = (void *)(uintptr_t)&cases[i];
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
