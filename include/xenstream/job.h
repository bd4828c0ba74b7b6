/* SPDX-License-Identifier: MIT */
/* Whole jobs over descriptors, in one call: what most callers need.  They block, and read and
 * write what parser.h and emit.h name. */
#ifndef XENSTREAM_JOB_H
#define XENSTREAM_JOB_H

#include <xenstream/change.h>
#include <xenstream/check.h>
#include <xenstream/emit.h>
#include <xenstream/io.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Told of each finding as it comes; valid during the call only. */
typedef void (*xst_finding_fn)(void *userdata, const struct xst_finding *f);
/* Shown every event before it is worked on, PAYLOAD of runs that are moved or passed over excepted. */
typedef void (*xst_event_fn)(void *userdata, const struct xst_event *ev);
/* Told once, at the end of verify: which Xen restores the stream.  Valid during the call only. */
typedef void (*xst_restorability_fn)(void *userdata, const struct xst_restorability *r);
/* Told now and then how far a job is; total is 0 when it isn't known. */
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
};

/* --- verify, info --------------------------------------------------------------------------- */

/* Grows into `reserved` only. */
struct xst_verdict {
	uint64_t errors, remarks, notes;
	uint64_t records;
	uint64_t end;      /* offset after the last byte that belongs to the stream */
	uint64_t trailing; /* bytes after it, if the input's size is known */
	uint64_t omitted;  /* findings that are counted above, but were not told */
	uint64_t ignored;  /* findings of rules that the caller ignores; counted nowhere else */
	uint64_t reserved[6];
};

enum xst_verify_flags {
	/* What is a remark becomes an error. */
	XST_VERIFY_STRICT = 1 << 0,
	/* Judge by the standards of Xen's own verifier: its rules only (xst_rule_info.like_xen), and
	 * each of them an error.  What ends the reading is an error in any case. */
	XST_VERIFY_LIKE_XEN = 1 << 1,
	/* Stop at the first error, having told it. */
	XST_VERIFY_STOP = 1 << 2,
	/* Judge as a receiver does, xl with libxl and libxc: what none of today's refuses does not count,
	 * whatever the specification says, and what it refuses is an error.  Not with LIKE_XEN. */
	XST_VERIFY_LIKE_LIBXL = 1 << 3
};

/* Set size to sizeof(struct xst_verify_options) and the rest to zero. */
struct xst_verify_options {
	size_t size;
	const struct xst_job_options *job; /* or NULL */
	uint32_t flags;                    /* enum xst_verify_flags */
	/* How many findings are told, the others are counted; 0: the first hundred of each rule. */
	uint64_t max_findings;
	/* Ids of rules whose findings do not count.  One that ends the reading does all the same: of
	 * the rest nothing is known. */
	const char *const *ignore;
	size_t n_ignore;
	/* Everything that is read goes on to this output, and what follows the stream as well; so does
	 * the rest of a stream that can't be read on.  NULL: to none. */
	struct xst_output *tee;
};

/* Reads a stream to its end and tells every finding: after a fault inside a record whose framing
 * holds it goes on with the next one.  Faults of the stream are findings, not failures: returns 0
 * then, or XST_E_ARG (a rule to ignore that does not exist, a flag), XST_E_NOMEM, XST_E_IO (described in
 * *reterr, which may be NULL; rule output.io: the tee).  The offset of a seekable descriptor stands
 * after the last byte consumed afterwards. */
XST_API XST_NODISCARD int xst_verify_fd(int fd, const struct xst_verify_options *options,
					struct xst_verdict *ret, struct xst_finding *reterr);

/* Bytes by kind of data. */
struct xst_sizes {
	uint64_t pages;    /* contents of pages */
	uint64_t vcpus;    /* registers, HVM context, xsave, shared info */
	uint64_t emulator; /* the state of device models and their like, and xenstore keys */
	uint64_t config;
	uint64_t framing;  /* all the rest: headers, page frame numbers, padding */
};

