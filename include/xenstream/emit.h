/* SPDX-License-Identifier: MIT */
/* The way back: records and headers as bytes, and events of any format as today's formats, by the
 * specifications that parser.h names.  Legacy parts are translated as Xen's own converter does.
 *
 * No I/O here either.  Both objects collect small things (headers, fields, arrays) as output, which
 * the caller takes with ..._output() after each call.  Payload is only announced: the caller moves
 * it from source to destination after writing all output collected so far. */
#ifndef XENSTREAM_EMIT_H
#define XENSTREAM_EMIT_H

#include <xenstream/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- records -------------------------------------------------------------------------------- */

struct xst_emitter;

/* Makes an emitter.  On success *ret is the caller's, to be freed with xst_emitter_free().  Returns
 * 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_emitter_new(struct xst_emitter **ret);
/* Frees it.  NULL is fine.  Returns NULL. */
XST_API struct xst_emitter *xst_emitter_free(struct xst_emitter *e);

/* Sets the byte order of the records that a layer writes from now on; little-endian by default. */
XST_API void xst_emitter_big_endian(struct xst_emitter *e, enum xst_layer layer, bool big);

/* Begins a record or a header of a kind that today's formats have, with a body of `length` bytes.
 * Headers (XL_HEADER, CONFIG, OPTIONAL_DATA, LIBXL_HEADER, IMAGE_HEADER, DOMAIN_HEADER) have no
 * framing.  Returns 0, XST_E_NOMEM, XST_E_ARG (no such kind) or XST_E_STATE (another record is
 * open). */
XST_API XST_NODISCARD int xst_emit_begin(struct xst_emitter *e, enum xst_kind kind,
					 uint64_t length);

/* The same for a record whose type the library does not know; layer is XST_LAYER_LIBXL or
 * XST_LAYER_LIBXC. */
XST_API XST_NODISCARD int xst_emit_begin_unknown(struct xst_emitter *e, enum xst_layer layer,
						 uint32_t type, uint64_t length);

/* The same in another toolstack's container: layer is XST_LAYER_LIBVIRT (LIBVIRT_HEADER and CONFIG,
 * without framing) or XST_LAYER_XENSERVER (XENSERVER_HEADER and its records; XENSERVER_IMAGE begins
 * the record of a libxc image, of length 0: the image stands after it). */
XST_API XST_NODISCARD int xst_emit_begin_in(struct xst_emitter *e, enum xst_layer layer,
					    enum xst_kind kind, uint64_t length);

/* Appends the open record's fixed fields: the n that are given, and 0 for the others.  Returns 0,
 * XST_E_NOMEM or XST_E_STATE (no record is open, or it would get longer than announced). */
XST_API XST_NODISCARD int xst_emit_fields(struct xst_emitter *e, const struct xst_field_value *v,
					  size_t n);
/* Appends n items of the record's array, each of as many numbers as in XST_EVENT_ITEMS.  Returns as
 * xst_emit_fields(); XST_E_STATE also if the record has no array. */
XST_API XST_NODISCARD int xst_emit_items(struct xst_emitter *e, const uint64_t *numbers, size_t n);
/* Appends n bytes unchanged.  Returns as xst_emit_fields(). */
XST_API XST_NODISCARD int xst_emit_bytes(struct xst_emitter *e, const void *data, size_t n);
/* Announces n bytes that the caller moves, after the output so far.  Returns as
 * xst_emit_fields(). */
XST_API XST_NODISCARD int xst_emit_payload(struct xst_emitter *e, uint64_t n);
/* Ends the record with its padding.  Returns 0, XST_E_NOMEM, or XST_E_STATE if no record is open or
 * it is shorter than announced. */
XST_API XST_NODISCARD int xst_emit_end(struct xst_emitter *e);
/* Appends a record without a body.  Returns what xst_emit_begin() and xst_emit_end() do. */
XST_API XST_NODISCARD int xst_emit_empty(struct xst_emitter *e, enum xst_kind kind);

/* The output to write now: sets *ret, valid until the next call, and returns its size in bytes. */
XST_API size_t xst_emitter_output(const struct xst_emitter *e, const uint8_t **ret);
/* Says that all of it was written. */
XST_API void xst_emitter_written(struct xst_emitter *e);

/* --- conversion ----------------------------------------------------------------------------- */

enum xst_container {
	XST_CONTAINER_AUTO = 0,    /* the input's: xl, libxl (for a legacy stream too) or libxc */
	XST_CONTAINER_XL = 1,      /* xl header, libxl stream */
	XST_CONTAINER_LIBXL = 2,   /* libxl stream */
	XST_CONTAINER_LIBXC = 3,   /* libxc image, followed by a device model's record if the input
				    * has one there */
	XST_CONTAINER_XL_LIBXC = 4, /* xl header, libxc image */
	XST_CONTAINER_LIBVIRT = 5,  /* libvirt's header and XML, libxl stream */
	XST_CONTAINER_XENSERVER = 6 /* XenServer's suspend image: records around a libxc image */
};

