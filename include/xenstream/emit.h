/* SPDX-License-Identifier: MIT */
/* The way back: records and headers as bytes, and events of any format as today's formats, by
 * the specifications that parser.h names; legacy parts as Xen's own converter translates them.
 *
 * No I/O here either.  Both objects gather small things (headers, fields, arrays) as output that
 * the caller takes with ..._output() after each call, and name payload that the caller moves from
 * its source to its destination himself, after all output gathered so far. */
#ifndef XENSTREAM_EMIT_H
#define XENSTREAM_EMIT_H

#include <xenstream/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- records -------------------------------------------------------------------------------- */

struct xst_emitter;

/* Makes an emitter.  Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_emitter_new(struct xst_emitter **ret);
/* Frees it.  NULL is fine.  Returns NULL. */
XST_API struct xst_emitter *xst_emitter_free(struct xst_emitter *e);

/* The byte order of the records that a layer writes from now on; little-endian by default. */
XST_API void xst_emitter_big_endian(struct xst_emitter *e, enum xst_layer layer, bool big);

/* Begins a record or a header of a kind that today's formats have, with a body of `length`
 * bytes.  Headers (XL_HEADER, CONFIG, OPTIONAL_DATA, LIBXL_HEADER, IMAGE_HEADER, DOMAIN_HEADER) have
 * no framing.
 * Returns 0, XST_E_NOMEM, XST_E_ARG (no such kind), XST_E_STATE (another record is open). */
XST_API XST_NODISCARD int xst_emit_begin(struct xst_emitter *e, enum xst_kind kind,
					 uint64_t length);

/* The same for a record of a type that the library does not know; layer is XST_LAYER_LIBXL or
 * XST_LAYER_LIBXC. */
XST_API XST_NODISCARD int xst_emit_begin_unknown(struct xst_emitter *e, enum xst_layer layer,
						 uint32_t type, uint64_t length);

/* The same in a container of another toolstack: layer is XST_LAYER_LIBVIRT (LIBVIRT_HEADER, CONFIG;
 * without framing) or XST_LAYER_XENSERVER (XENSERVER_HEADER, and the records that follow it with
 * theirs; for XENSERVER_IMAGE the one of a libxc image, of length 0, which stands after it). */
XST_API XST_NODISCARD int xst_emit_begin_in(struct xst_emitter *e, enum xst_layer layer,
					    enum xst_kind kind, uint64_t length);

/* Fills the open record: its n fixed fields, of which those that are not given are 0.  Returns 0,
 * XST_E_NOMEM, XST_E_STATE (no record is open, or it would get longer than announced), and so do the
 * next three. */
XST_API XST_NODISCARD int xst_emit_fields(struct xst_emitter *e, const struct xst_field_value *v,
					  size_t n);
/* n items of its array, each of as many numbers as XST_EVENT_ITEMS tells.  XST_E_STATE, too, if the
 * record has none. */
XST_API XST_NODISCARD int xst_emit_items(struct xst_emitter *e, const uint64_t *numbers, size_t n);
/* n bytes as they are. */
XST_API XST_NODISCARD int xst_emit_bytes(struct xst_emitter *e, const void *data, size_t n);
/* n bytes that the caller moves, after the output so far. */
XST_API XST_NODISCARD int xst_emit_payload(struct xst_emitter *e, uint64_t n);
/* Ends the record with its padding.  Returns 0, XST_E_NOMEM, or XST_E_STATE if it is shorter than
 * announced or none is open. */
XST_API XST_NODISCARD int xst_emit_end(struct xst_emitter *e);
/* A record without a body.  Returns what xst_emit_begin() and xst_emit_end() do. */
XST_API XST_NODISCARD int xst_emit_empty(struct xst_emitter *e, enum xst_kind kind);

/* What is to be written now: sets *ret, valid until the next call, and returns its size. */
XST_API size_t xst_emitter_output(const struct xst_emitter *e, const uint8_t **ret);
/* All of it was written. */
XST_API void xst_emitter_written(struct xst_emitter *e);

/* --- conversion ----------------------------------------------------------------------------- */

