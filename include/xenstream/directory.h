/* SPDX-License-Identifier: MIT */
/* A domain as a directory: written by a restore where there is no hypervisor, and turned back into
 * a stream.  docs/image-directory.md describes its files. */
#ifndef XENSTREAM_DIRECTORY_H
#define XENSTREAM_DIRECTORY_H

#include <xenstream/restore.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- from a stream ---------------------------------------------------------------------------- */

enum xst_directory_flags {
	XST_DIRECTORY_SYNC = 1 << 0 /* write everything to the disk before the directory gets its
				     * name */
};

/* Set size to sizeof(struct xst_directory_options) and the rest to zero. */
struct xst_directory_options {
	size_t size;
	uint32_t flags;   /* enum xst_directory_flags */
	const char *path; /* path of the new directory; copied.  Must not exist, or be empty */
};

/* Three sinks that fill one directory.  It is built under another name beside its final place,
 * accessible to its owner only, and gets its own name when the domain sink commits.  If anything
 * fails before that, nothing of it remains; after a kill -9, nothing under its final name. */
struct xst_directory_sinks {
	struct xst_domain_sink domain;     /* memory, registers, policies, configuration */
	struct xst_xenstore_sink xenstore; /* a tree in the directory */
	struct xst_emulator_sink emulator; /* a file in the directory: qemu-resume.DOMID, 0600 */
};

/* Makes the sinks.  Give the domain sink to a restore together with either, both or neither of the
 * others, and free each unused one with its free().  Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_directory_sinks(const struct xst_directory_options *options,
					      struct xst_directory_sinks *ret);

/* --- back to a stream ------------------------------------------------------------------------- */

/* Set size to sizeof(struct xst_save_options) and the rest to zero. */
struct xst_save_options {
	size_t size;
	const struct xst_job_options *job; /* or NULL; its parser options are not used */
	/* Container, version, configuration; or NULL.  AUTO: the container that the directory's
	 * stream came in.  Version 0: its image's version.  The `config` callback gets DIR/config
	 * as the stored configuration. */
	const struct xst_converter_options *converter;
};

/* Writes the domain in a directory as a stream, in the order of Xen's own (`xl save`): static data,
 * pages by ascending pfn (page frame number) in batches of 1024, then the remaining records in the
 * order in which they came.  Blocks, like the other jobs.  The output is not committed.
 *
 * The directory may come from an untrusted source.  Nothing outside it is read: symbolic links,
 * devices, fifos and unexpected names are refused.  The stream passes through the parser and the
 * checker, as in xst_convert_fd(); an error there is XST_E_REFUSED unless XST_CONVERT_FORCE is set.
 *
 * Returns 0 or a negative error, described in *reterr (may be NULL): XST_E_IO (a file is missing or
 * unreadable), XST_E_MAGIC (not an image directory), XST_E_VERSION, XST_E_MALFORMED, XST_E_REFUSED
 * (also: the container has no place for something), XST_E_ARG, XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_save_directory(const char *path, struct xst_output *o,
					     const struct xst_save_options *options,
					     struct xst_finding *reterr);

#ifdef __cplusplus
}
#endif
#endif
