/* SPDX-License-Identifier: MIT */
/* Inside the parser: the stack of layers and the parts that they share.
 *
 * A layer is a state machine, and a state is a function.  It takes bytes with xst_parser_take(),
 * produces at most one event, names its successor in layer->state and returns
 *   0  no event yet, go on       EVENT  p->event is filled       < 0  an error.
 * If bytes are missing, it returns the result of xst_parser_take() before it has changed anything,
 * and is called again with more of them.  Fixed fields, arrays and opaque runs are phases of the
 * parser itself: a state starts one and names the state that follows it.  A machine that several
 * states share (a record, the device model's record) is called with the state that follows it,
 * which waits in layer->after. */
#ifndef PARSE_PARSER_H
#define PARSE_PARSER_H

#include <stdbool.h>

#include <xenstream/parser.h>

#include "finding/rules.h"
#include "limits/limits.h"
#include "wire/formats.h"

#define EVENT 1
#define MAX_WARNINGS 8
#define HOLD_SIZE 64      /* largest unit that must be contiguous */
#define KEY_SIZE XENSTORE_PATH_MAX
#define VALUE_SIZE XENSTORE_MESSAGE_MAX
#define MAP_WORDS ((LEGACY_MAX_VCPU_ID + 64) / 64)

struct layer;
typedef int (*state_fn)(struct xst_parser *p, struct layer *l);

struct record {
	const struct wire_record *row;
	uint32_t type;
	uint64_t offset;     /* of its first byte, framing included */
	uint64_t body;       /* offset of its body */
	uint64_t length;     /* of its body */
	uint64_t index;
	uint64_t warned[(RULE_MAX + 63) / 64]; /* rules already reported for this record */
};

struct record_layer { /* libxl and libxc */
	uint32_t version;
	enum xst_kind kind; /* of the current record, or the one that has just ended */
	bool in_checkpoint; /* libxl: between the image's CHECKPOINT and our CHECKPOINT_END */
	bool had_image;     /* libxl */
	bool awaits_state;  /* libxl, COLO: between CHECKPOINT_END and CHECKPOINT_STATE */
	bool tail;          /* libxc: a legacy device model's record may follow the image */
	bool doubtful;      /* the record that has just ended had an impossible length */
};

struct container_layer { /* see container.h */
	uint64_t config;    /* bytes of the configuration */
	uint64_t optional;  /* xl: bytes of the optional data still to come */
	uint32_t announced; /* the header's claim about the stream: libvirt's version, xl's flags */
};

struct xenserver_layer {
	uint32_t image;      /* type of the record whose image is due */
	bool had_image, had_config;
	bool length_unknown; /* of the current record: it lasts to the end of the input */
};

struct colo_layer {
	uint64_t first; /* pfn of the current list */
};

struct legacy_layer {
	unsigned width;       /* the toolstack's unsigned long */
	unsigned guest_width; /* PV: 4 or 8, 0 until known */
	uint64_t p2m_size;
	bool extended, xsave;      /* PV: parts of the tail */
	uint64_t xsave_size;       /* as the extended info announces it */
	bool compressing, compressed; /* from the next checkpoint on; in this one */
	bool last_checkpoint;
	bool had_map, had_toolstack;
	uint64_t vcpus[MAP_WORDS];
	unsigned vcpu;             /* the current one in the PV tail */
	unsigned map_word;
	uint64_t max_vcpu_id;
	uint64_t left;             /* entries, pools or pages still to come */
	uint64_t toolstack_left;
	uint64_t checkpoints;
	unsigned tmem_page;        /* bytes of a page of the current pool */
	uint64_t physmap[3];       /* of the current entry: phys_offset, start_addr, size */
	uint64_t name_left;
};

struct layer {
	enum xst_layer id;
	state_fn state;      /* called next unless there is a phase */
	state_fn after;      /* follows the current record or shared machine */
	const struct container *container;
	bool big;            /* byte order */
	unsigned ulong_size; /* of fields of size WIRE_ULONG */
	enum xst_guest guest;
	uint64_t count;      /* records so far */
	struct record record;
	union {
		struct record_layer rec;
		struct container_layer container;
		struct xenserver_layer xenserver;
		struct legacy_layer legacy;
		struct colo_layer colo;
	} u;
};

