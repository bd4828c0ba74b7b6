/* SPDX-License-Identifier: MIT */
/* Internals of compose, shared by its files. */
#ifndef DIRECTORY_COMPOSE_H
#define DIRECTORY_COMPOSE_H

#include "directory/directory.h"

#define COMPOSE_BATCH 1024 /* page frames per record, as Xen's saver writes them */

struct record_file {
	unsigned number;
	enum xst_kind kind;
};

struct composer {
	const char *path;
	int dir, records, out;
	struct record_file *files;
	size_t nfiles, capacity;
	struct xst_emitter *emitter;
	struct transfer transfer;
	struct xst_finding error;
	uint32_t version; /* the image's */
	bool libxl;       /* a libxl stream surrounds the image */

	int memory, pages;
	uint64_t batch[COMPOSE_BATCH];
	size_t nbatch;
};

/* Functions that return int: 0 or a negative error, described in c->error unless the output has
 * failed. */

/* compose_parts.c */
int xst_directory_compose_fail(struct composer *c, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Reports a file that can't be read; folder "": in the directory itself. */
int xst_directory_compose_fail_file(struct composer *c, int err, const char *folder,
				    const char *name);
/* Handles the return value of an xst_emit_...(), and writes what was emitted. */
int xst_directory_compose_emitted(struct composer *c, int r);
/* Moves n bytes of a file directly to the output. */
int xst_directory_compose_move(struct composer *c, int fd, off_t *at, uint64_t n,
			       const char *folder, const char *name);
/* The first record of a kind, or NULL. */
const struct record_file *xst_directory_compose_find(const struct composer *c, enum xst_kind kind);
int xst_directory_compose_read(struct composer *c, const struct record_file *f, size_t limit,
			       uint8_t **ret, size_t *ret_size);
/* Writes a record from memory: n fields, if any, and bytes. */
int xst_directory_compose_record(struct composer *c, enum xst_kind kind,
				 const struct xst_field_value *v, size_t n, uint64_t fixed,
				 const void *data, size_t size);
/* Reads the fields in a header's file. */
int xst_directory_compose_header(struct composer *c, const struct record_file *f, bool big,
				 struct xst_field_value ret[WIRE_MAX_FIELDS]);

/* compose_frame.c */
int xst_directory_compose_xl(struct composer *c);
int xst_directory_compose_libxl(struct composer *c);

/* compose_pages.c */
int xst_directory_compose_pages(struct composer *c);

/* compose_device.c */
int xst_directory_compose_keys(struct composer *c, const struct record_file *f);
int xst_directory_compose_state(struct composer *c, const struct record_file *f);

#endif
