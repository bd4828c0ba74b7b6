/* SPDX-License-Identifier: MIT */
/* Sinks of a restore that act on a real xenstore and a running QEMU.
 *
 * They are a separate library, libxenstream-sinks (pkg-config: xenstream-sinks), because they need
 * more than libc: json-c, and libxenstore, which is loaded only when a xenstore sink is made.
 * Sinks without such needs are in restore.h. */
#ifndef XENSTREAM_SINKS_H
#define XENSTREAM_SINKS_H

#include <xenstream/restore.h>

#ifdef __cplusplus
extern "C" {
#endif

enum xst_sink_xenstore_flags {
	/* Also write keys outside physmap/. They can overwrite anything that the device model keeps
	 * below its root. */
	XST_SINK_XENSTORE_ANY_KEY = 1 << 0
};

struct xst_sink_xenstore_options {
	size_t size;      /* sizeof(struct xst_sink_xenstore_options) */
	uint32_t flags;   /* enum xst_sink_xenstore_flags */
	const char *path; /* xenstored's socket or a device such as /dev/xen/xenbus; NULL: where
			   * libxenstore looks: $XENSTORED_PATH, /run/xenstored/socket,
			   * /dev/xen/xenbus */
	const char *root; /* root of the keys; NULL: /local/domain/0/device-model/DOMID */
	uint64_t patience; /* microseconds that the store has to answer each step; 0: 10 seconds */
};

/* Makes a sink that writes the device model's keys (libxl-migration-stream, EMULATOR_XENSTORE_DATA)
 * to a xenstore, all keys of the stream in one transaction: they appear together when the restore
 * commits, or not at all.  A transaction that conflicts with another client's changes is repeated
 * within `patience`.
 *
 * Errors before anything is written: XST_E_MALFORMED for a key or value that xenstored would not
 * accept (docs/misc/xenstore.txt, "Keys"), XST_E_REFUSED for a key outside physmap/ without the
 * flag, XST_E_LIMIT for more than 1 MiB of them.  A store that is absent, refuses or does not
 * answer is XST_E_IO.  If a store stops answering while it commits, it may have committed; the
 * error says so.
 *
 * As libxenstore blocks, a child process talks to the store.  The thread that runs the restore
 * forks it, and it does not outlive that thread.  The sink waits for the child: meanwhile the
 * process must not wait for arbitrary children.
 *
 * On success *ret is the caller's until a restore takes it.  Returns 0, XST_E_ARG, XST_E_NOMEM or
 * XST_E_UNSUPPORTED (libxenstore.so.4 can't be loaded), described in *reterr (may be NULL). */
XST_API XST_NODISCARD int xst_sink_xenstore(const struct xst_sink_xenstore_options *options,
					    struct xst_xenstore_sink *ret,
					    struct xst_finding *reterr);

struct xst_sink_qmp_options {
	size_t size;       /* sizeof(struct xst_sink_qmp_options) */
	const char *path;  /* QEMU's QMP socket */
	const char *tmpdir; /* holds the state until it is complete; NULL: the restore's */
	uint64_t patience; /* microseconds that QEMU has to answer or to accept some data; 0: 30
			    * seconds */
};

/* Makes a sink that passes the device model's state (EMULATOR_CONTEXT) to a QEMU that was started
 * with `-incoming defer`.  None of it is sent before the stream has ended successfully.
 *
 * QEMU accepts a state only once and can't go back: if the restore fails while QEMU is accepting it
 * or later, the sink tells QEMU to quit.  A stream without such a state is XST_E_UNSUPPORTED; a
 * QEMU that does not expect a state, refuses it, dies or does not answer is XST_E_IO.
 *
 * On success *ret is the caller's until a restore takes it.  Returns 0, XST_E_ARG or
 * XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_sink_qmp(const struct xst_sink_qmp_options *options,
				       struct xst_emulator_sink *ret);

#ifdef __cplusplus
}
#endif
#endif