struct items {
	const struct wire_array *array;
	uint64_t left, first;
	size_t n;            /* items in the current batch */
	uint64_t data_pages; /* of PAGES: entries with contents in the whole array */
	uint64_t numbers[XST_BATCH];
};

struct xst_parser {
	struct xst_limits limits;
	uint32_t flags;
	enum xst_start start;

	struct xst_in *in;         /* the window of the current call, NULL between calls */
	uint64_t offset;           /* of the next unconsumed byte */
	uint8_t hold[HOLD_SIZE];   /* taken from windows, not consumed yet */
	size_t held;
	uint8_t taken[HOLD_SIZE];  /* handed out by xst_parser_take() while more is held */
	bool eof, finished;

	struct layer stack[LIMIT_LAYERS];
	unsigned depth;            /* layers on the stack */
	unsigned active;           /* the layer that reads: index + 1, 0 before the first */
	state_fn phase;            /* called before the layer's state until done; NULL: none */

	uint64_t run_length, run_left;
	unsigned run_unit;
	struct items items;
	struct xst_field_value fields[WIRE_MAX_FIELDS];
	size_t nfields;
	char key[KEY_SIZE + 1], value[VALUE_SIZE + 1];
	size_t key_len, value_len;
	bool in_value;

	struct xst_event event;
	bool have_event;
	struct xst_finding warnings[MAX_WARNINGS];
	unsigned warnings_first, warnings_n;
	struct xst_event warning_event;
	struct xst_finding error;
};

/* --- parser.c ------------------------------------------------------------------------------- */

/* A second parser in the same state, or NULL.  Events of the first do not come from the second. */
struct xst_parser *xst_parser_clone(const struct xst_parser *p);

/* --- steps.c -------------------------------------------------------------------------------- */

/* A new innermost layer in its first state, or NULL, having failed. */
struct layer *xst_parser_push(struct xst_parser *p, enum xst_layer id, state_fn state);
/* A state: STREAM_END of the innermost layer, which leaves the stack. */
int xst_parser_end_layer(struct xst_parser *p, struct layer *l);
/* The layer around l, or NULL. */
struct layer *xst_parser_outer(struct xst_parser *p, struct layer *l);
/* Whether the layer around l is of that kind. */
bool xst_parser_inside(struct xst_parser *p, struct layer *l, enum xst_layer id);

/* RECORD_BEGIN, the row's fixed fields if it has any, then `next`.  `framing` bytes of the record
 * are consumed already. */
int xst_parse_begin_record(struct xst_parser *p, struct layer *l, const struct wire_record *row,
			   uint32_t type, unsigned framing, uint64_t length, state_fn next);
/* A state: RECORD_END, then l->after. */
int xst_parse_tell_end(struct xst_parser *p, struct layer *l);
/* The record is exhausted: RECORD_END, then `after`.  Returns 0. */
int xst_parse_end_record(struct layer *l, state_fn after);
/* The value of a field of the current record, 0 if it has none of that name. */
uint64_t xst_parse_field(const struct xst_parser *p, enum xst_field id);
/* FIELDS of a record that are not spelled out in the stream. */
int xst_parse_tell_fields(struct xst_parser *p, const struct xst_field_value *v, size_t n);
/* An array, then `next`. */
void xst_parse_start_items(struct xst_parser *p, struct layer *l, const struct wire_array *array,
			   uint64_t count, state_fn next);
/* An opaque run, then `next`. */
void xst_parse_start_run(struct xst_parser *p, struct layer *l, uint64_t length, unsigned unit,
			 state_fn next);
/* A run that is the rest of the record: then RECORD_END, then `after`.  Returns 0. */
int xst_parse_last_run(struct xst_parser *p, struct layer *l, uint64_t length, unsigned unit,
		       state_fn after);
/* Bytes of the current record's body that are not consumed yet. */
uint64_t xst_parse_body_left(const struct xst_parser *p, const struct layer *l);

/* --- report.c ------------------------------------------------------------------------------- */

