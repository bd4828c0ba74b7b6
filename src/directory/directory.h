/* SPDX-License-Identifier: MIT */
/* Inside directory: what its files share.  What stands where is told in docs/image-directory.md.
 *
 *   tree.c      files below a directory, and nowhere else
 *   record.c    names of the files that hold records
 *   memory.c    page frames: their contents and types
 *   sinks.c     a directory is built, gets its name or goes
 *   state.c     events of the domain become files
 *   device.c    the device model's keys and state become files
 *   manifest.c  what it all is, for people and programs
 *   compose.c   files become a stream again; compose_frame.c, compose_pages.c and
 *               compose_device.c have its parts
 *   save.c      that stream goes through the converter */
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


/* A new or emptied file of one name. */
int xst_directory_tree_create(int dir, const char *name);
/* A directory, made if it isn't there and `make`. */
int xst_directory_tree_enter(int dir, const char *name, bool make);
/* The directory in which the last name of a path is to be found; *ret_last is that name. */
int xst_directory_tree_enter_path(int dir, const char *path, bool make, const char **ret_last);
/* A regular file to read; -EINVAL: it is something else. */
int xst_directory_tree_open(int dir, const char *name, uint64_t *ret_size);
/* All of a file, n bytes exactly and a NUL after them, malloc'ed; -EFBIG above `limit`. */
int xst_directory_tree_read(int dir, const char *name, size_t limit, uint8_t **ret,
			    size_t *ret_size);
/* A file or a directory with all in it, or as much as can be; that there is none is fine. */
int xst_directory_tree_remove(int dir, const char *name);
/* All of it on the disk. */
int xst_directory_tree_sync(int dir);
/* Whether there is nothing in it. */
int xst_directory_tree_is_empty(int dir);

/* --- record.c --------------------------------------------------------------------------------- */

#define RECORD_NAME_MAX 64

/* NUMBER.NAME */
void xst_directory_record_file_name(char name[RECORD_NAME_MAX], unsigned number,
				    enum xst_kind kind);
/* The way back.  Returns XST_KIND_UNKNOWN for a name that none of ours has. */
enum xst_kind xst_directory_record_file_kind(const char *name, unsigned *ret_number);
/* The row that says what is in a record's file. */
const struct wire_record *xst_directory_record_row(enum xst_kind kind);
bool xst_directory_record_is_libxl(enum xst_kind kind);

/* --- memory.c --------------------------------------------------------------------------------- */

/* Above it an offset in `memory` can't be told. */
#define DIRECTORY_PAGES_MAX ((uint64_t)INT64_MAX / XST_PAGE_SIZE)
#define PAGES_BLOCK 4096    /* bytes of `pages` that take disk together, as most file systems have it */
#define PAGE_KNOWN 0x10 /* in `pages`: this, and the type in the lower bits; 0: not told of */

struct page_run {
	uint64_t pfn, n;
};

struct memory {
	int fd, pages;           /* the files, or -1 */
	uint64_t top;            /* no page from here on is told of yet */
	uint64_t position;       /* the descriptor's */
	struct page_run *runs;   /* of the batch in hand, that have contents */
	size_t nruns, capacity, run;
	size_t max_runs;         /* pages for which the record in hand has room */
	uint64_t run_done;       /* bytes of runs[run] */
	uint64_t block;          /* of `pages`, that was written last */
	uint64_t jumps, room;    /* from block to block; pages for which all records had room */
	uint64_t first;          /* types that are not written yet */
	size_t ntypes;
	uint8_t types[XST_BATCH];
	struct transfer transfer;
};

void xst_directory_memory_init(struct memory *m);
void xst_directory_memory_free(struct memory *m);
/* Functions that return int: 0 or -errno. */
int xst_directory_memory_open(struct memory *m, int dir);
void xst_directory_memory_begin_batch(struct memory *m, uint64_t length);
/* -E2BIG: the frames lie so far apart that `pages` would take far more disk than the stream. */
int xst_directory_memory_items(struct memory *m, const uint64_t *v, size_t n);
int xst_directory_memory_end_items(struct memory *m);
int xst_directory_memory_write(struct memory *m, const void *data, size_t n, size_t *ret_done);
/* *ret_moved 0: to be done by writing. */
int xst_directory_memory_move(struct memory *m, int fd, const off_t *offset, uint64_t n,
			      uint64_t *ret_moved);

