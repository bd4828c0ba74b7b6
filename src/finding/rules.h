/* SPDX-License-Identifier: MIT */
/* The catalogue of rules: one row for each thing that can be wrong with a stream.
 *
 * X(name, id, severity, like_xen, layer, section, why, example)
 *   severity   of a violation that a reader tolerates; what can't be tolerated is an error anyway.
 *              ERROR: no Xen restores this; REMARK: some Xens don't, or it is not to the
 *              specification; NOTE: worth knowing
 *   like_xen   whether Xen's own verifier takes it for an error; CHECKPOINTED: it does not, but of a
 *              libxl stream with checkpoints it can't read the rest at all, and there this counts
 *   section    the specification's: "libxc: ..." and "libxl: ..." are Xen's documents
 *              docs/specs/libxc-migration-stream and libxl-migration-stream; "xl", "legacy": the
 *              formats as docs/formats.md tells them
 *   example    of a violation
 *
 * A new rule is a row here, a line where it is seen and a case in tests/unit/rules.c, which fails
 * without one. */
#ifndef FINDING_RULES_H
#define FINDING_RULES_H

#include <stdbool.h>

#include <xenstream/finding.h>

#define XST_RULES(X) \
	X(INPUT_UNKNOWN, "input.unknown", ERROR, true, NONE, "-", \
	  "the first bytes tell what a file is; these belong to no saved domain", \
	  "a JPEG picture") \
	X(INPUT_TRUNCATED, "input.truncated", ERROR, true, NONE, "-", \
	  "what ends in the middle can't be restored", \
	  "a disk was full while the image was written") \
	X(INPUT_TRAILING, "input.trailing", NOTE, false, NONE, "-", \
	  "bytes after the end belong to something else; a reader leaves them alone", \
	  "512 bytes of a block device after the image") \
	X(INPUT_IO, "input.io", ERROR, true, NONE, "-", \
	  "the input could not be read", \
	  "the disk reports a bad sector") \
	X(LIMIT, "input.limit", ERROR, false, NONE, "-", \
	  "a length beyond every real one would cost memory or time for nothing", \
	  "a record of 2 GiB") \
	X(XL_MAGIC, "xl.magic", ERROR, true, XL, "xl", \
	  "an xl header begins with its 32 bytes", \
	  "\"Xen saved domain, xl formax\"") \
	X(XL_BYTE_ORDER, "xl.byte-order", ERROR, false, XL, "xl", \
	  "the header is written in the byte order of its host, and says which", \
	  "byte order 0x04030102") \
	X(XL_FLAGS, "xl.mandatory-flags", ERROR, false, XL, "xl", \
	  "an unknown mandatory flag changes the meaning of what follows", \
	  "mandatory flags 0x80000003") \
	X(XL_OPTIONAL_FLAGS, "xl.optional-flags", NOTE, false, XL, "xl", \
	  "unknown optional flags are ignored", \
	  "optional flags 1") \
	X(XL_CONFIG_LENGTH, "xl.config-length", ERROR, false, XL, "xl", \
	  "the configuration lies inside the optional data", \
	  "100 bytes of optional data that hold a configuration of 200") \
	X(XL_STREAM_FLAG, "xl.stream-flag", REMARK, true, XL, "xl", \
	  "xl believes the flag and hands the stream to the wrong reader", \
	  "flag 2 is clear, but a libxl stream follows") \
	X(CONTAINER_MAGIC, "container.magic", ERROR, false, NONE, "-", \
	  "a container begins with its magic", \
	  "a libvirt file with its first byte overwritten") \
	X(CONTAINER_NESTED, "container.nested", ERROR, false, NONE, "-", \
	  "no toolstack puts a container into another", \
	  "an xl header after libvirt's header") \
	X(CONTAINER_CONFIG, "container.config", ERROR, false, NONE, "-", \
	  "libvirt and xend restore nothing without a configuration", \
	  "a libvirt file with an XML length of 0") \
	X(LIBVIRT_VERSION, "libvirt.version", ERROR, false, LIBVIRT, "libvirt", \
	  "versions 1 (a legacy stream follows) and 2 (a libxl stream) exist", \
	  "version 3") \
	X(LIBVIRT_STREAM, "libvirt.stream", REMARK, false, LIBVIRT, "libvirt", \
	  "libvirt believes the version and hands the stream to the wrong reader; for some time it wrote a wrong one itself", \
	  "version 1 in front of a libxl stream") \
	X(XENSERVER_RECORD, "xenserver.record", ERROR, false, XENSERVER, "xenserver", \
	  "an unknown record can't be passed over: its length may be unknown", \
	  "a record of type 0x1234") \
	X(XENSERVER_LENGTH, "xenserver.length", REMARK, false, XENSERVER, "xenserver", \
	  "an image tells by itself where it ends; its record has length 0", \
	  "a Libxc record with length 4096") \
	X(XENSERVER_REFUSED, "xenserver.refused", REMARK, false, XENSERVER, "xenserver", \
	  "xenopsd knows the record and refuses it", \
	  "a Libxl record") \
	X(XENSERVER_IMAGE, "xenserver.image", ERROR, false, XENSERVER, "xenserver", \
	  "a suspend image holds exactly one guest", \
	  "End_of_image right after the xenops record") \
	X(XENSERVER_TWICE, "xenserver.twice", ERROR, false, XENSERVER, "xenserver", \
	  "a suspend image has one xenops record", \
	  "two xenops records") \
	X(XENSERVER_DEMU, "xenserver.demu", REMARK, false, XENSERVER, "xenserver", \
	  "only the emulator itself finds the end of a virtual GPU's state", \
	  "a Demu record") \
	X(XENSERVER_QEMU_SIZE, "xenserver.qemu-size", REMARK, false, XENSERVER, "xenserver", \
	  "xenopsd reads 1 MiB of device model state at most", \
	  "a Qemu_trad record of 2 MiB") \
	X(LIBXL_IDENT, "libxl.ident", ERROR, true, LIBXL, "libxl: Header", \
	  "the header names the format", \
	  "\"LibxlFmu\"") \
	X(LIBXL_VERSION, "libxl.version", ERROR, true, LIBXL, "libxl: Header", \
	  "version 2 is the only one", \
	  "version 3") \
	X(LIBXL_OPTIONS, "libxl.options", REMARK, true, LIBXL, "libxl: Header", \
	  "reserved bits are zero", \
	  "options 0x4") \
	X(LIBXL_OPTIONS_UPPER, "libxl.options.upper", REMARK, false, LIBXL, "libxl: Header", \
	  "reserved bits are zero; Xen's verifier looks at the lower half only", \
	  "options 0x10000") \
	X(BIG_ENDIAN, "stream.big-endian", REMARK, true, NONE, "libxc: Image Header", \
	  "every Xen there is writes and reads little-endian records only", \
	  "options 0x1") \
	X(LIBXC_MARKER, "libxc.marker", ERROR, true, LIBXC, "libxc: Image Header", \
	  "an image begins with eight bytes of ones", \
	  "the marker is 0xfffffffffffffffe") \
	X(LIBXC_IDENT, "libxc.ident", ERROR, true, LIBXC, "libxc: Image Header", \
	  "the header names the format", \
	  "\"XENG\"") \
	X(LIBXC_VERSION, "libxc.version", ERROR, true, LIBXC, "libxc: Image Header", \
	  "versions 2 (Xen 4.6) and 3 (Xen 4.14) exist", \
	  "version 4") \
	X(LIBXC_OPTIONS, "libxc.options", REMARK, true, LIBXC, "libxc: Image Header", \
	  "reserved bits are zero", \
	  "options 0x2") \
	X(RESERVED, "stream.reserved", REMARK, true, NONE, "libxc: Record", \
	  "reserved fields are zero; a later Xen may give them a meaning", \
	  "1 in the last word of X86_TSC_INFO") \
	X(GUEST_TYPE, "libxc.guest-type", ERROR, true, LIBXC, "libxc: Domain Header", \
	  "a reader must know how to build the guest", \
	  "guest type 3") \
	X(PAGE_SHIFT, "libxc.page-shift", ERROR, true, LIBXC, "libxc: Domain Header", \
	  "pages have 4096 bytes", \
	  "page shift 14") \
	X(RECORD_TYPE, "record.type", ERROR, true, NONE, "libxc: Record", \
	  "an unknown record without the optional bit must not be skipped", \
	  "a record of type 0x13") \
	X(RECORD_OPTIONAL, "record.optional", REMARK, true, NONE, "libxl: Record", \
	  "an unknown optional record may be skipped by the specification; libxl refuses it all the same", \
	  "a record of type 0x80000001") \
	X(RECORD_LENGTH, "record.length", ERROR, true, NONE, "libxc: Record", \
	  "a body has the length that its contents need", \
	  "a SHARED_INFO record of 4095 bytes") \
	X(RECORD_LONG, "libxc.record-8m", REMARK, false, LIBXC, "libxc: Record", \
	  "Xen before 4.10 takes records of 8 MiB at most, later ones 128 MiB", \
	  "a PAGE_DATA record of 9 MiB") \
	X(RECORD_EMPTY, "record.empty", REMARK, false, LIBXC, "libxc: Record", \
	  "Xen 4.6 to 4.8 wrote such records; they carry nothing", \
	  "HVM_PARAMS with a count of 0") \
	X(RECORD_PADDING, "record.padding", REMARK, true, NONE, "libxc: Record", \
	  "padding is zero", \
	  "1 in the padding after a body of 7 bytes") \
	X(RECORD_REFUSED, "record.refused", ERROR, true, LIBXC, "libxc: Record", \
	  "a type that was never shipped, or belongs to the back channel", \
	  "a TOOLSTACK record") \
	X(RECORD_V3_IN_V2, "libxc.v3-record", ERROR, true, LIBXC, "libxc: Record", \
	  "static data records exist since version 3 of the image", \
	  "STATIC_DATA_END in an image of version 2") \
	X(PAGE_COUNT, "libxc.page-data.count", ERROR, true, LIBXC, "libxc: PAGE_DATA", \
	  "a PAGE_DATA record holds at least one page frame, and one page for each that has contents", \
	  "three page frames with contents, but two pages") \
	X(PAGE_RESERVED, "libxc.page-data.reserved", ERROR, true, LIBXC, "libxc: PAGE_DATA", \
	  "bits 59-52 of an entry are zero", \
	  "entry 0x0010000000000001") \
	X(PAGE_TYPE, "libxc.page-data.type", ERROR, true, LIBXC, "libxc: PAGE_DATA", \
	  "page types 5 to 8 do not exist", \
	  "entry 0x5000000000000001") \
	X(PAGE_TWICE, "libxc.page-data.twice", ERROR, false, LIBXC, "libxc: PAGE_DATA", \
	  "a pfn stands only once in a record", \
	  "the entries 0x1, 0x2, 0x1") \
	X(PAGE_LEVEL, "libxc.page-data.level", REMARK, false, LIBXC, "libxc: PAGE_DATA", \
	  "a guest with 3 levels of page tables has none of the fourth", \
	  "type L4TAB in a 32-bit guest's image") \
	X(PAGE_PINNED, "libxc.page-data.pinned", NOTE, false, LIBXC, "libxc: PAGE_DATA", \
	  "a pinned page table that is sent without contents later on is none any more", \
	  "a pfn as L4TAB and pinned, then as XTAB") \
	X(PAGE_TABLE, "libxc.page-table", REMARK, false, LIBXC, "libxc: PAGE_DATA", \
	  "a present entry of a page table names a pfn that the image holds (checked with --deep)", \
	  "an L1 entry with pfn 0x77, which no batch holds") \
	X(PAGE_TABLE_RANGE, "libxc.page-table.range", ERROR, false, LIBXC, "libxc: PAGE_DATA", \
	  "a page table of a PV guest can't name a pfn beyond its p2m, or a legacy stream's size (checked with --deep)", \
	  "an L1 entry with pfn 0x2000 and a p2m up to 0x1fff") \
	X(PAGE_UNTRACKED, "libxc.page-data.untracked", NOTE, false, LIBXC, "libxc: PAGE_DATA", \
	  "which pages an image holds is followed in 64 MiB at most, for 2 TiB of a guest; beyond that, rules on missing pages are not applied", \
	  "page tables in a thousand places, 128 MiB from one another") \
	X(PV_WIDTH, "libxc.pv-info", ERROR, true, LIBXC, "libxc: X86_PV_INFO", \
	  "a guest is 32-bit with 3 levels of page tables, or 64-bit with 4", \
	  "width 8 with 3 levels") \
	X(VCPU_SIZE, "libxc.vcpu.size", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_BASIC", \
	  "a context has the size that belongs to the guest's width", \
	  "a 64-bit guest's context of 2800 bytes") \
	X(VCPU_ID, "libxc.vcpu.id", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_BASIC", \
	  "a PV guest has 8192 vCPUs at most", \
	  "registers of vCPU 8192") \
	X(VCPU_FIRST, "libxc.vcpu.first", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_BASIC", \
	  "vCPU 0's registers hold the pfn of start_info; a receiver does not go on without them", \
	  "registers of vCPU 1 only") \
	X(VCPU_CR3, "libxc.vcpu.cr3", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_BASIC", \
	  "the page table that a vCPU runs on is in the image, as one of the highest level", \
	  "cr3 with a pfn of type NOTAB") \
	X(VCPU_GDT, "libxc.vcpu.gdt", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_BASIC", \
	  "the frames of a vCPU's GDT are ordinary pages of the image, with 7168 entries at most", \
	  "a GDT frame that no batch holds") \
	X(VCPU_START_INFO, "libxc.vcpu.start-info", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_BASIC", \
	  "vCPU 0's rdx is the pfn of start_info, an ordinary page of the image", \
	  "rdx is 0xffff") \
	X(VCPU_EXTENDED, "libxc.vcpu.extended", REMARK, false, LIBXC, "libxc: X86_PV_VCPU_EXTENDED", \
	  "the context repeats the vCPU's number and tells its own length", \
	  "a context of 128 bytes that says it has 200") \
	X(VCPU_XSAVE, "libxc.vcpu.xsave", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_XSAVE", \
	  "an xsave area has the size that its xcr0_accum asks for", \
	  "AVX in an area of 576 bytes") \
	X(VCPU_XCR0, "libxc.vcpu.xcr0", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_XSAVE", \
	  "no processor takes other sets of states, and Xen checks that first", \
	  "xcr0 with AVX and without SSE") \
	X(VCPU_XSTATE, "libxc.vcpu.xstate", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_XSAVE", \
	  "an xsave area is not compact and holds states of xcr0_accum only", \
	  "AVX in xstate_bv, but not in xcr0_accum") \
	X(VCPU_MSRS, "libxc.vcpu.msrs", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_MSRS", \
	  "a vCPU's MSRs are entries of 16 bytes", \
	  "24 bytes of MSRs") \
	X(TSC, "libxc.tsc", REMARK, false, LIBXC, "libxc: X86_TSC_INFO", \
	  "modes 0 to 3 exist, and an emulated TSC has a frequency", \
	  "mode 9") \
	X(WRONG_GUEST, "libxc.guest", ERROR, false, LIBXC, "libxc: Record", \
	  "PV records belong to PV guests, HVM records to HVM guests", \
	  "SHARED_INFO in an HVM guest's image") \
	X(ORDER, "libxc.order", ERROR, false, LIBXC, "libxc: Layout", \
	  "some records need what others say before them", \
	  "PAGE_DATA before X86_PV_P2M_FRAMES") \
	X(MISSING, "libxc.missing", ERROR, CHECKPOINTED, LIBXC, "libxc: Layout", \
	  "a guest can't run without this record", \
	  "a PV image without SHARED_INFO") \
	X(TWICE, "libxc.twice", ERROR, CHECKPOINTED, LIBXC, "libxc: Layout", \
	  "a receiver refuses a second record of this kind", \
	  "two X86_PV_INFO records") \
	X(REPEATED, "libxc.repeated", REMARK, false, LIBXC, "libxc: Layout", \
	  "Xen writes one such record; of several the last counts, and what the others hold is lost", \
	  "two SHARED_INFO records") \
	X(P2M_RANGE, "libxc.p2m-range", ERROR, false, LIBXC, "libxc: X86_PV_P2M_FRAMES", \
	  "the frames cover the range of pfns that the record names", \
	  "one frame for the pfns 0 to 1023 of a 64-bit guest") \
	X(P2M_FRAME, "libxc.p2m-frame", ERROR, false, LIBXC, "libxc: X86_PV_P2M_FRAMES", \
	  "a frame of the p2m is an ordinary page of the image: a receiver writes the new p2m there", \
	  "a frame that no batch holds") \
	X(PFN_RANGE, "libxc.page-data.pfn", ERROR, false, LIBXC, "libxc: PAGE_DATA", \
	  "a PV guest has no memory beyond its p2m; a receiver refuses the page", \
	  "page frame 0x2000 with a p2m up to 0x1fff") \
	X(HVM_ORDER, "libxc.hvm-order", NOTE, false, LIBXC, "libxc: Layout", \
	  "the specification puts HVM_PARAMS before HVM_CONTEXT; Xen itself writes them the other way", \
	  "HVM_CONTEXT, then HVM_PARAMS") \
	X(HVM_HEADER, "libxc.hvm-context.header", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "the hypervisor's state begins with a HEADER of known magic and version", \
	  "a CPU entry first") \
	X(HVM_ENTRY, "libxc.hvm-context.entry", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "every entry lies inside the record", \
	  "an entry of 1032 bytes with 100 left") \
	X(HVM_END, "libxc.hvm-context.end", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "the hypervisor's state ends with an END entry", \
	  "the record is over after the last CPU_MSR entry") \
	X(HVM_TRAILING, "libxc.hvm-context.trailing", NOTE, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "Xen leaves alone what follows END", \
	  "16 bytes after END") \
	X(HVM_TYPE, "libxc.hvm-context.type", REMARK, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "a Xen that doesn't know an entry's type refuses the guest", \
	  "type 99") \
	X(HVM_INSTANCE, "libxc.hvm-context.instance", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "an instance is 0 for the domain's devices, 0 or 1 for the PICs, else a vCPU below 128", \
	  "a second IOAPIC") \
	X(HVM_TWICE, "libxc.hvm-context.twice", REMARK, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "one entry of a type for each instance", \
	  "two CPU entries of vCPU 0") \
	X(HVM_LENGTH, "libxc.hvm-context.length", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "an entry is as long as its type, in one of Xen's versions", \
	  "a PIT entry of 55 bytes") \
	X(HVM_LENGTH_ODD, "libxc.hvm-context.odd-length", REMARK, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "Xen fills up a short entry with zeros, but no version writes one of that length", \
	  "an RTC entry of 20 bytes") \
	X(HVM_SORT, "libxc.hvm-context.order", NOTE, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "Xen writes entries by ascending type", \
	  "PIT before PIC") \
	X(HVM_VCPU, "libxc.hvm-context.vcpu", REMARK, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "a guest runs on the vCPUs that have a CPU entry", \
	  "no CPU entry at all") \
	X(HVM_OFFLINE, "libxc.hvm-context.offline", NOTE, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "Xen writes no CPU entry for a vCPU that is offline, but entries of its devices", \
	  "a LAPIC entry of vCPU 3, which has no CPU entry") \
	X(HVM_XSAVE, "libxc.hvm-context.xsave", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "an xsave area has the size and the states of its xcr0_accum, as a processor takes them; zeros may follow", \
	  "a CPU_XSAVE entry of 600 bytes with AVX") \
	X(HVM_MSRS, "libxc.hvm-context.msrs", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "a CPU_MSR entry tells how many MSRs it has, with a zero after the number of each", \
	  "a count of 3 in 24 bytes") \
	X(PARAM_INDEX, "libxc.hvm-params.index", REMARK, false, LIBXC, "libxc: HVM_PARAMS", \
	  "a Xen that doesn't know a parameter refuses it", \
	  "parameter 99") \
	X(PARAM_TWICE, "libxc.hvm-params.twice", REMARK, false, LIBXC, "libxc: HVM_PARAMS", \
	  "of a parameter that stands twice the last value counts", \
	  "STORE_PFN twice") \
	X(PARAM_PFN, "libxc.hvm-params.pfn", REMARK, false, LIBXC, "libxc: HVM_PARAMS", \
	  "the pages that a guest shares with xenstored and the console are in its memory", \
	  "STORE_PFN is 0x1234, which no batch holds") \
	X(CPUID_ORDER, "libxc.cpuid.order", NOTE, false, LIBXC, "libxc: X86_CPUID_POLICY", \
	  "Xen writes leaves in ascending order", \
	  "leaf 7 before leaf 4") \
	X(CPUID_TWICE, "libxc.cpuid.twice", REMARK, false, LIBXC, "libxc: X86_CPUID_POLICY", \
	  "a leaf stands once", \
	  "leaf 1 twice") \
	X(CPUID_LEAF, "libxc.cpuid.leaf", REMARK, false, LIBXC, "libxc: X86_CPUID_POLICY", \
	  "leaves are basic, extended, or the hypervisor's; a receiver refuses the set for any other", \
	  "leaf 0x20000000") \
	X(MSR_ORDER, "libxc.msr.order", NOTE, false, LIBXC, "libxc: X86_MSR_POLICY", \
	  "Xen writes MSRs in ascending order", \
	  "0x10a before 0xce") \
	X(MSR_TWICE, "libxc.msr.twice", REMARK, false, LIBXC, "libxc: X86_MSR_POLICY", \
	  "an MSR stands once", \
	  "0xce twice") \
	X(MSR_INDEX, "libxc.msr.index", REMARK, false, LIBXC, "libxc: X86_MSR_POLICY", \
	  "today 0xce and 0x10a are in the policy; a receiver refuses the set for any other", \
	  "MSR 0x1a0") \
	X(STATIC_DATA, "libxc.static-data", ERROR, false, LIBXC, "libxc: STATIC_DATA_END", \
	  "static data comes before STATIC_DATA_END, everything else after it", \
	  "X86_CPUID_POLICY after STATIC_DATA_END") \
	X(XENSTORE_PAIRS, "libxl.xenstore.pairs", ERROR, true, LIBXL, "libxl: EMULATOR_XENSTORE_DATA", \
	  "every key has a value, and each ends with a NUL", \
	  "\"physmap/0/size\" NUL and no value") \
	X(XENSTORE_KEY, "libxl.xenstore.key", ERROR, false, LIBXL, "libxl: EMULATOR_XENSTORE_DATA", \
	  "xenstored takes keys of letters, digits and - / _ @ only, relative here", \
	  "\"physmap//size\"") \
	X(XENSTORE_PATH, "libxl.xenstore.path", REMARK, false, LIBXL, "libxl: EMULATOR_XENSTORE_DATA", \
	  "savers write keys under physmap/ only; another one could overwrite the device model's state", \
	  "\"state\"") \
	X(XENSTORE_LENGTH, "libxl.xenstore.length", REMARK, false, LIBXL, "libxl: EMULATOR_XENSTORE_DATA", \
	  "xenstored takes paths of 3072 bytes, and 4096 together with the value; libxl doesn't tell that it failed", \
	  "a key of 3070 bytes") \
	X(EMULATOR_ID, "libxl.emulator.id", ERROR, true, LIBXL, "libxl: EMULATOR_CONTEXT", \
	  "device models are 0 (unknown), 1 (qemu-traditional) and 2 (qemu)", \
	  "device model 3") \
	X(EMULATOR_MAGIC, "libxl.emulator.magic", REMARK, false, LIBXL, "libxl: EMULATOR_CONTEXT", \
	  "QEMU takes back only what begins with QEVM", \
	  "the state begins with \"QEVN\"") \
	X(EMULATOR_VERSION, "libxl.emulator.version", REMARK, false, LIBXL, "libxl: EMULATOR_CONTEXT", \
	  "QEMU reads version 3 of its state only", \
	  "version 2") \
	X(EMULATOR_INDEX, "libxl.emulator.index", REMARK, false, LIBXL, "libxl: EMULATOR_CONTEXT", \
	  "a domain has one device model, of index 0", \
	  "index 1") \
	X(EMULATOR_TWICE, "libxl.emulator.twice", REMARK, false, LIBXL, "libxl: EMULATOR_CONTEXT", \
	  "of two states libxl gives the device model the last one", \
	  "two EMULATOR_CONTEXT records") \
	X(EMULATOR_GUEST, "libxl.emulator.guest", ERROR, false, LIBXL, "libxl: EMULATOR_CONTEXT", \
	  "only HVM guests have a device model's state; libxl refuses it for others", \
	  "EMULATOR_CONTEXT in a PV guest's stream") \
	X(CHECKPOINT, "libxl.checkpoint", ERROR, CHECKPOINTED, LIBXL, "libxl: CHECKPOINT_END", \
	  "CHECKPOINT_END closes what a libxc CHECKPOINT record has opened", \
	  "CHECKPOINT_END in a plain stream") \
	X(CHECKPOINT_STATE, "libxl.checkpoint-state", ERROR, CHECKPOINTED, LIBXL, "libxl: CHECKPOINT_STATE", \
	  "states 0 to 3 exist", \
	  "state 4") \
	X(CHECKPOINT_STATE_SIDE, "libxl.checkpoint-state.side", REMARK, false, LIBXL, "libxl: CHECKPOINT_STATE", \
	  "the primary says NEW after a checkpoint, the secondary everything else, on the channel back", \
	  "SVM_READY in the main stream") \
	X(CHECKPOINT_PLAIN, "checkpoint.plain", REMARK, false, LIBXC, "libxc: CHECKPOINT", \
	  "a checkpoint needs a libxl stream around it; a reader of a bare image refuses it", \
	  "CHECKPOINT in a bare image") \
	X(CHECKPOINT_DROPPED, "checkpoint.dropped", REMARK, false, LIBXC, "libxc: CHECKPOINT", \
	  "a receiver keeps what follows a checkpoint until the next one, and drops it at END", \
	  "pages between CHECKPOINT_END and END") \
	X(CHECKPOINT_OPTIONAL, "checkpoint.optional", REMARK, false, LIBXC, "libxc: CHECKPOINT", \
	  "after the first checkpoint a receiver takes an optional record that it doesn't know for a mandatory one", \
	  "record 0x80000001 in the second checkpoint") \
	X(CHECKPOINT_EMULATOR, "checkpoint.emulator", REMARK, false, LIBXL, "libxl: CHECKPOINT_END", \
	  "each checkpoint has the device model's state anew", \
	  "no EMULATOR_CONTEXT in the second checkpoint") \
	X(COLO_STRAY, "colo.stray-bytes", REMARK, false, COLO, "libxc: CHECKPOINT_DIRTY_PFN_LIST", \
	  "since 4.16 a secondary writes eight zero bytes after the record's header, and the primary loses its place", \
	  "the list begins with eight bytes too many") \
	X(COLO_PFNS, "colo.pfns", REMARK, false, COLO, "libxc: CHECKPOINT_DIRTY_PFN_LIST", \
	  "a secondary tells each pfn once, in ascending order", \
	  "the pfns 5, 3") \
	X(COLO_TURN, "colo.turn", REMARK, false, COLO, "libxl: CHECKPOINT_STATE", \
	  "a secondary says SVM_SUSPENDED before it tells which pages it has changed", \
	  "a list after SVM_RESUMED") \
	X(LIBXL_CONTEXT, "libxl.libxc-context", ERROR, CHECKPOINTED, LIBXL, "libxl: LIBXC_CONTEXT", \
	  "a libxl stream holds exactly one libxc image", \
	  "two LIBXC_CONTEXT records") \
	X(LEGACY_P2M_SIZE, "legacy.p2m-size", ERROR, true, LEGACY, "legacy", \
	  "pfns have 28 bits and a guest has memory", \
	  "a guest of 0 pages") \
	X(LEGACY_EXT_INFO, "legacy.extended-info", ERROR, true, LEGACY, "legacy", \
	  "the guest's width stands in the extended info", \
	  "extended info without a \"vcpu\" block") \
	X(LEGACY_EXT_BLOCK, "legacy.extended-info.block", REMARK, false, LEGACY, "legacy", \
	  "Xen's receiver skips blocks that it does not know", \
	  "a block \"abcd\"") \
	X(LEGACY_CHUNK, "legacy.chunk", ERROR, true, LEGACY, "legacy", \
	  "an unknown chunk has no length", \
	  "chunk -99") \
	X(LEGACY_BATCH, "legacy.batch", ERROR, true, LEGACY, "legacy", \
	  "a batch has 1024 entries at most", \
	  "a batch of 1025 entries") \
	X(LEGACY_ENTRY, "legacy.batch.entry", ERROR, false, LEGACY, "legacy", \
	  "an entry has 32 bits, and page types 5 to 8 do not exist", \
	  "entry 0x50000001") \
	X(LEGACY_PFN, "legacy.batch.pfn", REMARK, false, LEGACY, "legacy", \
	  "a page beyond the guest's size", \
	  "page frame 0x40 of a guest of 0x40 pages") \
	X(LEGACY_VCPU_MAP, "legacy.vcpu-map", REMARK, false, LEGACY, "legacy", \
	  "Xen's receiver ignores vCPUs above the maximum that the chunk names", \
	  "vCPU 3 is online, the highest is 1") \
	X(LEGACY_NO_VCPU_MAP, "legacy.no-vcpu-map", NOTE, false, LEGACY, "legacy", \
	  "without a VCPU_INFO chunk there is vCPU 0 only", \
	  "a stream without chunk -2") \
	X(LEGACY_TMEM, "legacy.tmem", REMARK, false, LEGACY, "legacy", \
	  "today's Xen has no transcendent memory; real streams hold no pages of it", \
	  "chunk -5") \
	X(LEGACY_TOOLSTACK, "legacy.toolstack", ERROR, true, LEGACY, "legacy", \
	  "libxl's record has version 1 and entries of a known shape", \
	  "a toolstack record of version 2") \
	X(LEGACY_TOOLSTACK_TWICE, "legacy.toolstack.twice", REMARK, false, LEGACY, "legacy", \
	  "Xen's receiver takes the last one", \
	  "two chunks -18") \
	X(LEGACY_PARAM_PV, "legacy.param", REMARK, false, LEGACY, "legacy", \
	  "HVM parameters mean nothing to a PV guest", \
	  "HVM_IDENT_PT in a PV guest's stream") \
	X(LEGACY_XSAVE, "legacy.xsave", NOTE, false, LEGACY, "legacy", \
	  "the size differs from what the extended info announced; Xen's tools fail, the stream is clear", \
	  "592 bytes where 848 were announced") \
	X(LEGACY_CONTEXT, "legacy.hvm-context", ERROR, false, LEGACY, "legacy", \
	  "an HVM guest has a context", \
	  "an HVM context of 0 bytes") \
	X(LEGACY_SIGNATURE, "legacy.signature", ERROR, true, LEGACY, "legacy", \
	  "a device model's record begins with one of three signatures", \
	  "\"DeviceModelRecord0003\"") \
	X(LEGACY_CHECKPOINTED, "legacy.checkpointed", NOTE, false, LEGACY, "legacy", \
	  "a Remus stream: state after state of the same guest", \
	  "a stream of `xl remus`") \
	X(LEGACY_COMPRESSED, "legacy.compressed", ERROR, false, LEGACY, "legacy", \
	  "compressed pages are differences to what the pages announced before them held", \
	  "a delta for a page that was never sent") \
	X(CHECKPOINT_CUT, "checkpoint.cut", REMARK, false, NONE, "libxl: CHECKPOINT_END", \
	  "a checkpointed stream ends when its sender does; a receiver takes the last complete state", \
	  "the sending host lost power inside checkpoint 812") \
	X(CONFIG_MISSING, "config.missing", NOTE, false, XL, "xl", \
	  "xl restores by the stored configuration, unless it is given another one", \
	  "optional data of 4 bytes") \
	X(CONFIG_SYNTAX, "config.syntax", REMARK, false, NONE, "xl", \
	  "a toolstack must be able to read the configuration, in the language that the xl header names", \
	  "JSON that breaks off") \
	X(CONFIG_GUEST, "config.guest-type", REMARK, false, NONE, "xl", \
	  "the configuration names the guest that the image holds", \
	  "type \"hvm\" with a PV image") \
	X(CONFIG_VCPUS, "config.vcpus", REMARK, false, NONE, "xl", \
	  "the configuration has a vCPU for each that the image holds", \
	  "two sets of registers with vcpus = 1") \
	X(CONFIG_MEMORY, "config.memory", REMARK, false, NONE, "xl", \
	  "the configuration has room for the pages that the image holds", \
	  "1 GiB of pages with memory = 512") \
	X(CONFIG_DEVICE_MODEL, "config.device-model", REMARK, false, NONE, "xl", \
	  "an HVM guest's device model starts from its state", \
	  "an HVM guest without EMULATOR_CONTEXT") \
	X(HINT_WIDTH, "hint.width", REMARK, false, LEGACY, "-", \
	  "the stream shows its toolstack's word size itself", \
	  "--width 32 for a stream of a 64-bit toolstack") \
	X(HINT_GUEST, "hint.guest", REMARK, false, LEGACY, "-", \
	  "the stream shows itself whether it is PV or HVM", \
	  "--guest pv for an HVM stream") \
	X(CONVERT_LOSS, "convert.loss", ERROR, false, NONE, "-", \
	  "what the output has no place for would be gone", \
	  "a CPUID policy into an image of version 2") \
	X(CONVERT_DROPPED, "convert.dropped", REMARK, false, NONE, "-", \
	  "what the output has no place for was left out", \
	  "the same with --force") \
	X(CONVERT_NO_CONFIG, "convert.no-config", REMARK, false, XL, "xl", \
	  "xl restores a domain by a configuration, the stored one or one that is given to it", \
	  "a bare libxl stream into an xl image") \
	X(CONVERT_CONFIG, "convert.config", REMARK, false, NONE, "-", \
	  "the output holds a configuration that was translated or given, or can't do without one", \
	  "libvirt's XML became an xl configuration, without the graphics") \
	X(CONVERT_CHECKPOINT, "convert.checkpoint", REMARK, false, NONE, "legacy", \
	  "of a checkpointed stream one state is the guest's, by default the last complete one", \
	  "a stream of `xl remus` into a plain image") \
	X(CONVERT_CUT, "convert.cut", REMARK, false, NONE, "-", \
	  "what comes of an input that breaks off ends after the last record that was whole", \
	  "salvage of an image whose device model's state is cut") \
	X(CONVERT_UNSUPPORTED, "convert.unsupported", ERROR, false, NONE, "-", \
	  "the input is fine, but this operation can't be done on it", \
	  "checkpoints that can't be kept in a libxc image") \
	X(CHANGE_REFUSED, "change.refused", ERROR, false, NONE, "-", \
	  "a file is not changed in place where something else would be lost or disturbed", \
	  "an image with two names (hard links)") \
	X(CHANGE_UNFINISHED, "change.unfinished", ERROR, false, NONE, "-", \
	  "a change that was broken off is brought to an end before anything else", \
	  "the power failed while a configuration was written") \
	X(OUTPUT_IO, "output.io", ERROR, false, NONE, "-", \
	  "the output could not be written", \
	  "no space left on the device") \
	X(DIRECTORY, "directory.fault", ERROR, false, NONE, "-", \
	  "an image directory holds what docs/image-directory.md tells, and nothing in it leads out of it", \
	  "a symbolic link in place of the memory") \
	X(RESTORE_NO_CONFIG, "restore.no-config", ERROR, false, XL, "xl", \
	  "a domain is restored by a configuration, the stored one or one that is given", \
	  "an image without a configuration, and no --config") \
	X(RESTORE_STATE, "restore.state", ERROR, false, LIBXL, "libxl: CHECKPOINT_STATE", \
	  "COLO's two sides take turns", \
	  "SVM_READY before SVM_SUSPENDED") \
	X(RESTORE_TIMEOUT, "restore.timeout", ERROR, false, NONE, "-", \
	  "a stream that stalls or never ends must not hold up its receiver for ever", \
	  "a sender that keeps its connection open and sends nothing") \
	X(RESTORE_ABORTED, "restore.aborted", ERROR, false, NONE, "-", "it was asked to stop", \
	  "an interrupt from the keyboard") \
	X(RESTORE_DROPPED, "restore.dropped", REMARK, false, LIBXL, "libxl: CHECKPOINT_END", \
	  "what is after the last complete checkpoint is no state of the guest", \
	  "the sender died in the middle of the third checkpoint") \
	X(RESTORE_SKIPPED, "restore.skipped", NOTE, false, LIBXC, "libxc: Record", \
	  "records of unknown type may be skipped if their type says so", \
	  "a record of type 0x80000042")

enum xst_rule {
#define X(name, id, severity, like_xen, layer, section, why, example) RULE_##name,
	XST_RULES(X)
#undef X
	RULE_MAX
};

/* Besides false and true, what the column like_xen says. */
#define CHECKPOINTED 2

struct rule {
	const char *id;
	enum xst_severity severity;
	int like_xen;
	enum xst_layer layer;
	const char *section;
	const char *why;
	const char *example;
};

extern const struct rule xst_rule_table[RULE_MAX];

/* A row by its id, or NULL. */
const struct rule *xst_rule_find(const char *id);

/* Whether the receiver (xl, libxl, libxc and the hypervisor of today) refuses what was found. */
bool xst_rule_receiver_refuses(enum xst_rule rule, const struct xst_finding *f);

#endif
