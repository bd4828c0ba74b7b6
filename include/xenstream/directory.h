/* SPDX-License-Identifier: MIT */
/* A domain as a directory: what a restore leaves where there is no hypervisor, and what a stream
 * can be made of again.  docs/image-directory.md tells which file holds what. */
#ifndef XENSTREAM_DIRECTORY_H
#define XENSTREAM_DIRECTORY_H

#include <xenstream/restore.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- from a stream ---------------------------------------------------------------------------- */

enum xst_directory_flags {
	XST_DIRECTORY_SYNC = 1 << 0 /* put all of it on the disk before it gets its name */
};

/* Set size to sizeof(struct xst_directory_options) and the rest to zero. */
struct xst_directory_options {
	size_t size;
	uint32_t flags;   /* enum xst_directory_flags */
	const char *path; /* what it is to be called; copied.  Must not exist, or be empty */
};

/* Three sinks that fill one directory.  It is built beside its place under another name, for its
 * owner only, and gets its own with the domain's commit; whatever happens before, nothing of it
 * is left, and after a kill -9 nothing under that name. */
struct xst_directory_sinks {
	struct xst_domain_sink domain;     /* memory, registers, policies, the configuration */
	struct xst_xenstore_sink xenstore; /* a tree in the directory */
	struct xst_emulator_sink emulator; /* a file in the directory: qemu-resume.DOMID, 0600 */
};

/* Makes them.  The domain's must be given to a restore together with either, both or none of the
 * others; each that is not must be freed by its free().  Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_directory_sinks(const struct xst_directory_options *options,
					      struct xst_directory_sinks *ret);

/* --- back to a stream ------------------------------------------------------------------------- */

/* Set size to sizeof(struct xst_save_options) and the rest to zero. */
struct xst_save_options {
	size_t size;
	const struct xst_job_options *job; /* or NULL; its parser's options are not used */
	/* Container, version, configuration; or NULL.  AUTO: the container that the directory's
	 * stream had.  Version 0: the one that its image had.  What its `config` is shown as
	 * stored is DIR/config. */
	const struct xst_converter_options *converter;
};

/* Writes the domain in a directory as a stream, in the order of Xen's own (`xl save`): static
 * data, page frames ascending in batches of 1024, the rest as it came.  Blocks, like the other
 * jobs: it reads files; only the output may make it wait.  The output is not committed yet.
 *
 * The directory may come from anybody.  Nothing outside of it is read: symbolic links, devices,
 * fifos and names that don't belong there are refused.  What is written has gone through the
 * parser and the checker as by xst_convert_fd(): what that refuses is refused but for
 * XST_CONVERT_FORCE.
 *
 * Returns 0 or a negative error, described in *reterr (may be NULL): XST_E_IO (a file is missing
 * or can't be read), XST_E_MAGIC (no such directory), XST_E_VERSION, XST_E_MALFORMED,
 * XST_E_REFUSED (the container has no place for something), XST_E_ARG, XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_save_directory(const char *path, struct xst_output *o,
					     const struct xst_save_options *options,
					     struct xst_finding *reterr);

#ifdef __cplusplus
}
#endif
#endif
