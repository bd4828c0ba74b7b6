/* SPDX-License-Identifier: MIT */
/* Internals of directory, shared by its files.  docs/image-directory.md describes the layout.
 *
 *   tree.c             files below a directory, and nowhere else
 *   record_files.c     names of the files that hold records
 *   memory.c           page frames: their contents and types
 *   directory_sinks.c  builds a directory, then names or removes it
 *   state.c            turns the domain's events into files
 *   device.c           turns the device model's keys and state into files
 *   manifest.c         a description for people and programs
 *   compose.c          turns files into a stream again, with compose_frame.c, compose_pages.c and
 *                      compose_device.c
 *   save.c             passes that stream through the converter */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

#include <stdio.h>

#include <xenstream/directory.h>

#include "io/io.h"
#include "limits/limits.h"
#include "wire/wire.h"

#define FORMAT_TEXT "xenstream image directory 1\n"
#define FORMAT_FILE "format"
#define MANIFEST_FILE "manifest.json"
#define MEMORY_FILE "memory"
#define PAGES_FILE "pages"
#define CONFIG_FILE "config"
#define OPTIONAL_FILE "config.optional"
#define RECORDS_DIR "records"
#define XENSTORE_DIR "xenstore"
#define VALUE_SUFFIX ".value"
#define EMULATOR_FILE "qemu-resume"
#define EMULATOR_NAME_MAX 32

/* --- tree.c: all return 0 or a descriptor, or -errno ------------------------------------------ */

#define TREE_DEPTH 32 /* deepest nesting of directories */

/* Creates a file, or empties an existing one. */
int xst_directory_tree_create(int dir, const char *name);
/* Opens a directory; creates it if it is missing and `make` is set. */
int xst_directory_tree_enter(int dir, const char *name, bool make);
/* Opens the directory that holds the last name of a path; *ret_last is that name. */
int xst_directory_tree_enter_path(int dir, const char *path, bool make, const char **ret_last);
/* Opens a regular file for reading; -EINVAL: it is not a regular file. */
int xst_directory_tree_open(int dir, const char *name, uint64_t *ret_size);
/* Reads a whole file: exactly n bytes, followed by a NUL, malloc'ed; -EFBIG above `limit`. */
int xst_directory_tree_read(int dir, const char *name, size_t limit, uint8_t **ret,
			    size_t *ret_size);
/* Removes a file, or a directory with its contents, as far as possible; a missing one is no
 * error. */
int xst_directory_tree_remove(int dir, const char *name);
/* Syncs everything to disk. */
int xst_directory_tree_sync(int dir);
/* Whether the directory is empty. */
int xst_directory_tree_is_empty(int dir);

/* --- record_files.c --------------------------------------------------------------------------- */

#define RECORD_NAME_MAX 64

/* NUMBER.NAME */
void xst_directory_record_file_name(char name[RECORD_NAME_MAX], unsigned number,
				    enum xst_kind kind);
/* The inverse.  Returns XST_KIND_UNKNOWN for a name that no record's file has. */
enum xst_kind xst_directory_record_file_kind(const char *name, unsigned *ret_number);
/* The row that describes the contents of a record's file. */
const struct wire_record *xst_directory_record_row(enum xst_kind kind);
bool xst_directory_record_is_libxl(enum xst_kind kind);

/* --- memory.c --------------------------------------------------------------------------------- */

/* Above this, an offset in `memory` overflows. */
#define DIRECTORY_PAGES_MAX ((uint64_t)INT64_MAX / XST_PAGE_SIZE)
#define PAGES_BLOCK 4096    /* bytes of `pages` allocated together on most file systems */
#define PAGES_JUMPS 65536   /* jumps between blocks, plus one per page that records had room for */
#define PAGE_KNOWN 0x10 /* in `pages`: this, with the type in the lower bits; 0: unknown */

struct page_run {
	uint64_t pfn, n;
};

struct memory {
	int fd, pages;           /* the files, or -1 */
	uint64_t top;            /* pages from here on are unknown so far */
	uint64_t position;       /* of the descriptor */
	struct page_run *runs;   /* of the current batch, with contents */
	size_t nruns, capacity, run;
	size_t max_runs;         /* pages that the current record has room for */
	uint64_t run_done;       /* bytes of runs[run] */
	uint64_t block;          /* the last written block of `pages` */
	uint64_t jumps, room;    /* jumps between blocks; pages that all records had room for */
	uint64_t first;          /* first type not written yet */
	size_t ntypes;
	uint8_t types[XST_BATCH];
	struct transfer transfer;
};

void xst_directory_memory_init(struct memory *m);
void xst_directory_memory_free(struct memory *m);
/* Functions that return int: 0 or -errno. */
int xst_directory_memory_open(struct memory *m, int dir);
void xst_directory_memory_begin_batch(struct memory *m, uint64_t length);
/* -E2BIG: the frames are so scattered that `pages` would take far more disk space than the
 * stream. */
