/* SPDX-License-Identifier: MIT */
/* Streams built in memory, byte by byte or out of a recipe.
 *
 * This is written against the descriptions of the formats and shares nothing with src/: a wrong
 * offset there must not cancel itself out here. */
#ifndef TESTS_BUILD_H
#define TESTS_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096
#define CONTEXT64 5168
#define CONTEXT32 2800

struct build {
	uint8_t *data;
	size_t size, capacity;
	bool big;         /* byte order of what is put from now on */
	unsigned width;   /* legacy: bytes of the toolstack's unsigned long */
	size_t record;    /* where the open record begins */
	size_t mark;      /* a place that the test wants to find again */
	uint32_t pattern; /* of filled bytes, so that no two pages are alike */
};

void build_free(struct build *b);
/* Remembers the present end. */
void mark(struct build *b);

void put(struct build *b, const void *data, size_t n);
void put8(struct build *b, uint8_t v);
void put16(struct build *b, uint16_t v);
void put32(struct build *b, uint32_t v);
void put64(struct build *b, uint64_t v);
void put_ulong(struct build *b, uint64_t v);
void put_zero(struct build *b, size_t n);
/* n bytes that say nothing, different each time. */
void fill(struct build *b, size_t n);

/* --- today's formats ------------------------------------------------------------------------ */

/* config NULL: no optional data at all */
void xl_header(struct build *b, uint32_t flags, const void *config, size_t n);
void libxl_header(struct build *b, uint32_t options);
void image_header(struct build *b, uint32_t version, uint16_t options);
void domain_header(struct build *b, uint32_t type);
void record_begin(struct build *b, uint32_t type);
/* The length is patched, padding added. */
void record_end(struct build *b);
void empty_record(struct build *b, uint32_t type);
/* A record with n bytes that say nothing after a header of two words. */
void blob_record(struct build *b, uint32_t type, uint32_t first, uint32_t second, size_t n);
/* Entries, and a page for each that has contents. */
void page_data(struct build *b, const uint64_t *entries, size_t n);

/* The hypervisor's state of an HVM guest with one vCPU. */
#define HVM_STATE 1064
void hvm_state(struct build *b);

struct modern {
	bool xl, libxl, bare_xl;   /* xl: header and libxl stream; bare_xl: header and image */
	const char *config;        /* stored with its NUL */
	size_t stray_optional;     /* bytes after the configuration */
	bool big;
	unsigned version;          /* 0: 3 */
	bool pv;
	unsigned guest_width;      /* PV; 0: 8 */
	size_t leaves, msrs;       /* of the policies; no record if 0 */
	size_t frames;             /* p2m frames; 0: 1 */
	size_t batches, pages, holes; /* a batch has that many pages and holes */
	size_t vcpus;              /* PV; 0: 1 */
	bool empty_vcpus;          /* with records of nothing, as Xen 4.6 wrote */
	size_t params;             /* HVM; SIZE_MAX: a record with none */
	bool verify, unknown;      /* a VERIFY record; optional records of unknown type */
	unsigned checkpoints;      /* libxl: before the end */
	bool colo;                 /* libxl: a CHECKPOINT_STATE after each */
	size_t pairs;              /* xenstore keys; no record if 0 */
	size_t emulator;           /* bytes of the device model's state; no record if 0 */
	const char *tail;          /* after a bare image: a legacy signature */
};
void build_modern(struct build *b, const struct modern *m);

/* --- the legacy format ---------------------------------------------------------------------- */

void legacy_head(struct build *b, unsigned width, uint64_t p2m_size);
void chunk(struct build *b, int32_t id);
void batch(struct build *b, const uint64_t *entries, size_t n, bool contents);
void param_chunk(struct build *b, int32_t id, uint64_t value);
void physmap_entry(struct build *b, uint64_t phys_offset, const char *name);
void magic_pfns(struct build *b);
/* The extended info with one vcpu block. */
void ext_info(struct build *b, size_t context);

struct legacy {
	bool xl;
	unsigned width;            /* 0: 8 */
	bool pv;
	unsigned guest_width;      /* 0: 8 */
	uint64_t p2m_size;         /* 0: 64 */
	uint64_t frame;            /* the p2m's first, the others after it; 0: all are pfn 0 */
	bool extv, xcnt, stranger; /* blocks of the extended info */
	size_t batches, pages, holes;
	bool verify, tsc, tmem, tmem_extra, last_checkpoint, no_map;
	unsigned vcpus;            /* 0: 1 */
	unsigned params;           /* at most 12 */
	size_t physmaps;           /* entries of the toolstack record; SIZE_MAX: no record */
	bool toolstack_twice;
	size_t unmapped;
	unsigned checkpoints;      /* 0: 1 */
	bool compressed;
	const char *tail;          /* signature, or NULL */
	size_t emulator;           /* bytes of its state */
};
void build_legacy(struct build *b, const struct legacy *l);

/* --- one small stream of every kind --------------------------------------------------------- */

#define COLO_LIST 1100 /* pfns of a list */
enum wrapping { BARE = 0, LIBVIRT, XEND, XEND_CAPTURE, XENSERVER, XENSERVER_DEMU, XENSERVER_CAPTURE,
		XENSERVER6, COLO };

struct sample {
	const char *name;
	enum wrapping wrapping;
	struct modern modern;
	struct legacy legacy;
	bool is_legacy;
};
extern const struct sample samples[];
extern const size_t samples_count;
void build_sample(struct build *b, const struct sample *s);

/* --- containers ----------------------------------------------------------------------------- */

void libvirt_header(struct build *b, uint32_t version, const char *xml, size_t n);
void xend_header(struct build *b, uint32_t length, const char *config);
/* A header of XenServer's without what it announces. */
void xenserver_record(struct build *b, uint64_t type, uint64_t length);

#endif
