/* SPDX-License-Identifier: MIT */
/* The front of a saved domain, up to where its stream begins: the configuration and what is
 * around it, read and replaced without a look at the stream.
 *
 * Reading works for every container that has a configuration in front; replacing it for the xl
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
	uint64_t end;              /* bytes in front of the stream, from where the reading began;
				      in another container than xl's up to the end of the
				      configuration */
	/* of an xl header */
	bool big_endian;
	uint32_t mandatory_flags;
	uint32_t optional_flags;
	uint8_t *rest;             /* optional data after the configuration, without padding: zeros
				      at its end are such */
	uint64_t rest_size;
	uint64_t padding;          /* bytes */
	/* as stored, a NUL of ours after it; NULL if there is none */
	uint8_t *config;
	uint64_t config_size;
	uint64_t reserved[4];
};

/* Reads the front from a descriptor's present offset on, and leaves the descriptor, pipe or
 * file, where the stream is what comes next.  On success *ret is the caller's.  Returns 0,
 * XST_E_MAGIC (no saved domain), XST_E_UNSUPPORTED (a stream without a container, which has no
 * configuration), XST_E_UNKNOWN (mandatory flags that nobody knows), or what xst_reader_next()
 * returns; described in *reterr (may be NULL). */
XST_API XST_NODISCARD int xst_head_read(int fd, const struct xst_parser_options *parser,
					struct xst_head **ret, struct xst_finding *reterr);
/* Frees it.  NULL is fine.  Returns NULL. */
XST_API struct xst_head *xst_head_free(struct xst_head *h);

/* Puts a configuration into an xl header: n bytes as they are to be stored, with the flag that
 * says in which language; n 0: none, and no flag.  Everything else of the head stays.  Returns
 * 0, XST_E_NOMEM, XST_E_UNSUPPORTED (another container), XST_E_LIMIT (more than the parser's
 * default limits). */
XST_API XST_NODISCARD int xst_head_set_config(struct xst_head *h, const void *config, uint64_t n,
					      bool json);

/* Writes an xl header to an output, and after it all that comes next from a descriptor, which
 * stands where xst_head_read() has left it: unparsed, inside the kernel where possible.  A file
 * that can share its blocks with a new one does so; only then the header is padded.  *ret_way:
 * XST_CHANGE_SHARED or XST_CHANGE_COPIED (may be NULL).  progress: or NULL.  Returns 0,
 * XST_E_NOMEM, XST_E_IO. */
XST_API XST_NODISCARD int xst_head_copy(const struct xst_head *h, int fd, struct xst_output *o,
					xst_moved_fn progress, void *userdata,
					enum xst_change_way *ret_way, struct xst_finding *reterr);

/* Replaces the front of a file that xst_change_open() has opened by an xl header, padded as is
 * necessary. end: h->end of the head that was read from it; h: that, changed.  Returns as
 * xst_change_front(). */
XST_API XST_NODISCARD int xst_head_replace(struct xst_change *c, uint64_t end,
					   const struct xst_head *h, xst_moved_fn progress,
					   void *userdata, enum xst_change_way *ret_way,
					   struct xst_finding *reterr);

#ifdef __cplusplus
}
#endif
#endif