int xst_directory_memory_items(struct memory *m, const uint64_t *v, size_t n);
int xst_directory_memory_end_items(struct memory *m);
int xst_directory_memory_write(struct memory *m, const void *data, size_t n, size_t *ret_done);
/* *ret_moved 0: the caller must write the bytes instead. */
int xst_directory_memory_move(struct memory *m, int fd, const off_t *offset, uint64_t n,
			      uint64_t *ret_moved);

/* Finds the next part of `pages` that may contain data, from *pfn on.  Returns the number of bytes
 * in `types`, 0 after the last, or -errno. */
ssize_t xst_directory_pages_read(int fd, uint64_t *pfn, uint8_t *types, size_t size);

/* Moves bytes from a readable descriptor, until it would block.  Returns their number, or -errno of
 * the output. */
int64_t xst_directory_move_some(struct transfer *t, int in, off_t *offset, int out, uint64_t n);

/* --- shared by the sinks ---------------------------------------------------------------------- */

/* A record's file; its index here is its number. */
struct slot {
	enum xst_kind kind;
	uint32_t id;       /* vCPU, or the first pfn of p2m frames */
	bool dropped;
	uint64_t state;    /* its checkpoint, from 1 */
	uint64_t size;
};

enum stage { STAGE_NEW, STAGE_BUILDING, STAGE_DONE, STAGE_GONE };

struct directory {
	unsigned references;
	enum stage stage;
	uint32_t flags;
	char *path, *parent_path;
	const char *name;       /* the last part of path */
	char *temporary;        /* its name until the commit */
	int parent, dir, records;
	const struct xst_restore_domain *domain;
	struct xst_finding error;

	struct xst_emitter *emitter;
	struct slot *slots;
	size_t nslots, capacity, next; /* next: where to look first */
	uint64_t state;
	int file;               /* of the current record, or -1 */
	struct slot *slot;
	struct memory memory;

	char emulator_name[EMULATOR_NAME_MAX];
	int emulator;           /* its file, or -1 */
	struct transfer emulator_transfer;
	uint64_t xenstore_state; /* the state whose keys are in the tree */
	int xenstore_keys;       /* the file of a record's keys, or -1 */
	unsigned key_names;      /* names in the keys of that state */

	/* for the manifest */
	uint32_t image_version, guest_type, xen_major, xen_minor;
	bool big_endian;
	uint64_t emulator_size;
};

/* directory_sinks.c */
/* Sets the sticky error; `what` is a file in the directory, or NULL.  Returns its code. */
int xst_directory_io_error(struct directory *d, int err, const char *what);
int xst_directory_fail(struct directory *d, int code, enum xst_rule rule, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* 0, or the error for -errno. */
int xst_directory_result(struct directory *d, int r, const char *what);

/* state.c */
int xst_directory_state_prepare(struct directory *d);
int xst_directory_state_event(struct directory *d, const struct xst_event *ev);
int xst_directory_state_write(struct directory *d, const void *data, size_t n, size_t *ret_done);
int xst_directory_state_move(struct directory *d, int fd, const off_t *offset, uint64_t n,
			     uint64_t *ret_moved);
/* Removes files that the last state doesn't have. */
int xst_directory_state_finish(struct directory *d);
/* Opens the file of a record of the current state.  Returns the descriptor or an error. */
int xst_directory_state_open(struct directory *d, enum xst_kind kind, uint32_t id);
/* Writes the emitter's output, without the leading framing. */
int xst_directory_state_emitted(struct directory *d, int fd);

/* device.c */
int xst_directory_device_begin_keys(struct directory *d, uint32_t id, uint32_t index);
int xst_directory_device_pair(struct directory *d, const char *key, size_t key_len,
			      const char *value, size_t value_len);
int xst_directory_device_end_keys(struct directory *d);
int xst_directory_device_begin_state(struct directory *d, uint32_t id, uint32_t index,
				     uint64_t length);
int xst_directory_device_end_state(struct directory *d);
/* Whether a key may become a path. */
bool xst_directory_device_key_is_fine(const char *key, size_t n);

/* Whether the file of the state may have this name. */
bool xst_directory_device_state_name(const char *name);

/* manifest.c */
int xst_directory_manifest_write(struct directory *d);

/* --- compose.c -------------------------------------------------------------------------------- */

struct composer;

/* Opens a directory and lists its records.  `path` must stay valid as long as the composer.
 * Returns 0 or a negative error, described in *reterr. */
int xst_directory_composer_open(const char *path, struct composer **ret,
				struct xst_finding *reterr);
void xst_directory_composer_free(struct composer *c);
/* The image's version. */
uint32_t xst_directory_composer_version(const struct composer *c);
/* Writes the stream into a descriptor.  Returns 0 or a negative error;
 * xst_directory_composer_error() then has code 0 if the descriptor failed. */
int xst_directory_composer_write(struct composer *c, int out);
const struct xst_finding *xst_directory_composer_error(const struct composer *c);

#endif
