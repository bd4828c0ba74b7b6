/* SPDX-License-Identifier: MIT */
/* Sinks of a restore that work on real parts: a xenstore and a running QEMU.
 *
 * They are a library of their own, libxenstream-sinks (pkg-config: xenstream-sinks), because they
 * need more than libc: json-c, and libxenstore, which is loaded only when a xenstore's sink is
 * made.  What needs nothing is in restore.h. */
#ifndef XENSTREAM_SINKS_H
#define XENSTREAM_SINKS_H

#include <xenstream/restore.h>

#ifdef __cplusplus
extern "C" {
#endif

enum xst_sink_xenstore_flags {
	/* Keys outside physmap/ are written, too.  They can overwrite anything that the device
	 * model keeps below its root. */
	XST_SINK_XENSTORE_ANY_KEY = 1 << 0
};

struct xst_sink_xenstore_options {
	size_t size;      /* sizeof(struct xst_sink_xenstore_options) */
	uint32_t flags;   /* enum xst_sink_xenstore_flags */
	const char *path; /* xenstored's socket or a device like /dev/xen/xenbus; NULL: where
			   * libxenstore looks: $XENSTORED_PATH, /run/xenstored/socket,
			   * /dev/xen/xenbus */
	const char *root; /* where the keys go; NULL: /local/domain/0/device-model/DOMID */
	uint64_t patience; /* microseconds in which the store has to answer a step; 0: 10 seconds */
};

/* A sink that writes the device model's keys (libxl-migration-stream, EMULATOR_XENSTORE_DATA) into
 * a xenstore, all keys of the stream in one transaction: they appear together, when the restore
 * commits, or not at all.  Against other clients' changes the transaction is repeated within
 * `patience`.
 *
 * A key or value that xenstored would not take (docs/misc/xenstore.txt, "Keys") is
 * XST_E_MALFORMED, one outside physmap/ XST_E_REFUSED without the flag, more than 1 MiB of them
 * XST_E_LIMIT; all that before anything is written.  A store that is not there, does not answer or
 * refuses is XST_E_IO.  A store that stops answering while it commits may have committed: the error
 * says so.
 *
 * libxenstore blocks; so a child process talks to the store.  It is forked by the thread that runs
 * the restore, and does not outlive that thread.  The sink waits for it: meanwhile nobody else
 * should wait for just any child.
 *
 * Returns 0; XST_E_ARG; XST_E_NOMEM; XST_E_UNSUPPORTED: libxenstore.so.4 can't be loaded,
 * described in *reterr (may be NULL).  On success *ret is the caller's until a restore takes it. */
XST_API XST_NODISCARD int xst_sink_xenstore(const struct xst_sink_xenstore_options *options,
					    struct xst_xenstore_sink *ret,
					    struct xst_finding *reterr);

struct xst_sink_qmp_options {
	size_t size;       /* sizeof(struct xst_sink_qmp_options) */
	const char *path;  /* QEMU's QMP socket */
	const char *tmpdir; /* for the state until it is complete; NULL: the restore's */
	uint64_t patience; /* microseconds in which QEMU has to answer or to take something; 0: 30
			    * seconds */
};

/* A sink that gives the device model's state (EMULATOR_CONTEXT) to a QEMU that was started with
 * `-incoming defer`.  Nothing of it goes to QEMU before the stream has ended well.
 *
 * QEMU takes a state once: when the restore fails after that, or while it is being taken, QEMU
 * is told to quit, as it can't go back.  A stream without such a state is XST_E_UNSUPPORTED; a
 * QEMU that does not wait for a state, says no, dies or falls silent is XST_E_IO.
 *
 * Returns 0, XST_E_ARG or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_sink_qmp(const struct xst_sink_qmp_options *options,
				       struct xst_emulator_sink *ret);

#ifdef __cplusplus
}
#endif
#endif
