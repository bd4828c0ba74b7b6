/* SPDX-License-Identifier: MIT */
/* The catalogue of rules: one row for each thing that can be wrong with a stream.
 *
 * X(name, id, severity, like_xen, layer, section, why, example)
 *   severity   of a violation that a reader can tolerate; any other is an error.
 *              ERROR: no Xen restores this; REMARK: some Xens don't, or it violates the
 *              specification; NOTE: worth knowing
 *   like_xen   whether Xen's own verifier reports it as an error
 *   section    of the specification: "libxc: ..." and "libxl: ..." are Xen's documents
 *              docs/specs/libxc-migration-stream and libxl-migration-stream; "xl", "legacy": the
 *              formats as docs/formats.md describes them
 *   example    of a violation
 *
 * A new rule is a row here, a line where it is detected and a case in tests/unit/rules.c, which
 * fails without one. */
#ifndef FINDING_RULES_H
#define FINDING_RULES_H

#include <stdbool.h>

#include <xenstream/finding.h>

#define XST_RULES(X) \
	X(INPUT_UNKNOWN, "input.unknown", ERROR, true, NONE, "-", \
	  "the first bytes show the format of a file; these are not a saved domain's", \
	  "a JPEG picture") \
	X(INPUT_TRUNCATED, "input.truncated", ERROR, true, NONE, "-", \
	  "a stream that ends early cannot be restored", \
	  "the disk filled up while the image was being written") \
	X(INPUT_TRAILING, "input.trailing", NOTE, false, NONE, "-", \
	  "bytes after the end are not part of the stream; a reader leaves them alone", \
	  "512 bytes of a block device after the image") \
	X(INPUT_IO, "input.io", ERROR, true, NONE, "-", \
	  "the input could not be read", \
	  "the disk reports a bad sector") \
	X(LIMIT, "input.limit", ERROR, false, NONE, "-", \
	  "a length far beyond any real one would only waste memory or time", \
	  "a record of 2 GiB") \
	X(XL_MAGIC, "xl.magic", ERROR, true, XL, "xl", \
	  "an xl header begins with its magic of 32 bytes", \
	  "\"Xen saved domain, xl formax\"") \
	X(XL_BYTE_ORDER, "xl.byte-order", ERROR, false, XL, "xl", \
	  "the header is in its host's byte order, and says which that is", \
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
	  "xl trusts the flag and passes the stream to the wrong reader", \
	  "flag 2 is clear, but a libxl stream follows") \
	X(CONTAINER_MAGIC, "container.magic", ERROR, false, NONE, "-", \
	  "a container begins with its magic", \
	  "a libvirt file with its first byte overwritten") \
	X(CONTAINER_NESTED, "container.nested", ERROR, false, NONE, "-", \
	  "no toolstack nests containers", \
	  "an xl header after libvirt's header") \
	X(CONTAINER_CONFIG, "container.config", ERROR, false, NONE, "-", \
	  "libvirt and xend restore nothing without a configuration", \
	  "a libvirt file with an XML length of 0") \
	X(LIBVIRT_VERSION, "libvirt.version", ERROR, false, LIBVIRT, "libvirt", \
	  "versions 1 (a legacy stream follows) and 2 (a libxl stream) exist", \
	  "version 3") \
	X(LIBVIRT_STREAM, "libvirt.stream", REMARK, false, LIBVIRT, "libvirt", \
	  "libvirt trusts the version and passes the stream to the wrong reader; for a while it " \
	  "wrote wrong versions itself", \
	  "version 1 in front of a libxl stream") \
	X(XENSERVER_RECORD, "xenserver.record", ERROR, false, XENSERVER, "xenserver", \
	  "an unknown record can't be skipped, as its length may be unknown", \
	  "a record of type 0x1234") \
	X(XENSERVER_LENGTH, "xenserver.length", REMARK, false, XENSERVER, "xenserver", \
	  "an image marks its own end; its record has length 0", \
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
	  "xenopsd reads at most 1 MiB of device model state", \
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
	  "every Xen so far writes and reads only little-endian records", \
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
	  "by the specification an unknown optional record may be skipped, but libxl refuses it", \
	  "a record of type 0x80000001") \
	X(RECORD_LENGTH, "record.length", ERROR, true, NONE, "libxc: Record", \
	  "the length of a body fits its contents", \
	  "a SHARED_INFO record of 4095 bytes") \
	X(RECORD_LONG, "libxc.record-8m", REMARK, false, LIBXC, "libxc: Record", \
	  "Xen before 4.10 accepts records of at most 8 MiB, later versions 128 MiB", \
	  "a PAGE_DATA record of 9 MiB") \
	X(RECORD_EMPTY, "record.empty", REMARK, false, LIBXC, "libxc: Record", \
	  "Xen 4.6 to 4.8 wrote such records; they carry nothing", \
	  "HVM_PARAMS with a count of 0") \
	X(RECORD_PADDING, "record.padding", REMARK, true, NONE, "libxc: Record", \
	  "padding is zero", \
	  "1 in the padding after a body of 7 bytes") \
	X(RECORD_REFUSED, "record.refused", ERROR, true, LIBXC, "libxc: Record", \
	  "the type was never released, or belongs to the back channel", \
	  "a TOOLSTACK record") \
	X(RECORD_V3_IN_V2, "libxc.v3-record", ERROR, true, LIBXC, "libxc: Record", \
	  "static data records exist only from image version 3 on", \
	  "STATIC_DATA_END in an image of version 2") \
	X(PAGE_COUNT, "libxc.page-data.count", ERROR, true, LIBXC, "libxc: PAGE_DATA", \
	  "a PAGE_DATA record holds at least one pfn (page frame number), and a page for each " \
	  "pfn with contents", \
	  "three pfns with contents, but two pages") \
	X(PAGE_RESERVED, "libxc.page-data.reserved", ERROR, true, LIBXC, "libxc: PAGE_DATA", \
	  "bits 59-52 of an entry are zero", \
	  "entry 0x0010000000000001") \
	X(PAGE_TYPE, "libxc.page-data.type", ERROR, true, LIBXC, "libxc: PAGE_DATA", \
	  "page types 5 to 8 do not exist", \
	  "entry 0x5000000000000001") \
	X(PAGE_TWICE, "libxc.page-data.twice", ERROR, false, LIBXC, "libxc: PAGE_DATA", \
	  "a pfn occurs only once in a record", \
	  "the entries 0x1, 0x2, 0x1") \
	X(PAGE_LEVEL, "libxc.page-data.level", REMARK, false, LIBXC, "libxc: PAGE_DATA", \
	  "a guest with 3 levels of page tables has no tables of the fourth level", \
	  "type L4TAB in a 32-bit guest's image") \
	X(PAGE_PINNED, "libxc.page-data.pinned", NOTE, false, LIBXC, "libxc: PAGE_DATA", \
	  "a page table that was pinned but is later sent without contents is a page table no " \
	  "longer", \
	  "a pfn as L4TAB and pinned, then as XTAB") \
	X(PAGE_TABLE, "libxc.page-table", REMARK, false, LIBXC, "libxc: PAGE_DATA", \
	  "a present entry of a page table names a pfn that the image holds (checked with " \
	  "--deep)", \
	  "an L1 entry with pfn 0x77, which no batch holds") \
	X(PAGE_TABLE_RANGE, "libxc.page-table.range", ERROR, false, LIBXC, "libxc: PAGE_DATA", \
	  "a PV guest's page table can't name a pfn beyond the guest's p2m, or its size in a " \
	  "legacy stream (checked with --deep)", \
	  "an L1 entry with pfn 0x2000 and a p2m up to 0x1fff") \
	X(PAGE_UNTRACKED, "libxc.page-data.untracked", NOTE, false, LIBXC, "libxc: PAGE_DATA", \
	  "the pages of an image are tracked in at most 64 MiB, enough for a guest of 2 TiB; " \
	  "beyond that, rules about missing pages are not applied", \
	  "pages in more than a thousand places, 128 MiB apart") \
	X(PV_WIDTH, "libxc.pv-info", ERROR, true, LIBXC, "libxc: X86_PV_INFO", \
	  "a guest is 32-bit with 3 levels of page tables, or 64-bit with 4", \
	  "width 8 with 3 levels") \
	X(VCPU_SIZE, "libxc.vcpu.size", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_BASIC", \
	  "the size of a context fits the guest's width", \
	  "a 64-bit guest's context of 2800 bytes") \
	X(VCPU_ID, "libxc.vcpu.id", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_BASIC", \
	  "a PV guest has at most 8192 vCPUs", \
	  "registers of vCPU 8192") \
	X(VCPU_FIRST, "libxc.vcpu.first", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_BASIC", \
	  "vCPU 0's registers hold the pfn of start_info, without which a receiver fails", \
	  "registers of vCPU 1 only") \
	X(VCPU_CR3, "libxc.vcpu.cr3", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_BASIC", \
	  "the page table that cr3 names is in the image, as one of the highest level", \
	  "cr3 with a pfn of type NOTAB") \
	X(VCPU_GDT, "libxc.vcpu.gdt", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_BASIC", \
	  "the frames of a vCPU's GDT are ordinary pages of the image, with at most 7168 entries", \
	  "a GDT frame that no batch holds") \
	X(VCPU_START_INFO, "libxc.vcpu.start-info", ERROR, false, LIBXC, \
	  "libxc: X86_PV_VCPU_BASIC", \
	  "vCPU 0's rdx is the pfn of start_info, an ordinary page of the image", \
	  "rdx is 0xffff") \
	X(VCPU_EXTENDED, "libxc.vcpu.extended", REMARK, false, LIBXC, \
	  "libxc: X86_PV_VCPU_EXTENDED", \
	  "the context repeats the vCPU's number and gives its own length", \
	  "a context of 128 bytes that says it has 200") \
	X(VCPU_XSAVE, "libxc.vcpu.xsave", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_XSAVE", \
	  "the size of an xsave area fits its xcr0_accum", \
	  "AVX in an area of 576 bytes") \
	X(VCPU_XCR0, "libxc.vcpu.xcr0", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_XSAVE", \
	  "no processor accepts another set of states, and Xen checks that first", \
	  "xcr0 with AVX and without SSE") \
	X(VCPU_XSTATE, "libxc.vcpu.xstate", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_XSAVE", \
	  "an xsave area is not in compacted form and holds only states of xcr0_accum", \
	  "AVX in xstate_bv, but not in xcr0_accum") \
	X(VCPU_MSRS, "libxc.vcpu.msrs", ERROR, false, LIBXC, "libxc: X86_PV_VCPU_MSRS", \
	  "a vCPU's MSRs are entries of 16 bytes", \
	  "24 bytes of MSRs") \
	X(VCPU_VALUE, "libxc.vcpu.value", REMARK, false, LIBXC, "libxc: X86_PV_VCPU_XSAVE", \
	  "a receiver refuses states that it does not know, and MSRs that it does not load", \
	  "xcr0 with protection keys") \
	X(VCPU_POLICY, "libxc.vcpu.policy", REMARK, false, LIBXC, "libxc: X86_PV_VCPU_XSAVE", \
	  "a guest can't use what the CPUID policy of its image does not show it", \
	  "xcr0 has AVX, leaf 1 has not") \
	X(TSC, "libxc.tsc", REMARK, false, LIBXC, "libxc: X86_TSC_INFO", \
	  "the mode is 0 to 3, and an emulated TSC has a frequency", \
	  "mode 9") \
	X(WRONG_GUEST, "libxc.guest", ERROR, false, LIBXC, "libxc: Record", \
	  "PV records belong to PV guests, HVM records to HVM guests", \
	  "SHARED_INFO in an HVM guest's image") \
	X(ORDER, "libxc.order", ERROR, false, LIBXC, "libxc: Layout", \
	  "some records depend on earlier ones", \
	  "PAGE_DATA before X86_PV_P2M_FRAMES") \
	X(MISSING, "libxc.missing", ERROR, CHECKPOINTED, LIBXC, "libxc: Layout", \
	  "a guest can't run without this record", \
	  "a PV image without SHARED_INFO") \
	X(TWICE, "libxc.twice", ERROR, CHECKPOINTED, LIBXC, "libxc: Layout", \
	  "a receiver refuses a second record of this kind", \
	  "two X86_PV_INFO records") \
	X(REPEATED, "libxc.repeated", REMARK, false, LIBXC, "libxc: Layout", \
	  "Xen writes one such record; if there are several, only the last counts", \
	  "two SHARED_INFO records") \
	X(P2M_RANGE, "libxc.p2m-range", ERROR, false, LIBXC, "libxc: X86_PV_P2M_FRAMES", \
	  "the frames cover the range of pfns that the record names", \
	  "one frame for the pfns 0 to 1023 of a 64-bit guest") \
	X(P2M_FRAME, "libxc.p2m-frame", ERROR, false, LIBXC, "libxc: X86_PV_P2M_FRAMES", \
	  "a frame of the p2m is an ordinary page of the image, where a receiver writes the new " \
	  "p2m", \
	  "a frame that no batch holds") \
	X(PFN_RANGE, "libxc.page-data.pfn", ERROR, false, LIBXC, "libxc: PAGE_DATA", \
	  "a PV guest has no memory beyond its p2m, and no guest beyond 2^52 bytes; a receiver " \
	  "refuses the page", \
	  "pfn 0x2000 with a p2m up to 0x1fff") \
	X(HVM_HEADER, "libxc.hvm-context.header", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "the hypervisor's state begins with a HEADER entry of known magic and version", \
	  "a CPU entry first") \
	X(HVM_ENTRY, "libxc.hvm-context.entry", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "every entry lies inside the record", \
	  "an entry of 1032 bytes with 100 left") \
	X(HVM_END, "libxc.hvm-context.end", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "the hypervisor's state ends with an END entry", \
	  "the record ends after the last CPU_MSR entry") \
	X(HVM_TRAILING, "libxc.hvm-context.trailing", NOTE, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "Xen ignores data after END", \
	  "16 bytes after END") \
	X(HVM_TYPE, "libxc.hvm-context.type", REMARK, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "a Xen that does not know the type of an entry refuses the guest", \
	  "type 99") \
	X(HVM_INSTANCE, "libxc.hvm-context.instance", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "the instance is 0 for the domain's devices, 0 or 1 for the PICs, else a vCPU below " \
	  "128", \
	  "a second IOAPIC") \
	X(HVM_TWICE, "libxc.hvm-context.twice", REMARK, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "each instance has one entry of a type", \
	  "two CPU entries of vCPU 0") \
	X(HVM_LENGTH, "libxc.hvm-context.length", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "an entry has the length of its type in some version of Xen", \
	  "a PIT entry of 55 bytes") \
	X(HVM_LENGTH_ODD, "libxc.hvm-context.odd-length", REMARK, false, LIBXC, \
	  "libxc: HVM_CONTEXT", \
	  "Xen pads a short entry with zeros, but no version writes one of that length", \
	  "an RTC entry of 20 bytes") \
	X(HVM_SORT, "libxc.hvm-context.order", NOTE, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "Xen writes entries by ascending type", \
	  "PIT before PIC") \
	X(HVM_VCPU, "libxc.hvm-context.vcpu", REMARK, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "a guest runs on the vCPUs that have a CPU entry", \
	  "no CPU entry at all") \
	X(HVM_OFFLINE, "libxc.hvm-context.offline", NOTE, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "for an offline vCPU Xen writes no CPU entry, but entries of its devices", \
	  "a LAPIC entry of vCPU 3, which has no CPU entry") \
	X(HVM_XSAVE, "libxc.hvm-context.xsave", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "the size and states of an xsave area fit its xcr0_accum, as a processor accepts " \
	  "them; zeros may follow", \
	  "a CPU_XSAVE entry of 600 bytes with AVX") \
	X(HVM_MSRS, "libxc.hvm-context.msrs", ERROR, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "a CPU_MSR entry gives its number of MSRs, and each MSR's number is followed by a zero", \
	  "a count of 3 in 24 bytes") \
	X(HVM_VALUE, "libxc.hvm-context.value", REMARK, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "a receiver refuses registers of processors and devices that these can't hold, and MSRs that it does not load", \
	  "CR0 with paging, but without protected mode") \
	X(HVM_POLICY, "libxc.hvm-context.policy", REMARK, false, LIBXC, "libxc: HVM_CONTEXT", \
	  "a guest can't use what the CPUID policy of its image does not show it", \
	  "CR4 has SMAP, leaf 7 has not") \
	X(PARAM_INDEX, "libxc.hvm-params.index", REMARK, false, LIBXC, "libxc: HVM_PARAMS", \
	  "a Xen that does not know the parameter refuses it", \
	  "parameter 99") \
	X(PARAM_SET, "libxc.hvm-params.set", REMARK, false, LIBXC, "libxc: HVM_PARAMS", \
	  "some parameters can't be set, or not any more, or not a second time to another value", \
	  "MEMORY_EVENT_CR3") \
	X(PARAM_VALUE, "libxc.hvm-params.value", REMARK, false, LIBXC, "libxc: HVM_PARAMS", \
	  "a receiver refuses a value that it has no meaning for", \
	  "TIMER_MODE is 9") \
	X(PARAM_TWICE, "libxc.hvm-params.twice", REMARK, false, LIBXC, "libxc: HVM_PARAMS", \
	  "if a parameter occurs twice, the last value counts", \
	  "STORE_PFN twice") \
	X(PARAM_PFN, "libxc.hvm-params.pfn", REMARK, false, LIBXC, "libxc: HVM_PARAMS", \
	  "the pages that a guest shares with xenstored and the console are part of its memory", \
	  "STORE_PFN is 0x1234, which no batch holds") \
	X(CPUID_ORDER, "libxc.cpuid.order", NOTE, false, LIBXC, "libxc: X86_CPUID_POLICY", \
	  "Xen writes leaves in ascending order", \
	  "leaf 7 before leaf 4") \
	X(CPUID_TWICE, "libxc.cpuid.twice", REMARK, false, LIBXC, "libxc: X86_CPUID_POLICY", \
	  "a leaf occurs once", \
	  "leaf 1 twice") \
	X(CPUID_LEAF, "libxc.cpuid.leaf", REMARK, false, LIBXC, "libxc: X86_CPUID_POLICY", \
	  "a receiver has a place for certain leaves and subleaves; it refuses the set for any other", \
	  "leaf 0x20000000") \
	X(CPUID_COUNT, "libxc.cpuid.count", REMARK, false, LIBXC, "libxc: X86_CPUID_POLICY", \
	  "a receiver refuses more entries than it has leaves, whatever they are", \
	  "leaf 1 121 times") \
	X(CPUID_LIMIT, "libxc.cpuid.limit", REMARK, false, LIBXC, "libxc: X86_CPUID_POLICY", \
	  "a policy can't name a higher leaf, or another vendor, than any host has", \
	  "leaf 0 says that leaves go up to 0x20") \
	X(MSR_ORDER, "libxc.msr.order", NOTE, false, LIBXC, "libxc: X86_MSR_POLICY", \
	  "Xen writes MSRs in ascending order", \
	  "0x10a before 0xce") \
	X(MSR_TWICE, "libxc.msr.twice", REMARK, false, LIBXC, "libxc: X86_MSR_POLICY", \
	  "an MSR occurs once", \
	  "0xce twice") \
	X(MSR_INDEX, "libxc.msr.index", REMARK, false, LIBXC, "libxc: X86_MSR_POLICY", \
	  "today's policies hold 0xce and 0x10a; a receiver refuses a policy with any other", \
	  "MSR 0x1a0") \
	X(MSR_COUNT, "libxc.msr.count", REMARK, false, LIBXC, "libxc: X86_MSR_POLICY", \
	  "a receiver refuses more entries than it has MSRs, whatever they are", \
	  "0xce three times") \
	X(MSR_VALUE, "libxc.msr.value", REMARK, false, LIBXC, "libxc: X86_MSR_POLICY", \
	  "a receiver knows certain bits of each MSR", \
	  "0xce is 0x100000000") \
	X(STATIC_DATA, "libxc.static-data", ERROR, false, LIBXC, "libxc: STATIC_DATA_END", \
	  "static data comes before STATIC_DATA_END, everything else after it", \
	  "X86_CPUID_POLICY after STATIC_DATA_END") \
	X(XENSTORE_PAIRS, "libxl.xenstore.pairs", ERROR, true, LIBXL, \
	  "libxl: EMULATOR_XENSTORE_DATA", \
	  "every key has a value, and each ends with a NUL", \
	  "\"physmap/0/size\" NUL and no value") \
	X(XENSTORE_KEY, "libxl.xenstore.key", ERROR, false, LIBXL, \
	  "libxl: EMULATOR_XENSTORE_DATA", \
	  "xenstored accepts only keys of letters, digits and - / _ @; here they must be " \
	  "relative", \
	  "\"physmap//size\"") \
	X(XENSTORE_PATH, "libxl.xenstore.path", REMARK, false, LIBXL, \
	  "libxl: EMULATOR_XENSTORE_DATA", \
	  "genuine keys are under physmap/; any other could overwrite the device model's state", \
	  "\"state\"") \
	X(XENSTORE_LENGTH, "libxl.xenstore.length", REMARK, false, LIBXL, \
	  "libxl: EMULATOR_XENSTORE_DATA", \
	  "xenstored accepts paths of at most 3072 bytes, 4096 with the value; libxl does not " \
	  "report the failure", \
	  "a key of 3070 bytes") \
	X(EMULATOR_ID, "libxl.emulator.id", ERROR, true, LIBXL, "libxl: EMULATOR_CONTEXT", \
	  "device models are 0 (unknown), 1 (qemu-traditional) and 2 (qemu)", \
	  "device model 3") \
	X(EMULATOR_MAGIC, "libxl.emulator.magic", REMARK, false, LIBXL, "libxl: EMULATOR_CONTEXT", \
	  "QEMU accepts only a state that begins with QEVM", \
	  "the state begins with \"QEVN\"") \
	X(EMULATOR_VERSION, "libxl.emulator.version", REMARK, false, LIBXL, \
	  "libxl: EMULATOR_CONTEXT", \
	  "QEMU reads only version 3 of its state", \
	  "version 2") \
	X(EMULATOR_INDEX, "libxl.emulator.index", REMARK, false, LIBXL, "libxl: EMULATOR_CONTEXT", \
	  "a domain has one device model, with index 0", \
	  "index 1") \
	X(EMULATOR_TWICE, "libxl.emulator.twice", REMARK, false, LIBXL, "libxl: EMULATOR_CONTEXT", \
	  "if there are two states, libxl gives the device model the last one", \
	  "two EMULATOR_CONTEXT records") \
	X(EMULATOR_GUEST, "libxl.emulator.guest", ERROR, false, LIBXL, "libxl: EMULATOR_CONTEXT", \
	  "only HVM guests have a device model's state; libxl refuses it for others", \
	  "EMULATOR_CONTEXT in a PV guest's stream") \
	X(CHECKPOINT, "libxl.checkpoint", ERROR, CHECKPOINTED, LIBXL, "libxl: CHECKPOINT_END", \
	  "CHECKPOINT_END ends a checkpoint begun by a libxc CHECKPOINT record", \
	  "CHECKPOINT_END in a plain stream") \
	X(CHECKPOINT_STATE, "libxl.checkpoint-state", ERROR, CHECKPOINTED, LIBXL, \
	  "libxl: CHECKPOINT_STATE", \
	  "the state is 0 to 3", \
	  "state 4") \
	X(CHECKPOINT_STATE_SIDE, "libxl.checkpoint-state.side", REMARK, false, LIBXL, \
	  "libxl: CHECKPOINT_STATE", \
	  "the primary sends NEW after a checkpoint; the secondary sends the other states on " \
	  "the back channel", \
	  "SVM_READY in the main stream") \
	X(CHECKPOINT_PLAIN, "checkpoint.plain", REMARK, false, LIBXC, "libxc: CHECKPOINT", \
	  "a checkpoint needs a libxl stream around it; a reader of a bare image refuses it", \
	  "CHECKPOINT in a bare image") \
	X(CHECKPOINT_DROPPED, "checkpoint.dropped", REMARK, false, LIBXC, "libxc: CHECKPOINT", \
	  "a receiver holds data after a checkpoint back until the next one, and drops it at END", \
	  "pages between CHECKPOINT_END and END") \
	X(CHECKPOINT_OPTIONAL, "checkpoint.optional", REMARK, false, LIBXC, "libxc: CHECKPOINT", \
	  "after the first checkpoint a receiver treats an unknown optional record as mandatory", \
	  "record 0x80000001 in the second checkpoint") \
	X(CHECKPOINT_EMULATOR, "checkpoint.emulator", REMARK, false, LIBXL, \
	  "libxl: CHECKPOINT_END", \
	  "each checkpoint repeats the device model's state", \
	  "no EMULATOR_CONTEXT in the second checkpoint") \
	X(COLO_STRAY, "colo.stray-bytes", REMARK, false, COLO, "libxc: CHECKPOINT_DIRTY_PFN_LIST", \
	  "since Xen 4.16 a secondary writes eight zero bytes after the record's header, and " \
	  "the primary loses its place", \
	  "the list begins with eight extra bytes") \
	X(COLO_PFNS, "colo.pfns", REMARK, false, COLO, "libxc: CHECKPOINT_DIRTY_PFN_LIST", \
	  "a secondary lists each pfn once, in ascending order", \
	  "the pfns 5, 3") \
	X(COLO_TURN, "colo.turn", REMARK, false, COLO, "libxl: CHECKPOINT_STATE", \
	  "a secondary sends SVM_SUSPENDED before the list of pages that it has changed", \
	  "a list after SVM_RESUMED") \
	X(LIBXL_CONTEXT, "libxl.libxc-context", ERROR, CHECKPOINTED, LIBXL, "libxl: LIBXC_CONTEXT", \
	  "a libxl stream holds exactly one libxc image", \
	  "two LIBXC_CONTEXT records") \
	X(LEGACY_P2M_SIZE, "legacy.p2m-size", ERROR, true, LEGACY, "legacy", \
	  "pfns have 28 bits, and a guest has some memory", \
	  "a guest of 0 pages") \
	X(LEGACY_EXT_INFO, "legacy.extended-info", ERROR, true, LEGACY, "legacy", \
	  "the extended info shows the guest's width", \
	  "extended info without a \"vcpu\" block") \
	X(LEGACY_EXT_BLOCK, "legacy.extended-info.block", REMARK, false, LEGACY, "legacy", \
	  "Xen's receiver skips blocks that it does not know", \
	  "a block \"abcd\"") \
	X(LEGACY_CHUNK, "legacy.chunk", ERROR, true, LEGACY, "legacy", \
	  "an unknown chunk can't be skipped, as it has no length", \
	  "chunk -99") \
	X(LEGACY_BATCH, "legacy.batch", ERROR, true, LEGACY, "legacy", \
	  "a batch has at most 1024 entries", \
	  "a batch of 1025 entries") \
	X(LEGACY_ENTRY, "legacy.batch.entry", ERROR, false, LEGACY, "legacy", \
	  "an entry has 32 bits, and page types 5 to 8 do not exist", \
	  "entry 0x50000001") \
	X(LEGACY_PFN, "legacy.batch.pfn", REMARK, false, LEGACY, "legacy", \
	  "pages lie within the guest's size", \
	  "pfn 0x40 of a guest of 0x40 pages") \
	X(LEGACY_VCPU_MAP, "legacy.vcpu-map", REMARK, false, LEGACY, "legacy", \
	  "Xen's receiver ignores vCPUs above the maximum that the chunk names", \
	  "vCPU 3 is online, the highest is 1") \
	X(LEGACY_NO_VCPU_MAP, "legacy.no-vcpu-map", NOTE, false, LEGACY, "legacy", \
	  "without a VCPU_INFO chunk there is only vCPU 0", \
	  "a stream without chunk -2") \
	X(LEGACY_TMEM, "legacy.tmem", REMARK, false, LEGACY, "legacy", \
	  "today's Xen has no transcendent memory; real streams hold none of its pages", \
	  "chunk -5") \
	X(LEGACY_TOOLSTACK, "legacy.toolstack", ERROR, true, LEGACY, "legacy", \
	  "libxl's record has version 1 and entries of a known shape", \
	  "a toolstack record of version 2") \
	X(LEGACY_TOOLSTACK_TWICE, "legacy.toolstack.twice", REMARK, false, LEGACY, "legacy", \
	  "Xen's receiver uses the last one", \
	  "two chunks -18") \
	X(LEGACY_PARAM_PV, "legacy.param", REMARK, false, LEGACY, "legacy", \
	  "HVM parameters mean nothing to a PV guest", \
	  "HVM_IDENT_PT in a PV guest's stream") \
	X(LEGACY_XSAVE, "legacy.xsave", NOTE, false, LEGACY, "legacy", \
	  "the size differs from that in the extended info; Xen's tools fail, but the stream is " \
	  "unambiguous", \
	  "592 bytes where 848 were announced") \
	X(LEGACY_CONTEXT, "legacy.hvm-context", ERROR, false, LEGACY, "legacy", \
	  "an HVM guest has a context", \
	  "an HVM context of 0 bytes") \
	X(LEGACY_SIGNATURE, "legacy.signature", ERROR, true, LEGACY, "legacy", \
	  "a device model's record begins with one of three signatures", \
	  "\"DeviceModelRecord0003\"") \
	X(LEGACY_CHECKPOINTED, "legacy.checkpointed", NOTE, false, LEGACY, "legacy", \
	  "a Remus stream: successive states of the same guest", \
	  "a stream of `xl remus`") \
	X(LEGACY_COMPRESSED, "legacy.compressed", ERROR, false, LEGACY, "legacy", \
	  "compressed pages are differences from the earlier contents of the pages announced " \
	  "before them", \
	  "a delta for a page that was never sent") \
	X(CHECKPOINT_CUT, "checkpoint.cut", REMARK, false, NONE, "libxl: CHECKPOINT_END", \
	  "a checkpointed stream ends when its sender dies; a receiver uses the last complete " \
	  "state", \
	  "the sending host lost power inside checkpoint 812") \
	X(CONFIG_MISSING, "config.missing", NOTE, false, XL, "xl", \
	  "xl restores with the stored configuration unless it is given another", \
	  "optional data of 4 bytes") \
	X(CONFIG_SYNTAX, "config.syntax", REMARK, false, NONE, "xl", \
	  "a toolstack must be able to read the configuration, in the language that the xl header names", \
	  "JSON that breaks off") \
	X(CONFIG_VALUE, "config.value", REMARK, false, NONE, "xl", \
	  "libxl stops reading JSON at a word that it does not know, and xl goes on with what it has", \
	  "on_crash \"explode\"") \
	X(CONFIG_GUEST, "config.guest-type", REMARK, false, NONE, "xl", \
	  "the configuration and the image have the same guest type", \
	  "type \"hvm\" with a PV image") \
	X(CONFIG_VCPUS, "config.vcpus", REMARK, false, NONE, "xl", \
	  "the configuration has at least as many vCPUs as the image", \
	  "two sets of registers with vcpus = 1") \
	X(CONFIG_MEMORY, "config.memory", REMARK, false, NONE, "xl", \
	  "the configuration has enough memory for the pages of the image", \
	  "1 GiB of pages with memory = 512") \
	X(CONFIG_DEVICE_MODEL, "config.device-model", REMARK, false, NONE, "xl", \
	  "an HVM guest's device model needs its state to start", \
	  "an HVM guest without EMULATOR_CONTEXT") \
	X(HINT_WIDTH, "hint.width", REMARK, false, LEGACY, "-", \
	  "the stream itself shows its toolstack's word size", \
	  "--width 32 for a stream of a 64-bit toolstack") \
	X(HINT_GUEST, "hint.guest", REMARK, false, LEGACY, "-", \
	  "the stream itself shows whether it is PV or HVM", \
	  "--guest pv for an HVM stream") \
	X(CONVERT_LOSS, "convert.loss", ERROR, false, NONE, "-", \
	  "a part that the output has no place for would be lost", \
	  "a CPUID policy into an image of version 2") \
	X(CONVERT_DROPPED, "convert.dropped", REMARK, false, NONE, "-", \
	  "a part that the output has no place for was left out", \
	  "the same with --force") \
	X(CONVERT_NO_CONFIG, "convert.no-config", REMARK, false, XL, "xl", \
	  "xl needs a configuration to restore a domain: the stored one, or another", \
	  "a bare libxl stream into an xl image") \
	X(CONVERT_CONFIG, "convert.config", REMARK, false, NONE, "-", \
	  "the output holds a configuration that was translated or given, or needs one", \
	  "libvirt's XML became an xl configuration, without the graphics") \
	X(CONVERT_CHECKPOINT, "convert.checkpoint", REMARK, false, NONE, "legacy", \
	  "a plain image holds one state of a checkpointed stream, by default the last complete " \
	  "one", \
	  "a stream of `xl remus` into a plain image") \
	X(CONVERT_CUT, "convert.cut", REMARK, false, NONE, "-", \
	  "the output of a truncated input ends after the last whole record", \
	  "salvage of an image that ends inside the device model's state") \
	X(CONVERT_UNSUPPORTED, "convert.unsupported", ERROR, false, NONE, "-", \
	  "the input is valid, but does not allow this operation", \
	  "a libxc image can't keep checkpoints") \
	X(CHANGE_REFUSED, "change.refused", ERROR, false, NONE, "-", \
	  "a file is not changed in place if something else would be lost or disturbed", \
	  "an image with two names (hard links)") \
	X(CHANGE_UNFINISHED, "change.unfinished", ERROR, false, NONE, "-", \
	  "an interrupted change must be completed or undone before anything else", \
	  "the power failed while a configuration was being written") \
	X(OUTPUT_IO, "output.io", ERROR, false, NONE, "-", \
	  "the output could not be written", \
	  "no space left on the device") \
	X(DIRECTORY, "directory.fault", ERROR, false, NONE, "-", \
	  "an image directory holds the files described in docs/image-directory.md, and none " \
	  "that lead out of it", \
	  "a symbolic link in place of the memory") \
	X(RESTORE_NO_CONFIG, "restore.no-config", ERROR, false, XL, "xl", \
	  "restoring a domain needs a configuration, the stored one or another", \
	  "an image without a configuration, and no --config") \
	X(RESTORE_STATE, "restore.state", ERROR, false, LIBXL, "libxl: CHECKPOINT_STATE", \
	  "COLO's two sides take turns", \
	  "SVM_READY before SVM_SUSPENDED") \
	X(RESTORE_TIMEOUT, "restore.timeout", ERROR, false, NONE, "-", \
	  "a stream that stalls or never ends must not hold up its receiver forever", \
	  "a sender that keeps its connection open and sends nothing") \
	X(RESTORE_ABORTED, "restore.aborted", ERROR, false, NONE, "-", \
	  "the restore was asked to stop", \
	  "an interrupt from the keyboard") \
	X(RESTORE_DROPPED, "restore.dropped", REMARK, false, LIBXL, "libxl: CHECKPOINT_END", \
	  "data after the last complete checkpoint is not a complete state of the guest", \
	  "the sender died in the middle of the third checkpoint") \
	X(RESTORE_SKIPPED, "restore.skipped", NOTE, false, LIBXC, "libxc: Record", \
	  "records of unknown type may be skipped if their type marks them as optional", \
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
