/* SPDX-License-Identifier: MIT */
/* Whole jobs on descriptors, each in one call that blocks: enough for most callers.  They read and
 * write the formats that parser.h and emit.h name. */
#ifndef XENSTREAM_JOB_H
#define XENSTREAM_JOB_H

#include <xenstream/change.h>
#include <xenstream/check.h>
#include <xenstream/emit.h>
#include <xenstream/io.h>
#include <xenstream/state.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Called for each finding as it comes; f is valid during the call only. */
typedef void (*xst_finding_fn)(void *userdata, const struct xst_finding *f);
/* Called for every event before it is processed, except PAYLOAD of runs that are moved or skipped;
 * ev is valid during the call only. */
typedef void (*xst_event_fn)(void *userdata, const struct xst_event *ev);
/* Called once, at the end of verify, with the Xen versions that restore the stream; r is valid
 * during the call only. */
typedef void (*xst_restorability_fn)(void *userdata, const struct xst_restorability *r);
/* Called now and then with the number of bytes processed; total is 0 when it isn't known. */
typedef void (*xst_progress_fn)(void *userdata, uint64_t done, uint64_t total);

struct xst_job_options {
	size_t size;                  /* sizeof(struct xst_job_options) */
	const struct xst_parser_options *parser; /* or NULL */
	xst_finding_fn finding;       /* or NULL */
	xst_event_fn event;           /* or NULL */
	xst_progress_fn progress;     /* or NULL */
	void *userdata;               /* for all of them */
	const char *tmpdir;           /* see xst_reader_new() */
	const struct xst_checker_options *checker; /* or NULL */
	xst_restorability_fn restorability;        /* or NULL */
	struct xst_state *state;      /* verify, info: is fed with the stream; or NULL */
};

/* --- verify, info --------------------------------------------------------------------------- */

/* Grows into `reserved` only. */
struct xst_verdict {
	uint64_t errors, remarks, notes;
	uint64_t records;
	uint64_t end;      /* offset after the last byte that belongs to the stream */
	uint64_t trailing; /* bytes after it, if the input's size is known */
	uint64_t omitted;  /* findings that are counted above but were not reported */
	uint64_t ignored;  /* findings of rules that the caller ignores; counted nowhere else */
	uint64_t reserved[6];
};

enum xst_verify_flags {
	/* Turn remarks into errors. */
	XST_VERIFY_STRICT = 1 << 0,
	/* Judge as Xen's own verifier does: by its rules only (xst_rule_info.like_xen), each
	 * violation an error.  A fault that ends the reading is always an error. */
	XST_VERIFY_LIKE_XEN = 1 << 1,
	/* Stop at the first error, after reporting it. */
	XST_VERIFY_STOP = 1 << 2,
	/* Judge as a receiver (xl with libxl and libxc) does: a deviation that today's accept does
	 * not count, whatever the specification says, and one that they refuse is an error.  Not
	 * together with XST_VERIFY_LIKE_XEN. */
	XST_VERIFY_LIKE_LIBXL = 1 << 3
};

/* Set size to sizeof(struct xst_verify_options) and the rest to zero. */
struct xst_verify_options {
	size_t size;
	const struct xst_job_options *job; /* or NULL */
	uint32_t flags;                    /* enum xst_verify_flags */
	/* How many findings to report; the others are only counted.  0: the first hundred of each
	 * rule. */
	uint64_t max_findings;
	/* Ids of rules whose findings do not count.  A fault that ends the reading counts all the
	 * same, as the rest of the stream is unknown. */
	const char *const *ignore;
	size_t n_ignore;
	/* Everything that is read is also written to this output, including bytes after the stream
	 * and the rest of a stream that can't be parsed further.  NULL: no copy. */
	struct xst_output *tee;
};

/* Reads a stream to its end and reports every finding; after a fault inside a record whose framing
 * is intact it goes on with the next record.  Faults of the stream are findings, not failures: they
 * return 0.  Else returns XST_E_ARG (an unknown flag or rule to ignore), XST_E_NOMEM or XST_E_IO
 * (of the tee if the rule is output.io), described in *reterr (may be NULL).  The offset of a
 * seekable descriptor is left after the last byte consumed. */
XST_API XST_NODISCARD int xst_verify_fd(int fd, const struct xst_verify_options *options,
					struct xst_verdict *ret, struct xst_finding *reterr);

/* Bytes by kind of data. */
struct xst_sizes {
	uint64_t pages;    /* contents of pages */
	uint64_t vcpus;    /* registers, HVM context, xsave, shared info */
	uint64_t emulator; /* state of device models and similar programs, and xenstore keys */
	uint64_t config;
	uint64_t framing;  /* everything else: headers, pfns, padding */
};