enum xst_container {
	XST_CONTAINER_AUTO = 0,    /* what the input has: xl, libxl (legacy, too) or libxc */
	XST_CONTAINER_XL = 1,      /* xl header, libxl stream */
	XST_CONTAINER_LIBXL = 2,   /* libxl stream */
	XST_CONTAINER_LIBXC = 3,   /* libxc image; after it a device model's record, if the input has it there */
	XST_CONTAINER_XL_LIBXC = 4, /* xl header, libxc image */
	XST_CONTAINER_LIBVIRT = 5,  /* libvirt's header and XML, libxl stream */
	XST_CONTAINER_XENSERVER = 6 /* XenServer's suspend image: records around a libxc image */
};

enum xst_convert_flags {
	/* Leave out what the output has no place for, and say so, instead of refusing. */
	XST_CONVERT_FORCE = 1 << 0
};

/* A domain's configuration as it stands in its container, with the NUL that belongs to it there. */
struct xst_config {
	enum xst_layer layer; /* whose language: xl's, libvirt's XML, xend's or XenServer's
			       * s-expressions */
	bool json;            /* xl's in JSON, else xl.cfg text */
	const uint8_t *data;
	size_t size;          /* bytes; 16 MiB at most, 0: there is no configuration */
	enum xst_guest guest; /* in a question: the stream's, which may not be known so early */
};

/* Asked once, before the output's container is begun: which configuration is to stand in it?
 * `stored` is the input's, of size 0 if there is none.  *ret is preset to what the output would
 * store without being told, `stored` if that is in its language, else none; its layer is the
 * output's language in any case.  The bytes that *ret is set to must last as long as the
 * converter.  Returns 0, or a negative error with words about it in `why`, of `size` bytes. */
typedef int (*xst_config_fn)(void *userdata, const struct xst_config *stored,
			     struct xst_config *ret, char *why, size_t size);

struct xst_converter_options {
	size_t size;             /* sizeof(struct xst_converter_options) */
	uint32_t flags;          /* enum xst_convert_flags */
	enum xst_container to;
	uint32_t image_version;  /* 2 or 3; 0 means 3 */
	xst_config_fn config;    /* or NULL: what is in the output's language is passed on */
	void *config_userdata;
};

struct xst_converter;

/* Makes a converter for one stream.  Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_converter_new(const struct xst_converter_options *options,
					    struct xst_converter **ret);
/* Frees it.  NULL is fine.  Returns NULL. */
XST_API struct xst_converter *xst_converter_free(struct xst_converter *c);

/* Takes the parser's next event (all but NEED, and PAYLOAD but where xst_converter_wants()).  Runs
 * of unknown length must have been given theirs.  Returns 0 or a negative error, sticky:
 * XST_E_REFUSED (something would be lost, or the output lacks a configuration), XST_E_UNSUPPORTED
 * (checkpointed or compressed legacy streams, and what has no guest in it), XST_E_MALFORMED (not
 * exactly one image), XST_E_LIMIT, XST_E_NOMEM, or what the caller's xst_config_fn has returned. */
XST_API XST_NODISCARD int xst_converter_event(struct xst_converter *c, const struct xst_event *ev);

/* The legacy stream that has just begun is a checkpointed one, and each of its states is to become
 * a checkpoint of a libxl stream.  Without this call a second state is XST_E_UNSUPPORTED, and so
 * are compressed pages always: xst_convert_fd() unfolds them.  XST_E_UNSUPPORTED if the output is
 * no libxl stream. */
XST_API XST_NODISCARD int xst_converter_keep_checkpoints(struct xst_converter *c);

/* Output to be written now, see xst_emitter_output(). */
XST_API size_t xst_converter_output(const struct xst_converter *c, const uint8_t **ret);
/* All of it was written. */
XST_API void xst_converter_written(struct xst_converter *c);

/* Whether the run that has just begun is the configuration, whose PAYLOAD events are wanted. */
XST_API bool xst_converter_wants(const struct xst_converter *c);

/* Inside a run: bytes of it to be moved after the output so far; 0: the rest is left out. */
XST_API uint64_t xst_converter_payload(const struct xst_converter *c);
/* n of them were moved.  There may be new output now.  Returns 0, XST_E_ARG (more than were left),
 * or a negative error as xst_converter_event() does. */
XST_API XST_NODISCARD int xst_converter_moved(struct xst_converter *c, uint64_t n);

/* The next remark (what was left out, added or skipped), or NULL. */
XST_API const struct xst_finding *xst_converter_finding(struct xst_converter *c);
/* The error that has ended the conversion; its code is 0 as long as there is none.  Never NULL. */
XST_API const struct xst_finding *xst_converter_error(const struct xst_converter *c);

#ifdef __cplusplus
}
#endif
#endif