enum xst_convert_flags {
	/* Leave out parts that the output has no place for, and go on with an image that no Xen
	 * restores, instead of refusing; both are reported. */
	XST_CONVERT_FORCE = 1 << 0
};

/* A domain's configuration as its container stores it, including the NUL that belongs to it
 * there. */
struct xst_config {
	enum xst_layer layer; /* its language: xl's, libvirt's XML, xend's or XenServer's
			       * s-expressions */
	bool json;            /* with xl's: JSON, else xl.cfg text */
	const uint8_t *data;
	size_t size;          /* bytes, at most 16 MiB; 0: there is no configuration */
	enum xst_guest guest; /* for an xst_config_fn: the stream's guest, which may not be known
			       * yet */
};

/* Called once, before the output's container is begun, to choose the configuration to store in it.
 * `stored` is the input's, of size 0 if there is none.  *ret is preset to the default: `stored` if
 * it is in the output's language, else none; its layer is always the output's language.  The bytes
 * that *ret is set to must last as long as the converter.  Returns 0, or a negative error with an
 * explanation in `why`, of `size` bytes. */
typedef int (*xst_config_fn)(void *userdata, const struct xst_config *stored,
			     struct xst_config *ret, char *why, size_t size);

struct xst_converter_options {
	size_t size;             /* sizeof(struct xst_converter_options) */
	uint32_t flags;          /* enum xst_convert_flags */
	enum xst_container to;
	uint32_t image_version;  /* 2 or 3; 0 means 3 */
	xst_config_fn config;    /* or NULL: a configuration in the output's language is passed
				  * on */
	void *config_userdata;
};

struct xst_converter;

/* Makes a converter for one stream.  options: may be NULL.  On success *ret is the caller's, to be
 * freed with xst_converter_free().  Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_converter_new(const struct xst_converter_options *options,
					    struct xst_converter **ret);
/* Frees it.  NULL is fine.  Returns NULL. */
XST_API struct xst_converter *xst_converter_free(struct xst_converter *c);

/* Takes the parser's next event, except NEED, and PAYLOAD only where xst_converter_wants() says so.
 * Runs of unknown length must have been given one (xst_parser_set_run_length()).  Returns 0 or a
 * negative error, sticky: XST_E_REFUSED (something would be lost, or the output needs a
 * configuration), XST_E_UNSUPPORTED (checkpointed or compressed legacy streams, and streams without
 * a guest), XST_E_MALFORMED (not exactly one image), XST_E_LIMIT, XST_E_NOMEM, or the error that
 * the xst_config_fn returned. */
XST_API XST_NODISCARD int xst_converter_event(struct xst_converter *c, const struct xst_event *ev);

/* Call this when a checkpointed legacy stream has just begun, to turn each of its states into a
 * checkpoint of a libxl stream.  Without it a second state is XST_E_UNSUPPORTED; compressed pages
 * always are: xst_convert_fd() unfolds them.  Returns 0, or XST_E_UNSUPPORTED if the output is not
 * a libxl stream. */
XST_API XST_NODISCARD int xst_converter_keep_checkpoints(struct xst_converter *c);

/* The output to write now, as xst_emitter_output(). */
XST_API size_t xst_converter_output(const struct xst_converter *c, const uint8_t **ret);
/* Says that all of it was written. */
XST_API void xst_converter_written(struct xst_converter *c);

/* Whether the run that has just begun is the configuration, whose PAYLOAD events the converter
 * needs. */
XST_API bool xst_converter_wants(const struct xst_converter *c);

/* Inside a run: how many of its bytes to move, after the output so far; 0: the rest is left out. */
XST_API uint64_t xst_converter_payload(const struct xst_converter *c);
/* Says that n of them were moved; there may be new output now.  Returns 0, XST_E_ARG (more than
 * were left), or a negative error as xst_converter_event() does. */
XST_API XST_NODISCARD int xst_converter_moved(struct xst_converter *c, uint64_t n);

/* The next remark (a part was left out, added or skipped), or NULL; valid until the next call. */
XST_API const struct xst_finding *xst_converter_finding(struct xst_converter *c);
/* The sticky error, owned by the converter; its code is 0 while there is none.  Never NULL. */
XST_API const struct xst_finding *xst_converter_error(const struct xst_converter *c);

#ifdef __cplusplus
}
#endif
#endif
