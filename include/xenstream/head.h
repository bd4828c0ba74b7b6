/* SPDX-License-Identifier: MIT */
/* The front of a saved domain, up to where its stream begins: the configuration and the container's
 * headers, read and replaced without looking at the stream.
 *
 * Reading works for every container that has a configuration in front; replacing, only for an xl
 * header (Xen's tools/xl/xl.h; docs/formats.md). */
#ifndef XENSTREAM_HEAD_H
#define XENSTREAM_HEAD_H

#include <xenstream/change.h>
#include <xenstream/io.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XST_XL_JSON 1u      /* mandatory flag: the configuration is JSON */
#define XST_XL_LIBXL_V2 2u  /* mandatory flag: a libxl stream follows, else a legacy one */

struct xst_head {
	enum xst_layer layer;      /* the container, XST_LAYER_XL for an xl header */
	uint64_t end;              /* bytes in front of the stream, counted from the first one read;
				    * in a container other than xl's, up to the end of the
				    * configuration */
	/* of an xl header */
	bool big_endian;
	uint32_t mandatory_flags;
	uint32_t optional_flags;
	uint8_t *rest;             /* optional data after the configuration, without padding:
				    * trailing zeros count as padding */
	uint64_t rest_size;
	uint64_t padding;          /* bytes */
	/* as stored, followed by a NUL that is not counted; NULL if there is none */
	uint8_t *config;
	uint64_t config_size;
	uint64_t reserved[4];
};

/* Reads the front from a descriptor's current offset, and leaves the descriptor, pipe or file, at
 * the start of the stream.  parser: may be NULL.  On success *ret is the caller's, to be freed with
 * xst_head_free().  Returns 0, XST_E_MAGIC (not a saved domain), XST_E_UNSUPPORTED (a stream
 * without a container, hence without a configuration), XST_E_UNKNOWN (unknown mandatory flags), or
 * what xst_reader_next() returns; described in *reterr (may be NULL). */
XST_API XST_NODISCARD int xst_head_read(int fd, const struct xst_parser_options *parser,
					struct xst_head **ret, struct xst_finding *reterr);
/* Frees it.  NULL is fine.  Returns NULL. */
XST_API struct xst_head *xst_head_free(struct xst_head *h);

/* Puts a configuration into an xl header: copies n bytes, to be stored unchanged, and sets the flag
 * for their language; n 0: no configuration, and no flag.  The rest of the head stays.  Returns 0,
 * XST_E_NOMEM, XST_E_UNSUPPORTED (another container) or XST_E_LIMIT (more than the parser's default
 * limits). */
XST_API XST_NODISCARD int xst_head_set_config(struct xst_head *h, const void *config, uint64_t n,
					      bool json);

/* Writes an xl header to an output, and after it everything left in fd, which must be where
 * xst_head_read() left it: unparsed, inside the kernel where possible.  If the file system can
 * share blocks between the two files, it does; only then is the header padded.  *ret_way:
 * XST_CHANGE_SHARED or XST_CHANGE_COPIED (may be NULL).  progress: or NULL.  Returns 0, XST_E_NOMEM
 * or XST_E_IO, described in *reterr (may be NULL). */
XST_API XST_NODISCARD int xst_head_copy(const struct xst_head *h, int fd, struct xst_output *o,
					xst_moved_fn progress, void *userdata,
					enum xst_change_way *ret_way, struct xst_finding *reterr);

/* Replaces the front of a file, opened by xst_change_open(), by an xl header, padded as needed.
 * end: h->end as it was when the head was read from the file; h: that head, changed.  Returns as
 * xst_change_front(). */
XST_API XST_NODISCARD int xst_head_replace(struct xst_change *c, uint64_t end,
					   const struct xst_head *h, xst_moved_fn progress,
					   void *userdata, enum xst_change_way *ret_way,
					   struct xst_finding *reterr);

#ifdef __cplusplus
}
#endif
#endif
