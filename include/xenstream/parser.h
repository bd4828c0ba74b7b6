/* SPDX-License-Identifier: MIT */
/* The parser: bytes in, events out.  It does no I/O and keeps no payload.
 *
 * Formats and their specifications (docs/formats.md describes them all):
 *   xl header      Xen's tools/xl/xl.h
 *   libxl stream   version 2: Xen's docs/specs/libxl-migration-stream.pandoc
 *   libxc image    versions 2 and 3: Xen's docs/specs/libxc-migration-stream.pandoc
 *   legacy stream  Xen 4.1 to 4.5: the output of xc_domain_save() and libxl of those versions
 *
 * Ownership: the caller owns every byte of input and every descriptor.  The parser never keeps a
 * pointer to input after a call returns.  Pointers inside an event are valid until the next call on
 * the same parser.  Only one thread at a time may use a parser. */
#ifndef XENSTREAM_PARSER_H
#define XENSTREAM_PARSER_H

#include <xenstream/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Limits on values that the stream controls.  Zero means the default in parentheses. */
struct xst_limits {
	uint64_t max_record;        /* bytes of a libxc record's body (128 MiB, Xen's own limit);
				     * for a libxl record see max_emulator */
	uint64_t max_optional_data; /* bytes of an xl header's optional data (16 MiB) */
	uint64_t max_config;        /* bytes of a configuration (4 MiB) */
	uint64_t max_ext_info;      /* bytes of a legacy stream's extended info (64 KiB) */
	uint64_t max_p2m_size;      /* pfns of a legacy guest (2^28: its entries have 28 bits) */
	uint64_t max_vcpu_id;       /* (4095) */
	uint64_t max_xsave;         /* bytes of a vCPU's xsave area (1 MiB) */
	uint64_t max_toolstack;     /* bytes of a legacy toolstack record (1 MiB) */
	uint64_t max_emulator;      /* bytes of a device model's record (1 GiB) */
	uint64_t max_compressed;    /* bytes of a legacy compressed chunk (64 MiB) */
	uint64_t max_tmem_pages;    /* pages of a legacy tmem pool (2^28) */
};

/* The format of the input's first byte.  XST_START_AUTO recognises it by the first bytes. */
enum xst_start {
	XST_START_AUTO = 0,
	XST_START_XL = 1,
	XST_START_LIBXL = 2,
	XST_START_LIBXC = 3,
	XST_START_LEGACY = 4,
	XST_START_LIBVIRT = 5,
	XST_START_XEND = 6,
	XST_START_XENSERVER = 7,
	XST_START_XENSERVER6 = 8,
	XST_START_COLO = 9
};

enum xst_parser_flags {
	/* A fault inside a record whose framing is intact becomes a WARNING event of severity
	 * XST_ERROR, and parsing goes on with the next record. */
	XST_PARSER_KEEP_GOING = 1 << 0,
	/* Stop right after the guest's own state: don't look for a device model's record, which may
	 * follow a legacy HVM stream or a bare libxc image.  Not one byte more is asked for. */
	XST_PARSER_NO_EMULATOR = 1 << 1,
	/* A legacy stream ends with the guest's first state, as for a receiver that expects no
	 * checkpoints: don't look for another. */
	XST_PARSER_ONE_CHECKPOINT = 1 << 2,
	/* A COLO stream: a CHECKPOINT_STATE must follow each CHECKPOINT_END, before the image goes
	 * on.  Without this flag it may, if its length is 4, as libxl writes it. */
	XST_PARSER_COLO = 1 << 3
};

/* Set size to sizeof(struct xst_parser_options) and the rest to zero (XST_PARSER_OPTIONS_INIT).  A
 * library older than its caller accepts a larger structure if the part unknown to it is zero. */
struct xst_parser_options {
	size_t size;
	uint32_t flags;           /* enum xst_parser_flags */
	enum xst_start start;
	uint64_t offset;          /* of the first byte; events and errors count from it */
	struct xst_limits limits;
};
#define XST_PARSER_OPTIONS_INIT { sizeof(struct xst_parser_options), 0, XST_START_AUTO, 0, \
				  { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } }

/* A window onto the input.  The caller owns the bytes; the parser only moves pos. */
struct xst_in {
	const uint8_t *src;
	size_t size;
	size_t pos;
};

struct xst_parser;

/* Makes a parser.  options may be NULL.  On success *ret is the caller's, to be freed with
 * xst_parser_free().  Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_parser_new(const struct xst_parser_options *options,
					 struct xst_parser **ret);

/* Frees a parser; NULL is fine.  Returns NULL. */
XST_API struct xst_parser *xst_parser_free(struct xst_parser *p);

/* Gives the next event.  Returns 0 and sets *ret_ev, or a negative error (XST_E_MAGIC,
 * XST_E_VERSION, XST_E_MALFORMED, XST_E_TRUNCATED, XST_E_LIMIT, XST_E_UNKNOWN, XST_E_UNSUPPORTED,
 * XST_E_NOMEM), which is sticky and described by xst_parser_error().  Takes input only by moving
 * in->pos.  After FINISHED, every further call gives FINISHED again. */
XST_API XST_NODISCARD int xst_parser_next(struct xst_parser *p, struct xst_in *in,
					  const struct xst_event **ret_ev);

/* Bytes of the current run that may be claimed now; 0 outside a run, XST_LENGTH_UNKNOWN in one that
 * lasts to the end of the input. */
XST_API uint64_t xst_parser_payload_left(const struct xst_parser *p);

/* Says that the caller has moved the next n bytes of the run by other means, so that they will not
 * come through a window.  Legal only inside a run, after the move, with an empty window (in->pos ==
 * in->size), for at most xst_parser_payload_left() bytes.  Returns 0, XST_E_STATE or XST_E_ARG. */
XST_API XST_NODISCARD int xst_parser_claim(struct xst_parser *p, const struct xst_in *in,
					   uint64_t n);

/* Says that the run of unknown length that has just begun has n bytes, for a caller who knows where
 * the input ends.  Count from xst_parser_offset(): bytes that the parser holds are part of the run.
 * Legal right after that PAYLOAD_BEGIN, whose length is updated.  Returns 0, XST_E_STATE or
 * XST_E_LIMIT (max_emulator). */
XST_API XST_NODISCARD int xst_parser_set_run_length(struct xst_parser *p, uint64_t n);

/* The most bytes that a run of unknown length may have: max_emulator. */
XST_API uint64_t xst_parser_max_run(const struct xst_parser *p);

/* Says that no more input will come.  Go on calling xst_parser_next(): it gives the remaining
 * events up to FINISHED, or XST_E_TRUNCATED. */
XST_API void xst_parser_eof(struct xst_parser *p);

/* Offset of the next byte that is neither consumed nor claimed, counted as in events. */
XST_API uint64_t xst_parser_offset(const struct xst_parser *p);

/* Bytes that were taken from the window but are not consumed yet: at most a few dozen. */
XST_API size_t xst_parser_held(const struct xst_parser *p);

/* The sticky error, owned by the parser; its code is 0 while there is none.  Never NULL. */
XST_API const struct xst_finding *xst_parser_error(const struct xst_parser *p);

#ifdef __cplusplus
}
#endif
#endif
