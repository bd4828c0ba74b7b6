/* SPDX-License-Identifier: MIT */
/* What the library reports about a stream, and where: errors and tolerated deviations.
 *
 * One structure serves both.  An error is a finding whose `code` is negative; it is sticky in the
 * object that reports it.  A tolerated deviation has code 0 and arrives as an event
 * (XST_EVENT_WARNING) or through a job's callback. */
#ifndef XENSTREAM_FINDING_H
#define XENSTREAM_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenstream/visibility.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Negative results of every function that returns int.  Part of the ABI: never renumbered. */
enum xst_errc {
	XST_E_NOMEM = -1,       /* out of memory */
	XST_E_ARG = -2,         /* a bug in the caller: nonsense in an argument */
	XST_E_STATE = -3,       /* a bug in the caller: the call is not legal now */
	XST_E_MAGIC = -4,       /* not a saved domain; the text says what it is, if known */
	XST_E_VERSION = -5,     /* a known format in an unknown version */
	XST_E_MALFORMED = -6,   /* violates its format */
	XST_E_TRUNCATED = -7,   /* the input ends in the middle of something */
	XST_E_LIMIT = -8,       /* above a limit, see struct xst_limits */
	XST_E_UNKNOWN = -9,     /* an unknown mandatory record, chunk or flag */
	XST_E_UNSUPPORTED = -10, /* well-formed, but the operation does not support it */
	XST_E_REFUSED = -11,    /* would lose something or contradict a hint; see
				 * XST_CONVERT_FORCE */
	XST_E_IO = -12          /* a system call failed; `sys_errno` has the reason */
};

enum xst_severity {
	XST_NOTE = 0,    /* worth knowing */
	XST_REMARK = 1,  /* violates the specification, or some Xen refuses it */
	XST_ERROR = 2    /* no Xen restores this */
};

/* A layer of a stream.  Layers nest: a container, a libxl stream, a libxc image. */
enum xst_layer {
	XST_LAYER_NONE = 0,
	XST_LAYER_XL = 1,
	XST_LAYER_LIBXL = 2,
	XST_LAYER_LIBXC = 3,
	XST_LAYER_LEGACY = 4,
	XST_LAYER_LIBVIRT = 5,   /* a file of libvirt's Xen driver */
	XST_LAYER_XEND = 6,      /* a file of `xm save` */
	XST_LAYER_XENSERVER = 7, /* a suspend image of XenServer or XCP-ng */
	XST_LAYER_XENSERVER6 = 8, /* the same of XenServer 6 and older */
	XST_LAYER_COLO = 9        /* the replies of a COLO secondary to its primary; no guest in
				   * it */
};

/* Strings are static, except `text`, which is part of the structure.  Anything unknown is 0 or
 * NULL.  Offsets are bytes from the start of the input. */
struct xst_finding {
	int code;                    /* enum xst_errc, or 0 for a tolerated deviation */
	enum xst_severity severity;
	const char *rule;            /* id in the catalogue of rules, such as "record.padding" */
	enum xst_layer layer;
	uint64_t offset;             /* of the bytes in question */
	const char *record_name;     /* the record around them, or NULL */
	uint64_t record_offset;
	uint64_t record_index;       /* counted per layer, from 0 */
	uint32_t record_type;        /* as it stands in the stream */
	const char *field;           /* or NULL */
	int sys_errno;               /* with XST_E_IO */
	char text[240];              /* one line, no full stop */
	uint64_t reserved[4];        /* room to grow: the structure's size is part of the ABI */
};

/* A finding as one line for people:
 *   image.save: offset 0x1f40 (libxc record 17, PAGE_DATA, at 0x1f30): count: 3 pfns do not fit ...
 * Writes at most size bytes into buf, always terminated.  name: the input's, or NULL.  Returns the
 * length of the whole line, like snprintf. */
XST_API size_t xst_finding_format(const struct xst_finding *f, const char *name, char *buf,
				  size_t size);

/* A layer's name for people and for JSON; a static string, never NULL. */
XST_API const char *xst_layer_name(enum xst_layer layer);
/* "error", "remark" or "note"; a static string, never NULL. */
XST_API const char *xst_severity_name(enum xst_severity severity);
/* The name of an enum xst_errc; a static string, never NULL. */
XST_API const char *xst_errc_name(int code);

#ifdef __cplusplus
}
#endif
#endif