struct xst_info {
	bool xl, libxl, libxc, legacy; /* layers that are there */
	uint32_t xl_flags;             /* mandatory */
	uint8_t *config;               /* as stored, a NUL of ours after it; NULL if there is none */
	uint64_t config_size;
	uint32_t libxl_options;
	uint32_t image_version;
	bool big_endian;
	bool converted;                /* from a legacy stream */
	uint32_t xen_major, xen_minor;
	unsigned toolstack_width;      /* bytes, legacy only */
	enum xst_guest guest;
	unsigned guest_width, pt_levels; /* PV */
	uint64_t p2m_size;             /* pfns; 0: the image doesn't say */
	uint64_t vcpus;
	uint64_t batches;
	uint64_t page_frames;          /* entries of all batches */
	uint64_t pages_by_type[16];    /* as the last batch that names a pfn says */
	uint64_t sent_twice;           /* pages that were sent again */
	bool types_exact;              /* false: too many pfns to follow; pages_by_type counts entries */
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
	enum xst_layer container;      /* around the stream, if it is another one than xl's */
	struct xst_restorability restorability;
};

/* Reads a stream to its end and says what it is.  On success *ret is the caller's, to be freed
 * with xst_info_free().  Returns as xst_verify_fd(). */
XST_API XST_NODISCARD int xst_info_fd(int fd, const struct xst_job_options *options,
				      struct xst_info **ret, struct xst_finding *reterr);
/* Frees it.  NULL is fine.  Returns NULL. */
XST_API struct xst_info *xst_info_free(struct xst_info *info);

/* --- convert -------------------------------------------------------------------------------- */

/* An input that breaks off in the middle of the only state it holds.  Where it is accepted, the
 * output ends after the last record that is whole, and what was lost is told.  The output must
 * come from xst_output_file(). */
enum xst_cut {
	XST_CUT_REFUSED = 0,
	XST_CUT_HARMLESS = 1, /* accepted if the guest's own state is complete and needs no more;
			       * an HVM guest's legacy stream without a device model is refused, too */
	XST_CUT_ANYWHERE = 2  /* accepted, though no guest can be started from the result */
};

struct xst_convert_options {
	size_t size;                  /* sizeof(struct xst_convert_options) */
	const struct xst_job_options *job;             /* or NULL */
	const struct xst_converter_options *converter; /* or NULL */
	/* What the caller believes a legacy stream to be; 0: nothing.  Where the stream shows
	 * something else, the job is refused, or with XST_CONVERT_FORCE a remark is told. */
	unsigned width;               /* the toolstack's word size in bits: 32 or 64 */
	enum xst_guest guest;
	/* Fail unless the input is a legacy stream (after an xl header or not). */
	bool legacy_only;
	/* Of a checkpointed stream: the state to take, from 1; 0: the last complete one. */
	uint64_t checkpoint;
	/* Write a checkpointed libxl stream with all states up to that one. */
	bool keep_checkpoints;
	/* Make a plain image of a checkpointed libxl stream of today, too, which is passed on as it
	 * is otherwise.  Implied by `checkpoint` without keep_checkpoints. */
	bool flatten;
	/* What to do with an input that breaks off. */
	enum xst_cut cut;
};

/* Converts a stream into an output, which is not committed yet.  What of a checkpointed legacy
 * stream must be known first is looked up in a file, and put into an unnamed temporary file from a
 * pipe; pages of a compressed one are gathered in such a file, never in memory.  The offset of a seekable
 * descriptor stands after the last byte consumed afterwards.  Returns 0, XST_E_ARG, or another
 * negative error, described in *reterr (may be NULL). */
XST_API XST_NODISCARD int xst_convert_fd(int fd, struct xst_output *o,
					 const struct xst_convert_options *options,
					 struct xst_finding *reterr);

/* --- fix ------------------------------------------------------------------------------------ */

/* Sets the version field of a file of libvirt's, in the file, to what the stream after it is: libvirt
 * of the first half of 2016 could write 1 in front of a libxl stream, and does not read that.  The file
 * is opened by xst_change_open(), which tells *ret_recovery (may be NULL).  *ret_was is what stood
 * there, *ret_is what stands there now; if both are the same, nothing was written.  Returns 0,
 * XST_E_MAGIC (no such file), or what the parser, xst_change_open() and xst_change_front() return,
 * described in *reterr (may be NULL). */
XST_API XST_NODISCARD int xst_fix_libvirt(const char *path, uint32_t *ret_was, uint32_t *ret_is,
					  struct xst_recovery *ret_recovery,
					  struct xst_finding *reterr);

#ifdef __cplusplus
}
#endif
#endif
