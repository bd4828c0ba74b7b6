/* SPDX-License-Identifier: MIT */
/* The limits on every count and length that an input controls, and what happens beyond them.
 *
 * X(name, value, unit, of, beyond)
 *   name     LIMIT_<name> is the value, wherever it is enforced; value + 1 exceeds it
 *   of       the thing that it limits
 *   beyond   REFUSED: an error, mostly XST_E_LIMIT; SHORTENED: the rest is left out or only
 *            counted, and a finding or the text says so; UNTRACKED: the rest is unknown, and no
 *            rule that depends on it is applied
 *
 * The tests walk XST_LIMITS: a row without a case at value - 1, value and value + 1 fails.  Sizes
 * of buffers, queues and single steps are not limits and stand where they are used. */
#ifndef LIMITS_LIMITS_H
#define LIMITS_LIMITS_H

/* Streams: the defaults of struct xst_limits, which a caller may change.  Other code that collects
 * the same things has the same limits. */
#define XST_STREAM_LIMITS(X) \
	X(RECORD, 128 << 20, "bytes", "a libxc record's body", REFUSED) \
	X(OPTIONAL_DATA, 16 << 20, "bytes", "an xl header's optional data", REFUSED) \
	X(CONFIG, 4 << 20, "bytes", "a configuration in a stream or a directory", REFUSED) \
	X(EXT_INFO, 64 << 10, "bytes", "a legacy stream's extended info", REFUSED) \
	X(P2M_SIZE, 1 << 28, "pfns", "a legacy stream's guest", REFUSED) \
	X(XSAVE, 1 << 20, "bytes", "a legacy vCPU's xsave area", REFUSED) \
	X(TOOLSTACK, 1 << 20, "bytes", "a legacy toolstack record", REFUSED) \
	X(EMULATOR, 1 << 30, "bytes", "a libxl record, or a device model's state", REFUSED) \
	X(COMPRESSED, 64 << 20, "bytes", "a legacy compressed chunk", REFUSED) \
	X(TMEM_PAGES, 1 << 28, "pages", "a legacy tmem pool", REFUSED) \
	X(LAYERS, 4, "layers", "a stream in another", REFUSED)

/* Data remembered about a stream. */
#define XST_MEMORY_LIMITS(X) \
	X(PV_VCPUS, 8192, "vCPUs", "a PV guest", REFUSED) \
	X(HVM_PARAMS, 1024, "parameters", "a legacy HVM guest, for HVM_PARAMS", REFUSED) \
	X(CHECKED_PARAMS, 64, "parameters", "an HVM guest, compared with one another", UNTRACKED) \
	X(CHECKED_POLICY, 256, "entries", "a CPU policy, compared with one another", UNTRACKED) \
	X(RECORD_MAP, 4 << 20, "bytes", "the map of a record's pfns", UNTRACKED) \
	X(PRESENT_MAP, 64 << 20, "bytes", \
	  "the map of pfns that have contents (2 TiB of guest memory)", UNTRACKED) \
	X(TABLES_MAP, 8 << 20, "bytes", "the map of page tables", UNTRACKED) \
	X(TYPES_MAP, 8 << 20, "bytes", "the map of page types for info (64 GiB)", UNTRACKED) \
	X(UNFOLDED_MAP, 32 << 20, "bytes", \
	  "the map of a checkpointed stream's page types (256 GiB)", REFUSED) \
	X(WAITING_PAGES, 4 << 20, "pages", \
	  "pages announced before their compressed contents (16 GiB)", REFUSED) \
	X(KEPT_CONFIG, 16 << 20, "bytes", \
	  "a configuration kept for, or given to, a container", REFUSED) \
	X(TOLD, 100, "findings", "a rule, unless the caller has a limit for all of them", SHORTENED)

/* Files that are written and changed in place. */
#define XST_FILE_LIMITS(X) \
	X(EXTENTS, 1 << 20, "extents", "the map of a spooled input (32 MiB of memory)", REFUSED) \
	X(FRONT, 64 << 20, "bytes", "the front of an image that is changed in place", REFUSED) \
	X(LINKS, 40, "symbolic links", "the path of an output", REFUSED)

/* A domain as a directory. */
#define XST_DIRECTORY_LIMITS(X) \
	X(DIRECTORY_RECORDS, 65536, "files", "records", REFUSED) \
	X(DIRECTORY_KEYS, 1 << 20, "bytes", "a record's file with xenstore keys", REFUSED) \
	X(DIRECTORY_KEY, 2048, "bytes", "a xenstore key that becomes a path", REFUSED) \
	X(DIRECTORY_LEVELS, 31, "names", "a xenstore key that becomes a path", REFUSED) \
	X(DIRECTORY_KEY_NAMES, 65536, "files and directories", "all records' xenstore keys", REFUSED) \
	X(DIRECTORY_VALUE, 1 << 20, "bytes", "a xenstore key's file", REFUSED) \
	X(DIRECTORY_PAIRS, 64 << 20, "bytes", "all xenstore keys and values of a record", REFUSED) \
	X(DIRECTORY_JUMPS, 65536, "jumps", "between blocks of `pages`, beyond one for each page of records", REFUSED)