/* The next stretch of `pages` that may hold anything, from *pfn on.  Returns the number of bytes
 * in `types`, 0 after the last, or -errno. */
ssize_t xst_directory_pages_read(int fd, uint64_t *pfn, uint8_t *types, size_t size);

/* Moves bytes from a descriptor that has something to read; stops where it would have to wait.
 * Returns their number, or -errno of the output's. */
int64_t xst_directory_move_some(struct transfer *t, int in, off_t *offset, int out, uint64_t n);

/* --- the sinks' object ------------------------------------------------------------------------ */

/* A record's file: its place here is its number. */
struct slot {
	enum xst_kind kind;
	uint32_t id;       /* vCPU, or the first pfn of p2m frames */
	bool dropped;
	uint64_t state;    /* of which checkpoint it is, from 1 */
	uint64_t size;
};

enum stage { STAGE_NEW, STAGE_BUILDING, STAGE_DONE, STAGE_GONE };

struct directory {
	unsigned references;
	enum stage stage;
	uint32_t flags;
	char *path, *parent_path;
	const char *name;       /* in path */
	char *temporary;        /* its name meanwhile */
	int parent, dir, records;
	const struct xst_restore_domain *domain;
	struct xst_finding error;

	struct xst_emitter *emitter;
	struct slot *slots;
	size_t nslots, capacity, next; /* next: where to look first */
	uint64_t state;
	int file;               /* of the record in hand, or -1 */
	struct slot *slot;
	struct memory memory;

	char emulator_name[EMULATOR_NAME_MAX];
	int emulator;           /* its file, or -1 */
	struct transfer emulator_transfer;
	uint64_t xenstore_state; /* whose keys are in the tree */
	int xenstore_keys;       /* the file of a record's keys, or -1 */
	unsigned key_names;      /* in the keys of that state */

	/* for the manifest */
	uint32_t image_version, guest_type, xen_major, xen_minor;
	bool big_endian;
	uint64_t emulator_size;
};

/* sinks.c */
/* The sticky error: `what` is a file in it, or NULL.  Returns its code. */
int xst_directory_io_error(struct directory *d, int err, const char *what);
int xst_directory_fail(struct directory *d, int code, enum xst_rule rule, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* 0, or the error that -errno stands for. */
int xst_directory_result(struct directory *d, int r, const char *what);

/* state.c */
int xst_directory_state_prepare(struct directory *d);
int xst_directory_state_event(struct directory *d, const struct xst_event *ev);
int xst_directory_state_write(struct directory *d, const void *data, size_t n, size_t *ret_done);
int xst_directory_state_move(struct directory *d, int fd, const off_t *offset, uint64_t n,
			     uint64_t *ret_moved);
/* Takes away what the last state doesn't have any more. */
int xst_directory_state_finish(struct directory *d);
/* Opens the file of a record of the state in hand.  Returns the descriptor or the error. */
int xst_directory_state_open(struct directory *d, enum xst_kind kind, uint32_t id);
/* Writes what the emitter has, but for the framing in front. */
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

/* Whether a name is one of those that the file may have. */
bool xst_directory_device_state_name(const char *name);

/* manifest.c */
int xst_directory_manifest_write(struct directory *d);

/* --- compose.c -------------------------------------------------------------------------------- */

struct composer;

/* Opens a directory and looks which records there are.  `path` must last as long.  Returns 0 or a
 * negative error, described in *reterr. */
int xst_directory_composer_open(const char *path, struct composer **ret,
				struct xst_finding *reterr);
void xst_directory_composer_free(struct composer *c);
/* Of the image. */
uint32_t xst_directory_composer_version(const struct composer *c);
/* Writes the stream into a descriptor.  Returns 0 or a negative error; then xst_directory_composer_error() has
 * code 0 if it was the descriptor that failed. */
int xst_directory_composer_write(struct composer *c, int out);
const struct xst_finding *xst_directory_composer_error(const struct composer *c);

#endif