/* The layer that reads, or NULL before the first one. */
struct layer *xst_parser_active(struct xst_parser *p);
/* Starts the next event; the caller fills p->event.u. */
struct xst_event *xst_parser_event(struct xst_parser *p, enum xst_event_type type);

/* The sticky error, at the current offset less `back` bytes.  Returns code. */
int xst_parse_fail(struct xst_parser *p, int code, enum xst_rule rule, uint64_t back,
		   const char *field, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
/* A tolerated deviation; reported once a record for each rule. */
void xst_parse_warn(struct xst_parser *p, enum xst_rule rule, uint64_t back, const char *field,
		    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A fault inside a record whose framing is intact: an error, or with XST_PARSER_KEEP_GOING a
 * warning.  Returns code or 0; after 0 the caller skips the rest of the record. */
int xst_parse_fault(struct xst_parser *p, int code, enum xst_rule rule, uint64_t back,
		    const char *field, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* --- window.c ------------------------------------------------------------------------------- */

/* n contiguous bytes, n <= HOLD_SIZE: *ret points at them, and they stay unconsumed.  Returns 0,
 * EVENT (a NEED; more may be read at once if `ahead` bytes are known to be framing too), or the
 * error that the input ends. */
int xst_parser_peek(struct xst_parser *p, size_t n, uint64_t ahead, const uint8_t **ret);
/* The bytes that are ready now: *ret and their number, possibly 0. */
size_t xst_parser_ready(struct xst_parser *p, const uint8_t **ret);
/* At most n contiguous bytes, n <= HOLD_SIZE: those held, and those that the window adds. */
size_t xst_parser_gather(struct xst_parser *p, size_t n, const uint8_t **ret);
/* The window is used up: NEED of `min` to `max` bytes, or the error that the input ends. */
int xst_parser_need(struct xst_parser *p, uint64_t min, uint64_t max);
/* Like xst_parser_peek(), but consumes the bytes. */
int xst_parser_take(struct xst_parser *p, size_t n, uint64_t ahead, const uint8_t **ret);
/* Like xst_parser_peek(), but an input that ends right here is no error: *ret is NULL then. */
int xst_parser_peek_or_end(struct xst_parser *p, size_t n, const uint8_t **ret);
void xst_parser_consume(struct xst_parser *p, size_t n);

/* --- one file per layer --------------------------------------------------------------------- */

/* detect.c: recognises the first bytes and pushes their layer. */
int xst_parse_detect(struct xst_parser *p, enum xst_start start);
bool xst_parse_detect_knows(enum xst_start start);
/* The same for a layer inside l, whose state is `after` when that layer has ended. */
int xst_parse_detect_inner(struct xst_parser *p, struct layer *l, enum xst_start start,
			   state_fn after);

/* The first state of each format, as named in the table of formats. */
#define FORMAT(LAYER, parser, ...) int xst_parse_##parser(struct xst_parser *p, struct layer *l);
#define VARIANT(...)
WIRE_FORMATS(FORMAT, VARIANT)
#undef FORMAT
#undef VARIANT
state_fn xst_parse_detect_state(enum xst_layer layer);
/* Sets a legacy layer's word size and guest, as recognised by detect.c. */
void xst_parse_legacy_init(struct layer *l, unsigned width, enum xst_guest guest);
/* Whether 16 bytes look like the beginning of COLO's back channel. */
bool xst_parse_colo_begins(const uint8_t *head);

/* --- shared machines: `after` is the state that follows -------------------------------------- */

/* record.c: a record of libxl or libxc by its row, framing included */
int xst_parse_record(struct xst_parser *p, struct layer *l, const struct wire_record *rows,
		     size_t count, state_fn after);
/* emulator_record.c: the device model's record of a legacy stream */
int xst_parse_emulator(struct xst_parser *p, struct layer *l, state_fn after);

/* items.c: checks and translates a single array item. */
int xst_parse_item_check(struct xst_parser *p, struct layer *l, uint64_t *numbers);
/* Takes as many items as possible without xst_parse_item_check(), possibly none. */
void xst_parse_take_plain_pages(struct xst_parser *p, const struct layer *l);

#endif