/* A restore, and the programs that it talks to. */
#define XST_RESTORE_LIMITS(X) \
	X(HELD_RECORDS, 65536, "records", \
	  "two checkpointed states that are held back (4096 vCPUs have 16384)", REFUSED) \
	X(COLO_PFNS, 1 << 20, "pfns", "a COLO secondary's list", REFUSED) \
	X(SINK_KEYS, 1 << 20, "bytes", "xenstore keys for a running xenstored", REFUSED) \
	X(QMP_MESSAGE, 1 << 20, "bytes", "a message of QEMU's", REFUSED) \
	X(QMP_DEPTH, 64, "levels", "a message of QEMU's", REFUSED) \
	X(SECONDS, 1000000000, "seconds", "--timeout and --stall", REFUSED)

/* Configurations outside streams, for the command. */
#define XST_CONFIG_LIMITS(X) \
	X(CONFIG_SIZE, 1 << 20, "bytes", "a document of xl's", REFUSED) \
	X(CONFIG_DEPTH, 32, "levels", "lists in lists, JSON in JSON", REFUSED) \
	X(CONFIG_ITEMS, 100000, "values", \
	  "settings and items, members and elements, in all", REFUSED) \
	X(CONFIG_SETTINGS, 10000, "settings", "xl.cfg text", REFUSED) \
	X(CONFIG_NAME, 127, "bytes", "a member's name in a key's path", REFUSED) \
	X(CONFIG_CPUS, 4096, "numbers", \
	  "a list of CPUs, and the CPUs that it names (from 0)", REFUSED) \
	X(CONFIG_LEAVES, 256, "leaves", "a CPUID policy", REFUSED) \
	X(SEXPR_SIZE, 16 << 20, "bytes", "a document of xend's or xenopsd's", REFUSED) \
	X(SEXPR_DEPTH, 64, "levels", "lists in lists", REFUSED) \
	X(SEXPR_NODES, 200000, "lists and atoms", "an s-expression", REFUSED) \
	X(XML_SIZE, 16 << 20, "bytes", "a document of libvirt's", REFUSED) \
	X(XML_DEPTH, 64, "levels", "elements in elements", REFUSED) \
	X(XML_MEMORY, 16 << 20, "bytes", "the tree of elements", REFUSED) \
	X(LEFT_OUT, 1000, "lines", "what a translation left out", SHORTENED) \
	X(COMPLAINTS, 64, "complaints", "an edited configuration that are compared with those before", SHORTENED) \
	X(COMPARED_DISKS, 256, "disks", "a configuration's that are compared with each other", UNTRACKED) \
	X(DEVICES, 16, "devices", "a kind that info lists", SHORTENED)

#define XST_LIMITS(X) \
	XST_STREAM_LIMITS(X) XST_MEMORY_LIMITS(X) XST_FILE_LIMITS(X) XST_DIRECTORY_LIMITS(X) \
	XST_RESTORE_LIMITS(X) XST_CONFIG_LIMITS(X)

/* Limits that are facts of a format stand in src/wire, or follow from a type.  Include wire/wire.h,
 * wire/hvm_save.h and directory/directory.h to walk them all. */
#define XST_FORMAT_LIMITS(X) \
	X(VCPU_ID, LEGACY_MAX_VCPU_ID, "number", "the highest vCPU of a legacy stream", REFUSED) \
	X(BATCH, LEGACY_MAX_BATCH, "entries", "a batch of a legacy stream", REFUSED) \
	X(HVM_VCPUS, WIRE_HVM_MAX_VCPUS, "vCPUs", "an HVM guest", REFUSED) \
	X(GDT_ENTS, WIRE_PV_GDT_ENTS, "entries", "a PV vCPU's GDT", REFUSED) \
	X(KEY, XENSTORE_PATH_MAX, "bytes", "a xenstore key", REFUSED) \
	X(VALUE, XENSTORE_MESSAGE_MAX, "bytes", "a xenstore value", REFUSED) \
	X(XENSERVER_QEMU, XENSERVER_MAX_QEMU, "bytes", \
	  "a device model's state that xenopsd reads", REFUSED) \
	X(DIRECTORY_PAGES, DIRECTORY_PAGES_MAX, "pfns", "a directory's memory", REFUSED)

enum xst_limit {
#define X(name, value, unit, of, beyond) LIMIT_##name = value,
	XST_LIMITS(X)
#undef X
};

#endif