struct xst_info {
	bool xl, libxl, libxc, legacy; /* layers of the stream */
	uint32_t xl_flags;             /* mandatory */
	uint8_t *config;               /* as stored, followed by a NUL that is not counted; NULL:
				        * none */
	uint64_t config_size;
	uint32_t libxl_options;
	uint32_t image_version;
	bool big_endian;
	bool converted;                /* from a legacy stream */
	uint32_t xen_major, xen_minor;
	unsigned toolstack_width;      /* bytes, legacy only */
	enum xst_guest guest;
	unsigned guest_width, pt_levels; /* PV */
	uint64_t p2m_size;             /* pfns; 0: the image doesn't give it */
	uint64_t vcpus;
	uint64_t batches;
	uint64_t page_frames;          /* entries of all batches */
	uint64_t pages_by_type[16];    /* by the type in the last batch that names each pfn */
	uint64_t sent_twice;           /* pages that were sent more than once */
	bool types_exact;              /* false: too many pfns to track; pages_by_type counts
				        * entries */
	uint64_t checkpoints;          /* complete ones; 0 in a plain stream */
	bool compressed;               /* legacy: pages as deltas */
	uint64_t emulators;
	uint64_t emulator_size;
	uint32_t emulator_id;
	const char *emulator_signature; /* legacy; or NULL */
	uint64_t xenstore_keys;        /* or entries of a legacy toolstack record */
	bool tsc;
	uint64_t tsc_mode, tsc_khz;
	bool cpuid_policy, msr_policy;
	struct xst_sizes sizes;
	struct xst_verdict verdict;
	struct xst_finding damage;     /* the first error; code or text empty if there's none */
	enum xst_layer container;      /* around the stream, if it is not xl's */
	struct xst_restorability restorability;
};

/* Reads a stream to its end and describes it.  options: may be NULL.  On success *ret is the
 * caller's, to be freed with xst_info_free().  Returns as xst_verify_fd(). */
XST_API XST_NODISCARD int xst_info_fd(int fd, const struct xst_job_options *options,
				      struct xst_info **ret, struct xst_finding *reterr);
/* Frees it.  NULL is fine.  Returns NULL. */
XST_API struct xst_info *xst_info_free(struct xst_info *info);

/* --- convert -------------------------------------------------------------------------------- */

/* What to do with an input that ends inside the only state it holds.  If it is accepted, the output
 * ends after the last whole record, and the loss is reported.  The output must come from
 * xst_output_file(). */
enum xst_cut {
	XST_CUT_REFUSED = 0,
	XST_CUT_HARMLESS = 1, /* accepted if the guest's own state is complete and sufficient; not
			       * so for an HVM guest's legacy stream without a device model */
	XST_CUT_ANYWHERE = 2  /* accepted, even if no guest can be started from the result */
};

struct xst_convert_options {
	size_t size;                  /* sizeof(struct xst_convert_options) */
	const struct xst_job_options *job;             /* or NULL */
	const struct xst_converter_options *converter; /* or NULL */
	/* The caller's expectations of a legacy stream; 0: none.  If the stream contradicts one,
	 * the job is refused; with XST_CONVERT_FORCE it is only remarked. */
	unsigned width;               /* the toolstack's word size in bits: 32 or 64 */
	enum xst_guest guest;
	/* Fail unless the input is a legacy stream (with or without an xl header). */
	bool legacy_only;
	/* Of a checkpointed stream: the state to take, from 1; 0: the last complete one. */
	uint64_t checkpoint;
	/* Write a checkpointed libxl stream of all states up to that one. */
	bool keep_checkpoints;
	/* Make a plain image of a checkpointed libxl stream of today's format, too, which is
	 * otherwise passed on.  Implied by `checkpoint` without keep_checkpoints. */
	bool flatten;
	/* - */
	enum xst_cut cut;
};

/* Converts a stream and writes it to an output, which is not committed.  A checkpointed legacy
 * stream must be read twice: a pipe is copied to an unnamed temporary file for that.  Pages of a
 * compressed stream are collected in such a file, never in memory.  The offset of a seekable
 * descriptor is left after the last byte consumed.  options: may be NULL.  Returns 0 or a negative
 * error, described in *reterr (may be NULL): what xst_reader_next(), xst_converter_event() and
 * xst_output_write() return, XST_E_REFUSED or XST_E_ARG. */
XST_API XST_NODISCARD int xst_convert_fd(int fd, struct xst_output *o,
					 const struct xst_convert_options *options,
					 struct xst_finding *reterr);

/* --- fix ------------------------------------------------------------------------------------ */

/* Corrects the version field of a libvirt file, in place, to match the stream after it: in the
 * first half of 2016 libvirt could write 1 in front of a libxl stream, which it can't read back.
 * The file is opened by xst_change_open(), which sets *ret_recovery (may be NULL).  *ret_was is the
 * old version, *ret_is the new one; if they are equal, nothing was written.  Returns 0, XST_E_MAGIC
 * (not a libvirt file), or what the parser, xst_change_open() and xst_change_front() return,
 * described in *reterr (may be NULL). */
XST_API XST_NODISCARD int xst_fix_libvirt(const char *path, uint32_t *ret_was, uint32_t *ret_is,
					  struct xst_recovery *ret_recovery,
					  struct xst_finding *reterr);

#ifdef __cplusplus
}
#endif
#endif
