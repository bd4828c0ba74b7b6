/* SPDX-License-Identifier: MIT */
/* The catalogue of rules: one row for each thing that can be wrong with a stream.
 *
 * X(name, id, severity, like_xen, section, why)
 *   severity   of a violation that a reader tolerates; what can't be tolerated is an error anyway
 *   like_xen   whether Xen's own verifier takes it for an error
 *   section    the specification's: "libxc: ..." and "libxl: ..." are Xen's documents
 *              docs/specs/libxc-migration-stream and libxl-migration-stream; "xl", "legacy": the
 *              formats as docs/formats.md tells them */
#ifndef CHECK_RULES_H
#define CHECK_RULES_H

#include <stdbool.h>

#include <xenstream/finding.h>

#define XST_RULES(X) \
	X(INPUT_UNKNOWN, "input.unknown", ERROR, true, "-", \
	  "the first octets tell what a file is; these belong to no saved domain") \
	X(INPUT_TRUNCATED, "input.truncated", ERROR, true, "-", \
	  "what ends in the middle can't be restored") \
	X(INPUT_TRAILING, "input.trailing", NOTE, false, "-", \
	  "octets behind the end belong to something else; a reader leaves them alone") \
	X(INPUT_IO, "input.io", ERROR, true, "-", "the input could not be read") \
	X(LIMIT, "input.limit", ERROR, false, "-", \
	  "a length beyond every real one would cost memory or time for nothing") \
	X(XL_MAGIC, "xl.magic", ERROR, true, "xl", "an xl header begins with its 32 octets") \
	X(XL_BYTE_ORDER, "xl.byte-order", ERROR, false, "xl", \
	  "the header is written in the byte order of its host, and says which") \
	X(XL_FLAGS, "xl.mandatory-flags", ERROR, false, "xl", \
	  "an unknown mandatory flag changes the meaning of what follows") \
	X(XL_OPTIONAL_FLAGS, "xl.optional-flags", NOTE, false, "xl", \
	  "unknown optional flags are ignored") \
	X(XL_CONFIG_LENGTH, "xl.config-length", ERROR, false, "xl", \
	  "the configuration lies inside the optional data") \
	X(XL_STREAM_FLAG, "xl.stream-flag", REMARK, true, "xl", \
	  "xl believes the flag and hands the stream to the wrong reader") \
	X(CONTAINER_MAGIC, "container.magic", ERROR, false, "-", \
	  "a container begins with its magic") \
	X(CONTAINER_NESTED, "container.nested", ERROR, false, "-", \
	  "no toolstack puts a container into another") \
	X(CONTAINER_CONFIG, "container.config", ERROR, false, "-", \
	  "libvirt and xend restore nothing without a configuration") \
	X(LIBVIRT_VERSION, "libvirt.version", ERROR, false, "libvirt", \
	  "versions 1 (a legacy stream follows) and 2 (a libxl stream) exist") \
	X(LIBVIRT_STREAM, "libvirt.stream", REMARK, false, "libvirt", \
	  "libvirt believes the version and hands the stream to the wrong reader; for some time it wrote a wrong one itself") \
	X(XENSERVER_RECORD, "xenserver.record", ERROR, false, "xenserver", \
	  "an unknown record can't be passed over: its length may be unknown") \
	X(XENSERVER_LENGTH, "xenserver.length", REMARK, false, "xenserver", \
	  "an image tells by itself where it ends; its record has length 0") \
	X(XENSERVER_REFUSED, "xenserver.refused", REMARK, false, "xenserver", \
	  "xenopsd knows the record and refuses it") \
	X(XENSERVER_IMAGE, "xenserver.image", ERROR, false, "xenserver", \
	  "a suspend image holds exactly one guest") \
	X(XENSERVER_TWICE, "xenserver.twice", ERROR, false, "xenserver", \
	  "a suspend image has one xenops record") \
	X(XENSERVER_DEMU, "xenserver.demu", REMARK, false, "xenserver", \
	  "only the emulator itself finds the end of a virtual GPU's state") \
	X(XENSERVER_QEMU_SIZE, "xenserver.qemu-size", REMARK, false, "xenserver", \
	  "xenopsd reads 1 MiB of device model state at most") \
	X(LIBXL_IDENT, "libxl.ident", ERROR, true, "libxl: Header", "the header names the format") \
	X(LIBXL_VERSION, "libxl.version", ERROR, true, "libxl: Header", "version 2 is the only one") \
	X(LIBXL_OPTIONS, "libxl.options", REMARK, true, "libxl: Header", "reserved bits are zero") \
	X(BIG_ENDIAN, "stream.big-endian", REMARK, true, "libxc: Image Header", \
	  "every Xen there is writes and reads little-endian records only") \
	X(LIBXC_MARKER, "libxc.marker", ERROR, true, "libxc: Image Header", \
	  "an image begins with eight octets of ones") \
	X(LIBXC_IDENT, "libxc.ident", ERROR, true, "libxc: Image Header", "the header names the format") \
	X(LIBXC_VERSION, "libxc.version", ERROR, true, "libxc: Image Header", \
	  "versions 2 (Xen 4.6) and 3 (Xen 4.13) exist") \
	X(LIBXC_OPTIONS, "libxc.options", REMARK, true, "libxc: Image Header", "reserved bits are zero") \
	X(RESERVED, "stream.reserved", REMARK, true, "libxc: Record", \
	  "reserved fields are zero; a later Xen may give them a meaning") \
	X(GUEST_TYPE, "libxc.guest-type", ERROR, true, "libxc: Domain Header", \
	  "a reader must know how to build the guest") \
	X(PAGE_SHIFT, "libxc.page-shift", ERROR, true, "libxc: Domain Header", "pages have 4096 octets") \
	X(RECORD_TYPE, "record.type", ERROR, true, "libxc: Record", \
	  "an unknown record without the optional bit must not be skipped") \
	X(RECORD_OPTIONAL, "record.optional", REMARK, true, "libxl: Record", \
	  "an unknown optional record may be skipped by the specification; libxl refuses it all the same") \
	X(RECORD_LENGTH, "record.length", ERROR, true, "libxc: Record", \
	  "a body has the length that its contents need") \
	X(RECORD_EMPTY, "record.empty", REMARK, false, "libxc: Record", \
	  "Xen 4.6 to 4.8 wrote such records; they carry nothing") \
	X(RECORD_PADDING, "record.padding", REMARK, true, "libxc: Record", "padding is zero") \
	X(RECORD_REFUSED, "record.refused", ERROR, true, "libxc: Record", \
	  "a type that was never shipped, or belongs to the back channel") \
	X(RECORD_V3_IN_V2, "libxc.v3-record", ERROR, true, "libxc: Record", \
	  "static data records exist since version 3 of the image") \
	X(PAGE_COUNT, "libxc.page-data.count", ERROR, true, "libxc: PAGE_DATA", \
	  "a PAGE_DATA record holds at least one page frame, and one page for each that has contents") \
	X(PAGE_RESERVED, "libxc.page-data.reserved", ERROR, true, "libxc: PAGE_DATA", \
	  "bits 59-52 of an entry are zero") \
	X(PAGE_TYPE, "libxc.page-data.type", ERROR, true, "libxc: PAGE_DATA", \
	  "page types 5 to 8 do not exist") \
	X(PAGE_TWICE, "libxc.page-data.twice", ERROR, false, "libxc: PAGE_DATA", \
	  "a pfn stands only once in a record") \
	X(PV_WIDTH, "libxc.pv-info", ERROR, true, "libxc: X86_PV_INFO", \
	  "a guest is 32-bit with 3 levels of page tables, or 64-bit with 4") \
	X(VCPU_SIZE, "libxc.vcpu.size", ERROR, false, "libxc: X86_PV_VCPU_BASIC", \
	  "a context has the size that belongs to the guest's width") \
	X(WRONG_GUEST, "libxc.guest", ERROR, false, "libxc: Record", \
	  "PV records belong to PV guests, HVM records to HVM guests") \
	X(ORDER, "libxc.order", ERROR, false, "libxc: Layout", \
	  "some records need what others say before them") \
	X(MISSING, "libxc.missing", ERROR, false, "libxc: Layout", \
	  "a guest can't run without this record") \
	X(TWICE, "libxc.twice", ERROR, false, "libxc: Layout", "the record may stand only once") \
	X(P2M_RANGE, "libxc.p2m-range", ERROR, false, "libxc: X86_PV_P2M_FRAMES", \
	  "the frames cover the range of pfns that the record names") \
	X(PFN_RANGE, "libxc.page-data.pfn", REMARK, false, "libxc: PAGE_DATA", \
	  "a PV guest has no memory beyond its p2m") \
	X(HVM_ORDER, "libxc.hvm-order", NOTE, false, "libxc: Layout", \
	  "the specification puts HVM_PARAMS before HVM_CONTEXT; Xen itself writes them the other way") \
	X(STATIC_DATA, "libxc.static-data", ERROR, false, "libxc: STATIC_DATA_END", \
	  "static data comes before STATIC_DATA_END, everything else behind it") \
	X(XENSTORE_PAIRS, "libxl.xenstore.pairs", ERROR, true, "libxl: EMULATOR_XENSTORE_DATA", \
	  "every key has a value, and each ends with a NUL") \
	X(XENSTORE_KEY, "libxl.xenstore.key", ERROR, false, "libxl: EMULATOR_XENSTORE_DATA", \
	  "xenstored takes keys of letters, digits and - / _ @ only, relative here") \
	X(XENSTORE_PATH, "libxl.xenstore.path", REMARK, false, "libxl: EMULATOR_XENSTORE_DATA", \
	  "savers write keys under physmap/ only; another one could overwrite the device model's state") \
	X(EMULATOR_ID, "libxl.emulator.id", ERROR, true, "libxl: EMULATOR_CONTEXT", \
	  "device models are 0 (unknown), 1 (qemu-traditional) and 2 (qemu)") \
	X(EMULATOR_MAGIC, "libxl.emulator.magic", REMARK, false, "libxl: EMULATOR_CONTEXT", \
	  "QEMU takes back only what begins with QEVM") \
	X(EMULATOR_GUEST, "libxl.emulator.guest", ERROR, false, "libxl: EMULATOR_CONTEXT", \
	  "only HVM guests have a device model's state; libxl refuses it for others") \
	X(CHECKPOINT, "libxl.checkpoint", ERROR, false, "libxl: CHECKPOINT_END", \
	  "CHECKPOINT_END closes what a libxc CHECKPOINT record has opened") \
	X(LIBXL_CONTEXT, "libxl.libxc-context", ERROR, false, "libxl: LIBXC_CONTEXT", \
	  "a libxl stream holds exactly one libxc image") \
	X(LEGACY_P2M_SIZE, "legacy.p2m-size", ERROR, true, "legacy", \
	  "pfns have 28 bits and a guest has memory") \
	X(LEGACY_EXT_INFO, "legacy.extended-info", ERROR, true, "legacy", \
	  "the guest's width stands in the extended info") \
	X(LEGACY_EXT_BLOCK, "legacy.extended-info.block", REMARK, false, "legacy", \
	  "Xen's receiver skips blocks that it does not know") \
	X(LEGACY_CHUNK, "legacy.chunk", ERROR, true, "legacy", "an unknown chunk has no length") \
	X(LEGACY_BATCH, "legacy.batch", ERROR, true, "legacy", "a batch has 1024 entries at most") \
	X(LEGACY_ENTRY, "legacy.batch.entry", ERROR, false, "legacy", \
	  "an entry has 32 bits, and page types 5 to 8 do not exist") \
	X(LEGACY_PFN, "legacy.batch.pfn", REMARK, false, "legacy", \
	  "a page beyond the guest's size") \
	X(LEGACY_VCPU_MAP, "legacy.vcpu-map", REMARK, false, "legacy", \
	  "Xen's receiver ignores vCPUs above the maximum that the chunk names") \
	X(LEGACY_NO_VCPU_MAP, "legacy.no-vcpu-map", NOTE, false, "legacy", \
	  "without a VCPU_INFO chunk there is vCPU 0 only") \
	X(LEGACY_TMEM, "legacy.tmem", REMARK, false, "legacy", \
	  "today's Xen has no transcendent memory; real streams hold no pages of it") \
	X(LEGACY_TOOLSTACK, "legacy.toolstack", ERROR, true, "legacy", \
	  "libxl's record has version 1 and entries of a known shape") \
	X(LEGACY_TOOLSTACK_TWICE, "legacy.toolstack.twice", REMARK, false, "legacy", \
	  "Xen's receiver takes the last one") \
	X(LEGACY_PARAM_PV, "legacy.param", REMARK, false, "legacy", \
	  "HVM parameters mean nothing to a PV guest") \
	X(LEGACY_XSAVE, "legacy.xsave", NOTE, false, "legacy", \
	  "the size differs from what the extended info announced; Xen's tools fail, the stream is clear") \
	X(LEGACY_CONTEXT, "legacy.hvm-context", ERROR, false, "legacy", \
	  "an HVM guest has a context") \
	X(LEGACY_SIGNATURE, "legacy.signature", ERROR, true, "legacy", \
	  "a device model's record begins with one of three signatures") \
	X(LEGACY_CHECKPOINTED, "legacy.checkpointed", NOTE, false, "legacy", \
	  "a Remus stream: state after state of the same guest") \
	X(LEGACY_COMPRESSED, "legacy.compressed", ERROR, false, "legacy", \
	  "compressed pages are differences to what the pages announced before them held") \
	X(CHECKPOINT_CUT, "checkpoint.cut", REMARK, false, "libxl: CHECKPOINT_END", \
	  "a checkpointed stream ends when its sender does; a receiver takes the last complete state") \
	X(HINT_WIDTH, "hint.width", REMARK, false, "-", "the stream shows its toolstack's word size itself") \
	X(HINT_GUEST, "hint.guest", REMARK, false, "-", "the stream shows itself whether it is PV or HVM") \
	X(CONVERT_LOSS, "convert.loss", ERROR, false, "-", \
	  "what the output has no place for would be gone") \
	X(CONVERT_DROPPED, "convert.dropped", REMARK, false, "-", \
	  "what the output has no place for was left out") \
	X(CONVERT_NO_CONFIG, "convert.no-config", REMARK, false, "xl", \
	  "xl restores a domain by a configuration, the stored one or one that is given to it") \
	X(CONVERT_CONFIG, "convert.config", REMARK, false, "-", \
	  "the output holds a configuration that was translated or given, or can't do without one") \
	X(CONVERT_CHECKPOINT, "convert.checkpoint", REMARK, false, "legacy", \
	  "of a checkpointed stream one state is the guest's, by default the last complete one") \
	X(CONVERT_CUT, "convert.cut", REMARK, false, "-", \
	  "what comes of an input that breaks off ends behind the last record that was whole") \
	X(CONVERT_UNSUPPORTED, "convert.unsupported", ERROR, false, "-", \
	  "the input is fine, but this operation can't be done on it") \
	X(CHANGE_REFUSED, "change.refused", ERROR, false, "-", \
	  "a file is not changed in place where something else would be lost or disturbed") \
	X(CHANGE_UNFINISHED, "change.unfinished", ERROR, false, "-", \
	  "a change that was broken off is brought to an end before anything else") \
	X(OUTPUT_IO, "output.io", ERROR, false, "-", "the output could not be written")

enum xst_rule {
#define X(name, id, severity, like_xen, section, why) RULE_##name,
	XST_RULES(X)
#undef X
	RULE_MAX
};

struct rule {
	const char *id;
	enum xst_severity severity;
	bool like_xen;
	const char *section;
	const char *why;
};

extern const struct rule rules[RULE_MAX];

/* A row by its id, or NULL. */
const struct rule *rule_by_id(const char *id);

#endif
